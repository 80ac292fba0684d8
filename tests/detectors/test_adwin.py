"""Tests of ADWIN: river's numbers bit for bit, and the kernels that trees call."""

import math
import pickle

import numpy as np
import pytest
from river import drift

from olearn import detectors
from olearn.core.memory import memory_bytes
from olearn.detectors import _adwin_kernels as module
from olearn.detectors._adwin_kernels import (
    adwin_estimation,
    adwin_reset,
    adwin_size,
    adwin_start,
    adwin_update,
    adwin_width,
)

SETTINGS = [
    {},
    {"delta": 0.2, "clock": 1, "grace_period": 0},
    {"delta": 0.05, "clock": 7, "max_buckets": 2, "min_window_length": 1},
    {"delta": 1e-5, "clock": 100, "max_buckets": 9, "min_window_length": 20, "grace_period": 300},
]


def abrupt_bits(rng):
    return (rng.random(10_000) < np.repeat(rng.random(8), 1250)).astype(float)


def gradual_bits(rng):
    return (rng.random(10_000) < np.linspace(0.1, 0.6, 10_000)).astype(float)


def stationary_bits(rng):
    return (rng.random(50_000) < 0.2).astype(float)


def gaussian(rng):
    return rng.normal(np.repeat(rng.random(5), 1000), 1.0)


def constant(rng):
    return np.full(3000, rng.normal())


def steps(rng):
    return np.repeat(rng.normal(size=20), 150)


def tiny(rng):
    return 1e-150 * gaussian(rng)


def huge(rng):
    return 1e150 * gaussian(rng)


def far_from_zero(rng):
    return 1e9 + gaussian(rng)


STREAMS = [
    abrupt_bits,
    gradual_bits,
    stationary_bits,
    gaussian,
    constant,
    steps,
    tiny,
    huge,
    far_from_zero,
]


def shifting_bits(seed):
    return abrupt_bits(np.random.default_rng(seed))


def trajectory(detector, xs):
    """What can be read from a detector after each value."""
    rows = []
    for x in xs:
        detector.update(x)
        rows.append(
            (
                detector.drift_detected,
                detector.width,
                detector.total,
                detector.variance,
                detector.estimation,
                detector.n_detections,
            )
        )
    return rows


# Against river


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("make", STREAMS)
@pytest.mark.parametrize("seed", [1, 2])
def test_equals_river(make, settings, seed):
    """Alarms and all numbers, after every value, are exactly river's."""
    xs = make(np.random.default_rng(seed)).tolist()
    ours = trajectory(detectors.ADWIN(**settings), xs)
    theirs = trajectory(drift.ADWIN(**settings), xs)
    # bit for bit, so that rounding never moves an alarm; NaN would fail, and must not occur
    assert ours == theirs


def test_streams_above_do_alarm():
    """The comparison with river covers many alarms, some of them false."""
    counts = [
        len(detectors.ADWIN(**settings).update_many(make(np.random.default_rng(1))))
        for make in STREAMS
        for settings in SETTINGS
    ]
    assert sum(counts) > 100
    assert counts[STREAMS.index(stationary_bits) * len(SETTINGS) + 1] > 0


def test_kernel_equals_river_between_alarms_of_a_kept_window():
    """A state that is not reset goes on with the cut window: its alarms after the first differ."""
    xs = shifting_bits(3)
    state = np.zeros(adwin_size())
    adwin_start(state)
    kept = [i for i, x in enumerate(xs) if adwin_update(state, x, 0.002)]
    afresh = detectors.ADWIN().update_many(xs)
    assert kept[0] == afresh[0]
    assert len(kept) > len(afresh)


# The window itself


@pytest.mark.parametrize("make", [abrupt_bits, gaussian, steps])
def test_numbers_are_those_of_the_newest_values(make):
    """Total and squares are those of the newest `width` values, whatever was merged or dropped."""
    xs = make(np.random.default_rng(4))
    state = np.zeros(adwin_size())
    adwin_start(state)
    for i, x in enumerate(xs):
        adwin_update(state, x, 0.05)
        if i % 97 == 0:
            window = xs[i + 1 - int(adwin_width(state)) : i + 1]
            squares = np.sum((window - window.mean()) ** 2)
            assert adwin_estimation(state) == pytest.approx(window.mean(), rel=1e-9)
            assert state[module.M2] == pytest.approx(squares, rel=1e-9, abs=1e-9)


def test_full_state_slides():
    """With three rows the window holds the newest 28 to 5 * (1 + 2 + 4) = 35 values."""
    xs = shifting_bits(5)[:1000]
    state = np.zeros(adwin_size(5, n_rows=3))
    adwin_start(state, 10**9)
    for i, x in enumerate(xs):
        assert not adwin_update(state, x, 0.002)
        width = int(adwin_width(state))
        assert min(i + 1, 28) <= width <= 35
        assert state[module.TOTAL] == xs[i + 1 - width : i + 1].sum()


def test_full_state_still_alarms():
    """A window at its bound still finds a shift of the mean."""
    xs = np.repeat([0.0, 1.0], 500)
    state = np.zeros(adwin_size(5, n_rows=5))
    adwin_start(state)
    alarms = [i for i, x in enumerate(xs) if adwin_update(state, x, 0.002)]
    assert alarms
    assert 500 < alarms[0] < 564


def test_rows_of_a_table_are_independent():
    """Many states lie as rows of one table; each is the state it would be alone."""
    table = np.zeros((3, adwin_size(5, n_rows=16)))
    streams = [shifting_bits(seed)[:3000] for seed in range(3)]
    for state in table:
        adwin_start(state)
    for values in zip(*streams, strict=True):
        for state, x in zip(table, values, strict=True):
            adwin_update(state, x, 0.002)
    for state, xs in zip(table, streams, strict=True):
        alone = np.zeros(adwin_size(5, n_rows=16))
        adwin_start(alone)
        for x in xs:
            adwin_update(alone, x, 0.002)
        np.testing.assert_array_equal(state, alone)


def test_reset_forgets_all_but_the_parameters():
    """A state that was reset is the state that was never used."""
    state, fresh = np.zeros((2, adwin_size(3)))
    for each in (state, fresh):
        adwin_start(each, 7, 3, 2, 20)
    for x in shifting_bits(6)[:500]:
        adwin_update(state, x, 0.002)
    adwin_reset(state)
    np.testing.assert_array_equal(state, fresh)
    assert adwin_estimation(fresh) == 0.0


def test_false_alarms_are_rare():
    """At most a share delta of windows without change alarms; here 2,000 runs, delta 0.05."""
    rng = np.random.default_rng(7)
    runs = rng.random((2000, 500)) < 0.3
    alarmed = sum(len(detectors.ADWIN(delta=0.05).update_many(xs)) > 0 for xs in runs)
    assert alarmed / len(runs) <= 0.05


# The array door


@pytest.mark.parametrize("sizes", [[10_000], [1, 9_999], [3217, 1, 0, 6782]])
def test_update_many_equals_the_loop(sizes):
    """Any cut of the stream into arrays gives the loop's alarms, state and last flag."""
    xs = shifting_bits(8)
    one, many = detectors.ADWIN(), detectors.ADWIN()
    expected = [i for i, row in enumerate(trajectory(one, xs)) if row[0]]
    found = []
    for start, size in zip(np.cumsum([0, *sizes[:-1]]), sizes, strict=True):
        found += (start + many.update_many(xs[start : start + size])).tolist()
    assert found == expected
    np.testing.assert_array_equal(many._state, one._state)
    assert many.drift_detected == one.drift_detected


def test_update_many_ends_on_an_alarm():
    """An alarm at the last value is flagged, and the next array begins afresh."""
    xs = shifting_bits(8)
    first = int(detectors.ADWIN().update_many(xs)[0])
    detector = detectors.ADWIN()
    assert detector.update_many(xs[: first + 1]).tolist() == [first]
    assert detector.drift_detected
    assert detector.update_many([]).tolist() == []
    assert detector.drift_detected
    detector.update_many(xs[:10])
    assert not detector.drift_detected
    assert detector.width == 10


@pytest.mark.parametrize("dtype", [bool, np.int8, np.float32, list])
def test_update_many_takes_any_numbers(dtype):
    """Bits may come as bools, integers, floats or a list."""
    xs = shifting_bits(9)
    cast = xs.tolist() if dtype is list else xs.astype(dtype)
    expected = detectors.ADWIN().update_many(xs)
    np.testing.assert_array_equal(detectors.ADWIN().update_many(cast), expected)


def test_kernels_compile_once():
    """Bools, integers and floats, rows and arrays, all run the same compiled code."""
    detector = detectors.ADWIN()
    for x in (True, 1, 1.0, np.float32(1.0), np.int64(1), np.bool_(1)):
        detector.update(x)
    detector.update_many([1, 0])
    detectors.ADWIN(delta=0.1, clock=3).update_many(np.zeros(9)[::2])
    if hasattr(adwin_update, "signatures"):  # absent when the JIT is off
        for kernel in (adwin_update, module.update_many):
            assert len(kernel.signatures) == 1


# Contract


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_refuses_values_that_are_not_finite(value):
    """A bad value is named, and nothing is changed by it."""
    detector = detectors.ADWIN()
    detector.update_many(shifting_bits(10)[:100])
    before = detector._state.copy()
    with pytest.raises(ValueError, match=f"x must be finite, got {value}"):
        detector.update(value)
    with pytest.raises(ValueError, match=f"xs must be finite, got {value} at position 1"):
        detector.update_many([1.0, value])
    np.testing.assert_array_equal(detector._state, before)


@pytest.mark.parametrize("value", ["1", None, [1.0]])
def test_refuses_values_that_are_no_numbers(value):
    """A value of the wrong kind is a TypeError, one by one and in an array."""
    with pytest.raises(TypeError, match="x must be a number, got"):
        detectors.ADWIN().update(value)
    with pytest.raises(TypeError, match="xs must be a 1-D array of numbers"):
        detectors.ADWIN().update_many([value])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"delta": 0.0}, r"delta must be in \(0.0, 1.0\), got 0.0"),
        ({"delta": 1.0}, r"delta must be in \(0.0, 1.0\), got 1.0"),
        ({"delta": float("nan")}, "delta must be a number, got nan"),
        ({"clock": 0}, r"clock must be in \[1, inf\], got 0"),
        ({"max_buckets": 1}, r"max_buckets must be in \[2, inf\], got 1"),
        ({"min_window_length": 0}, r"min_window_length must be in \[1, inf\], got 0"),
        ({"grace_period": -1}, r"grace_period must be in \[0, inf\], got -1"),
    ],
)
def test_refuses_parameters_out_of_range(settings, message):
    """The error names the parameter, its range and the value."""
    with pytest.raises(ValueError, match=message):
        detectors.ADWIN(**settings)


def test_refuses_a_fractional_clock():
    """Counts must be whole numbers."""
    with pytest.raises(TypeError, match=r"clock must be an integer, got 2\.5"):
        detectors.ADWIN(clock=2.5)


def test_pickle_goes_on_identically():
    """A detector pickled mid-stream, on an alarm too, continues as the original does."""
    xs = shifting_bits(11)
    first = int(detectors.ADWIN().update_many(xs)[0])
    for stop in (0, 500, first + 1):
        detector = detectors.ADWIN()
        detector.update_many(xs[:stop])
        copy = pickle.loads(pickle.dumps(detector))
        assert copy.drift_detected == detector.drift_detected
        assert trajectory(copy, xs[stop:]) == trajectory(detector, xs[stop:])


def test_clone_forgets():
    """A clone has the parameters and none of the values."""
    detector = detectors.ADWIN(delta=0.01)
    detector.update_many(shifting_bits(12))
    clone = detector.clone()
    assert clone.delta == 0.01
    assert (clone.width, clone.total, clone.n_detections) == (0, 0.0, 0)


def test_memory_is_fixed_and_told():
    """The state never grows, and the memory reported counts it once."""
    detector = detectors.ADWIN()
    before = detector._raw_memory_usage
    assert before == memory_bytes(vars(detector))
    detector.update_many(np.zeros(200_000))
    assert detector.width == 200_000
    assert abs(detector._raw_memory_usage - before) < 64
    assert detector._state.nbytes < 3000


def test_update_returns_none():
    """`update` returns nothing; what it found is read from the properties."""
    assert detectors.ADWIN().update(1) is None


@pytest.mark.parametrize("clock", [1, 2, 5, 32, 33, 100])
def test_readings_between_tests_are_those_of_river(clock):
    """Values that wait for a test are in every reading, copy and file of the detector."""
    rng = np.random.default_rng(clock)
    xs = np.concatenate([rng.normal(0, 1, 300), rng.normal(3, 1, 300)]).tolist()
    ours, theirs = detectors.ADWIN(clock=clock), drift.ADWIN(clock=clock)
    for t, x in enumerate(xs):
        ours.update(x)
        theirs.update(x)
        assert ours.drift_detected == theirs.drift_detected
        if t % 7 == 0:
            assert (ours.width, ours.total) == (theirs.width, theirs.total)
            assert (ours.variance, ours.n_detections) == (theirs.variance, theirs.n_detections)
        if t % 50 == 3:
            ours = pickle.loads(pickle.dumps(ours))
        elif t % 50 == 25:
            ours = ours.clone(include_attributes=True)


@pytest.mark.parametrize("x", [math.nan, math.inf, 10**400, "text", None, 1j, {1}])
def test_refused_value_leaves_no_trace(x):
    """In the middle of values that wait, too."""
    detector, twin = detectors.ADWIN(), detectors.ADWIN()
    for value in range(20):
        detector.update(value % 2)
        twin.update(value % 2)
    with pytest.raises((TypeError, ValueError), match="x must be"):
        detector.update(x)
    assert (detector.width, detector.total) == (twin.width, twin.total) == (20, 10.0)


@pytest.mark.parametrize(("name", "value"), [("delta", 0.1), ("clock", 8), ("clock", 100)])
def test_setting_a_parameter_keeps_values_that_wait(name, value):
    """What waits for a test is in the window already; the new parameter holds from then on."""
    detector, theirs = detectors.ADWIN(), drift.ADWIN()
    for t in range(20):
        detector.update(t % 2)
        theirs.update(t % 2)
    setattr(detector, name, value)
    assert (detector.width, detector.total) == (20, 10.0)
    by_array = detector.clone(include_attributes=True)
    xs = shifting_bits(13)[:3000]
    found = [row[0] for row in trajectory(detector, xs)]
    assert np.flatnonzero(found).tolist() == by_array.update_many(xs).tolist()


def test_drift_detected_is_read_only():
    """As river's: the alarm is not for others to set."""
    detector = detectors.ADWIN()
    with pytest.raises(AttributeError):
        detector.drift_detected = True
    assert detector.drift_detected is False


@pytest.mark.parametrize("capacity", [2, 4, 5, 6])
def test_windows_far_from_zero_equal_river(capacity):
    """Means that differ by little of their size: the quick test of a split is never wrong."""
    rng = np.random.default_rng(14)
    for scale in (1e-160, 1e-3, 1.0, 1e6, 1e12, 1e155):
        xs = (scale + scale * 1e-6 * rng.normal(np.repeat([0.0, 3.0], 1500), 1.0)).tolist()
        settings = {"delta": 0.3, "clock": 3, "max_buckets": capacity}
        ours = trajectory(detectors.ADWIN(**settings), xs)
        assert ours == trajectory(drift.ADWIN(**settings), xs)
