"""Tests of `olearn.evaluate.online.scoring`: which metrics a run has, and how they print."""

import pickle

import numpy as np
import pytest
from river import cluster, dummy, linear_model, metrics, naive_bayes, preprocessing, stats

from olearn.core.labels import CodedLabels, CodedProba
from olearn.evaluate.online.scoring import (
    Scoreboard,
    choose_metrics,
    format_of,
    wants_probabilities,
)
from olearn.metrics import (
    AUC,
    PRAUC,
    Brier,
    FadingAccuracy,
    KappaM,
    KappaT,
    WindowedAUC,
    update_many,
)
from olearn.metrics.one_vs_rest import OneVsRest


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


def test_values_are_those_of_each_metric_alone():
    """Those that count labels together, and areas that are found late; through a pickle."""
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, 700)
    scores = np.round(np.clip(0.4 * truth + rng.random(700), 0.0, 1.0), 2)
    labels = [False, True]
    every = [metrics.Accuracy(), KappaM(), metrics.CohenKappa(), KappaT(), metrics.F1(), AUC()]
    every += [
        PRAUC(),
        OneVsRest(AUC(), True),
        WindowedAUC(150),
        metrics.LogLoss(),
        FadingAccuracy(),
    ]
    board, alone = Scoreboard(every), [metric.clone() for metric in every]
    windows, curves = {n: [] for n in board.names}, {n: [] for n in board.names}
    for start in range(0, 700, 100):
        afresh = [metric.clone() for metric in every]
        for part in (slice(start, start + 30), slice(start + 30, start + 100)):
            true = CodedLabels(truth[part], labels)
            pred = CodedLabels((scores[part] > 0.5).astype(np.int64), labels)
            proba = CodedProba(np.column_stack([1 - scores[part], scores[part]]), labels)
            board.add(true, pred, proba)
            for metric in alone + afresh:
                update_many(metric, true, pred if metric.requires_labels else proba)
            if start == 300:
                board = pickle.loads(pickle.dumps(board))
                assert board.values() == {
                    name: metric.get() for name, metric in zip(board.names, alone, strict=True)
                }
        board.close_window()
        for name, total, window in zip(board.names, alone, afresh, strict=True):
            curves[name].append(total.get())
            windows[name].append(window.get())
    board.fill()
    assert (board.curves, board.windows) == (curves, windows)


def test_nothing_is_scored_where_a_metric_refuses():
    """Scores that are not finite, after metrics that would read them."""
    every = [metrics.LogLoss(), KappaM(), metrics.Accuracy(), Brier(), AUC()]
    board = Scoreboard(every)
    true = CodedLabels(np.array([1, 0]), [False, True])
    good = CodedProba(np.array([[0.1, 0.9], [0.7, 0.3]]), [False, True])
    board.add(true, good.likeliest(), good)
    before = board.values()
    bad = CodedProba(np.array([[0.1, 0.9], [np.inf, np.inf]]), [False, True])
    with pytest.raises(ValueError, match="y_pred must be"):
        board.add(true, bad.likeliest(), bad)
    assert (board.values(), board.n_scored) == (before, 2)


def test_metrics_that_no_file_can_hold():
    """They are cloned for each window, beside those that count together."""

    class Odd(metrics.Accuracy):
        """Of a class that pickle does not find."""

    board = Scoreboard([Odd(), metrics.Accuracy(), metrics.CohenKappa()])
    for y_pred in (["a", "b"], ["b", "b"]):
        board.add(["a", "b"], y_pred)
        board.close_window()
    assert board.windows == {"Odd": [1.0, 0.5], "Accuracy": [1.0, 0.5], "CohenKappa": [1.0, 0.0]}
    assert board.curves["Accuracy"] == [1.0, 0.75]
