"""Tests of CUSUM: the plain recursion, and published run lengths."""

import math

import numpy as np
import pytest

from olearn import detectors


def naive_cusum(xs, mean, sigma, k, h):
    """Largest sum after each value, and the alarms; the sums restart after an alarm."""
    upper = lower = 0.0
    sums, alarms = [], []
    for t, x in enumerate(xs):
        z = (x - mean) / sigma
        upper, lower = max(0.0, upper + z - k), max(0.0, lower - z - k)
        sums.append(max(upper, lower))
        if sums[-1] > h:
            alarms.append(t)
            upper = lower = 0.0
    return sums, alarms


def run_lengths(chart, shift, n, seed=1):
    """Mean and standard error of the times between alarms on Gaussian values."""
    alarms = chart.update_many(np.random.default_rng(seed).normal(shift, 1.0, n))
    lengths = np.diff(alarms, prepend=-1)
    return lengths.mean(), lengths.std() / math.sqrt(len(lengths))


def test_equals_the_naive_sums():
    """Sums and alarms are those of the textbook recursion."""
    xs = np.random.default_rng(2).normal(np.repeat([5.0, 8.0, 3.0], 300), 2.0)
    sums, alarms = naive_cusum(xs, 5.0, 2.0, 0.25, 6.0)
    chart = detectors.CUSUM(0.25, 6.0, mean=5.0, sigma=2.0)
    got = []
    for t, x in enumerate(xs):
        chart.update(x)
        assert chart.statistic == pytest.approx(sums[t], abs=1e-9)
        assert chart.warning_detected == (3.0 <= sums[t] <= 6.0)
        if chart.drift_detected:
            got.append(t)
            assert t < 300 or chart.direction == (1 if t < 600 else -1)
    assert got == alarms
    assert len(alarms) > 10


@pytest.mark.parametrize(
    ("shift", "published"), [(0.0, 465.0), (0.25, 139.0), (0.5, 38.0), (1.0, 10.4), (2.0, 4.01)]
)
def test_published_run_lengths(shift, published):
    """Mean times to an alarm for k = 1/2, h = 5 are those of Montgomery (2009), Table 9.3."""
    mean, error = run_lengths(detectors.CUSUM(mean=0.0, sigma=1.0), shift, 1_000_000)
    assert mean == pytest.approx(published, abs=4.0 * error + 0.005 * published)


def test_one_sided_run_length():
    """One sum alone follows Siegmund's approximation: 938 values between false alarms."""
    b, delta = 5.0 + 1.166, 0.5
    expected = (math.exp(2 * delta * b) - 2 * delta * b - 1) / (2 * delta**2)
    chart = detectors.CUSUM(mean=0.0, sigma=1.0, two_sided=False)
    mean, error = run_lengths(chart, 0.0, 2_000_000)
    assert mean == pytest.approx(expected, abs=4.0 * error)


def test_one_sided_ignores_a_fall():
    """Without the second sum a fall of the mean raises no alarm."""
    xs = np.random.default_rng(3).normal(-2.0, 1.0, 500)
    assert not len(detectors.CUSUM(mean=0.0, sigma=1.0, two_sided=False).update_many(xs))


def test_estimated_reference():
    """Mean and deviation are estimated from the warm-up, and again after each drift."""
    rng = np.random.default_rng(4)
    chart = detectors.CUSUM(h=10.0, warm_up=300)
    assert chart.reference is None
    (alarm,) = chart.update_many(np.concatenate([rng.normal(50, 3, 500), rng.normal(59, 3, 900)]))
    assert 500 <= alarm < 510
    mean, sigma = chart.reference
    assert mean == pytest.approx(59.0, abs=0.7)
    assert sigma == pytest.approx(3.0, abs=0.5)


def test_onset():
    """The median onset over 20 seeds lies within 5 values of the change."""
    onsets = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        chart = detectors.CUSUM(h=8.0, mean=0.0, sigma=1.0)
        for x in np.concatenate([rng.normal(size=300), rng.normal(1.5, 1.0, 100)]):
            chart.update(x)
            if chart.drift_detected:
                break
        onsets.append(chart.onset)
    assert abs(np.median(onsets) - 300) <= 5


@pytest.mark.parametrize("value", [0.0, 0.1, -1e300])
def test_constant_values_never_alarm(value):
    """A constant, whose estimated deviation is 0, is no drift."""
    assert not len(detectors.CUSUM(warm_up=30).update_many(np.full(1000, value)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"h": 0.0}, r"h must be in \(0.0, inf\), got 0.0"),
        ({"k": -1.0}, r"k must be in \[0.0, inf\), got -1.0"),
        ({"sigma": 0.0}, r"sigma must be in \(0.0, inf\), got 0.0"),
        ({"warm_up": 1}, r"warm_up must be in \[2, inf\], got 1"),
    ],
)
def test_refuses_parameters(settings, message):
    """Parameters outside their range raise."""
    with pytest.raises(ValueError, match=message):
        detectors.CUSUM(**settings)
