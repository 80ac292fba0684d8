"""The checks of `olearn.checks` for drift detectors; each takes an untrained detector."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from olearn.checks.tools import (
    COPIERS,
    chunks,
    error_bits,
    fresh,
    require,
    require_bounded,
    require_equal,
    require_refusal,
    require_same_state,
    snapshot,
    state_bytes,
)


def check_update_many_matches_loop(model: Any) -> None:
    """An array gives the alarms, and then the readings, of a loop of `update`."""
    by_rows, by_arrays = fresh(model), fresh(model)
    xs = error_bits()
    for part in chunks(len(xs)):
        expected = _alarms(by_rows, xs[part])
        got = by_arrays.update_many(xs[part])
        require(
            isinstance(got, np.ndarray) and got.dtype == np.int64,
            f"update_many must return an int64 array, got {got!r}",
        )
        what = f"alarms of values {part.start} to {part.stop}"
        require_equal([expected], [got.tolist()], f"{what}, loop against update_many")
        for name, value in _readings(by_rows).items():
            other = getattr(by_arrays, name)
            require(value == other, f"{name} after {part.stop} values: {value} against {other}")


def check_update_returns_none(model: Any) -> None:
    """`update` returns None; the alarm is read from `drift_detected`, a bool, False at first."""
    detector = fresh(model)
    require(detector.drift_detected is False, "drift_detected must be False before any value")
    for x in error_bits(200):
        answer = detector.update(x)
        require(answer is None, f"update returned {answer!r}, not None")
        flag = detector.drift_detected
        require(type(flag) is bool, f"drift_detected is a {type(flag).__name__}, not a bool")


def check_copies_continue(model: Any) -> None:
    """A detector pickled or deep-copied at any time goes on as the original does."""
    xs = error_bits()
    for cut in (0, 777, 2100):
        original = fresh(model)
        original.update_many(xs[:cut])
        twins = {name: copier(original) for name, copier in COPIERS.items()}
        expected = _alarms(original, xs[cut:])
        for name, twin in twins.items():
            what = f"alarms after {name} at value {cut}"
            require_equal([expected], [_alarms(twin, xs[cut:])], what)


def check_clone_forgets(model: Any) -> None:
    """A clone starts untrained and repeats the run of the original exactly."""
    xs = error_bits()
    original = fresh(model)
    first = _alarms(original, xs)
    require_equal([first], [_alarms(original.clone(), xs)], "alarms of the original and a clone")


def check_bad_values_change_nothing(model: Any) -> None:
    """NaN, infinite values and strings raise before anything is changed."""
    detector = fresh(model)
    detector.update_many(error_bits(300))
    either = (TypeError, ValueError)
    cases: list[tuple[Any, Any]] = [
        (float("nan"), ValueError),
        (float("inf"), ValueError),
        ("text", either),
        (None, TypeError),
    ]
    for x, kinds in cases:
        require_refusal(detector, partial(detector.update, x), kinds, (), f"update({x!r})")
        xs = [0.0, 1.0, x]
        what = f"update_many({xs})"
        require_refusal(detector, partial(detector.update_many, xs), either, (), what)
    for shape in ((2, 3), ()):
        what = f"update_many of an array of shape {shape}"
        zeros = np.zeros(shape)
        require_refusal(detector, partial(detector.update_many, zeros), either, (), what)


def check_inputs_are_not_kept(model: Any) -> None:
    """`update_many` leaves its array as it was, read-only or not, and keeps no part of it."""
    xs = error_bits(1000)
    for writable in (True, False):
        given = xs.copy()
        given.flags.writeable = writable
        detector = fresh(model)
        alarms = detector.update_many(given)
        require(np.array_equal(xs, given), "update_many changed the array it was given")
        given.flags.writeable = True
        before = snapshot(detector)
        given[:] = 0.5
        alarms[:] = -1
        require_same_state(before, detector, "writing into the arrays given and returned")


def check_empty_arrays_change_nothing(model: Any) -> None:
    """No values, no alarms, no change; also right after an alarm."""
    detector = fresh(model)
    for x in error_bits(700):
        detector.update(x)
        before = snapshot(detector)
        n_alarms = len(detector.update_many(np.empty(0)))
        require(n_alarms == 0, "an empty array gave an alarm")
        require_same_state(before, detector, "after an empty array")


def check_detector_memory_is_bounded(model: Any) -> None:
    """200,000 values need hardly more memory than 100,000, and the figure given is true."""
    detector = fresh(model)
    peaks = [0, 0]
    xs = error_bits(200_000)
    for start in range(0, len(xs), 10_000):
        detector.update_many(xs[start : start + 10_000])
        half = start // 100_000
        peaks[half] = max(peaks[half], state_bytes(detector))
    require_bounded(peaks, "values")


def _alarms(detector: Any, xs: Any) -> list[int]:
    alarms = []
    for i, x in enumerate(xs):
        detector.update(x)
        if detector.drift_detected:
            alarms.append(i)
    return alarms


def _readings(detector: Any) -> dict[str, Any]:
    """Public properties, such as `drift_detected` and `estimation`."""
    kind = type(detector)
    names = [n for n in dir(kind) if n[0] != "_" and isinstance(getattr(kind, n), property)]
    return {name: getattr(detector, name) for name in names}


DETECTOR_CHECKS: tuple[Callable[[Any], None], ...] = (
    check_update_many_matches_loop,
    check_update_returns_none,
    check_copies_continue,
    check_clone_forgets,
    check_bad_values_change_nothing,
    check_inputs_are_not_kept,
    check_empty_arrays_change_nothing,
    check_detector_memory_is_bounded,
)
