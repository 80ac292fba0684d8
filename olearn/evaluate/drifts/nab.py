"""The scoring of the Numenta Anomaly Benchmark (NAB), for any scores on any labelled series."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.telling import tell
from olearn.show.tables import TextTable
from olearn.streams.signals import Signal

__all__ = ["NABScore", "nab_score", "nab_table"]

_SHARE, _LONGEST = 0.15, 750  # of the rows that are not scored at the beginning of a series
_FIRST = 2.0 / (1.0 + math.exp(-5.0)) - 1.0  # a detection at the first row of a window: 0.98661


@dataclass(frozen=True)
class Profile:
    """What an application pays.

    Parameters
    ----------
    hit, false_alarm, miss
        Weights of a window found, of a row signalled outside, and of a window not found.

    """

    hit: float
    false_alarm: float
    miss: float


PROFILES = {
    "standard": Profile(1.0, 0.11, 1.0),
    "low FP": Profile(1.0, 0.22, 1.0),
    "low FN": Profile(1.0, 0.11, 2.0),
}


@dataclass(frozen=True)
class NABScore:
    """The score of one profile.

    Parameters
    ----------
    score
        0 for a detector that never signals, 100 for the first row of each window and no other;
        below 0 where false alarms cost more than the windows found bring.
    threshold
        Rows with at least this score were detections.
    oracle
        Whether the threshold was chosen on these same labels, as NAB does.
    n_windows, n_found
        Labelled windows, and those with a detection inside.
    n_false
        Detections outside the windows; each row counts.

    """

    score: float
    threshold: float
    oracle: bool
    n_windows: int
    n_found: int
    n_false: int


def nab_sigmoid(y: float) -> float:
    """NAB's weight of a detection at a position relative to a window: near 1 early, then to -1.

    Parameters
    ----------
    y
        -1 at the first row of a window, 0 behind its last row; beyond 3 the weight is -1.

    Examples
    --------
    >>> from olearn.evaluate.drifts.nab import nab_sigmoid
    >>> nab_sigmoid(-1.0), nab_sigmoid(0.0), nab_sigmoid(3.1)
    (0.98661, 0.0, -1.0)

    """
    return -1.0 if y > 3.0 else 2.0 / (1.0 + math.exp(5.0 * y)) - 1.0


def probation(n: int) -> int:
    """Return the rows at the beginning of a series of `n` that are not scored."""
    return min(int(_SHARE * n), _LONGEST)


def nab_score(
    scores: Mapping[str, Any],
    signals: Mapping[str, Signal],
    *,
    threshold: float | None = None,
) -> dict[str, NABScore]:
    """Score anomaly scores on labelled series as the Numenta Anomaly Benchmark does[^1].

    A row is a detection if its score is at least the threshold; one threshold serves all series.
    The earliest detection in a window earns its sigmoid weight, a window without one costs, and
    so does every row signalled outside, more the further it lies behind the last window. The first
    15 % of a series, at most 750 rows, are not scored: a window that lies wholly in them cannot be
    missed, but a perfect score would have it.

    Parameters
    ----------
    scores
        Series name -> one number a row, finite; the higher, the more anomalous.
    signals
        Series name -> the series with its windows; the same names.
    threshold
        None: the one that gives the best score, for each profile, which is NAB's own rule. It is
        an oracle: it looks at the labels that are scored.

    Returns
    -------
    dict[str, NABScore]
        By profile: `standard`, `low FP` (false alarms cost double) and `low FN` (misses cost
        double).

    Raises
    ------
    ValueError
        If names or lengths differ, a score is not finite, or there is no window at all.

    Warns
    -----
    UserWarning
        If a window lies wholly in the rows that are not scored.

    Notes
    -----
    The published scores are over 58 files with 116 windows; a score over fewer files is not
    comparable with them.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.evaluate import nab_score
    >>> from olearn.streams import Signal
    >>> signal = Signal("one", np.zeros(1000), windows=((500, 599),))
    >>> scores = np.zeros(1000)
    >>> scores[550] = 1.0
    >>> found = nab_score({"one": scores}, {"one": signal})
    >>> found["standard"].score, found["standard"].threshold
    (92.9..., 1.0)

    References
    ----------
    [^1]: Lavin, A. and Ahmad, S. (2015). Evaluating real-time anomaly detection algorithms - the
        Numenta Anomaly Benchmark. ICMLA 2015. Section III.

    """
    rows = _collect(scores, signals)
    return {
        name: _best(rows, profile) if threshold is None else _at(rows, profile, threshold)
        for name, profile in PROFILES.items()
    }


def nab_table(results: Mapping[str, Mapping[str, NABScore]], title: str) -> TextTable:
    """Return the scores of several detectors as a table, one line a detector."""
    table = TextTable(title)
    table.add_column("detector")
    for profile in PROFILES:
        table.add_column(profile, justify="right")
    for heading in ("windows found", "false rows", "threshold"):
        table.add_column(heading, justify="right")
    for name, by_profile in results.items():
        first = by_profile["standard"]
        cells = [f"{by_profile[profile].score:.2f}" for profile in PROFILES]
        cells += [f"{first.n_found} of {first.n_windows}", f"{first.n_false:,}"]
        table.add_row(name, *cells, f"{first.threshold:.4g}" + (" (oracle)" * first.oracle))
    table.caption = "Windows found, false rows and threshold are those of the standard profile."
    return table


@dataclass
class _Rows:
    """All scored rows of all series, those with the highest scores first.

    `weight` is the sigmoid, over its largest value inside windows; `window` the number of the
    window, -1 outside. `n_open` windows have scored rows, so that they can be missed.
    """

    score: NDArray[np.float64]
    weight: NDArray[np.float64]
    window: NDArray[np.int64]
    n_windows: int
    n_open: int


def _collect(scores: Mapping[str, Any], signals: Mapping[str, Signal]) -> _Rows:
    if set(scores) != set(signals) or not signals:
        raise ValueError(
            f"scores must have the names of signals, {sorted(signals)}, got {sorted(scores)}"
        )
    parts, n_windows = [], 0
    for name, signal in signals.items():
        values = np.asarray(scores[name], np.float64)
        if values.shape != (len(signal),) or not np.isfinite(values).all():
            raise ValueError(
                f"scores must be one finite number a row, {len(signal)} of {name!r}; got an array "
                f"of shape {values.shape}"
            )
        weight, window = _weights(signal)
        first = probation(len(signal))
        window = np.where(window >= 0, window + n_windows, -1)
        parts.append((values[first:], weight[first:], window[first:]))
        n_windows += len(signal.windows)
    if not n_windows:
        raise ValueError("signals must have at least one window among them, got none")
    score, weight, window = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.argsort(-score, kind="stable")
    n_open = len(np.unique(window[window >= 0]))
    if n_open < n_windows:
        tell(
            f"{n_windows - n_open} of {n_windows} windows lie wholly in the rows at the beginning "
            "that are not scored: nothing can find them, and no score reaches 100"
        )
    return _Rows(score[order], weight[order], window[order], n_windows, n_open)


def _weights(signal: Signal) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Weight of a detection at each row, and the window that it lies in, or -1."""
    n = len(signal)
    weight, window = np.full(n, -1.0), np.full(n, -1, np.int64)
    starts = [first for first, _ in signal.windows[1:]] + [n]
    for k, ((first, last), following) in enumerate(zip(signal.windows, starts, strict=False)):
        width = last - first + 1
        for i in range(first, last + 1):
            weight[i] = nab_sigmoid((i - last - 1) / width) / _FIRST
            window[i] = k
        for i in range(last + 1, following):
            weight[i] = nab_sigmoid((i - last) / max(width - 1, 1))
    return weight, window


def _sweep(rows: _Rows, profile: Profile) -> Iterator[tuple[int, float, int, int]]:
    """Yield rows taken so far, score, windows found and false rows, each row having been added."""
    best = [-profile.miss] * rows.n_windows
    total = -profile.miss * rows.n_open
    n_found = n_false = 0
    yield 0, total, n_found, n_false
    for i, (weight, k) in enumerate(zip(rows.weight.tolist(), rows.window.tolist(), strict=True)):
        if k < 0:
            total += profile.false_alarm * weight
            n_false += 1
        else:
            gain = profile.hit * weight
            n_found += best[k] == -profile.miss
            if gain > best[k]:
                total += gain - best[k]
                best[k] = gain
        yield i + 1, total, n_found, n_false


def _best(rows: _Rows, profile: Profile) -> NABScore:
    """Choose the threshold with the best score; rows of equal score are taken together."""
    found = (0, -math.inf, 0, 0)
    last_of_equals = np.append(rows.score[1:] != rows.score[:-1], True)
    for state in _sweep(rows, profile):
        taken = state[0]
        if state[1] > found[1] and (taken == 0 or last_of_equals[taken - 1]):
            found = state
    threshold = math.inf if found[0] == 0 else float(rows.score[found[0] - 1])
    return _scaled(found, rows, profile, threshold, oracle=True)


def _at(rows: _Rows, profile: Profile, threshold: float) -> NABScore:
    n_taken = int((rows.score >= threshold).sum())
    state = next(state for state in _sweep(rows, profile) if state[0] == n_taken)
    return _scaled(state, rows, profile, threshold, oracle=False)


def _scaled(
    state: tuple[int, float, int, int],
    rows: _Rows,
    profile: Profile,
    threshold: float,
    *,
    oracle: bool,
) -> NABScore:
    _, total, n_found, n_false = state
    # a window that cannot be found costs nobody a miss, but a perfect score would have it
    worst, perfect = -profile.miss * rows.n_open, profile.hit * rows.n_windows
    score = 100.0 * (total - worst) / (perfect - worst)
    return NABScore(score, threshold, oracle, rows.n_windows, n_found, n_false)
