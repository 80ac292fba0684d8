"""Parameters and methods that programs written for river use: taken, or refused in words."""

import inspect

import numpy as np
import pandas as pd
import pytest
from river import drift, metrics, tree
from river import forest as river_forest
from river.datasets import synth
from river.tree.split_criterion import HellingerDistanceCriterion

import olearn
from olearn import detectors, learners, streams
from olearn.core.jit import in_python
from olearn.learners.trees import split
from olearn.learners.trees.layout import KIND, LEAF
from olearn.learners.trees.pool import tree_settings
from olearn.metrics import FadingAccuracy

X, Y = next(streams.load("sea_a_mini", seed=1).blocks(6000))
Y = np.where(np.arange(6000) < 3000, Y, 1 - Y)
PAIRS = [
    (learners.HoeffdingTreeClassifier, tree.HoeffdingTreeClassifier),
    (learners.HoeffdingAdaptiveTreeClassifier, tree.HoeffdingAdaptiveTreeClassifier),
    (learners.ARFClassifier, river_forest.ARFClassifier),
]
CLASSES = [ours for ours, _ in PAIRS]


def predicted(model):
    return model.test_then_train_many(X, Y).tolist()


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_positions_are_rivers(ours, theirs):
    """Whatever river takes by position stands at the same one here; ours beyond it are named."""
    parameters = inspect.signature(ours).parameters.values()
    by_position = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert by_position == [*inspect.signature(theirs).parameters]


@pytest.mark.parametrize("cls", CLASSES)
def test_parameters_without_effect_change_nothing(cls):
    """Those of river's memory management, which here always holds the bound."""
    seed = {"seed": 1} if cls is not learners.HoeffdingTreeClassifier else {}
    model = cls(
        memory_estimate_period=50, stop_mem_management=True, remove_poor_attrs=True,
        merit_preprune=False, **seed,
    )  # fmt: skip
    assert predicted(model) == predicted(cls(**seed))


@pytest.mark.parametrize("cls", CLASSES)
def test_gaussian_splitter_sets_the_points(cls):
    """`GaussianSplitter(n)` is `n_split_points=n`."""
    seed = {"seed": 1} if cls is not learners.HoeffdingTreeClassifier else {}
    expected = predicted(cls(n_split_points=20, **seed))
    assert predicted(cls(splitter=tree.splitter.GaussianSplitter(20), **seed)) == expected


@pytest.mark.parametrize("cls", CLASSES)
def test_pure_leaf_is_not_split(cls):
    """Above `max_share_to_split` a leaf stays one."""
    y = (np.arange(3000) % 20 == 0) & (X[:3000, 0] > 2)
    seed = {"seed": 1} if cls is not learners.HoeffdingTreeClassifier else {}
    shapes = []
    for share in (1.0, 0.8):
        model = cls(grace_period=200, tau=0.9, max_share_to_split=share, **seed)
        model.learn_many(X[:3000], y.astype(int))
        tops = [*model] if isinstance(model, learners.ARFClassifier) else [model]
        shapes.append(sum(top.n_nodes for top in tops) > len(tops))
    assert shapes == [True, False]


@pytest.mark.parametrize("adwin", [drift.ADWIN, detectors.ADWIN])
def test_adwin_is_its_delta(adwin):
    """ADWIN as a detector, river's or ours, is compiled; `NoDrift` replaces nothing."""
    tree_class, forest_class = CLASSES[1:]
    by_delta = tree_class(drift_delta=0.05, grace_period=50, seed=1)
    by_object = tree_class(drift_detector=adwin(0.05), grace_period=50, seed=1)
    assert predicted(by_object) == predicted(by_delta)
    options = {"n_models": 3, "seed": 1}
    by_delta = forest_class(drift_delta=0.05, warning_delta=0.1, **options)
    by_object = forest_class(drift_detector=adwin(0.05), warning_detector=adwin(0.1), **options)
    assert predicted(by_object) == predicted(by_delta)
    assert by_object.n_drifts > 0
    quiet = forest_class(
        drift_detector=drift.NoDrift(), warning_detector=drift.NoDrift(), **options
    )
    predicted(quiet)
    assert quiet.n_drifts == quiet.n_warnings == 0
    still = tree_class(drift_detector=drift.NoDrift(), grace_period=50, seed=1)
    predicted(still)
    assert still.n_alternate_trees == 0


@pytest.mark.parametrize(
    "detector", [drift.ADWIN(0.05, clock=8), drift.binary.DDM(), drift.KSWIN(0.05, seed=1)]
)
def test_any_detector_watches_the_members_of_a_forest(detector):
    """Rows and arrays give the same, and the forest acts on its alarms."""
    rows, labels = X[2000:4000], Y[2000:4000]
    options = {"n_models": 3, "seed": 1, "drift_detector": detector, "warning_detector": detector}
    by_array, by_row = learners.ARFClassifier(**options), learners.ARFClassifier(**options)
    answers = by_array.test_then_train_many(rows, labels).tolist()
    for x, y, answer in zip(rows.tolist(), labels.tolist(), answers, strict=True):
        row = dict(enumerate(x))
        assert by_row.predict_one(row) == answer
        by_row.learn_one(row, y)
    assert by_array.n_drifts_detected() == by_row.n_drifts_detected() > 0
    assert sum(map(by_array.n_drifts_detected, range(3))) == by_array.n_drifts_detected()


@pytest.mark.parametrize(
    "detector",
    [drift.ADWIN(0.05, clock=8), drift.binary.DDM(), drift.PageHinkley(), detectors.CUSUM()],
)
def test_any_detector_watches_the_splits_of_an_adaptive_tree(detector, tmp_path):
    """Rows, arrays, frames and files give the same, and branches are replaced on its alarms."""
    labels = np.where(Y == 1, "yes", "no")
    options = {"grace_period": 50, "delta": 1e-3, "seed": 1, "drift_detector": detector}
    make = learners.HoeffdingAdaptiveTreeClassifier
    by_row, by_array, by_frame = make(**options), make(**options), make(**options)
    answers = by_array.test_then_train_many(X, labels).tolist()
    assert by_array.n_alternate_trees > 0
    by_frame.learn_many(pd.DataFrame(X[:4000]), pd.Series(labels[:4000]))
    olearn.save(by_frame, tmp_path / "model")
    by_frame = olearn.load(tmp_path / "model")
    frame = pd.DataFrame(X[4000:])
    assert by_frame.test_then_train_many(frame, labels[4000:]).tolist() == answers[4000:]
    for x, y, answer in zip(X.tolist(), labels.tolist(), answers, strict=True):
        row = dict(enumerate(x))
        assert by_row.predict_one(row) == answer
        by_row.learn_one(row, y)
    assert by_row.summary == by_array.summary == by_frame.summary


def test_detectors_of_splits_follow_their_branches():
    """Every detector is that of a split there is, and the tree adapts to a change."""
    make = learners.HoeffdingAdaptiveTreeClassifier
    rng = np.random.default_rng(0)
    rows = rng.random((9000, 5))
    labels = (rows[:, 0] + rows[:, 1] > 1.0) ^ (np.arange(9000) // 3000 % 2 == 1)
    still = make(50, seed=1, drift_detector=drift.NoDrift())
    model = make(50, seed=1, drift_detector=drift.binary.DDM())
    shares = []
    for tree_ in (still, model):
        predicted_ = [
            tree_.test_then_train_many(rows[i : i + 500], labels[i : i + 500])
            for i in range(0, 9000, 500)
        ]
        shares.append(np.mean(np.concatenate(predicted_) == labels))
    assert model.n_switch_alternate_trees > 0
    assert shares[1] > shares[0] + 0.1
    kinds = model._pool.arrays.node_i[:, KIND]
    assert model._watchers
    assert all(kinds[node] > LEAF for node in model._watchers)
    with pytest.raises(TypeError, match="drift_detector must be a drift detector"):
        make(drift_detector=0.002)


class OwnAccuracy(metrics.Accuracy):
    """Accuracy that the kernels do not know as such."""


OTHER_METRICS = [metrics.CohenKappa(), metrics.CrossEntropy(), FadingAccuracy(0.99)]


def test_metric_weights_the_members():
    """Accuracy in Python gives bit for bit what the kernels do; a metric is not changed itself."""
    own, options = OwnAccuracy(), {"n_models": 3, "seed": 1}
    expected, forest = (learners.ARFClassifier(metric=m, **options) for m in (None, own))
    assert predicted(forest) == predicted(expected)
    assert forest.n_drifts > 0
    assert (
        forest.predict_proba_many(X[:99]).tolist() == expected.predict_proba_many(X[:99]).tolist()
    )
    assert own.cm.n_samples == 0
    unweighted = learners.ARFClassifier(metric=own, disable_weighted_vote=True, **options)
    expected = learners.ARFClassifier(disable_weighted_vote=True, **options)
    assert predicted(unweighted) == predicted(expected)


@pytest.mark.parametrize("metric", OTHER_METRICS)
def test_any_metric_of_classes_at_every_door(metric, tmp_path):
    """Rows, arrays, frames and files weight members by it, and not as accuracy does."""
    rows, labels = X[2000:4000], np.where(Y[2000:4000] == 1, "yes", "no")
    options = {"n_models": 3, "seed": 1}
    forests = [learners.ARFClassifier(metric=metric, **options) for _ in range(3)]
    by_row, by_array, by_frame = forests
    answers = by_array.test_then_train_many(rows, labels).tolist()
    plain = learners.ARFClassifier(**options)
    plain.learn_many(rows, labels)
    proba = by_array.predict_proba_many(rows[:99]).tolist()
    assert proba != plain.predict_proba_many(rows[:99]).tolist()
    by_frame.learn_many(pd.DataFrame(rows[:700]), pd.Series(labels[:700]))
    olearn.save(by_frame, tmp_path / "model")
    by_frame = olearn.load(tmp_path / "model")
    frame = pd.DataFrame(rows[700:])
    assert by_frame.test_then_train_many(frame, labels[700:]).tolist() == answers[700:]
    for x, y, answer in zip(rows.tolist(), labels.tolist(), answers, strict=True):
        row = dict(enumerate(x))
        assert by_row.predict_one(row) == answer
        by_row.learn_one(row, y)
    assert [*by_row.predict_proba_one(dict(enumerate(rows[0].tolist()))).values()] == proba[0]


@pytest.mark.parametrize("metric", [metrics.F1(), metrics.MAE(), "Accuracy"])
def test_other_metrics_are_refused(metric):
    """Of two classes only, of numbers, or a name."""
    with pytest.raises(TypeError, match="metric must be a metric of several classes"):
        learners.ARFClassifier(metric=metric)


def test_log2_of_the_features():
    """`max_features="log2"` is river's."""
    forest = learners.ARFClassifier(n_models=1, max_features="log2", seed=1)
    rows = np.random.default_rng(1).random((50, 16))
    forest.learn_many(rows, rows[:, 0] > 0.5)
    assert forest._pools[0].subspace == 4


def test_shape_is_told_as_by_river():
    """The numbers of `summary` are the properties; a frame has a row a node, None for one leaf."""
    model = learners.HoeffdingAdaptiveTreeClassifier(grace_period=50, seed=1)
    assert model.to_dataframe() is None
    model.learn_many(X, Y)
    summary = model.summary
    assert summary.pop("total_observed_weight") > 0
    assert summary == {name: getattr(model, name) for name in summary}
    assert model.n_nodes == model.n_branches + model.n_leaves
    assert model.n_leaves == model.n_active_leaves + model.n_inactive_leaves
    frame = model.to_dataframe()
    assert len(frame) == model.n_nodes
    assert frame["is_leaf"].sum() == model.n_leaves
    assert frame["depth"].max() == model.height
    assert "votes by" in model.debug_one(dict(enumerate(X[0].tolist())))
    assert model.to_text().count("\n") + 1 == model.n_nodes


def test_sleeping_leaves_are_counted():
    """Where the memory bound is reached some leaves keep no statistics."""
    model = learners.HoeffdingTreeClassifier(grace_period=20, tau=0.9, max_size=0.01)
    model.learn_many(X, Y)
    assert model.n_inactive_leaves > 0


def test_forest_is_a_sequence_of_its_trees():
    """Length, index, iteration and `models`; each shows its tree and counts its alarms."""
    forest = learners.ARFClassifier(n_models=3, seed=1)
    forest.learn_many(X, Y)
    assert len(forest) == 3
    assert [member.n_nodes for member in forest] == [member.n_nodes for member in forest.models]
    assert forest[-1].n_nodes == forest[2].n_nodes > 1
    assert sum(member.n_drifts for member in forest) == forest.n_drifts_detected()
    assert sum(member.n_warnings for member in forest) == forest.n_warnings_detected()
    assert "votes by" in forest[0].debug_one(dict(enumerate(X[0].tolist())))
    with pytest.raises(IndexError):
        forest[3]


def test_drawing_needs_graphviz_and_says_so():
    """Where it is not installed, the error names `plot` instead."""
    model = learners.HoeffdingTreeClassifier(grace_period=50)
    model.learn_many(X, Y)
    try:
        import graphviz  # noqa: F401
    except ImportError:
        with pytest.raises(ImportError, match="plot"):
            model.draw()
    else:
        assert "->" in model.draw().source


def test_detectors_of_river_are_saved(tmp_path):
    """A forest that river's ADWIN watches is read back and goes on."""
    forest = learners.ARFClassifier(n_models=3, seed=1, drift_detector=detectors.ADWIN(0.05))
    forest.learn_many(X[:2000], Y[:2000])
    olearn.save(forest, tmp_path / "forest")
    twin = olearn.load(tmp_path / "forest")
    assert twin.drift_detector.delta == 0.05
    assert predicted(twin) == predicted(forest)


@pytest.mark.parametrize("seed", range(5))
def test_hellinger_is_rivers_distance(seed):
    """Two branches, two classes that are in both."""
    left, right = np.random.default_rng(seed).uniform(1, 90, (2, 2))
    conf = tree_settings(
        grace_period=1, delta=0.5, tau=0, split_criterion="hellinger", leaf_prediction="mc"
    )
    expected = HellingerDistanceCriterion(0.01).merit_of_split(
        {}, [dict(enumerate(left)), dict(enumerate(right))]
    )
    assert in_python(split.merit_of)(conf, 0.0, left, right) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("cls", CLASSES)
def test_hellinger_at_every_door(cls, tmp_path):
    """Rows, arrays, frames and files grow the same tree, which is not that of the entropy."""
    rows, labels = X[:1500], np.where(Y[:1500] == 1, "yes", "no")
    options = {} if cls is learners.HoeffdingTreeClassifier else {"seed": 1}
    options |= {"grace_period": 50, "delta": 0.1, "split_criterion": "hellinger"}
    by_row, by_array, by_frame = cls(**options), cls(**options), cls(**options)
    answers = by_array.test_then_train_many(rows, labels).tolist()
    frame = pd.DataFrame(rows, columns=range(rows.shape[1]))
    by_frame.learn_many(frame[:700], pd.Series(labels[:700]))
    olearn.save(by_frame, tmp_path / "model")
    by_frame = olearn.load(tmp_path / "model")
    assert by_frame.test_then_train_many(frame[700:], labels[700:]).tolist() == answers[700:]
    for x, y, answer in zip(rows.tolist(), labels.tolist(), answers, strict=True):
        row = dict(enumerate(x))
        assert by_row.predict_one(row) == answer
        by_row.learn_one(row, y)
    entropy = cls(**options | {"split_criterion": "info_gain"})
    assert entropy.test_then_train_many(rows, labels).tolist() != answers


@pytest.mark.parametrize("binary_split", [False, True])
def test_trees_of_majority_leaves_answer_as_rivers(binary_split):
    """What differs in figures is naive Bayes in the leaves, which follows MOA."""
    settings = dict(
        grace_period=100,
        delta=1e-5,
        leaf_prediction="mc",
        nominal_attributes=["elevel", "car", "zipcode"],
        binary_split=binary_split,
    )
    ours = learners.HoeffdingTreeClassifier(**settings)
    theirs = tree.HoeffdingTreeClassifier(**settings)
    for x, y in synth.Agrawal(classification_function=0, seed=42).take(3000):
        assert ours.predict_one(x) == theirs.predict_one(x)
        ours.learn_one(x, y)
        theirs.learn_one(x, y)
    assert ours.n_nodes == theirs.n_nodes > 3
    assert ours.height == theirs.height - 1
