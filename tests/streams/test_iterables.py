"""Tests of `olearn.streams.iterables`."""

import copy
import math
import pickle

import numpy as np
import pytest
from river.datasets import synth
from river.stream import iter_arff

from olearn import streams
from olearn.core.features import FeatureIndex

ROWS = [
    ({"a": 1, "b": "red", "c": True}, "no"),
    ({"b": "blue", "a": 2.5, "d": 7}, "yes"),
    ({"a": None, "b": None, "c": False, "d": math.nan}, "no"),
    ({"b": "red"}, "yes"),
]


def test_rows_round_trip():
    """Numbers, text, bools and what is missing come out as documented."""
    stream = streams.from_iterable(ROWS, nominal=["d"])
    assert stream.schema.names == ("a", "b", "c", "d")
    assert stream.schema.nominal == ("b", "c", "d")
    assert stream.schema.categories == {"b": ("red", "blue")}
    X, y = next(stream.blocks())
    nan = math.nan
    expected = [[1, 0, 1, nan], [2.5, 1, nan, 7], [nan, nan, 0, nan], [nan, 0, nan, nan]]
    np.testing.assert_array_equal(X, expected)
    assert y.tolist() == [0, 1, 0, 1]
    (first, label), (second, _) = stream.take(2)
    assert ([first[name] for name in "abc"], label) == ([1.0, "red", 1], "no")
    assert math.isnan(second["c"])
    assert second["b"] == "blue"


def test_numbers_as_text_are_said(tmp_path):
    """Values that are all numbers in quotes, as river reads sparse ARFF, come with a warning."""
    path = tmp_path / "t.arff"
    path.write_text("@attribute a real\n@attribute y {0,1}\n@data\n{0 1.5,1 1}\n{0 2,1 1}\n")
    with path.open() as file:
        rows = [(x, x.pop("y", "0")) for x, _ in iter_arff(file, sparse=True)]
    with pytest.warns(UserWarning, match=r"in 1 features \('a'\): turn .* iter_arff\(sparse=True"):
        stream = streams.from_iterable(rows)
    assert stream.schema.nominal == ("a",)
    assert streams.from_iterable(rows, nominal=["a"]).schema.categories == {"a": ("1.5", "2")}
    numbers = [({"a": float(x["a"])}, y) for x, y in rows]
    assert streams.from_iterable(numbers).schema.nominal == ()


def test_learners_see_equal_numbers_both_ways():
    """`olearn.core.features` numbers the dicts' text and ints as the blocks do."""
    stream = streams.from_iterable(ROWS, nominal=["d"])
    index = FeatureIndex(nominal=stream.schema.nominal)
    X, _ = next(stream.blocks())
    np.testing.assert_array_equal([index.learn_one(x) for x, _ in stream], X)


def test_nominal_numbers_that_are_no_codes_become_text():
    """A declared feature with a value that is no whole number from 0 to 9,999 has categories."""
    rows = [({"k": value}, 0) for value in (2.5, -1, 3, 2.5)]
    stream = streams.from_iterable(rows, nominal=["k"])
    assert stream.schema.categories == {"k": ("2.5", "-1", "3")}
    assert next(stream.blocks())[0].ravel().tolist() == [0, 1, 2, 0]


def test_block_size_changes_nothing():
    """Rows are the same whatever the size of the blocks, across the pieces that are read."""
    rows = [({"a": k, "b": f"c{k % 17}"}, k % 3) for k in range(2500)]
    stream = streams.from_iterable(rows)
    whole = next(stream.blocks(5000))[0]
    for size in (1, 7, 1000, 1001):
        np.testing.assert_array_equal(np.concatenate([X for X, _ in stream.blocks(size)]), whole)
    for other in (copy.deepcopy(stream), pickle.loads(pickle.dumps(stream))):
        np.testing.assert_array_equal(next(other.blocks(5000))[0], whole)


def test_endless_river_sets():
    """An endless river set stays endless; its labels are known from its number of classes."""
    dataset = synth.LED(seed=42)
    stream = streams.from_river(dataset)
    assert stream.n_samples is None
    assert stream.schema.labels == tuple(range(10))
    assert list(stream.take(1200)) == list(dataset.take(1200))


def test_what_is_new_after_the_peek_is_an_error():
    """A category or feature that an endless set shows later cannot be coded, and says so."""

    class Late(synth.SEA):
        def __init__(self, late):
            super().__init__(seed=1)
            self.late = late

        def __iter__(self):
            for k, (x, y) in enumerate(super().__iter__()):
                yield self.late(k, x, y)

    cases = {
        "has the value 'new'": lambda k, x, y: ({"s": "new" if k == 10_500 else "old"}, y),
        "feature 'z' was not there": lambda k, x, y: (x | ({"z": 1} if k == 10_500 else {}), y),
        "label 2 was not there": lambda k, x, y: (x, 2 if k == 10_500 else int(y)),
    }
    for message, late in cases.items():
        stream = streams.from_river(Late(late))
        with pytest.raises(ValueError, match=message):
            list(stream.take(11_500))


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        ([], ValueError, "rows must be at least one"),
        (iter(ROWS), TypeError, "can be read only once: give a list"),
        ([({"a": 1}, 0), ({"a": "x"}, 0)], ValueError, "'a' must hold numbers or text, got both"),
        ([({"a": [1]}, 0)], TypeError, "feature 'a' must hold numbers or text, got"),
        ([({"a": 1}, None)], ValueError, "must hold a label in every row, got None"),
        ([({"a": 1}, 0.5)], ValueError, "got the real number 0.5"),
        ([({}, 0)], ValueError, "names must be at least one"),
    ],
)
def test_bad_rows_are_explained(rows, error, message):
    """Rows that cannot be a classification stream raise at once."""
    with pytest.raises(error, match=message):
        streams.from_iterable(rows)


def test_unknown_nominal_feature():
    """A nominal name that no row has is an error that lists the features."""
    with pytest.raises(ValueError, match="nominal must be among the features 'a', 'b', 'c', 'd'"):
        streams.from_iterable(ROWS, nominal=["z"])


def test_numbers_as_targets():
    """Numbers are floats in blocks and rows; what is none is refused at the first reading."""
    rows = [({"a": 1, "b": "x"}, 2), ({"a": 2}, 0.5)]
    stream = streams.from_iterable(rows, target="numbers")
    assert stream.schema.target == streams.Numbers()
    assert next(stream.blocks())[1].tolist() == [2.0, 0.5]
    assert [y for _, y in stream] == [2.0, 0.5]
    for bad in (float("nan"), None, "2"):
        with pytest.raises((TypeError, ValueError), match="y must be"):
            streams.from_iterable([*rows, ({"a": 1}, bad)], target="numbers")
    with pytest.raises(ValueError, match=r"got the real number 0\.5; target='numbers' makes"):
        streams.from_iterable(rows)
