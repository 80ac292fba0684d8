"""Tests of GeneralizedLikelihoodRatio: the plain maximum, and run lengths from the literature."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from olearn import detectors
from olearn.detectors import GeneralizedLikelihoodRatio


def naive_ratio(z, change):
    """Log-likelihood of these values at their own parameters less that at 0 and 1."""
    mean = 0.0 if change == "variance" else z.mean()
    sigma = 1.0 if change == "mean" else math.sqrt(np.mean((z - mean) ** 2))
    return stats.norm.logpdf(z, mean, sigma).sum() - stats.norm.logpdf(z).sum()


def mean_time(chart, n, seed=1):
    lengths = np.diff(chart.update_many(np.random.default_rng(seed).normal(size=n)), prepend=-1)
    return lengths.mean(), lengths.std() / math.sqrt(len(lengths))


def siegmund_venkatraman(threshold, window_size):
    """Approximate mean time between false alarms (1995), for a window of limited length."""
    b = math.sqrt(2.0 * threshold)

    def nu(x):
        return (
            (2 / x)
            * (stats.norm.cdf(x / 2) - 0.5)
            / ((x / 2) * stats.norm.cdf(x / 2) + stats.norm.pdf(x / 2))
        )

    integral = integrate.quad(lambda x: x * nu(x) ** 2, b / math.sqrt(window_size), b)[0]
    return math.sqrt(2.0 * math.pi) * math.exp(threshold) / (b * integral)


@pytest.mark.parametrize("change", ["mean", "variance", "both"])
def test_equals_the_naive_maximum(change):
    """The statistic is the largest ratio over all lengths in the window, the onset its start."""
    xs = np.random.default_rng(2).normal(5.0, 2.0, 120) + np.repeat([0.0, 1.0], 60)
    chart = GeneralizedLikelihoodRatio(change, 1e6, 40, mean=5.0, sigma=2.0, min_length=4)
    for t, x in enumerate(xs):
        chart.update(x)
        z = (xs[max(0, t - 39) : t + 1] - 5.0) / 2.0
        ratios = {n: naive_ratio(z[-n:], change) for n in range(4, len(z) + 1)}
        if ratios:
            best = max(ratios, key=ratios.get)
            assert chart.statistic == pytest.approx(max(ratios[best], 0.0), abs=1e-9)
            assert chart.onset == t + 1 - best


@pytest.mark.parametrize("threshold", [4.0, 5.0, 6.0])
def test_published_mean_time_between_false_alarms(threshold):
    """For a mean it follows the approximation of Siegmund and Venkatraman, within 8%."""
    chart = GeneralizedLikelihoodRatio("mean", threshold, 200, mean=0.0, sigma=1.0, min_length=1)
    mean, error = mean_time(chart, 300_000)
    expected = siegmund_venkatraman(threshold, 200)
    assert mean == pytest.approx(expected, abs=4.0 * error + 0.08 * expected)


@pytest.mark.parametrize(
    ("change", "threshold", "expected"),
    [("mean", 6.0, 830.0), ("variance", 6.0, 550.0), ("both", 10.0, 1350.0)],
)
def test_false_alarms_with_the_defaults(change, threshold, expected):
    """Mean times between false alarms stay those of the docstring's simulation, within 20%."""
    chart = GeneralizedLikelihoodRatio(change, threshold, mean=0.0, sigma=1.0)
    mean, error = mean_time(chart, 400_000, seed=3)
    assert mean == pytest.approx(expected, abs=4.0 * error + 0.2 * expected)


@pytest.mark.parametrize(
    ("change", "after", "limit"),
    [
        ("mean", (1.0, 1.0), 35),
        ("mean", (-3.0, 1.0), 8),
        ("variance", (0.0, 2.0), 30),
        ("variance", (0.0, 0.4), 35),
        ("both", (0.0, 2.0), 40),
        ("both", (1.5, 1.0), 30),
    ],
)
def test_detects(change, after, limit):
    """A shift of any size, or of the spread in either direction, is found and located."""
    delays, onsets = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        chart = GeneralizedLikelihoodRatio(change, 12.0)
        xs = np.concatenate([rng.normal(size=500), rng.normal(*after, 300)])
        for t, x in enumerate(xs):
            chart.update(x)
            if chart.drift_detected:
                delays.append(t - 500)
                onsets.append(chart.onset)
                break
    assert len(delays) == 20
    assert 0 <= np.median(delays) <= limit
    assert abs(np.median(onsets) - 500) <= 4


@pytest.mark.parametrize("change", ["mean", "variance", "both"])
def test_constant_values_never_alarm(change):
    """A constant, whose estimated deviation is 0, is no drift; leaving it is one."""
    chart = GeneralizedLikelihoodRatio(change, warm_up=30)
    assert not len(chart.update_many(np.full(1000, 0.1)))
    assert len(chart.update_many(np.array([0.1, 0.2, 0.1, 0.1, 0.1]))) == 1


def test_stuck_sensor_is_a_drop_of_variance():
    """Values that become constant are a change of the variance, once."""
    xs = np.concatenate([np.random.default_rng(4).normal(size=400), np.full(1000, 0.3)])
    (alarm,) = GeneralizedLikelihoodRatio("both", 12.0).update_many(xs)
    assert 400 < alarm < 420


def test_warning_zone():
    """A warning is a statistic of at least half the threshold, below it."""
    chart = GeneralizedLikelihoodRatio(threshold=6.0, mean=0.0, sigma=1.0)
    seen = 0
    for x in np.random.default_rng(5).normal(0.3, 1.0, 500):
        chart.update(x)
        assert chart.warning_detected == (3.0 <= chart.statistic < 6.0)
        seen += chart.warning_detected
    assert seen


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"change": "slope"}, "change must be one of 'mean', 'variance', 'both', got 'slope'"),
        ({"change": "both", "min_length": 1}, r"min_length must be in \[2, inf\], got 1"),
        ({"window_size": 3}, r"window_size must be in \[5, inf\], got 3"),
        ({"threshold": 0.0}, r"threshold must be in \(0.0, inf\), got 0.0"),
    ],
)
def test_refuses_parameters(settings, message):
    """Parameters outside their range raise."""
    with pytest.raises(ValueError, match=message):
        detectors.GeneralizedLikelihoodRatio(**settings)
