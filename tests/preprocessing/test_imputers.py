"""`StatImputer` and `PreviousImputer` against river's, row for row."""

import copy
import math

import numpy as np
import pytest
from river import preprocessing as theirs
from river import stats
from toys import mixed_rows

from olearn import preprocessing

NAMES = ("heat", "level", "sky", "id")
IMPUTERS = {
    "compiled": [("heat", stats.Mean()), ("level", stats.Max()), ("sky", "none"), ("id", "?")],
    "others": [("heat", stats.Min()), ("level", stats.Quantile()), ("sky", stats.Mode())],
    "constants": [("heat", -1.0), ("level", 0)],
}


def there(row):
    """What is there: river's imputes None, or infinity, where it knows nothing yet."""
    return {k: v for k, v in row.items() if v not in (None, math.inf, -math.inf)}


@pytest.mark.parametrize("name", IMPUTERS)
def test_statistics_equal_rivers(name):
    """A key that is not in the row is missing for ours; river's is given None."""
    imputers = IMPUTERS[name]
    ours = preprocessing.StatImputer(*copy.deepcopy(imputers))
    river = theirs.StatImputer(*copy.deepcopy(imputers))
    n_imputed, known = 0, set()
    for x in mixed_rows():
        given = {key: x.get(key) for key in NAMES}
        if known == set(NAMES):  # else ours does not know yet which features are text
            assert ours.transform_one(x) == there(river.transform_one(given))
        ours.learn_one(x)
        river.learn_one(given)
        known |= set(x)
        if known == set(NAMES):
            assert ours.transform_one(x) == there(river.transform_one(given))
        n_imputed += len(ours.transform_one(x)) > len(x)
    assert n_imputed > 40


def test_previous_equals_rivers():
    """Numbers and texts alike."""
    ours, river = preprocessing.PreviousImputer(), theirs.PreviousImputer()
    for x in mixed_rows():
        given = {key: x.get(key) for key in NAMES}
        ours.learn_one(x)
        river.learn_one(given)
        assert ours.transform_one(x) == there(river.transform_one(given))


def test_gaps_of_every_kind_are_filled():
    """None, NaN and an absent key; river's leaves a NaN as it is."""
    for imputer in (
        preprocessing.StatImputer(("x", stats.Mean())),
        preprocessing.PreviousImputer(),
    ):
        imputer.learn_one({"x": 4.0})
        for gap in ({"x": None}, {"x": math.nan}, {}):
            imputer.learn_one(gap)
            assert imputer.transform_one(gap) == {"x": 4.0}


def test_a_feature_may_be_missing_from_the_first_row_on():
    """A constant is put in before any value has come."""
    imputer = preprocessing.StatImputer(("x", -1.0))
    imputer.learn_one({"z": 2.0})
    assert imputer.transform_one({"z": 2.0}) == {"z": 2.0, "x": -1.0}
    imputer.learn_many(np.array([[3.0, 5.0]]), names=["x", "z"])
    assert imputer.transform_one({"x": 7.0}) == {"x": 7.0}


def test_no_mean_is_put_among_texts():
    """Which river's does not find out before it adds them up."""
    imputer = preprocessing.StatImputer(("x", stats.Mean()))
    with pytest.raises(ValueError, match=r"must hold a text or stats.Mode for 'x'"):
        imputer.learn_one({"x": "text"})


def test_numbers_beside_a_text_are_categories():
    """From the first row on, whether the feature is there or not."""
    for first in ({"z": 1.0}, {"x": None, "z": 1.0}, {"x": 2.0}):
        imputer = preprocessing.StatImputer(("x", "none"))
        imputer.learn_one(first)
        assert imputer.transform_one({"z": 1.0}) == {"x": "none", "z": 1.0}
        assert imputer.transform_one({"x": 2.0}) == {"x": 2.0}


@pytest.mark.parametrize(
    ("imputers", "error", "match"),
    [
        ([("x",)], TypeError, "pairs of a name and a statistic"),
        ([("x", [1])], TypeError, "statistics of river, numbers or texts"),
        ([("x", 1), ("x", 2)], ValueError, "once, got 'x' again"),
    ],
)
def test_imputers_are_checked(imputers, error, match):
    """What cannot be an imputer is named."""
    with pytest.raises(error, match=match):
        preprocessing.StatImputer(*imputers)


def test_statistics_given_are_not_touched():
    """A clone starts as the model did."""
    mean, mode = stats.Mean(), stats.Mode()
    imputer = preprocessing.StatImputer(("x", mean), ("sky", mode))
    imputer.learn_one({"x": 4.0, "sky": "blue"})
    assert (mean.get(), mode.get()) == (0.0, None)
    assert imputer.clone().transform_one({"x": None}) == {"x": 0.0}
