"""The table of names: what it says is true, and an addition touches few files."""

import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from river import base

from olearn import metrics, registry, streams

ROOT = Path(__file__).parent.parent
ENTRIES = {
    **{f"learner {name}": entry for name, entry in registry.LEARNERS.items()},
    **{f"detector {name}": entry for name, entry in registry.DETECTORS.items()},
    **{f"agent {name}": entry for name, entry in registry.AGENTS.items()},
    **{f"stream {name}": entry for name, entry in registry.streams().items()},
}


def first_line(cls):
    return re.sub(r"\[\^\d+\]", "", inspect.getdoc(cls).split("\n")[0]).removesuffix(".")


@pytest.mark.parametrize("name", ENTRIES)
def test_every_entry_exists_and_is_described(name):
    """The path leads somewhere, its options fit, and a class of ours describes itself."""
    entry = ENTRIES[name]
    assert set(entry.options) <= set(entry.accepted())
    assert entry.description
    if not entry.text:
        assert entry.description == first_line(entry.constructor())


def test_tasks_of_learners_are_their_roles():
    """A learner is for what its role says, whatever makes it."""
    tasks = {name: entry.task() for name, entry in registry.LEARNERS.items()}
    roles = {"regression": base.Regressor, "classification": base.Classifier}
    for name, task in tasks.items():
        assert isinstance(registry.make_learner(name), roles.get(task, base.AnomalyDetector))
    assert tasks["arf"] == "classification"
    assert tasks["half-space-trees"] == "anomaly"
    numbers = {"linear-regression", "knn-regressor", "mean-number", "last-number"}
    assert {tasks[name] for name in numbers} == {"regression"}


def test_generators_take_a_seed_and_tables_do_not():
    """Which streams are drawn anew is read from their signatures."""
    seeded = {name for name, entry in registry.streams().items() if "seed" in entry.accepted()}
    assert seeded == set(registry.GENERATORS)
    assert list(registry.streams()) == streams.names()


@pytest.mark.parametrize("name", ["Accuracy", "CohenKappa", "KappaM", "FadingAccuracy", "Nothing"])
def test_metrics_say_what_they_mean(name):
    """Metrics of ours by their docstring, a few of river's by the table, others not at all."""
    ours = getattr(metrics, name, None)
    expected = first_line(ours) if ours else registry.METRICS[name].text if name[0] in "AC" else ""
    assert registry.describe_metric(name) == expected


def test_metrics_that_are_listed_can_be_shown():
    """Each is made by its name and gives one number; what only prints is not listed."""
    known = registry.metrics()
    assert {"AUC", "Accuracy", "Brier", "MAE", "RecallAtBudget"} <= set(known)
    assert not {"ConfusionMatrix", "ClassificationReport", "FBeta", "Metrics"} & set(known)
    for name in known:
        float(registry.make_metric(name).get())


ADDED = {
    "learners/my_prior.py": '''
from river import dummy

__all__ = ["MyPriorClassifier"]


class MyPriorClassifier(dummy.PriorClassifier):
    """A learner that was added."""
''',
    "detectors/my_detector.py": '''
from river import drift

__all__ = ["MyDetector"]


class MyDetector(drift.PageHinkley):
    """A detector that was added[^1]."""
''',
    "streams/my_sea.py": '''
from olearn.streams.sea import SEA

__all__ = ["MySEA"]


class MySEA(SEA):
    """A stream that was added."""
''',
    "olearn/metrics/my_accuracy.py": '''
from river import metrics

__all__ = ["MyAccuracy"]


class MyAccuracy(metrics.Accuracy):
    """A metric that was added."""
''',
}
LINES = {
    "LEARNERS": '"my-prior": Entry("olearn.learners:MyPriorClassifier"),',
    "DETECTORS": '"my-detector": Entry("olearn.detectors:MyDetector"),',
    "GENERATORS": '"my-sea": Entry("olearn.streams:MySEA"),',
}
USE = """
from olearn import detectors, learners, metrics, registry, streams

assert type(registry.make_learner("my-prior")) is learners.MyPriorClassifier
assert type(registry.make_detector("my-detector")) is detectors.MyDetector
assert type(streams.load("my-sea", seed=3)) is streams.MySEA
assert type(registry.make_metric("myaccuracy")) is metrics.MyAccuracy
print(registry.LEARNERS["my-prior"].description)
print(registry.DETECTORS["my-detector"].description)
print(registry.streams()["my-sea"].description)
print(registry.describe_metric("MyAccuracy"))
"""


def test_an_addition_is_a_file_and_a_line(tmp_path):
    """A learner, detector or stream is its file and a line of the registry; a metric is its file.

    `make readme` does the rest; what remains are the test and the line of the changelog.
    """
    for folder in ("olearn", "detectors", "learners", "streams", "docs"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, symlinks=True, ignore=ignored)
    shutil.copy(ROOT / "README.md", tmp_path)
    for path, text in ADDED.items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    table = tmp_path / "olearn/registry.py"
    text = table.read_text(encoding="utf-8")
    for kind, line in LINES.items():
        opening = f"{kind}: dict[str, Entry] = {{\n"
        assert opening in text
        text = text.replace(opening, f"{opening}    {line}\n")
    table.write_text(text, encoding="utf-8")

    def python(*args):
        environment = {"PYTHONPATH": str(tmp_path), "PATH": "", "OLEARN_QUIET": "1"}
        command = [sys.executable, *args]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    python("docs/overview.py")
    expected = [f"A {what} that was added" for what in ("learner", "detector", "stream", "metric")]
    assert python("-c", USE).splitlines() == expected
    shown = (tmp_path / "README.md").read_text(encoding="utf-8")
    for name in ("MyPriorClassifier", "MyDetector", "MySEA", "MyAccuracy", "my-sea"):
        assert f"`{name}`" in shown
