"""Binary metrics over any labels: which one is positive, and the same figures for all names."""

import math
import re
import warnings

import numpy as np
import pytest
from river import anomaly, compose, linear_model, metrics, naive_bayes, preprocessing
from river.metrics.base import BinaryMetric, Metric
from toys import Centroids

from olearn import evaluate, streams
from olearn.evaluate.online.positive import with_positive
from olearn.metrics.arrays import update_many
from olearn.metrics.one_vs_rest import OneVsRest

BINARY = ["F1", "Precision", "Recall", "Jaccard", "MCC", "ROCAUC", "LogLoss", "RollingROCAUC"]
BINARY += ["RollingPRAUC"]


def blobs(negative, positive, n=300):
    rng = np.random.default_rng(1)
    y = rng.random(n) < 0.4
    X = rng.normal(size=(n, 2)) + 0.8 * y[:, None]
    return X, np.where(y, positive, negative).tolist()


def score(metric, labels, *, model=None, **settings):
    stream = streams.from_arrays(*blobs(*labels))
    model = naive_bayes.GaussianNB() if model is None else model
    return evaluate.prequential(stream, model, metric, progress=False, **settings)


def test_every_binary_metric_of_river_is_tried():
    """Requirement: none of river's that can be made without arguments is left out above."""
    made = {
        n for n, m in vars(metrics).items() if isinstance(m, type) and issubclass(m, BinaryMetric)
    }
    assert made - {"FBeta"} == set(BINARY)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("labels", [("no", "yes"), (1, 2)])
def test_figures_do_not_depend_on_the_names_of_the_labels(name, labels):
    """Requirement: as with False and True, which river's metrics read, over the whole run and by
    window; for a list of rows too, whose labels are not known ahead.
    """
    metric = getattr(metrics, name)()
    wanted = score(metric, (False, True), window=100)
    found = score(metric, labels, pos_label=labels[1], window=100)
    assert (found.values, found.windows) == (wanted.values, wanted.windows)
    assert list(found.values) == [name]
    rows = list(streams.from_arrays(*blobs(*labels)))
    model = naive_bayes.GaussianNB()
    assert evaluate.prequential(rows, model, metric, pos_label=labels[1]).values == wanted.values


def test_blocks_and_rows_agree():
    """Requirement: whole blocks of codes give the same figures as single rows."""
    for pos_label in ("no", "yes"):
        blocks = score(metrics.F1(), ("no", "yes"), model=Centroids(), pos_label=pos_label)
        by_rows = compose.Pipeline(Centroids())
        rows = score(metrics.F1(), ("no", "yes"), model=by_rows, pos_label=pos_label)
        assert (blocks.path, rows.path) == ("blocks", "rows")
        assert blocks.values == rows.values
        assert 0.5 < blocks.values["F1"] < 1


def test_a_choice_is_said():
    """Requirement: of two labels the last in order, in a warning that names both and the remedy."""
    said = r"F1, ROCAUC: of the labels 'down' and 'up', 'up' counts as positive; pos_label="
    with pytest.warns(UserWarning, match=said):
        found = score([metrics.F1(), metrics.Accuracy(), metrics.ROCAUC()], ("down", "up"))
    asked = score(metrics.F1(), ("down", "up"), pos_label="up")
    assert found.values["F1"] == asked.values["F1"]


@pytest.mark.parametrize("labels", [(False, True), (0, 1)])
def test_truth_needs_no_choice(labels):
    """Requirement: True, and 1, are positive without a word; any other is if asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = score([metrics.Recall(), metrics.ROCAUC()], labels)
    assert found.values["Recall"] > 0.5
    assert found.values["ROCAUC"] > 0.5
    swapped = score([metrics.Recall(), metrics.LogLoss()], labels, pos_label=labels[0])
    assert (
        swapped.values
        == score([metrics.Recall(), metrics.LogLoss()], ("b", "a"), pos_label="b").values
    )


def test_a_metric_keeps_its_own_positive_value():
    """Requirement: `pos_val` names a label of the stream, and goes before `pos_label`."""
    own = score([metrics.Recall(pos_val="no"), metrics.Recall()], ("no", "yes"), pos_label="yes")
    no, yes = own.values.values()
    assert no == score(metrics.Recall(), ("no", "yes"), pos_label="no").values["Recall"]
    assert yes == score(metrics.Recall(), ("no", "yes"), pos_label="yes").values["Recall"]
    assert no != yes


def test_many_classes():
    """Requirement: one class against the rest if it is named, else refused with the remedy."""
    X, y = blobs("a", "b")
    y[::3] = ["c"] * len(y[::3])
    stream, model = streams.from_arrays(X, y), naive_bayes.GaussianNB()
    with pytest.raises(ValueError, match=r"F1 scores one class against the rest.*3.*MacroF1"):
        evaluate.prequential(stream, model, metrics.F1())
    found = evaluate.prequential(stream, model, metrics.F1(), pos_label="b", keep_predictions=True)
    by_hand = metrics.F1()
    for t, p in zip(y, found.predictions, strict=True):
        if p is not None:
            by_hand.update(t == "b", p == "b")
    assert found.values["F1"] == by_hand.get() > 0


@pytest.mark.parametrize(
    ("metric", "pos_label", "words"),
    [
        (metrics.F1(), "ja", "pos_label must be one of the labels 'no', 'yes', got 'ja'"),
        (metrics.Accuracy(), "yes", "pos_label is for metrics of one class .* with Accuracy"),
    ],
)
def test_refused(metric, pos_label, words):
    """Requirement: a label that is none, or that nothing would read, is refused by name."""
    with pytest.raises(ValueError, match=words):
        score(metric, ("no", "yes"), pos_label=pos_label)


def test_labels_that_are_not_known_ahead():
    """Requirement: where no stream knows the labels, those that are no truth are refused."""
    rows = [({"x": 1.0}, "yes"), ({"x": 0.0}, "no")] * 5
    words = "Precision reads labels that are True or False, got 'no': .* pos_label="
    with pytest.raises(ValueError, match=words):
        evaluate.prequential(rows, naive_bayes.GaussianNB(), metrics.Precision())


def test_scores_of_an_anomaly_detector():
    """Requirement: the label of the truth is mapped, the score is read as it is."""
    model = anomaly.HalfSpaceTrees(seed=1)
    found = score(metrics.ROCAUC(), ("good", "bad"), model=model.clone(), pos_label="bad")
    wanted = score(metrics.ROCAUC(), (False, True), model=model.clone())
    assert found.values == wanted.values
    assert not math.isclose(wanted.values["ROCAUC"], 0.0)


def test_a_run_goes_on(tmp_path):
    """Requirement: kept in a file and resumed it ends the same; another label is refused."""
    several = [metrics.F1(), metrics.ROCAUC(), metrics.LogLoss()]
    whole = score(several, ("no", "yes"), pos_label="yes")
    for n in (100, None):
        kept = evaluate.Checkpoint(tmp_path, resume=True)
        found = score(
            several, ("no", "yes"), pos_label="yes", window=100, max_samples=n, checkpoint=kept
        )
    assert found.values == whole.values
    with pytest.raises(ValueError, match=r"pos_label = 'yes'.*, not pos_label = 'no'"):
        score(several, ("no", "yes"), pos_label="no", window=100, checkpoint=kept)


def test_scores_that_are_no_probabilities():
    """Requirement: scores beyond 1 are refused where thresholds lie in [0, 1], else they count."""
    model = preprocessing.StandardScaler() | anomaly.LocalOutlierFactor()
    rows = list(streams.from_arrays(*blobs(False, True, n=60)))
    with pytest.raises(ValueError, match=r"ROCAUC reads scores in \[0, 1\], got .*RollingROCAUC"):
        evaluate.prequential(rows, model.clone(), metrics.ROCAUC())
    found = evaluate.prequential(rows, model.clone(), metrics.RollingROCAUC())
    assert 0.0 < found.values["RollingROCAUC"] < 1.0


def test_one_vs_rest_is_a_metric():
    """Requirement: it reverts, clones afresh, and reads many rows as it reads one."""
    (metric,) = with_positive([metrics.F1()], ["a", "b"], "b")
    assert isinstance(metric, OneVsRest)
    assert isinstance(metric, Metric)
    for t, p in [("a", "b"), ("b", "b"), ("b", "a")]:
        metric.update(t, p)
    assert metric.get() == 0.5
    assert metric.clone().get() == 0.0
    metric.revert("a", "b")
    assert metric.get() == pytest.approx(2 / 3)
    many = metric.clone()
    update_many(many, ["b", "b"], ["b", "a"])
    assert many.get() == metric.get()
    assert (metric.requires_labels, metric.bigger_is_better) == (True, True)
    assert re.match("OneVsRest: 66.67%", repr(metric))
    assert metric.works_with(naive_bayes.GaussianNB())
    assert not metric.works_with(linear_model.LinearRegression())
