"""Tests of `olearn.evaluate.intervals`."""

import numpy as np
import pytest

from olearn.evaluate.intervals import mean_and_half_width, means_and_half_widths, t_quantile


def test_by_hand():
    """The half width is t(0.975, n - 1) s / sqrt(n)."""
    found = mean_and_half_width([0.7, 0.8, 0.9])
    assert found == pytest.approx((0.8, 4.302652729911275 * 0.1 / np.sqrt(3)))  # t table, 2 df


def test_one_run_has_no_interval():
    """A single run has no half width."""
    mean, half_width = mean_and_half_width([0.5])
    assert mean == 0.5
    assert np.isnan(half_width)


def test_many_figures_at_once():
    """Runs lie along the first axis; each column is a figure of its own."""
    values = np.random.default_rng(1).normal(size=(4, 3))
    columns = [mean_and_half_width(column) for column in values.T]
    np.testing.assert_allclose(np.transpose(means_and_half_widths(values)), columns, rtol=1e-12)
    assert np.isnan(means_and_half_widths(values[:1])[1]).tolist() == [True] * 3


@pytest.mark.parametrize(("freedom", "quantile"), [(1, 12.7062), (10, 2.2281), (1e9, 1.95996)])
def test_quantiles(freedom, quantile):
    """Those of the table of Student's t, and the normal one for many degrees of freedom."""
    assert t_quantile(freedom) == pytest.approx(quantile, abs=5e-5)
