"""Tests of the way from dicts, frames and arrays to rows."""

import copy
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest

from olearn.core.categories import UNSEEN, CategoryIndex
from olearn.core.features import FeatureIndex
from olearn.core.tables import Table

FRAMES = [pd.DataFrame, pl.DataFrame]
NAN = float("nan")


def same(a, b):
    np.testing.assert_array_equal(a, np.array(b, dtype=float))


def state(index):
    return pickle.dumps(index)


# -- columns -------------------------------------------------------------------------------------


def test_columns_grow_in_order_of_appearance():
    """A new feature appends a column; a missing one is NaN; the order in the dict is free."""
    index = FeatureIndex()
    same(index.learn_one({"b": 1.0, "a": 2.0}), [1, 2])
    same(index.learn_one({"c": 3.0, "b": 4.0}), [4, NAN, 3])
    same(index.learn_one({"a": 5.0, "b": 6.0, "c": 7.0}), [6, 5, 7])
    assert index.names == ["b", "a", "c"]
    assert index.widths == [0, 0, 0]


def test_encoding_for_a_prediction_changes_nothing():
    """Unknown features are left out, a new category gets the code it would get; no trace stays."""
    index = FeatureIndex()
    index.learn_one({"a": 1.0, "day": "mon"})
    before = state(index)
    same(index.encode_one({"new": 9.0, "a": 2.0, "day": "sun"}), [2, 1])
    same(index.encode_one({"day": "sat"}), [NAN, 1])
    same(index.encode_one({}), [NAN, NAN])
    same(index.encode_many(index.check_many(pl.DataFrame({"new": [1], "a": [3]}))), [[3, NAN]])
    assert state(index) == before


def test_none_and_nan_are_missing():
    """Both stand for a missing value, in dicts, frames and arrays of objects."""
    rows = [[1.0, NAN], [NAN, 2.0]]
    index = FeatureIndex()
    same(index.learn_one({0: 1.0, 1: None}), rows[0])
    same(index.learn_one({0: NAN, 1: 2.0}), rows[1])
    objects = np.array([[1.0, None], [NAN, 2.0]], dtype=object)
    same(index.encode_many(index.check_many(objects)), rows)
    frame = pl.DataFrame({"0": [1.0, None], "1": [None, 2.0]})
    other = FeatureIndex()
    same(other.learn_many(other.check_many(frame)), rows)


def test_booleans_and_integers_are_numbers():
    """A boolean feature is 0 or 1, an integer its own value, by dict and by frame."""
    index = FeatureIndex()
    same(index.learn_one({"flag": True, "n": 3}), [1, 3])
    for make in FRAMES:
        same(index.encode_many(index.check_many(make({"flag": [False], "n": [7]}))), [[0, 7]])


# -- nominal features ----------------------------------------------------------------------------


def test_text_is_coded_by_first_appearance():
    """A feature whose first value is a string is nominal: codes 0, 1, ... as they come."""
    index = FeatureIndex()
    codes = [index.learn_one({"c": c})[0] for c in ("red", "blue", "red", "green")]
    assert codes == [0, 1, 0, 2]
    assert index.widths == [3]


def test_whole_numbers_of_a_nominal_feature_are_their_own_codes():
    """A listed feature keeps 0..9999 as they are; other numbers take the next free code."""
    index = FeatureIndex(nominal={"c"})
    values = [7, 2.0, True, 0.5, -3, 10_000, 7]
    assert [index.learn_one({"c": v})[0] for v in values] == [7, 2, 1, 8, 9, 10, 7]
    assert index.widths == [11]


def test_a_number_whose_own_code_is_taken_gets_the_next():
    """No two values ever share a code."""
    index = CategoryIndex()
    assert [index.add(v) for v in ("x", "y", 0, 1, 5)] == [0, 1, 2, 3, 5]
    assert len(set(index.codes.values())) == 5


def test_categories_are_bounded():
    """The first 10,000 categories get codes; later ones stay unseen, and the old keep theirs."""
    index = CategoryIndex()
    for k in range(10_000):
        index.add(f"c{k}")
    assert index.add("one more") == UNSEEN
    assert index.get("c9999") == 9_999
    assert index.size == 10_000


@pytest.mark.parametrize("seed", range(3))
def test_rows_and_arrays_give_the_same_codes(seed):
    """Own codes, other numbers and missing values: a block is coded like its rows, in any cut."""
    rng = np.random.default_rng(seed)
    X = rng.choice([0.0, 1.0, 5.0, 2.5, -1.0, NAN], size=(60, 2))
    X[:20] = rng.choice([0.0, 3.0, NAN], size=(20, 2))  # only own codes at first
    by_row, by_block = (FeatureIndex(nominal={1}) for _ in range(2))
    cuts = [X[:7], X[7:20], X[20:21], X[21:]]
    rows = [by_row.learn_one(dict(enumerate(row))) for row in X.tolist()]
    blocks = [by_block.learn_many(by_block.check_many(cut)) for cut in cuts]
    # a block may add categories in its own order only if the rows do
    same(np.vstack(blocks), np.vstack(rows))
    same(np.vstack([by_block.encode_one(dict(enumerate(row))) for row in X.tolist()]), rows)


@pytest.mark.parametrize("make", FRAMES)
def test_frames_with_text_give_the_rows_of_dicts(make):
    """Text, numbers and missing text of a frame are coded as the same dicts are."""
    data = {"size": [1.5, 2.5, 3.5], "day": ["mon", None, "tue"]}
    by_row, by_frame = FeatureIndex(), FeatureIndex()
    dicts = [dict(zip(data, values, strict=True)) for values in zip(*data.values(), strict=True)]
    rows = [by_row.learn_one(x) for x in dicts]
    frame = make(data)
    same(by_frame.learn_many(by_frame.check_many(frame)), rows)
    same(rows, [[1.5, 0], [2.5, NAN], [3.5, 1]])
    same(by_frame.encode_many(by_frame.check_many(frame)), rows)
    assert by_frame.widths == [0, 2]


def test_text_in_an_array_of_objects():
    """An array of objects is read column by column; names give its features."""
    X = np.array([["mon", 1], ["tue", 2]], dtype=object)
    index = FeatureIndex()
    same(index.learn_many(index.check_many(X, ["day", "n"])), [[0, 1], [1, 2]])
    same(index.encode_one({"n": 3, "day": "tue"}), [1, 3])


def test_an_array_of_known_order_is_not_copied():
    """float64 rows of numeric features, in the known order, go through as they are."""
    X = np.ones((3, 2))
    index = FeatureIndex()
    assert index.learn_many(index.check_many(X)) is X


def test_an_array_in_another_order_is_reordered():
    """Columns are found by name."""
    index = FeatureIndex()
    index.learn_one({"a": 1.0, "b": 2.0})
    rows = index.learn_many(index.check_many(np.array([[1.0, 2.0, 3.0]]), ["b", "c", "a"]))
    same(rows, [[3, 1, 2]])


# -- the quick way -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "x",
    [
        {"a": 2.0, "c": "u"},
        {"c": "u", "a": 2.0},
        {"a": 2.0, "c": "new"},
        {"a": None, "c": "v"},
        {"a": NAN, "c": "v"},
        {"a": 2.0, "c": NAN},
        {"a": True, "c": None},
        {"a": 1e308, "c": "u"},
        {"a": 2.0},
    ],
)
def test_the_quick_way_gives_what_the_long_way_gives(x):
    """`quick` either declines or gives the row that a thorough encoding gives."""
    index = FeatureIndex()
    index.learn_one({"a": 1.0, "c": "u"})
    index.learn_one({"a": 1.0, "c": "v"})
    quick = index.quick(x)
    if quick is not None:
        same(quick, index.encode_many(index.check_many(pl.DataFrame([x], strict=False)))[0])
    complete = list(x) == ["a", "c"] and x["a"] in (2.0, 1e308) and x["c"] == "u"
    assert (quick is not None) == complete


@pytest.mark.parametrize("value", [float("inf"), "2.0", [1.0], np.inf, np.float32("inf"), 1j])
def test_the_quick_way_declines_what_is_refused(value):
    """Whatever the long way refuses never gets through the quick one."""
    index = FeatureIndex()
    index.learn_one({"a": 1.0})
    assert index.quick({"a": value}) is None
    with pytest.raises((ValueError, TypeError), match="feature 'a'"):
        index.encode_one({"a": value})


class Interrupted(float):
    """A number at whose comparison another thread has its turn."""

    def __eq__(self, other):
        self.turn()
        return float(self) == other

    __hash__ = float.__hash__


def test_another_thread_does_not_change_the_row():
    """The last row is read once: what another thread encodes in between is not returned."""
    index = FeatureIndex()
    index.learn_one({"a": 1.0})
    expected = index.quick({"a": 2.0})
    value = Interrupted(2.0)
    value.turn = lambda: index.quick({"a": 3.0})
    assert index.quick({"a": value}) is expected


# -- errors --------------------------------------------------------------------------------------


def test_a_row_that_changes_between_two_calls_is_encoded_anew():
    """The array of the last row is used again for equal values only."""
    index = FeatureIndex(nominal={"b"})
    index.learn_one({"a": 1.0, "b": "x"})
    index.learn_one({"a": 1.0, "b": "y"})
    x = {"a": 2.0, "b": "x"}
    first = index.quick(x)
    assert index.quick(x) is first
    x["b"] = "y"
    np.testing.assert_array_equal(index.quick(x), [2.0, 1.0])
    x["a"] = float("nan")
    assert index.quick(x) is None
    np.testing.assert_array_equal(first, [2.0, 0.0])
    assert pickle.dumps(index) == pickle.dumps(copy.deepcopy(index))


@pytest.mark.parametrize(
    ("x", "error", "match"),
    [
        ({"new": 1.0, "a": float("inf")}, ValueError, "feature 'a' must be finite or missing"),
        ({"new": 1.0, "a": -float("inf")}, ValueError, "got -inf"),
        ({"new": 1.0, "a": "x"}, ValueError, "feature 'a' is numeric, got 'x'; list it in nominal"),
        ({"new": 1.0, "a": [1]}, TypeError, r"feature 'a' must be a number or a string, got \[1\]"),
        ({"new": 1.0, "c": b"u"}, TypeError, "feature 'c' must be a number or a string"),
        ([1.0, 2.0], TypeError, "x must be a dict of features"),
    ],
)
def test_bad_rows_are_refused_before_anything_changes(x, error, match):
    """The message names the feature and the value; no column or category is added."""
    index = FeatureIndex()
    index.learn_one({"a": 1.0, "c": "u"})
    before = state(index)
    for method in (index.learn_one, index.encode_one):
        with pytest.raises(error, match=match):
            method(x)
    assert state(index) == before


@pytest.mark.parametrize(
    ("X", "names", "error", "match"),
    [
        (np.array([[1.0, np.inf]]), None, ValueError, "feature 1 must be finite"),
        (np.array([[1.0, np.inf]]), ["p", "q"], ValueError, "feature 'q' must be finite"),
        (np.array([["x", 1.0]], dtype=object), ["a", "q"], ValueError, "feature 'a' is numeric"),
        (np.ones((2, 2)), ["a"], ValueError, r"names must have 2 entries, .* got \['a'\]"),
        (np.ones(3), None, ValueError, r"X must be a 2-D array of rows, got shape \(3,\)"),
        ([[1.0]], None, TypeError, "X must be a data frame or a 2-D array, got type list"),
        (pd.DataFrame({"a": ["x"]}), None, ValueError, "feature 'a' is numeric, got 'x'"),
        (pl.DataFrame({"new": ["u"], "a": [np.inf]}), None, ValueError, "feature 'a' must be fin"),
        (pd.DataFrame({"new": [{}]}), None, TypeError, "feature 'new' must be a number or a str"),
    ],
)
def test_bad_batches_are_refused_before_anything_changes(X, names, error, match):
    """The same for arrays and frames, by the check that comes before any learning."""
    index = FeatureIndex()
    index.learn_one({"a": 1.0, "c": "u"})
    before = state(index)
    with pytest.raises(error, match=match):
        index.check_many(X, names)
    assert state(index) == before


def test_numbers_after_text_in_a_frame_column_are_categories():
    """Whether a column is nominal is decided by its first value that is there, as row by row."""
    by_row, by_frame = FeatureIndex(), FeatureIndex()
    values = [None, "u", 0, 3.5]
    rows = [by_row.learn_one({"c": v}) for v in values[1:]]
    X = np.array([[v] for v in values[1:]], dtype=object)
    same(by_frame.learn_many(by_frame.check_many(X, ["c"])), rows)


def test_length_of_a_table():
    """A table knows its number of rows, with text and without."""
    assert len(Table(np.ones((4, 2)))) == 4
    assert len(Table(pl.DataFrame({"c": ["a", "b"]}))) == 2
    assert len(Table(np.ones((0, 2)))) == 0


# -- odd values ---------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
def test_an_integer_beyond_all_floats_is_infinite(sign):
    """An integer too large for a float is refused as infinite, in every door."""
    index = FeatureIndex()
    index.learn_one({"a": 1.0})
    for x in ({"a": sign * 10**400}, {"b": sign * 10**400}):
        with pytest.raises(ValueError, match=r"must be finite or missing \(NaN\), got -?inf"):
            index.encode_one(x)
    with pytest.raises(ValueError, match="'a' must be finite"):
        index.check_many(np.array([[sign * 10**400]], dtype=object), ["a"])


def test_a_feature_without_values_stays_missing_in_predictions():
    """A feature that was only ever missing has no type yet, so that any value of it is unknown."""
    index = FeatureIndex()
    index.learn_one({"a": 1.0, "b": None})
    for value in ("red", 2.0):
        assert np.array_equal(index.encode_one({"a": 3.0, "b": value}), [3.0, np.nan], True)
        table = index.check_many(np.array([[3.0, value]], dtype=object), ["a", "b"])
        assert np.array_equal(index.encode_many(table), [[3.0, np.nan]], True)


def test_quick_takes_no_gap_for_the_row_before_the_first():
    """The only feature of a row, missing, is a row of one NaN."""
    index = FeatureIndex()
    index.learn_one({"x": 4.0})
    for x in ({"x": None}, {"x": float("nan")}, {}):
        assert np.isnan(index.encode_one(x)).tolist() == [True]
        assert index.quick(x) is None
