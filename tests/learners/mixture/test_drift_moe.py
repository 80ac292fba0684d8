"""Tests of `learners/mixture/drift_moe.py`."""

import pickle

import numpy as np
import pytest

from olearn import learners, streams
from olearn.base import Schedule
from olearn.learners.mixture.drift_moe import DriftMoEClassifier

VARIANTS = ("data", "task", "task_mlp")
LED = {"nominal_attributes": range(24), "classes": range(10)}


def led(n: int = 2_000, name: str = "led_a_mini") -> tuple[np.ndarray, np.ndarray]:
    return next(streams.load(name, seed=42).blocks(n))


def sea(n: int = 3_000) -> tuple[np.ndarray, np.ndarray]:
    return next(streams.load("sea_a_mini", seed=42).blocks(n))


def make(kind: str, **parameters: object) -> DriftMoEClassifier:
    if kind == "plus":
        return DriftMoEClassifier.plus(seed=1, **parameters)
    return DriftMoEClassifier(variant=kind, seed=1, **parameters)


@pytest.mark.parametrize("kind", [*VARIANTS, "plus"])
@pytest.mark.parametrize("chunk", [1, 7, 256, 300])
def test_any_partition_gives_the_same_answers(kind: str, chunk: int) -> None:
    """Blocks of the router may straddle calls; extra predictions change nothing."""
    X, y = led(600)
    whole = make(kind, nominal_attributes=range(24))
    parts = make(kind, nominal_attributes=range(24))
    expected = whole.test_then_train_many(X, y).tolist()
    got = []
    for i in range(0, len(y), chunk):
        got += parts.test_then_train_many(X[i : i + chunk], y[i : i + chunk]).tolist()
        parts.predict_proba_many(X[:3])
    assert got == expected
    np.testing.assert_array_equal(parts.predict_proba_many(X), whole.predict_proba_many(X))


@pytest.mark.parametrize("kind", [*VARIANTS, "plus"])
@pytest.mark.parametrize("delay", [0, 3])
def test_probabilities_of_a_block_are_those_of_a_loop(kind: str, delay: int) -> None:
    """As each row is predicted, also while labels are under way, and drifts replace experts."""
    X, y = led(500)
    by_rows, by_block = (make(kind, **LED) for _ in range(2))
    plan = Schedule.delayed(len(y), delay)
    expected, learnt = [], 0
    for row, until in zip(X, plan.upto.tolist(), strict=True):
        expected.append(by_rows.predict_proba_many(row[None])[0])
        for q in plan.due[learnt:until].tolist():
            by_rows.learn_many(X[q : q + 1], y[q : q + 1])
        learnt = until
    got = by_block._run_schedule(X, X[plan.due], y[plan.due], plan.upto, proba=True)
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(by_block.predict_many(X), by_rows.predict_many(X))


@pytest.mark.parametrize("kind", [*VARIANTS, "plus"])
def test_rows_equal_arrays_and_survive_a_pickle(kind: str) -> None:
    """The loop over dicts, pickled inside a router block, equals the array call."""
    X, y = sea(700)
    by_rows, by_array = make(kind), make(kind)
    expected = by_array.test_then_train_many(X, y).tolist()
    got = []
    for i, (row, label) in enumerate(zip(X.tolist(), y.tolist(), strict=True)):
        if i == 333:
            by_rows = pickle.loads(pickle.dumps(by_rows))
        x = dict(enumerate(row))
        got.append(by_rows.predict_one(x))
        by_rows.learn_one(x, label)
    assert got == expected


def test_no_leak() -> None:
    """LED with 10 % noise has a Bayes accuracy of 74.002 %: an honest learner stays below."""
    X, y = led(12_000)
    predicted = make("data", **LED).test_then_train_many(X, y)
    limit = 0.74002 + 4 * np.sqrt(0.74 * 0.26 / len(y))
    assert 0.68 < np.mean(predicted == y) < limit


@pytest.mark.parametrize("kind", [*VARIANTS, "plus"])
def test_the_label_of_a_row_does_not_reach_its_prediction(kind: str) -> None:
    """Another label for the last row changes what is learnt, not what was predicted."""
    X, y = sea(1_000)
    other = y.copy()
    other[-1] = 1 - other[-1]
    a = make(kind).test_then_train_many(X, y)
    b = make(kind).test_then_train_many(X, other)
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("k", [1, 4])
def test_experts_that_all_learn_everything_equal_one_tree(k: int) -> None:
    """With k = K all experts stay identical, so the router cannot matter."""
    X, y = sea()
    moe = DriftMoEClassifier(n_experts=k, top_k=k, classes=(0, 1), seed=3)
    tree = learners.HoeffdingTreeClassifier(grace_period=50, delta=1e-7, classes=(0, 1))
    np.testing.assert_array_equal(moe.test_then_train_many(X, y), tree.test_then_train_many(X, y))


def test_a_constant_router_trains_the_first_experts_only() -> None:
    """With zero weights and falling biases experts 0..k-1 learn and expert 0 predicts."""
    X, y = sea(200)  # less than one router block
    moe = DriftMoEClassifier(classes=(0, 1), seed=3)
    moe.learn_many(X[:0].reshape(0, 3), y[:0])
    moe._router.params[:] = 0.0
    moe._router.params[-12:] = np.linspace(1.0, -1.0, 12)
    predicted = moe.test_then_train_many(X, y)
    tree = learners.HoeffdingTreeClassifier(grace_period=50, delta=1e-7, classes=(0, 1))
    np.testing.assert_array_equal(predicted, tree.test_then_train_many(X, y))
    assert moe.expert_usage.tolist() == [200] + [0] * 11
    weights = moe._pool.arrays.node_f[moe._experts.roots]
    assert [bool(w.any()) for w in weights] == [True] * 3 + [False] * 9


def test_dropout_is_inert_in_data() -> None:
    """The variant "data" never drops a unit, neither predicting nor learning."""
    X, y = sea(1_000)
    a = DriftMoEClassifier(dropout=0.0, seed=1).test_then_train_many(X, y)
    b = DriftMoEClassifier(dropout=0.5, seed=1).test_then_train_many(X, y)
    np.testing.assert_array_equal(a, b)


def test_trees_matter_in_task_only() -> None:
    """`task_mlp` has no trees at all; in `task` the settings of the trees change predictions."""
    X, y = led(1_500)
    mlp = [make("task_mlp", delta=d, **LED).test_then_train_many(X, y) for d in (1e-7, 0.5)]
    task = [
        make("task", leaf_prediction=mode, **LED).test_then_train_many(X, y)
        for mode in ("nba", "mc")
    ]
    np.testing.assert_array_equal(*mlp)
    assert (task[0] != task[1]).any()


@pytest.mark.parametrize(
    ("name", "published_run", "band"), [("led_a_mini", 0.7054, 0.015), ("sea_a_mini", 0.8637, 0.01)]
)
def test_accuracy_is_inside_the_reference_bands(
    name: str, published_run: float, band: float
) -> None:
    """Mean over five router seeds agrees with the measured reference on the 50,000-row streams."""
    stream = streams.load(name, seed=42)
    X, y = next(stream.blocks(50_000))
    classes, nominal = stream.schema.labels, stream.schema.nominal
    scores = [
        np.mean(
            DriftMoEClassifier(
                nominal_attributes=nominal, classes=classes, seed=seed
            ).test_then_train_many(X, y, names=stream.schema.names)
            == y
        )
        for seed in range(5)
    ]
    assert np.mean(scores) == pytest.approx(published_run, abs=band)


def test_recovers_after_abrupt_drifts() -> None:
    """3,000 rows after each drift of LED the windowed accuracy is back at 67 % or more."""
    stream = streams.load("led_a_mini", seed=42)
    X, y = next(stream.blocks(50_000))
    right = make("data", **LED).test_then_train_many(X, y) == y
    for drift in stream.drift_positions:
        assert right[drift + 3_000 : drift + 4_000].mean() > 0.67


def test_plus_beats_the_published_method() -> None:
    """DriftMoE+ forgets and mixes: clearly better on a stream that drifts all the time."""
    X, y = next(streams.load("rbf_f", seed=42).blocks(15_000))
    data = np.mean(make("data").test_then_train_many(X, y) == y)
    plus = make("plus")
    assert np.mean(plus.test_then_train_many(X, y) == y) > data + 0.05


def test_plus_replaces_experts_after_a_drift() -> None:
    """Labels that change meaning make the detectors of the experts fire."""
    X, y = sea(4_000)
    y = np.where(np.arange(len(y)) < 2_000, y, 1 - y)
    plus = make("plus")
    plus.learn_many(X[:1_900], y[:1_900])
    before = plus.n_drifts
    plus.learn_many(X[1_900:], y[1_900:])
    assert plus.n_drifts >= before + 5


@pytest.mark.filterwarnings("ignore:nominal_attributes names")  # of columns that come later
@pytest.mark.parametrize("kind", [*VARIANTS, "plus"])
def test_late_classes_and_features(kind: str) -> None:
    """A class or a feature that comes late is learnt and never raises."""
    X, y = led(900)
    model = make(kind, nominal_attributes=range(26))
    model.learn_many(X[:300][y[:300] < 4], y[:300][y[:300] < 4])
    model.learn_many(np.column_stack([X[300:], X[300:, :2]]), y[300:])
    assert set(model.predict_proba_one(dict(enumerate(X[0])))) == set(range(10))
    assert sum(model.predict_proba_one({}).values()) == pytest.approx(1.0, abs=1e-12)
    assert model.predict_proba_many(X[:5]).shape == (5, 10)


def test_abstaining_makes_class_order_irrelevant() -> None:
    """With untrained experts abstaining, swapping the two classes changes accuracy by little."""
    X, y = sea(3_000)
    scores = [
        np.mean(
            DriftMoEClassifier(
                untrained="abstain", fallback="proba", classes=(0, 1), seed=1
            ).test_then_train_many(X, labels)
            == labels
        )
        for labels in (y, 1 - y)
    ]
    assert scores[0] == pytest.approx(scores[1], abs=0.02)


def test_zero_weight_learns_nothing() -> None:
    """A row of weight 0 leaves predictions and usage as they were."""
    X, y = sea(500)
    model = make("data")
    model.learn_many(X[:400], y[:400])
    before = model.predict_proba_many(X)
    model.learn_many(X[400:], y[400:], np.zeros(100))
    np.testing.assert_array_equal(model.predict_proba_many(X), before)
    assert model.expert_usage.sum() == 400


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"variant": "dat"}, "variant must be one of .* did you mean 'data'"),
        ({"n_experts": 0}, "n_experts"),
        ({"top_k": 1.5}, "top_k"),
        ({"hidden": 1}, "hidden"),
        ({"lr": 0.0}, "lr"),
        ({"dropout": 1.0}, "dropout"),
        ({"delta": float("nan")}, "delta"),
        ({"poisson": -1.0}, "poisson"),
        ({"expert_features": 1.5}, "expert_features"),
        ({"drift_delta": 1.0}, "drift_delta"),
        ({"readout": "best"}, "readout"),
        ({"max_size": 0}, "max_size"),
    ],
)
def test_bad_parameters_are_named(parameters: dict[str, object], message: str) -> None:
    """A parameter out of its range is refused with its name."""
    with pytest.raises((ValueError, TypeError), match=message):
        DriftMoEClassifier(**parameters)
