"""Columns of text that look measured, and labels that are hardly meant so: said or refused."""

import re
import warnings

import pytest

from olearn import streams


@pytest.fixture
def written(tmp_path):
    def write(cells, header="x,v,class"):
        path = tmp_path / "t.csv"
        lines = (f'"{cell}",{row % 7},{"ab"[row % 2]}\n' for row, cell in enumerate(cells))
        path.write_text(f"{header}\n" + "".join(lines), encoding="utf-8")
        return path

    return write


def silent(path, **options):
    """Read a file where nothing may be said."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return streams.from_file(path, **options)


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        (["5 kg", "6.5 kg"], "numbers with the unit 'kg', such as '5 kg'"),
        (["5°C", "-6°C"], "numbers with the unit '°C'"),
        (["12km/h", "3 km/h"], "numbers with the unit 'km/h'"),
        (["12:30", "7:05"], "times of day, such as '12:30'"),
        (["12:30:00.5", "23:59:59"], "times of day"),
    ],
)
def test_measured_text_is_said(written, cells, what):
    path = written(cells)
    with pytest.warns(UserWarning, match=f"'x' holds {re.escape(what)}.* taken as text; nominal="):
        assert streams.from_file(path).schema.nominal == ("x",)
    assert silent(path, nominal=["x"]).schema.categories["x"] == tuple(cells)


@pytest.mark.parametrize(
    "cells",
    [["3-door", "5-door"], ["1st", "2nd"], ["5 kg", "6 g"], ["10-20", "20-30"], ["A1", "B"]],
)
def test_other_text_is_not(written, cells):
    assert silent(written(cells)).schema.nominal == ("x",)


@pytest.mark.parametrize(
    ("cells", "options", "numbers"),
    [
        (["1 234", "5 678.5"], {"thousands": " "}, [1234.0, 5678.5]),
        (["1'234", "5'678"], {"thousands": "'"}, [1234.0, 5678.0]),
        (["1\u00a0234", "5"], {"thousands": "\u00a0"}, [1234.0, 5.0]),
        (["1\u202f234", "12\u202f345\u202f678"], {"thousands": "\u202f"}, [1234.0, 12345678.0]),
        (["1.234.567", "2.345.678"], {"decimal": ",", "thousands": "."}, [1234567.0, 2345678.0]),
    ],
)
def test_groups_of_digits_are_refused_with_the_option(written, cells, options, numbers):
    path = written(cells)
    mark = re.escape(f"thousands={options['thousands']!r}")
    with pytest.raises(
        ValueError, match=f"'x' holds {re.escape(repr(cells[0]))} in row 0: .*{mark}"
    ):
        streams.from_file(path)
    assert next(silent(path, **options).blocks())[0][:, 0].tolist() == numbers


@pytest.mark.parametrize("cell", ["31 Jan 2020", "1-Feb-21", "March 3, 2020", "2020-01"])
def test_dates_in_words_are_times(written, cell):
    with pytest.warns(UserWarning, match="column 'x' is left out: it holds times"):
        assert streams.from_file(written([cell] * 3)).schema.names == ("v",)


def test_a_word_among_times_is_refused(written):
    """One cell does not make a time stamp a category a row."""
    path = written([f"2020-01-{day:02}" for day in range(1, 29)] + ["unknown"])
    with pytest.raises(ValueError, match=r"'x' holds times, but 'unknown' in row 28 .*na_values="):
        streams.from_file(path)
    with pytest.warns(UserWarning, match="left out: it holds times"):
        streams.from_file(path, na_values=["unknown"])
    assert streams.from_file(path, nominal=["x"]).schema.nominal == ("x",)


def test_two_columns_named_as_a_target(written):
    path = written(["p", "q"], header="label,v,class")
    with pytest.warns(UserWarning, match="the target is column 'class', and 'label' a feature"):
        assert streams.from_file(path).target == "class"
    assert silent(path, target="label").target == "label"
    assert silent(path, drop=["label"]).schema.names == ("v",)


def test_labels_that_differ_in_case_only(written, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("v,class\n1,Yes\n2,yes\n3,no\n")
    with pytest.warns(UserWarning, match="has the labels 'Yes' and 'yes', two classes"):
        assert streams.from_file(path).schema.labels == ("Yes", "no", "yes")
    assert silent(path, target_text=True).schema.labels == ("Yes", "no", "yes")


def test_a_target_like_an_id(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("v,name\n" + "".join(f"{row % 5},n{row}\n" for row in range(200)))
    with pytest.warns(UserWarning, match="'name' is like an id, with 200 labels in 200 rows"):
        streams.from_file(path)
    assert silent(path, target_text=True).schema.n_classes == 200
