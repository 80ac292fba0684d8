"""Amounts and per cent are numbers: read with a word, or refused with what reads them."""

import re
import warnings

import numpy as np
import pytest
from typer.testing import CliRunner

from olearn import streams
from olearn.cli.main import app


@pytest.fixture
def written(tmp_path):
    def write(cells):
        path = tmp_path / "t.csv"
        path.write_text("x,price,class\n" + "".join(f'1,"{c}",a\n2,,b\n' for c in cells))
        return path

    return write


@pytest.mark.parametrize(
    ("cells", "options", "numbers"),
    [
        (["$5.00", "$12", "-$3.5", "$ 4"], {}, [5.0, 12.0, -3.5, 4.0]),
        (["5 €", "12€", "-3.5 €"], {}, [5.0, 12.0, -3.5]),
        (["$1,234.50", "$950.00"], {"thousands": ","}, [1234.5, 950.0]),
        (["1.234,50 €", "3 €"], {"thousands": ".", "decimal": ","}, [1234.5, 3.0]),
    ],
)
def test_amounts_are_numbers_and_said(written, cells, options, numbers):
    with pytest.warns(UserWarning, match="column 'price' holds amounts such as"):
        stream = streams.from_file(written(cells), **options)
    assert stream.schema.nominal == ()
    X, _ = next(stream.blocks())
    assert X[::2, 1].tolist() == numbers
    assert np.isnan(X[1::2, 1]).all()


@pytest.mark.parametrize(
    ("cells", "remedy"),
    [
        (["$950.00", "$1,234.50"], "holds '1,234.50' in row 2: thousands=','"),
        (["5,50 €", "3,25 €"], "holds '5,50' in row 0: decimal=','"),
    ],
)
def test_amounts_of_another_dialect_are_refused_with_the_option(written, cells, remedy):
    with pytest.raises(ValueError, match=remedy):
        streams.from_file(written(cells))


@pytest.mark.parametrize(
    ("cells", "cell"),
    [
        (["7"] * 30 + ["5%"], "5%"),
        (["7"] * 30 + ["$5"], r"\$5"),
        (["7", "5%"], "5%"),
        (["5%", "6%", "7"], "5%"),
        (["$5", "5 €"], "5 €"),
        (["$5", "5%"], "5%"),
    ],
)
def test_units_do_not_merge_with_each_other_or_with_plain_numbers(written, cells, cell):
    path = written(cells)
    with pytest.raises(ValueError, match=f"but '{cell}' in row .*na_values=.*nominal=.*drop="):
        streams.from_file(path)
    with pytest.raises(ValueError, match="na_values="):
        streams.from_file(path, numeric=["price"])
    assert streams.from_file(path, nominal=["price"]).schema.nominal == ("price",)


@pytest.mark.parametrize(
    ("first", "stray"), [("7", "5%"), ("7", "$5"), ("5%", "7"), ("$5", "7"), ("$5", "€5")]
)
def test_a_stray_unit_far_down_is_refused_with_its_row(tmp_path, first, stray):
    path = tmp_path / "t.csv"
    path.write_text("price,class\n" + f"{first},a\n" * 12_000 + f"{stray},b\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match=re.escape(f"{stray!r} in row 12000")):
            streams.from_file(path)
        with pytest.raises(ValueError, match=re.escape(f"{stray!r} in row 12000")):
            streams.signal_from_file(path, "price")
        stream = streams.from_file(path, na_values=[stray])
    assert np.isnan(np.concatenate([X for X, _ in stream.blocks()])[-1, 0])


def test_units_behind_rows_without_a_value_are_not_taken_as_text(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,price,class\n" + "1,,a\n" * 12_000 + "1,5%,b\n")
    with pytest.raises(ValueError, match=r"holds '5%' after 10,000 rows without a value; nominal"):
        streams.from_file(path)
    assert streams.from_file(path, nominal=["price"]).schema.categories["price"] == ("5%",)


def test_per_cent_with_a_decimal_comma(written):
    with pytest.raises(ValueError, match="holds '5,5' in row 0: decimal=','"):
        streams.from_file(written(["5,5%", "6,25 %"]))
    with pytest.warns(UserWarning, match="column 'price' holds per cent such as '5,5%'"):
        stream = streams.from_file(written(["5,5%", "6,25 %"]), decimal=",")
    assert next(stream.blocks())[0][::2, 1].tolist() == [5.5, 6.25]


def test_amounts_stay_text_if_asked_for(written):
    stream = streams.from_file(written(["$1,000", "$2"]), nominal=["price"])
    assert stream.schema.categories["price"] == ("$1,000", "$2")


def test_a_text_with_a_sign_stays_text(written):
    assert streams.from_file(written(["$ign", "£x", "$ign"])).schema.nominal == ("price",)


def test_the_command_names_the_option(written):
    path = str(written(["$950.00", "$1,234.50"]))
    refused = CliRunner().invoke(app, ["run", "hoeffding-tree", path], terminal_width=300)
    assert "--thousands ," in refused.output
    done = CliRunner().invoke(app, ["run", "hoeffding-tree", path, "--thousands", ","])
    assert done.exit_code == 0
    assert "holds amounts such as '$950.00'" in done.output
