"""Tests of the shared checks: what passes, what raises, and what the message says."""

import math

import numpy as np
import pytest

from olearn.core.validate import (
    check_choice,
    check_in_range,
    check_integer,
    check_number,
    suggestion,
)


@pytest.mark.parametrize("value", [0, -1.5, np.float64(2), np.int32(3), math.inf])
def test_real_numbers_pass(value):
    """Any real number is a number, NumPy's and infinity too."""
    check_number("delta", value)


@pytest.mark.parametrize("value", [True, "0.1", None, [1.0], 1j])
def test_other_kinds_are_type_errors(value):
    """Booleans, strings and the rest are of the wrong kind; the message names kind and value."""
    with pytest.raises(TypeError, match=rf"delta must be a number.*{type(value).__name__}"):
        check_number("delta", value)


def test_nan_is_no_number():
    """NaN is refused, by the range check too."""
    with pytest.raises(ValueError, match="delta must be a number, got nan"):
        check_in_range("delta", math.nan, 0, 1)


@pytest.mark.parametrize(("value", "passes"), [(-0.1, False), (0, True), (1, True), (1.1, False)])
def test_closed_ends_count(value, passes):
    """Both ends of a closed interval are allowed."""
    if passes:
        check_in_range("delta", value, 0, 1)
    else:
        with pytest.raises(ValueError, match=rf"delta must be in \[0, 1\], got {value}"):
            check_in_range("delta", value, 0, 1)


def test_open_ends_do_not_count():
    """An open end is not allowed, and the message shows the round bracket."""
    check_in_range("delta", 0.5, 0, 1, open_low=True, open_high=True)
    with pytest.raises(ValueError, match=r"delta must be in \(0, 1\], got 0"):
        check_in_range("delta", 0, 0, 1, open_low=True)
    with pytest.raises(ValueError, match=r"delta must be in \[0, 1\), got 1"):
        check_in_range("delta", 1, 0, 1, open_high=True)


def test_integers():
    """Whole numbers of any kind pass; a float, even a whole one, and a boolean do not."""
    check_integer("n", 3, 1)
    check_integer("n", np.int64(3), 1)
    for value in (3.0, True, "3"):
        with pytest.raises(TypeError, match="n must be an integer, got"):
            check_integer("n", value, 1)
    with pytest.raises(ValueError, match=r"n must be in \[1, inf\], got 0"):
        check_integer("n", 0, 1)


def test_choices():
    """The message lists all choices and suggests the nearest; another kind is refused too."""
    check_choice("leaf", "nba", ["mc", "nb", "nba"])
    with pytest.raises(ValueError, match="leaf must be one of 'mean', 'model', got 'maen'; did"):
        check_choice("leaf", "maen", ["mean", "model"])
    with pytest.raises(ValueError, match="got 3"):
        check_choice("leaf", 3, ["mean", "model"])


def test_suggestion_is_empty_when_nothing_is_near():
    """No suggestion is better than a wild one; several near names are joined by 'or'."""
    assert suggestion("zzz", ["mean", "model"]) == ""
    assert suggestion("sea_", ["sea_a", "sea_g"]) in (
        "; did you mean 'sea_a' or 'sea_g'?",
        "; did you mean 'sea_g' or 'sea_a'?",
    )
