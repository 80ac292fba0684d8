"""Tests of the battery for detectors: a sound one passes, and each broken promise is found."""

import copy
from dataclasses import dataclass

import numpy as np
import pytest

from olearn import checks
from olearn.base import ArrayDetector
from olearn.core.memory import memory_bytes


class Jump(ArrayDetector):
    """A sound toy: alarm where a fading mean of bits crosses one half, from either side."""

    def __init__(self, fading: float = 0.9):
        super().__init__()
        self.fading = fading
        self._reset()

    def _reset(self):
        super()._reset()
        self._state = np.array([0.0, 0.0])  # mean, side

    @property
    def mean(self):
        return float(self._state[0])

    def update(self, x):
        x = float(x)
        if not np.isfinite(x):
            raise ValueError(f"x must be finite, got {x}")
        mean = self.fading * self._state[0] + (1.0 - self.fading) * x
        side = float(mean > 0.5)
        self._drift_detected = bool(side != self._state[1])
        self._state[:] = mean, side

    def update_many(self, xs):
        xs = np.array(xs, dtype=np.float64)
        if xs.ndim != 1 or not np.isfinite(xs).all():
            raise ValueError("xs must be finite and 1-D")
        alarms = []
        for i, x in enumerate(xs):
            self.update(x)
            if self._drift_detected:
                alarms.append(i)
        return np.array(alarms, dtype=np.int64)

    @property
    def _raw_memory_usage(self):
        return memory_bytes(vars(self))


class SkipsInArrays(Jump):
    def update_many(self, xs):
        return super().update_many(xs)[1:]


class LosesItsReading(Jump):
    def update_many(self, xs):
        alarms = super().update_many(xs)
        self._state[0] = np.round(self._state[0], 3)
        return alarms


class ReturnsItself(Jump):
    def update(self, x):
        super().update(x)
        return self


class PicklesWithoutState(Jump):
    def __getstate__(self):
        return vars(self) | {"_state": np.zeros(2)}


class CloneGoesOn(Jump):
    def clone(self, new_params=None, include_attributes=False):
        return copy.deepcopy(self)


class ReadsNaN(Jump):
    def update(self, x):
        super().update(0.0 if x != x else x)


class ReadsUpToNaN(Jump):
    def update_many(self, xs):
        for x in xs:
            self.update(x)
        return super().update_many([])


class KeepsItsArray(Jump):
    def update_many(self, xs):
        self._last = xs
        return super().update_many(xs)


class ClearsOnNothing(Jump):
    def update_many(self, xs):
        self._drift_detected = False
        return super().update_many(xs)


class StoresValues(Jump):
    def update_many(self, xs):
        self._seen = np.append(getattr(self, "_seen", []), xs)
        return super().update_many(xs)


@dataclass(eq=False, repr=False)
class SetsInVain(Jump):
    start: float = 0.0

    def __post_init__(self):
        super().__init__()
        self._state[0] = self.start


BROKEN = [
    (SkipsInArrays, "check_update_many_matches_loop", "alarms of values"),
    (LosesItsReading, "check_update_many_matches_loop", "mean after"),
    (ReturnsItself, "check_update_returns_none", "not None"),
    (PicklesWithoutState, "check_copies_continue", "after pickle"),
    (CloneGoesOn, "check_clone_forgets", "a clone"),
    (ReadsNaN, "check_bad_values_change_nothing", "was accepted"),
    (ReadsUpToNaN, "check_bad_values_change_nothing", "though refused"),
    (KeepsItsArray, "check_inputs_are_not_kept", "_last"),
    (ClearsOnNothing, "check_empty_arrays_change_nothing", "_drift_detected"),
    (StoresValues, "check_detector_memory_is_bounded", "memory grew"),
    (SetsInVain, "check_parameters_set_take_effect_or_are_refused", "start set to"),
]


def ids(value):
    return value.__name__ if hasattr(value, "__name__") else ""


@pytest.mark.parametrize("check", list(checks.yield_checks(Jump())), ids=ids)
def test_sound_detector_passes(check):
    """A detector that keeps every promise passes each check."""
    check(Jump())


@pytest.mark.parametrize(("broken", "name", "message"), BROKEN, ids=ids)
def test_broken_promise_is_found(broken, name, message):
    """The check made for a promise fails where it is broken, and says what differed."""
    check = next(c for c in checks.yield_checks(broken()) if c.__name__ == name)
    with pytest.raises(AssertionError, match=message):
        check(broken())


def test_every_check_can_fail():
    """No check is in the battery without a toy that fails it."""
    assert {c.__name__ for c in checks.yield_checks(Jump())} == {name for _, name, _ in BROKEN}


def test_check_estimator_runs_river_checks_too(monkeypatch):
    """A sound detector passes river's checks and ours in one call; a fault in river's is found."""
    checks.check_estimator(Jump())
    monkeypatch.setattr(Jump, "__doc__", "")
    with pytest.raises(AssertionError):
        checks.check_estimator(Jump())
