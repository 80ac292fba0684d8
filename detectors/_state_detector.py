"""What the compiled detectors share: one float64 array is all their memory.

Every state begins with the same four numbers, which kernels write and the class reads; the numbers
after them belong to the detector.
"""

import abc
import functools
import math
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from river import base

from olearn.base import ArrayDetector
from olearn.core.jit import direct, in_python, njit
from olearn.core.memory import memory_bytes
from olearn.core.parameters import check_parameters, parameters
from olearn.detectors._values import bit, bits, finite_value, finite_values

State = NDArray[np.float64]

# the decision of the newest update (-1, 0 or 1 = drift), whether it was a warning, and two counts
DECISION, WARNING, N_VALUES, N_DETECTIONS = range(4)
HEADER = 4

_BITS = {0.0: 0.0, 1.0: 1.0}  # of any type that is equal to them, such as bool


@njit(forceinline=True)
def decide(state: State, decision: int, warning: bool) -> int:
    """Write the outcome of an update into the head of a state; return the decision."""
    state[DECISION] = decision
    state[WARNING] = 1.0 if warning and decision < 1 else 0.0
    state[N_VALUES] += 1.0
    if decision > 0:
        state[N_DETECTIONS] += 1.0
    return decision


def scan_of(update: Any) -> Any:
    """Return the kernel that reads an array by the kernel of one value.

    It writes the positions of the alarms and returns their number.
    """

    def scan(alarms: NDArray[np.int64], state: State, xs: State) -> int:
        n_alarms = 0
        for i in range(xs.size):
            if update(state, xs[i]) > 0:
                alarms[n_alarms] = i
                n_alarms += 1
        return n_alarms

    scan.__module__, scan.__qualname__ = update.__module__, "_scan"  # by which it is kept
    return njit(scan)


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

    # river's, but that its getter is no function of Python: it is read at each update
    drift_detected = property(attrgetter("_drift_detected"), doc="Whether the last value alarmed.")

    @property
    def warning_detected(self) -> bool:
        """Whether the last update was a warning."""
        return bool(self._state[WARNING] > 0.0)

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
        return self._read_many(finite_values(xs, self._low, self._high))

    def _read_many(self, values: State) -> NDArray[np.int64]:
        if not values.size:
            return np.empty(0, dtype=np.int64)
        alarms = np.empty(values.size, dtype=np.int64)
        found = alarms[: self._scan(alarms, values)].copy()
        self._publish()
        return found

    @property
    def _raw_memory_usage(self) -> int:
        return memory_bytes(vars(self))


@functools.cache
def _reader(update: Any) -> Callable[..., int]:
    return direct(update, np.empty(1), 0.0)


class OneKernelDetector(StateDetector):
    """A detector that is one kernel, `_update`, which reads a value into its state."""

    _update: ClassVar[Any]
    _scan_values: ClassVar[Any]

    __slots__ = ("_drift_detected", "_read")  # read and written at each update

    def _reset(self) -> None:
        super()._reset()
        self._read: Callable[..., int] | None = None

    def clone(
        self, new_params: dict[str, Any] | None = None, include_attributes: bool = False
    ) -> Self:
        """Return a detector with the same parameters, and what it has read if asked for."""
        twin = super().clone(new_params, include_attributes)
        if include_attributes:
            twin._drift_detected = self._drift_detected
        return twin

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_drift_detected": self._drift_detected}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._drift_detected = vars(self).pop("_drift_detected")
        self._read = None

    def update(self, x: int | float) -> None:
        """Read one finite number."""
        if type(x) is not float or x - x != 0.0:  # infinite or NaN
            x = finite_value(x)
        self._drift_detected = (self._read or self._compiled())(self._state, x) > 0

    def _step(self, x: float) -> None:
        self._drift_detected = (self._read or self._compiled())(self._state, x) > 0

    def _compiled(self) -> Callable[..., int]:
        """Return the kernel of one value, which may be compiled: not before it is needed."""
        self._read = _reader(self._update)
        return self._read

    def _scan(self, alarms: NDArray[np.int64], xs: State) -> int:
        found: int = self._scan_values(alarms, self._state, xs)
        return found


class RangeDetector(OneKernelDetector):
    """A detector of numbers of a range."""

    def update(self, x: int | float) -> None:
        """Read one finite number."""
        self._step(finite_value(x, self._low, self._high))


class KernelDetector(OneKernelDetector):
    """A detector that is one kernel, over a state in which its parameters stand first.

    A subclass is a dataclass with two kernels: `_update` reads a value into a state, `_restart`
    makes a state that has read nothing of one that may have.
    """

    _restart: ClassVar[Any]
    _fixed: ClassVar[frozenset[str]] = frozenset()  # parameters that cannot be set once it is made

    def __post_init__(self) -> None:
        check_parameters(self)
        self._reset()

    @abc.abstractmethod
    def _settings(self) -> Sequence[float]:
        """Return the parameters as the kernels read them, from `HEADER` on."""

    @abc.abstractmethod
    def _length(self) -> int:
        """Return the length of a state."""

    def _new_state(self) -> State:
        state = np.zeros(self._length())
        settings = self._settings()
        state[HEADER : HEADER + len(settings)] = settings
        in_python(self._restart)(state)
        return state

    @property
    def _mutable_attributes(self) -> set[str]:
        return set(parameters(type(self))) - self._fixed

    def _apply_parameters(self) -> None:
        settings = self._settings()
        self._state[HEADER : HEADER + len(settings)] = settings


class ErrorDetector(KernelDetector, base.BinaryDriftAndWarningDetector):
    """A detector that reads 0 and 1 alone: whether a prediction was wrong."""

    def update(self, x: bool | float) -> None:
        """Read whether one prediction was wrong: 1 or True if it was, 0 or False if not."""
        try:
            x = _BITS[x]
        except (KeyError, TypeError):  # what is not hashable, too
            x = bit(x)
        self._drift_detected = (self._read or self._compiled())(self._state, x) > 0

    def update_many(self, xs: Any) -> NDArray[np.int64]:
        """Read zeros and ones, shape `(n,)`; return the positions of the drifts in them."""
        return self._read_many(bits(xs))


def optional(value: float) -> float | None:
    """Return a number of a state, None for NaN: not known yet."""
    return None if math.isnan(value) else float(value)
