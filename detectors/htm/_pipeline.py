"""Spatial pooler and temporal memory as one compiled step."""

from collections.abc import Mapping
from typing import Any

from olearn.core.handles import Handle, int64_at
from olearn.core.jit import njit
from olearn.detectors.htm import _pooler_layout as at
from olearn.detectors.htm._memory_step import has_room, remember, score_columns
from olearn.detectors.htm._pooler_kernels import find_winners, learn_winners
from olearn.detectors.htm.spatial_pooler import Bits, SpatialPooler
from olearn.detectors.htm.temporal_memory import TemporalMemory

NO_ROOM = -1.0


@njit
def learn_bits(pooler: Handle, memory: Handle, bits: Bits, n: int) -> float:
    """Learn from the active inputs `bits[:n]`; return the score, or NO_ROOM and change nothing."""
    find_winners(pooler, bits, n)
    return learn_found(pooler, memory, bits, n)


@njit
def learn_found(pooler: Handle, memory: Handle, bits: Bits, n: int) -> float:
    """Do the same where the winners have been found already."""
    winners = int64_at(pooler, at.WINNERS)
    n_winners = int64_at(pooler, at.HEAD)[at.N_FOUND]
    if not has_room(memory, winners, n_winners):
        return NO_ROOM
    score = score_columns(memory, winners, n_winners)
    learn_winners(pooler, bits, n)
    remember(memory, winners, n_winners, True)
    return float(score)


@njit
def score_bits(pooler: Handle, memory: Handle, bits: Bits, n: int) -> float:
    """Return the score of the active inputs `bits[:n]`; nothing is learnt."""
    n_winners = find_winners(pooler, bits, n)
    return float(score_columns(memory, int64_at(pooler, at.WINNERS), n_winners))


class Pipeline:
    """A spatial pooler and the temporal memory of its columns.

    Parameters
    ----------
    n_inputs
        Number of input bits.
    pooler_options, memory_options
        Further arguments of `SpatialPooler` and `TemporalMemory`.
    seed
        Seed of both, where the options have none.

    """

    def __init__(
        self,
        n_inputs: int,
        pooler_options: Mapping[str, Any] | None,
        memory_options: Mapping[str, Any] | None,
        seed: int | None,
    ) -> None:
        self.pooler = SpatialPooler(n_inputs, **{"seed": seed, **(pooler_options or {})})
        columns = self.pooler.n_columns
        self.memory = TemporalMemory(columns, **{"seed": seed, **(memory_options or {})})
        self._found: Bits | None = None

    def score(self, bits: Bits) -> float:
        """Return the score of an input; its winners are kept for `learn`."""
        self._found = bits
        return score_bits(self.pooler.handle, self.memory.handle, bits, len(bits))

    def learn(self, bits: Bits) -> float:
        """Take the next step with an input; return its score."""
        step = learn_found if self._found is bits else learn_bits
        self._found = None
        score = step(self.pooler.handle, self.memory.handle, bits, len(bits))
        if score == NO_ROOM:
            self.make_room()
            score = step(self.pooler.handle, self.memory.handle, bits, len(bits))
        return score

    def make_room(self) -> None:
        """Make room in the memory for the input whose winners were found last."""
        self.memory.make_room(self.pooler.winners)
