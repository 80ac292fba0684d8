"""Values of pandas, NumPy and Python at every door: right, or refused in words."""

import datetime
import pickle
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from river import compose

from olearn import learners, streams
from olearn.core.features import FeatureIndex
from olearn.core.values import is_missing, is_number

MISSING = [None, float("nan"), np.float32("nan"), Decimal("NaN"), pd.NA, pd.NaT, np.ma.masked]
NUMBERS = [(np.True_, 1.0), (np.float32(2), 2.0), (np.int8(3), 3.0), (Decimal("1.5"), 1.5)]
TIMES = [
    datetime.datetime(2024, 1, 1),
    datetime.date(2024, 1, 1),
    datetime.timedelta(days=1),
    pd.Timestamp("2024"),
    pd.Timedelta(1, "s"),
    np.datetime64("2024"),
    np.timedelta64(1, "s"),
]
FRAMES = [
    pd.DataFrame(np.eye(4)),
    pd.DataFrame(np.eye(4)[:, :2], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")])),
    pd.DataFrame({0: [1.0, 2.0, 3.0, 4.0], "c": list("uvuv")}),
]


def tree():
    return learners.HoeffdingTreeClassifier()


def encoded(frame):
    index = FeatureIndex()
    return index.learn_many(index.check_many(frame)).tolist(), index


# -- rows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", MISSING, ids=repr)
def test_missing_in_rows(value):
    """A row with the value does what a row without the name does, quietly."""
    assert is_missing(value)
    with_it, without = tree(), tree()
    through = compose.Discard("nothing") | tree()
    for model in (with_it, without, through):
        model.learn_one({"a": 1.0, "c": "u"}, "x")
    for model, x in ((with_it, {"a": value, "c": value}), (without, {}), (through, {"a": value})):
        assert model.predict_one(x) == "x"
        model.learn_one(x, "y")
    rows = [({"a": value, "c": value}, 1), ({"a": 1, "c": "u"}, 2)]
    assert np.isnan(next(streams.from_iterable(rows).blocks())[0][0]).all()
    wanted = without.predict_proba_one({"a": 1.0})
    assert with_it.predict_proba_one({"a": 1.0}) == wanted


@pytest.mark.parametrize(("value", "number"), NUMBERS, ids=repr)
def test_numbers_in_rows(value, number):
    """What is a number is read as one, in rows and in streams of rows."""
    assert is_number(value)
    index = FeatureIndex()
    for _ in range(2):  # new, then known
        assert index.learn_one({"a": value, "b": 0.5}).tolist() == [number, 0.5]
    stream = streams.from_iterable([({"a": value}, 1), ({"a": value}, 2)])
    assert next(stream.blocks())[0].tolist() == [[number], [number]]


@pytest.mark.parametrize("value", TIMES, ids=repr)
def test_times_are_refused_with_the_remedy(value):
    """By name, in rows, frames, arrays and streams; nothing was learnt."""
    model = tree()
    for x in ({"t": value}, {"t": value, "a": 1.0}):
        with pytest.raises(TypeError, match=r"'t' must be a number or a string.*such as its hour"):
            model.learn_one(x, 1)
    of_numpy = isinstance(value, np.datetime64 | np.timedelta64)
    for make in (pd.DataFrame,) if of_numpy else (pd.DataFrame, pl.DataFrame):
        frame = make({"t": [value, value]})
        with pytest.raises(TypeError, match=r"'t' must be a number or a string.*such as its hour"):
            model.learn_many(frame, [1, 2])
    if of_numpy:
        with pytest.raises(TypeError, match=r"X must hold numbers or text.*such as its hour"):
            model.learn_many(np.array([[value]]), [1])
    with pytest.raises(TypeError, match=r"'t' must hold numbers or text.*such as its hour"):
        streams.from_iterable([({"t": value}, 1), ({"t": value}, 2)])
    assert model.labels == []


# -- frames and arrays ---------------------------------------------------------------------------


@pytest.mark.parametrize("frame", FRAMES, ids=["integers", "two levels", "both kinds"])
def test_names_of_any_kind(frame):
    """Integer names, two levels and a mixture, at every door of every kind of model."""
    y = [0, 1, 0, 1]
    models = [tree(), learners.ARFClassifier(seed=1), learners.AnalyticRidgeClassifier()]
    for model in models:
        model.learn_many(frame, y)
        model.test_then_train_many(frame, y)
        assert len(model.predict_many(frame)) == len(model.predict_proba_many(frame)) == 4
        assert model._features.names == list(frame.columns)
    regressor = learners.AnalyticRidgeRegressor()
    regressor.learn_many(frame, y)
    assert len(regressor.predict_many(frame)) == 4
    lift = learners.RandomReLU(3, seed=1)
    assert lift.transform_many(frame).shape == (4, 3)
    if "c" not in frame.columns:
        dictionary = learners.OrthogonalDictionaryLearner(batch_size=2, seed=1)
        dictionary.learn_many(frame)
        assert len(dictionary.transform_many(frame)) == 4


def test_integer_names_are_those_of_an_array():
    """A frame without names of its own and the array leave the same state."""
    X, y = np.random.default_rng(0).normal(size=(50, 3)), [0, 1] * 25
    by_frame, by_array = tree(), tree()
    by_frame.learn_many(pd.DataFrame(X), y)
    by_array.learn_many(X, y)
    assert pickle.dumps(by_frame) == pickle.dumps(by_array)


def test_equal_names_are_refused():
    """Two columns of one name: said so."""
    with pytest.raises(ValueError, match=r"names must differ, got \['a', 'a'\]"):
        tree().learn_many(pd.DataFrame([[1, 2]], columns=["a", "a"]), [1])


def test_gaps_in_frames():
    """Nullable types of pandas, columns of NA, objects and decimals of any kind of frame."""
    nan = float("nan")
    cases = [
        ({"a": pd.array(["u", None, "v"], dtype="string")}, [[0], [nan], [1]]),
        ({"a": pd.array([1, None, 2], dtype="Int64")}, [[1], [nan], [2]]),
        ({"a": pd.array([True, None, False], dtype="boolean")}, [[1], [nan], [0]]),
        ({"a": [pd.NA] * 3, "b": [1, 2, 3]}, [[nan, 1], [nan, 2], [nan, 3]]),
        ({"a": [pd.NA, "u", None], "b": [1, pd.NaT, 3]}, [[nan, 1], [0, nan], [nan, 3]]),
        ({"a": [Decimal("1.5"), None, np.True_]}, [[1.5], [nan], [1]]),
    ]
    for columns, wanted in cases:
        np.testing.assert_array_equal(encoded(pd.DataFrame(columns))[0], wanted)
    for make in (pa.table, pl.DataFrame):
        got = encoded(make({"a": [Decimal("1.5"), None]}))[0]
        np.testing.assert_array_equal(got, [[1.5], [nan]])


def test_categorical_columns_are_nominal():
    """Also where the categories are numbers; the model's own list wins."""
    frame = pd.DataFrame({"a": pd.Categorical([1, 2, None, 1])})
    assert encoded(frame)[1].widths == [3]
    model = learners.HoeffdingTreeClassifier(nominal_attributes=[])
    model.learn_many(frame, [0, 1, 0, 1])
    assert model._features.widths == [0]


def test_masked_entries_are_missing():
    """An entry under a mask is not seen, in numbers and in objects, by learners and streams."""
    nan = float("nan")
    X = np.ma.masked_array([[1.0, 999.0], [2.0, 3.0]], mask=[[0, 1], [0, 0]])
    wanted = [[1.0, nan], [2.0, 3.0]]
    whole = np.ma.masked_array([[1, 999], [2, 3]], mask=X.mask)
    for given in (X, whole, X.astype(object)):
        np.testing.assert_array_equal(encoded(given)[0], wanted)
    np.testing.assert_array_equal(next(streams.from_arrays(X, [0, 1]).blocks())[0], wanted)
    y = np.ma.masked_array([0, 1], mask=[0, 1])
    for labels in (y, y.astype(str)):
        with pytest.raises(ValueError, match="y must be a label, got None in row 1"):
            tree().learn_many(X, labels)
        with pytest.raises(ValueError, match="y must hold a label in every row, got None"):
            streams.from_arrays(X, labels)
    with pytest.raises(ValueError, match="y must be finite, got nan"):
        learners.AnalyticRidgeRegressor().learn_many(X, y)
    with pytest.raises(ValueError, match="w must be finite and not negative, got nan"):
        tree().learn_many(X, [0, 1], y)


# -- labels --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(["a", None, "b"], dtype="category"),
        pd.Series(["a", None, "b"], dtype="string"),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series([1, None, 2], dtype="Int64"),
        pl.Series(["a", None, "b"], dtype=pl.Categorical),
        pa.chunked_array([pa.array(["a", None, "b"]).dictionary_encode()]),
        pa.chunked_array([pa.array([1, None, 2])]),
        ["a", pd.NA, "b"],
        ["a", pd.NaT, "b"],
    ],
    ids=lambda y: f"{type(y).__module__}:{getattr(y, 'dtype', getattr(y, 'type', ''))}",
)
def test_a_missing_label_is_refused(y):
    """Whatever holds the labels, a gap names `y` and its row, and nothing was learnt."""
    model = tree()
    for learn in (model.learn_many, model.test_then_train_many):
        with pytest.raises(ValueError, match=r"y must be a label, got .* in row 1"):
            learn(np.eye(3), y)
    assert model.labels == []


def test_labels_of_other_kinds_without_gaps():
    """The same kinds, complete, are learnt as what they hold."""
    for y in (
        pd.Series([True, False], dtype="boolean"),
        pa.chunked_array([pa.array([True, False])]),
    ):
        model = tree()
        model.learn_many(np.eye(2), y)
        assert model.labels == [True, False]
    model = tree()
    model.learn_many(np.eye(2), pa.chunked_array([pa.array(["a", "b"]).dictionary_encode()]))
    assert model.labels == ["a", "b"]


@pytest.mark.parametrize("value", [pd.NA, pd.NaT, np.ma.masked, np.float64("nan")], ids=repr)
def test_a_missing_label_of_one_row(value):
    """It names `y`."""
    with warnings.catch_warnings(), pytest.raises((TypeError, ValueError), match="y must be a"):
        tree().learn_one({"a": 1.0}, value)
