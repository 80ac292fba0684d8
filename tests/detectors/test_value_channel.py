"""Tests of the value channel: equal to a naive one, silent on noise, quick on changes of spread."""

import numpy as np
import pytest

from olearn import detectors


class NaiveValueChannel:
    """The channel over plain lists; `llrs` after each value, restarting as the channel does."""

    def __init__(self, q, p1, arl0, window_size, gap, warm_up, n_ref, settle):
        self.rates = [(q, p1), (q, p1), (q, p1), (0.5, 0.75)]
        self.limit = np.log(4 * arl0)
        self.window_size, self.gap, self.n_ref, self.settle = window_size, gap, n_ref, settle
        self.skip, self.values, self.llrs = warm_up, [], np.zeros(4)

    def update(self, x):
        if self.llrs.max() >= self.limit:
            self.values, self.llrs, self.skip = [], np.zeros(4), self.settle
        if self.skip:
            self.skip -= 1
            return
        old = np.array(self.values[: len(self.values) - self.gap + 1])[-self.window_size :]
        if len(self.values) >= self.gap and len(old) >= self.n_ref:
            cut = len(old) // 4
            # summed as the channel does, so that distances which are equal stay so
            center = sum(np.sort(old)[cut : len(old) - cut] * (1.0 / (len(old) - 2 * cut)))
            reference = np.column_stack([old, abs(old - center)])
            newest = np.array([x, abs(x - center)])
            above = (reference > newest).sum(axis=0)
            below = (reference < newest).sum(axis=0)
            n = len(old) + 1
            beyond = [above[0], below[0], above[1], below[1]]
            own = (n - above - below)[[0, 0, 1, 1]]
            for i, ((p0, p1), m, f) in enumerate(zip(self.rates, beyond, own, strict=True)):
                c = np.clip((p0 * n - m) / f, 0, 1)
                z = c * np.log(p1 / p0) + (1 - c) * np.log((1 - p1) / (1 - p0))
                self.llrs[i] = max(0.0, self.llrs[i] + z)
        self.values.append(x)


def spread_and_level(rng):
    return rng.normal(size=3000) * np.repeat([1, 3, 1], 1000) + np.repeat([0, 2, 0, 0], 750)


def coarse(rng):
    return np.round(spread_and_level(rng))


def cases(rng, n=4000, change=2000):
    """Streams of the comparison: noise and a sine, each with a change at `change`."""
    t, e = np.arange(n), rng.normal(size=n)
    after = t >= change
    sine = 2 * np.sin(2 * np.pi * t / 50)
    return {
        "mean +1": (e + after, "level"),
        "mean +2": (e + 2 * after, "level"),
        "ramp": (e + 2 * np.clip((t - change) / 1000, 0, 1), "level"),
        "spread x 2": (e * np.where(after, 2, 1), "spread up"),
        "spread x 0.5": (e * np.where(after, 0.5, 1), "spread down"),
        "sine mean": (sine + 0.2 * e + after, "level"),
        "sine amplitude": (sine * np.where(after, 1.5, 1) + 0.2 * e, "level"),
    }


@pytest.mark.parametrize("make", [spread_and_level, coarse])
@pytest.mark.parametrize("seed", [1, 2])
def test_equals_the_naive_channel(make, seed):
    """Rings and sorted copies give the ratios of plain lists, through alarms and restarts."""
    settings = {"window_size": 60, "gap": 7, "warm_up": 20, "n_ref": 30, "settle": 15}
    naive = NaiveValueChannel(0.1, 0.3, 50.0, **settings)
    channel = detectors.ValueChannel(arl0=50.0, **settings)
    for x in make(np.random.default_rng(seed)):
        naive.update(x)
        channel.update(x)
        assert channel.llr == pytest.approx(naive.llrs.max(), abs=1e-9)
        assert channel.drift_detected == (naive.llrs.max() >= naive.limit)
    assert channel.n_detections > 3


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("mean +1", 60),
        ("mean +2", 25),
        ("ramp", 500),
        ("spread x 2", 45),
        ("spread x 0.5", 80),
        ("sine mean", 20),
        ("sine amplitude", 25),
    ],
)
def test_detects(name, limit):
    """All of 5 seeds are detected, with a median delay within `limit`, most by their channel."""
    delays, fired = [], []
    for seed in range(5):
        xs, expected = cases(np.random.default_rng(seed))[name]
        channel = detectors.ValueChannel()
        channel.update_many(xs[:2000])
        for t, x in enumerate(xs[2000:3000]):
            channel.update(x)
            if channel.drift_detected:
                delays.append(t)
                fired.append(channel.channel)
                break
    assert len(delays) == 5
    assert np.median(delays) <= limit
    assert fired.count(expected) >= 3


def test_false_alarms_are_rare():
    """Noise of 150,000 values raises at most 15 false alarms, as arl0 = 10,000 says."""
    alarms = [
        len(detectors.ValueChannel().update_many(np.random.default_rng(s).normal(size=15_000)))
        for s in range(10)
    ]
    assert sum(alarms) <= 15


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng, n: rng.random(n) < 0.05,
        lambda rng, n: rng.random(n) < 0.5,
        lambda rng, n: rng.poisson(1.0, n),
        lambda rng, n: rng.exponential(size=n),
        lambda rng, n: np.exp(2.0 * rng.normal(size=n)),
        lambda rng, n: rng.standard_t(2, n),
    ],
    ids=["rare bits", "bits", "counts", "skew", "very skew", "heavy tails"],
)
def test_any_distribution_keeps_the_rate(draw):
    """Ties, skew and heavy tails raise at most one false alarm per arl0 = 1,000 values."""
    xs = draw(np.random.default_rng(7), 30_000).astype(float)
    assert len(detectors.ValueChannel(arl0=1000.0).update_many(xs)) <= 30


@pytest.mark.parametrize("seed", range(8))
def test_repeating_levels_never_alarm(seed):
    """Eight levels in turn, half above and half below a gap, are no change of spread."""
    levels = np.array([0.0, 3.0, 1.0, 4.0, 2.0, 5.0, 1.5, 3.5])
    noise = np.random.default_rng(seed).normal(0.0, 0.1, 4000)
    assert not len(detectors.ValueChannel().update_many(levels[np.arange(4000) % 8] + noise))


@pytest.mark.parametrize("value", [0.0, -3.7, 1e300, 1e-300])
def test_constant_values_never_alarm(value):
    """A constant raises no alarm."""
    assert not len(detectors.ValueChannel(arl0=2.0).update_many(np.full(5000, value)))


def test_huge_values_do_no_harm():
    """Differences beyond float64 leave the channel working."""
    rng = np.random.default_rng(8)
    channel = detectors.ValueChannel()
    channel.update_many(rng.choice([-1.7e308, 1.7e308], 2000))
    channel.update_many(rng.normal(size=3000))
    alarms = channel.update_many(rng.normal(size=300) + 5.0)
    assert len(alarms) == 1
    assert np.isfinite(channel.llr)


def test_warning_precedes_the_alarm():
    """Between half the threshold and the threshold there is a warning; the channel is None then."""
    channel = detectors.ValueChannel()
    xs = cases(np.random.default_rng(9))["mean +2"][0]
    warned = []
    for t, x in enumerate(xs[:2100]):
        channel.update(x)
        assert channel.warning_detected == (0.5 * np.log(4e4) <= channel.llr < np.log(4e4))
        assert (channel.channel is None) == (not channel.drift_detected)
        if channel.warning_detected:
            warned.append(t)
        if channel.drift_detected:
            break
    assert warned
    assert 2000 <= t < 2030
    assert 1950 <= channel.onset <= 2003


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_ref": 401}, r"n_ref must be in \[1, 400\], got 401"),
        ({"q": 0.3}, r"p1 must be in \(0.3, 1.0\), got 0.3"),
    ],
)
def test_refuses_parameters(settings, message):
    """Parameters outside their range raise."""
    with pytest.raises(ValueError, match=message):
        detectors.ValueChannel(**settings)
