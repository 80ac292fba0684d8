"""The spatial pooler: any sparse input to a fixed number of active columns."""

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
    NonNegativeInt,
    OneOf,
    OpenFraction,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.detectors.htm import _pooler_kernels as kernels
from olearn.detectors.htm import _pooler_layout as at

__all__ = ["SpatialPooler"]

Bits = NDArray[np.int64]
_SLACK = np.float32(1e-6)  # a permanence is a sum of float32 steps: it reaches the threshold nearly


@with_parameters
class SpatialPooler(base.Base):
    r"""Spatial pooler: represents an input by the columns that overlap it most[^1].

    Each column has synapses to a random part of the inputs; those with a permanence of at least
    `connected` count. The overlap of a column is the number of its connected synapses on active
    inputs, multiplied by its boost. The `n_winners` largest overlaps win, ties to the higher index;
    the winners' permanences move towards the input: up by `increment` on active inputs, down by
    `decrement` on others. Columns that hardly ever overlap anything are raised as a whole.

    Time per input: O(active inputs x columns + winners x inputs), in vector code; memory 5 bytes
    for each pair of an input and a column.

    Parameters
    ----------
    n_inputs
        Number of input bits; at least 1.
    n_columns
        Number of columns; at least 1.
    n_winners
        Columns that win, at least 1 and at most `n_columns`. With local inhibition it sets the
        density `n_winners / n_columns` of the winners in each neighbourhood.
    potential_pct
        Share of the inputs in reach that belong to the pool of a column, in (0, 1].
    potential_radius
        Reach of a column in inputs, on a ring around its place, at least 1; None = all inputs.
    connected
        Permanence from which a synapse counts, in (0, 1).
    increment
        Gain of a winner's permanences on active inputs, in [0, 1].
    decrement
        Loss of a winner's permanences on other inputs, in [0, 1].
    boost_strength
        Strength $B$ of the boost $e^{B (\text{target} - \text{duty})}$, which lets columns win that
        seldom do; in [0, 1000], 0 = no boost.
    stimulus_threshold
        Least overlap of a winner, at least 0. With 0 an empty input has winners too.
    inhibition
        "global": columns compete with all others; "local": with those inside a radius, which
        follows the span of the connected synapses.
    duty_period
        Inputs over which the duty cycles are averaged; at least 1.
    min_duty_pct
        A column whose overlap duty is below this share of the largest is raised; in [0, 1].
    seed
        Seed of the initial pools and permanences; None = a fresh one.

    Raises
    ------
    TypeError, ValueError
        If an argument is outside the range above.

    Examples
    --------
    >>> from olearn.detectors import htm

    >>> pooler = htm.SpatialPooler(100, 256, n_winners=10, increment=0.05, seed=1)
    >>> for start in (0, 60, 0, 60, 0, 60):
    ...     winners = pooler.compute(range(start, start + 20))
    >>> near = pooler.compute(range(61, 81), learn=False)
    >>> far = pooler.compute(range(0, 20), learn=False)
    >>> len(set(winners) & set(near)), len(set(winners) & set(far))
    (10, 0)

    References
    ----------
    [^1]: Cui, Y., Ahmad, S. and Hawkins, J. (2017). The HTM spatial pooler - a neocortical
        algorithm for online sparse distributed coding. Frontiers in Computational Neuroscience 11,
        111.

    """

    n_inputs: PositiveInt
    n_columns: PositiveInt = 2048
    n_winners: Annotated[int, In(1, "n_columns")] = 40
    _: KW_ONLY
    potential_pct: Annotated[float, In(0.0, 1.0, "(]")] = 0.8
    potential_radius: PositiveInt | None = None
    connected: OpenFraction = 0.2
    increment: Fraction = 0.003
    decrement: Fraction = 0.0005
    boost_strength: Annotated[float, In(0.0, 1000.0)] = 0.0
    stimulus_threshold: NonNegativeInt = 1
    inhibition: Annotated[str, OneOf("global", "local")] = "global"
    duty_period: PositiveInt = 1000
    min_duty_pct: Fraction = 0.001
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._arrays = self._make_arrays()
        self.handle = handle_of(self._arrays, at.KINDS)
        self.permanences = self._draw_permanences(np.random.default_rng(self.seed))

    def _make_arrays(self) -> list[NDArray[Any]]:
        n_in, n_col = self.n_inputs, self.n_columns
        head = np.zeros(at.HEAD_SIZE, np.int64)
        head[[at.N_INPUTS, at.N_COLUMNS, at.N_WINNERS]] = n_in, n_col, self.n_winners
        head[[at.LOCAL, at.DUTY_PERIOD]] = self.inhibition == "local", self.duty_period
        conf = np.zeros(at.CONF_SIZE, np.float32)
        conf[at.THRESHOLD] = self.connected
        conf[at.LOWEST] = conf[at.THRESHOLD] - _SLACK
        conf[at.INCREMENT], conf[at.DECREMENT] = self.increment, self.decrement
        conf[at.STRENGTH], conf[at.STIMULUS] = self.boost_strength, self.stimulus_threshold
        conf[at.MIN_PCT], conf[at.DENSITY] = self.min_duty_pct, self.n_winners / n_col
        columns = [np.zeros(n_col, np.float32) for _ in range(5)]
        columns[2][:] = 1.0  # no boost yet
        overlap_duty, active_duty, boost, min_duty, boosted = columns
        return [
            np.full((n_col, n_in), -1.0, np.float32),
            np.zeros((n_in, n_col), np.uint8),
            np.zeros(n_col, np.int32),
            overlap_duty,
            active_duty,
            boost,
            min_duty,
            np.zeros(n_col, np.uint16),
            boosted,
            np.zeros(n_col, np.int64),
            np.zeros(n_in, np.float32),
            np.zeros(n_in, np.float32),
            np.zeros(max(n_in + 1, n_col), np.int64),
            head,
            conf,
        ]

    def _draw_permanences(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Half the synapses of each pool start connected."""
        n_in, n_col = self.n_inputs, self.n_columns
        reach = n_in if self.potential_radius is None else 2 * self.potential_radius + 1
        reach = min(reach, n_in)
        pool = np.zeros((n_col, reach), bool)
        pool[:, : max(1, round(self.potential_pct * reach))] = True
        pool = rng.permuted(pool, axis=1)
        chance = rng.random((n_col, reach))
        high = self.connected + (1.0 - self.connected) * chance
        values = np.where(rng.random((n_col, reach)) < 0.5, high, self.connected * chance)
        centres = ((np.arange(n_col) + 0.5) * n_in / n_col).astype(np.int64)
        inputs = (centres[:, None] + np.arange(reach) - reach // 2) % n_in
        permanences = np.full((n_col, n_in), -1.0, np.float32)
        np.put_along_axis(permanences, inputs, np.where(pool, values, -1.0), axis=1)
        return permanences

    @property
    def permanences(self) -> NDArray[np.float32]:
        """Permanences, `float32` array, shape `(n_columns, n_inputs)`; -1 outside the pools."""
        copy: NDArray[np.float32] = self._arrays[at.PERMANENCE].copy()
        return copy

    @permanences.setter
    def permanences(self, values: NDArray[Any]) -> None:
        new = np.asarray(values, np.float32)
        if new.shape != (self.n_columns, self.n_inputs):
            raise ValueError(
                f"permanences must have shape {(self.n_columns, self.n_inputs)}, got {new.shape}"
            )
        bad = ~((new == -1.0) | ((new >= 0.0) & (new <= 1.0)))
        if bad.any():
            raise ValueError(f"permanences must be in [0, 1], or -1 for none, got {new[bad][0]}")
        connected = new >= self._arrays[at.CONF][at.LOWEST]
        self._arrays[at.PERMANENCE][:] = new
        self._arrays[at.CONNECTED][:] = connected.T
        self._arrays[at.N_CONNECTED][:] = connected.sum(axis=1)
        if self.inhibition == "local":
            kernels.update_radius(self.handle)

    @property
    def winners(self) -> Bits:
        """Winners of the newest input, ascending."""
        n = self._arrays[at.HEAD][at.N_FOUND]
        winners: Bits = self._arrays[at.WINNERS][:n].copy()
        return winners

    @property
    def boosts(self) -> NDArray[np.float32]:
        """Factor of each column's overlap, `float32` array, shape `(n_columns,)`."""
        copy: NDArray[np.float32] = self._arrays[at.BOOST].copy()
        return copy

    @property
    def duty_cycles(self) -> dict[str, NDArray[np.float32]]:
        """Shares of inputs, in [0, 1], each `float32`, shape `(n_columns,)`.

        "overlap": in which the column overlapped, "active": in which it won, "floor": the overlap
        duty below which it is raised.
        """
        names = {"overlap": at.OVERLAP_DUTY, "active": at.ACTIVE_DUTY, "floor": at.MIN_DUTY}
        return {name: self._arrays[which].copy() for name, which in names.items()}

    def compute(self, bits: Sequence[int] | Bits, learn: bool = True) -> Bits:
        """Return the winning columns, ascending; without `learn` nothing is changed.

        Parameters
        ----------
        bits
            Numbers of the active inputs, in 0..n_inputs-1, distinct.
        learn
            Whether to adapt permanences, duty cycles and boosts.

        """
        active = check_bits("bits", bits, self.n_inputs)
        kernels.find_winners(self.handle, active, len(active))
        if learn:
            kernels.learn_winners(self.handle, active, len(active))
        return self.winners

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "handle"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.handle = handle_of(self._arrays, at.KINDS)

    @property
    def _raw_memory_usage(self) -> int:
        return memory_bytes(vars(self))


def check_bits(name: str, bits: Any, size: int) -> Bits:
    """Return numbers in 0..size-1 as an `int64` array, ascending; raise if they are no such."""
    values = np.asarray(bits if hasattr(bits, "__len__") else list(bits))
    if values.ndim != 1 or (values.size and values.dtype.kind not in "iu"):
        raise TypeError(
            f"{name} must be a 1-D sequence of integers, got dtype {values.dtype}, "
            f"shape {values.shape}"
        )
    sorted_values: Bits = np.sort(values.astype(np.int64))
    if sorted_values.size and not 0 <= sorted_values[0] <= sorted_values[-1] < size:
        wrong = sorted_values[0] if sorted_values[0] < 0 else sorted_values[-1]
        raise ValueError(f"{name} must be in 0..{size - 1}, got {wrong}")
    twice = np.flatnonzero(np.diff(sorted_values) == 0)
    if twice.size:
        raise ValueError(f"{name} must be distinct, got {sorted_values[twice[0]]} twice")
    return sorted_values
