"""The benchmark scripts: they run at tiny size, and time and score as they say."""

import json
import subprocess
import sys
from pathlib import Path

import _peers as peers
import _timing as timing
import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "experiments" / "benchmarks"


def run(script, out, *options):
    """Run a benchmark as a user does; return its output and its JSON file."""
    done = subprocess.run(
        [sys.executable, str(FOLDER / script), *options, "--repeat", "1", "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(out.with_suffix(".json").read_text())


def test_trees_runs_and_compares_same_rows(tmp_path):
    """Ours and the peer of a line ran the same rows, and the ratio is that of their speeds."""
    sizes = ("--rows", "400", "--river-rows", "300", "--river-forest-rows", "60")
    java = ("--java-rows", "300", "--java-warm", "1")
    printed, found = run("trees.py", tmp_path / "trees", *sizes, *java, "--streams", "sea,led")
    assert "river ARF" in printed
    for stream in ("sea", "led"):
        lines = [line for line in found["comparisons"] if line["stream"] == stream]
        assert {line["peer"] for line in lines} >= {"river tree", "river ARF"}
        for line in lines:
            assert line["rows"] == (60 if line["peer"] == "river ARF" else 300)
            ratio = line["ours rows/s"] / line["peer rows/s"]
            assert line["ratio"] == pytest.approx(ratio, rel=0.01, abs=0.01)
    assert "| sea |" in (tmp_path / "trees.md").read_text()
    assert {"river", "numba"} <= set(found["versions"])


def test_sparse_rows_are_timed_beside_river(tmp_path):
    """Both sides of a line ran the same bags of words, and the ratio is that of their times."""
    _, found = run("sparse.py", tmp_path / "sparse", "--rows", "20,40")
    lines = found["comparisons"]
    assert [(line["model"], line["rows"]) for line in lines] == [
        (model, n) for model in ("tree", "forest") for n in (20, 40)
    ]
    ours, theirs = found["timings"][:2]
    ratio = ours["cpu_seconds"] / theirs["cpu_seconds"]
    assert lines[0]["ratio"] == pytest.approx(ratio, abs=0.01)


def test_pipelines_are_timed_beside_river(tmp_path):
    """Ours ran blocks, river's rows; linear models of both sides score the same."""
    sizes = ("--rows", "200", "--river-rows", "200")
    _, found = run("road.py", tmp_path / "road", *sizes, "--stream", "sea")
    paths = {line["model"]: line["profile"] for line in found["timings"]}
    for model, path in paths.items():
        assert path == ("rows" if model.endswith("river") else "blocks"), model
    assert sum(model.endswith("in place") for model in paths) == 4
    linear = found["comparisons"][0]  # ours leaves the first row out: it knows no label then
    right = round(199 * linear["first metric, ours"]), round(200 * linear["first metric, river's"])
    assert right[0] == right[1]


def test_ensembles_are_timed_beside_river(tmp_path):
    """Each model ran the same rows on both sides, and accuracy is that of all seeds."""
    sizes = ("--rows", "120", "--river-rows", "60", "--streams", "sea", "--java-warm", "0")
    _, found = run("ensembles.py", tmp_path / "ensembles", *sizes, "--seeds", "2")
    lines = [line for line in found["comparisons"] if line["peer"] == "river's"]
    assert [line["model"] for line in lines] == ["SRP", "LeveragingBagging", "AdaBoost"]
    for line in lines:
        assert line["rows"] == 60
        assert 40.0 < float(line["ours acc %"].split()[0]) <= 100.0
    ours, theirs = found["timings"][:2]
    ratio = theirs["cpu_seconds"] / ours["cpu_seconds"]
    assert lines[0]["ratio"] == pytest.approx(ratio, rel=0.01, abs=0.06)


def test_a_scaler_and_a_regression_are_timed_beside_river(tmp_path):
    """Exact ones have river's scores; the others are as near as the option promises."""
    sizes = ("--rows", "300", "--dict-rows", "300", "--repeat", "1", "--stream", "sea")
    _, found = run("pipelines.py", tmp_path / "pipelines", *sizes)
    lines = {line["scaler, regression"]: line for line in found["comparisons"]}
    assert len(lines) == 6
    for side, line in lines.items():
        assert float(line["farthest probability"]) <= (1e-12 if "not exact" in side else 0.0)
        if "predict_proba" not in side:  # ours has no label to tell before the first row
            assert line["labels alike %"] >= 100.0 * 299 / 300
    array = found["timings"][0]["cpu_seconds"] / 300 * 1e6
    assert lines["one array, exact"]["ours, us a row"] == pytest.approx(array, abs=0.001)


def test_transformers_are_timed_beside_river(tmp_path):
    """Each turns its rows as river's does, and the ratios are those of the times."""
    _, found = run("transformers.py", tmp_path / "transformers", "--rows", "60")
    lines = {line["transformer"]: line for line in found["comparisons"]}
    assert len(lines) == 13
    alike = {name: line["rows alike %"] for name, line in lines.items()}
    assert alike.pop("DateParts") > 90  # an hour in another order of sums
    assert set(alike.values()) == {100.0}
    rows, block, theirs = (each["cpu_seconds"] for each in found["timings"][:3])
    assert lines["StandardScaler"]["rows: river's/ours"] == pytest.approx(theirs / rows, abs=0.06)
    assert lines["StandardScaler"]["block: river's/ours"] == pytest.approx(theirs / block, abs=0.06)


def test_learners_are_timed_beside_river(tmp_path):
    """Each answers as river's does but before a label is known, and ratios are those of times."""
    _, found = run("learners.py", tmp_path / "learners", "--rows", "300", "--dict-rows", "200")
    lines = {line["learner"]: line for line in found["comparisons"]}
    assert len(lines) == 12
    assert lines["SAM-kNN"]["right %"] > lines["SAM-kNN"]["river's right %"] - 10.0
    alike = [line["answers alike %"] for name, line in lines.items() if name != "SAM-kNN"]
    assert min(alike) >= 99.0
    array, _, theirs = (each["cpu_seconds"] / each["rows"] for each in found["timings"][:3])
    ratio = lines["GaussianNB"]["array: river's/ours"]
    assert ratio == pytest.approx(theirs / array, abs=0.06)


def test_driftmoe_runs_all_variants(tmp_path):
    """Every variant is timed on arrays and on dicts, beside our forest over the same rows."""
    sizes = ("--rows", "300", "--dict-rows", "60", "--river-rows", "40")
    _, found = run("driftmoe.py", tmp_path / "moe", *sizes, "--streams", "led")
    models = [line["model"] for line in found["comparisons"]]
    variants = ("data", "task", "task_mlp", "plus")
    given = ("arrays", "dicts")
    expected = [f"DriftMoE {v}, {d}" for v in variants for d in given]
    assert models == [*expected, "our ARF, dicts", "river ARF"]
    needed = {line["model"]: line["needed"] for line in found["comparisons"] if line["needed"]}
    assert needed == {"DriftMoE data, arrays": 20_000, "DriftMoE data, dicts": 5_000}


def test_cold_start_measures_this_tree_without_and_with_a_cache(tmp_path):
    """A process that finds kernels needs less than one that compiles them; names are checked."""
    printed, found = run("cold_start.py", tmp_path / "cold", "--models", "adwin", "--rows", "50")
    (line,) = found["comparisons"]
    assert line["model"] == "adwin"
    assert 0.0 < line["warm, CPU s"] < line["cold, CPU s"]
    assert "adwin" in printed
    assert "| adwin |" in (tmp_path / "cold.md").read_text()

    done = subprocess.run(
        [sys.executable, str(FOLDER / "cold_start.py"), "--models", "adwin,oak"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "got oak" in done.stderr


def test_threads_are_counted_for_each_learner_and_block(tmp_path):
    """Each case has seconds with one thread and with default ones, alone and beside a process."""
    options = ["--families", "dictionary", "--rows", "16", "--seconds", "0", "--repeat", "1"]
    printed, found = run("threads.py", tmp_path / "threads", *options, "--spinning", "1")
    lines = found["comparisons"]
    assert {line["rows at once"] for line in lines} == {"row", "32", "1,000"}
    assert len({line["learner"] for line in lines}) == 5
    for line in lines:
        assert line["one thread, CPU ms"] > 0.0
        for ratio, default, one in (
            ("ratio", "default", "one thread, CPU ms"),
            ("busy, ratio", "busy, default", "busy, one thread"),
        ):
            assert line[ratio] == pytest.approx(line[default] / line[one], rel=0.2)
    assert "frank_wolfe, NumPy" in printed


def test_best_of_runs_fresh_models_and_scores():
    """Warm runs are not timed, every run gets a fresh model, accuracy is the share of hits."""
    rows = timing.read_rows("sea", 8, 1)
    prepared = []

    def prepare(given):
        prepared.append(len(given))
        answers = given.y.copy()
        answers[:2] = -1
        return timing.Trial(lambda: answers)

    found = timing.best_of(prepare, rows, "m", "p", repeat=3, warm=2)
    assert prepared == [8] * 5
    assert (found.warm_runs, found.timed_runs, found.rows) == (2, 3, 8)
    assert found.accuracy == 0.75


def test_arrays_and_dicts_answer_alike():
    """The array and the dict trial of one model give the same predicted codes."""
    rows = timing.read_rows("led", 500, 1)
    settings = peers.TreeSettings("test", grace_period=50)
    answers = []
    for given in (peers.on_arrays, peers.on_dicts):
        trial = given(lambda rows: peers.our_tree(rows, settings))(rows)
        answers.append(trial.codes(trial.run()))
    assert answers[0][1:].tolist() == answers[1][1:].tolist()


def test_arff_reads_back(tmp_path):
    """The file handed to Java holds the rows exactly, nominal columns declared."""
    from olearn import streams

    for name in ("sea", "led"):
        rows = timing.read_rows(name, 50, 1)
        path = tmp_path / f"{name}.arff"
        path.write_text(peers.arff_text(rows))
        stream = streams.load(path)
        X, y = next(stream.blocks(50))
        assert len(stream.schema.nominal) == len(rows.schema.nominal)
        assert np.array_equal(X, rows.X)
        assert [int(stream.schema.labels[code]) for code in y] == rows.y.tolist()


def test_htm_runs(tmp_path):
    """The detector of HTM and SPRT is timed row by row and on arrays, beside NAB where it is."""
    printed, found = run("htm.py", tmp_path / "htm", "--updates", "200")
    line = found["comparisons"][-1]
    speeds = {t["what"]: t["rows"] / t["cpu_seconds"] for t in found["timings"]}
    assert line["row by row, rows / CPU s"] == pytest.approx(speeds["HTMSPRT.update"], abs=1)
    assert line["update_many, rows / CPU s"] == pytest.approx(speeds["HTMSPRT.update_many"], abs=1)
    assert "HTMSPRT" in printed


def test_detectors_are_timed_beside_river(tmp_path):
    """Those of river's names alarm as river's do, and ratios are those of times."""
    sizes = ("--array", "1500", "--rows", "1000", "--slow-rows", "150")
    _, found = run("detectors.py", tmp_path / "detectors", *sizes)
    lines = {line["detector"]: line for line in found["comparisons"]}
    assert {"ADWIN", "CUSUM", "KSWIN", "HDDMW", "RDDM", "STEPD"} <= set(lines)
    assert {line["alike"] for line in lines.values()} == {"yes"}
    assert sum(line["alarms"] for line in lines.values() if line["river, ns"]) > 0
    for line in lines.values():
        if line["river, ns"] is not None:
            for way in ("array", "rows"):
                ratio = line["river, ns"] / line[f"{way}, ns"]
                assert line[f"{way}: river's/ours"] == pytest.approx(ratio)


def test_tables_compares_one_file(tmp_path):
    """Every reader has a line, as a ratio to pyarrow's; the memory of two lengths is measured."""
    _, found = run("tables.py", tmp_path / "tables", "--rows", "2000", "--long", "3000")
    lines = found["comparisons"]
    assert [line["reader"] for line in lines][:2] == ["pyarrow.csv.read_csv", "pandas.read_csv"]
    assert lines[0]["times pyarrow"] == 1
    memory = json.loads((tmp_path / "tables_memory.json").read_text())["comparisons"]
    assert [line["rows"] for line in memory] == [2000, 3000]
    assert all(line["peak MiB"] > 10 for line in memory)


def test_evaluations_are_timed_beside_their_models(tmp_path):
    """Whole evaluations ran blocks, and what is around a model is their difference."""
    sizes = ("--rows", "2000", "--metric-rows", "2000")
    _, found = run("evaluation.py", tmp_path / "evaluation", *sizes)
    for line in found["comparisons"]:
        ratio = line["evaluation ns/row"] / line["model ns/row"] - 1.0
        assert line["around/model"] == pytest.approx(ratio, rel=0.02, abs=0.02)
    assert {line["profile"] for line in found["timings"]} == {"blocks"}
    alone = json.loads((tmp_path / "evaluation_metrics.json").read_text())
    names = {line["metric"] for line in alone["comparisons"]}
    assert {"AUC", "PRAUC", "Brier", "PrecisionAtBudget", "SMAPE"} <= names


def test_regression_compares_the_same_rows(tmp_path):
    """Trees give river's predictions; times, ratios and errors of all sides stand beside."""
    sizes = ("--rows", "200", "--forest-rows", "30")
    _, found = run("regression.py", tmp_path / "regression", *sizes, "--streams", "friedman_lea")
    tree, normalised, forest, soknl, means, rules = found["comparisons"]
    assert tree["alike %"] == 100.0
    assert rules["river's RMSE"] > 0.0
    assert tree["RMSE"] == tree["river's RMSE"]
    rows = [line["rows"] for line in found["comparisons"]]
    assert rows == [200, 200, 30, 30, 30, 200]
    assert all(line["river's/ours"] > 0.0 for line in (tree, normalised, forest))
    assert soknl["river's/ours"] is means["river's/ours"] is None
    java = [line["CapyMOA's RMSE"] for line in (normalised, forest, soknl, means)]
    assert tree["CapyMOA's RMSE"] is None
    assert all(value is None for value in java) or all(value > 0.0 for value in java)
