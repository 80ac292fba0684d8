"""Gaussian naive Bayes: river's is the oracle, row by row."""

import math

import numpy as np
import pytest
from oracle_rows import ODD, TABLES, dicts, odd_rows, table
from river import naive_bayes

from olearn.base import ArrayClassifier
from olearn.base.stages import Schedule
from olearn.learners import GaussianNB


def followed(X, y, model, river):
    """Yield the answers of both to each row, which they learn then."""
    for x, label in zip(dicts(X), y.tolist(), strict=True):
        expected = (river.predict_one(x), river.predict_proba_one(x), river.joint_log_likelihood(x))
        got = (model.predict_one(x), model.predict_proba_one(x), model.joint_log_likelihood(x))
        yield expected, got
        river.learn_one(x, label)
        model.learn_one(x, label)


def assert_equal_but_for_unknown_features(ours, rivers):
    """River adds the logarithm of its floor for a feature that no label knows: to all labels."""
    assert ours.keys() == rivers.keys()
    if ours != rivers:
        shifts = {round((rivers[label] - ours[label]) / math.log(1e-9), 6) for label in ours}
        assert len(shifts) == 1
        assert shifts.pop().is_integer()


@pytest.mark.parametrize("kind", [*TABLES, *ODD])
def test_equals_river(kind):
    """Labels and joint logarithms are river's bit for bit, probabilities to the last rounding."""
    X, y = table(kind) if kind in TABLES else odd_rows(kind)
    answers = list(followed(X, y, GaussianNB(), naive_bayes.GaussianNB()))
    assert len(answers) == len(X)
    for expected, got in answers:
        assert got[0] == expected[0]
        assert_equal_but_for_unknown_features(got[2], expected[2])
        assert got[1] == pytest.approx(expected[1], rel=1e-12, abs=0.0)


@pytest.mark.parametrize("kind", ["image_segments", "absent", "late"])
def test_blocks_equal_river(kind):
    """Whole arrays, cut anywhere, give river's labels, and leave river's statistics."""
    X, y = table(kind) if kind in TABLES else odd_rows(kind)
    river = naive_bayes.GaussianNB()
    expected = []
    for x, label in zip(dicts(X), y.tolist(), strict=True):
        expected.append(river.predict_one(x))
        river.learn_one(x, label)
    for size in (1, 2, 7, 1000):
        model = GaussianNB()
        parts = [slice(i, i + size) for i in range(0, len(X), size)]
        got = [label for p in parts for label in model.test_then_train_many(X[p], y[p])]
        assert got == expected
        assert model.class_counts == dict(river.class_counts)
        last = dicts(X)[-1]
        assert model.joint_log_likelihood(last) == river.joint_log_likelihood(last)


@pytest.mark.parametrize("delay", [0, 1, 50, 1000])
@pytest.mark.parametrize("proba", [False, True])
def test_stage_equals_a_loop(delay, proba):
    """A block in which labels come late, and rows are learnt in another form, equals a loop."""
    X, y = odd_rows("absent")
    plan = Schedule.delayed(len(X), delay)
    B, codes, w = X[plan.due] * 1.5, y[plan.due], np.arange(len(plan.due)) % 3 / 2
    answers = []
    for stage in (ArrayClassifier._stage_rows, GaussianNB._stage_rows):
        model = GaussianNB(classes=[0, 1, 2])
        model.learn_many(X[:1], y[:1])
        answers.append(stage(model, X, B, codes, w, plan.upto, proba))
    np.testing.assert_array_equal(*answers)


@pytest.mark.filterwarnings("ignore:labels of two kinds")
def test_weight_counts_the_row_so_often():
    """A weight of 2 is the row twice, and one of 0 is no row, but makes its label known."""
    X, y = odd_rows("absent", 60)
    w = np.arange(60) % 3
    weighted, repeated = GaussianNB(), GaussianNB()
    weighted.learn_many(X, y, w.astype(float))
    again = np.repeat(np.arange(60), w)
    repeated.learn_many(X[again], y[again])
    for x in dicts(X):
        expected = {c: repeated.predict_proba_one(x)[c] for c in weighted.labels}
        assert weighted.predict_proba_one(x) == pytest.approx(expected, rel=1e-9)
    weighted.learn_one({0: 1.0}, "new", w=0.0)
    assert weighted.predict_proba_one({0: 1.0})["new"] == 0.0


def test_missing_values_reach_no_statistic():
    """What is missing or enormous leaves every number of the state finite or infinite, not NaN.

    River's own goes on with NaN: if this part fails, river has mended it.
    """
    X, y = odd_rows("absent")
    X[::7, 0], X[1::7, 0] = 1e308, -1e308
    model = GaussianNB()
    model.learn_many(X, y)
    assert not np.isnan(model._table).any()
    assert all(0.0 <= p <= 1.0 for p in model.predict_proba_one(dicts(X)[0]).values())
    river = naive_bayes.GaussianNB()
    for value in (1.0, float("nan"), 2.0):
        river.learn_one({"a": value}, 0)
    assert np.isnan(river.gaussians[0]["a"].mu)


def test_nominal_features_are_shares():
    """A category has its share of the label's rows, each category counted once more."""
    model = GaussianNB()
    for colour, label in (("red", 0), ("red", 0), ("blue", 0), ("blue", 1), (None, 1)):
        model.learn_one({"colour": colour}, label)
    got = model.predict_proba_one({"colour": "red"})
    red = {0: 3 / 5 * (2 + 1) / (3 + 2), 1: 2 / 5 * (0 + 1) / (1 + 2)}
    assert got == pytest.approx({label: p / sum(red.values()) for label, p in red.items()})
    assert model.predict_proba_one({"colour": "green"}) == pytest.approx({0: 0.6, 1: 0.4})


def test_answers_do_not_know_the_label():
    """The label of a row has no part in the answer to it."""
    X, y = table("image_segments")
    for row in (1, 30, 299):
        first, second = GaussianNB(), GaussianNB()
        hidden = np.append(y[:row], y[0])
        told = first.test_then_train_many(X[: row + 1], y[: row + 1])
        assert told[-1] == second.test_then_train_many(X[: row + 1], hidden)[-1]
