"""Stages: steps of a pipeline that take whole blocks, each with the answers of a loop over rows.

A step sees each row twice: as it is predicted, with what the step has learnt by then, and as it is
learnt, when its label comes. No step reads what a later one does. So a block goes through the first
step, then through the second, ..., if each hands on two matrices, `A` of the rows as predicted and
`B` of the rows as learnt. A `Schedule` says how learning and predicting alternate.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np

from olearn.core.locked import Locked, locked
from olearn.core.memory import memory_bytes
from olearn.core.tables import ColumnKinds, Names
from olearn.core.types import Codes
from olearn.core.validate import row_weights

__all__ = ["Schedule", "Stage", "runs"]


class Stage(Locked):
    """What all steps of a chain share, and tell of themselves; see `olearn.base.chain`."""

    takes_blocks: ClassVar[bool] = True
    _features: Any

    def expect_columns(self, kinds: ColumnKinds) -> None:
        """Take over what a stream knows of its columns, its `Schema`, before the first row.

        Its nominal features are nominal here, unless `nominal_attributes` says which are; text is
        in any case. Parameters stay as they are, and a clone has to be told again.
        """
        self._features.expect(kinds)

    @property
    def _transforms(self) -> bool:
        """Whether it hands rows on: a compiled transformer, or a pipeline or union of them."""
        return False

    @property
    def _target_is_number(self) -> bool:
        """Whether it reads the target as a number, also where that is a label; else as a code."""
        return False

    def _room(self, n_categories: int) -> int:
        """Number of categories that `_grow` makes room for where a feature has so many.

        An array is cut where it changes, so that models grow at the same rows as in a loop.
        """
        return n_categories

    def _settle(self) -> None:
        """Make room for all columns and categories of `_features`."""
        self._grow()  # type: ignore[attr-defined]

    def _wants_categories(self, name: Any) -> bool:
        """Tell whether a feature is to be categories, whatever its values are."""
        wants: bool = self._features.is_declared(name)
        return wants

    def _hands_on(self, name: Any) -> bool:
        """Tell whether a feature leaves as it came."""
        return False

    def _refuse_text(self, name: Any, value: Any) -> None:
        """Raise ValueError if the step takes no text."""
        if self._features.only_numbers:
            self._features.check_one({name: value})

    def _learn_table(self, chain: Any, X: Any, y: Any, w: Any, names: Names) -> None:
        """Learn rows as the last step of a chain; `y` is for steps that read labels."""
        table = chain.encoder.check_many(X, names)
        chain.learn(table, y, row_weights(w, len(table)))

    @property
    @locked
    def _raw_memory_usage(self) -> int:
        return memory_bytes(vars(self))


def is_stage(step: Any) -> bool:
    """Tell whether a step is a compiled transformer, or a pipeline or union of them."""
    # `isinstance` of river looks at the end of a pipeline
    return issubclass(type(step), Stage) and step._transforms


def join(operator: str, *steps: Any) -> Any:
    """Make what `|` or `+` makes of steps; by name, since that is made of what makes it."""
    module, name = _JOINED[operator]
    return getattr(import_module(module), name)(*steps)


_JOINED = {
    "|": ("olearn.base.pipeline", "ArrayPipeline"),
    "+": ("olearn.base.union", "ArrayUnion"),
}


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


def is_at_once(upto: Codes) -> bool:
    """Tell whether each row is learnt right after it was predicted."""
    n = len(upto)
    return not n or (upto[0] == 1 and upto[-1] == n and bool((np.diff(upto) == 1).all()))


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


def answered(run: Any, A: Any, B: Any, upto: Codes) -> tuple[Codes, Codes, Any]:
    """Let a model answer the rows of a schedule, and those it learns right before that too.

    Parameters
    ----------
    run
        Given rows, rows to learn and their schedule, it returns an answer for each of the former.
    A, B, upto
        As in `olearn.base.chain.Chain.run`.

    Returns
    -------
    tuple
        Which of the answers are those of `A`, which those of `B`, and the answers.

    """
    if A is B and is_at_once(upto):
        each = np.arange(len(upto))
        return each, each, run(A, B, upto)
    before = np.concatenate([[0], upto[:-1]])[: len(upto)]
    asked = np.arange(len(upto)) + before
    is_learnt = np.ones(len(upto) + len(B), dtype=bool)
    is_learnt[asked] = False
    learnt = np.flatnonzero(is_learnt)
    rows = np.empty((len(is_learnt), np.shape(A)[1]))
    rows[asked], rows[learnt] = A, B
    return asked, learnt, run(rows, B, np.cumsum(is_learnt))


@dataclass(frozen=True)
class Part:
    """Rows of a schedule in which nothing new is learnt, but for what its first row brings."""

    rows: slice  # of those predicted
    due: slice  # of those learnt
    lead: int  # how many of `due` are learnt before the first of `rows` is predicted
    upto: Codes  # as in a `Schedule` of `rows` and the rest of `due`
    begins_anew: bool


def parts(cuts: Sequence[int], upto: Codes, n_due: int) -> Iterator[Part]:
    """Cut a schedule before the rows `cuts` of those that are learnt.

    Examples
    --------
    >>> from olearn.base.stages import parts
    >>> [(p.rows, p.due, p.lead) for p in parts([0], Schedule.at_once(3).upto, 3)]
    [(slice(0, 1, None), slice(0, 0, None), 0), (slice(1, 3, None), slice(0, 3, None), 1)]

    """
    if not len(cuts) and len(upto):
        yield Part(slice(0, len(upto)), slice(0, n_due), 0, upto, False)
        return
    before = np.concatenate([[0], upto[:-1]])  # rows learnt when a row is predicted
    row = 0
    for k, (start, end) in enumerate(pairwise([0, *cuts, n_due])):
        until = len(upto)
        if k < len(cuts):
            until = int(np.searchsorted(before[: len(upto)], end, side="right"))
        lead = int(before[row] if row < until else end) - start
        inner = np.minimum(upto[row:until], end)
        inner -= start + lead  # in place: a second array costs far more than the sum
        yield Part(slice(row, until), slice(start, end), lead, inner, k > 0)
        row = until
