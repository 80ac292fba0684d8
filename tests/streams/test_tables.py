"""Tests of `olearn.streams.tables`: where tables are looked for, what is checked, what they hold.

Tests of the real tables need them: they skip where the folder `$OLEARN_DATA` does not hold them.
Counts are those of the tables' own publications.
"""

import copy
import dataclasses
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from olearn import streams
from olearn.core.features import FeatureIndex
from olearn.streams import tables
from olearn.streams._table_facts import TABLES

CLASS_COUNTS = {
    "covtype": [211840, 283301, 35754, 2747, 9493, 17367, 20510],
    "electricity": [26075, 19237],
    "gas_sensor": [1316, 1664, 681, 592, 1779, 665],
    "insects_gradual_balanced": [4025] * 6,
    "keystroke": [400] * 4,
    "luxembourg": [977, 924],
    "noaa_weather": [12461, 5698],
    "nycflights": [194342, 133004],
    "outdoor": [100] * 40,
    "ozone": [2374, 160],
    "phishing": [4898, 6157],
    "spam": [4144, 2069],
}


def require(name):
    path = Path(os.environ.get("OLEARN_DATA", "/nowhere")) / TABLES[name].file
    if not path.is_file():
        pytest.skip(f"the table {name} is not in $OLEARN_DATA")


@pytest.mark.parametrize("name", sorted(set(TABLES) - {"airlines"}))
def test_real_tables(name):
    """Every table has its rows, columns and classes, and its content is the recorded one."""
    require(name)
    stream = streams.load(name)
    table = TABLES[name]
    assert (stream.n_samples, stream.schema.n_features) == table.shape
    assert stream.schema.labels == table.labels
    assert stream.drift_positions == table.drift_positions
    counts = np.zeros(len(table.labels), np.int64)
    n = 0
    for X, y in stream.blocks(50_000):
        assert X.shape == (len(y), table.shape[1])
        assert np.isfinite(X).all()
        counts += np.bincount(y, minlength=len(counts))
        n += len(y)
    assert n == table.shape[0]
    if name == "kdd99_10pct":
        assert [counts[table.labels.index(k)] for k in ("smurf", "neptune", "normal")] == [
            280790,
            107201,
            97278,
        ]
    else:
        assert counts.tolist() == CLASS_COUNTS[name]
    assert table.name in repr(stream)
    assert stream.desc == table.title


@pytest.mark.parametrize("name", ["electricity", "luxembourg", "phishing", "ozone", "keystroke"])
def test_recorded_content_is_that_of_the_file(name):
    """The content hash, which converted downloads are compared with, is the prepared file's."""
    require(name)
    assert tables.Rows(tables.find(TABLES[name])).content() == TABLES[name].content


def test_first_row_of_electricity():
    """The first row is that of MOA's elecNormNew."""
    require("electricity")
    x, y = next(iter(streams.load("electricity")))
    assert x == {
        "date": 0.0,
        "day": 2,
        "period": 0.0,
        "nswprice": 0.056443,
        "nswdemand": 0.439155,
        "vicprice": 0.003467,
        "vicdemand": 0.422915,
        "transfer": 0.414912,
    }
    assert type(x["day"]) is int
    assert y == "UP"


def test_covtype_has_the_usual_54_columns():
    """Indicators are written out: one wilderness area and one soil type a row."""
    require("covtype")
    X, y = next(streams.load("covtype").blocks(1000))
    assert X[0, :10].tolist() == [2596, 51, 3, 258, 0, 510, 221, 232, 148, 6279]
    np.testing.assert_array_equal(X[:, 10:14].sum(axis=1), 1)
    np.testing.assert_array_equal(X[:, 14:].sum(axis=1), 1)
    assert y[0] == 4


@pytest.mark.parametrize("name", ["electricity", "nycflights", "kdd99_10pct", "phishing"])
def test_learners_see_equal_numbers_both_ways(name):
    """`olearn.core.features`, told what is nominal, encodes the dicts to the rows of the blocks."""
    require(name)
    stream = streams.load(name)
    index = FeatureIndex(nominal=stream.schema.nominal)
    X, _ = next(stream.blocks(100))
    np.testing.assert_array_equal([index.learn_one(x) for x, _ in stream.take(100)], X)


def test_drift_over_a_real_table():
    """A swap of features from a known row on leaves order, labels and length as they are."""
    require("electricity")
    table = streams.load("electricity")
    view = streams.ConceptView(table, swap_features=[("nswprice", "nswdemand")])
    stream = streams.DriftStream([table, view], [20_000], aligned=True)
    X, y = next(stream.blocks(table.n_samples))
    X_table, y_table = next(table.blocks(table.n_samples))
    np.testing.assert_array_equal(y, y_table)
    np.testing.assert_array_equal(X[:20_000], X_table[:20_000])
    np.testing.assert_array_equal(X[20_000:, [4, 3]], X_table[20_000:, [3, 4]])
    assert (stream.n_samples, stream.drift_positions) == (45_312, (20_000,))


# lookup and checks, on a table of our own


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Facts of a small table, with all folders inside the test's own."""
    monkeypatch.setenv("OLEARN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    save(tmp_path / "made.npz")
    content = tables.Rows(tmp_path / "made.npz").content()
    return tables.Table("own", "Our own.", "own/own.npz", (30, 3), ("a", "b"), None, content)


def save(path, n=30, flip=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    y = (np.arange(n) % 2).astype(np.uint8)
    X = rng.integers(0, 9, (n, 3)).astype(np.int16)
    np.savez_compressed(path, X=X, y=1 - y if flip else y, feature_names=["p", "q", "r"])


@pytest.mark.parametrize("place", ["data", "cache/olearn"])
def test_places(own, tmp_path, place):
    """A table is found in $OLEARN_DATA and in the cache."""
    save(tmp_path / place / own.file)
    assert tables.TableStream(own).path == tmp_path / place / own.file


def test_data_folder_comes_first(own, tmp_path):
    """$OLEARN_DATA wins over the cache."""
    for place in ("data", "cache/olearn"):
        save(tmp_path / place / own.file)
    assert tables.find(own) == tmp_path / "data" / own.file


def test_default_cache(monkeypatch, tmp_path):
    """Without XDG_CACHE_HOME the cache is ~/.cache/olearn."""
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert tables.cache_folder() == tmp_path / ".cache" / "olearn"


def test_missing_table_says_where_and_how(own, tmp_path):
    """The error names the places looked at and the way to provide the table."""
    with pytest.raises(FileNotFoundError) as caught:
        tables.find(own)
    for part in (str(tmp_path / "data"), str(tmp_path / "cache"), "from_file", "OLEARN_DATA"):
        assert part in str(caught.value)


def test_rows_of_a_found_table(own, tmp_path):
    """Blocks, dicts, copies and pickles give the file's rows; a pickle holds none of them."""
    save(tmp_path / "data" / own.file)
    stream = tables.TableStream(own)
    X, y = next(stream.blocks())
    with np.load(stream.path) as arrays:
        np.testing.assert_array_equal(X, arrays["X"])
        np.testing.assert_array_equal(y, arrays["y"])
    assert stream.schema.names == ("p", "q", "r")
    X[:] = -1
    assert len(pickle.dumps(stream)) < 2000
    for other in (stream, copy.deepcopy(stream), pickle.loads(pickle.dumps(stream))):
        rows = np.concatenate([X for X, _ in other.blocks(7)])
        assert rows.shape == (30, 3)
        assert rows.min() >= 0


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: save(path, n=29), r"its shape must be \(30, 3\), got \(29, 3\)"),
        (lambda path: save(path, flip=True), "its content sha256 must be"),
        (lambda path: path.write_bytes(b"PK nonsense"), "is damaged or not the table 'own'"),
        (lambda path: path.write_bytes(path.read_bytes()[:-40]), "is damaged"),
    ],
)
def test_wrong_files_are_refused(own, tmp_path, spoil, message):
    """A file with other content is an error that names it; nothing is read from it."""
    path = tmp_path / "data" / own.file
    save(path)
    spoil(path)
    with pytest.raises(ValueError, match=message) as caught:
        tables.TableStream(own)
    assert str(path) in str(caught.value)
    assert "remove it" in str(caught.value)


def test_class_counts_stand_in_for_the_content(own, tmp_path):
    """Where no content hash is known, rows per class are checked."""
    save(tmp_path / "data" / own.file)
    facts = dataclasses.replace(own, content=None, class_counts=(15, 15))
    assert tables.TableStream(facts).n_samples == 30
    with pytest.raises(ValueError, match="its class counts must be"):
        tables.TableStream(dataclasses.replace(facts, class_counts=(14, 16)))


def test_unknown_table():
    """The name is checked, with the nearest suggested."""
    with pytest.raises(ValueError, match="did you mean 'covtype'"):
        tables.load_table("covtyp")


def test_facts_are_consistent():
    """Every table has facts that fit together, and something to check it by."""
    for name, table in TABLES.items():
        assert name == table.name
        assert max(table.nominal, default=0) < table.shape[1]
        assert table.content or table.class_counts
        assert (table.sha256 is None) == (table.content is None)
        if table.class_counts:
            assert sum(table.class_counts) == table.shape[0]
