"""Tests of `olearn.streams.formats.json_lines`."""

import gzip
import json
import math

import pytest

from olearn import streams

ROWS = [
    {"a": 1, "colour": "red", "flag": True, "class": "p"},
    {"a": 2.5, "colour": None, "flag": False, "class": "q"},
    {"colour": "007", "late": 3, "class": "p"},
]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson", "t.json", "t"])
def test_types_are_those_of_json(tmp_path, name):
    """Numbers, text, truth values, nulls and names that come late or lack; by ending or content."""
    stream = streams.from_file(write(tmp_path / name, ROWS))
    assert stream.schema == streams.Schema(
        ("a", "colour", "flag", "late"), ("colour", "flag"), ("p", "q"), {"colour": ("red", "007")}
    )
    X, y = next(stream.blocks())
    assert X[:2, [0, 1, 2]].tolist()[0] == [1.0, 0.0, 1.0]
    assert [math.isnan(v) for v in X[:, 0]] == [False, False, True]
    assert X[2, 3] == 3
    assert y.tolist() == [0, 1, 0]


def test_packed_and_first_rows(tmp_path):
    """What lies behind `rows` is not read."""
    path = tmp_path / "t.jsonl.gz"
    text = "".join(json.dumps(row) + "\n" for row in ROWS) + "no object\n"
    path.write_bytes(gzip.compress(text.encode()))
    assert streams.from_file(path, rows=3).n_samples == 3
    with pytest.raises(ValueError, match=r"one JSON object a line, row 3 \(from 0\) is none"):
        streams.from_file(path)


def test_large_labels_stay_different(tmp_path):
    """Whole numbers beyond 2^53 are exact; booleans are labels."""
    large = [2**53, 2**53 + 1]
    path = write(tmp_path / "t.jsonl", [{"a": 1, "class": value} for value in large])
    assert streams.from_file(path).schema.labels == tuple(large)
    path = write(tmp_path / "t.jsonl", [{"a": 1, "class": value} for value in (True, False)])
    assert streams.from_file(path).schema.labels == (False, True)


def test_times(tmp_path):
    """As in delimited text: left out with a word, or their parts."""
    rows = [{"t": "2024-02-29T09:30:00Z", "a": k, "class": k % 2} for k in range(3)]
    path = write(tmp_path / "t.jsonl", rows)
    with pytest.warns(UserWarning, match="'t' is left out: it holds times"):
        assert streams.from_file(path).schema.names == ("a",)
    assert next(iter(streams.from_file(path, time=["t"])))[0]["t.hour"] == 9.5


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [{"a": 1, "class": 1}, {"a": "x", "class": 1}],
            "'a' must hold one type, has numbers and, in row 1",
        ),
        (
            [{"a": [1], "class": 1}],
            r"'a' must hold numbers, text or truth values, got \[1\] in row 0",
        ),
        ([[1, 2]], r"one JSON object a line, row 0 \(from 0\) is \[1, 2\]"),
        ([{"a": 1, "class": None}], "has no label in row 0"),
        ([{"a": 1, "class": 0.5}], "got the real number 0.5 in row 0"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, rows, message):
    """With the row, and the column where it is one."""
    with pytest.raises(ValueError, match=message):
        streams.from_file(write(tmp_path / "t.jsonl", rows))
