"""Tests of running normalisation, reward scaling, time feature and observation trace."""

import numpy as np
import pytest

from olearn.learners.rl import ObservationTrace, RewardScaler, RunningNorm, TimeFeature


def test_golden_wrappers(golden):
    """120 steps of an environment with ends of both kinds equal the authors' wrappers."""
    data = golden("wrappers")
    norm, scale = RunningNorm(), RewardScaler(float(data["gamma"]))
    time = TimeFeature(int(data["time_limit"]))
    for k, observation in enumerate(data["raw_obs"]):
        first = bool(data["is_reset"][k])
        got = [*norm(observation), time.reset() if first else time.step()]
        np.testing.assert_allclose(got, data["out_obs"][k], rtol=0, atol=1e-12)
        np.testing.assert_allclose(norm.mean, data["obs_mean"][k], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(norm.var, data["obs_var"][k], rtol=1e-12, atol=1e-12)
        if not first:
            over = bool(data["terminated"][k] or data["truncated"][k])
            got_reward = scale(float(data["raw_reward"][k]), over)
            assert got_reward == pytest.approx(data["out_reward"][k], abs=1e-12)


@pytest.mark.parametrize(("offset", "tolerance"), [(1e3, 1e-10), (1e9, 1e-4)])
def test_statistics_far_from_zero(offset, tolerance):
    """Mean and variance are those of NumPy, far from zero too."""
    rows = np.random.default_rng(1).normal(size=(5000, 3)) + offset
    norm = RunningNorm()
    first = norm(rows[0])
    for row in rows[1:]:
        norm(row)
    assert first.tolist() == [0.0, 0.0, 0.0]
    np.testing.assert_allclose(norm.mean, rows.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(norm.var, rows.var(axis=0, ddof=1), rtol=tolerance)


def test_missing_values_are_not_counted():
    """NaN gives 0 and leaves the statistics of its channel as they are."""
    norm = RunningNorm()
    norm(np.array([1.0, 5.0]))
    assert norm(np.array([np.nan, 7.0])).tolist()[0] == 0.0
    norm(np.array([3.0, 9.0]))
    assert norm.mean.tolist() == [2.0, 7.0]


def test_pictures_keep_their_shape():
    """Each value of a picture is a channel of its own."""
    norm = RunningNorm()
    pictures = np.random.default_rng(2).normal(size=(50, 4, 3, 2))
    outs = np.array([norm(picture) for picture in pictures])
    assert outs.shape == pictures.shape
    expected = (pictures[-1] - pictures.mean(axis=0)) / pictures.std(axis=0, ddof=1)
    np.testing.assert_allclose(outs[-1], expected, atol=1e-6)


def test_reward_about_zero():
    """`center=False` divides by the root mean square of the discounted sums."""
    scale, total, squares = RewardScaler(0.9, center=False), 0.0, []
    for reward in np.random.default_rng(3).normal(3.0, 1.0, 50):
        total = 0.9 * total + reward
        squares.append(total**2)
        got = scale(float(reward))
    assert got == pytest.approx(reward / np.sqrt(np.mean(squares) + 1e-8))


def test_trace_of_a_constant_is_the_constant():
    """The average has no bias at its start and starts anew after a reset."""
    trace = ObservationTrace(0.99)
    for value in (4.0, 4.0, 4.0):
        assert trace(np.array([value])) == pytest.approx(4.0)
    trace.reset()
    assert trace(np.array([-1.0])) == pytest.approx(-1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: RunningNorm()(np.array([np.inf])), "observation must be finite, got inf"),
        (lambda: RewardScaler()(float("nan")), "reward must be finite, got nan"),
        (lambda: RewardScaler(gamma=2.0), "gamma"),
        (lambda: TimeFeature(0), "limit"),
        (lambda: ObservationTrace(1.0), "beta"),
    ],
)
def test_bad_values(call, message):
    """Values that cannot be counted, and parameters out of range, are refused by name."""
    with pytest.raises(ValueError, match=message):
        call()


def test_change_of_length():
    """An observation of another length is refused."""
    norm = RunningNorm()
    norm(np.ones(3))
    with pytest.raises(ValueError, match="3 values"):
        norm(np.ones(2))


def test_frozen_statistics_count_nothing():
    """An evaluation normalises by what was learnt, and leaves it as it was."""
    rows = np.random.default_rng(3).normal(2.0, 3.0, size=(200, 2))
    norm, scale = RunningNorm(), RewardScaler(0.9)
    assert norm.frozen(rows[0]).tolist() == rows[0].tolist()
    for row in rows:
        norm(row)
        scale(float(row[0]))
    mean, spread = norm.mean.tolist(), scale.spread
    got = norm.frozen(rows[7])
    expected = (rows[7] - rows.mean(axis=0)) / rows.std(axis=0, ddof=1)
    np.testing.assert_allclose(got, expected, rtol=1e-6)
    assert norm.frozen(np.array([np.nan, 1.0])).tolist()[0] == 0.0
    assert scale.frozen(6.0) == 6.0 / spread
    assert (norm.mean.tolist(), scale.spread) == (mean, spread)
    with pytest.raises(ValueError, match="must have 2 values"):
        norm.frozen(np.zeros(3))
