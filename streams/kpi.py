"""Four indicators of a radio cell with labelled anomalies."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from olearn.core.parameters import AtLeast, NonNegativeInt, check_parameters
from olearn.streams._kpi import DAY, driver, indicators, sharp_driver
from olearn.streams.base import Block, Floats, Reader, Schema, Stream, read_slices

__all__ = ["KPI"]

_NAMES = ("success", "throughput", "latency", "loss")
_N_EVENTS = 48
_SHORTEST, _LONGEST = 10, 36  # rows of an event: 14 % of 8,000 rows in 48 events
_SCALE = np.array([0.02, 2.0, 1.0, 1.0])  # what is a small step in each column

Spoil = Callable[[np.random.Generator, Floats, Floats, NDArray[np.int64]], None]


@dataclass(eq=False, repr=False)
class KPI(Stream):
    r"""Success rate, throughput, latency and loss of a radio cell, with labelled anomalies.

    Quarter-hourly rows. A success rate $s$ with daily and weekly cycles drives the others:
    throughput $50 + 30 s$, latency $20 + 40 (1 - s)$, loss $50 (1 - s)$, each with noise. In 48
    spans, 14 % of the rows, something is wrong, and the label is True.

    Parameters
    ----------
    temporal
        False: the anomalies are large values: joint drops and ramps, spikes in one column, shifts
        of the latency, ramps of the throughput. True: the daily cycle is sharp, and half of the
        anomalies keep the distribution of the values and break their order: one or all columns run
        half a day late, or a sensor freezes.
    seed
        Non-negative integer.
    n_samples
        Number of rows, at least 4,800: room for the events.

    Raises
    ------
    ValueError
        If a parameter is outside the range above.

    Examples
    --------
    >>> from olearn import streams
    >>> stream = streams.load("kpi4", seed=1)
    >>> X, y = next(stream.blocks(8000))
    >>> X.shape, float(y.mean())
    ((8000, 4), 0.13975)
    >>> next(iter(stream))
    ({'success': 0.973..., 'throughput': 82.2..., 'latency': 22.1..., 'loss': 1.5...}, False)

    """

    temporal: bool = False
    seed: NonNegativeInt = 1
    _: KW_ONLY
    n_samples: Annotated[int, AtLeast(100 * _N_EVENTS)] = 8000

    def __post_init__(self) -> None:
        check_parameters(self)
        super().__init__(Schema(_NAMES, (), (False, True)), self.n_samples)

    def _open(self) -> Reader:
        X, y = _draw(np.random.default_rng(self.seed), int(self.n_samples or 0), self.temporal)
        return read_slices(lambda part: (X[part].copy(), y[part].copy()))


def _draw(rng: np.random.Generator, n: int, temporal: bool) -> Block:
    t = np.arange(n)
    late = np.maximum(t - DAY // 2, 0)
    if temporal:
        clean = indicators(rng, sharp_driver(t) + 0.004 * rng.standard_normal(n))
        delayed = indicators(rng, sharp_driver(late) + 0.004 * rng.standard_normal(n))
    else:
        clean = indicators(rng, driver(t) + 0.01 * rng.standard_normal(n))
        delayed = clean
    X, y = clean.copy(), np.zeros(n, np.int64)
    slot = n // _N_EVENTS  # one event in each, so that none overlap
    for i in range(_N_EVENTS):
        length = int(rng.integers(_SHORTEST, _LONGEST + 1))
        start = i * slot + int(rng.integers(slot - length))
        kinds = _TEMPORAL if temporal and i % 2 else _VALUES
        rows = t[start : start + length]
        kinds[int(rng.integers(len(kinds)))](rng, X, delayed, rows)
        y[rows] = 1
    return X, y


def _lower_success(X: Floats, rows: NDArray[np.int64], fall: Floats | float) -> None:
    """Let the success rate fall, and the other columns follow."""
    X[rows] += np.outer(np.broadcast_to(fall, rows.shape), [-1.0, -30.0, 40.0, 50.0])
    X[rows, 0] = np.clip(X[rows, 0], 0.0, 1.0)


def _joint_drop(
    rng: np.random.Generator, X: Floats, delayed: Floats, rows: NDArray[np.int64]
) -> None:
    _lower_success(X, rows, rng.uniform(0.05, 0.4))


def _joint_ramp(
    rng: np.random.Generator, X: Floats, delayed: Floats, rows: NDArray[np.int64]
) -> None:
    _lower_success(X, rows, np.linspace(0.0, rng.uniform(0.1, 0.4), len(rows)))


def _spike(rng: np.random.Generator, X: Floats, delayed: Floats, rows: NDArray[np.int64]) -> None:
    column = int(rng.integers(4))
    X[rows, column] += rng.choice([-1.0, 1.0]) * rng.uniform(4.0, 10.0) * _SCALE[column]


def _latency_shift(
    rng: np.random.Generator, X: Floats, delayed: Floats, rows: NDArray[np.int64]
) -> None:
    X[rows, 2] += rng.uniform(3.0, 10.0)


def _throughput_ramp(
    rng: np.random.Generator, X: Floats, delayed: Floats, rows: NDArray[np.int64]
) -> None:
    X[rows, 1] -= np.linspace(0.0, rng.uniform(8.0, 25.0), len(rows))


def _all_late(
    rng: np.random.Generator, X: Floats, delayed: Floats, rows: NDArray[np.int64]
) -> None:
    X[rows] = delayed[rows]


def _one_late(
    rng: np.random.Generator, X: Floats, delayed: Floats, rows: NDArray[np.int64]
) -> None:
    column = int(rng.integers(4))
    X[rows, column] = delayed[rows, column]


def _frozen(rng: np.random.Generator, X: Floats, delayed: Floats, rows: NDArray[np.int64]) -> None:
    column = int(rng.integers(4))
    X[rows, column] = X[rows[0], column]


_VALUES: list[Spoil] = [_joint_drop, _joint_ramp, _spike, _latency_shift, _throughput_ramp]
_TEMPORAL: list[Spoil] = [_all_late, _one_late, _frozen]
