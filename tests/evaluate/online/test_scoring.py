"""Tests of `olearn.evaluate.online.scoring`: which metrics a run has, and how they print."""

import pytest
from river import cluster, dummy, linear_model, metrics, naive_bayes, preprocessing, stats

from olearn.evaluate.online.scoring import (
    Scoreboard,
    choose_metrics,
    format_of,
    wants_probabilities,
)
from olearn.metrics import KappaM


def names(chosen):
    return [type(metric).__name__ for metric in chosen]


def test_usual_metrics():
    """A classifier gets four, a regressor three; the end of a pipeline decides."""
    scaler = preprocessing.StandardScaler()
    for_labels = ["Accuracy", "CohenKappa", "KappaM", "KappaT"]
    assert names(choose_metrics(None, naive_bayes.GaussianNB())) == for_labels
    assert names(choose_metrics(None, scaler | linear_model.LogisticRegression())) == for_labels
    for_numbers = ["MAE", "RMSE", "R2"]
    assert names(choose_metrics(None, dummy.StatisticRegressor(stats.Mean()))) == for_numbers
    assert names(choose_metrics(None, scaler | linear_model.LinearRegression())) == for_numbers


def test_metrics_given():
    """One, a sum, or an iterable; the objects are those given, in their order."""
    model = naive_bayes.GaussianNB()
    accuracy, f1 = metrics.Accuracy(), metrics.MacroF1()
    assert choose_metrics(accuracy, model) == [accuracy]
    assert names(choose_metrics(accuracy + f1, model)) == ["Accuracy", "MacroF1"]
    assert choose_metrics(iter([f1, accuracy]), model) == [f1, accuracy]


@pytest.mark.parametrize(
    ("given", "model", "error", "message"),
    [
        ([], naive_bayes.GaussianNB(), ValueError, "at least one metric"),
        ("MAE", naive_bayes.GaussianNB(), TypeError, "river metrics, got 'M' of type str"),
        (metrics.MAE(), naive_bayes.GaussianNB(), ValueError, "MAE does not work with"),
        (metrics.ConfusionMatrix(), naive_bayes.GaussianNB(), ValueError, "one number each"),
        (None, cluster.KMeans(), ValueError, "no classifier and no regressor"),
    ],
)
def test_metrics_that_do_not_fit(given, model, error, message):
    """What is no metric, of another task or no number is refused before the run."""
    with pytest.raises(error, match=message):
        choose_metrics(given, model)


def test_probabilities_are_asked_for_where_read():
    """Only metrics of probabilities make a run predict them."""
    assert not wants_probabilities([metrics.Accuracy(), KappaM(), metrics.MAE()])
    assert wants_probabilities([metrics.Accuracy(), metrics.LogLoss()])


@pytest.mark.parametrize(
    ("metric", "form"), [(metrics.Accuracy(), ".2%"), (KappaM(), ".2%"), (metrics.MAE(), ",.6f")]
)
def test_formats(metric, form):
    """A metric's own format: shares in percent, errors in their unit."""
    assert format_of(metric) == form


class Unpicklable(metrics.Accuracy):
    """A metric with a part that no file can hold."""

    def __init__(self):
        super().__init__()
        self.part = lambda: None


@pytest.mark.parametrize("metric", [metrics.Accuracy(), Unpicklable(), KappaM(classes=("b", "a"))])
def test_each_window_begins_afresh(metric):
    """A window knows nothing of those before, whatever the metric holds; what is given stays."""
    board = Scoreboard([metric])
    for y_pred in (["a", "b"], ["b", "b"], ["a", "a"]):
        board.add(["a", "b"], y_pred)
        board.close_window()
    (windows,) = board.windows.values()
    fresh = []
    for y_pred in ("ab", "bb", "aa"):
        one = metric.clone()
        for pair in zip("ab", y_pred, strict=True):
            one.update(*pair)
        fresh.append(one.get())
    assert windows == fresh
    assert metric.cm.n_samples == 0
