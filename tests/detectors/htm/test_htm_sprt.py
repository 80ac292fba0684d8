"""Tests of HTMSPRT: equal to its parts one after another, and what it detects."""

import math
import pickle
import time
from pathlib import Path

import numpy as np
import pytest

from olearn import detectors
from olearn.detectors import htm
from olearn.detectors.htm._sprt_kernels import PAPER_LLR, paper_state, paper_update

GOLDEN = Path(__file__).parents[2] / "golden" / "htm_sprt" / "paper_test.npz"
BEFORE = [0.0, 3.0, 1.0, 4.0, 2.0, 5.0, 1.5, 3.5]
AFTER = [0.0, 2.0, 1.0, 1.5, 4.0, 3.5, 5.0, 3.0]  # the same levels in another order
SMALL = {
    "pooler_options": {"n_columns": 256, "n_winners": 10},
    "memory_options": {
        "cells_per_column": 8,
        "activation_threshold": 6,
        "min_threshold": 4,
        "max_new_synapses": 10,
    },
}


def small(**more):
    return detectors.HTMSPRT(**{**SMALL, "seed": 1, **more})


def order_switch(seed, n=4000, change=2000):
    """Levels in one order, then in another: the distribution of the values does not change."""
    rng = np.random.default_rng(seed)
    levels = np.where(np.arange(n) < change, np.resize(BEFORE, n), np.resize(AFTER, n))
    return levels + rng.normal(0.0, 0.1, n)


def sine(seed, amplitude=2.0, n=4000, change=2000):
    rng = np.random.default_rng(seed)
    scale = np.where(np.arange(n) < change, 2.0, amplitude)
    return scale * np.sin(2 * np.pi * np.arange(n) / 50) + rng.normal(0.0, 0.2, n)


def noise(seed, mean=0.0, sd=1.0, n=4000, change=2000):
    rng = np.random.default_rng(seed)
    late = np.arange(n) >= change
    return rng.normal(size=n) * np.where(late, sd, 1.0) + mean * late


def readings(detector, xs):
    """What can be read after each value."""
    rows = []
    for x in xs:
        detector.update(x)
        rows.append(
            (
                detector.drift_detected,
                detector.warning_detected,
                detector.anomaly_score,
                detector.anomaly_likelihood,
                detector.anomaly_detected,
                detector.llr,
                detector.onset,
                detector.state,
                detector.drift_kind,
                detector.last_drift,
            )
        )
    return rows


class Parts:
    """The public parts, one after the other, up to the first drift."""

    def __init__(self, xs, use_delta=False):
        first = np.asarray(xs[:200])
        resolution = 1.4 * np.ptp(first) / 130
        encoders = {"x": htm.RandomDistributedScalarEncoder(resolution)}
        if use_delta:
            resolution = 1.4 * np.ptp(np.diff(first)) / 40
            encoders["dx"] = htm.RandomDistributedScalarEncoder(resolution, seed=1)
        self.encoder = htm.MultiEncoder(encoders)
        self.pooler = htm.SpatialPooler(self.encoder.size, **SMALL["pooler_options"], seed=1)
        self.memory = htm.TemporalMemory(256, **SMALL["memory_options"], seed=1)
        self.likelihood = htm.AnomalyLikelihood()
        self.previous = xs[0]

    def score(self, x):
        code = self.encoder.encode({"x": x, "dx": x - self.previous})
        self.previous = x
        score = self.memory.compute(self.pooler.compute(code))
        return score, self.likelihood.update(score, x)


def first_drift(detector, xs, change=2000):
    """Return the delay of the first drift after the change, and all drifts after warming up."""
    alarms = detector.update_many(xs)
    late = alarms[alarms >= change]
    return (late[0] - change if late.size else math.inf), alarms[alarms >= 700]


@pytest.mark.parametrize("use_delta", [False, True])
def test_equals_its_parts(use_delta):
    """Scores, likelihoods, evidence and the first drift are those of the parts in a chain."""
    xs = order_switch(1, 2200).tolist()
    detector = small(use_delta=use_delta, value_channel=False)
    parts, test = Parts(xs, use_delta), detectors.RankTest(10)
    rows = readings(detector, xs)
    for t, x in enumerate(xs):
        score, likelihood = parts.score(x)
        test.update(score)
        if t < 200:  # the values wait for the encoder
            assert rows[t][2:4] == (0.0, 0.5)
            continue
        assert rows[t][:4] == (test.drift_detected, test.warning_detected, score, likelihood)
        assert rows[t][5:7] == (test.llr, test.onset)
        if test.drift_detected:
            assert detector.last_drift == (t, test.onset, "pattern", test.llr)
            return
    pytest.fail("no drift")


def test_value_channel_is_the_public_one():
    """A shift that only the values show is found when `ValueChannel` finds it, and named."""
    xs = noise(2, mean=1.5)[:2028]
    # the paper's test needs 29 values to decide, the channel fewer
    detector = small(decision="paper", value_channel=True, arl0=1e3)
    channel = detectors.ValueChannel(arl0=1e3)
    expected = channel.update_many(xs)
    got = detector.update_many(xs)
    assert got[got >= 2000][0] == expected[expected >= 2000][0]
    assert detector.last_drift.kind == "level"
    assert abs(detector.last_drift.onset - 2000) < 40


@pytest.mark.parametrize("restart", ["drift", "both"])
def test_paper_test_equals_golden(restart):
    """The paper's decisions on given scores are those of an independent implementation."""
    with np.load(GOLDEN) as data:
        likelihood = htm.AnomalyLikelihood()
        state = paper_state(0.65, 0.45, 0.5, 0.05, 0.005, restart == "both", 400)
        for t, level in enumerate(data["level"]):
            decision = paper_update(state, likelihood.update(level / 40, float(t)))
            assert decision == data[f"{restart}_dec"][t]
            assert state[PAPER_LLR] == pytest.approx(data[f"{restart}_llr"][t], abs=1e-9)


@pytest.mark.parametrize("restart", ["drift", "both"])
def test_paper_decision_equals_formula(restart):
    """In "paper" mode the ratio is the Bernoulli one of "likelihood above threshold"."""
    xs = order_switch(3)
    detector = small(decision="paper", restart=restart)
    llr, decision = 0.0, 0
    up, down = math.log(0.5 / 0.45), math.log(0.5 / 0.55)
    upper, lower = math.log(0.995 / 0.05), math.log(0.005 / 0.95)
    for t, row in enumerate(readings(detector, xs)):
        if t >= 400:
            if decision > 0 or (decision < 0 and restart == "both"):
                llr = 0.0
            llr += up if row[3] > 0.65 else down
            decision = 1 if llr > upper else -1 if llr < lower else 0
            assert row[0] == (decision == 1)
        assert row[5] == pytest.approx(llr, abs=1e-9)


@pytest.mark.parametrize(
    "options", [{}, {"restart": "both"}, {"decision": "paper"}, {"use_delta": True}], ids=str
)
def test_update_many_equals_loop(options):
    """An array in any chunks gives the alarms and all readings of a loop of `update`."""
    xs = np.concatenate([order_switch(4, 1500, 900), noise(4, 2.0, n=900, change=500)])
    one, many = small(**options), small(**options)
    rows = readings(one, xs)
    expected = [t for t, row in enumerate(rows) if row[0]]
    found, start = [], 0
    for stop in (1, 150, 200, 201, 700, len(xs)):
        found += (start + many.update_many(xs[start:stop])).tolist()
        assert (
            readings(pickle.loads(pickle.dumps(many)), xs[stop : stop + 1]) == rows[stop : stop + 1]
        )
        start = stop
    assert found == expected
    assert len(expected) > 0


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("make", "kinds", "most"),
    [
        (order_switch, {"pattern"}, 40),
        (lambda seed: sine(seed, 3.0), {"pattern", "level", "spread up"}, 40),
        (lambda seed: noise(seed, 2.0), {"pattern", "level"}, 40),
        (lambda seed: noise(seed, sd=2.0), {"pattern", "spread up"}, 60),
        (lambda seed: noise(seed, sd=0.5), {"spread down"}, 120),
    ],
    ids=["order", "amplitude", "mean", "spread", "less spread"],
)
def test_finds_drifts(make, kinds, most, seed):
    """An abrupt drift gives one alarm, soon, of the right kind, with an onset near the change."""
    detector = detectors.HTMSPRT(seed=seed)
    delay, alarms = first_drift(detector, make(seed)[:2400])
    assert delay <= most
    assert len(alarms) == 1
    assert detector.last_drift.kind in kinds
    assert abs(detector.last_drift.onset - 2000) <= 60


def test_only_the_order_changes():
    """No test of the values themselves sees the change of order that HTMSPRT finds."""
    xs = order_switch(5)
    assert first_drift(detectors.HTMSPRT(seed=5), xs)[0] <= 40
    assert first_drift(detectors.ADWIN(), xs)[0] == math.inf
    assert first_drift(detectors.ValueChannel(), xs)[0] == math.inf


@pytest.mark.parametrize("make", [order_switch, sine, noise])
def test_silent_without_drift(make):
    """The pattern test raises no alarm on streams that stay as they are."""
    detector = detectors.HTMSPRT(value_channel=False, seed=1)
    xs = make(6, change=10_000, n=4000)
    assert len(detector.update_many(xs)) == 0
    assert detector.last_drift is None
    assert detector.state == "monitoring"


def test_literal_rule_goes_blind():
    """Restarted after drifts only, the paper's test finds none of the drifts it else finds."""
    found = {"drift": 0, "both": 0}
    for seed in (1, 2):
        for restart in found:
            detector = detectors.HTMSPRT("paper", restart=restart, seed=seed)
            found[restart] += first_drift(detector, order_switch(seed))[0] < 1000
    assert found == {"drift": 0, "both": 2}


def test_anomalies():
    """A single odd value is an anomaly at once, and no drift."""
    xs = order_switch(7, 3000, 5000)
    xs[2500] = 30.0
    detector = small(value_channel=False)
    rows = readings(detector, xs)
    assert [t for t, row in enumerate(rows) if row[0]] == []
    assert rows[2500][4]
    assert rows[2500][2] > 0.5
    assert sum(row[4] for row in rows[300:2500]) == 0


@pytest.mark.slow
def test_detection_table():
    """Over 5 seeds: all changes of order and amplitude within 40 values, no alarm before."""
    for seed in range(10, 15):
        for xs in (order_switch(seed), sine(seed, 3.0)):
            delay, alarms = first_drift(detectors.HTMSPRT(value_channel=False, seed=seed), xs)
            assert delay <= 40
            assert len(alarms) == 1
        for make in (order_switch, sine, noise):
            xs = make(seed, change=10_000)
            assert len(detectors.HTMSPRT(value_channel=False, seed=seed).update_many(xs)) == 0


@pytest.mark.slow
def test_long_run():
    """On 100,000 unpredictable values memory and time per value stop growing."""
    detector = detectors.HTMSPRT(seed=1, memory_options={"max_segments": 4096})
    rng = np.random.default_rng(1)
    seconds, sizes = [], []
    for _ in range(10):
        start = time.process_time()
        detector.update_many(rng.normal(size=10_000))
        seconds.append(time.process_time() - start)
        sizes.append(detector._raw_memory_usage)
    assert sizes[-1] <= 1.5 * sizes[2] < 120e6
    # segments fill up for a while after their number has stopped growing
    assert sum(seconds[8:]) < 1.5 * sum(seconds[4:6])


@pytest.mark.parametrize(
    "xs",
    [
        [1e300, -1e300] * 300,
        [7.25] * 700,
        list(range(-350, 350)),
        np.arange(700) % 2 == 0,
        np.full(700, 1e-300) * np.arange(700),
    ],
    ids=["huge", "constant", "integers", "bits", "tiny"],
)
def test_extreme_values(xs):
    """Huge, tiny, constant, whole and boolean values give finite readings."""
    detector = small()
    detector.update_many(xs)
    assert 0.0 <= detector.anomaly_score <= 1.0
    assert 0.0 <= detector.anomaly_likelihood <= 1.0
    assert math.isfinite(detector.llr)


def test_constant_values_are_no_news():
    """On a constant stream the score goes to 0 and nothing is ever detected."""
    detector = detectors.HTMSPRT(seed=1)
    rows = readings(detector, [3.0] * 1500)
    assert not any(row[0] or row[4] for row in rows)
    assert rows[-1][2] == 0.0


def test_seed():
    """The same seed gives the same run."""
    xs = noise(8, n=600)
    assert readings(small(), xs) == readings(small(), xs)
    assert readings(small(seed=2), xs) != readings(small(), xs)


def test_state():
    """The state goes from warm-up to monitoring, and is "drift" at a drift only."""
    xs = order_switch(1)
    rows = readings(small(), xs)
    states = [row[7] for row in rows]
    assert states[:300] == ["warm-up"] * 300
    assert states[300] == "monitoring"
    assert all((row[7] == "drift") == row[0] == (row[8] is not None) for row in rows)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"decision": "vote"}, "decision must be one of 'rank', 'paper', got 'vote'"),
        ({"restart": "drift"}, "restart must be one of 'reflect', 'both', got 'drift'"),
        (
            {"decision": "paper", "restart": "reflect"},
            "restart must be one of 'both', 'drift', got 'reflect'",
        ),
        ({"arl0": 1.0}, r"arl0 must be in \(1.0, inf\), got 1.0"),
        ({"p1": 0.1}, r"p1 must be in \(0.1, 1.0\), got 0.1"),
        ({"p_alt": 0.4}, r"p_alt must be in \(0.45, 1.0\), got 0.4"),
        ({"warm_up": 100}, r"warm_up must be in \[200, inf\], got 100"),
        ({"range_samples": 1}, r"range_samples must be in \[2, inf\], got 1"),
        ({"memory_options": {"connected": 2.0}}, r"connected must be in \(0.0, 1.0\], got 2.0"),
    ],
)
def test_refuses_arguments(arguments, match):
    """An argument out of range raises; the message names it, the range and the value."""
    with pytest.raises(ValueError, match=match):
        detectors.HTMSPRT(**arguments)
