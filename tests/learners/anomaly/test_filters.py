"""River's anomaly filters around our detectors: its answers, alone and in pipelines."""

import numpy as np
import pytest
from river import anomaly, linear_model
from river import preprocessing as river_preprocessing

from olearn import evaluate, learners, preprocessing

FILTERS = {
    "threshold": lambda detector: anomaly.ThresholdFilter(detector, threshold=0.75),
    "quantile": lambda detector: anomaly.QuantileFilter(detector, q=0.95),
    "quantile, learns all": lambda detector: anomaly.QuantileFilter(
        detector, q=0.95, protect_anomaly_detector=False
    ),
}
OPTIONS = {"n_trees": 5, "height": 4, "window_size": 50, "seed": 1}


def rows(gaps):
    """Rows, some far from the others, and a label that two columns tell; the first is whole."""
    rng = np.random.default_rng(1)
    X = np.clip(rng.normal(0.5, 0.1, (600, 3)), 0.0, 1.0)
    X[::37] = rng.random((len(X[::37]), 3))
    absent = gaps & (rng.random(X.shape) < 0.1) & (np.arange(600) > 0)[:, None]
    y = (X[:, 0] + X[:, 1] > 1.0).tolist()
    return [{j: v for j, v in enumerate(row) if not absent[t, j]} for t, row in enumerate(X)], y


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("make", FILTERS.values(), ids=FILTERS)
def test_a_filter_scores_and_learns_as_rivers(make, gaps):
    """Scores and alarms are those around river's own detector: what is an alarm is not learnt."""
    ours, theirs = make(learners.HalfSpaceTrees(**OPTIONS)), make(anomaly.HalfSpaceTrees(**OPTIONS))
    alarms = 0
    for x in rows(gaps)[0]:
        score = theirs.score_one(x)
        assert ours.score_one(x) == score
        assert ours.classify(score) == theirs.classify(score)
        alarms += bool(theirs.classify(score))
        ours.learn_one(x)
        theirs.learn_one(x)
    assert alarms > 5


@pytest.mark.parametrize("make", FILTERS.values(), ids=FILTERS)
def test_a_filter_in_a_pipeline_keeps_anomalies_from_the_learner(make):
    """What follows the filter learns what it learns in river's pipeline; a run goes by rows."""
    ours = (
        preprocessing.MinMaxScaler()
        | make(learners.HalfSpaceTrees(**OPTIONS))
        | learners.LogisticRegression(classes=[False, True])
    )
    theirs = (
        river_preprocessing.MinMaxScaler()
        | make(anomaly.HalfSpaceTrees(**OPTIONS))
        | linear_model.LogisticRegression()
    )
    given, y = rows(False)
    plain = preprocessing.MinMaxScaler() | learners.LogisticRegression(classes=[False, True])
    for t, (x, label) in enumerate(zip(given, y, strict=True)):
        if t:  # before it, river's scaler emits NaN
            assert ours.predict_proba_one(x) == theirs.predict_proba_one(x)
        for model in (ours, theirs, plain):
            model.learn_one(x, label)
    assert ours["LogisticRegression"].weights != plain["LogisticRegression"].weights
    result = evaluate.prequential(zip(given, y, strict=True), ours.clone())
    assert result.path == "rows"
    assert ours.why_not_compiled.endswith("Filter, is not compiled")


def test_rivers_threshold_filter_learns_nothing_where_it_should_learn_all():
    """A fault of river's, pinned: if this fails, the page on anomalies need not warn of it."""
    unprotected = anomaly.ThresholdFilter(
        anomaly.HalfSpaceTrees(**OPTIONS), threshold=0.75, protect_anomaly_detector=False
    )
    for x in rows(False)[0]:
        unprotected.learn_one(x)
    assert unprotected.score_one({0: 0.5, 1: 0.5, 2: 0.5}) == 0.0
