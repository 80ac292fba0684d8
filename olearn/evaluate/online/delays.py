"""Delays of labels: of single rows, and of whole blocks as the schedule that models run."""

import heapq
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.types import Codes, Rows
from olearn.core.validate import check_in_range, check_integer
from olearn.streams.base import Schema

Delay = float | Callable[[int, dict[Any, Any], Any], float | None] | None
"""Rows between a prediction and its label: None = 0, a number, or a function of the row."""

_NEVER = np.iinfo(np.int64).max


class DelayedLabels:
    """Delayed labels: each is learnt right after the row at which it arrives.

    Parameters
    ----------
    delay
        Rows between a prediction and its label, or a function of `(i, x, y)` that says so; None
        and inf = never.
    learn
        Called with `(x, y)` for each label that has arrived, earliest first.

    """

    def __init__(self, delay: Delay, learn: Callable[[Any, Any], None]) -> None:
        self._learn = learn
        self.queue: list[tuple[float, int, Any, Any]] = []
        self.description = describe_delay(delay)
        self._delay: Callable[[int, Any, Any], float | None]
        self._delay = delay if callable(delay) else lambda i, x, y: delay

    def put(self, i: int, x: Any, y: Any) -> None:
        """Take in the label of row `i`, to be learnt when it comes."""
        late = _late_by(f"delay of row {i}", self._delay(i, x, y))
        if late is not None:
            heapq.heappush(self.queue, (i + late, i, x, y))  # i is unique: x is never compared

    def learn_due(self, now: int) -> None:
        """Learn the labels that have arrived once row `now` is predicted."""
        while self.queue and self.queue[0][0] <= now:
            _, _, x, y = heapq.heappop(self.queue)
            self._learn(x, y)


class DelayedRows:
    """Delayed labels of blocks: rows are kept as they were read until their labels come.

    Parameters
    ----------
    delay
        As of `DelayedLabels`.
    schema
        What the stream says of its columns and labels, for delays that are functions of a row.

    """

    def __init__(self, delay: Delay, schema: Schema) -> None:
        self.description = describe_delay(delay)
        self._delay = delay
        self._schema = schema
        self.queue: list[Any] = []  # arrivals, rows and targets, or nothing yet

    def schedule(self, n: int, X: Rows, y: NDArray[Any]) -> tuple[Rows, NDArray[Any], Codes]:
        """Take in the rows of a block, of which the first is row `n` of the stream.

        Returns the rows that are learnt, their targets, and how many of them are learnt once each
        row of the block is predicted.
        """
        end = n + len(X)
        arrivals = self._arrivals(n, X, y)
        if self.queue:
            before, rows, targets = self.queue
            arrivals = np.concatenate([before, arrivals])
            X, y = np.concatenate([rows, X]), np.concatenate([targets, y])
        due = np.flatnonzero(arrivals < end)
        due = due[np.argsort(arrivals[due], kind="stable")]  # rows stand in their order
        waiting = np.flatnonzero((arrivals >= end) & (arrivals < _NEVER))
        self.queue[:] = arrivals[waiting], X[waiting], y[waiting]
        upto = np.searchsorted(arrivals[due], np.arange(n, end), side="right")
        return X[due], y[due], upto

    def _arrivals(self, n: int, X: Rows, y: NDArray[Any]) -> Codes:
        """Return the row right after which each label comes."""
        if not callable(self._delay):
            late = _late_by("delay", self._delay)
            return np.full(len(y), _NEVER) if late is None else np.arange(n, n + len(y)) + late
        rows = zip(self._schema.to_dicts(X), self._schema.to_values(y), strict=True)
        arrivals = np.full(len(y), _NEVER)
        for i, (x, label) in enumerate(rows, start=n):
            late = _late_by(f"delay of row {i}", self._delay(i, x, label))
            if late is not None:
                arrivals[i - n] = i + late
        return arrivals


def describe_delay(delay: Delay) -> str:
    """Check a delay, and say it in words."""
    if callable(delay):
        return "per row"
    _check_delay("delay", delay)
    return "never" if delay == math.inf else f"{delay} rows"


def _late_by(name: str, delay: float | None) -> int | None:
    """Check a delay; return its rows, None for never."""
    if delay is None:
        return None
    _check_delay(name, delay)
    return None if delay == math.inf else int(delay)


def _check_delay(name: str, delay: Any) -> None:
    if delay == math.inf:
        return
    check_integer(name, delay)
    check_in_range(name, delay, 0)
