"""Tests of our metrics against their definitions and in river's company."""

from collections import Counter

import numpy as np
import pytest
from river import dummy, evaluate, naive_bayes, utils
from river import metrics as river_metrics
from river.datasets import ImageSegments

from olearn.metrics import FadingAccuracy, KappaM, KappaT, PerClassRecall, update_many

# the example of the evaluation protocol: accuracy 80 %, kappa-M 33.3333 %, kappa-temporal 60 %
Y_TRUE = [1, 1, 0, 0, 0, 1, 0, 1, 1, 1]
Y_PRED = [1, 1, 0, 1, 0, 1, 0, 1, 0, 1]

OURS = [KappaM, KappaT, PerClassRecall, FadingAccuracy]
WINDOWED = [KappaM, KappaT, PerClassRecall]


def kappa(accuracy, simple):
    return (accuracy - simple) / (1 - simple) if simple < 1 else 0.0


def accuracy_of(y_true, y_pred):
    return np.mean([t == p for t, p in zip(y_true, y_pred, strict=True)])


def naive_kappa_m(y_true, y_pred, classes=(), n_before=0):
    """From the definition; the first `n_before` labels only teach the majority class."""
    order = list(dict.fromkeys([*classes, *y_true]))
    hits = []
    for i in range(n_before, len(y_true)):
        seen = Counter(y_true[: i + 1])
        hits.append(y_true[i] == max(order, key=lambda c: (seen[c], -order.index(c))))
    return kappa(accuracy_of(y_true[n_before:], y_pred[n_before:]), np.mean(hits))


def naive_kappa_t(y_true, y_pred, first_label=None, n_before=0):
    before = [first_label, *y_true]
    hits = [before[i] == y_true[i] for i in range(n_before, len(y_true))]
    return kappa(accuracy_of(y_true[n_before:], y_pred[n_before:]), np.mean(hits))


def naive_fading(y_true, y_pred, alpha):
    weights = alpha ** np.arange(len(y_true))[::-1]
    return np.average([t == p for t, p in zip(y_true, y_pred, strict=True)], weights=weights)


def labels_and_predictions(seed, n=300, labels=("b", "a", "d", "c"), skill=0.6):
    """Labels with runs and ties, and predictions right in a known share of the rows."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(rng.integers(0, len(labels), n), rng.integers(1, 4, n))[:n]
    guesses = np.where(rng.random(n) < skill, codes, rng.integers(0, len(labels), n))
    return [labels[c] for c in codes], [labels[c] for c in guesses]


def loop(metric, y_true, y_pred):
    for t, p in zip(y_true, y_pred, strict=True):
        metric.update(t, p)
    return metric


# Values


def test_example_of_the_protocol():
    """Ten rows give accuracy 80 %, kappa-M 33.33 % and kappa-temporal 60 %."""
    metrics = [river_metrics.Accuracy(), KappaM(classes=(0, 1)), KappaT(), KappaT(first_label=0)]
    for metric in metrics:
        loop(metric, Y_TRUE, Y_PRED)
    assert [m.get() for m in metrics] == pytest.approx([0.8, 1 / 3, 0.6, 0.6])


def test_ties_go_to_the_class_seen_first():
    """Without `classes`, label 1 comes first, wins both ties, and the majority is right 8 times."""
    assert loop(KappaM(), Y_TRUE, Y_PRED).get() == pytest.approx(0.0)


def test_first_label_counts():
    """A first label that equals the first row makes predicting no change right there."""
    assert loop(KappaT(first_label=1), Y_TRUE, Y_PRED).get() == pytest.approx(
        (0.8 - 0.6) / (1 - 0.6)
    )


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_definition(seed):
    """After every row each value is that of the definition."""
    y_true, y_pred = labels_and_predictions(seed, n=60)
    classes = ("d", "c", "a") if seed % 2 else None
    majority, change = KappaM(classes=classes), KappaT(first_label="a")
    fading = FadingAccuracy(alpha=0.9)
    for i, (t, p) in enumerate(zip(y_true, y_pred, strict=True), start=1):
        for metric in (majority, change, fading):
            metric.update(t, p)
        rows = y_true[:i], y_pred[:i]
        assert majority.get() == pytest.approx(naive_kappa_m(*rows, classes or ()))
        assert change.get() == pytest.approx(naive_kappa_t(*rows, "a"))
        assert fading.get() == pytest.approx(naive_fading(*rows, 0.9))


def test_weights_count_as_rows():
    """A row of weight 2 is worth two rows in the majority class and in all shares."""
    metric = KappaM()
    for label, prediction, w in [("a", "a", 1.0), ("b", "b", 2.0), ("a", "b", 2.0)]:
        metric.update(label, prediction, w)
    # majority: a (right), b (right, weight 2), a (right, weight 2): nothing is left to gain
    assert metric.get() == 0.0
    metric.update("b", "b", 0.5)
    assert metric.get() == pytest.approx((3.5 / 5.5 - 5 / 5.5) / (1 - 5 / 5.5))


def test_recalls_are_per_true_label():
    """A class that was only predicted has no recall and does not count in the mean."""
    metric = loop(PerClassRecall(), ["a", "a", "b", "a"], ["a", "c", "b", "a"])
    assert metric.recalls == {"a": pytest.approx(2 / 3), "b": 1.0}
    assert metric.get() == pytest.approx(5 / 6)
    assert metric.get() == loop(river_metrics.BalancedAccuracy(), "aaba", "acba").get()
    assert repr(metric) == "PerClassRecall: 83.33%\na: 66.67%\nb: 100.00%"


@pytest.mark.parametrize("metric", [KappaM, KappaT])
def test_a_predictor_that_is_always_right_leaves_nothing(metric):
    """Where the simple predictor is always right the value is 0, as river's kappa."""
    rows = (["a"] * 5, ["a", "a", "b", "a", "a"])
    settings = {"first_label": "a"} if metric is KappaT else {}
    assert loop(metric(**settings), *rows).get() == 0.0


def test_works_in_river():
    """They add up with river's metrics and go through its evaluator."""
    together = river_metrics.Accuracy() + KappaM() + KappaT() + PerClassRecall()
    result = evaluate.progressive_val_score(
        ImageSegments().take(500), naive_bayes.GaussianNB(), together + FadingAccuracy()
    )
    accuracy, majority, change, recall, fading = result.get()
    assert 0 < majority <= change < accuracy
    assert recall == pytest.approx(accuracy, abs=0.1)
    assert 0 < fading < 1


def test_baselines_score_zero():
    """The no-change classifier of river has kappa-temporal 0."""
    model = dummy.NoChangeClassifier()
    metric = evaluate.progressive_val_score(ImageSegments().take(300), model, KappaT())
    assert metric.get() == pytest.approx(0.0)


def test_a_shared_matrix_is_updated_once():
    """Other metrics read the matrix of the one that is updated."""
    metric = KappaM()
    accuracy = river_metrics.Accuracy(cm=metric.cm)
    loop(metric, Y_TRUE, Y_PRED)
    assert accuracy.get() == pytest.approx(0.8)


@pytest.mark.parametrize("seed", range(3))
def test_rolling_is_the_window(seed):
    """In a rolling window accuracy and simple predictor are those of the window's rows."""
    y_true, y_pred = labels_and_predictions(seed, n=120)
    rolling = [utils.Rolling(metric, window_size=25) for metric in WINDOWED]
    for i, (t, p) in enumerate(zip(y_true, y_pred, strict=True), start=1):
        for metric in rolling:
            metric.update(t, p)
        rows, start = (y_true[:i], y_pred[:i]), max(0, i - 25)
        window = PerClassRecall()
        loop(window, y_true[start:i], y_pred[start:i])
        assert [m.get() for m in rolling] == pytest.approx(
            [
                naive_kappa_m(*rows, n_before=start),
                naive_kappa_t(*rows, n_before=start),
                window.get(),
            ]
        )


@pytest.mark.parametrize("alpha", [0.0, 1.1, -0.5])
def test_fading_refuses_alpha_out_of_range(alpha):
    """The error names the parameter, its range and the value."""
    with pytest.raises(ValueError, match=rf"alpha must be in \(0.0, 1.0\], got {alpha}"):
        FadingAccuracy(alpha)


@pytest.mark.parametrize(
    "update", [lambda m: m.update(None, 1), lambda m: update_many(m, [None], [1])]
)
def test_kappa_m_refuses_a_missing_label(update):
    """A missing true label raises before anything is counted."""
    metric = KappaM()
    with pytest.raises(ValueError, match="must be a label, got None"):
        update(metric)
    assert metric.cm.n_samples == 0
    assert metric.get() == 0.0
