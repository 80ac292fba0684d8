"""Tests of `load` and `names`, and what every synthetic stream that they know must do."""

import copy
import itertools
import pickle
import subprocess
import sys

import numpy as np
import pytest

from olearn import streams
from olearn.core.features import FeatureIndex
from olearn.streams._series_facts import SERIES
from olearn.streams._table_facts import TABLES

GENERATORS = ["agrawal", "hyperplane", "led", "rbf", "sea", "sine", "stagger"]
PUBLISHED = [
    f"{name}{size}"
    for name in ("led_a", "led_g", "sea_a", "sea_g", "rbf_m", "rbf_f")
    for size in ("", "_mini")
]
RIVER = [
    "bananas",
    "chick_weights",
    "image_segments",
    "phishing_river",
    "shuttle",
    "trump_approval",
]
KPI = ["kpi4", "kpi4t"]
FRIEDMAN = ["friedman", "friedman_gra", "friedman_gsg", "friedman_lea"]
SYNTHETIC = GENERATORS + PUBLISHED + KPI + FRIEDMAN


def first_rows(stream, n, size):
    """The first n rows, read in blocks of one size."""
    X, y = [], []
    for X_block, y_block in stream.blocks(size):
        X.append(X_block)
        y.append(y_block)
        if sum(map(len, y)) >= n:
            break
    return np.concatenate(X)[:n], np.concatenate(y)[:n]


def test_names_are_all_streams():
    """Every generator, published stream, table and bundled river set is listed, sorted."""
    assert streams.names() == sorted([*SYNTHETIC, *RIVER, *TABLES, *SERIES])


@pytest.mark.parametrize("name", SYNTHETIC)
@pytest.mark.parametrize("size", [1, 7, 999])
def test_block_size_changes_nothing(name, size):
    """Rows are the same bits whatever the size of the blocks, and in a second pass."""
    stream = streams.load(name, seed=5)
    n = 300 if size == 1 else 2500
    X, y = first_rows(stream, n, 1000)
    X_sized, y_sized = first_rows(stream, n, size)
    np.testing.assert_array_equal(X, X_sized)
    np.testing.assert_array_equal(y, y_sized)


@pytest.mark.parametrize("size", [7, 1000, 4096])
@pytest.mark.parametrize("name", ["led_g_mini", "sea_a_mini"])
def test_block_size_changes_nothing_around_a_drift(name, size):
    """The same holds where two concepts alternate."""
    stream = streams.load(name, seed=5)
    X, y = first_rows(stream, 13_000, 13_000)
    X_sized, y_sized = first_rows(stream, 13_000, size)
    np.testing.assert_array_equal(X, X_sized)
    np.testing.assert_array_equal(y, y_sized)


@pytest.mark.parametrize("name", SYNTHETIC)
def test_dicts_are_the_blocks(name):
    """Dicts hold the numbers of the blocks as plain Python values, and labels for codes."""
    stream = streams.load(name, seed=3)
    schema = stream.schema
    X, y = next(stream.blocks(1500))
    rows = list(stream.take(1500))
    assert [list(x) for x, _ in rows] == [list(schema.names)] * 1500
    np.testing.assert_array_equal([list(x.values()) for x, _ in rows], X)
    assert [target for _, target in rows] == schema.to_values(y)
    for name, value in rows[0][0].items():
        assert type(value) is (int if name in schema.nominal else float)


@pytest.mark.parametrize("name", SYNTHETIC)
def test_learners_see_equal_numbers_both_ways(name):
    """`olearn.core.features`, told what is nominal, encodes the dicts to the rows of the blocks."""
    stream = streams.load(name, seed=3)
    index = FeatureIndex(nominal=stream.schema.nominal)
    X, _ = next(stream.blocks(200))
    np.testing.assert_array_equal([index.learn_one(x) for x, _ in stream.take(200)], X)


@pytest.mark.parametrize("name", SYNTHETIC)
def test_seed_copy_and_pickle(name):
    """The seed decides the rows; copies and pickles give the same, even after use."""
    stream = streams.load(name, seed=3)
    X, _ = next(stream.blocks(100))
    again = (streams.load(name, seed=3), copy.deepcopy(stream), pickle.loads(pickle.dumps(stream)))
    for other in again:
        np.testing.assert_array_equal(next(other.blocks(100))[0], X)
    assert not np.array_equal(next(streams.load(name, seed=4).blocks(100))[0], X)


@pytest.mark.parametrize("name", SYNTHETIC)
def test_blocks_are_the_callers(name):
    """Changing a block changes nothing that comes later."""
    stream = streams.load(name)
    expected = [X for X, _ in itertools.islice(stream.blocks(50), 3)]
    for (X, _), X_expected in zip(stream.blocks(50), expected, strict=False):
        np.testing.assert_array_equal(X, X_expected)
        assert X.dtype == np.float64
        X[:] = -1.0


@pytest.mark.parametrize("name", GENERATORS)
def test_generators_are_endless_or_as_long_as_asked(name):
    """A generator has no end unless `n_samples` says so, and then exactly that many rows."""
    assert streams.load(name).n_samples is None
    assert "∞" in repr(streams.load(name))
    short = streams.load(name, n_samples=1234)
    assert sum(len(y) for _, y in short.blocks(100)) == 1234
    assert list(streams.load(name, n_samples=0).blocks()) == []


def test_two_passes_at_once():
    """Iterators do not disturb each other."""
    stream = streams.load("sea")
    first, second = stream.blocks(10), stream.blocks(10)
    next(first)
    X, X_second = next(first)[0], [next(second), next(second)][1][0]
    np.testing.assert_array_equal(X, X_second)


@pytest.mark.parametrize("name", RIVER)
def test_river_sets_load_by_name(name):
    """River's bundled sets give river's rows."""
    stream = streams.load(name)
    (x, y), *_ = stream  # to the end: river leaves a file open that is not read so far
    (x_river, y_river), *_ = stream._source._rows
    assert x == {name: float(value) for name, value in x_river.items()}
    assert y == y_river
    assert sum(len(y) for _, y in stream.blocks()) == stream.n_samples


def test_any_river_class_loads_by_prefix():
    """`river:Class` names any class of river.datasets, and a wrong one is explained."""
    assert streams.load("river:ImageSegments").n_samples == 2310
    with pytest.raises(
        ValueError, match=r"river.datasets has no 'Phishin'; did you mean 'Phishing'"
    ):
        streams.load("river:Phishin")
    with pytest.raises(ValueError, match="the task of SolarFlare must be one of"):
        streams.load("river:SolarFlare")


@pytest.mark.parametrize(
    ("name", "message"),
    [("sa", "did you mean"), ("electricty", "did you mean 'electricity'"), ("qqqq", "names()")],
)
def test_unknown_name(name, message):
    """An unknown name is a ValueError that suggests the nearest."""
    with pytest.raises(ValueError, match="there is no stream") as caught:
        streams.load(name)
    assert message in str(caught.value)


def test_path_of_no_file(tmp_path):
    """A name that looks like a path is taken for one."""
    with pytest.raises(FileNotFoundError, match="there is no file"):
        streams.load(tmp_path / "nothing.csv")


def test_unknown_option():
    """An option that the stream does not have is an error."""
    with pytest.raises(TypeError, match="functon"):
        streams.load("sea", functon=2)


def test_public_names_are_complete():
    """Every public name loads, and `dir` and `__all__` list it."""
    assert streams.__all__ == sorted(streams.__all__)
    for name in streams.__all__:
        assert getattr(streams, name) is not None
        assert name in dir(streams)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = streams.Nothing


def test_import_is_cheap():
    """Importing the package, and listing names, loads neither numba nor river nor pandas."""
    code = (
        "import sys; from olearn import streams; streams.names(); "
        "print([m for m in ('numba', 'river', 'pandas', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
