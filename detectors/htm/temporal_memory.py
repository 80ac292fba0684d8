"""The temporal memory: learns which columns follow which, in context."""

from collections.abc import Sequence
from dataclasses import KW_ONLY
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from river import base

from olearn.core.handles import handle_of
from olearn.core.memory import memory_bytes
from olearn.core.parameters import (
    Fraction,
    In,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.core.rng import kernel_state
from olearn.detectors.htm import _memory_kernels as kernels
from olearn.detectors.htm import _memory_layout as at
from olearn.detectors.htm import _memory_step as step
from olearn.detectors.htm.spatial_pooler import Bits, check_bits

__all__ = ["TemporalMemory"]

_SLACK = np.float32(1e-6)  # a permanence is a sum of float32 steps: it reaches the threshold nearly
_FIRST_SEGMENTS = 1024
_FIRST_INDEX = 1 << 16
_PER_SEGMENT = (at.SEG_CELL, at.SEG_SIZE, at.SEG_NEXT, at.SEG_USED, at.SEG_BORN, at.COUNT, at.CHAIN)
_PER_SLOT = (at.SYN_PRE, at.SYN_PERM, at.SYN_PLACE)


@with_parameters
class TemporalMemory(base.Base):
    r"""Temporal memory: predicts the next active columns from the sequence so far[^1].

    Each column has several cells, which stand for it in different contexts. A cell has segments,
    each a list of synapses on cells that were active together once; with at least
    `activation_threshold` connected ones on active cells, the cell expects its column next. An
    active column that was expected activates only the cells that expected it, any other one all its
    cells; the segments that were right are strengthened, new ones grow where nothing was expected.

    The score of a step is the share of the active columns that were not expected. Time per step:
    one visit to each synapse on an active cell; memory: at most `max_segments` segments, which
    together with the index take about 20 bytes a synapse.

    Parameters
    ----------
    n_columns
        Number of columns; at least 1.
    cells_per_column
        Cells of each column; at least 1. With 1 there is no context but the last input.
    activation_threshold
        Connected synapses on active cells that make a segment active; at least 1.
    min_threshold
        Synapses on active cells, connected or not, that make a segment matching; at least 1.
    initial_permanence
        Permanence of a new synapse, in [0, 1].
    connected
        Permanence from which a synapse is connected, in (0, 1].
    max_new_synapses
        Synapses on active cells that a learning segment is filled up to; at least 1.
    increment
        Gain of a synapse that was right, in [0, 1].
    decrement
        Loss of a synapse that was wrong, in [0, 1].
    predicted_decrement
        Loss of the synapses of a segment whose column did not come, in [0, 1]; a little above
        `increment` times the share of active columns keeps contexts apart.
    max_segments_per_cell
        At most this many segments a cell, at least 1; the least recently used is dropped.
    max_synapses_per_segment
        At most this many synapses a segment; 1 to 4096.
    max_segments
        At most this many segments in all, in [1, 262144]: beyond, the least recently used of 32
        drawn at random is dropped. Unpredictable input makes new segments without end.
    raise_existing
        Whether growth lifts synapses that it finds on a drawn cell to `initial_permanence`, as the
        reference program does.
    seed
        Seed of the draws; None = a fresh one.

    Raises
    ------
    TypeError, ValueError
        If an argument is outside the range above.

    Notes
    -----
    Ties between cells go to the lowest number, between segments to the oldest, so that a run
    depends on the seed only where growth draws from more winner cells than it needs. A segment that
    dies while it learns does not grow afterwards.

    Examples
    --------
    >>> from olearn.detectors import htm

    >>> memory = htm.TemporalMemory(
    ...     64, 4, activation_threshold=3, min_threshold=2, initial_permanence=0.5, seed=1
    ... )
    >>> a, b, c = range(0, 4), range(10, 14), range(20, 24)
    >>> [memory.compute(columns) for columns in [a, b, c] * 3]
    [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    >>> memory.compute(c), memory.n_segments
    (1.0, 16)

    References
    ----------
    [^1]: Hawkins, J. and Ahmad, S. (2016). Why neurons have thousands of synapses, a theory of
        sequence memory in neocortex. Frontiers in Neural Circuits 10, 23.

    """

    n_columns: PositiveInt = 2048
    cells_per_column: PositiveInt = 32
    _: KW_ONLY
    activation_threshold: PositiveInt = 20
    min_threshold: PositiveInt = 13
    initial_permanence: Fraction = 0.24
    connected: Annotated[float, In(0.0, 1.0, "(]")] = 0.5
    max_new_synapses: PositiveInt = 31
    increment: Fraction = 0.04
    decrement: Fraction = 0.008
    predicted_decrement: Fraction = 0.001
    max_segments_per_cell: PositiveInt = 128
    max_synapses_per_segment: Annotated[int, In(1, 4096)] = 128
    max_segments: Annotated[int, In(1, 1 << 18)] = 32_768
    raise_existing: bool = False
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._arrays = self._make_arrays()
        self.handle = handle_of(self._arrays, at.KINDS)

    def _make_arrays(self) -> list[NDArray[Any]]:
        n_cells = self.n_columns * self.cells_per_column
        segments = min(_FIRST_SEGMENTS, self.max_segments)
        head = np.zeros(at.HEAD_SIZE, np.int64)
        head[[at.N_COLUMNS, at.N_CELLS]] = self.n_columns, self.cells_per_column
        head[[at.ACTIVATION, at.MATCHING]] = self.activation_threshold, self.min_threshold
        head[[at.MAX_NEW, at.CELL_SEGMENTS]] = self.max_new_synapses, self.max_segments_per_cell
        head[[at.MAX_SYNAPSES, at.MAX_SEGMENTS]] = self.max_synapses_per_segment, self.max_segments
        head[at.SHIFT] = (self.max_synapses_per_segment - 1).bit_length()
        head[[at.RAISE, at.FIRST_FREE]] = self.raise_existing, -1
        conf = np.zeros(at.CONF_SIZE, np.float32)
        conf[at.CONNECTED] = np.float32(self.connected) - _SLACK
        conf[at.INITIAL], conf[at.PUNISHMENT] = self.initial_permanence, self.predicted_decrement
        conf[at.INCREMENT], conf[at.DECREMENT] = self.increment, self.decrement
        slots = segments << int(head[at.SHIFT])
        cells = [np.zeros(n_cells, np.int32) for _ in range(8)]
        first_of, active, winner, rank, new_active, new_winner, taken, draw = cells
        first_of[:] = -1
        return [
            np.full(segments, -1, np.int32),
            np.zeros(segments, np.int32),
            np.zeros(segments, np.int32),
            np.zeros(segments, np.int64),
            np.zeros(segments, np.int64),
            np.zeros(segments, np.int32),
            np.zeros(segments, np.int32),
            np.zeros(slots, np.int32),
            np.zeros(slots, np.float32),
            np.zeros(slots, np.int32),
            np.zeros(_FIRST_INDEX, np.uint32),
            np.zeros((n_cells, 4), np.int32),
            np.full(32, -1, np.int64),
            first_of,
            np.zeros(n_cells, np.uint8),
            active,
            winner,
            rank,
            new_active,
            new_winner,
            taken,
            draw,
            np.zeros(segments + 1, np.int32),
            np.full(self.n_columns, -1, np.int32),
            np.zeros(self.n_columns, np.uint8),
            kernel_state(self.seed),
            head,
            conf,
            np.zeros(2 << int(head[at.SHIFT]), np.float32),
        ]

    @property
    def n_segments(self) -> int:
        """Number of segments."""
        return int(self._arrays[at.HEAD][at.N_SEGMENTS])

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return int(self._arrays[at.HEAD][at.N_SYNAPSES])

    @property
    def active_cells(self) -> Bits:
        """Numbers of the active cells, ascending; those of column 1 follow those of column 0."""
        return self._listed(at.ACTIVE, at.N_ACTIVE)

    @property
    def winner_cells(self) -> Bits:
        """Numbers of the cells that stand for the last input in its context, ascending."""
        return self._listed(at.WINNER, at.N_WINNER)

    @property
    def predicted_columns(self) -> Bits:
        """Numbers of the columns expected next, ascending."""
        return np.flatnonzero(self._arrays[at.COL_FLAG] & at.PREDICTED).astype(np.int64)

    def _listed(self, which: int, size: int) -> Bits:
        cells: Bits = np.sort(self._arrays[which][: self._arrays[at.HEAD][size]].astype(np.int64))
        return cells

    def score(self, columns: Sequence[int] | Bits) -> float:
        """Return the share of these columns that is not expected now; nothing is changed."""
        active = check_bits("columns", columns, self.n_columns)
        return float(step.score_columns(self.handle, active, len(active)))

    def compute(self, columns: Sequence[int] | Bits, learn: bool = True) -> float:
        """Take the next step of the sequence; return its score, in [0, 1].

        Parameters
        ----------
        columns
            Numbers of the active columns, in 0..n_columns-1, distinct.
        learn
            Whether to change synapses; the cells' state moves on either way.

        """
        active = check_bits("columns", columns, self.n_columns)
        score = float(step.score_columns(self.handle, active, len(active)))
        if not step.has_room(self.handle, active, len(active)):
            self.make_room(active)
        step.remember(self.handle, active, len(active), learn)
        return score

    def reset(self) -> None:
        """Begin a new sequence: the next input has no context. What is learnt stays."""
        step.forget_context(self.handle)

    def make_room(self, columns: Bits) -> None:
        """Enlarge the arrays so that a step with these active columns has room."""
        arrays, head = self._arrays, self._arrays[at.HEAD]
        size = len(arrays[at.SEG_CELL])
        if size < self.max_segments and size - head[at.N_SEGMENTS] < len(columns):
            rows = min(max(2 * size, size + len(columns)), self.max_segments)
            for which in _PER_SEGMENT:
                arrays[which] = _longer(arrays[which], rows)
            arrays[at.SEG_CELL][size:] = -1
            arrays[at.TOUCHED] = _longer(arrays[at.TOUCHED], rows + 1)
            for which in _PER_SLOT:
                arrays[which] = _longer(arrays[which], rows << int(head[at.SHIFT]))
            self.handle = handle_of(arrays, at.KINDS)
        demand = step.index_demand(self.handle, columns, len(columns))
        if head[at.INDEX_USED] + demand > len(arrays[at.INDEX]):
            size = len(arrays[at.INDEX])
            packed = np.zeros(size, np.uint32)  # a block is never larger than before
            used = kernels.pack_index(self.handle, packed)
            # twice the demand, so that many steps go by before the index is packed again
            arrays[at.INDEX] = _longer(packed[:used], max(size, int(used + 2 * demand)))
            self.handle = handle_of(arrays, at.KINDS)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "handle"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.handle = handle_of(self._arrays, at.KINDS)

    @property
    def _raw_memory_usage(self) -> int:
        return memory_bytes(vars(self))


def _longer(array: NDArray[Any], size: int) -> NDArray[Any]:
    new = np.zeros(size, array.dtype)
    new[: len(array)] = array
    return new
