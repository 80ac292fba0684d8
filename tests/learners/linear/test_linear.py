"""What linear models promise beside river's floats: schedules, labels, missing values, refusals."""

import math

import numpy as np
import pytest
from river import linear_model, optim
from river.optim import initializers, losses

import olearn
from olearn import learners, streams
from olearn.learners.linear import kernels

from .conftest import dicts

NAMES = [
    "LinearRegression",
    "LogisticRegression",
    "PAClassifier",
    "PARegressor",
    "Perceptron",
    "SoftmaxRegression",
]
DELAYS = {
    "none": lambda t: 0,
    "one": lambda t: 1,
    "fifty": lambda t: 50,
    "never": lambda t: math.inf,
    "each its own, with ties, some never": lambda t: math.inf if t % 7 == 0 else t * 31 % 60,
}


def problem(name, n=300):
    """Rows with gaps, and targets as a model of that name takes them."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(n, 4))
    y = X[:, 0] - X[:, 1] + 0.3 * rng.normal(size=n)
    X[1:][rng.random((n - 1, 4)) < 0.1] = np.nan
    if name in ("LinearRegression", "PARegressor"):
        return X, y
    return X, np.digitize(y, [-1.0, 1.0] if name == "SoftmaxRegression" else [0.0])


def schedule(delay, n):
    """Return `due` and `upto`: rows in the order of learning, and how many before each row ends."""
    waiting, due, upto = [], [], []
    for t in range(n):
        if delay(t) != math.inf:
            waiting.append((t + delay(t), t))
        ready = sorted(pair for pair in waiting if pair[0] <= t)
        waiting = [pair for pair in waiting if pair[0] > t]
        due.extend(row for _, row in ready)
        upto.append(len(due))
    return np.array(due, np.int64), np.array(upto)


def answer(model, x):
    if hasattr(model, "predict_proba_one"):
        return [*model.predict_proba_one(x).values()]
    return model.predict_one(x)


@pytest.mark.parametrize("delay", DELAYS.values(), ids=DELAYS)
@pytest.mark.parametrize("name", NAMES)
def test_schedules(name, delay):
    """A stage is the loop: each row is predicted, then the labels that are due are learnt."""
    X, y = problem(name)
    by_rows, by_stage = (getattr(learners, name)() for _ in range(2))
    for model in (by_rows, by_stage):
        model.learn_many(X[:20], y[:20])
    X, y = X[20:], y[20:]
    due, upto = schedule(delay, len(X))
    expected, learnt, rows = [], 0, dicts(X)
    for t, x in enumerate(rows):
        expected.append(answer(by_rows, x))
        for row in due[learnt : upto[t]].tolist():
            by_rows.learn_one(rows[row], y[row].item(), 1 + row % 3)
        learnt = upto[t]
    weights = 1.0 + due % 3
    if name in ("LinearRegression", "PARegressor"):
        got = by_stage._stage_rows(X, X[due], y[due], weights, upto)
    else:
        codes = np.array([by_stage._labels.get(label) for label in y[due].tolist()], np.int64)
        got = by_stage._stage_rows(X, X[due], codes, weights, upto, True)
    assert got.tolist() == expected
    assert by_stage.weights == by_rows.weights


# -- labels --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "positive"),
    [((True, False), True), ((False, True), True), ((1, 0), 1), ((0, 1), 1), (("b", "a"), "a")],
)
def test_positive_label(given, positive):
    """True and 1 are the positive label wherever they come, else the second one is."""
    model = learners.LogisticRegression()
    for label in given * 3:
        model.learn_one({"x": 1.0 if label == positive else -1.0}, label)
    assert model.weights["x"] > 0.0
    assert model.predict_one({"x": 50.0}) is positive


def test_truth_values_are_both_known():
    """Once True has come False is known too, as in river; both have probabilities."""
    theirs, ours = linear_model.LogisticRegression(), learners.LogisticRegression()
    for model in (theirs, ours):
        model.learn_one({"x": 1.0}, True)
    assert ours.labels == [False, True]
    assert ours.predict_proba_one({"x": -2.0}) == theirs.predict_proba_one({"x": -2.0})
    blocks = learners.LogisticRegression()
    got = blocks.test_then_train_many(np.eye(3), np.array([True, True, False]))
    assert got.tolist() == [None, True, True]
    assert blocks.labels == [False, True]


@pytest.mark.parametrize("name", ["LogisticRegression", "PAClassifier", "Perceptron"])
def test_third_label(name):
    """A third label raises, names the learner of more, and leaves no trace in the state."""
    model = getattr(learners, name)()
    with pytest.raises(ValueError, match=f"(?s)'a', 'b', 'c'.*{name}.*SoftmaxRegression"):
        model.learn_many(np.eye(3), ["a", "b", "c"])
    assert model.labels == []
    model.learn_many(np.eye(2), ["a", "b"])
    with pytest.raises(ValueError, match="SoftmaxRegression"):
        model.learn_one({"new": 1.0}, "c")
    assert [*model.weights] == [0, 1]
    with pytest.raises(ValueError, match="classes must be two labels"):
        getattr(learners, name)(classes=("a", "b", "c"))


def test_classes_in_advance():
    """With `classes` there is an answer before the first row, as river has one."""
    model = learners.LogisticRegression(classes=(False, True))
    assert model.predict_proba_one({"x": 1.0}) == {False: 0.5, True: 0.5}
    assert model.predict_one({"x": 1.0}) is False
    softmax = learners.SoftmaxRegression(classes=("a", "b"))
    assert softmax.predict_proba_one({"x": 1.0}) == {"a": 0.5, "b": 0.5}
    softmax.learn_one({"x": 1.0}, "b")
    assert softmax.predict_proba_one({"x": 1.0}) == {"a": 0.0, "b": 1.0}


# -- values --------------------------------------------------------------------------------------


def test_no_gap_spoils_the_state():
    """One NaN makes river's weights NaN for ever; ours take it as a key that is not there."""
    theirs = linear_model.LogisticRegression()
    theirs.learn_one({"a": 1.0, "b": math.nan}, True)
    assert math.isnan(theirs.intercept), "river has mended it: hold ours against it"
    ours, without = learners.LogisticRegression(), learners.LogisticRegression()
    ours.learn_one({"a": 1.0, "b": math.nan}, True)
    without.learn_one({"a": 1.0}, True)
    assert ours.intercept == without.intercept
    assert ours.weights == {**without.weights, "b": 0.0}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [1e6, 1e160, 1e300])
@pytest.mark.filterwarnings("ignore:the score of a row")
def test_state_stays_finite(name, size):
    """Whatever comes, weights and answers are finite, with every optimiser."""
    X, y = problem(name, 100)
    X = X * np.where(np.arange(100) % 3, size, 1.0)[:, None]
    optimizers = (None, optim.Momentum(), optim.AdaGrad(), optim.RMSProp(), optim.Adam())
    for optimizer in (*optimizers, optim.FTRLProximal()):
        takes = "optimizer" in getattr(learners, name)()._get_params()
        model = getattr(learners, name)(**({"optimizer": optimizer} if takes else {}))
        model.test_then_train_many(X, y)
        assert np.isfinite(model._state.slots).all()
        assert np.isfinite(model._state.heads[:, :4]).all()
        probabilities = getattr(model, "predict_proba_many", model.predict_many)
        assert np.isfinite(probabilities(X)).all()


def test_divergence_is_said_once():
    """Columns that are not scaled make the model diverge: it says so once, with the remedy."""
    rng = np.random.default_rng(0)
    X = 1000 * rng.normal(size=(100, 2))
    model = learners.LinearRegression()
    with pytest.warns(UserWarning, match="diverges: put a StandardScaler in front"):
        model.learn_many(X, X[:, 0])
    model.learn_many(X, X[:, 0])  # not again: a warning would be an error
    model.learn_one({0: 1000.0, 1: 5.0}, 3.0)
    calm = learners.LinearRegression()
    calm.learn_many(X / 1000, 1e12 * X[:, 0])


def test_weight_of_zero():
    """A row of weight 0 counts as a step, as in river, but no slope comes from it."""
    model = learners.LogisticRegression(optim.Adam())
    model.learn_one({"x": 1.0}, True)
    before = model.weights, model.intercept
    model.learn_one({"x": 2.0}, False, w=0.0)
    theirs = linear_model.LogisticRegression(optim.Adam())
    theirs.learn_one({"x": 1.0}, True)
    theirs.learn_one({"x": 2.0}, False, w=0.0)
    assert model.weights == theirs.weights  # moved by what is left of the moments
    assert model.intercept == before[1] == theirs.intercept
    plain = learners.LogisticRegression()
    plain.learn_one({"x": 1.0}, True)
    weights = plain.weights
    plain.learn_one({"x": 2.0}, False, w=0.0)
    assert plain.weights == weights


# -- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "kind", "words"),
    [
        ({"optimizer": optim.Nadam()}, TypeError, "optimizer must be one of river's SGD, .*Nadam"),
        ({"optimizer": optim.SGD}, TypeError, r"SGD\(\) makes one"),
        ({"optimizer": optim.SGD(-1.0)}, ValueError, "lr of optimizer .*-1.0"),
        ({"optimizer": optim.Adam(beta_1=1.0)}, ValueError, "beta_1 of optimizer .*1.0"),
        ({"loss": losses.CrossEntropy()}, TypeError, "loss must be one of .*CrossEntropy"),
        ({"intercept_lr": -0.1}, ValueError, "intercept_lr .*-0.1"),
        ({"initializer": initializers.Normal()}, ValueError, r"initializer must be Zeros\(\)"),
        ({"l1": 0.1, "l2": 0.1}, ValueError, "l1 and l2 cannot be joined, got 0.1 and 0.1"),
        ({"l1": 0.1, "optimizer": optim.FTRLProximal()}, ValueError, "l1 must be 0 with FTRL"),
        ({"clip_gradient": 0.0}, ValueError, "clip_gradient .*0.0"),
    ],
)
@pytest.mark.parametrize("name", ["LogisticRegression", "LinearRegression"])
def test_refused_parameters(name, parameters, kind, words):
    """What the kernels do not have is refused, with what they do have."""
    with pytest.raises(kind, match=words):
        getattr(learners, name)(**parameters)


def test_used_optimizer():
    """An optimiser that has moments of another model already is refused."""
    optimizer = optim.Adam()
    linear_model.LinearRegression(optimizer).learn_one({"x": 1.0}, 1.0)
    with pytest.raises(ValueError, match="fresh one, got Adam after 1 steps"):
        learners.LinearRegression(optimizer)
    given = optim.Adam()
    learners.LinearRegression(given).learn_one({"x": 1.0}, 1.0)
    assert given.n_iterations == 0, "the parameter is not the state"


@pytest.mark.parametrize("name", NAMES)
def test_text(name):
    """Text is refused with the remedy, whole numbers that stand for categories are said."""
    model = getattr(learners, name)()
    target = 1.0 if isinstance(model, olearn.base.ArrayRegressor) else True
    with pytest.raises(ValueError, match=r"'colour' is numeric, got 'red'.*OneHotEncoder"):
        model.learn_one({"size": 1.0, "colour": "red"}, target)
    assert model.weights == {}
    schema = streams.Schema(("day",), nominal=("day",), target=None)
    with pytest.warns(UserWarning, match="nominal features 'day' are read as the numbers"):
        model.learn_many(np.array([[3.0], [5.0]]), [target, target], names=schema)
    model.learn_many(np.array([[3.0], [5.0]]), [target, target], names=schema)  # said once
    assert [*model._features.names] == ["day"]


def test_files(tmp_path):
    """A model saved in mid-stream goes on as if nothing had happened, moments included."""
    X, y = problem("LogisticRegression")
    for optimizer in (None, optim.Adam(), optim.FTRLProximal()):
        model = learners.LogisticRegression(optimizer, l2=0.01)
        model.learn_many(X[:100], y[:100])
        olearn.save(model, tmp_path / "model.safetensors")
        again = olearn.load(tmp_path / "model.safetensors")
        for each in (model, again):
            each.learn_many(X[100:], y[100:])
        assert again.weights == model.weights
        assert again.predict_proba_many(X).tolist() == model.predict_proba_many(X).tolist()


def test_one_kind_of_arrays():
    """Kernels are compiled once, for whatever is given: rows, arrays, frames, read-only ones."""
    pandas = pytest.importorskip("pandas")
    X, y = problem("LogisticRegression")
    X.flags.writeable = False
    model = learners.LogisticRegression()
    model.learn_many(X, y)
    model.learn_many(np.asfortranarray(X), y.astype(bool))
    model.learn_many(pandas.DataFrame(X), pandas.Series(y))
    model.learn_one(dicts(X)[0], 1)
    model.predict_one(dicts(X)[0])
    for kernel in (kernels.stage, kernels.learn_row, kernels.answer_row):
        assert len(getattr(kernel, "signatures", [0])) <= 1
