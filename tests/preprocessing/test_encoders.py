"""`OneHotEncoder`, `OrdinalEncoder` and `FeatureHasher` against river's, row for row."""

import subprocess
import sys

import numpy as np
import pytest
from river import preprocessing as theirs
from toys import mixed_rows

from olearn import preprocessing, streams

CATEGORIES = {"sky": ["blue", "red"], "level": [3], "id": [], "heat": []}
TEXTS = ("level", "sky", "id")


def texts():
    return [{k: v for k, v in x.items() if k in TEXTS} for x in mixed_rows()]


def frame(rows, names=TEXTS):
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame({name: [x.get(name) for x in rows] for name in names})


@pytest.mark.parametrize(
    "how",
    [{}, {"drop_zeros": True}, {"categories": CATEGORIES}],
    ids=["all", "without zeros", "some"],
)
def test_one_hot_equals_rivers(how):
    """Before and after a row is learnt, values that are new in it included."""
    river_how = how
    if "categories" in how:
        river_how = {"categories": {name: set(values) for name, values in CATEGORIES.items()}}
    ours, river = preprocessing.OneHotEncoder(**how), theirs.OneHotEncoder(**river_how)
    for x in texts():
        assert ours.transform_one(x) == river.transform_one(x)
        ours.learn_one(x)
        river.learn_one(x)
        assert ours.transform_one(x) == river.transform_one(x)
    if not how:
        assert {k: set(v) for k, v in ours.values.items()} == dict(river.values)


def test_one_hot_columns_come_in_the_order_of_the_rows():
    """Whatever the blocks; codes of numbers would sort them."""
    X = np.array([[9.0], [3.0], [7.0], [3.0]])
    by_rows, by_arrays = preprocessing.OneHotEncoder(), preprocessing.OneHotEncoder()
    for value in X[:, 0].tolist():
        by_rows.learn_one({0: value})
    by_arrays.learn_many(X)
    for encoder in (by_rows, by_arrays):
        assert list(encoder.transform_one({0: 7})) == ["0_9", "0_3", "0_7"]


def test_one_hot_names_numbers_alike():
    """1, 1.0 and True are one category; a name that is taken becomes a pair."""
    encoder = preprocessing.OneHotEncoder()
    for value in (1, 1.0, True, 2.5):
        encoder.learn_one({"x": value})
    assert encoder.transform_one({"x": True}) == {"x_1": 1.0, "x_2.5": 0.0}
    encoder = preprocessing.OneHotEncoder()
    encoder.learn_one({"a": "b_c", "a_b": "c"})
    assert encoder.transform_one({"a_b": "c"}) == {"a_b_c": 0.0, ("a_b", "c"): 1.0}


def test_one_hot_of_many_values_is_bounded():
    """Of a feature at most 10,000 values get a column; others are emitted as nothing."""
    encoder = preprocessing.OneHotEncoder(drop_zeros=True)
    X = np.arange(10_050.0)[:, None] + 20_000
    encoder.learn_many(X)
    assert len(encoder.values[0]) == 10_000
    assert encoder.transform_one({0: 29_999}) == {"0_29999": 1.0}
    assert encoder.transform_one({0: 30_049}) == {}


@pytest.mark.parametrize(
    "how",
    [{}, {"unknown_value": 2, "none_value": 1}, {"unknown_value": None, "none_value": -7}],
    ids=str,
)
def test_ordinal_equals_rivers(how):
    """With every key in the row: river's takes None for missing, ours an absent key too."""
    ours, river = preprocessing.OrdinalEncoder(**how), theirs.OrdinalEncoder(**how)
    known = set()
    for x in texts():
        given = {name: x.get(name) for name in TEXTS}
        if known == set(TEXTS):  # else ours has no number for what is missing
            expected = river.transform_one(given)
            assert ours.transform_one(x) == {k: v for k, v in expected.items() if v is not None}
        ours.learn_one(given)
        river.learn_one(given)
        known |= set(x)
        expected = {k: v for k, v in river.transform_one(given).items() if k in known}
        assert ours.transform_one(x) == {k: v for k, v in expected.items() if v is not None}
    assert ours.values == dict(river.values)


def test_ordinal_keeps_the_categories_that_are_given():
    """Nothing is learnt then."""
    encoder = preprocessing.OrdinalEncoder({"sky": {"blue": 4, "red": 9}})
    for sky in ("grey", "red"):
        encoder.learn_one({"sky": sky})
    assert [encoder.transform_one({"sky": sky})["sky"] for sky in ("blue", "grey", "red")] == [
        4.0,
        0.0,
        9.0,
    ]


@pytest.mark.parametrize(("n", "seed", "alternate_sign"), [(16, 1, True), (3, 2, True), (97, 3, 0)])
def test_hasher_equals_rivers(n, seed, alternate_sign):
    """Names and values of any length, letters beyond ASCII, names that are no text."""
    ours = preprocessing.FeatureHasher(n, seed, bool(alternate_sign))
    river = theirs.FeatureHasher(n, seed, bool(alternate_sign))
    rng = np.random.default_rng(1)
    for i, x in enumerate(mixed_rows()):
        x |= {"näme": "é" * (i % 6), ("pair", 1): 2.0, "big": int(rng.integers(10**12))}
        assert ours.transform_one(x) == pytest.approx(river.transform_one(x), rel=1e-15)


def test_hasher_takes_frames_arrays_and_ids():
    """Every door gives the same columns; a listed number is hashed as its text."""
    rows = [{"id": float(i % 3), "user": f"u{i}", "x": 0.5 * i} for i in range(20)]
    hasher = preprocessing.FeatureHasher(32, nominal_attributes=["id"])
    answers = hasher.transform_many(frame(rows, ("id", "user", "x"))).to_numpy()
    expected = [[hasher.transform_one(x).get(k, np.nan) for k in range(32)] for x in rows]
    assert np.array_equal(answers, expected, equal_nan=True)
    texts = [x | {"id": str(int(x["id"]))} for x in rows]
    assert [hasher.transform_one(x) for x in texts] == [hasher.transform_one(x) for x in rows]
    objects = np.array([list(x.values()) for x in rows], dtype=object)
    names = ["id", "user", "x"]
    assert np.array_equal(hasher.transform_many(objects, names=names), expected, equal_nan=True)


def test_hasher_is_the_same_in_every_process():
    """Python's own hash of a text is not."""
    code = (
        "from olearn import preprocessing as p;"
        "print(p.FeatureHasher(1000).transform_one({'user': 'u-8b1f', 'city': 'Rome'}))"
    )
    here = preprocessing.FeatureHasher(1000).transform_one({"user": "u-8b1f", "city": "Rome"})
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(here)


def test_hasher_keeps_nothing():
    """Ids without end need no memory."""
    hasher = preprocessing.FeatureHasher(8)
    before = hasher._raw_memory_usage
    hasher.learn_many(frame([{"id": f"user {i}"} for i in range(20_000)], ["id"]))
    assert hasher._raw_memory_usage <= before


def test_a_block_need_not_hold_all_categories_of_its_stream():
    """Of a schema that knows more texts than occur, before and after learning."""
    rows = [({"sky": sky, "x": 1.0}, 0) for sky in ("blue", "grey", "red")]
    stream = streams.from_iterable(rows)
    X, _ = next(stream.blocks(3))
    for encoder in (preprocessing.OrdinalEncoder(), preprocessing.OneHotEncoder()):
        for n in (1, 2):
            encoder.learn_many(X[:n], names=stream.schema)
            made = encoder.transform_many(X[:n], names=stream.schema)
            dicts = [encoder.transform_one(x) for x, _ in rows[:n]]
            assert [list(x.values()) for x in dicts] == [
                [v for v in r if v == v] for r in made.tolist()
            ]
        assert encoder.transform_many(X, names=stream.schema).shape[0] == 3


def test_hasher_tells_apart_what_is_equal_but_spelt_otherwise():
    """The row before is remembered, and rows may be equal, changed or spelt in two ways."""
    hasher = preprocessing.FeatureHasher(64, 1, nominal_attributes=["id"])
    fresh = preprocessing.FeatureHasher(64, 1, nominal_attributes=["id"])
    x = {"sky": "blue", "id": 1e19, "heat": 2.0}
    for change in ({}, {"id": 10**19}, {"id": "7"}, {"id": 7}, {"heat": 3.0}, {"heat": True}):
        x.update(change)
        hasher.learn_one(x)
        found = hasher.transform_one(x)
        fresh.transform_one({})
        assert found == fresh.transform_one(x)
    for bad in (float("inf"), [1], 10**400):
        with pytest.raises((TypeError, ValueError), match="heat"):
            hasher.learn_one(x | {"heat": bad})
    with pytest.raises(TypeError, match="dict of features"):
        hasher.transform_one([1.0])
