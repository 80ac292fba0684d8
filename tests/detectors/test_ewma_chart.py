"""Tests of EWMAChart: the plain recursion with its exact limits, and published run lengths."""

import math

import numpy as np
import pytest

from olearn import detectors


def run_lengths(chart, shift, n):
    alarms = chart.update_many(np.random.default_rng(1).normal(shift, 1.0, n))
    lengths = np.diff(alarms, prepend=-1)
    return lengths.mean(), lengths.std() / math.sqrt(len(lengths))


def test_equals_the_naive_chart():
    """Average and limit are the weighted sum of all values and its exact deviation."""
    xs = np.random.default_rng(2).normal(5.0, 2.0, 100)
    chart = detectors.EWMAChart(0.2, 100.0, mean=5.0, sigma=2.0)
    for t, x in enumerate(xs):
        chart.update(x)
        weights = 0.2 * 0.8 ** np.arange(t + 1)[::-1]
        assert chart.average == pytest.approx(weights @ (xs[: t + 1] - 5.0) / 2.0, abs=1e-12)
        # the values have a deviation of 1 after scaling, so the average's is the weights' norm
        assert chart.limit == pytest.approx(100.0 * math.sqrt(weights @ weights), abs=1e-9)


@pytest.mark.parametrize(("lambda_", "width"), [(0.1, 2.814), (0.2, 2.962), (0.4, 3.054)])
def test_published_run_length(lambda_, width):
    """A false alarm every 500 values, Lucas and Saccucci (1990), less up to 4% for exact limits."""
    mean, error = run_lengths(detectors.EWMAChart(lambda_, width, 0.0, sigma=1.0), 0.0, 2_000_000)
    assert 480.0 - 4.0 * error <= mean <= 500.0 + 4.0 * error


@pytest.mark.parametrize(
    ("lambda_", "width", "published"), [(0.1, 2.814, 10.3), (0.2, 2.962, 10.5)]
)
def test_published_delay(lambda_, width, published):
    """Long after the start a shift of one deviation is found as published for wide limits."""
    delays = []
    rng = np.random.default_rng(3)
    while len(delays) < 2000:
        chart = detectors.EWMAChart(lambda_, width, 0.0, sigma=1.0)
        if not len(chart.update_many(rng.normal(size=100))):
            delays.append(chart.update_many(rng.normal(1.0, 1.0, 300))[0] + 1)
    # the published figure starts at an average of 0, this one at a random average near it
    assert np.mean(delays) == pytest.approx(published, abs=0.8)


def test_early_shift_is_found_sooner():
    """The exact limits find a shift from the first value on about 2 values sooner than 10.3."""
    mean, _ = run_lengths(detectors.EWMAChart(mean=0.0, sigma=1.0), 1.0, 300_000)
    assert mean == pytest.approx(8.2, abs=0.2)


def test_estimated_reference_and_direction():
    """Both shifts are found, once each, and the reference is estimated again after them."""
    rng = np.random.default_rng(4)
    chart = detectors.EWMAChart(width=4.5, warm_up=200)
    found = []
    for t, x in enumerate(rng.normal(np.repeat([10.0, 14.0, 9.0], 600), 2.0)):
        chart.update(x)
        if chart.drift_detected:
            found.append((t // 600, chart.direction))
    assert found == [(1, 1), (2, -1)]
    assert chart.reference == pytest.approx((9.0, 2.0), rel=0.15)


def test_warning_zone():
    """Beyond two thirds of the limit there is a warning, beyond the limit a drift."""
    chart = detectors.EWMAChart(mean=0.0, sigma=1.0)
    seen = 0
    for x in np.random.default_rng(5).normal(0.3, 1.0, 500):
        chart.update(x)
        assert chart.drift_detected == (abs(chart.average) > chart.limit)
        zone = 2.0 / 3.0 * chart.limit < abs(chart.average) <= chart.limit
        assert chart.warning_detected == zone
        seen += zone
    assert seen


@pytest.mark.parametrize("value", [0.0, 0.1, -1e300])
def test_constant_values_never_alarm(value):
    """A constant, whose estimated deviation is 0, is no drift."""
    assert not len(detectors.EWMAChart(warm_up=30).update_many(np.full(1000, value)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lambda_": 0.0}, r"lambda_ must be in \(0.0, 1.0\], got 0.0"),
        ({"width": -1.0}, r"width must be in \(0.0, inf\), got -1.0"),
        ({"mean": math.inf}, r"mean must be in \(-inf, inf\), got inf"),
    ],
)
def test_refuses_parameters(settings, message):
    """Parameters outside their range raise."""
    with pytest.raises(ValueError, match=message):
        detectors.EWMAChart(**settings)
