"""Tests of HTMColumnsClassifier: its network against plain formulas, its columns, late labels."""

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from olearn import detectors, streams
from olearn.core.memory import memory_bytes
from olearn.detectors import _fusion_kernels as kernels
from olearn.detectors import htm
from olearn.detectors._fusion import FusionNetwork
from olearn.detectors._htm_column import EVIDENCE, LOG, RAW, HTMColumn, Z

SMALL = {
    "pooler_options": {"n_columns": 256, "n_winners": 10},
    # thresholds below the 10 active columns
    "memory_options": {
        "cells_per_column": 8,
        "activation_threshold": 7,
        "min_threshold": 5,
        "max_new_synapses": 15,
    },
    "seed": 1,
}


def indicators(seed, n=4800):
    """Rows and labels of four indicators with anomalies, quarter-hourly."""
    X, y = next(streams.KPI(seed=seed, n_samples=4800).blocks(n))
    return X, y.astype(bool)


def cross_entropy(w1, w2, moments, row, code):
    """Loss of one row by the textbook formulas."""
    z = (row - moments[1]) / np.sqrt(moments[2] / moments[0])
    hidden = np.maximum(w1 @ np.append(z, 1.0), 0.0)
    logits = w2 @ np.append(hidden, 1.0)
    return np.log(np.exp(logits).sum()) - logits[code]


def naive_adam(w, g, mean, square, step, rate, decay):
    """One step as Kingma and Ba (2015) write it, with decay of all but the bias column."""
    g = g + decay * w * (np.arange(w.shape[1]) < w.shape[1] - 1)
    mean[:] = 0.9 * mean + 0.1 * g
    square[:] = 0.999 * square + 0.001 * g * g
    corrected = np.sqrt(square / (1 - 0.999**step)) + 1e-8 / math.sqrt(1 - 0.999**step)
    w -= rate * mean / (1 - 0.9**step) / corrected


# The network


def test_gradient_is_that_of_the_loss():
    """Each partial derivative equals the difference quotient of the plain loss."""
    rng = np.random.default_rng(1)
    w1, w2 = rng.normal(size=(4, 6)), rng.normal(size=(3, 5))
    moments = np.vstack([np.full(5, 50.0), rng.normal(size=5), rng.uniform(20, 80, 5)])
    row, code = rng.normal(size=5), 2
    proba, hidden, inputs = np.empty(3), np.empty(4), np.empty(5)
    kernels.predict_proba(proba, hidden, inputs, w1, w2, moments, row)
    assert -np.log(proba[code]) == pytest.approx(cross_entropy(w1, w2, moments, row, code))
    g1, g2 = np.zeros_like(w1), np.zeros_like(w2)
    kernels._add_gradient(g1, g2, proba, hidden, inputs, w2, code, 0.5)
    for w, g in [(w1, g1), (w2, g2)]:
        for index in np.ndindex(w.shape):
            kept = w[index]
            losses = []
            for step in (-1e-6, 1e-6):
                w[index] = kept + step
                losses.append(cross_entropy(w1, w2, moments, row, code))
            w[index] = kept
            assert g[index] == pytest.approx(0.5 * (losses[1] - losses[0]) / 2e-6, abs=1e-6)


def test_step_is_adams():
    """Steps equal the plain formulas, with the gradient clipped to a norm of 5."""
    rng = np.random.default_rng(2)
    w1, w2 = rng.normal(size=(4, 6)), rng.normal(size=(3, 5))
    adam1, adam2 = np.zeros((2, 4, 6)), np.zeros((2, 3, 5))
    expected, moments = [w1.copy(), w2.copy()], [adam1.copy(), adam2.copy()]
    for step, size in [(1, 0.1), (2, 10.0), (3, 1.0)]:
        g1, g2 = size * rng.normal(size=(4, 6)), size * rng.normal(size=(3, 5))
        kernels._descend(w1, w2, g1, g2, adam1, adam2, step, np.array([0.01, 0.1, 0.0]))
        scale = min(1.0, 5.0 / math.sqrt((g1**2).sum() + (g2**2).sum()))
        for w, g, (mean, square) in zip(expected, [g1, g2], moments, strict=True):
            naive_adam(w, g * scale, mean, square, step, 0.01, 0.1)
    np.testing.assert_allclose(w1, expected[0], rtol=1e-6)
    np.testing.assert_allclose(w2, expected[1], rtol=1e-6)


def test_network_learns_a_rare_class():
    """One row in 50 is of the second class, behind an xor; both are told apart."""
    rng = np.random.default_rng(3)
    network = FusionNetwork(16, 3e-3, 7, 64, seed=1)
    network.grow(3, 2)
    hits = []
    for i in range(6000):
        code = int(rng.random() < 0.02)
        signs = rng.choice([-1.0, 1.0], 2)
        signs[1] = signs[0] if code else -signs[0]
        row = np.array([*signs, 0.0]) * 10.0 + rng.normal(0, 1.0, 3) + 100.0
        if i > 4000:
            hits.append((code, int(network.proba(row)[1] > 0.5)))
        network.observe(row)
        network.learn(row, code, 1.0)
    codes, answers = np.transpose(hits)
    assert np.mean(answers[codes == 0] == 0) > 0.97
    assert np.mean(answers[codes == 1] == 1) > 0.97


def test_network_grows():
    """New inputs and classes leave what was learnt of the old ones."""
    rng = np.random.default_rng(4)
    network = FusionNetwork(8, 1e-2, 3, 32, seed=1)
    network.grow(2, 2)
    for _ in range(500):
        code = int(rng.integers(2))
        row = np.array([code + rng.normal(0, 0.1), rng.normal()])
        network.observe(row)
        network.learn(row, code, 1.0)
    before = network.proba(np.array([1.0, 0.0]))
    assert before[1] > 0.9
    network.grow(4, 2)
    np.testing.assert_allclose(network.proba(np.array([1.0, 0.0, np.nan, np.nan])), before)
    network.grow(4, 3)
    after = network.proba(np.array([1.0, 0.0, np.nan, np.nan]))
    assert after[:2] / after[:2].sum() == pytest.approx(before)


# The columns


def test_column_says_what_the_anomaly_detector_says():
    """Both scores of a feature are those of `HTMAnomalyDetector`; a look leaves no trace."""
    rng = np.random.default_rng(5)
    xs = np.sin(2 * np.pi * np.arange(900) / 25)
    xs[800:] = rng.normal(0, 1.0, 100)
    column = HTMColumn(200, 0.01, SMALL["pooler_options"], SMALL["memory_options"], 1)
    detector = htm.HTMAnomalyDetector(score="log", **SMALL)
    evidence = 0.0
    for t, x in enumerate(xs):
        scratch = column.scratch()
        column.look(float(rng.normal()))
        column.undo(scratch)
        features, bits = column.look(x)
        score = detector.score_one(x)
        column.learn(x, bits)
        detector.learn_one(x)
        if t >= 200:
            assert features[LOG] == pytest.approx(score, abs=1e-12)
            assert features[RAW] == detector.raw_score
        evidence = max(evidence, features[EVIDENCE])
    assert evidence >= 1.0  # the drift at 800


def test_column_standardises():
    """z is the distance to the running mean in deviations, 0 for a constant, at most 8."""
    rng = np.random.default_rng(6)
    column = HTMColumn(500, 0.01, SMALL["pooler_options"], SMALL["memory_options"], 1)
    for x in rng.normal(50.0, 3.0, 400):
        column.learn(x, column.look(x)[1])
    assert column.look(56.0)[0][Z] == pytest.approx(2.0, abs=0.4)
    assert column.look(-1e300)[0][Z] == -8.0
    column = HTMColumn(500, 0.01, SMALL["pooler_options"], SMALL["memory_options"], 1)
    for _ in range(10):
        assert column.look(0.1)[0][Z] == 0.0
        column.learn(0.1, None)


# The classifier


def test_fusion_beats_the_rules():
    """With labels, average precision is at least 0.15 above the largest score of all columns."""
    X, y = indicators(7)
    model = detectors.HTMColumnsClassifier(classes=[False, True], **SMALL)
    model.learn_many(X[:1], y[:1])
    fused, largest = [], []
    for row, label in zip(X[1:], y[1:], strict=True):
        largest.append(model._look(row)[0][0])
        fused.append(model.score_one(dict(enumerate(row))))
        model.learn_one(dict(enumerate(row)), bool(label))
    late = y[2400:]
    score = average_precision_score(late, fused[2399:])
    assert score > 0.7
    assert score > average_precision_score(late, largest[2399:]) + 0.15


def test_labels_given_at_once_equal_learn_one():
    """`observe_one` and `label_one` in turn leave exactly what `learn_one` leaves."""
    X, y = indicators(8, 300)
    whole, halves = (
        detectors.HTMColumnsClassifier(range_samples=50, classes=[False, True], **SMALL)
        for _ in range(2)
    )
    for row, label in zip(X, y.tolist(), strict=True):
        x = dict(enumerate(row))
        assert whole.predict_proba_one(x) == halves.predict_proba_one(x)
        whole.learn_one(x, label)
        halves.label_one(halves.observe_one(x), label)


def test_late_labels():
    """Rows are learnt without labels; a label trains on the row it names, also after others."""
    X, y = indicators(9, 1500)
    model = detectors.HTMColumnsClassifier(**SMALL)
    waiting = []
    for row, label in zip(X, y.tolist(), strict=True):
        waiting.append((model.observe_one(dict(enumerate(row))), label))
        if len(waiting) > 30:
            model.label_one(*waiting.pop(0))
    scores = [model.score_one(dict(enumerate(row))) for row in X[-200:]]
    assert average_precision_score(y[-200:], scores) > 0.5
    number, label = waiting[0]
    model.label_one(number, label)
    with pytest.raises(ValueError, match=f"rows without a label, got {number}"):
        model.label_one(number, label)


def test_pending_rows_are_bounded():
    """Only the newest rows without a label are kept."""
    model = detectors.HTMColumnsClassifier(max_pending=5, **SMALL)
    numbers = [model.observe_one({"a": float(i)}) for i in range(8)]
    with pytest.raises(ValueError, match="newest 5 rows"):
        model.label_one(numbers[2], True)
    model.label_one(numbers[3], True)


def test_score_is_the_probability_of_the_anomaly():
    """Any label can mean an anomaly; before it was seen, and before any row, the score is 0."""
    model = detectors.HTMColumnsClassifier(anomaly="bad", **SMALL)
    assert model.score_one({"a": 1.0}) == 0.0
    for i in range(40):
        model.learn_one({"a": float(i % 2)}, "bad" if i % 2 else "good")
    proba = model.predict_proba_one({"a": 1.0})
    assert model.score_one({"a": 1.0}) == proba["bad"] > 0.5


def test_missing_values_leave_their_column():
    """A row in which a feature is missing does not move that feature's HTM."""
    model = detectors.HTMColumnsClassifier(range_samples=2, **SMALL)
    for i in range(50):
        model.learn_one({"a": float(i % 5), "b": float(i % 3)}, i % 7 == 0)
    before = model._columns[1].look(1.0)[0]
    for i in range(20):
        model.learn_one({"a": float(i % 5)}, False)
    np.testing.assert_array_equal(model._columns[1].look(1.0)[0], before)


def test_memory_is_bounded():
    """Of unpredictable rows, segments stop growing at the cap: 6,000 rows hold as 12,000."""
    rng = np.random.default_rng(10)
    model = detectors.HTMColumnsClassifier(
        pooler_options={"n_columns": 64, "n_winners": 4},
        memory_options={
            "cells_per_column": 4,
            "activation_threshold": 3,
            "min_threshold": 2,
            "max_segments": 512,
        },
        seed=1,
    )
    sizes = []
    for _ in range(2):
        model.learn_many(rng.normal(size=(6000, 2)), rng.random(6000) < 0.1)
        sizes.append(memory_bytes(vars(model)))
    assert sizes[1] < 1.1 * sizes[0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_hidden": 0}, r"n_hidden must be in \[1, inf\], got 0"),
        ({"rate": 0.0}, r"rate must be in \(0.0, 1.0\], got 0.0"),
        ({"range_samples": 1}, r"range_samples must be in \[2, inf\], got 1"),
    ],
)
def test_refuses_parameters(settings, message):
    """Parameters outside their range raise."""
    with pytest.raises(ValueError, match=message):
        detectors.HTMColumnsClassifier(**settings)
