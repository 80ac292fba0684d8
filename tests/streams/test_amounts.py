"""Amounts of money are numbers: read with a word, or refused with the option that reads them."""

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
