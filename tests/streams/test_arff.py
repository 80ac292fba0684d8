"""Dialects of attribute-relation files: read as Weka does, or refused in words."""

import math

import numpy as np
import pytest
from typer.testing import CliRunner

from olearn import streams
from olearn.cli.main import app

HEAD = "@relation r\n@attribute x numeric\n@attribute side {buy,sell}\n@attribute class {a,b}\n"


@pytest.fixture
def read(tmp_path):
    """Write a text and open it as a stream."""

    def written(text, **options):
        path = tmp_path / "t.arff"
        path.write_text(text, encoding="utf-8")
        return streams.from_file(path, **options)

    return written


def rows_of(stream):
    """The rows, which blocks hold too."""
    X, y = next(stream.blocks())
    assert len(X) == len(y) == stream.n_samples
    return [(*x.values(), label) for x, label in stream]


PLAIN = HEAD + "@data\n1,buy,a\n2.5,sell,b\n"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace("{a,b}", "{a,b} % the target"),
        PLAIN.replace("numeric", "numeric % in metres"),
        PLAIN.replace("@data", "@DATA % rows follow"),
        PLAIN.replace("1,buy,a", "1,buy,a % the first\n   % a comment"),
        PLAIN.replace("1,buy,a", "1\tbuy\ta").replace("2.5,sell,b", "2.5   sell  b"),
        PLAIN.replace("1,buy,a", " 1 , 'buy' ,\ta ,"),
        PLAIN.replace("class {a,b}", "class{a,b}").replace("{buy,sell}", "{ buy sell }"),
        PLAIN.replace("@attribute x", "@Attribute\t'x'"),
        PLAIN.replace("1,buy,a", "1,buy,a,{1}").replace("2.5,sell,b", "2.5,sell,b, {1.0} % w"),
        PLAIN.replace("1,buy,a", "{0 1}").replace("2.5,sell,b", "{ 1 sell , 0 2.5, 2 'b' }, {1}"),
        PLAIN.replace("numeric", "integer [0,9]").replace("\n", "\r\n"),
        "\ufeff" + PLAIN,
    ],
)
def test_dialects(read, text):
    """Comments, blanks and tabs, quotes, sparse rows, weights of 1: the same two rows."""
    stream = read(text)
    assert stream.schema.names == ("x", "side")
    assert stream.schema.labels == ("a", "b")
    assert rows_of(stream) == [(1.0, "buy", "a"), (2.5, "sell", "b")]


def test_missing_is_bare(read):
    """A bare question mark and an empty cell are missing, a quoted mark is a text."""
    text = "@attribute x numeric\n@attribute s string\n@attribute class {a,'?'}\n@data\n"
    stream = read(text + "?,?,a\n,'?',a\n3,,'?'\n")
    (x0, s0, _), (x1, s1, _), (x2, s2, last) = rows_of(stream)
    assert math.isnan(x0)
    assert math.isnan(x1)
    assert (x2, last) == (3.0, "?")
    assert s1 == "?"
    assert s0 is None
    assert s2 is None


def test_codes_differ_as_text(read):
    """Declared values with a leading zero are text: no two become one; plain numbers are ints."""
    head = "@attribute zip {01,1,001}\n@attribute class {007,7}\n@data\n"
    stream = read(head + "01,007\n1,7\n001,7\n")
    assert stream.schema.categories == {"zip": ("01", "1", "001")}
    assert stream.schema.labels == ("007", "7")
    assert rows_of(stream) == [("01", "007"), ("1", "7"), ("001", "7")]
    plain = read("@attribute day {1,2,3}\n@attribute class {0,1}\n@data\n3,1\n1.0,0\n")
    assert (plain.schema.categories, plain.schema.labels) == ({}, (0, 1))
    assert rows_of(plain) == [(3, 1), (1, 0)]


def test_texts(read):
    """Escapes, quotes of both kinds and of themselves, commas, per cent signs and blanks stay."""
    text = "@attribute s string\n@attribute 'a \\'b\\'' {'very good',\"50% or more\"}\n"
    text += "@attribute class {a}\n@data\n"
    text += "'it\\'s, a % sign','very good',a\n\"it's\",'50% or more',a\n'x''y',very good,a\n"
    text += "'two\\nlines' 'very good' a\n50%,very good,a\n"
    stream = read(text)
    assert stream.schema.names == ("s", "a 'b'")
    assert [row[0] for row in rows_of(stream)] == [
        "it's, a % sign",
        "it's",
        "x'y",
        "two\nlines",
        "50%",
    ]
    assert {row[1] for row in rows_of(stream)} == {"very good", "50% or more"}


def test_dates(read):
    """A date is a time: left out with a word, read if asked for, in the form of the header."""
    text = "@attribute t date 'dd.MM.yyyy HH:mm'\n@attribute u date\n@attribute x real\n"
    text += "@attribute class {a}\n@data\n'31.12.2024 18:30',2024-02-29T06:00:00,1,a\n?,?,2,a\n"
    with pytest.warns(UserWarning, match="column '[tu]' is left out: it holds times") as said:
        assert read(text).schema.names == ("x",)
    assert len(said) == 2
    stream = read(text, time=["t", "u"])
    assert stream.schema.names[:3] == ("t.month", "t.weekday", "t.hour")
    (X, _), *_ = stream.blocks()
    np.testing.assert_array_equal(X[0], [12, 1, 18.5, 2, 3, 6, 1])
    assert np.isnan(X[1, :6]).all()
    assert read(text, nominal=["t"], drop=["u"]).schema.categories["t"] == ("31.12.2024 18:30",)
    with pytest.raises(ValueError, match=r"'t' must hold dates of the form .* got 'now' in row 0"):
        read(text.replace("'31.12.2024 18:30'", "now"), time=["t", "u"])
    with pytest.raises(ValueError, match="dates of the form 'ww', which cannot be read"):
        read(text.replace("dd.MM.yyyy HH:mm", "ww"), time=["t"], drop=["u"])
    with pytest.raises(ValueError, match="time must name dates, 'x' is real"):
        read(text, time=["x"], drop=["t", "u"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1,buy,a", "1,hold,a", "'side' must be one of its declared values 'buy', 'sell'; got 'ho"),
        ("2.5,sell,b", "2.5,sell,c", r"'class' must be one of .* got 'c' in row 1 \(from 0\)"),
        ("1,buy,a", "1,buy,a,{0.5}", r"row 0 \(from 0\) has the weight 0.5; rows of a stream have"),
        ("1,buy,a", "{0 1}, {2}", "has the weight 2"),
        (
            "1,buy,a",
            "1,buy,a,b",
            r"must have 3 cells in every row, has 4 in row 0 \(from 0\): 1,buy,a,b",
        ),
        ("1,buy,a", "1 buy", r"must have 3 cells in every row, has 2 in row 0 \(from 0\)"),
        ("1,buy,a", "{7 1}", "must hold pairs of a column, from 0 to 2, and a value"),
        ("1,buy,a", "{0 1", "must hold pairs"),
        ("1,buy,a", "1_0,buy,a", "'x' must be numeric, got '1_0' in row 0"),
        ("numeric", "relational", "'x' must be numeric, real, integer, string, date or"),
        ("{buy,sell}", "{buy,sell", "attribute line that cannot be read"),
        ("{buy,sell}", "{buy,sell,buy}", "values of attribute 'side' must differ"),
        ("numeric", "", "attribute line that cannot be read: @attribute x"),
    ],
)
def test_refused(read, old, new, message):
    """What cannot be read as it stands is refused with attribute, value and row."""
    with pytest.raises(ValueError, match=message):
        read(PLAIN.replace(old, new))


def test_command_line_and_series(read, tmp_path):
    """The command reads the same dialects; a series is a column of numbers."""
    read(PLAIN.replace("{a,b}", "{a,b} % the target").replace("1,buy,a", "1 buy a\n" * 30))
    done = CliRunner().invoke(app, ["run", "no-change", str(tmp_path / "t.arff"), "--json"])
    assert done.exit_code == 0, done.output
    assert streams.signal_from_file(tmp_path / "t.arff").values.tolist() == [1.0] * 30 + [2.5]
