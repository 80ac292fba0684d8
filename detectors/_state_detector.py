"""What the compiled detectors share: one float64 array is all their memory.

Every state begins with the same four numbers, which kernels write and the class reads; the numbers
after them belong to the detector.
"""

import abc
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river import base

from olearn.base import ArrayDetector
from olearn.core.jit import njit
from olearn.core.memory import memory_bytes
from olearn.detectors._values import finite_value, finite_values

State = NDArray[np.float64]

# the decision of the newest update (-1, 0 or 1 = drift), whether it was a warning, and two counts
DECISION, WARNING, N_VALUES, N_DETECTIONS = range(4)
HEADER = 4


@njit(forceinline=True)
def decide(state: State, decision: int, warning: bool) -> int:
    """Write the outcome of an update into the head of a state; return the decision."""
    state[DECISION] = decision
    state[WARNING] = 1.0 if warning and decision < 1 else 0.0
    state[N_VALUES] += 1.0
    if decision > 0:
        state[N_DETECTIONS] += 1.0
    return decision


class StateDetector(ArrayDetector, base.DriftAndWarningDetector):
    """A detector whose memory is the array `_state`, which its kernels read and write.

    A subclass stores its parameters, calls `_reset` and writes `_new_state`, `_step` and `_scan`.
    The kernels restart by themselves at the update after a decision, so that what led to it stays
    readable until then.
    """

    _state: State

    @abc.abstractmethod
    def _new_state(self) -> State:
        """Make the state of a detector that has read nothing."""

    @abc.abstractmethod
    def _step(self, x: float) -> None:
        """Read one value."""

    @abc.abstractmethod
    def _scan(self, alarms: NDArray[np.int64], xs: State) -> int:
        """Read values, write the positions of the drifts into `alarms`, return their number."""

    def _range(self) -> tuple[float, float]:
        """Return the smallest and the largest value that can be read."""
        return -math.inf, math.inf

    def _reset(self) -> None:
        super()._reset()
        self._low, self._high = self._range()
        self._state = self._new_state()

    def _publish(self) -> None:
        self._drift_detected = bool(self._state[DECISION] > 0.0)
        self._warning_detected = bool(self._state[WARNING] > 0.0)

    @property
    def n_detections(self) -> int:
        """Number of drifts detected so far."""
        return int(self._state[N_DETECTIONS])

    def update(self, x: int | float) -> None:
        """Read one finite number."""
        self._step(finite_value(x, self._low, self._high))
        self._publish()

    def update_many(self, xs: Any) -> NDArray[np.int64]:
        """Read finite numbers, shape `(n,)`; return the positions of the drifts in them."""
        values = finite_values(xs, self._low, self._high)
        if not values.size:
            return np.empty(0, dtype=np.int64)
        alarms = np.empty(values.size, dtype=np.int64)
        found = alarms[: self._scan(alarms, values)].copy()
        self._publish()
        return found

    @property
    def _raw_memory_usage(self) -> int:
        return memory_bytes(vars(self))


def optional(value: float) -> float | None:
    """Return a number of a state, None for NaN: not known yet."""
    return None if math.isnan(value) else float(value)
