"""Concepts, one after the other: the stream that drifts, with the truth known."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from olearn.core.jit import njit
from olearn.core.validate import check_flag, check_in_range, check_integer
from olearn.streams._java_random import STATE_SIZE, check_seed, java_state, next_double
from olearn.streams.base import Block, Floats, Ints, Reader, Schema, Stream

__all__ = ["DriftStream"]

_CHUNK = 65_536  # rows per step when the length is counted


class DriftStream(Stream):
    r"""Drift from concept to concept by position and width[^1].

    Concepts $c_0, c_1, \dots$ are any streams of equal schema. At the n-th row (from 1) the drift
    to concept $k$ has happened with probability $1 / (1 + e^{-4 (n - p_k) / w_k})$; the latest one
    that has happened gives the row. Width 0 is an abrupt drift: row $p_k$, counted from 0, is the
    first of the new concept. Otherwise it is gradual, the two concepts alternating around $p_k$
    for about $w_k$ rows. Recurring: give the same object twice, and it goes on where it stopped.
    Incremental: a concept that moves by itself (`RandomRBF`, `Hyperplane`).

    Only the chosen concept advances, and levels nest, draw and count as MOA's
    `ConceptDriftStream` inside `ConceptDriftStream` do, bit for bit; `aligned` is for real data.
    About 50 ns per row on top of the concepts.

    Parameters
    ----------
    concepts
        Streams of equal schema, at least one.
    positions
        Row at the middle of each drift, at least 0 and increasing; one fewer than concepts.
    widths
        Length of each drift in rows, at least 0; one number for all, or one each.
    aligned
        If true, every concept is read at every row, so that row t of the stream is row t of the
        concept chosen: drift laid over a real data set, whose other concepts are views of it.
    seed
        Non-negative integer, draws the choices; all levels use the same one, as in MOA.
    n_samples
        Number of rows; `None` means as many as the concepts give.

    Raises
    ------
    ValueError
        If a parameter is outside the range above, or schemas differ.

    Notes
    -----
    Concepts made with equal seeds repeat each other's rows, as in the published streams: a learner
    that memorises is over-rewarded. Give each concept its own seed unless you reproduce a paper.

    Examples
    --------
    >>> from olearn import streams
    >>> concepts = [streams.STAGGER(function=f, seed=f) for f in (1, 2, 3)]
    >>> stream = streams.DriftStream(concepts, positions=[1000, 2000], n_samples=3000)
    >>> stream.drift_positions
    (1000, 2000)
    >>> [round(float(y.mean()), 3) for X, y in stream.blocks(1000)]
    [0.122, 0.558, 0.665]

    A sudden swap of two features in a real table:

    >>> table = streams.load("image_segments")
    >>> swapped = streams.ConceptView(table, swap_features=[("intensity-mean", "hue-mean")])
    >>> streams.DriftStream([table, swapped], [1200], aligned=True).n_samples
    2310

    References
    ----------
    [^1]: Bifet, A., Holmes, G., Pfahringer, B., Kirkby, R., Gavalda, R. (2009). New ensemble
        methods for evolving data streams. KDD 2009, 139-148. Section 3.

    """

    def __init__(
        self,
        concepts: Sequence[Stream],
        positions: Sequence[int],
        widths: float | Sequence[float] = 0,
        *,
        aligned: bool = False,
        seed: int = 1,
        n_samples: int | None = None,
    ) -> None:
        schema = _common_schema(concepts)
        if n_samples is not None:
            check_integer("n_samples", n_samples, 0)
        check_seed(seed)
        check_flag("aligned", aligned)
        self.concepts = tuple(concepts)
        self.positions = _checked_positions(positions, len(concepts))
        self.widths = _checked_widths(widths, len(self.positions))
        self.aligned = aligned
        self.seed = seed
        longest = self._count_rows()
        known = [n for n in (n_samples, longest) if n is not None]
        super().__init__(schema, min(known, default=None), self._known_drifts())

    def _open(self) -> Reader:
        chooser = _Chooser(self.positions, self.widths, self.seed)
        readers = {id(concept): concept._open() for concept in self.concepts}
        owners = [id(concept) for concept in self.concepts]
        d = self.schema.n_features

        def read(n: int) -> Block:
            chosen = chooser.next(n)
            first = owners[chosen[0]] if n else owners[0]
            if n == 0 or (not self.aligned and bool((chosen == chosen[0]).all())):
                return readers[first](n)
            X, y = np.empty((n, d)), self.schema.empty_target(n)
            end = n
            for owner, reader in readers.items():
                mine = [k for k, other in enumerate(owners) if other == owner]
                rows = np.flatnonzero(np.isin(chosen, mine))
                X_concept, y_concept = reader(n if self.aligned else len(rows))
                source = rows if self.aligned else np.arange(len(rows))
                there = source < len(y_concept)
                if not there.all():  # this concept has ended, and the stream with it
                    end = min(end, int(rows[np.argmin(there)]))
                X[rows[there]] = X_concept[source[there]]
                y[rows[there]] = y_concept[source[there]]
            return X[:end], y[:end]

        return read

    def _known_drifts(self) -> list[int]:
        """Return our own positions and, where rows stay aligned, those inside the concepts."""
        if not self.aligned:
            return list(self.positions)
        starts = [0, *self.positions, math.inf]
        inside = [
            p
            for k, concept in enumerate(self.concepts)
            for p in concept.drift_positions
            if starts[k] <= p < starts[k + 1]
        ]
        return sorted({*self.positions, *inside})

    def _count_rows(self) -> int | None:
        """Return the number of rows until a chosen concept has ended, or None if none does."""
        lengths = {id(c): c.n_samples for c in self.concepts}
        finite = [n for n in lengths.values() if n is not None]
        if not finite or self.aligned:
            return min(finite, default=None)
        chooser = _Chooser(self.positions, self.widths, self.seed)
        left = {owner: math.inf if n is None else n for owner, n in lengths.items()}
        last = id(self.concepts[-1])
        row = 0
        while row < chooser.settled:
            chosen = chooser.next(_CHUNK)
            ends = []
            for owner in left:
                mine = [k for k, c in enumerate(self.concepts) if id(c) == owner]
                rows = np.flatnonzero(np.isin(chosen, mine))
                if len(rows) > left[owner]:
                    ends.append(row + int(rows[int(left[owner])]))
                left[owner] -= len(rows)
            if ends:
                return min(ends)
            row += _CHUNK
        return None if math.isinf(left[last]) else row + int(left[last])


class _Chooser:
    """Says which concept gives each row: the state of all drift levels."""

    def __init__(self, positions: Sequence[int], widths: Sequence[float], seed: int) -> None:
        self._levels = np.array([positions, widths], np.float64)
        self._states = np.empty((len(positions), STATE_SIZE), np.int64)
        self._states[:] = java_state(seed)
        self._counts = np.zeros(len(positions), np.int64)
        # past p + 10 w the probability of the last concept is 1 in float64
        self.settled = positions[-1] + 10 * widths[-1] + 1 if positions else 0

    def next(self, n: int) -> Ints:
        """Return the concepts of the next `n` rows."""
        chosen = np.empty(n, np.int64)
        _choose(chosen, self._states, self._counts, self._levels)
        return chosen


@njit
def _choose(chosen: Ints, states: Ints, counts: Ints, levels: Floats) -> None:
    """Write the concept of each row into `chosen` (n,); advances `states` and `counts` in place.

    The outermost level is the last drift; an inner level counts only the rows that reach it.
    """
    for i in range(chosen.shape[0]):
        concept = 0
        for k in range(counts.shape[0] - 1, -1, -1):
            counts[k] += 1
            u = next_double(states[k])
            distance, width = counts[k] - levels[0, k], levels[1, k]
            if width == 0.0:
                happened = distance > 0.0
            else:
                # the bound keeps exp finite: 1 / (1 + e^700) is 0 to any u but 0
                happened = u <= 1.0 / (1.0 + math.exp(min(-4.0 * distance / width, 700.0)))
            if happened:
                concept = k + 1
                break
        chosen[i] = concept


def _common_schema(concepts: Sequence[Any]) -> Schema:
    if not concepts:
        raise ValueError("concepts must be at least one stream, got none")
    for k, concept in enumerate(concepts):
        if not isinstance(concept, Stream):
            raise TypeError(f"concepts must be streams, got {type(concept).__name__} at {k}")
        if concept.schema != concepts[0].schema:
            raise ValueError(
                f"concepts must have equal schemas; number {k} has {concept.schema}, "
                f"number 0 has {concepts[0].schema}"
            )
    schema: Schema = concepts[0].schema
    return schema


def _checked_positions(positions: Sequence[int], n_concepts: int) -> tuple[int, ...]:
    if len(positions) != n_concepts - 1:
        raise ValueError(
            f"positions must be {n_concepts - 1}, one fewer than concepts, got {list(positions)}"
        )
    for position in positions:
        check_integer("positions", position, 0)
    if any(b <= a for a, b in itertools.pairwise(positions)):
        raise ValueError(f"positions must be increasing, got {list(positions)}")
    return tuple(int(position) for position in positions)


def _checked_widths(widths: float | Sequence[float], n_drifts: int) -> tuple[float, ...]:
    each = tuple(widths) if isinstance(widths, Sequence) else (widths,) * n_drifts
    if len(each) != n_drifts:
        raise ValueError(f"widths must be one number or {n_drifts}, got {list(each)}")
    for width in each:
        check_in_range("widths", width, 0.0, open_high=True)
    return tuple(float(width) for width in each)
