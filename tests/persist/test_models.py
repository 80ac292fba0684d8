"""Saving and loading: what is loaded goes on bit for bit; what cannot be saved is named."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from river import base as river_base
from river import cluster, compose, datasets, drift, linear_model, metrics, neighbors, optim
from river import forest as river_forest
from river import preprocessing as river_preprocessing
from river import tree as river_tree
from saved_models import AGENTS, CLASSES, act, run

import olearn
from olearn import learners
from olearn.base import ArrayClassifier
from olearn.checks.tools import (
    dicts,
    error_bits,
    fresh,
    labelled_rows,
    require_same_state,
    snapshot,
)
from olearn.metrics import KappaM

MODELS = [
    pytest.param(cls(**params), id=f"{cls.__name__}-{i}")
    for cls in CLASSES
    for i, params in enumerate(cls._unit_test_params())
]
HALF, END = 500, 700  # rows: where a model is saved, and where its run ends
FEW = 64, 96  # of learners that replay, which take a hundred times as long


def again(model, path):
    """The model after a round trip through a file."""
    olearn.save(model, path)
    return olearn.load(path)


# -- models --------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:feature .* has values outside its limits:UserWarning")
@pytest.mark.parametrize("model", MODELS)
def test_every_learner_and_detector_goes_on(model, tmp_path):
    """Saved mid-stream and loaded, every public class answers as if nothing had happened."""
    model = fresh(model) if isinstance(model, ArrayClassifier) else model.clone()
    half, end = FEW if "replay" in type(model).__module__ else (HALF, END)
    run(model, 0, half)
    loaded = again(model, tmp_path / "model")
    require_same_state(snapshot(model), loaded, "after a round trip")
    assert run(loaded, half, end) == run(model, half, end)
    require_same_state(snapshot(model), loaded, "after going on")


@pytest.mark.parametrize(
    "model",
    [
        river_preprocessing.StandardScaler() | learners.ARFClassifier(n_models=2, seed=1),
        compose.Select("a", "b") | learners.AnalyticRidgeClassifier(n_features=8, seed=1),
        river_preprocessing.MinMaxScaler() | linear_model.LogisticRegression(optim.Adam()),
        river_forest.ARFClassifier(n_models=2, seed=1),
        river_tree.HoeffdingAdaptiveTreeClassifier(seed=1, grace_period=50),
        neighbors.KNNClassifier(),
    ],
    ids=lambda model: str(model)[:40],
)
def test_models_of_river_go_on(model, tmp_path):
    """So do pipelines and models of river, whose compiled parts have a state of their own."""
    rows = [(x, y) for x, y in itertools.islice(datasets.Bananas(), 300)]
    rows = [({"a": x["1"], "b": x["2"]}, y) for x, y in rows]
    for x, y in rows[:200]:
        model.learn_one(x, y)
    loaded = again(model, tmp_path / "model")
    for x, y in rows[200:]:
        assert loaded.predict_proba_one(x) == model.predict_proba_one(x)
        model.learn_one(x, y)
        loaded.learn_one(x, y)


@pytest.mark.parametrize(
    "model",
    [
        drift.ADWIN(),
        drift.KSWIN(seed=1),
        drift.PageHinkley(),
        drift.binary.DDM(),
        drift.binary.HDDMW(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_detectors_of_river_go_on(model, tmp_path):
    """River's detectors are saved, ADWIN in its compiled form too."""
    model, kept = model.clone(), []
    bits = error_bits(2000)
    binary = isinstance(model, river_base.BinaryDriftDetector)
    values = [bool(bit) if binary else bit for bit in bits.tolist()]
    for value in values[:1000]:
        model.update(value)
    loaded = again(model, tmp_path / "detector")
    for value in values[1000:]:
        model.update(value)
        loaded.update(value)
        kept.append(model.drift_detected)
        assert loaded.drift_detected == model.drift_detected
    assert any(kept)


@pytest.mark.parametrize("agent", [make() for make in AGENTS.values()], ids=list(AGENTS))
def test_agents_go_on(agent, tmp_path):
    """Agents keep networks, traces, normalisers and the generator of their actions."""
    rng = np.random.default_rng(2)
    act(agent, 200, rng)
    loaded = again(agent, tmp_path / "agent")
    assert act(loaded, 200, np.random.default_rng(3)) == act(agent, 200, np.random.default_rng(3))


def test_metrics_are_saved(tmp_path):
    """Metrics of river and ours, and what they share, are saved."""
    both = metrics.Accuracy() + KappaM() + metrics.MacroF1()
    for t, p in zip("abcabb", "aabbbc", strict=True):
        both.update(t, p)
    loaded = again(both, tmp_path / "metrics")
    both.update("c", "c")
    loaded.update("c", "c")
    assert repr(loaded) == repr(both)


FRESH_PROCESS = """
import sys
import numpy as np
import olearn
from olearn.checks.tools import dicts, labelled_rows
X, y = labelled_rows(700)
model = olearn.load(sys.argv[1])
answers = []
for x, label in zip(dicts(np.nan_to_num(X))[500:], y[500:]):
    answers.append(sorted(model.predict_proba_one(x).items()))
    model.learn_one(x, label)
print(answers)
"""


@pytest.mark.parametrize(
    "model",
    [
        river_preprocessing.StandardScaler() | learners.ARFClassifier(n_models=2, seed=1),
        learners.AnalyticRidgeClassifier(n_features=32, seed=1),
    ],
    ids=["pipeline", "ridge"],
)
def test_a_fresh_process_goes_on(model, tmp_path):
    """Another process, which loads the file before anything else, gives the same answers."""
    X, y = labelled_rows(END)
    rows = dicts(np.nan_to_num(X))
    for x, label in zip(rows[:HALF], y[:HALF], strict=True):
        model.learn_one(x, label)
    olearn.save(model, tmp_path / "model")
    command = [sys.executable, "-c", FRESH_PROCESS, str(tmp_path / "model")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answers = []
    for x, label in zip(rows[HALF:], y[HALF:], strict=True):
        answers.append(sorted(model.predict_proba_one(x).items()))
        model.learn_one(x, label)
    assert done.stdout == f"{answers}\n"


def test_clusters_keep_their_generator(tmp_path):
    """A method of a generator among the values of a model stays bound to that generator."""
    model = cluster.KMeans(n_clusters=2, seed=1)
    rng = np.random.default_rng(1)
    rows = [dict(enumerate(row)) for row in rng.normal(size=(60, 2)).tolist()]
    for x in rows[:30]:
        model.learn_one(x)
    loaded = again(model, tmp_path / "clusters")
    for x in rows[30:]:
        model.learn_one({**x, len(x): 1.0})
        loaded.learn_one({**x, len(x): 1.0})
        assert loaded.predict_one(x) == model.predict_one(x)
    assert loaded.centers == model.centers


# -- refusals ------------------------------------------------------------------------------------


class Stranger:
    """A class that is neither olearn's nor river's."""


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Stranger(), "Stranger"),
        (compose.FuncTransformer(lambda x: x), "<lambda>.*in FuncTransformer"),
        (compose.FuncTransformer(eval), "builtins:eval"),
        (learners.HoeffdingTreeClassifier().learn_one, "method ArrayClassifier.learn_one"),
        (iter([1]), "list_iterator"),
        (sys, "module"),
    ],
    ids=["class", "lambda", "builtin", "method", "iterator", "module"],
)
def test_what_cannot_be_saved(model, words, tmp_path):
    """What would need code from the file is refused by name, and no file is left behind."""
    with pytest.raises(TypeError, match=rf"(?s)cannot save .*{words}"):
        olearn.save(model, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_keeps_the_older_file(tmp_path, monkeypatch):
    """The file is replaced whole or not at all, and nothing is left beside it."""
    path = tmp_path / "model"
    olearn.save(learners.HoeffdingTreeClassifier(max_depth=3), path)
    monkeypatch.setattr("os.replace", lambda *paths: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        olearn.save(learners.HoeffdingTreeClassifier(max_depth=4), path)
    assert list(tmp_path.iterdir()) == [path]
    assert olearn.load(path).max_depth == 3


def test_missing_files_and_folders(tmp_path):
    """What is not there is an error of the file system that names it."""
    with pytest.raises(FileNotFoundError, match="nowhere"):
        olearn.load(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        olearn.save(learners.HoeffdingTreeClassifier(), tmp_path / "nowhere" / "model")
