"""Tests of `olearn.streams.files`: one table in every format, and what broken files do."""

import gzip
import itertools
import math

import numpy as np
import pyarrow
import pytest
from pyarrow import feather, parquet

from olearn import streams
from olearn.core.features import FeatureIndex

CSV = """price,side,flag,day,class
1.5,buy,true,3,UP
,sell,false,1,DOWN
-2e3,NA,true,2,UP
7,hold,?,3,UP
"""

ARFF = """% a comment
@RELATION 'trades of a day'

@attribute 'the price' numeric
@attribute side {sell, 'buy', hold}
@attribute day {1,2,3}
@attribute "a note" string
@attribute class {UP, DOWN}

@data
1.5, buy, 3, 'first, one', UP
?, sell, 1, plain, DOWN
% another comment

-2e3, ?, 2, "it's odd", UP
7, hold, 3, plain, UP
"""

EXPECTED = [[1.5, 0, 3], [math.nan, 1, 1], [-2000, math.nan, 2], [7, 2, 3]]


@pytest.fixture
def csv_file(tmp_path):
    path = tmp_path / "trades.csv"
    path.write_text(CSV)
    return path


def column(stream, name):
    X, _ = next(stream.blocks(10_000))
    return X[:, stream.schema.column(name)]


def test_csv(csv_file):
    """Types, missing cells, categories in order of appearance, labels sorted."""
    stream = streams.from_file(csv_file)
    assert stream.schema == streams.Schema(
        ("price", "side", "flag", "day"),
        ("side", "flag"),
        ("DOWN", "UP"),
        {"side": ("buy", "sell", "hold"), "flag": ("true", "false")},
    )
    X, y = next(stream.blocks())
    np.testing.assert_array_equal(X[:, [0, 1, 3]], EXPECTED)
    assert y.tolist() == [1, 0, 1, 1]
    assert stream.n_samples == 4
    assert next(iter(stream)) == ({"price": 1.5, "side": "buy", "flag": "true", "day": 3.0}, "UP")
    assert "trades.csv" in stream.desc


def test_csv_declared_nominal(csv_file):
    """A declared column of small whole numbers is its own code, in dicts as int."""
    stream = streams.from_file(csv_file, nominal=["day"])
    assert stream.schema.nominal == ("side", "flag", "day")
    assert "day" not in stream.schema.categories
    assert [x["day"] for x, _ in stream] == [3, 1, 2, 3]


@pytest.mark.parametrize("text", [CSV.replace(",", ";"), CSV.replace(",", "\t"), "\ufeff" + CSV])
def test_csv_dialects(tmp_path, text):
    """Semicolons, tabs and a byte order mark are understood."""
    path = tmp_path / "trades.csv"
    path.write_text(text, encoding="utf-8")
    np.testing.assert_array_equal(
        column(streams.from_file(path), "price"), [1.5, math.nan, -2e3, 7]
    )


def test_quoted_cells(tmp_path):
    """A quoted cell may hold the delimiter and line breaks."""
    path = tmp_path / "t.csv"
    path.write_text('a,label\n"x, y",1\n"two\nlines",0\n')
    assert [x["a"] for x, _ in streams.from_file(path)] == ["x, y", "two\nlines"]


def test_arff(tmp_path):
    """Quotes, comments, missing values, and labels in the order that the header declares."""
    path = tmp_path / "trades.arff"
    path.write_text(ARFF)
    stream = streams.from_file(path)
    assert stream.schema == streams.Schema(
        ("the price", "side", "day", "a note"),
        ("side", "day", "a note"),
        ("UP", "DOWN"),
        {"side": ("buy", "sell", "hold"), "a note": ("first, one", "plain", "it's odd")},
    )
    X, y = next(stream.blocks())
    np.testing.assert_array_equal(X[:, :3], EXPECTED)
    assert y.tolist() == [0, 1, 0, 0]
    assert next(iter(stream))[0]["day"] == 3


@pytest.mark.parametrize(("name", "text"), [("t.csv.gz", CSV), ("t.arff.gz", ARFF)])
def test_gzip(tmp_path, name, text):
    """Compressed text gives the same rows as plain text."""
    packed, plain = tmp_path / name, tmp_path / name.removesuffix(".gz")
    packed.write_bytes(gzip.compress(text.encode()))
    plain.write_text(text)
    for (X, y), (X_plain, y_plain) in zip(
        streams.from_file(packed).blocks(), streams.from_file(plain).blocks(), strict=True
    ):
        np.testing.assert_array_equal(X, X_plain)
        np.testing.assert_array_equal(y, y_plain)


def arrow_table():
    n = 25_000  # more than one piece
    return pyarrow.table(
        {
            "i": pyarrow.array(range(n), pyarrow.int32()),
            "f": pyarrow.array(
                [None if k % 7 == 0 else k / 2 for k in range(n)], pyarrow.float32()
            ),
            "s": pyarrow.array([None if k % 5 == 0 else f"c{k % 3}" for k in range(n)]),
            "d": pyarrow.array([f"v{k % 4}" for k in range(n)]).dictionary_encode(),
            "b": pyarrow.array([k % 2 == 0 for k in range(n)]),
            "label": pyarrow.array([k % 3 == 0 for k in range(n)]),
            "last": pyarrow.array(range(n), pyarrow.int64()),
        }
    )


def write(table, path):
    if path.suffix == ".parquet":
        parquet.write_table(table, path, row_group_size=9000)
    elif path.name == "stream.arrow":
        with pyarrow.ipc.new_stream(path, table.schema) as sink:
            sink.write_table(table, max_chunksize=9000)
    else:
        feather.write_feather(table, path, chunksize=9000)


@pytest.mark.parametrize("name", ["t.parquet", "t.feather", "file.arrow", "stream.arrow"])
def test_arrow_formats(tmp_path, name):
    """Integers, floats, text, dictionaries and booleans, with nulls, over several batches."""
    table = arrow_table()
    write(table, tmp_path / name)
    stream = streams.from_file(tmp_path / name)
    assert stream.n_samples == len(table)
    assert stream.schema == streams.Schema(
        ("i", "f", "s", "d", "b", "last"),
        ("s", "d", "b"),
        (False, True),
        {"s": ("c1", "c2", "c0"), "d": ("v0", "v1", "v2", "v3")},
    )
    for size in (1000, 9999):
        rows = np.concatenate([X for X, _ in stream.blocks(size)])
        k = np.arange(len(table))
        np.testing.assert_array_equal(rows[:, 0], k)
        np.testing.assert_array_equal(rows[:, 1], np.where(k % 7 == 0, np.nan, k / 2))
        np.testing.assert_array_equal(rows[:, 2], np.where(k % 5 == 0, np.nan, (k - 1) % 3))
        np.testing.assert_array_equal(rows[:, 3], k % 4)
        np.testing.assert_array_equal(rows[:, 4], k % 2 == 0)
    first, second = itertools.islice(stream, 2)
    assert (first[1], second[1]) == (True, False)
    assert (second[0]["s"], second[0]["d"], second[0]["b"]) == ("c1", "v1", 0)


@pytest.mark.parametrize("name", ["t.csv", "t.arff"])
def test_learners_see_equal_numbers_both_ways(tmp_path, name):
    """`olearn.core.features` numbers the dicts' text and ints as the blocks do."""
    path = tmp_path / name
    path.write_text(CSV if name == "t.csv" else ARFF)
    stream = streams.from_file(path, nominal=["day"])
    index = FeatureIndex(nominal=stream.schema.nominal)
    X, _ = next(stream.blocks())
    np.testing.assert_array_equal([index.learn_one(x) for x, _ in stream], X)


def test_text_far_down_does_not_change_a_column_of_numbers(tmp_path):
    """A word in a late piece raises with its row, column and remedies, which mend it."""
    path = tmp_path / "t.csv"
    cells = [str(k % 3) for k in range(25_000)]
    cells[-1] = "odd"
    path.write_text("a,y\n" + "".join(f"{cell},{k % 2}\n" for k, cell in enumerate(cells)))
    with pytest.raises(ValueError, match=r"'a' holds numbers, but 'odd' in row 24999 .*nominal="):
        streams.from_file(path)
    stream = streams.from_file(path, nominal=["a"])
    assert stream.schema.categories == {"a": ("0", "1", "2", "odd")}
    assert column(stream, "a")[:4].tolist() == [0, 1, 2, 0]
    assert stream.schema.labels == (0, 1)
    missing = column(streams.from_file(path, na_values=["odd"]), "a")
    assert missing[:4].tolist() == [0, 1, 2, 0]
    assert streams.from_file(path, rows=24_999).n_samples == 24_999


@pytest.mark.parametrize(
    ("header", "target"), [("a,Class,b", "Class"), ("a,b,c", "c"), ("a,LABEL,b", "LABEL")]
)
def test_default_target(tmp_path, header, target):
    """The target is the column with a usual name, else the last."""
    path = tmp_path / "t.csv"
    path.write_text(f"{header}\n1,2,3\n")
    assert streams.from_file(path).target == target


@pytest.mark.parametrize(
    ("name", "text", "options", "message"),
    [
        ("t.csv", "", {}, "must have a header line, is empty"),
        ("t.csv", "1,2\n3,4\n", {}, "must have a header line, its first line is 1,2"),
        ("t.csv", "a,b\n", {}, "must have at least one row of data"),
        ("t.csv", "a\n1\n", {}, "must have a target and at least one more column"),
        ("t.csv", "a,a\n1,2\n", {}, "must have column names that differ"),
        (
            "t.csv",
            "a,b\n1,2\n1,2,3\n",
            {},
            r"must have 2 cells in every row, has 3 in row 1 \(from 0\)",
        ),
        ("t.csv", "a,b\n1,2\n1,\n", {}, r"has no label in row 1 \(from 0\) of column 'b'"),
        ("t.csv", "a,b\n1,0.5\n", {}, "got the real number 0.5 in row 0 of 'b'; columns are"),
        ("t.csv", CSV, {"target": "clas"}, "'day', 'class'; got 'clas'; did you mean 'class'"),
        ("t.csv", CSV, {"nominal": ["dai"]}, "nominal must be among the features"),
        ("t.txt", "\0\1\2", {}, "path must be delimited text, ARFF, .* is no text"),
        ("t.arff", "a,b\n", {}, "must be an ARFF file with @attribute and @data"),
        ("t.arff", ARFF.replace("string", "relational"), {}, "'a note' must be numeric, real, int"),
        ("t.arff", ARFF + "{0 1}\n", {}, "'a note' must have a value in every sparse row"),
        ("t.arff", ARFF + "x, buy, 1, a, UP\n", {}, "'the price' must be numeric, got 'x'"),
        ("t.arff", ARFF + "1, buy, 1, a, SIDE\n", {}, "'class' must be one of its declared values"),
        ("t.arff", "@attribute x\n@data\n", {}, "attribute line that cannot be read: @attribute x"),
    ],
)
def test_broken_files_are_explained(tmp_path, name, text, options, message):
    """A file that is no classification table raises and says what is wrong where."""
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        list(streams.from_file(path, **options))


def test_missing_file_suggests_the_nearest(csv_file):
    """A wrong file name is answered with what lies beside it."""
    with pytest.raises(FileNotFoundError, match=r"did you mean 'trades.csv'"):
        streams.from_file(csv_file.with_name("trade.csv"))


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow"])
def test_broken_arrow_files(tmp_path, name):
    """A file that only has the suffix is refused in words."""
    (tmp_path / name).write_bytes(b"not a table at all")
    with pytest.raises(ValueError, match=r"must be (a Parquet|an Arrow) file"):
        streams.from_file(tmp_path / name)


def test_nothing_left_to_learn(tmp_path):
    """Where all features are left out, the message names them, why, and the remedy."""
    table = pyarrow.table({"t": pyarrow.array([1], pyarrow.timestamp("s")), "y": ["a"]})
    write(table, tmp_path / "t.parquet")
    with pytest.raises(
        ValueError, match=r"one more column, got .*'t' is left out: .* time=\['t'\]"
    ):
        streams.from_file(tmp_path / "t.parquet")
