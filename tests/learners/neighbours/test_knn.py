"""The k nearest rows of a window: river's exact search is the oracle, row by row."""

import math

import numpy as np
import pytest
from oracle_rows import ODD, TABLES, dicts, odd_rows, table
from river import neighbors

from olearn.base import ArrayClassifier, ArrayRegressor
from olearn.base.stages import Schedule
from olearn.learners import KNNClassifier, KNNRegressor

WINDOW = 60


def rows_of(kind):
    return table(kind) if kind in TABLES else odd_rows(kind)


def known_keys(X):
    """Yield rows as dicts without what no earlier row had, which we ignore and river does not."""
    known = set()
    for row in dicts(X):
        yield {j: v for j, v in row.items() if j in known}
        known |= set(row)


def river_engine():
    return neighbors.LazySearch(window_size=WINDOW)


@pytest.mark.parametrize("options", [{}, {"weighted": False}, {"softmax": True, "n_neighbors": 3}])
@pytest.mark.parametrize("kind", [*TABLES, *ODD])
def test_classifier_equals_river(kind, options):
    """Probabilities and labels are river's; bit for bit where rows have all their keys.

    River adds up a distance in another order where keys are absent, and the order of its labels,
    which tells in a tie, is that of a set.
    """
    X, y = rows_of(kind)
    softmax = "softmax" in options
    known = None if softmax else sorted(set(y.tolist()))
    river = neighbors.KNNClassifier(engine=river_engine(), **options)
    model = KNNClassifier(window_size=WINDOW, classes=known, **options)
    whole, compared = not np.isnan(X).any(), 0
    for x, row, label in zip(known_keys(X), dicts(X), y.tolist(), strict=True):
        expected = river.predict_proba_one(x)
        if expected and not any(map(math.isnan, expected.values())):
            got = {c: p for c, p in model.predict_proba_one(row).items() if c in expected}
            exact = whole and not softmax  # else sums run in the order of a set of labels
            assert got == (expected if exact else pytest.approx(expected, rel=1e-9))
            assert not (whole and known) or model.predict_one(row) == river.predict_one(x)
            compared += 1
        river.learn_one(row, label)
        model.learn_one(row, label)
    assert compared == len(X) - 1


@pytest.mark.parametrize("method", ["mean", "median", "weighted_mean"])
@pytest.mark.parametrize("kind", [*TABLES, *ODD])
def test_regressor_equals_river(kind, method):
    """Predictions are river's to 1e-12; river's mean is rounded once, of the exact sum."""
    X, y = rows_of(kind)
    targets = (y + np.linspace(-1.0, 3.0, len(y))).tolist()
    river = neighbors.KNNRegressor(engine=river_engine(), aggregation_method=method)
    model = KNNRegressor(window_size=WINDOW, aggregation_method=method)
    for x, row, target in zip(known_keys(X), dicts(X), targets, strict=True):
        assert model.predict_one(row) == pytest.approx(river.predict_one(x), rel=1e-12, abs=1e-12)
        river.learn_one(row, target)
        model.learn_one(row, target)


@pytest.mark.parametrize("kind", ["image_segments", "absent", "late", "duplicates"])
def test_blocks_equal_the_loop(kind):
    """Arrays cut anywhere give the answers of single rows, bit for bit, also of a full window."""
    X, y = rows_of(kind)
    loop, numbers = KNNClassifier(window_size=WINDOW), KNNRegressor(window_size=WINDOW)
    labels, values = [], []
    for x, label in zip(dicts(X), y.tolist(), strict=True):
        labels.append(loop.predict_one(x))
        values.append(numbers.predict_one(x))
        loop.learn_one(x, label)
        numbers.learn_one(x, label)
    for size in (1, 2, 7, 1000):
        model, regressor = KNNClassifier(window_size=WINDOW), KNNRegressor(window_size=WINDOW)
        parts = [slice(i, i + size) for i in range(0, len(X), size)]
        got = [label for p in parts for label in model.test_then_train_many(X[p], y[p])]
        assert got == labels
        assert model.predict_proba_many(X).tolist() == loop.predict_proba_many(X).tolist()
        found = [v for p in parts for v in regressor.test_then_train_many(X[p], y[p])]
        assert found == values
        assert len(model._window) == min(WINDOW, len(X))


@pytest.mark.parametrize("delay", [0, 1, 50, 1000])
def test_stages_equal_a_loop(delay):
    """A block in which labels come late, and rows are learnt in another form, equals a loop."""
    X, y = odd_rows("absent")
    plan = Schedule.delayed(len(X), delay)
    B, codes, w = X[plan.due] * 1.5, y[plan.due], np.arange(len(plan.due)) % 3 / 2
    for proba in (False, True):
        answers = []
        for stage in (ArrayClassifier._stage_rows, KNNClassifier._stage_rows):
            model = KNNClassifier(window_size=WINDOW, classes=[0, 1, 2])
            model.learn_many(X[:1], y[:1])
            answers.append(stage(model, X, B, codes, w, plan.upto, proba))
        np.testing.assert_array_equal(*answers)
    numbers = []
    for stage in (ArrayRegressor._stage_rows, KNNRegressor._stage_rows):
        model = KNNRegressor(window_size=WINDOW, aggregation_method="weighted_mean")
        model.learn_many(X[:1], y[:1])
        numbers.append(stage(model, X, B, codes.astype(float), w, plan.upto))
    np.testing.assert_array_equal(*numbers)


def test_older_row_wins_a_tie():
    """Of two rows at one distance the older is nearer; at distance 0 it alone decides."""
    model = KNNClassifier(n_neighbors=1)
    for a, label in ((1.0, "old"), (-1.0, "new"), (5.0, "first"), (5.0, "second")):
        model.learn_one({"a": a}, label)
    assert model.predict_one({"a": 0.0}) == "old"
    assert model.predict_proba_one({"a": 5.0})["first"] == 1.0


def test_categories_are_one_apart():
    """Two categories, or a category and a gap, are as far from each other as 0 and 1."""
    model = KNNRegressor(n_neighbors=1)
    model.learn_one({"colour": "red", "size": 0.0}, 1.0)
    model.learn_one({"colour": "blue", "size": 0.9}, 2.0)
    assert model.predict_one({"colour": "blue", "size": 0.3}) == 2.0
    assert model.predict_one({"colour": "blue", "size": -0.5}) == 1.0
    assert model.predict_one({"size": 0.4}) == 1.0


def test_weights():
    """A vote counts the weight of its row; a row of weight 0 is not kept."""
    model = KNNClassifier(n_neighbors=3, weighted=False)
    for a, label, w in ((0.0, 0, 5.0), (1.0, 1, 2.0), (2.0, 1, 1.0), (0.5, 1, 0.0)):
        model.learn_one({"a": a}, label, w)
    assert len(model._window) == 3
    assert model.predict_proba_one({"a": 1.1}) == {0: 5 / 8, 1: 3 / 8}


def test_missing_values_do_not_enter_the_window():
    """No NaN is stored, and predicting changes nothing; a median takes no odd weight."""
    X, y = odd_rows("absent")
    model = KNNRegressor(aggregation_method="median")
    model.learn_many(X, y)
    assert np.isfinite(model._window.points).all()
    with pytest.raises(ValueError, match=r"w must be 0 or 1 for the median, got 0\.5"):
        model.learn_one({0: 1.0}, 1.0, w=0.5)


def test_memory_is_that_of_the_rows_there_are():
    """A large window that is nearly empty is small, and a full one twice its rows."""
    model = KNNClassifier(window_size=100_000)
    model.learn_many(np.zeros((10, 5)), np.zeros(10, int))
    assert model._window.points.nbytes < 10_000
    small = KNNClassifier(window_size=WINDOW)
    small.learn_many(np.zeros((1000, 5)), np.zeros(1000, int))
    assert small._window.points.shape == (5, 2 * WINDOW)


def test_answers_do_not_know_the_label():
    """The label of a row has no part in the answer to it."""
    X, y = table("image_segments")
    for row in (1, 30, 299):
        hidden = np.append(y[:row], y[0])
        for made in (KNNClassifier, KNNRegressor):
            told = made().test_then_train_many(X[: row + 1], y[: row + 1])
            assert told[-1] == made().test_then_train_many(X[: row + 1], hidden)[-1]
