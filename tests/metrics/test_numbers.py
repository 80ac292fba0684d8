"""River's metrics of probabilities, scores and numbers over arrays: the floats of the loop."""

import numpy as np
import pytest
from river import metrics

from olearn.core.labels import CodedLabels, CodedProba
from olearn.metrics import update_many
from olearn.metrics.one_vs_rest import OneVsRest

N = 700


def probabilities(labels, seed=1):
    """Rows of probabilities of which the last label comes late; some are 0 and 1."""
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.ones(len(labels)) * 0.3, N)
    proba[::50] = np.eye(len(labels))[0]
    proba[:200, -1] = np.nan
    true = rng.integers(0, len(labels), N)
    return CodedLabels(true, labels), CodedProba(proba, labels)


def both(metric, y_true, y_pred):
    """The metric updated by arrays of uneven length, and by rows."""
    by_rows = metric.clone()
    for t, p in zip(y_true.tolist(), y_pred.tolist(), strict=True):
        by_rows.update(t, p)
    for rows in (slice(0, 1), slice(1, 300), slice(300, 300), slice(300, N)):
        update_many(metric, part(y_true, rows), part(y_pred, rows))
    return metric.get(), by_rows.get()


def part(values, rows):
    if isinstance(values, CodedLabels):
        return CodedLabels(values.codes[rows], values.labels)
    if isinstance(values, CodedProba):
        return CodedProba(values.proba[rows], values.labels)
    return values[rows]


OF_TRUTH = {
    "LogLoss": metrics.LogLoss,
    "ROCAUC": metrics.ROCAUC,
    "ROCAUC of 50": lambda: metrics.ROCAUC(n_thresholds=50),
    "CrossEntropy": metrics.CrossEntropy,
    "Accuracy": metrics.Accuracy,
}


@pytest.mark.parametrize("make", OF_TRUTH.values(), ids=OF_TRUTH)
@pytest.mark.parametrize("labels", [(False, True), (0, 1), (True, False)])
def test_truth_values(make, labels):
    """Labels that are truth values, in any order of their codes."""
    y_true, y_pred = probabilities(list(labels))
    if make().requires_labels:
        y_pred = CodedLabels(np.nan_to_num(y_pred.proba).argmax(axis=1), y_pred.labels)
    found, wanted = both(make(), y_true, y_pred)
    assert found == wanted
    assert found != make().get()


@pytest.mark.parametrize("make", [metrics.LogLoss, metrics.ROCAUC])
@pytest.mark.parametrize("positive", ["a", "c", "not there"])
def test_one_label_against_the_rest(make, positive):
    """A label that comes late, and one that never comes, as the positive one."""
    found, wanted = both(OneVsRest(make(), positive), *probabilities(list("abc")))
    assert found == wanted


def test_cross_entropy_of_many_labels():
    """Labels that are not known yet have no probability, which river counts as no loss."""
    found, wanted = both(metrics.CrossEntropy(), *probabilities(list("abcde")))
    assert found == wanted > 0


@pytest.mark.parametrize(
    "make",
    [
        metrics.ROCAUC,
        lambda: OneVsRest(metrics.ROCAUC(), True),
        lambda: metrics.RollingROCAUC(150),  # ties count 0 in it, which is followed
        lambda: OneVsRest(metrics.RollingROCAUC(150), True),
        lambda: metrics.RollingPRAUC(150),
    ],
)
def test_scores(make):
    """Scores of an anomaly detector, some of them equal to a threshold."""
    rng = np.random.default_rng(3)
    scores = np.round(rng.random(N), 2)
    scores[::10] = 1 / 9
    y_true = CodedLabels(rng.integers(0, 2, N), [False, True])
    found, wanted = both(make(), y_true, scores)
    assert found == wanted


@pytest.mark.parametrize(
    "make",
    [metrics.MAE, metrics.MSE, metrics.RMSE, metrics.R2, metrics.MAPE, metrics.SMAPE],
)
def test_numbers(make):
    """Targets and predictions of all sizes, some of them 0."""
    rng = np.random.default_rng(4)
    y_true = rng.normal(size=N) * 10.0 ** rng.integers(-3, 6, N)
    y_pred = y_true + rng.normal(size=N)
    y_true[::30] = y_pred[::60] = 0.0
    found, wanted = both(make(), y_true, y_pred)
    assert found == wanted > 0.0


def test_numbers_beyond_floats():
    """A share that overflows is infinite without a word, as in the loop."""
    one, many = metrics.MAPE(), metrics.MAPE()
    one.update(5e-324, 1e200)
    update_many(many, np.array([5e-324]), np.array([1e200]))
    assert one.get() == many.get() == np.inf


def test_logarithms_of_numbers():
    """As river's, which has none of -1 and less: such rows raise its error."""
    rng = np.random.default_rng(4)
    y_true = rng.random(N) * 10.0 ** rng.integers(-3, 6, N) - 0.5
    found, wanted = both(metrics.RMSLE(), y_true, y_true + rng.random(N))
    assert found == wanted > 0.0
    with pytest.raises(ValueError, match="math domain error"):
        update_many(metrics.RMSLE(), np.array([1.0, -1.0]), np.array([1.0, 1.0]))


class Half(metrics.MAE):
    """A metric of somebody else's."""

    def _eval(self, y_true, y_pred):
        return 0.5 * super()._eval(y_true, y_pred)


def test_subclasses_go_row_by_row():
    """What is not exactly river's class is asked itself."""
    y = np.arange(float(N))
    found, wanted = both(Half(), y, y + 2.0)
    assert found == wanted == 1.0
