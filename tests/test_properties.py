"""Random rows for every public learner and detector: nothing crashes, refusals leave no trace."""

import datetime
import math
import numbers

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from river import base

from olearn import detectors, learners
from olearn.base import ArrayClassifier, ArrayDetector
from olearn.checks.tools import (
    fresh,
    require_distribution,
    snapshot,
    takes_negative,
    takes_text,
    tells_many_apart,
)

FEW = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # a failure is shown as it was found: shrinking takes minutes
    suppress_health_check=list(HealthCheck),
)
REFUSED = (TypeError, ValueError)
"""What a row, label or value may raise."""

PUBLIC = [getattr(part, name) for part in (learners, detectors) for name in part.__all__]
MODELS = [
    pytest.param(cls(**params), id=f"{cls.__name__}-{k}")
    for cls in PUBLIC
    for k, params in enumerate(cls._unit_test_params())
]
# a wrapper refuses and leaves what its model does
LEARNERS = [p for p in MODELS if not isinstance(p.values[0], ArrayDetector | base.Wrapper)]
CLASSIFIERS = [p for p in LEARNERS if isinstance(p.values[0], ArrayClassifier)]
DETECTORS = [p for p in MODELS if isinstance(p.values[0], ArrayDetector)]

numeric = st.floats(-1e6, 1e6) | st.integers(-50, 50) | st.booleans()
missing = st.none() | st.just(math.nan)
names = st.sampled_from(["x", "size", "colour", 7, ("pair", 1), ""])
foreign = st.sampled_from(
    [math.inf, -math.inf, 10**400, [1.0], b"x", 1j, datetime.timedelta(1), np.array([1.0]), "text"]
)
labels = st.sampled_from(["up", "down", 3, True, ""])
no_labels = st.sampled_from([None, math.nan, ["up"], {}])


def rows(values):
    """Rows in which any feature may come or not."""
    typed = st.fixed_dictionaries(
        {}, optional={"x": numeric | missing, "size": numeric, "colour": values, 7: values}
    )
    return typed | st.dictionaries(names, values, max_size=4)


def mostly(good, bad):
    """One of the good, and now and then a bad one."""
    return st.integers(0, 7).flatmap(lambda k: bad if k == 0 else good)


def streams(values, bad):
    """Rows beside labels, some of which cannot be learnt; they come several times."""
    text = st.sampled_from(["red", "green", "blue"])
    good = rows(values | missing | text if values is numeric else values)
    wrong = st.builds(lambda x, name, value: {**x, name: value}, good, names, bad)
    pairs = st.tuples(mostly(good, wrong), mostly(labels, no_labels))
    return st.builds(
        lambda some, n: some * n, st.lists(pairs, max_size=16), st.sampled_from([1, 10])
    )


class Contract:
    """What `ArrayClassifier` promises to accept, kept apart from the code that decides it."""

    def __init__(self, model):
        self.kinds = {}  # of each feature: number or str, by the first value that was learnt
        self._text = takes_text(model)
        self._least = -1e308 if takes_negative(model) else 0.0
        self._labels = None if tells_many_apart(model) else set()  # of two, those that came

    def accepts(self, x):
        return all(self._accepts(name, value) for name, value in x.items())

    def takes_label(self, y):
        if not isinstance(y, str | int):
            return False
        return self._labels is None or len(self._labels | {y}) <= 2

    def learn(self, x, y):
        if self._labels is not None:
            self._labels |= {False, True} if isinstance(y, bool) and not self._labels else {y}
        for name, value in x.items():
            if value is not None and value == value:
                self.kinds.setdefault(name, str if isinstance(value, str) else float)

    def _accepts(self, name, value):
        if isinstance(value, str):
            return self._text and self.kinds.get(name) is not float
        number = isinstance(value, numbers.Real) and self._least <= value < 1e308
        return value is None or number or (isinstance(value, float) and math.isnan(value))


def refusal(call, *args):
    """The error with which a call refuses its arguments, None where it takes them."""
    try:
        call(*args)
    except REFUSED as error:
        return error
    return None


def answer(model, x):
    if isinstance(model, base.Transformer):
        return model.transform_one(x)
    if isinstance(model, ArrayClassifier):
        return model.predict_proba_one(x)
    if isinstance(model, base.AnomalyDetector):
        return model.score_one(x)
    return model.predict_one(x)


@pytest.mark.filterwarnings("ignore:labels of two kinds")
@pytest.mark.filterwarnings("ignore:feature .* has values outside its limits")
@pytest.mark.filterwarnings("ignore:.* looks at the features of the first row")
@pytest.mark.filterwarnings("ignore:the score of a row")
@pytest.mark.parametrize("model", CLASSIFIERS)
@FEW
@given(stream=streams(numeric, foreign))
def test_classifiers_accept_what_they_promise(model, stream):
    """Rows are refused if and only if the contract says so, whatever came before."""
    learner, contract = fresh(model), Contract(model)
    for x, y in stream:
        good = contract.accepts(x)
        error = refusal(learner.predict_proba_one, x)
        assert (error is None) == good, f"prediction of {x}: {error}"
        if good and learner.labels:
            require_distribution(learner, learner.predict_proba_one(x), f"at {x}")
        error = refusal(learner.learn_one, x, y)
        assert (error is None) == (good and contract.takes_label(y)), (
            f"learning {x}, label {y!r}: {error}"
        )
        if error is None:
            contract.learn(x, y)


def number(y):
    return float(len(str(y)))


def learn(model, x, y):
    """Learn a row in the way of the model; `y` is a label, or a number for a regressor."""
    if isinstance(model, base.Transformer | base.AnomalyDetector):
        model.learn_one(x)
    elif isinstance(model, base.Regressor):
        model.learn_one(x, y if y is None else number(y))
    else:
        model.learn_one(x, y)


@pytest.mark.filterwarnings("ignore:labels of two kinds")
@pytest.mark.filterwarnings("ignore:feature .* has values outside its limits")
@pytest.mark.filterwarnings("ignore:.* looks at the features of the first row")
@pytest.mark.filterwarnings("ignore:the score of a row")
@pytest.mark.parametrize("model", LEARNERS)
@FEW
@given(stream=streams(numeric, foreign))
def test_refused_rows_leave_no_trace(model, stream):
    """A learner that refused some rows equals one that never met them."""
    learner, untouched = fresh(model), fresh(model)
    for x, y in stream:
        if refusal(answer, learner, x) is None and refusal(learn, learner, x, y) is None:
            learn(untouched, x, y)
    assert snapshot(learner) == snapshot(untouched)


@pytest.mark.filterwarnings("ignore:labels of two kinds")
@pytest.mark.filterwarnings("ignore:feature .* has values outside its limits")
@pytest.mark.filterwarnings("ignore:.* looks at the features of the first row")
@pytest.mark.filterwarnings("ignore:the score of a row")
@pytest.mark.parametrize("model", LEARNERS)
@FEW
@given(stream=streams(numeric, foreign), size=st.sampled_from([1, 3, 100]))
def test_arrays_equal_rows(model, stream, size):
    """`learn_many` in chunks of any size leads to the answers of a loop of `learn_one`."""
    by_rows, by_arrays = fresh(model), fresh(model)
    columns = ["x", "size", "colour", 7]
    kept = []
    for x, y in stream:
        row = {name: x.get(name) for name in columns}
        if refusal(answer, by_rows, row) is None and refusal(learn, by_rows, row, y) is None:
            kept.append((row, y))
    for start in range(0, len(kept), size):
        part = kept[start : start + size]
        X = np.array([[*row.values()] for row, _ in part], dtype=object)
        y = [label for _, label in part]
        if isinstance(model, base.Transformer):
            if type(model).learn_many is not base.MiniBatchTransformer.learn_many:
                by_arrays.learn_many(X, names=columns)
        elif isinstance(model, base.AnomalyDetector):
            by_arrays.learn_many(X, names=columns)
        elif isinstance(model, base.Regressor):
            by_arrays.learn_many(X, [number(label) for label in y], names=columns)
        else:
            by_arrays.learn_many(X, y, names=columns)
    probes = [row for row, _ in kept[-20:]]
    # columns found in another order are added up in another order
    for x in probes:
        assert answer(by_arrays, x) == pytest.approx(answer(by_rows, x), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("model", DETECTORS)
@FEW
@given(
    values=st.lists(
        mostly(st.floats(0, 1) | st.integers(0, 1) | st.booleans(), st.floats() | foreign),
        max_size=60,
    )
)
def test_detectors_refuse_or_read(model, values):
    """A detector reads numbers and refuses the rest; loop and array give the same alarms."""
    detector, untouched = fresh(model), fresh(model)
    read, alarms = [], []
    for value in values * 8:
        if refusal(detector.update, value) is not None:
            continue
        if detector.drift_detected:
            alarms.append(len(read))
        read.append(value)
    assert untouched.update_many(np.array(read, dtype=float)).tolist() == alarms
    assert snapshot(detector) == snapshot(untouched)
