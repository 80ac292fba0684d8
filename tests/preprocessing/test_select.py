"""`Select` and `Discard`."""

import numpy as np
import pytest
from river import compose
from toys import mixed_rows

from olearn import preprocessing


@pytest.mark.parametrize("keys", [("sky", "heat"), ("id",), ()])
def test_equal_rivers(keys):
    """Where all keys are in the row, which river's asks for."""
    for cls, theirs in (
        (preprocessing.Select, compose.Select),
        (preprocessing.Discard, compose.Discard),
    ):
        ours, river = cls(*keys), theirs(*keys)
        for x in mixed_rows():
            ours.learn_one(x)
            if x.keys() >= set(keys):
                assert ours.transform_one(x) == river.transform_one(x)


def test_an_absent_key_is_missing():
    """River's raises KeyError."""
    select = preprocessing.Select("a", "b")
    assert select.transform_one({"a": 1.0, "c": 2.0}) == {"a": 1.0}


def test_arrays_and_frames():
    """Columns in the order in which they came first; an answer is no view of what was given."""
    pandas = pytest.importorskip("pandas")
    X = np.arange(6.0).reshape(2, 3)
    select = preprocessing.Select(2, 0)
    select.learn_many(X)
    answer = select.transform_many(X)
    assert answer.tolist() == [[0.0, 2.0], [3.0, 5.0]]
    answer[:] = 9.0
    assert X[0, 0] == 0.0
    kept = preprocessing.Discard("x").transform_many(pandas.DataFrame({"x": [1], "day": ["mon"]}))
    assert kept.to_dict("list") == {"day": ["mon"]}


def test_keys_are_names():
    """A list of keys is a slip."""
    with pytest.raises(TypeError, match=r"keys must hold names, got \['a', 'b'\]"):
        preprocessing.Select(["a", "b"])
    assert preprocessing.Select("a", "b").clone().keys == ("a", "b")
