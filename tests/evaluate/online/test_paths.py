"""Tests of `olearn.evaluate.online.paths`: where spans of rows end, and which step predicts."""

import pytest
from river import compose, linear_model, preprocessing

from olearn.base.pipeline import last_step
from olearn.evaluate.online.paths import rows_to_cut


def naive_rows_to_cut(n, cuts, max_samples):
    """Step on, a row at a time, until some cut or the end is reached."""
    rows = 1
    while n + rows != max_samples and all((n + rows) % cut for cut in cuts):
        rows += 1
    return rows


@pytest.mark.parametrize("cuts", [[1], [7], [4, 6], [100, 33]])
@pytest.mark.parametrize("max_samples", [None, 50])
def test_spans_end_at_each_cut(cuts, max_samples):
    """A span goes up to the nearest multiple of a cut after a row, or to the end of the run."""
    for n in range(50):
        assert rows_to_cut(n, cuts, max_samples) == naive_rows_to_cut(n, cuts, max_samples)


def test_nothing_is_left_at_the_end():
    """A run that has read all its rows asks for none."""
    assert rows_to_cut(50, [7], 50) == 0


def test_last_step():
    """The estimator at the end of a pipeline, of one inside another too; a model is its own."""
    model = linear_model.LogisticRegression()
    scaled = preprocessing.StandardScaler() | model
    assert last_step(model) is model
    assert last_step(scaled) is model
    assert last_step(compose.Pipeline(preprocessing.MinMaxScaler(), scaled)) is model
