"""The figures of `prequential` beside those of river's own evaluation, for every kind of model."""

import pytest
from river import anomaly, datasets, linear_model, metrics, naive_bayes, preprocessing
from river import evaluate as river_evaluate

from olearn import evaluate


def test_same_metrics_as_river():
    """Requirement: the figures of river's own evaluation, metric objects left untouched."""
    mine = [metrics.Accuracy(), metrics.CohenKappa(), metrics.MacroF1()]
    result = evaluate.prequential(datasets.ImageSegments(), naive_bayes.GaussianNB(), mine)
    theirs = river_evaluate.progressive_val_score(
        datasets.ImageSegments(),
        naive_bayes.GaussianNB(),
        metrics.Accuracy() + metrics.CohenKappa() + metrics.MacroF1(),
    )
    assert [*result.values.values()] == pytest.approx(theirs.get(), abs=1e-12)
    assert mine[0].get() == 0.0


def test_probability_metrics_beside_label_metrics():
    """Requirement: log loss reads probabilities and accuracy their largest, as in river."""
    model = preprocessing.StandardScaler() | linear_model.LogisticRegression()
    wanted = metrics.LogLoss() + metrics.Accuracy()
    result = evaluate.prequential(datasets.Phishing(), model.clone(), wanted)
    river_evaluate.progressive_val_score(datasets.Phishing(), model.clone(), wanted)
    assert [*result.values.values()] == pytest.approx(wanted.get(), abs=1e-12)
    assert wanted[1].get() > 0.8


def test_regression_has_usual_metrics():
    """Requirement: a regressor is scored by MAE, RMSE and R2 by default, as river scores it."""
    model = preprocessing.StandardScaler() | linear_model.LinearRegression()
    result = evaluate.prequential(datasets.TrumpApproval(), model.clone())
    theirs = metrics.MAE() + metrics.RMSE() + metrics.R2()
    river_evaluate.progressive_val_score(datasets.TrumpApproval(), model.clone(), theirs)
    assert list(result.values) == ["MAE", "RMSE", "R2"]
    assert [*result.values.values()] == pytest.approx(theirs.get(), rel=1e-9)


def test_anomaly_scores_before_learning():
    """Requirement: an unsupervised anomaly detector in a pipeline is scored as river does."""
    model = preprocessing.MinMaxScaler() | anomaly.HalfSpaceTrees(seed=1, n_trees=5)
    result = evaluate.prequential(datasets.Phishing(), model.clone(), metrics.ROCAUC())
    theirs = river_evaluate.progressive_val_score(
        datasets.Phishing(), model.clone(), metrics.ROCAUC()
    )
    assert result.values["ROCAUC"] == pytest.approx(theirs.get(), abs=1e-12)
