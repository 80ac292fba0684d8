"""Tests of the questions that evaluation asks of a model."""

import pytest
from river import compose, linear_model, naive_bayes, preprocessing

from olearn import learners
from olearn.base import takes_blocks


class Foreign:
    """A model of someone else, who says that it takes blocks."""

    takes_blocks = True


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (learners.HoeffdingTreeClassifier(), True),
        (learners.AnalyticRidgeRegressor(), True),
        (Foreign(), True),
        (naive_bayes.GaussianNB(), False),
        (linear_model.LinearRegression(), False),  # learns frames
        # which river makes an instance of its last step
        (
            compose.Pipeline(preprocessing.StandardScaler(), learners.AnalyticRidgeRegressor()),
            False,
        ),
        (object(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_who_takes_blocks(model, expected):
    """Learners of ours do, and who says so; river's own and pipelines do not."""
    assert takes_blocks(model) is expected
