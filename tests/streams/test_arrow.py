"""Types of Parquet and Arrow files: each is read, or left out and named."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather, parquet
from typer.testing import CliRunner

from olearn import streams
from olearn.cli.main import app

BEYOND = [9007199254740993, 9007199254740992, 9007199254740991, 10**18 + 1]


@pytest.fixture(params=["t.parquet", "t.arrow"])
def read(request, tmp_path):
    """Write columns and open them as a stream with the labels p, q, p, q."""

    def written(columns, **options):
        path = tmp_path / request.param
        table = pa.table({"a": [1.0, 2.0, 3.0, 4.0], **columns, "class": list("pqpq")})
        if path.suffix == ".parquet":
            parquet.write_table(table, path)
        else:
            feather.write_feather(table, path)
        return streams.from_file(path, **options)

    return written


def column(stream, name):
    """What the rows say of a feature, and the blocks too."""
    X, _ = next(stream.blocks())
    listed = [x[name] for x, _ in stream]
    categories = stream.schema.categories.get(name)
    coded = [categories.index(v) if categories and v in categories else v for v in listed]
    np.testing.assert_array_equal(np.array(coded, float), X[:, stream.schema.column(name)])
    return listed


TEXT = ["u", "v", "u", "w"]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_text(tmp_path, kind):
    """Text of every layout, plain, in dictionaries and in runs, is nominal."""
    values = pa.array(TEXT, kind)
    codes = pa.array([0, 1, 0, None], pa.uint32())
    coded = pa.DictionaryArray.from_arrays(codes, pa.array(["u", "v", "never"], kind))
    table = pa.table({"s": values, "d": coded, "class": values})
    path = tmp_path / "t.arrow"
    with pa.ipc.new_file(path, table.schema) as sink:
        sink.write_table(table)
    stream = streams.from_file(path)
    assert stream.schema.labels == ("u", "v", "w")
    assert column(stream, "s") == TEXT
    assert column(stream, "d")[:3] == TEXT[:3]
    assert stream.schema.categories["d"] == ("u", "v")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([Decimal("1.50"), None, Decimal("2"), Decimal("3")]), [1.5, np.nan, 2, 3]),
        (pa.array([1, None, 3, 4], pa.uint8()).dictionary_encode(), [1, np.nan, 3, 4]),
        (pa.array([1, 2, 3, 4], pa.float16()), [1, 2, 3, 4]),
        (pa.nulls(4), [np.nan] * 4),
    ],
)
def test_numbers(read, values, expected):
    """Decimals, small numbers, coded ones, and a column without any value."""
    np.testing.assert_array_equal(column(read({"x": values}), "x"), expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([dt.timedelta(minutes=1), None, dt.timedelta(0), dt.timedelta(1)]), 86400),
        (pa.array([dt.time(0, 1), None, dt.time(0), dt.time(23, 59, 59)]), 86399),
        (pa.array([dt.time(0, 1), None, dt.time(0), dt.time(23, 59, 59)], pa.time32("s")), 86399),
    ],
)
def test_durations_are_seconds(read, values, expected):
    """Durations and times of day are numbers in a unit, which is said."""
    with pytest.warns(UserWarning, match="column 'x' is a .*, read as seconds"):
        stream = read({"x": values})
    np.testing.assert_array_equal(column(stream, "x"), [60, np.nan, 0, expected])


STAMPS = pd.to_datetime(["2024-02-29 06:30", None, "2024-12-31 23:00", "2025-01-01 00:00"])
TOKYO = STAMPS.tz_localize("UTC").tz_convert("Asia/Tokyo")


@pytest.mark.parametrize(
    "values",
    [
        pa.array(STAMPS, pa.timestamp("ns")),
        pa.array(STAMPS, pa.timestamp("s")),
        pa.array(
            STAMPS.tz_localize("UTC").tz_convert("Asia/Tokyo"), pa.timestamp("us", "Asia/Tokyo")
        ),
        pa.array(STAMPS, pa.timestamp("ms")).dictionary_encode(),
    ],
)
def test_time_stamps(read, values):
    """They are left out with a word, read if asked for, in UTC, and never refuse a file."""
    with pytest.warns(UserWarning, match="column 't' is left out: it holds times"):
        assert read({"t": values}).schema.names == ("a",)
    stream = read({"t": values}, time=["t"])
    np.testing.assert_array_equal(column(stream, "t.month"), [2, np.nan, 12, 1])
    np.testing.assert_array_equal(column(stream, "t.weekday"), [3, np.nan, 1, 2])
    np.testing.assert_array_equal(column(stream, "t.hour"), [6.5, np.nan, 23, 0])
    assert len(read({"t": values}, nominal=["t"]).schema.categories["t"]) == 3


def test_dates(read):
    """A date has no hour; other columns are no times."""
    days = pa.array([dt.date(2024, 2, 29), None, dt.date(2024, 12, 31), dt.date(2025, 1, 1)])
    stream = read({"t": days}, time=["t"])
    np.testing.assert_array_equal(column(stream, "t.weekday"), [3, np.nan, 1, 2])
    with pytest.raises(ValueError, match="time must name times, column 'a' holds double"):
        read({}, time=["a"])
    with pytest.raises(ValueError, match="column 't' must hold numbers, it holds date32"):
        read({"t": days}, numeric=["t"])


def test_one_odd_column_refuses_nothing(read, tmp_path):
    """Lists and their like are left out and named; as the target they are refused."""
    odd = {"l": [[1], [2], [], None], "m": [{"k": 1}] * 4, "b": [b"x"] * 4}
    with pytest.warns(UserWarning, match="column '[lmb]' is left out: it holds") as said:
        assert read(odd).schema.names == ("a",)
    assert len(said) == 3
    with pytest.raises(ValueError, match="column 'l' must hold numbers, it holds list"):
        read(odd, target="l", drop=["m", "b"])


def test_series_beside_time_stamps(tmp_path):
    """A detector watches another column of a file with time stamps, on the command line too."""
    path = tmp_path / "t.parquet"
    times = pd.date_range("2024-01-01", periods=50, freq="h")
    pd.DataFrame({"t": times, "a": np.arange(50.0)}).to_parquet(path)
    assert streams.signal_from_file(path).values.tolist() == list(range(50))
    picture = ("--picture", str(tmp_path / "p.png"))
    done = CliRunner().invoke(app, ["run", "adwin", str(path), "--column", "a", *picture])
    assert done.exit_code == 0, done.output


def test_index_of_a_data_frame(tmp_path):
    """The unnamed index that pandas hides in a file is no feature and no target."""
    path = tmp_path / "t.parquet"
    frame = pd.DataFrame({"a": [1.0, 2, 3, 4], "y": list("pqpq")})
    frame.sample(frac=1, random_state=1).to_parquet(path)
    with pytest.warns(UserWarning, match="'__index_level_0__' is left out: it is the index of"):
        stream = streams.from_file(path)
    assert (stream.schema.names, stream.target) == (("a",), "y")


@pytest.mark.parametrize("name", ["t.parquet", "t.csv"])
def test_large_whole_numbers_stay_distinct(tmp_path, name):
    """Beyond 2^53 no two labels and no two nominal values become one."""
    path = tmp_path / name
    frame = pd.DataFrame({"id": BEYOND[:3], "y": BEYOND[:3]})
    frame.to_parquet(path) if name == "t.parquet" else frame.to_csv(path, index=False)
    stream = streams.from_file(path, nominal=["id"])
    assert stream.schema.labels == tuple(sorted(BEYOND[:3]))
    assert [y for _, y in stream] == BEYOND[:3]
    assert column(stream, "id") == [str(n) for n in BEYOND[:3]]
    assert streams.from_file(path, nominal=["id"], target_text=True).schema.n_classes == 3


def test_labels_of_a_file_s_own_numbers(tmp_path):
    """In Parquet whole numbers are numbers however many digits; a gap is refused by its column."""
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": [1.0, 2, 3, 4], "y": BEYOND}).to_parquet(path)
    assert streams.from_file(path).schema.labels == tuple(sorted(BEYOND))
    gap = pa.array([1, None, 2, 3])
    parquet.write_table(pa.table({"a": [1.0, 2, 3, 4], "y": gap}), path)
    with pytest.raises(ValueError, match=r"no label in row 1 \(from 0\) of column 'y'"):
        streams.from_file(path)
    many = pd.DataFrame({"a": np.arange(500.0), "price": np.arange(500)})
    many.to_parquet(path)
    with pytest.warns(UserWarning, match="'price' has 500 different numbers"):
        streams.from_file(path)
