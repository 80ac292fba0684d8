"""Metrics of intervals: what each row counts, rows and arrays alike."""

import math

import numpy as np
import pytest
from river.conf.interval import Interval

from olearn import metrics

Y = [0.0, 1.0, 5.0, -3.0]
ENDS = [(-1.0, 1.0), (1.0, 3.0), (0.0, 4.0), (-math.inf, math.inf)]
# share inside; mean width of the finite ones; width, and 20 times the miss of 1
EXPECTED = {"Coverage": 0.75, "IntervalWidth": 8 / 3, "IntervalScore": (2.0 + 2.0 + 24.0) / 3}


@pytest.mark.parametrize("name", EXPECTED)
def test_values(name):
    """By pairs, by intervals of river, by arrays; taking a row out undoes it."""
    by_pairs, by_intervals, by_arrays = (getattr(metrics, name)() for _ in range(3))
    for y, (lower, upper) in zip(Y, ENDS, strict=True):
        by_pairs.update(y, (lower, upper))
        by_intervals.update(y, Interval(lower, upper))
    by_arrays.update_intervals(np.array(Y), np.array(ENDS))
    for metric in (by_pairs, by_intervals, by_arrays):
        assert metric.get() == pytest.approx(EXPECTED[name], rel=1e-12)
    before = by_pairs.get()
    by_pairs.update(2.0, (0.0, 1.0))
    assert by_pairs.get() != before
    by_pairs.revert(2.0, (0.0, 1.0))
    assert by_pairs.get() == pytest.approx(before)
    assert getattr(metrics, name)().get() == 0.0


def test_less_is_better_but_for_coverage():
    """And the score takes the share that was asked for."""
    assert metrics.Coverage().bigger_is_better
    assert not metrics.IntervalWidth().bigger_is_better
    half = metrics.IntervalScore(coverage=0.5)
    half.update(3.0, (0.0, 2.0))
    assert half.get() == 2.0 + 4.0 * 1.0
    with pytest.raises(ValueError, match="coverage"):
        metrics.IntervalScore(coverage=1.0)
