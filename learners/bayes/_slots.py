"""Where naive Bayes keeps what it counts of a feature: one slot, or one for each category."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from olearn.core.types import Codes


class Slots:
    """The slots of all features, in the order of their columns.

    Tables have one entry a slot in their last dimension, and some to spare, which are 0.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.learners.bayes._slots import Slots
    >>> slots = Slots()
    >>> moved, = slots.grow([0, 0], [np.ones((1, 1))])
    >>> slots.grow([0, 3], [])
    []
    >>> slots.begin.tolist(), slots.kinds.tolist(), moved.tolist()
    ([0, 1, 5], [0, 1], [[0.0, 0.0]])

    """

    def __init__(self) -> None:
        self.begin: Codes = np.zeros(1, np.int64)  # of each column; at last the end of all
        # 0: the column is numeric; else 1 + the number of its categories that were learnt
        self.kinds: Codes = np.zeros(0, np.int64)

    def grow(
        self, widths: Sequence[int], tables: Sequence[NDArray[np.float64]]
    ) -> list[NDArray[np.float64]]:
        """Make room for columns with so many categories, 0 for a number; return the tables."""
        before, rooms = self.begin, np.ones(len(widths), np.int64)
        kinds = np.zeros(len(widths), np.int64)
        if any(widths):
            rooms = np.array([max(category_room(width), 1) for width in widths])
            kinds[np.array(widths) > 0] = 1
        known = len(self.kinds)
        self.kinds = np.concatenate([np.maximum(self.kinds, kinds[:known]), kinds[known:]])
        self.begin = np.concatenate([np.zeros(1, np.int64), np.cumsum(rooms)])
        return [self._moved(table, before) for table in tables]

    def _moved(self, table: NDArray[np.float64], before: Codes) -> NDArray[np.float64]:
        known, room = len(before) - 1, capacity(int(self.begin[-1]))
        moves = not np.array_equal(before, self.begin[: known + 1])
        if not moves and table.shape[-1] == room:  # nearly always
            return table
        made = np.zeros((*table.shape[:-1], room))
        if not moves:
            made[..., : before[-1]] = table[..., : before[-1]]
        else:
            for column in range(known):
                first, end = before[column : column + 2].tolist()
                start = self.begin[column]
                made[..., start : start + end - first] = table[..., first:end]
        return made


def category_room(n_categories: int) -> int:
    """Power of two, so that categories that come one by one seldom move the tables."""
    return 0 if n_categories == 0 else max(2, 1 << (n_categories - 1).bit_length())


def capacity(n_slots: int) -> int:
    """Power of two, so that words that come one by one seldom enlarge the tables."""
    return 1 << max(n_slots - 1, 0).bit_length()
