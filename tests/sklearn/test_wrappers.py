"""`SklearnClassifier`, `SklearnRegressor`: scikit-learn's own checks, and what they leave out."""

import warnings

import numpy as np
import pytest
from river import linear_model, naive_bayes
from river import preprocessing as theirs
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from olearn import learners, preprocessing
from olearn.sklearn import SklearnClassifier, SklearnRegressor

# the check asks for array-API input, which SciPy has to be told of before it is imported
SKIPPED = {"check_array_api_input"}
NO_WEIGHTS = "the model takes no weights, and a weight is refused, not ignored"
WITHOUT_WEIGHTS = {
    "check_sample_weights_pandas_series": NO_WEIGHTS,
    "check_sample_weights_not_an_array": NO_WEIGHTS,
    "check_sample_weights_list": NO_WEIGHTS,
    "check_all_zero_sample_weights_error": NO_WEIGHTS,
    "check_sample_weights_shape": NO_WEIGHTS,
    "check_sample_weights_not_overwritten": NO_WEIGHTS,
    "check_sample_weight_equivalence_on_dense_data": NO_WEIGHTS,
    "check_classifiers_one_label_sample_weights": NO_WEIGHTS,
}
# check: why it cannot pass
FOREST = {
    "check_sample_weight_equivalence_on_dense_data": "draws differ with the number of rows",
}
# a weight is the size of a step
STEPS = {"check_sample_weight_equivalence_on_dense_data": "a step of twice the size is not two"}
CASES = {
    "tree": (SklearnClassifier(learners.HoeffdingTreeClassifier()), {}),
    "ridge": (SklearnClassifier(learners.AnalyticRidgeClassifier(n_features=64, seed=1)), {}),
    "our pipeline": (
        SklearnClassifier(preprocessing.StandardScaler() | learners.HoeffdingTreeClassifier()),
        {"check_sample_weight_equivalence_on_dense_data": "scalers take no weights, as river's"},
    ),
    "forest": (SklearnClassifier(learners.ARFClassifier(n_models=3, seed=1)), FOREST),
    "river's, row by row": (SklearnClassifier(naive_bayes.GaussianNB()), WITHOUT_WEIGHTS),
    "softmax": (SklearnClassifier(learners.SoftmaxRegression()), STEPS),
    "ridge regression": (SklearnRegressor(learners.AnalyticRidgeRegressor()), {}),
    "river's pipeline": (
        SklearnRegressor(theirs.StandardScaler() | linear_model.LinearRegression()),
        STEPS,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_scikit_learns_own_checks(case):
    """All of them pass but those that are named here with the reason."""
    model, exceptions = CASES[case]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks hand over what they warn of themselves
        done = check_estimator(model, on_fail=None, on_skip=None)
    failed = {each["check_name"] for each in done if each["status"] == "failed"}
    assert failed - set(exceptions) == set()
    assert {each["check_name"] for each in done if each["status"] == "skipped"} <= SKIPPED
    assert sum(each["status"] == "passed" for each in done) >= 50


def test_partial_fit_goes_on_and_fit_starts_anew():
    """Chunks give what the whole gives; all labels are announced at first."""
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    model = learners.HoeffdingTreeClassifier(grace_period=20)
    whole, parts = SklearnClassifier(model).fit(X, names), SklearnClassifier(model)
    for rows in (slice(0, 60), slice(60, 150)):
        parts.partial_fit(X[rows], names[rows], classes=np.unique(names))
    assert np.array_equal(parts.predict_proba(X), whole.predict_proba(X))
    assert parts.fit(X[:100], names[:100]).classes_.tolist() == ["setosa", "versicolor"]
    with pytest.raises(ValueError, match="give the first partial_fit all of them"):
        parts.partial_fit(X, names)
    with pytest.raises(ValueError, match="classes must be those of the first call"):
        parts.partial_fit(X[:50], names[:50], classes=["setosa", "other"])
    assert model.labels == []


def test_parameters_of_the_model_can_be_searched():
    """`model__name`, as scikit-learn names parts of parts."""
    X, y = load_iris(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    model = SklearnClassifier(learners.HoeffdingTreeClassifier())
    search = GridSearchCV(model, {"model__grace_period": [10, 400]}, cv=3).fit(X[order], y[order])
    assert search.best_params_["model__grace_period"] == 10
    twin = clone(model.set_params(model__grace_period=33))
    assert twin.get_params()["model__grace_period"] == twin.model.grace_period == 33
    with pytest.raises(ValueError, match="Invalid parameter 'grace'"):
        model.set_params(model__grace=3)


def test_in_a_pipeline_of_scikit_learn():
    """Cross-validation of a regressor behind its scaler."""
    X, y = load_diabetes(return_X_y=True)
    y -= y.mean()  # the model is linear without a constant
    model = make_pipeline(StandardScaler(), SklearnRegressor(learners.AnalyticRidgeRegressor()))
    assert cross_val_score(model, X, y, cv=3).mean() > 0.4


def test_frames_with_text_and_gaps():
    """Columns of text reach a model of olearn as they are."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"day": ["mon", "tue", None] * 40, "x": [1.0, np.nan, 2.0] * 40})
    y = ["up", "down", "up"] * 40
    model = SklearnClassifier(learners.HoeffdingTreeClassifier(grace_period=10)).fit(frame, y)
    assert model.feature_names_in_.tolist() == ["day", "x"]
    assert model.predict(frame[:3]).tolist() == y[:3]
    slow = SklearnClassifier(naive_bayes.GaussianNB()).fit(frame[["x"]], y)
    assert slow.predict_proba(frame[["x"]]).shape == (120, 2)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"x": "z"}))


def test_what_is_no_learner_is_refused():
    """A class that was not called is the usual slip."""
    with pytest.raises(TypeError, match="model must be a learner of olearn or river"):
        SklearnClassifier(learners.HoeffdingTreeClassifier).fit([[1.0]], [1])
    with pytest.raises(ValueError, match="GaussianNB takes no sample_weight"):
        SklearnClassifier(naive_bayes.GaussianNB()).fit([[1.0], [2.0]], [0, 1], [1.0, 2.0])
