"""Tests of KSWIN: river's alarms and p-values row for row, so Python's draws as well."""

import copy
import pickle
import random
from collections import deque

import numpy as np
import pytest
from river import drift

import olearn
from olearn import detectors
from olearn.detectors import _mersenne

SETTINGS = [
    {},
    {"alpha": 0.05, "window_size": 60},
    {"alpha": 0.05, "window_size": 400, "stat_size": 5},  # draws again instead of a pool
    {"alpha": 0.02, "window_size": 350, "stat_size": 8},
    {"alpha": 1.0, "window_size": 20, "stat_size": 10},  # draws all
    {"alpha": 1.0, "window_size": 2, "stat_size": 1},
]


def jumps(rng):
    return rng.normal(np.repeat([0.0, 1.5, 0.0], 300), 1.0)


def ties(rng):
    return np.round(jumps(rng))


def errors(rng):
    return (rng.random(900) < np.repeat([0.1, 0.8, 0.3], 300)).astype(float)


STREAMS = [jumps, ties, errors]


def trajectory(detector, xs):
    rows = []
    for x in xs:
        detector.update(x)
        rows.append((detector.drift_detected, float(detector.p_value), detector.n))
    return rows


def drifts(rows):
    return [i for i, (is_drift, _, _) in enumerate(rows) if is_drift]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("make", STREAMS)
def test_equals_river(settings, make):
    """Alarms, p-values and counts are river's with the same seed, by rows and by arrays."""
    xs = make(np.random.default_rng(1))
    for seed in (0, 12345678901234567890):
        expected = trajectory(drift.KSWIN(**settings, seed=seed), xs.tolist())
        assert trajectory(detectors.KSWIN(**settings, seed=seed), xs.tolist()) == expected
        found = detectors.KSWIN(**settings, seed=seed).update_many(xs)
        assert found.tolist() == drifts(expected)


def test_streams_above_do_alarm():
    """The comparison covers drifts, after which draws and window begin anew."""
    for settings in SETTINGS:
        found = [
            detectors.KSWIN(**settings, seed=0).update_many(make(np.random.default_rng(1)))
            for make in STREAMS
        ]
        assert sum(map(len, found)) > 0, settings


def test_long_run_equals_river():
    """Over more draws than the generator makes at once, and many turns of the window."""
    xs = np.random.default_rng(3).normal(size=1500)
    expected = trajectory(drift.KSWIN(alpha=1e-5, seed=7), xs.tolist())
    assert trajectory(detectors.KSWIN(alpha=1e-5, seed=7), xs.tolist()) == expected


@pytest.mark.parametrize("n_given", [30, 99, 100, 250])
def test_given_window_equals_river(n_given):
    """Values that came before are the first of the window; only the newest fit into it."""
    xs = jumps(np.random.default_rng(4)).tolist()
    given, xs = xs[:n_given], xs[n_given:]
    ours = detectors.KSWIN(seed=1, window=given)
    assert trajectory(ours, xs) == trajectory(drift.KSWIN(seed=1, window=given), xs)
    assert ours.window == given
    assert list(drift.KSWIN(seed=1, window=given).clone().window) == given[-100:]  # river's cut it
    assert trajectory(ours.clone(), xs) == trajectory(drift.KSWIN(seed=1, window=given), xs)


def test_rivers_window_forgets_what_it_keeps():
    """river keeps the newest values of a drift, and empties the window before it reads on."""
    theirs, ours = drift.KSWIN(seed=2), detectors.KSWIN(seed=2)
    for x in jumps(np.random.default_rng(5)).tolist():
        theirs.update(x)
        ours.update(x)
        if theirs.drift_detected:
            break
    assert theirs.drift_detected
    assert len(theirs.window) == 30
    theirs.update(0.0)
    ours.update(0.0)
    assert (len(theirs.window), theirs.n, ours.n) == (1, 1, 1)


@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 277, 278, 1000])
def test_draws_are_those_of_python(n):
    """Raw words and the choice between a pool and drawing again, over many samples."""
    words = _mersenne.twister(n)
    theirs = random.Random(n)
    drawn = []
    for _ in range(3):
        _mersenne.draw_all(words)
        drawn += words[2].tolist()
    assert drawn == [theirs.getrandbits(32) for _ in drawn]


def test_without_a_seed_no_two_are_alike():
    """Draws differ from detector to detector, and go on after a drift."""
    xs = np.random.default_rng(6).normal(size=400)
    found = {detectors.KSWIN(0.9, seed=None).update_many(xs).tobytes() for _ in range(5)}
    assert len(found) > 1


@pytest.mark.parametrize("stop", [0, 50, 333, 700])
def test_copies_and_files_go_on(stop, tmp_path):
    """Places, draws and window go with every copy."""
    xs = jumps(np.random.default_rng(7)).tolist()
    whole = trajectory(detectors.KSWIN(0.02, seed=3), xs)
    detector = detectors.KSWIN(0.02, seed=3)
    detector.update_many(xs[:stop])
    olearn.save(detector, tmp_path / "detector")
    copies = [
        pickle.loads(pickle.dumps(detector)),
        copy.deepcopy(detector),
        detector.clone(include_attributes=True),
        olearn.load(tmp_path / "detector"),
    ]
    for twin in copies:
        assert trajectory(twin, xs[stop:]) == whole[stop:]


def test_alpha_can_be_set():
    """A new level holds from the next value on."""
    xs = jumps(np.random.default_rng(8))
    live = detectors.KSWIN(1e-9, seed=1)
    live.alpha = 0.05
    expected = detectors.KSWIN(0.05, seed=1).update_many(xs)
    np.testing.assert_array_equal(live.update_many(xs), expected)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stat_size": 51}, "window_size must be at least twice stat_size, 102, got 100"),
        ({"stat_size": 0}, r"stat_size must be in \[1, 100\], got 0"),
        ({"alpha": 1.5}, r"alpha must be in \[0.0, 1.0\], got 1.5"),
        ({"window": [1.0, float("nan")]}, "window must be a list of numbers: .* nan at position 1"),
    ],
)
def test_refuses_parameters(settings, message):
    """Also what river takes and fails on later: more to draw than there is."""
    with pytest.raises(ValueError, match=message):
        detectors.KSWIN(**settings)


@pytest.mark.parametrize("window", ["text", 5, [[1.0]]])
def test_refuses_a_window_that_is_no_list_of_numbers(window):
    """The error names the argument."""
    with pytest.raises(TypeError, match="window"):
        detectors.KSWIN(window=window)


def test_takes_any_window():
    """An array, a tuple and a deque are lists of numbers too."""
    xs = jumps(np.random.default_rng(9))
    found = [
        detectors.KSWIN(seed=1, window=kind(xs[:90].tolist())).update_many(xs).tolist()
        for kind in (list, tuple, deque, np.array)
    ]
    assert found.count(found[0]) == 4
