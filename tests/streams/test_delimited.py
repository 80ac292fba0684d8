"""Tests of `olearn.streams.formats.delimited`: what cells mean, and how a text is laid out."""

import bz2
import csv
import gzip
import io
import math
import random
import warnings
import zipfile

import numpy as np
import pandas as pd
import pyarrow
import pytest

from olearn import evaluate, learners, streams

WORDS = "? NA N/A n/a #N/A <NA> NaN -nan null NULL None - . nil NaT missing #DIV/0!"
MISSING = tuple(WORDS.split(" "))


@pytest.fixture
def written(tmp_path):
    """A function that writes a table and returns its path."""

    def write(content, name="t.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


def rows(stream):
    return [(*x.values(), y) for x, y in stream]


# -- missing cells and other text in a column of numbers -----------------------------------------


def measured(n, cells):
    """A table whose class is the sign of its first column; some cells of that are given."""
    rnd = random.Random(1)
    lines = [f"{rnd.gauss(0, 1):.4f}" for _ in range(n)]
    table = [(line, "up" if float(line) > 0 else "down") for line in lines]
    for row, cell in cells.items():
        table[row] = (cell, table[row][1])
    return "a,class\n" + "".join(f"{a},{label}\n" for a, label in table)


@pytest.mark.parametrize("cell", [*MISSING, "  ", " NA ", "-9"])
@pytest.mark.parametrize("row", [7, 14_000])
def test_known_markers_are_missing_in_a_column_of_numbers(written, cell, row):
    """Also behind the rows that told the kinds; the column stays one of numbers."""
    options = {"na_values": ["-9"]} if cell == "-9" else {}
    stream = streams.from_file(written(measured(15_000, {row: cell})), **options)
    assert stream.schema.nominal == ()
    X = np.concatenate([X for X, _ in stream.blocks()])
    assert np.flatnonzero(np.isnan(X[:, 0])).tolist() == [row]


def test_a_marker_does_not_cost_the_tree_its_accuracy(written):
    """One `N/A` once made every number a category."""
    stream = streams.from_file(written(measured(3000, {1500: "N/A"})))
    result = evaluate.prequential(stream, learners.HoeffdingTreeClassifier(), progress=False)
    assert result.values["Accuracy"] > 0.97


@pytest.mark.parametrize("row", [7, 14_000])
def test_other_text_in_a_column_of_numbers_raises(written, row):
    """With the file, row, column and cell, and what mends it."""
    path = written(measured(15_000, {row: "oops"}))
    message = rf"t.csv: column 'a' holds numbers, but 'oops' in row {row} \(from 0\): na_values="
    with pytest.raises(ValueError, match=message):
        streams.from_file(path)
    assert streams.from_file(path, nominal=["a"]).schema.nominal == ("a",)


def test_keep_default_na_is_for_words_that_are_values(written):
    """`NA` may be a country, and `-` a strand."""
    path = written("strand,n,y\n-,1,a\n+,2,b\nNA,,a\n")
    assert [x["strand"] for x, _ in streams.from_file(path)][:2] == ["-", "+"]
    assert list(streams.from_file(path))[2][0]["strand"] is None
    kept = streams.from_file(path, keep_default_na=False)
    assert [x["strand"] for x, _ in kept] == ["-", "+", "NA"]
    assert math.isnan(list(kept)[2][0]["n"])


def test_columns_of_some_numbers_are_text_with_a_word(written):
    """Sizes such as S and 12: categories, and it is said."""
    path = written("size,y\nS,a\n12,b\nL,a\n")
    with pytest.warns(UserWarning, match=r"'12' and text such as 'S', taken as text; numeric="):
        stream = streams.from_file(path)
    assert stream.schema.categories == {"size": ("S", "12", "L")}
    with pytest.raises(ValueError, match="'S' in row 0"):
        streams.from_file(path, numeric=["size"])


def test_a_column_that_begins_with_missing_cells(written):
    """It is judged by all its values: numbers, text, or a mixture that is refused."""
    lines = [f",{k % 2}\n" for k in range(12_000)]
    for cells, nominal in (("1 2.5 3", ()), ("x y x", ("a",))):
        late = "".join(f"{cell},1\n" for cell in cells.split())
        assert streams.from_file(written("a,y\n" + "".join(lines) + late)).schema.nominal == nominal
    late = "".join(f"{k},1\n" for k in range(50)) + "oops,1\n"
    with pytest.raises(ValueError, match="'a' holds numbers, but 'oops'"):
        streams.from_file(written("a,y\n" + "".join(lines) + late))


@pytest.mark.parametrize("seed", range(3))
def test_cells_equal_those_of_pandas(written, seed):
    """Numbers to the bit and text, with quotes, gaps and line ends, over several blocks."""
    rnd = random.Random(seed)
    texts = ["x", "two words", 'a "quote"', "a,b", "line\nend", ""]
    table = pd.DataFrame(
        {
            "whole": [rnd.choice([None, rnd.randrange(10**9)]) for _ in range(30_000)],
            "real": [rnd.gauss(0, 10 ** rnd.randrange(-9, 9)) for _ in range(30_000)],
            "text": [rnd.choice(texts) for _ in range(30_000)],
            "y": [rnd.choice(["p", "q"]) for _ in range(30_000)],
        }
    ).astype({"whole": "Int64"})
    path = written(table.to_csv(index=False, sep=";", lineterminator="\r\n"))
    read = pd.read_csv(path, sep=";")
    stream = streams.from_file(path)
    X = np.concatenate([X for X, _ in stream.blocks(7777)])
    np.testing.assert_array_equal(X[:, 0], read["whole"])
    np.testing.assert_array_equal(X[:, 1], read["real"])
    assert [y for _, y in stream] == read["y"].tolist()
    texts = [x["text"] for x, _ in stream]
    assert [None if t != t else t for t in texts] == [
        None if t != t else t for t in read["text"].tolist()
    ]


WORDS_IN_CELLS = ["red", "x y", "a,b", "c;d", 'a "quote"', "line\nend", "Ünï", "tab\tin"]


def drawn_table(rnd, n, sep, decimal):
    """Columns of whole numbers, numbers with a fraction, text, and numbers with gaps."""
    words = ["red", "blue", "Ünï"] if sep == " " else WORDS_IN_CELLS
    gaps = [""] if sep != " " else ["NA"]
    return {
        "whole": [str(rnd.randrange(-50, 10 ** rnd.randrange(1, 8))) for _ in range(n)],
        "real": [repr(rnd.gauss(0, 1000)).replace(".", decimal) for _ in range(n)],
        "text": [rnd.choice(words) for _ in range(n)],
        "gaps": [rnd.choice([*gaps, "N/A", "7", "8", "9"]) for _ in range(n)],
        "label": [rnd.choice("pqr") for _ in range(n)],
    }


@pytest.mark.parametrize("seed", range(24))
def test_every_cell_comes_back(written, seed):
    """Whatever the separator, quotes, line ends, encoding, decimal point and length."""
    rnd = random.Random(seed)
    sep = ",;\t| "[seed % 5]
    decimal = "." if sep == "," else rnd.choice(".,")
    encoding = ["utf-8", "utf-8-sig", "utf-16", "latin-1"][seed % 4]
    table = drawn_table(rnd, rnd.choice([2, 50, 3500]), sep, decimal)
    text = io.StringIO(newline="")
    quoting = rnd.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    ends = rnd.choice(["\n", "\r\n"])
    writer = csv.writer(text, delimiter=sep, quoting=quoting, lineterminator=ends)
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    path = written(text.getvalue(), encoding=encoding)
    stream = streams.from_file(path, decimal=decimal, encoding=encoding.removesuffix("-sig"))
    read = [{**x, "label": y} for x, y in stream]
    assert len(read) == len(table["label"])
    for name in ("text", "label"):
        assert [row[name] for row in read] == table[name]
    for name in ("whole", "real", "gaps"):
        known = [math.nan if c in ("", "NA", "N/A") else c for c in table[name]]
        expected = [c if c != c else float(c.replace(decimal, ".")) for c in known]
        np.testing.assert_array_equal([row[name] for row in read], expected)


# -- the first line ------------------------------------------------------------------------------

IRIS = "5.1,3.5,setosa\n4.9,3.0,virginica\n6.0,2.2,virginica\n"


@pytest.mark.parametrize(
    "text",
    [IRIS, "1.0,1.5,yes\n1,2,no\n", "1,2\n", "p,x,s\np,x,y\ne,x,s\n", "A11 6 x\nA12 48 y\n"],
)
def test_a_first_line_that_looks_like_data_is_refused(written, text):
    """A number above numbers, or words that come again below; the options are named."""
    with pytest.raises(ValueError, match=r"must have a header line, .* looks like data: header="):
        streams.from_file(written(text))


def test_no_header(written):
    """`header=False` and `names` keep the first row and its class."""
    stream = streams.from_file(written(IRIS), header=False)
    assert (stream.schema.names, stream.target) == (("x0", "x1"), "x2")
    assert rows(stream)[0] == (5.1, 3.5, "setosa")
    named = streams.from_file(written(IRIS), names=["length", "width", "kind"])
    assert (named.schema.names, named.target) == (("length", "width"), "kind")
    assert rows(named) == rows(stream)


def test_names_beside_a_header(written):
    """Names given for a file with a header are refused until it is said what they do."""
    path = written("a,b,c\n" + IRIS)
    with pytest.raises(ValueError, match="looks like a header, with 'a' above numbers"):
        streams.from_file(path, names=["x", "y", "z"])
    assert streams.from_file(path, names=["x", "y", "z"], header=True).schema.names == ("x", "y")
    with pytest.raises(ValueError, match=r"names must be 3, one a column .* got 2"):
        streams.from_file(path, names=["x", "y"], header=True)


def test_numbers_of_columns_are_names(written):
    """As a data frame of an array writes them, with its row numbers or without."""
    X = np.arange(20.0).reshape(4, 5) ** 2
    table = pd.DataFrame(X).assign(kind=list("pqpq"))
    path = written(table.to_csv(index=False))
    assert streams.from_file(path).schema.names == ("0", "1", "2", "3", "4")
    with pytest.warns(UserWarning, match="'Unnamed: 0' is left out"):
        assert rows(streams.from_file(written(table.to_csv()))) == rows(streams.from_file(path))
    with pytest.raises(ValueError, match="looks like data"):
        streams.from_file(written("0,1,p\n4,9,q\n"))


def test_years_as_names(written):
    """`header=True` takes numbers for names."""
    path = written("2019,2020,y\n1,2,a\n2,3,b\n")
    assert streams.from_file(path, header=True).schema.names == ("2019", "2020")


# -- codes and labels ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        (["001", "1", "01"], ("001", "01", "1")),
        (["1e3", "1000", "2e3"], ("1000", "1e3", "2e3")),
        (["1_2", "12", "3_4"], ("12", "1_2", "3_4")),
        (["9007199254740993", "9007199254740992"], (9007199254740992, 9007199254740993)),
        (["12345678901234567", "12345678901234568"], ("12345678901234567", "12345678901234568")),
        (["1", "1.0", "+1", "2."], (1, 2)),
        (["1.000e+00", "2.000e+00"], (1, 2)),  # as numpy.savetxt writes them
        (["-1", "1", "0"], (-1, 0, 1)),
        (["+", "-", "+"], ("+", "-")),
        (["yes", "1", "01"], ("01", "1", "yes")),
    ],
)
@pytest.mark.filterwarnings("ignore:the target 'label' holds numbers such as:UserWarning")
def test_labels_merge_only_where_they_are_plainly_the_same_number(written, cells, labels):
    """Codes are text; whole numbers are numbers, however large."""
    text = "x,label\n" + "".join(f"{k},{cell}\n" for k, cell in enumerate(cells))
    stream = streams.from_file(written(text))
    assert stream.schema.labels == labels
    assert [type(label) for label in stream.schema.labels] == [type(label) for label in labels]
    as_text = streams.from_file(written(text), target_text=True)
    assert [y for _, y in as_text] == cells


def test_codes_of_a_feature_are_text_with_a_word(written):
    """A leading zero marks a code; `numeric` and `nominal` decide it without a word."""
    path = written("zip,y\n01234,a\n1234,b\n")
    with pytest.warns(UserWarning, match=r"holds codes such as '01234', .*numeric=\['zip'\]"):
        stream = streams.from_file(path)
    assert stream.schema.categories == {"zip": ("01234", "1234")}
    assert rows(streams.from_file(path, nominal=["zip"])) == rows(stream)
    assert rows(streams.from_file(path, numeric=["zip"])) == [(1234.0, "a"), (1234.0, "b")]


# -- ways of writing numbers ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "options", "refused", "numbers"),
    [
        ("t;h;c\n1,5;2;a\n3;4;b\n", {"decimal": ","}, "'1,5' in row 0: decimal=','", [1.5, 3]),
        ('t,c\n"1,234",a\n5,b\n', {"thousands": ","}, "'1,234' in row 0: thousands", [1234, 5]),
        (
            "t;c\n1.234,5;a\n-2;b\n",
            {"thousands": ".", "decimal": ","},
            "'1.234,5' in row 0",
            [1234.5, -2],
        ),
    ],
)
def test_decimal_comma_and_thousands(written, text, options, refused, numbers):
    """Read by option, refused without: never text in silence."""
    path = written(text)
    with pytest.raises(ValueError, match=refused):
        streams.from_file(path)
    assert [row[0] for row in rows(streams.from_file(path, **options))] == numbers
    assert streams.from_file(path, nominal=["t"]).schema.nominal == ("t",)


def test_groups_of_thousands_have_three_digits(written):
    """`1,5` is not 15."""
    with pytest.raises(ValueError, match="column 't' holds '1,5' in row 0"):
        streams.from_file(written("t;c\n1,5;a\n2,5;b\n"), thousands=",")


def test_per_cent(written):
    """The number before the sign, and it is said."""
    path = written("p,c\n5%,a\n6.5 %,b\n")
    with pytest.warns(UserWarning, match="per cent such as '5%', read as the numbers"):
        stream = streams.from_file(path)
    assert rows(stream) == [(5.0, "a"), (6.5, "b")]


# -- how the text is laid out --------------------------------------------------------------------

PLAIN = "a,b,c\n1,2,x\n3,4,y\n"
EXPECTED = [(1.0, 2.0, "x"), (3.0, 4.0, "y")]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        (PLAIN.replace(",", ";"), {}),
        (PLAIN.replace(",", "|"), {}),
        (PLAIN.replace(",", "\t"), {}),
        (PLAIN.replace(",", "  "), {}),
        (PLAIN.replace(",", ":"), {"sep": ":"}),
        ("sep=;\n" + PLAIN.replace(",", ";"), {}),
        ('"a";"b";"c"\n1;2;"x"\n3;4;"y"\n', {}),
        ("# made by hand, once\n" + PLAIN, {}),
        ("\n\n" + PLAIN.replace("\n", "\r\n"), {}),
        ("a,b,c\n1,2,x # so\n# all\n3,4,y\n", {"comment": "#"}),
        ("#a,b,c\n1,2,x\n3,4,y\n", {}),
        ("\ufeff" + PLAIN, {}),
    ],
    ids=repr,
)
@pytest.mark.parametrize("name", ["t.csv", "t.txt", "table"])
def test_layouts(written, text, options, name):
    """Separators, comments and marks at the top; whatever the name of the file."""
    stream = streams.from_file(written(text, name), **options)
    assert stream.schema.names == ("a", "b")
    assert rows(stream) == EXPECTED


def test_a_separator_inside_quotes_does_not_count(written):
    """Names and cells may hold other separators and line ends."""
    path = written('"Temp, C";"Hum\nrel, %";class\n1.5;2;"a, b"\n2.5;3;b\n')
    stream = streams.from_file(path)
    assert stream.schema.names == ("Temp, C", "Hum\nrel, %")
    assert rows(stream) == [(1.5, 2.0, "a, b"), (2.5, 3.0, "b")]


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        (",a,b,c\n0,1,2,x\n1,3,4,y\n", "Unnamed: 0"),
        ("a,b,c\n0,1,2,x\n1,3,4,y\n", "Unnamed: 0"),
        ("Unnamed: 0,a,b,c\n0,1,2,x\n1,3,4,y\n", "Unnamed: 0"),
        ("a,b,c,\n1,2,x,\n3,4,y,\n", "Unnamed: 3"),
        ("a,b,c\n1,2,x,\n3,4,y,\n", "Unnamed: 3"),
    ],
)
def test_columns_without_a_name_are_left_out_with_a_word(written, text, left_out):
    """The row numbers of a data frame, and what a separator at the end of lines makes."""
    with pytest.warns(UserWarning, match=f"column '{left_out}' is left out: it has no name"):
        stream = streams.from_file(written(text))
    assert rows(stream) == EXPECTED


def zipped(path, **members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path.read_bytes()


def test_packed_files(written, tmp_path):
    """By ending or by content; a `.zip` holds one table."""
    content = PLAIN.encode()
    for name, packed in {
        "t.csv.gz": gzip.compress(content),
        "t.bz2": bz2.compress(content),
        "t.csv.zst": pyarrow.compress(content, codec="zstd", asbytes=True),
        "t.csv": gzip.compress(content),
        "t.zip": zipped(tmp_path / "z", **{"in/t.csv": PLAIN}),
    }.items():
        assert rows(streams.from_file(written(packed, name))) == EXPECTED
    two = zipped(tmp_path / "z", **{"a.csv": PLAIN, "b.csv": PLAIN})
    with pytest.raises(ValueError, match=r"must hold one table, has 'a.csv', 'b.csv'"):
        streams.from_file(written(two, "two.zip"))


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_encodings(written, encoding):
    """Refused with the line and a likely encoding; read by option."""
    path = written("temp °C,class\n1,p\n2,q\n", encoding=encoding)
    with pytest.raises(ValueError, match=f"text in UTF-8 in line 1: .* encoding='{encoding}'"):
        streams.from_file(path)
    stream = streams.from_file(path, encoding=encoding)
    assert rows(stream) == [(1.0, "p"), (2.0, "q")]
    assert stream.schema.names == ("temp °C",)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("+1 1:0.5 3:-1\n-1 2:1\n", "libsvm"),
        ("@problemName x\n@data\n1,2:a\n", "time series"),
        ('[{"a": 1}]', "JSON array"),
        (b"\0\1\2", "no text"),
    ],
)
def test_what_is_no_table_is_named(written, content, what):
    """Forms of whole collections are refused by name, not by the number of cells."""
    with pytest.raises(ValueError, match=what):
        streams.from_file(written(content, "t"))


def test_options_of_text_are_refused_elsewhere(written):
    """A separator means nothing to Parquet."""
    path = written("@relation r\n@attribute a real\n@attribute y {p,q}\n@data\n1,p\n", "t.arff")
    with pytest.raises(ValueError, match=r"sep is for delimited text, .* is ARFF; got ';'"):
        streams.from_file(path, sep=";")


# -- rows, times, ids, targets -------------------------------------------------------------------


def test_rows_reads_no_further(written):
    """What lies behind is neither parsed nor known."""
    path = written("a,y\n1,p\n2,q\nbad,r\n3\n")
    stream = streams.from_file(path, rows=2)
    assert rows(stream) == [(1.0, "p"), (2.0, "q")]
    assert (stream.n_samples, stream.schema.labels) == (2, ("p", "q"))
    assert streams.from_file(path, rows=1).schema.labels == ("p",)


TIMES = "t,x,y\n2024-02-29 09:30,1,a\n2024-03-03T00:00:30,2,b\n,3,a\n"


def test_times_are_left_out_with_a_word(written):
    """A time stamp is no category; `time` reads its parts, `nominal` takes it as text."""
    path = written(TIMES)
    with pytest.warns(UserWarning, match=r"column 't' is left out: it holds times; time=\['t'\]"):
        assert streams.from_file(path).schema.names == ("x",)
    stream = streams.from_file(path, time=["t"])
    assert stream.schema.names == ("t.month", "t.weekday", "t.hour", "x")
    assert rows(stream)[:2] == [(2, 3, 9.5, 1, "a"), (3, 6, 30 / 3600, 2, "b")]
    assert np.isnan(rows(stream)[2][:3]).all()
    assert streams.from_file(path, nominal=["t"]).schema.nominal == ("t",)
    assert streams.from_file(path, drop=["t"]).schema.names == ("x",)


@pytest.mark.parametrize(
    ("cell", "month"),
    [("2024/03/01", 3), ("31.01.2024 10:00", 1), ("2024-01-01T01:00:00+02:00", 12)],
)
def test_ways_of_writing_times(written, cell, month):
    """Years first, or days with full stops; zones become UTC."""
    stream = streams.from_file(written(f"t,y\n{cell},a\n{cell},b\n"), time=["t"])
    assert rows(stream)[0][0] == month


@pytest.mark.parametrize("cell", ["03/04/2024", "2024-02-30", "soon"])
def test_times_that_cannot_be_read(written, cell):
    """Day and month that cannot be told apart, and no time at all."""
    path = written(f"t,y\n2024-01-31,a\n{cell},b\n")
    with pytest.raises(ValueError, match=f"'t' must hold times .* got '{cell}' in row 1"):
        streams.from_file(path, time=["t"])


def test_a_column_like_an_id_is_named(written):
    """More categories than half the rows: a word, and `drop` leaves the column out."""
    path = written("id,x,y\n" + "".join(f"K{k},{k % 7},{'ab'[k % 2]}\n" for k in range(200)))
    with pytest.warns(UserWarning, match=r"'id' is like an id, with 200 categories .*drop=\['id'"):
        streams.from_file(path)
    assert streams.from_file(path, drop=["id"]).schema.names == ("x",)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        streams.from_file(path, nominal=["id"])


@pytest.mark.parametrize("name", ["id", "PassengerId", "row_number", "user_id"])
def test_a_column_that_counts_the_rows_is_named(written, name):
    """The row number leaks the order of the file: a word, and how to leave it out or keep it."""
    path = written(f"{name},y\n" + "".join(f"{k + 7},{'ab'[k % 2]}\n" for k in range(200)))
    with pytest.warns(UserWarning, match=rf"'{name}' counts the rows; drop=\['{name}'\]"):
        counted = streams.from_file(path)
    assert rows(streams.from_file(path, numeric=[name])) == rows(counted)
    assert streams.from_file(written("id,y\n" + "5,a\n3,b\n" * 100)).schema.names == ("id",)


def test_infinite_cells(written):
    """Refused at once with file, row and column, or missing."""
    path = written("x,y,label\n" + "1,2,a\n" * 500 + "1,Infinity,b\n")
    with pytest.raises(ValueError, match=r"t.csv: column 'y' .* Infinity in row 500"):
        streams.from_file(path)
    stream = streams.from_file(path, inf="missing")
    assert math.isnan(rows(stream)[500][1])


def test_a_word_for_missing_as_a_label(written):
    """Refused with the word and its column, and kept by `target_text`."""
    path = written("x,label\n1,None\n2,Crack\n3,None\n")
    with pytest.raises(ValueError, match=r"of column 'label': its cell 'None' .*target_text=True"):
        streams.from_file(path)
    assert streams.from_file(path, target_text=True).schema.labels == ("Crack", "None")


def test_the_target_that_was_taken_is_named(written):
    """Where it has gaps, and where it holds measurements."""
    with pytest.raises(
        ValueError, match=r"of column 'wind'; .*; columns are 'day', 'load', 'wind'"
    ):
        streams.from_file(written("day,load,wind\n1,10,\n2,11,\n3,12,0.5\n"))
    path = written("a,price\n" + "".join(f"{k},{k % 101}\n" for k in range(500)))
    with pytest.warns(UserWarning, match="target 'price' has 101 different numbers in 500 rows"):
        streams.from_file(path)


# -- oddities ------------------------------------------------------------------------------------


def test_a_quote_that_is_never_closed_is_refused(written):
    """Else the rows behind it would be one cell."""
    with pytest.raises(ValueError, match="a quote in line 3 that is never closed"):
        streams.from_file(written('a,c\n1,"x"\n2,"y\n3,z\n'))
    assert rows(streams.from_file(written('a,c\n1,5" pipe\n2,y\n')))[0] == (1.0, '5" pipe')


def test_very_wide_tables(written):
    """Lines longer than what is looked at or parsed at a time."""
    n = 30_000
    names = ",".join(f"column_number_{j}" for j in range(n))
    cells = ",".join(f"{j}.123456789012345678901234567890" for j in range(n))
    stream = streams.from_file(written(f"{names},c\n{cells},p\n{cells},q\n"))
    assert stream.schema.n_features == n
    assert stream.n_samples == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sep": ";;"}, "sep must be one character, got ';;'"),
        ({"sep": ",", "decimal": ","}, "decimal and sep must differ, got ',' for both"),
        ({"thousands": "."}, "decimal and thousands must differ, got '.' for both"),
        ({"comment": ""}, "comment must be one character, got ''"),
        ({"rows": 0}, "rows must be"),
        ({"encoding": "latin-99"}, "encoding must be one that Python knows"),
        ({"nominal": "b"}, "nominal must be among the features 'a'; got 'b'"),
    ],
)
def test_bad_options(written, options, message):
    """The argument, what it may be, and what it is."""
    with pytest.raises(ValueError, match=message):
        streams.from_file(written("a,c\n1,p\n"), **options)


def test_one_name_needs_no_list(written):
    """`drop="id"` is `drop=["id"]`."""
    path = written("id,a,c\nx,1,p\ny,2,q\n")
    assert streams.from_file(path, drop="id").schema.names == ("a",)
