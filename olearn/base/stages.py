"""Stages: steps of a pipeline that take whole blocks, each with the answers of a loop over rows.

A step sees each row twice: as it is predicted, with what the step has learnt by then, and as it is
learnt, when its label comes. No step reads what a later one does. So a block goes through the first
step, then through the second, ..., if each hands on two matrices, `A` of the rows as predicted and
`B` of the rows as learnt. A `Schedule` says how learning and predicting alternate.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from olearn.core.types import Codes

__all__ = ["Schedule", "runs"]


@dataclass(frozen=True)
class Schedule:
    """In which order the rows of a block are predicted and learnt.

    Parameters
    ----------
    due
        Rows in the order in which they are learnt, shape `(m,)`; those that are not in it are not
        learnt in this block.
    upto
        How many of `due` have been learnt once row `t` has been predicted, shape `(n,)`; never
        falling.

    Examples
    --------
    >>> from olearn.base.stages import Schedule
    >>> Schedule.delayed(4, 2)
    Schedule(due=array([0, 1]), upto=array([0, 0, 1, 2]))

    """

    due: Codes
    upto: Codes

    @classmethod
    def at_once(cls, n: int) -> Self:
        """Learn each row right after it was predicted."""
        return cls(np.arange(n), np.arange(1, n + 1))

    @classmethod
    def delayed(cls, n: int, delay: int) -> Self:
        """Learn each row right after the one `delay` rows later was predicted."""
        upto = np.maximum(np.arange(1, n + 1) - delay, 0)
        return cls(np.arange(max(n - delay, 0)), upto)


def runs(upto: Codes) -> Iterator[tuple[slice, slice]]:
    """Yield the rows that are predicted in succession, and what is learnt then.

    Examples
    --------
    >>> from olearn.base.stages import Schedule, runs
    >>> [(r.start, r.stop, q.start, q.stop) for r, q in runs(Schedule.delayed(4, 2).upto)]
    [(0, 3, 0, 1), (3, 4, 1, 2)]

    """
    ends = np.flatnonzero(np.diff(upto, prepend=0)) + 1
    row = learnt = 0
    for end, until in zip(ends.tolist(), upto[ends - 1].tolist(), strict=True):
        yield slice(row, end), slice(learnt, until)
        row, learnt = end, until
    if row < len(upto):
        yield slice(row, len(upto)), slice(learnt, learnt)
