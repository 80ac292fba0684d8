"""Scores of two labels in buckets that are cheap to add to, row by row: compiled.

Each label's scores are cut into buckets, each an array with room, so that a score moves few others
and its rank is found by two binary searches. `store` has the buckets of both labels; `tops` the
highest score of each, by label; `table` and `head`, that of `SortedScores`, hold what is named
below.
"""

import numpy as np
from numpy.typing import NDArray

from olearn.core.jit import inner, njit
from olearn.core.types import Codes, Rows

# the first two of each label
_N_ITEMS, _N_BUCKETS, _TWICE_U, _OLDEST, _N_FREE, _WINDOW = 0, 2, 4, 5, 6, 7
# of each label: the row of `store` that each bucket is, the scores in it, and in those before it
_ROW, _SIZE, _BEFORE = 0, 2, 4
_FREE = 6  # rows of `store` that are no bucket


def fill(head: Codes, *in_order: Rows) -> tuple[Rows, Rows, Codes]:
    """Put scores of both labels into new buckets, filled by half, with as many again free."""
    n_scores = len(in_order[0]) + len(in_order[1])
    # about as many scores in a bucket as buckets: what is moved, and what is counted again
    room = 1 << min(max(5, (n_scores.bit_length() - 1) // 2), 7)
    half = room // 2
    n = 1 << (7 + 2 * n_scores // half).bit_length()
    store, tops = np.full((n, room), np.inf), np.full((2, n), np.inf)
    table = np.zeros((7, n), np.int64)
    used = 0
    for label, scores in enumerate(in_order):
        whole, rest = divmod(len(scores), half)
        n_buckets = max(whole + (rest > 0), 1)
        store[used : used + whole, :half] = scores[: whole * half].reshape(whole, half)
        table[_ROW + label, :n_buckets] = np.arange(used, used + n_buckets)
        table[_SIZE + label, :whole] = half
        table[_BEFORE + label, :n_buckets] = np.arange(0, n_buckets * half, half)
        tops[label, :whole] = scores[half - 1 : whole * half : half]
        if rest:
            store[used + whole, :rest] = scores[-rest:]
            table[_SIZE + label, whole] = rest
            tops[label, whole] = scores[-1]
        head[_N_BUCKETS + label] = n_buckets
        used += n_buckets
    table[_FREE, : n - used] = np.arange(used, n)
    head[_N_FREE] = n - used
    return store, tops, table


def in_order(store: Rows, tops: Rows, table: Codes, head: Codes, label: int) -> Rows:
    """Return the scores of a label, 0 or 1, in order."""
    rows = store[table[_ROW + label, : head[_N_BUCKETS + label]]]
    found: Rows = rows[rows < np.inf]
    return found


@inner
def _below(values: Rows, row: int, size: int, score: float) -> int:
    """Return how many values of a row are less than a score; infinite ones fill it up to `size`.

    `size` is a power of 2. There is no branch that could be guessed wrong.
    """
    base, half = 0, size >> 1
    while half:
        base += half * (values[row, base + half - 1] < score)
        half >>= 1
    return base


@inner
def _upto(values: Rows, row: int, size: int, score: float) -> int:
    """Do as `_below` with the values that are not more than a score."""
    base, half = 0, size >> 1
    while half:
        base += half * (values[row, base + half - 1] <= score)
        half >>= 1
    return base


@inner
def _twice_below(
    store: Rows, tops: Rows, table: Codes, head: Codes, label: int, score: float
) -> int:
    """Return twice the scores of a label below one, and once those equal to it."""
    n = head[_N_BUCKETS + label]
    if head[_N_ITEMS + label] == 0:
        return 0
    at = _below(tops, label, tops.shape[1], score)
    if at == n:
        return 2 * head[_N_ITEMS + label]
    row = table[_ROW + label, at]
    low = _below(store, row, store.shape[1], score)
    below = table[_BEFORE + label, at] + low
    if store[row, low] != score:
        return 2 * below
    at = _upto(tops, label, tops.shape[1], score)
    if at == n:
        return below + head[_N_ITEMS + label]
    row = table[_ROW + label, at]
    return below + table[_BEFORE + label, at] + _upto(store, row, store.shape[1], score)


@inner
def _insert(
    store: Rows, tops: Rows, table: Codes, head: Codes, label: int, score: float, counted: bool
) -> None:
    """Put a score in; a bucket must be free. Those behind count it, unless somebody does later."""
    n = head[_N_BUCKETS + label]
    at = min(_below(tops, label, tops.shape[1], score), n - 1)
    row, size = table[_ROW + label, at], table[_SIZE + label, at] + 1
    low = _below(store, row, store.shape[1], score)
    for i in range(size - 1, low, -1):
        store[row, i] = store[row, i - 1]
    store[row, low] = score
    table[_SIZE + label, at] = size
    tops[label, at] = store[row, size - 1]
    if counted:
        for i in range(n):
            table[_BEFORE + label, i] += i > at
    head[_N_ITEMS + label] += 1
    if size < store.shape[1]:
        return
    half = size // 2
    head[_N_FREE] -= 1
    new = table[_FREE, head[_N_FREE]]
    for i in range(n, at + 1, -1):
        tops[label, i] = tops[label, i - 1]
        table[_ROW + label, i] = table[_ROW + label, i - 1]
        table[_SIZE + label, i] = table[_SIZE + label, i - 1]
        table[_BEFORE + label, i] = table[_BEFORE + label, i - 1]
    for i in range(half, size):
        store[new, i - half], store[row, i] = store[row, i], np.inf
    tops[label, at + 1], tops[label, at] = tops[label, at], store[row, half - 1]
    table[_ROW + label, at + 1] = new
    table[_SIZE + label, at + 1], table[_SIZE + label, at] = size - half, half
    table[_BEFORE + label, at + 1] = table[_BEFORE + label, at] + half
    head[_N_BUCKETS + label] = n + 1


@inner
def _remove(store: Rows, tops: Rows, table: Codes, head: Codes, label: int, score: float) -> None:
    """Take a score out, which is there."""
    n = head[_N_BUCKETS + label]
    at = _below(tops, label, tops.shape[1], score)
    row, size = table[_ROW + label, at], table[_SIZE + label, at] - 1
    low = _below(store, row, store.shape[1], score)
    for i in range(store.shape[1] - 1):
        store[row, i] = store[row, i + 1] if i >= low else store[row, i]
    table[_SIZE + label, at] = size
    for i in range(n):
        table[_BEFORE + label, i] -= i > at
    head[_N_ITEMS + label] -= 1
    if size:
        tops[label, at] = store[row, size - 1]
    elif n > 1:
        table[_FREE, head[_N_FREE]] = row
        head[_N_FREE] += 1
        for i in range(at, n - 1):
            tops[label, i] = tops[label, i + 1]
            table[_ROW + label, i] = table[_ROW + label, i + 1]
            table[_SIZE + label, i] = table[_SIZE + label, i + 1]
            table[_BEFORE + label, i] = table[_BEFORE + label, i + 1]
        tops[label, n - 1] = np.inf
        head[_N_BUCKETS + label] = n - 1


@inner
def _push(
    store: Rows, tops: Rows, table: Codes, head: Codes, ring: Rows, label: int, score: float
) -> None:
    """Write a row into the window's; take out, and forget the pairs of, the one that leaves it."""
    window, oldest = head[_WINDOW], head[_OLDEST]
    if head[_N_ITEMS] + head[_N_ITEMS + 1] == window:
        was, old = int(ring[oldest, 0]), ring[oldest, 1]
        _remove(store, tops, table, head, was, old)
        twice = _twice_below(store, tops, table, head, 1 - was, old)
        head[_TWICE_U] -= twice if was else 2 * head[_N_ITEMS + 1] - twice
    ring[oldest, 0], ring[oldest, 1] = label, score
    head[_OLDEST] = oldest + 1 if oldest + 1 < window else 0


@njit
def add_rows(
    store: Rows,
    tops: Rows,
    table: Codes,
    head: Codes,
    ring: Rows,
    positive: NDArray[np.bool_],
    scores: Rows,
    areas: Rows,
    start: int,
) -> int:
    """Take in rows from `start` on; return the row that finds no free bucket, or -1."""
    for i in range(start, len(scores)):
        if head[_N_FREE] == 0:
            return i
        label, score = int(positive[i]), scores[i]
        if head[_WINDOW]:
            _push(store, tops, table, head, ring, label, score)
        twice = _twice_below(store, tops, table, head, 1 - label, score)
        head[_TWICE_U] += twice if label else 2 * head[_N_ITEMS + 1] - twice
        _insert(store, tops, table, head, label, score, True)
        if len(areas):
            pairs = head[_N_ITEMS] * head[_N_ITEMS + 1]
            areas[i] = head[_TWICE_U] / (2 * pairs) if pairs else np.nan
    return -1


@njit
def insert_all(
    store: Rows, tops: Rows, table: Codes, head: Codes, label: int, scores: Rows, start: int
) -> int:
    """Put scores in, of which no pairs are counted; return as `add_rows` does."""
    for i in range(start, len(scores)):
        if head[_N_FREE] == 0:
            return i
        _insert(store, tops, table, head, label, scores[i], False)
    before = 0
    for at in range(head[_N_BUCKETS + label]):
        table[_BEFORE + label, at] = before
        before += table[_SIZE + label, at]
    return -1


@njit
def twice_below_all(
    store: Rows, tops: Rows, table: Codes, head: Codes, label: int, scores: Rows
) -> int:
    """Return the sum of `_twice_below` over scores."""
    total = 0
    for score in scores:
        total += _twice_below(store, tops, table, head, label, score)
    return total


@njit
def alarm_rows(
    store: Rows,
    tops: Rows,
    table: Codes,
    head: Codes,
    ring: Rows,
    alarms: NDArray[np.bool_],
    scores: Rows,
    budget: float,
    start: int,
) -> int:
    """Do as `add_rows` with scores of label 0; mark those that few before reach."""
    for i in range(start, len(scores)):
        if head[_N_FREE] == 0:
            return i
        n = head[_N_ITEMS]
        at = _below(tops, 0, tops.shape[1], scores[i])
        below = n
        if at < head[_N_BUCKETS] and n:
            row = table[_ROW, at]
            below = table[_BEFORE, at] + _below(store, row, store.shape[1], scores[i])
        alarms[i] = n - below < int(budget * n + 1e-9)  # of 29 % of 100, 29
        _push(store, tops, table, head, ring, 0, scores[i])
        _insert(store, tops, table, head, 0, scores[i], True)
    return -1
