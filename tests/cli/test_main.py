"""The `olearn` command: what it prints, its exit codes, and its errors."""

import json
import re
import subprocess
import sys

import pytest
from river import base as river_base
from river import metrics, naive_bayes
from typer.testing import CliRunner

import olearn
from olearn import evaluate, registry, streams
from olearn.cli import arguments, demo
from olearn.cli.main import app, main
from olearn.evaluate import Comparison
from olearn.evaluate.online.prequential_result import Result


def call(*args):
    """Run the command in this process."""
    return CliRunner().invoke(app, [str(arg) for arg in args])


def words_of(result):
    """Everything printed, boxes and line breaks taken out."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", result.output).split())


# -- run -----------------------------------------------------------------------------------------


def test_run_prints_a_table():
    """Requirement: names, rows and the usual metrics, exit code 0."""
    result = call("run", "naive-bayes", "sea", "--rows", "300")
    assert result.exit_code == 0
    text = words_of(result)
    assert [
        w for w in ("naive-bayes", "300", "Accuracy", "Kappa T", "rows/s") if w not in text
    ] == []


def test_run_json_is_the_result_of_prequential():
    """Requirement: --json prints one JSON text, with the figures that Python gives."""
    result = call("run", "naive-bayes", "sea", "--rows", "300", "--seed", "5", "--json")
    found = Result.from_json(result.stdout)
    stream = streams.load("sea", seed=5)
    wanted = evaluate.prequential(stream, naive_bayes.GaussianNB(), max_samples=300)
    assert found.values == wanted.values
    assert (found.model, found.stream) == ("naive-bayes", "sea")


def test_run_options_arrive():
    """Requirement: metrics, window, delay, detector, learner and stream settings are used."""
    result = call(
        *("run", "river-hat", "sea", "--rows", "300", "--window", "100", "--delay", "7", "--json"),
        *("--metric", "macrof1", "--metric", "MCC", "--detector", "page-hinkley"),
        *("--set", "grace_period=50", "--set", "stream.noise=0.3", "--set", "stream.function=2"),
    )
    found = Result.from_json(result.stdout)
    assert list(found.values) == ["MacroF1", "MCC"]
    assert (found.ends, found.delay, found.detector) == ([100, 200, 300], "7 rows", "PageHinkley")
    assert "grace_period = 50" in found.model_parameters
    assert "noise: 0.3" in found.stream_parameters
    assert "function: 2" in found.stream_parameters


def yes_or_no(tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"{i % 7},{'yes' if i % 7 > 3 else 'no'}\n" for i in range(300)]
    path.write_text("a,answer\n" + "".join(rows), encoding="utf-8")
    return path


def test_run_takes_a_positive_label(tmp_path):
    """Requirement: binary metrics read labels of text; the label is an option, or chosen aloud."""
    options = (
        "run",
        "naive-bayes",
        yes_or_no(tmp_path),
        "--metric",
        "Recall",
        "--metric",
        "rocauc",
    )
    chosen = call(*options, "--json")
    assert "of the labels 'no' and 'yes', 'yes' counts as positive" in chosen.stderr
    asked = call(*options, "--positive", "yes", "--json")
    assert "positive" not in asked.stderr
    found = Result.from_json(asked.stdout).values
    assert found == Result.from_json(chosen.stdout).values
    assert min(found.values()) > 0.9
    no = Result.from_json(call(*options, "--positive", "no", "--json").stdout).values
    assert no != found
    refused = call(*options, "--positive", "maybe")
    assert refused.exit_code == 2
    assert "--positive must be one of the labels 'no', 'yes'" in words_of(refused)


def test_compare_takes_a_positive_label(tmp_path):
    """Requirement: all runs of a comparison count the same label."""
    path = yes_or_no(tmp_path)
    options = ("--metric", "Recall", "--positive", "no", "--json")
    result = call("compare", "naive-bayes", "majority", "--streams", path, *options)
    bayes, majority = Comparison.from_json(result.stdout).results
    assert bayes.values["Recall"] > 0.9
    assert majority.values["Recall"] > 0.9  # "no" is the commoner one
    assert "olearn:" not in result.stderr


def test_run_without_any_label():
    """Requirement: a run that scored nothing prints no figure, and says so."""
    result = call("run", "hoeffding-tree", "sea", "--rows", "200", "--delay", "never")
    text = words_of(result)
    assert "%" not in text
    assert "no row is scored: the model had no prediction" in text


def test_run_says_what_the_detector_found():
    """Requirement: true drifts and alarms follow the table, by row."""
    result = call("run", "naive-bayes", "sea_a_mini", "--rows", "13000", "--detector", "ddm")
    assert "true drifts at rows 12,475" in result.stdout
    assert "DDM alarms: " in result.stdout


def test_run_gives_nominal_features_to_the_learner():
    """Requirement: a learner that takes `nominal_attributes` gets the stream's."""
    result = call("run", "river-hoeffding-tree", "stagger", "--rows", "50", "--json")
    parameters = Result.from_json(result.stdout).model_parameters
    assert f"nominal_attributes = {list(streams.load('stagger').schema.nominal)}" in parameters


def test_run_says_who_reads_codes_as_numbers():
    """Requirement: one line on stderr, and none where the learner knows of categories."""
    told = call("run", "naive-bayes", "stagger", "--rows", "50")
    assert told.stderr.count("GaussianNB of river reads the codes of categories in") == 1
    for name in ("river-hoeffding-tree", "hoeffding-tree"):
        assert "codes" not in call("run", name, "stagger", "--rows", "50").stderr


def test_run_reads_a_file(tmp_path):
    """Requirement: a CSV file is a stream, its label column named by --target."""
    path = tmp_path / "table.csv"
    rows = [f"{i % 7},{'yes' if i % 7 > 3 else 'no'}" for i in range(200)]
    path.write_text("\n".join(["size,big", *rows]), encoding="utf-8")
    result = call("run", "naive-bayes", path, "--target", "big", "--json")
    assert Result.from_json(result.stdout).values["Accuracy"] > 0.9


def test_run_writes_a_report(tmp_path):
    """Requirement: --report writes the page and says where."""
    result = call("run", "no-change", "sea", "--rows", "100", "--report", tmp_path / "r.html")
    assert f"report: {tmp_path / 'r.html'}" in result.stdout
    assert "no-change on sea" in (tmp_path / "r.html").read_text(encoding="utf-8")


# -- compare, list, version ----------------------------------------------------------------------


def test_compare_spreads_streams_and_seeds():
    """Requirement: several streams may follow one --streams; every seed is run."""
    result = call(
        *("compare", "naive-bayes", "no-change", "--streams", "sea", "stagger"),
        *("--seeds", "2", "--rows", "200", "--limit", "no-change=100", "--json"),
    )
    found = Comparison.from_json(result.stdout)
    assert (found.streams, found.models) == (["sea", "stagger"], ["naive-bayes", "no-change"])
    assert [r.n for r in found.results] == [200, 200, 100, 100] * 2
    first, second = found.runs("naive-bayes", "sea")
    assert first.values != second.values


def test_learners_may_stand_behind_the_streams():
    """What is no stream but a learner is not taken for a stream."""
    result = call(
        *("compare", "--streams", "sea", "stagger", "no-change", "naive-bayes"),
        *("--rows", "100", "--json"),
    )
    found = Comparison.from_json(result.stdout)
    assert (found.streams, found.models) == (["sea", "stagger"], ["no-change", "naive-bayes"])


def test_compare_prints_and_reports(tmp_path):
    """Requirement: a table of means with ranks, and a report of all runs."""
    result = call(
        *("compare", "naive-bayes", "no-change", "--streams", "sea", "--rows", "200"),
        *("--report", tmp_path / "c.html"),
    )
    assert "mean rank" in result.stdout
    assert (tmp_path / "c.html").exists()


@pytest.mark.parametrize("kind", ["learners", "detectors", "streams", "agents", "metrics"])
def test_list_has_every_name_once_with_its_description(kind):
    """Requirement: each name is listed with what it is, as text and as JSON."""
    known = json.loads(call("list", kind, "--json").stdout)
    lines = call("list", kind).stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(known)
    assert all(known.values())
    one = {"learners": "driftmoe", "detectors": "adwin", "streams": "sea", "agents": "stream-q"}
    assert one.get(kind, "PrecisionAtBudget") in known


def test_list_streams_is_what_streams_knows():
    """Requirement: every stream that `load` knows is described."""
    assert list(json.loads(call("list", "streams", "--json").stdout)) == streams.names()


def test_version():
    """Requirement: --version prints the package's version."""
    assert call("--version").stdout == f"olearn {olearn.__version__}\n"


# -- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("run", "naive-byes", "sea"), "unknown learner 'naive-byes'; did you mean 'naive-bayes'?"),
        (("run", "no-change", "electricty"), "did you mean 'electricity'?"),
        (("run", "no-change", "there/is/no.csv"), "no such file: there/is/no.csv"),
        (("run", "no-change", "sea", "--detector", "adwine"), "did you mean 'adwin' or"),
        (("run", "no-change", "sea", "--metric", "Acuracy"), "did you mean 'Accuracy'"),
        (("run", "river-hat", "sea", "--set", "grace=9"), "did you mean 'grace_period'"),
        (("run", "river-hat", "sea", "--set", "grace"), "--set must be KEY=VALUE, got 'grace'"),
        (("run", "no-change", "sea", "--set", "stream.nose=1"), "nose"),
        (("run", "no-change", "sea", "--delay", "-3"), "--delay must be a whole number or 'never'"),
        (("run", "no-change", "sea", "--rows", "0"), "Invalid value for '--rows'"),
        (("run", "no-change", "sea", "--report", "no/such/r.html"), "in an existing folder"),
        (("compare", "no-change", "--streams", "sea", "--limit", "arf=9"), "--limit must be"),
        (("compare", "no-change"), "Missing option '--streams'"),
        (("list", "models"), "'models' is not one of"),
    ],
)
def test_wrong_usage(args, words):
    """Requirement: exit code 2, a message that names the fault and the nearest name."""
    result = call(*args)
    assert result.exit_code == 2
    assert words in words_of(result)
    assert "Traceback" not in result.output


def test_failure_while_running(monkeypatch):
    """Requirement: a failure is one line on stderr and exit code 1."""

    def fail(*args, **options):
        raise ValueError("feature 'a' must be finite,\n got inf")

    monkeypatch.setattr("olearn.evaluate.prequential", fail)
    result = call("run", "hoeffding-tree", "stagger")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "olearn: feature 'a' must be finite, got inf\n"


def test_infinite_cells_are_refused_before_the_run(tmp_path):
    """Requirement: with file, row and column, as wrong usage."""
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,x\ninf,x\n", encoding="utf-8")
    result = call("run", "hoeffding-tree", path)
    assert result.exit_code == 2
    assert "column 'a' must be finite or missing, got inf in row 1" in words_of(result)


def test_delays():
    """Requirement: --delay takes a number of rows or 'never'."""
    assert (arguments.parse_delay(None), arguments.parse_delay("12")) == (None, 12)
    assert arguments.parse_delay("never") == float("inf")


def test_endless_streams_are_cut():
    """Requirement: without --rows an endless stream gives 100,000 rows, others all."""
    assert arguments.limit_rows(streams.load("sea"), None) == 100_000
    assert arguments.limit_rows(streams.load("sea_a_mini"), None) is None
    assert arguments.limit_rows(streams.load("sea_a_mini"), 5) == 5


# -- as a program --------------------------------------------------------------------------------


def program(*args):
    code = "from olearn.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, check=False
    )


def test_piped_output_is_plain(capfd, monkeypatch):
    """Requirement: no bars, no colours, nothing on stderr, and wide lines are not folded."""
    monkeypatch.setattr("olearn.evaluate.progress._PATIENCE", 0.0)  # a bar would show at once
    monkeypatch.setattr(sys, "argv", ["olearn", "run", "naive-bayes", "sea", "--rows", "2000"])
    with pytest.raises(SystemExit, match=r"^0$"):
        main()
    printed = capfd.readouterr()
    assert printed.err == ""
    assert "\x1b" not in printed.out
    assert re.search(r"naive-bayes +2,000 .* blocks$", printed.out, re.MULTILINE)


def test_exit_codes_of_the_program():
    """Requirement: the process ends with 2 after wrong usage."""
    assert program("run", "naive-byes", "sea").returncode == 2


def test_help_loads_little():
    """Requirement: the help does not wait for numba, river's metrics, torch or matplotlib."""
    code = (
        "import sys; sys.argv = ['olearn', '--help']\n"
        "from olearn.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('numba', 'river', 'torch', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


# -- catalogue -----------------------------------------------------------------------------------


def test_catalogue_has_every_learner_and_detector_of_ours():
    """Requirement: a public class that is missing on the command line fails here.

    Regressors, transformers and what stands around a learner, which are options, need none.
    """
    from olearn import detectors, learners

    other = (river_base.Regressor, river_base.Transformer, river_base.Wrapper)
    entries = {**registry.LEARNERS, **registry.DETECTORS}.values()
    named = {entry.path.split(":")[1].split(".")[0] for entry in entries}
    for module in (learners, detectors):
        public = [n for n in module.__all__ if not issubclass(getattr(module, n), other)]
        assert [name for name in public if name not in named] == []


@pytest.mark.parametrize("name", registry.LEARNERS)
def test_every_learner_can_be_made(name):
    """Each name of the catalogue makes a learner that metrics can score, seeded where it can be."""
    model = registry.make_learner(name, nominal=["a"], seed=4)
    params = model._get_params()
    assert params.get("seed", 4) == 4
    assert params.get("nominal_attributes", ["a"]) == ["a"]
    kinds = (metrics.Accuracy(), metrics.MAE(), metrics.ROCAUC())
    assert any(metric.works_with(model) for metric in kinds)


@pytest.mark.parametrize("name", registry.DETECTORS)
def test_every_detector_can_be_made(name):
    """Requirement: each name of the catalogue makes a drift detector."""
    detector = registry.make_detector(name, seed=4)
    detector.update(0.0)
    assert detector.drift_detected is False


# -- demo ----------------------------------------------------------------------------------------

_CHEAP = (
    demo._Contestant("Naive Bayes", "naive-bayes"),
    demo._Contestant("No change", "no-change", 200),
)


def without_electricity(name, **options):
    if name == "electricity":
        raise FileNotFoundError("electricity is not here")
    return _LOAD(name, **options)


_LOAD = streams.load


def test_demo_runs_on_bundled_data_and_says_why(tmp_path, monkeypatch):
    """Requirement: without Electricity a real table with known drifts stands in, and a sentence of
    plain words says why.
    """
    monkeypatch.setattr(demo, "_CONTESTANTS", _CHEAP)
    monkeypatch.setattr(streams, "load", without_electricity)
    result = call("demo", "--quick", "--report", tmp_path / "r.html")
    assert result.exit_code == 0
    text = words_of(result)
    reason = "Electricity could not be had: it is not on this machine and could not be downloaded."
    assert "Image segments" in text
    assert reason in text
    assert "electricity is not here" not in text
    assert "Accuracy, first 200" in text
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert reason in page
    assert "Known drifts at rows 800, 1,600." in page
    assert page.count("<h2>") == 4  # two streams, how to read, environment


def test_the_stand_in_of_the_demo_drifts():
    """Requirement: at its known rows a model that does not forget falls, for all to see."""
    stream = demo._drifting_table()
    model = registry.make_learner("hoeffding-tree")
    found = evaluate.prequential(stream, model, window=100).windows["Accuracy"]
    assert stream.drift_positions == (800, 1600)
    for first in (8, 16):
        assert found[first] < found[first - 1] - 0.2


def test_peers_of_the_demo_share_their_settings():
    """Requirement: what ours and river's forest and tree both take has the same value."""
    made = {c.name: registry.make_learner(c.learner, options=c.options) for c in demo._CONTESTANTS}
    for ours, rivers in (
        ("ARF, 10 trees", "river's ARF, 10 trees"),
        ("Hoeffding tree", "river's Hoeffding tree"),
    ):
        mine, theirs = (made[name]._get_params() for name in (ours, rivers))
        # river turns no limit of the depth into one below Python's limit of recursion, and makes
        # detectors, a metric and a splitter where ours keeps None for the same
        other = ("nominal_attributes", "max_depth", "splitter", "metric")
        other += ("drift_detector", "warning_detector")
        both = [name for name in mine if name in theirs and name not in other]
        assert {name: mine[name] for name in both} == {name: theirs[name] for name in both}
        assert len(both) > 8


@pytest.mark.parametrize("labelled", [True, False])
def test_run_scores_anomalies(tmp_path, labelled):
    """A file is scored with labels and without, which is said; alarms are counted."""
    lines = [f"{i % 7},{(i * 5) % 11},{int(i == 400)}" for i in range(500)]
    lines[400] = "70,110,1"
    (tmp_path / "t.csv").write_text("\n".join(["a,b,fraud", *lines]))
    target = ("--target", "fraud") if labelled else ("--drop", "fraud")
    result = call("run", "half-space-trees", tmp_path / "t.csv", *target)
    assert result.exit_code == 0, result.output
    assert re.search(r"alarms, 0.01 of rows allowed: \d+; the highest at rows .*400", result.stdout)
    if labelled:
        assert "1 known anomaly: 1 raised an alarm" in result.stdout
    else:
        assert "no labels to judge scores by" in result.stdout
        assert "--target names the column" in " ".join(result.stderr.split())
