"""Series of numbers with known truth, for detectors: drifts by position, anomalies by window."""

import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.validate import check_choice, check_integer, suggestion
from olearn.streams._kpi import TELECOM_EVENTS, telecom_columns
from olearn.streams.base import Floats

__all__ = ["Signal", "signal", "signal_from_file", "signal_names"]


@dataclass(frozen=True, eq=False)
class Signal:
    """A series of numbers and what is known about it.

    Iterating yields the numbers as Python floats.

    Parameters
    ----------
    name
        Short name, used in tables and pictures.
    values
        `float64` array, shape `(n,)`.
    drift_positions
        Rows, from 0, at which the process changes; empty if none or unknown.
    windows
        First and last row, both included, of each labelled anomaly, in order; empty if none.
    times
        `datetime64[s]` array, shape `(n,)`, or None where the series has no clock.
    seed
        Seed it was drawn from, None for real series.

    Examples
    --------
    >>> from olearn import streams
    >>> signal = streams.signal("noise_mean2", seed=7)
    >>> len(signal), signal.drift_positions, signal.episodes(1000)
    (4000, (2000,), [(2000, 3000)])
    >>> print(signal.values[:2000].mean().round(3), signal.values[2000:].mean().round(3))
    0.033 2.03

    """

    name: str
    values: Floats
    drift_positions: tuple[int, ...] = ()
    windows: tuple[tuple[int, int], ...] = ()
    times: NDArray[np.datetime64] | None = None
    seed: int | None = None

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[float]:
        yield from self.values.tolist()

    def episodes(self, window: int) -> list[tuple[int, int]]:
        """Return the spans, first row to before the last, in which an alarm is a true one.

        Parameters
        ----------
        window
            Rows after a drift in which its alarm counts, at least 1; the next drift ends them
            early. Labelled windows are spans as they are.

        """
        check_integer("window", window, 1)
        if self.windows:
            return [(first, last + 1) for first, last in self.windows]
        edges = [*self.drift_positions, len(self)]
        return [(start, min(start + window, end)) for start, end in pairwise(edges)]


Make = Callable[[np.random.Generator, NDArray[np.int64], int], Floats]

_LEVELS = np.array([0.0, 3.0, 1.0, 4.0, 2.0, 5.0, 1.5, 3.5])
_NEW_ORDER = np.array([0, 4, 1, 6, 3, 7, 5, 2])
_PHASE = 500  # rows between the changes of a mean that varies periodically


def _noise(mean: float = 0.0, sigma: float = 1.0, ramp: int = 1) -> Make:
    """White noise; `mean` is reached `ramp` rows after the change."""

    def make(rng: np.random.Generator, t: NDArray[np.int64], change: int) -> Floats:
        share = np.clip((t - change + 1) / ramp, 0.0, 1.0)
        return rng.standard_normal(len(t)) * np.where(t >= change, sigma, 1.0) + mean * share

    return make


def _periodic(rng: np.random.Generator, t: NDArray[np.int64], change: int) -> Floats:
    """White noise whose mean is 2 and 0 in turn after the change."""
    high = (t >= change) & ((t - change) // _PHASE % 2 == 0)
    return rng.standard_normal(len(t)) + 2.0 * high


def _sine(period: float = 50.0, mean: float = 0.0, amplitude: float = 2.0) -> Make:
    """A sine of period 50 and amplitude 2 with a little noise; the phase runs on at the change."""

    def make(rng: np.random.Generator, t: NDArray[np.int64], change: int) -> Floats:
        after = t >= change
        cycles = np.where(after, change / 50.0 + (t - change) / period, t / 50.0)
        wave = np.where(after, amplitude, 2.0) * np.sin(2.0 * math.pi * cycles)
        return wave + mean * after + 0.2 * rng.standard_normal(len(t))

    return make


def _order(new_order: NDArray[np.int64]) -> Make:
    """Eight levels in a fixed order; afterwards the same levels in another order."""

    def make(rng: np.random.Generator, t: NDArray[np.int64], change: int) -> Floats:
        place = np.where(t >= change, new_order[t % 8], t % 8)
        return _LEVELS[place] + 0.1 * rng.standard_normal(len(t))

    return make


def _telecom(column: int, *, events: bool) -> Make:
    def make(rng: np.random.Generator, t: NDArray[np.int64], change: int) -> Floats:
        return telecom_columns(rng, len(t), events=events)[:, column]

    return make


_SIGNALS: dict[str, Make] = {
    "noise_none": _noise(),
    "noise_mean1": _noise(mean=1.0),
    "noise_mean2": _noise(mean=2.0),
    "noise_ramp2": _noise(mean=2.0, ramp=1000),
    "noise_var2": _noise(sigma=2.0),
    "noise_var05": _noise(sigma=0.5),
    "noise_periodic": _periodic,
    "sine_none": _sine(),
    "sine_period35": _sine(period=35.0),
    "sine_mean1": _sine(mean=1.0),
    "sine_amp3": _sine(amplitude=3.0),
    "order_none": _order(np.arange(8)),
    "order_switch": _order(_NEW_ORDER),
    "telecom_none": _telecom(0, events=False),
    "telecom_success": _telecom(0, events=True),
    "telecom_throughput": _telecom(1, events=True),
    "telecom_latency": _telecom(2, events=True),
    "telecom_loss": _telecom(3, events=True),
}


def signal_names() -> list[str]:
    """Return the names that `signal` knows; those in `_none` never change.

    Examples
    --------
    >>> from olearn import streams
    >>> [name for name in streams.signal_names() if name.startswith("order")]
    ['order_none', 'order_switch']

    """
    return list(_SIGNALS)


def signal(name: str, *, seed: int = 1, n_samples: int = 4000, change: int = 2000) -> Signal:
    """Draw a series with a known drift, or with none.

    Parameters
    ----------
    name
        `noise_*`: N(0, 1), whose mean grows by 1 or 2 at once or by 2 within 1,000 rows (`mean1`,
        `mean2`, `ramp2`), whose deviation becomes 2 or 0.5 (`var2`, `var05`), or whose mean is 2
        and 0 in turn for 500 rows each (`periodic`). `sine_*`: 2 sin(2 pi t / 50) + N(0, 0.2),
        which gets period 35, mean 1 or amplitude 3. `order_*`: eight levels in turn + N(0, 0.1),
        whose order changes while their distribution stays. `telecom_*`: quarter-hourly success
        rate, throughput, latency and loss of a radio cell, with daily and weekly cycles and five
        short events at fixed rows. `*_none`: no change.
    seed
        Non-negative integer. Two names share no noise, even with equal seeds.
    n_samples
        Number of rows, at least 1; a shorter series is the beginning of a longer one, but for
        `telecom_*`.
    change
        Row at which the process changes, at least 0; `telecom_*` has its own.

    Raises
    ------
    ValueError
        If the name is unknown or a parameter outside the range above.

    Examples
    --------
    >>> from olearn import streams
    >>> streams.signal("order_switch", seed=3, change=8, n_samples=16).values.round(0)
    array([0., 3., 1., 4., 2., 5., 1., 3., 0., 2., 3., 2., 4., 3., 5., 1.])

    """
    check_choice("name", name, _SIGNALS)
    check_integer("seed", seed, 0)
    check_integer("n_samples", n_samples, 1)
    check_integer("change", change, 0)
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    values = _SIGNALS[name](rng, np.arange(n_samples), change)
    drifts: tuple[int, ...] = (change,)
    if name.endswith("_none"):
        drifts = ()
    elif name == "noise_periodic":
        drifts = tuple(range(change, n_samples, _PHASE))
    elif name.startswith("telecom_"):
        drifts = tuple(event.start for event in TELECOM_EVENTS)
    return Signal(name, values, tuple(p for p in drifts if p < n_samples), seed=seed)


def signal_from_file(
    path: str | Path, column: str | None = None, *, rows: int | None = None, **text: Any
) -> Signal:
    """Read one numeric column of a table as a series whose truth is unknown.

    Parameters
    ----------
    path
        A file that `olearn.streams.from_file` reads.
    column
        Name of the column; None takes the only one that holds numbers.
    rows
        Read only so many rows, at least 1; `None` means all.
    text
        How delimited text is written: `sep`, `header`, `names`, `comment`, `decimal`, `thousands`,
        `encoding`, `na_values` and `keep_default_na` of `olearn.streams.from_file`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the format or the column is unknown, the column holds text, or there are several.

    Notes
    -----
    Missing values are NaN; infinite ones stay.

    """
    from olearn.streams.files import open_table
    from olearn.streams.formats.base import NUMBER, UNKNOWN, text_options

    table = open_table(path, text_options(**text), rows)
    names = [name for name in table.columns if name not in table.set_aside]
    if column is not None and column not in names:
        listed = ", ".join(map(repr, names))
        near = suggestion(column, names)
        raise ValueError(
            f"column must be one of {listed} of {table.path.name}, got {column!r}{near}"
        )
    numeric = [
        n for n in names if table.kinds.get(n) in (NUMBER, UNKNOWN) and n not in table.doubts
    ]
    chosen = column if column is not None else (numeric[0] if len(numeric) == 1 else None)
    if chosen in table.doubts:
        raise ValueError(table.doubts[chosen])
    if chosen is None or chosen not in numeric:
        listed = ", ".join(map(repr, numeric)) or "none"
        raise ValueError(f"column must name a column of numbers ({listed}), got {column!r}")
    pieces = [np.asarray(piece[0], float) for piece in table.pieces({chosen: NUMBER})]
    if not pieces:
        raise ValueError(f"{table.path} must have at least one row of data, has none")
    return Signal(table.path.stem, np.concatenate(pieces)[:rows])
