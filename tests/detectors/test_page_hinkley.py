"""Tests of the Page-Hinkley test: river's alarms row for row."""

import numpy as np
import pytest
from river import drift

from olearn import detectors

SETTINGS = [
    {},
    {"threshold": 5.0, "mode": "up"},
    {"threshold": 5.0, "mode": "down", "min_instances": 5},
    {"threshold": 2.0, "delta": 0.3, "alpha": 0.9, "min_instances": 0},
]


def jumps(rng):
    return rng.normal(np.repeat(rng.normal(0.0, 3.0, 6), 500), 1.0)


def slope(rng):
    return np.linspace(0.0, 20.0, 3000) + rng.normal(size=3000)


def errors(rng):
    return (rng.random(3000) < np.repeat(rng.random(6), 500)).astype(float)


STREAMS = [jumps, slope, errors]


def alarms(detector, xs):
    found = []
    for i, x in enumerate(xs):
        detector.update(x)
        if detector.drift_detected:
            found.append(i)
    return found


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("make", STREAMS)
def test_equals_river(settings, make):
    """Alarms are river's, by rows and by arrays."""
    for seed in (1, 2):
        xs = make(np.random.default_rng(seed))
        expected = alarms(drift.PageHinkley(**settings), xs.tolist())
        assert alarms(detectors.PageHinkley(**settings), xs.tolist()) == expected
        assert detectors.PageHinkley(**settings).update_many(xs).tolist() == expected


def test_streams_above_do_alarm():
    """Each setting alarms, so that the comparison is one."""
    for settings in SETTINGS:
        rngs = (np.random.default_rng(1) for _ in STREAMS)
        found = [
            len(detectors.PageHinkley(**settings).update_many(make(rng)))
            for make, rng in zip(STREAMS, rngs, strict=True)
        ]
        assert sum(found) > 1, settings


@pytest.mark.parametrize(("mode", "side"), [("up", 1.0), ("down", -1.0)])
def test_mode(mode, side):
    """One mode finds a rise alone, the other a fall alone."""
    shift = np.repeat([0.0, 5.0], 200)
    assert len(detectors.PageHinkley(mode=mode).update_many(side * shift)) == 1
    assert not len(detectors.PageHinkley(mode=mode).update_many(-side * shift))


def test_refuses_an_unknown_mode():
    """The error names the modes."""
    with pytest.raises(ValueError, match=r"mode must be .*both.*, got 'sideways'"):
        detectors.PageHinkley(mode="sideways")
