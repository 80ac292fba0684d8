"""The latest rows, a column after the other, as the kernels of `_search` read them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from olearn.core.types import Codes

BEGIN, END = range(2)  # of `head`: the rows there are
VALUE, WEIGHT = range(2)  # of `beside`: label code or target, and weight
# kinds of columns; of one that was never learnt no value is looked at, so that it does not matter
# whether a block knows the columns that come later in it
NUMERIC, NOMINAL, NEW_NUMERIC, NEW_NOMINAL = 0, 1, -1, -2

_FIRST_ROOM = 64


class RowWindow:
    """A queue of at most `size` rows in arrays that are twice as long, so that none is ever cut.

    Parameters
    ----------
    size
        Most rows kept; the oldest leave first.
    n_beside
        Numbers kept beside each row; the first two are `VALUE` and `WEIGHT`.

    Examples
    --------
    >>> from olearn.learners.neighbours._window import RowWindow
    >>> window = RowWindow(1000)
    >>> window.follow([0, 3])
    >>> window.make_room(5)
    >>> window.points.shape, len(window)
    ((2, 64), 0)

    """

    def __init__(self, size: int, n_beside: int = 2) -> None:
        self.size = size
        self.points = np.zeros((0, 0))  # (columns, room); what is missing is 0, or -1 if nominal
        self.beside = np.zeros((n_beside, 0))
        self.head: Codes = np.zeros(2, np.int64)
        self.kinds: Codes = np.zeros(0, np.int64)  # of the columns, see above

    def __len__(self) -> int:
        return int(self.head[END] - self.head[BEGIN])

    def follow(self, widths: Sequence[int]) -> None:
        """Take over which columns there are; those that are new are missing in all rows."""
        known = len(self.kinds)
        if len(widths) > known:
            self.points = np.pad(self.points, ((0, len(widths) - known), (0, 0)))
            more = np.full(len(widths) - known, NEW_NUMERIC)
            self.kinds = np.concatenate([self.kinds, more])
        if any(widths):
            turned = (np.array(widths) > 0) & (self.kinds == NEW_NUMERIC)
            self.kinds[turned] = NEW_NOMINAL
            self.points[turned] = -1.0

    def make_room(self, n_rows: int) -> None:
        """Make room for rows to come, as many as a queue of this size needs."""
        room = self.points.shape[1]
        needed = min(int(self.head[END]) + n_rows, 2 * self.size)
        if needed > room:
            more = min(max(2 * room, needed, _FIRST_ROOM), 2 * self.size) - room
            nominal = (self.kinds == NOMINAL) | (self.kinds == NEW_NOMINAL)
            fill = np.where(nominal, -1.0, 0.0)[:, None]
            self.points = np.hstack([self.points, np.broadcast_to(fill, (len(fill), more))])
            self.beside = np.pad(self.beside, ((0, 0), (0, more)))

    @property
    def arrays(self) -> tuple[NDArray[np.float64], NDArray[np.float64], Codes, Codes]:
        """What the kernels take: points, what is beside them, head, kinds."""
        return self.points, self.beside, self.head, self.kinds

    @property
    def values(self) -> NDArray[np.float64]:
        """Label codes or targets of the rows, oldest first."""
        return self.beside[VALUE, self.head[BEGIN] : self.head[END]]
