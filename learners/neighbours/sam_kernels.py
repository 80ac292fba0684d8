"""Self-adjusting memory, compiled: votes of two memories, and how rows move between them.

Rows stand in windows of `_window`: the latest in the short-term memory, `short`, and what did not
contradict them later in the long-term memory, `long`. Beside a row of `short` stand its label, as
bits which memories told it, and for each candidate size of the memory whether that told it.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import numpy as np

from olearn.core.jit import inner, njit
from olearn.learners.neighbours._search import nearest, push, squared_distances
from olearn.learners.neighbours._window import BEGIN, END, VALUE, WEIGHT
from olearn.learners.neighbours.knn_classifier import first_of_largest
from olearn.learners.neighbours.sam_clusters import halve

K, LIMIT, MAX_LONG, MIN_SHORT = range(4)  # of `conf`
SHORT, LONG, BOTH = range(3)  # the memories that vote
TOLD = WEIGHT  # beside a row of `short`: bits of the memories that told its label
HITS = 2  # beside a row of `short`, from here: whether the memory from size 0, 1, ... on told it
N_LEVELS = 3  # of `tally`: 0 to 2 are the rows that each memory told, from 4 on the `HITS`
FIRST_HITS = 4

_NEAREST = 1e-9  # smaller distances count as this


@njit(nogil=True)
def run(A, B, same, y, w, upto, conf, short, long, tally, random, n_classes, codes, out):
    """Answer the rows of A and learn those of B, `upto[t]` of them by the end of row t.

    Where `same` says so, B is A: a row that is learnt at once is measured once.
    """
    k = conf[K]
    near = np.empty((2, k)), np.empty((2, k), np.int64), np.zeros(2, np.int64)
    squares = np.empty((2, conf[LIMIT] + 1))
    votes = np.empty(n_classes)
    q = 0
    for t in range(len(A)):
        asked = len(codes) + len(out) > t
        if asked:
            _measure(A, t, short, long, squares, near)
            _vote(near, short, long, _best_memory(tally), votes)
            if len(codes):
                codes[t] = first_of_largest(votes)
            else:
                _write_shares(votes, out, t)
        while q < upto[t]:
            if w[q] > 0.0:
                if not (same and asked and q == t):
                    _measure(B, q, short, long, squares, near)
                _learn(B, q, y[q], conf, short, long, tally, random, squares, near, votes)
            q += 1


@inner
def _best_memory(tally):
    """Return the memory that told most labels of the short-term memory: the simplest of equals."""
    best = SHORT
    for memory in (LONG, BOTH):
        if tally[memory] > tally[best]:
            best = memory
    return best


@inner
def _clear(votes):
    for c in range(len(votes)):
        votes[c] = 0.0


@inner
def _write_shares(votes, out, t):
    total = 0.0
    for vote in votes:
        total += vote
    for c in range(len(votes)):
        out[t, c] = votes[c] / total if total > 0.0 else 1.0 / len(votes)


@njit
def _measure(X, t, short, long, squares, near):
    """Measure row t from all rows of both memories, and find the nearest of each."""
    roots, places, found = near
    points, _, head, kinds = short
    begin, end = head[BEGIN], head[END]
    squared_distances(points, kinds, X, t, begin, end, squares[0])
    found[0] = nearest(squares[0], end - begin, roots.shape[1], roots[0], places[0])
    n_long = long[2][END]
    squared_distances(long[0], kinds, X, t, 0, n_long, squares[1])
    found[1] = nearest(squares[1], n_long, roots.shape[1], roots[1], places[1])


@inner
def _vote(near, short, long, memory, votes):
    """Write the votes of the k nearest rows of a memory, 1 / distance each."""
    roots, places, found = near
    _clear(votes)
    i = j = 0
    while i + j < roots.shape[1]:
        from_short = memory != LONG and i < found[0]
        from_long = memory != SHORT and j < found[1]
        if from_short and (not from_long or roots[0, i] <= roots[1, j]):
            label = short[1][VALUE, short[2][BEGIN] + places[0, i]]
            votes[int(label)] += 1.0 / max(roots[0, i], _NEAREST)
            i += 1
        elif from_long:
            votes[int(long[1][VALUE, places[1, j]])] += 1.0 / max(roots[1, j], _NEAREST)
            j += 1
        else:
            break


@njit
def _learn(X, t, label, conf, short, long, tally, random, squares, near, votes):
    """Learn row t, which has just been measured."""
    points, beside, head, kinds = short
    told = 0
    for memory in (SHORT, LONG, BOTH):
        _vote(near, short, long, memory, votes)
        best = first_of_largest(votes)
        if best == label and votes[best] > 0.0:
            told |= 1 << memory
            tally[memory] += 1
    push(X, t, float(label), float(told), points, beside, head, kinds, conf[LIMIT] + 1)
    n = head[END] - head[BEGIN]
    if n + long[2][END] > conf[LIMIT]:
        _make_room(conf, short, long, tally, random)
        n = head[END] - head[BEGIN]
        head[END] -= 1  # all but the new row
        _measure(X, t, short, long, squares, near)
        head[END] += 1
    if n > conf[K]:
        _clean(float(label), short, long, near)
    _resize(conf, short, long, tally, squares, near, votes)


@inner
def _clean(label, short, long, near):
    """Drop those of the nearest long-term rows that contradict a row of the short-term memory.

    They are no farther than its nearest rows of the same label, and have another one.
    """
    roots, places, found = near
    reach = 0.0
    for i in range(found[0]):
        same = short[1][VALUE, short[2][BEGIN] + places[0, i]] == label
        if same and roots[0, i] < np.inf:
            reach = max(reach, roots[0, i])
    points, beside, head, _ = long
    first = head[END]
    for j in range(found[1]):
        place = places[1, j]
        if roots[1, j] <= reach and beside[VALUE, place] != label:
            beside[WEIGHT, place] = 0.0  # marked
            first = min(first, place)
    if first == head[END]:
        return
    kept = first
    for i in range(first, head[END]):
        if beside[WEIGHT, i] > 0.0:
            _copy_row(points, beside, i, points, beside, kept)
            kept += 1
    head[END] = kept


@inner
def _copy_row(points, beside, i, to_points, to_beside, at):
    for j in range(len(points)):
        to_points[j, at] = points[j, i]
    to_beside[VALUE, at], to_beside[WEIGHT, at] = beside[VALUE, i], 1.0


@inner
def _copy_column(points, i, query):
    for j in range(len(points)):
        query[0, j] = points[j, i]


@inner
def _to_long(short, long, n):
    """Append the n oldest rows of the short-term memory to the long-term memory."""
    for i in range(short[2][BEGIN], short[2][BEGIN] + n):
        _copy_row(short[0], short[1], i, long[0], long[1], long[2][END])
        long[2][END] += 1


@inner
def _forget(short, tally, n):
    """Drop the n oldest rows of the short-term memory."""
    _, beside, head, _ = short
    for i in range(head[BEGIN], head[BEGIN] + n):
        for memory in (SHORT, LONG, BOTH):
            tally[memory] -= (int(beside[TOLD, i]) >> memory) & 1
    head[BEGIN] += n


@inner
def _make_room(conf, short, long, tally, random):
    """Halve the long-term memory, once it is filled from the short-term memory."""
    head = long[2]
    if head[END] <= conf[MAX_LONG]:
        n = conf[MAX_LONG] - head[END] + 1
        _to_long(short, long, n)
        _forget(short, tally, n)
        tally[N_LEVELS] = 0
    halve(long[0], long[1], head, random)
    excess = short[2][END] - short[2][BEGIN] + head[END] - conf[LIMIT]
    if excess > 0:  # of more labels than it has rows
        for i in range(excess, head[END]):
            _copy_row(long[0], long[1], i, long[0], long[1], i - excess)
        head[END] -= excess


@njit
def _resize(conf, short, long, tally, squares, near, votes):
    """Choose among all rows of the short-term memory, its newer half, ...: fewest errors win."""
    beside, head = short[1], short[2]
    k, n = conf[K], head[END] - head[BEGIN]
    last = head[END] - 1
    if tally[N_LEVELS] > 0:  # of the whole memory a row has been told already
        hit = int(beside[TOLD, last]) & 1 if n > k else 0
        beside[HITS, last] = hit
        tally[FIRST_HITS] += hit
    if n < 2 * conf[MIN_SHORT]:
        return
    best, level, size, least = 0, 0, n, 2.0
    while True:
        if level >= tally[N_LEVELS]:
            tally[FIRST_HITS + level] = _count_hits(k, size, level, short, near, votes)
        elif level > 0:
            before = (n - 1) - ((n - 1) >> level)
            if n - size > before:  # the oldest row has left
                tally[FIRST_HITS + level] -= int(beside[HITS + level, head[BEGIN] + before + k])
            distances = squares[0, n - size :]
            tally[FIRST_HITS + level] += _hit(last, size - 1, distances, level, short, near, votes)
        error = 1.0 - tally[FIRST_HITS + level] / (size - k)
        if error < least:
            best, least = level, error
        level += 1
        if size < 2 * conf[MIN_SHORT]:
            break
        size >>= 1
    tally[N_LEVELS] = level
    if best > 0:
        best = _check_sizes(conf, level, short, tally, near, votes)
    if best > 0:
        _shrink(n - (n >> best), best, conf, short, long, tally, squares, near)


@inner
def _check_sizes(conf, n_levels, short, tally, near, votes):
    """Return the best size, once the errors are counted anew where they seem to be fewer.

    What was counted when older rows were still there may have been told by these.
    """
    k, n = conf[K], short[2][END] - short[2][BEGIN]
    whole = 1.0 - tally[FIRST_HITS] / (n - k)
    best, least = 0, whole
    for level in range(1, n_levels):
        size = n >> level
        error = 1.0 - tally[FIRST_HITS + level] / (size - k)
        if error < whole:
            tally[FIRST_HITS + level] = _count_hits(k, size, level, short, near, votes)
            error = 1.0 - tally[FIRST_HITS + level] / (size - k)
        if error < least:
            best, least = level, error
    return best


@njit
def _hit(row, n, distances, level, short, near, votes):
    """Tell whether the n rows before a row, at these distances from it, tell its label."""
    beside, (roots, places, _) = short[1], near
    _clear(votes)
    for i in range(nearest(distances, n, roots.shape[1], roots[0], places[0])):
        votes[int(beside[VALUE, row - n + places[0, i]])] += 1.0 / max(roots[0, i], _NEAREST)
    best = first_of_largest(votes)
    hit = 1 if votes[best] > 0.0 and best == beside[VALUE, row] else 0
    beside[HITS + level, row] = hit
    return hit


@njit
def _count_hits(k, size, level, short, near, votes):
    """Test, then train, a memory of the newest rows with each of them; return how often it told."""
    points, _, head, kinds = short
    start = head[END] - size
    query, distances = np.empty((1, len(points))), np.empty(size)
    hits = 0
    for row in range(start + k, head[END]):
        _copy_column(points, row, query)
        squared_distances(points, kinds, query, 0, start, row, distances)
        hits += _hit(row, row - start, distances, level, short, near, votes)
    return hits


@njit
def _shrink(n_old, level, conf, short, long, tally, squares, near):
    """Keep the rows of a smaller size; the others move on, but for those that contradict them."""
    points, beside, head, kinds = short
    old, of_old = np.empty((len(points), n_old)), np.empty((2, n_old))
    for i in range(n_old):
        _copy_row(points, beside, head[BEGIN] + i, old, of_old, i)
    _forget(short, tally, n_old)
    end_of_old = np.empty(2, np.int64)
    end_of_old[BEGIN], end_of_old[END] = 0, n_old
    passing = old, of_old, end_of_old, kinds
    query = np.empty((1, len(points)))
    roots, places, found = near
    begin, end = head[BEGIN], head[END]
    if end - begin > conf[K]:
        for row in range(begin, end):
            _copy_column(points, row, query)
            _measure(query, 0, short, passing, squares, near)
            squares[0, row - begin] = np.inf  # but for the row itself
            found[0] = nearest(squares[0], end - begin, conf[K], roots[0], places[0])
            _clean(beside[VALUE, row], short, passing, near)
    for i in range(end_of_old[END]):
        _copy_row(old, of_old, i, long[0], long[1], long[2][END])
        long[2][END] += 1
    for i in range(tally[N_LEVELS] - level):
        tally[FIRST_HITS + i] = tally[FIRST_HITS + i + level]
        for row in range(begin, end):
            beside[HITS + i, row] = beside[HITS + i + level, row]
    tally[N_LEVELS] -= level
