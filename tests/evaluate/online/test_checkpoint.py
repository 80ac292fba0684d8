"""Runs that are killed at any row go on to the same result, bit for bit."""

import dataclasses
import json
import math
import random
import re
import subprocess
import sys
import time

import numpy as np
import pytest
from river import compose, datasets, drift, linear_model, metrics, naive_bayes, preprocessing
from toys import Table
from typer.testing import CliRunner

import olearn
from olearn import detectors, evaluate, learners, streams
from olearn.checks.tools import require_same_state, snapshot
from olearn.cli.main import app
from olearn.evaluate import Checkpoint
from olearn.metrics import AUC, PRAUC, KappaM, PrecisionAtBudget, WindowedAUC
from olearn.persist.files import read_header
from olearn.preprocessing import MinMaxScaler

# the clock, and room to spare in dicts and lists, which depends on how they grew
BESIDE = ("seconds", "cpu_seconds", "memory")


class Stopped(Exception):
    """Stands for a kill."""


def figures(result):
    """Everything in a result that must not depend on interruptions."""
    fields = dataclasses.asdict(result)
    return json.dumps({k: v for k, v in fields.items() if k not in BESIDE}, default=repr)


def stop_after(rows):
    """A progress report that stops the run once so many rows are done."""

    def report(n, words):
        if n >= rows:
            raise Stopped

    return report


def go_on(folder, stream, make, stops=(), every=150, **settings):
    """Run with a stop after each of so many rows; return the result of the last run, and model."""
    for rows in stops:
        with pytest.raises(Stopped):
            evaluate.prequential(
                stream,
                make(),
                checkpoint=Checkpoint(folder, every, resume=True),
                progress=stop_after(rows),
                **settings,
            )
    model = make()
    kept = Checkpoint(folder, every, resume=True)
    result = evaluate.prequential(stream, model, checkpoint=kept, progress=False, **settings)
    return result, model


def late(i, x, y):
    """A label that comes after 3 to 90 rows, or never."""
    return None if i % 7 == 0 else 3 + i * 37 % 88


def pipeline():
    return preprocessing.StandardScaler() | learners.ARFClassifier(n_models=2, seed=1)


def river_pipeline():
    return preprocessing.StandardScaler() | linear_model.LogisticRegression()


CASES = {
    "blocks": (
        lambda: learners.HoeffdingTreeClassifier(grace_period=50),
        lambda: streams.load("sea", seed=2),
        {"detector": detectors.ADWIN(), "window": 100, "keep_predictions": True},
    ),
    "blocks, text labels": (
        lambda: learners.DriftMoEClassifier(seed=1),
        lambda: streams.load("image_segments"),
        {"window": 70, "block_size": 64, "metrics": metrics.MacroF1(), "keep_predictions": True},
    ),
    "rows of a stream": (
        pipeline,
        lambda: streams.load("sea", seed=2),
        {"detector": drift.ADWIN(), "window": 100, "delay": 30, "keep_predictions": True},
    ),
    "delayed by row": (
        lambda: learners.HoeffdingAdaptiveTreeClassifier(grace_period=50, seed=1),
        lambda: streams.load("sea", seed=3),
        {"delay": late, "detector": drift.binary.DDM(), "window": 90},
    ),
    "probabilities": (
        river_pipeline,
        lambda: list(datasets.Phishing()),
        {"metrics": [metrics.ROCAUC(), metrics.LogLoss(), metrics.CohenKappa()], "window": 128},
    ),
    "areas found late": (
        learners.GaussianNB,
        lambda: streams.load("sea", seed=4),
        {
            "metrics": [AUC(), PRAUC(), WindowedAUC(64), PrecisionAtBudget(0.1, 50), KappaM()],
            "window": 90,
            "block_size": 70,
        },
    ),
    "regression": (
        lambda: preprocessing.StandardScaler() | linear_model.LinearRegression(),
        lambda: list(datasets.ChickWeights()),  # read at once: a stop would leave the file open
        {"detector": drift.PageHinkley(), "keep_predictions": True, "window": 50},
    ),
    "pipeline of compiled steps": (
        lambda: MinMaxScaler() | learners.LogisticRegression(),
        lambda: streams.load("sea", seed=2),
        {"window": 100, "delay": 30, "keep_predictions": True},
    ),
    "list": (
        lambda: learners.AnalyticRidgeClassifier(n_features=8, seed=1),
        lambda: [({"a": i % 3, "b": i * 7 % 11}, "xyz"[i % 3]) for i in range(900)],
        {"delay": math.inf, "keep_predictions": True},
    ),
}


@pytest.mark.parametrize(("make", "open_stream", "settings"), CASES.values(), ids=CASES.keys())
def test_interrupted_runs_end_alike(make, open_stream, settings, tmp_path):
    """Stopped at three random rows, a run ends with the result and the model of an unbroken one."""
    settings = {"max_samples": 900, **settings}
    whole, expected = open_stream(), make()
    result = evaluate.prequential(whole, expected, progress=False, **settings)
    stops = sorted(random.Random(1).sample(range(1, min(result.n, 880)), 3))
    found, model = go_on(tmp_path, open_stream(), make, stops, **settings)
    assert figures(found) == figures(result)
    require_same_state(snapshot(expected), model, "at the end")
    require_same_state(snapshot(expected), olearn.load(tmp_path / "run.safetensors"), "in the file")


def test_checkpoints_cost_no_accuracy(tmp_path):
    """A run that is kept but not stopped has the result of one that is not kept."""
    stream, make = streams.load("sea", seed=1), learners.HoeffdingTreeClassifier
    whole = evaluate.prequential(stream, make(), max_samples=2000, progress=False)
    kept, _ = go_on(tmp_path, stream, make, every=333, max_samples=2000)
    assert figures(kept) == figures(whole)


def test_it_is_written_every_so_many_rows(tmp_path):
    """The file is there from row 0, then holds the last multiple of `every` before a stop."""
    found = []

    def report(n, words):
        found.append((n, int(read_header(tmp_path / "run.safetensors")["rows"])))

    kept = Checkpoint(tmp_path, every=250)
    stream, model = streams.load("sea", seed=1), learners.HoeffdingTreeClassifier()
    evaluate.prequential(
        stream, model, checkpoint=kept, max_samples=1100, window=400, progress=report
    )
    # spans end at windows and at multiples of 250; a report comes before the span is kept
    assert found == [
        (250, 0), (400, 250), (500, 250), (750, 500), (800, 750), (1000, 750), (1100, 1000),
    ]  # fmt: skip
    assert read_header(tmp_path / "run.safetensors")["rows"] == "1100"


def test_a_finished_run_goes_on(tmp_path):
    """Resumed at its end a run gives its result again; with more rows it goes on."""
    stream, make = streams.load("sea", seed=1), learners.HoeffdingTreeClassifier
    first, _ = go_on(tmp_path, stream, make, max_samples=1050)
    again, _ = go_on(tmp_path, stream, make, max_samples=1050)
    assert figures(again) == figures(first)
    longer, _ = go_on(tmp_path, stream, make, max_samples=1900)
    whole = evaluate.prequential(stream, make(), max_samples=1900, progress=False)
    assert figures(longer) == figures(whole)


# -- refusals ------------------------------------------------------------------------------------


@pytest.fixture
def started(tmp_path):
    """The settings of a run that has been kept in the folder, after 600 rows of 900."""
    settings = {"window": 200, "detector": drift.ADWIN(delta=0.1), "max_samples": 900}
    with pytest.raises(Stopped):
        evaluate.prequential(
            streams.load("sea", seed=1),
            learners.HoeffdingTreeClassifier(),
            [metrics.Accuracy()],
            checkpoint=Checkpoint(tmp_path, every=200),
            progress=stop_after(700),
            **settings,
        )
    return settings


def test_another_run_is_not_written_over(tmp_path, started):
    """Without `resume` a folder that holds a run is refused, and stays as it is."""
    before = (tmp_path / "run.safetensors").read_bytes()
    with pytest.raises(ValueError, match=r"holds a run that has read 600 rows: resume it"):
        evaluate.prequential(
            streams.load("sea", seed=1),
            learners.HoeffdingTreeClassifier(),
            checkpoint=Checkpoint(tmp_path),
            max_samples=900,
        )
    assert (tmp_path / "run.safetensors").read_bytes() == before


OTHERS = {
    "parameter": (
        {"model": learners.HoeffdingTreeClassifier(grace_period=77)},
        "another run: learner was grace_period = 200, not grace_period = 77",
    ),
    "learner": (
        {"model": naive_bayes.GaussianNB()},
        "another run: learner was HoeffdingTreeClassifier; .*, not GaussianNB",
    ),
    "stream": ({"stream": streams.load("hyperplane", seed=1)}, "another run: stream was About: "),
    "rows": (
        {"stream": streams.ConceptView(streams.load("sea", seed=1), swap_features=[("x0", "x1")])},
        "another run: stream was",
    ),
    "metrics": ({"metrics": [metrics.MacroF1()]}, "metrics was Accuracy.*, not MacroF1"),
    "detector": (
        {"detector": drift.ADWIN(delta=0.2)},
        r"detector was delta = 0\.1, not delta = 0\.2",
    ),
    "no detector": ({"detector": None}, "detector was ADWIN; .*, not nothing"),
    "window": ({"window": 100}, "window was 200, not 100"),
    "delay": ({"delay": 3}, "delay was none, not 3 rows"),
    "predictions": ({"keep_predictions": True}, "keep_predictions was False, not True"),
    "fewer rows": ({"max_samples": 500}, "max_samples must be at least 600.*got 500"),
}


@pytest.mark.parametrize(("change", "words"), OTHERS.values(), ids=OTHERS.keys())
def test_other_runs_are_refused(change, words, tmp_path, started):
    """What differs is named, before the model is touched."""
    given = {
        "stream": streams.load("sea", seed=1),
        "model": learners.HoeffdingTreeClassifier(),
        "metrics": [metrics.Accuracy()],
        **started,
        **change,
    }
    before = snapshot(given["model"])
    with pytest.raises(ValueError, match=words):
        evaluate.prequential(**given, checkpoint=Checkpoint(tmp_path, resume=True))
    require_same_state(before, given["model"], "though refused")


@pytest.mark.parametrize("delay", [None, 5], ids=["blocks", "rows"])
def test_other_rows_are_refused(delay, tmp_path):
    """A stream of the same name that gives other rows, or too few, is refused as well."""
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(500, 2)), rng.integers(0, 2, 500)
    make = learners.HoeffdingTreeClassifier
    go_on(tmp_path, Table(X, y), make, [430], every=100, delay=delay)
    for wrong in ((X + (np.arange(500) == 320)[:, None], y), (X, y ^ (np.arange(500) == 30))):
        with pytest.raises(ValueError, match=r"stream must be that of the .* first 500 rows are"):
            go_on(tmp_path, Table(*wrong), make, every=100, delay=delay)
    rows = [({"a": i}, i % 2) for i in range(300)]
    go_on(tmp_path / "list", rows, make)
    with pytest.raises(ValueError, match="has read 300 rows of it; this one has 200"):
        go_on(tmp_path / "list", rows[:200], make)


def test_damaged_files_are_refused(tmp_path, started):
    """A file that is damaged is refused by its path."""
    path = tmp_path / "run.safetensors"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ValueError, match=f"{path} is damaged"):
        go_on(tmp_path, streams.load("sea", seed=1), learners.HoeffdingTreeClassifier, **started)


def test_what_cannot_be_kept_is_refused_at_once(tmp_path):
    """A model with a function of one's own is refused before it learns a row."""
    model = compose.FuncTransformer(lambda x: x) | naive_bayes.GaussianNB()
    stream = streams.load("sea", seed=1)
    with pytest.raises(TypeError, match=r"cannot save .*<lambda>"):
        evaluate.prequential(stream, model, max_samples=100, checkpoint=Checkpoint(tmp_path))
    assert model.predict_proba_one({"x0": 1.0}) == {}


def test_leftovers_of_killed_runs_go(tmp_path):
    """What a run left that was killed while it wrote is removed by the next one."""
    (tmp_path / ".run.safetensors-12345.tmp").write_bytes(b"half a file")
    go_on(tmp_path, streams.load("sea", seed=1), naive_bayes.GaussianNB, max_samples=100)
    assert [path.name for path in tmp_path.iterdir()] == ["run.safetensors"]


def test_bad_arguments():
    """A folder, a positive number of rows, and a `Checkpoint` where one is asked for."""
    with pytest.raises(ValueError, match=r"every must be in \[1, inf\], got 0"):
        Checkpoint("folder", every=0)
    with pytest.raises(TypeError, match=r"folder must be a path, got None"):
        Checkpoint(None)
    model = learners.HoeffdingTreeClassifier()
    with pytest.raises(TypeError, match=r"such as Checkpoint\('folder'\)"):
        evaluate.prequential([({"a": 1}, "x")], model, checkpoint="folder")


# -- the command line ----------------------------------------------------------------------------


def call(*args):
    return CliRunner().invoke(app, [str(arg) for arg in args])


def rows_kept(folder):
    """Rows that the run in a folder has read; -1 if there is none."""
    try:
        return int(read_header(folder / "run.safetensors")["rows"])
    except FileNotFoundError:
        return -1


def test_killed_commands_end_alike(tmp_path):
    """`olearn run`, killed by SIGKILL at a random moment, ends as one that was not."""
    words = [
        "run",
        "arf",
        "led_a_mini",
        "--detector",
        "adwin",
        "--seed",
        3,
        "--rows",
        6000,
        "--json",
    ]
    whole = call(*words)
    command = [sys.executable, "-c", "from olearn.cli.main import main; main()", *map(str, words)]
    command += ["--checkpoint", str(tmp_path), "--every", "300", "--resume"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None and rows_kept(tmp_path) <= 0:
        time.sleep(0.001)  # until it has learnt something
    time.sleep(random.Random(3).uniform(0.0, 0.1))  # of a second or more that is left
    process.kill()
    assert process.wait() == -9, "it had ended before it was killed"
    assert 0 < rows_kept(tmp_path) < 6000
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found, expected = json.loads(done.stdout), json.loads(whole.stdout)
    for name in BESIDE:
        del found[name], expected[name]
    assert found == expected


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("arf", "sea", "--resume"), "--resume cannot be used: .*--checkpoint"),
        (("arf", "sea", "--every", 5), "--every cannot be used: .*--checkpoint"),
        (("adwin", "x.csv", "--checkpoint", "x"), "--checkpoint cannot be used: adwin is a det"),
        (("stream-q", "CartPole-v1", "--checkpoint", "x"), "--checkpoint cannot .* be saved"),
        (("arf", "sea", "--checkpoint", __file__), "--checkpoint must be a folder"),
    ],
)
def test_command_refuses(words, message):
    """Options that mean nothing are refused with the reason."""
    result = call("run", *words)
    assert result.exit_code == 2
    text = " ".join(result.output.replace("│", " ").split())
    assert re.search(message, text), text


def test_command_says_how_to_go_on(tmp_path):
    """A folder that holds a run is refused, with the option that goes on."""
    words = ("run", "naive-bayes", "sea", "--rows", 200, "--checkpoint", tmp_path)
    assert call(*words).exit_code == 0
    again = call(*words)
    assert again.exit_code == 1
    assert "200 rows: resume it (resume=True, --resume)" in again.stderr
    other = call("run", "majority", *words[2:], "--resume")
    assert "learner was GaussianNB, not PriorClassifier" in other.stderr
