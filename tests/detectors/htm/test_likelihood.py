"""Tests of the anomaly likelihood: an independent implementation's traces, and a slow twin."""

import math
import pickle
from pathlib import Path

import numpy as np
import pytest

from olearn.detectors import htm

# float64 traces of an independent implementation that reproduces NAB's published score files
GOLDEN = Path(__file__).parents[2] / "golden" / "htm_sprt" / "likelihood.npz"
SERIES = ["constant_value", "near_zero", "short_history", "beta"]


def golden_likelihood(data, name):
    learning, estimation, history, period, averaging = data[f"{name}_par"].astype(int).tolist()
    return htm.AnomalyLikelihood(learning, estimation, history, period=period, averaging=averaging)


@pytest.mark.parametrize("name", SERIES)
def test_equals_golden(name):
    """The likelihoods are those of the independent implementation."""
    with np.load(GOLDEN) as data:
        likelihood = golden_likelihood(data, name)
        raw, value = data[f"{name}_raw"], data[f"{name}_value"]
        got = [likelihood.update(r, v) for r, v in zip(raw, value, strict=True)]
        expected = data[f"{name}_likelihood_one_sided"]
        np.testing.assert_allclose(got, expected, rtol=0.0, atol=1e-9)
        if name != "constant_value":
            assert len(set(got)) > 100


def test_bursts_are_in_golden():
    """The traces hold bursts of red likelihoods, so that their rule is tested above."""
    with np.load(GOLDEN) as data:
        assert np.sum(data["short_history_likelihood_one_sided"] == 0.999) > 10


@pytest.mark.parametrize("name", ["near_zero", "beta"])
def test_log_scale_equals_golden(name):
    """The log score is the other implementation's.

    Near a likelihood of 1 one rounding of it, 1e-16, is 1e-6 of the log's argument: 5e-8 of a
    score.
    """
    with np.load(GOLDEN) as data:
        likelihood = golden_likelihood(data, name)
        got = []
        for r, v in zip(data[f"{name}_raw"], data[f"{name}_value"], strict=True):
            likelihood.update(r, v)
            got.append(likelihood.log_score)
        np.testing.assert_allclose(got, data[f"{name}_log_one_sided"], rtol=0.0, atol=1e-7)


def test_peek_is_the_next_update():
    """Peeking gives what the update will, at every step, and changes nothing."""
    rng = np.random.default_rng(1)
    likelihood = htm.AnomalyLikelihood(50, 30, 200, period=7)
    for score in rng.beta(1, 5, 600):
        likelihood.peek(rng.random())
        ahead = likelihood.peek(score)
        assert likelihood.update(score, rng.random()) == ahead


def test_ewma_equals_formula():
    """The fading variant is the Gaussian tail under exponential moments of the averages."""
    rng = np.random.default_rng(2)
    scores = rng.beta(1, 5, 800)
    likelihood = htm.AnomalyLikelihood(20, 30, 100, method="ewma")
    mean = variance = 0.0
    for t, score in enumerate(scores):
        average = np.mean(scores[max(0, t - 9) : t + 1])
        got = likelihood.update(score)
        if t < 50:
            assert got == 0.5
        else:
            sd = math.sqrt(max(variance, 0.0003))
            tail = 0.5 * math.erfc((average - max(mean, 0.03)) / (sd * 1.4142))
            assert got == pytest.approx(1.0 - tail, abs=1e-12)
        if t >= 20:
            weight = max(1 / 100, 1 / (t - 19))
            variance = (1 - weight) * (variance + weight * (average - mean) ** 2)
            mean += weight * (average - mean)


def test_rises_with_the_score():
    """Higher scores are more anomalous; a constant score is not anomalous at all."""
    likelihood = htm.AnomalyLikelihood(50, 50, 500)
    for t in range(300):
        likelihood.update(0.2, value=t)
    assert likelihood.likelihood == pytest.approx(0.5)
    values = [likelihood.peek(s) for s in (0.0, 0.2, 0.4, 1.0)]
    assert values == sorted(values)
    assert values[-1] > 0.99


def test_pickle_continues():
    """A copy pickled mid-stream goes on alike; a clone starts anew."""
    rng = np.random.default_rng(3)
    likelihood = htm.AnomalyLikelihood(50, 30, 200)
    for score in rng.random(300):
        likelihood.update(score, score)
    twin = pickle.loads(pickle.dumps(likelihood))
    for score in rng.random(300):
        assert likelihood.update(score, score) == twin.update(score, score)
    assert likelihood.clone().update(1.0) == 0.5


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"learning": -1}, r"learning must be in \[0, inf\], got -1"),
        ({"history": 100}, r"history must be in \[388, inf\], got 100"),
        ({"averaging": 0}, r"averaging must be in \[1, inf\], got 0"),
        ({"method": "exact"}, r"method must be one of 'window', 'ewma', got 'exact'"),
    ],
)
def test_refuses_arguments(arguments, match):
    """An argument out of range raises; the message names it, the range and the value."""
    with pytest.raises(ValueError, match=match):
        htm.AnomalyLikelihood(**arguments)


@pytest.mark.parametrize(("score", "value"), [(1.1, 0.0), (math.nan, 0.0), (0.5, math.inf)])
def test_refuses_values(score, value):
    """A score outside [0, 1] or a value that is not finite raises and changes nothing."""
    likelihood = htm.AnomalyLikelihood(0, 1, 10)
    likelihood.update(0.5, 0.5)
    before = likelihood._state.copy()
    with pytest.raises(ValueError, match="must be"):
        likelihood.update(score, value)
    np.testing.assert_array_equal(likelihood._state, before)
