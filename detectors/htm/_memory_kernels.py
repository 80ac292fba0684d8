"""Kernels of the temporal memory's store: segments, synapses, and an index by presynaptic cell.

All take the handle `h` of `TemporalMemory`, whose layout `_memory_layout` draws. In all of them `s`
is a segment, `e` the slot of a synapse, and `b` where the block of a cell is described.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import numpy as np

from olearn.core.handles import (
    float32_at,
    int32_at,
    int64_at,
    uint8_at,
    uint32_at,
    uint64_at,
)
from olearn.core.jit import njit
from olearn.core.rng import next_below
from olearn.detectors.htm import _memory_layout as at

PROBES = 32  # segments looked at for one to drop
_SMALLEST = np.float32(1e-6)
_ONE = np.float32(1.0)


@njit
def adapt(h, s, gain, loss):
    """Change a segment's permanences; drop synapses that reach 0, then what cannot match again.

    Those on active cells gain `gain`, others lose `loss`. Returns whether the segment lives on.
    """
    perm, flag, scratch = float32_at(h, at.SYN_PERM), uint8_at(h, at.FLAG), float32_at(h, at.OLD)
    size, least = int32_at(h, at.SEG_SIZE), float32_at(h, at.CONF)[at.CONNECTED]
    first = s << int64_at(h, at.HEAD)[at.SHIFT]
    n = size[s]
    pre, perm = uint32_at(h, at.SYN_PRE)[first : first + n], perm[first : first + n]
    old, step = scratch[:n], scratch[n : 2 * n]
    n_dead = 0
    n_crossed = 0
    for i in range(n):  # two loops: the second one becomes vector code
        step[i] = gain if flag[pre[i]] & 1 else -loss
    for i in range(n):  # without branches, which nobody could predict
        was = perm[i]
        new = was + step[i]
        new = _ONE if new > _ONE else new
        old[i] = was
        perm[i] = new
        n_dead += 1 if new < _SMALLEST else 0
        n_crossed += 1 if (was >= least) != (new >= least) else 0
    if n_crossed:
        for i in range(n):
            if (old[i] >= least) != (perm[i] >= least):
                _link(h, first + i, perm[i] >= least)
    if n_dead:
        for i in range(n - 1, -1, -1):
            if perm[i] < _SMALLEST:
                remove_synapse(h, s, first + i)  # the last one, already looked at, moves there
    if size[s] < int64_at(h, at.HEAD)[at.MATCHING]:
        destroy_segment(h, s)
        return False
    return True


@njit
def _link(h, e, connected):
    """Say in the index whether synapse slot `e` is connected."""
    start = int32_at(h, at.BLOCK)[4 * int32_at(h, at.SYN_PRE)[e] + at.START]
    place = int32_at(h, at.SYN_PLACE)[e]
    uint32_at(h, at.INDEX)[start + place] = e + (at.LINKED if connected else 0)


@njit
def grow(h, s, wanted):
    """Give a segment up to `wanted` synapses on the previous winner cells, drawn at random."""
    head, perm = int64_at(h, at.HEAD), float32_at(h, at.SYN_PERM)
    winner, taken, draw = int32_at(h, at.WINNER), int32_at(h, at.TAKEN), int32_at(h, at.DRAW)
    size, rank, pre = int32_at(h, at.SEG_SIZE), int32_at(h, at.RANK), int32_at(h, at.SYN_PRE)
    n_winner = head[at.N_WINNER]
    if wanted <= 0 or n_winner == 0:
        return
    initial = float32_at(h, at.CONF)[at.INITIAL]
    taken[:n_winner] = 0
    first = s << head[at.SHIFT]
    for e in range(first, first + size[s]):
        place = rank[pre[e]]
        if place > 0:
            taken[place - 1] = 1 + e - first
    n = 0
    for i in range(n_winner):
        if taken[i] == 0 or head[at.RAISE]:
            draw[n] = i
            n += 1
    n_new = min(wanted, n)
    if size[s] + n_new > head[at.MAX_SYNAPSES]:
        n_new = _make_room(h, s, n_new)
        for e in range(first, first + size[s]):  # dropping has moved synapses
            place = rank[pre[e]]
            if place > 0:
                taken[place - 1] = 1 + e - first
    random = uint64_at(h, at.RANDOM)
    i = 0
    while n_new > 0 and i < n:
        if n_new < n - i or head[at.RAISE]:
            j = i + next_below(random, n - i)
            draw[i], draw[j] = draw[j], draw[i]
        place = taken[draw[i]]
        if place == 0:
            add_synapse(h, s, winner[draw[i]], initial)
            n_new -= 1
        elif perm[first + place - 1] < initial:  # only with RAISE
            perm[first + place - 1] = initial
            _link(h, first + place - 1, initial >= float32_at(h, at.CONF)[at.CONNECTED])
        i += 1


@njit
def _make_room(h, s, n_new):
    """Drop the weakest synapses that are not on previous winner cells; return how many fit."""
    head, perm = int64_at(h, at.HEAD), float32_at(h, at.SYN_PERM)
    size, rank, pre = int32_at(h, at.SEG_SIZE), int32_at(h, at.RANK), int32_at(h, at.SYN_PRE)
    first = s << head[at.SHIFT]
    while size[s] + n_new > head[at.MAX_SYNAPSES]:
        weakest = -1
        for e in range(first, first + size[s]):
            if rank[pre[e]] == 0 and (weakest < 0 or perm[e] < perm[weakest]):
                weakest = e
        if weakest < 0:
            return head[at.MAX_SYNAPSES] - size[s]
        remove_synapse(h, s, weakest)
    return n_new


@njit
def add_synapse(h, s, cell, permanence):
    """Add a synapse on `cell` to a segment that has room; the index must have room too."""
    head, size, block = int64_at(h, at.HEAD), int32_at(h, at.SEG_SIZE), int32_at(h, at.BLOCK)
    e = (s << head[at.SHIFT]) + size[s]
    size[s] += 1
    head[at.N_SYNAPSES] += 1
    b = 4 * cell
    if block[b + at.LENGTH] == block[b + at.ROOM]:
        _double_block(h, b)
    place = block[b + at.LENGTH]
    block[b + at.LENGTH] += 1
    int32_at(h, at.SYN_PRE)[e] = cell
    float32_at(h, at.SYN_PERM)[e] = permanence
    int32_at(h, at.SYN_PLACE)[e] = place
    _link(h, e, permanence >= float32_at(h, at.CONF)[at.CONNECTED])


@njit
def _double_block(h, b):
    head, index = int64_at(h, at.HEAD), uint32_at(h, at.INDEX)
    block, free = int32_at(h, at.BLOCK), int64_at(h, at.FREE_BLOCK)
    old, room = block[b + at.START], block[b + at.ROOM]
    level = 0
    while (4 << level) <= room:
        level += 1
    start = free[level]
    if start >= 0:
        free[level] = -1 if index[start] == at.NO_BLOCK else index[start]
    else:
        start = head[at.INDEX_USED]
        head[at.INDEX_USED] += 4 << level
    for i in range(block[b + at.LENGTH]):
        index[start + i] = index[old + i]
    if room > 0:
        index[old] = at.NO_BLOCK if free[level - 1] < 0 else free[level - 1]
        free[level - 1] = old
    block[b + at.START] = start
    block[b + at.ROOM] = 4 << level


@njit
def remove_synapse(h, s, e):
    """Remove synapse slot `e` of segment `s`; the segment's last synapse moves there."""
    head, size, block = int64_at(h, at.HEAD), int32_at(h, at.SEG_SIZE), int32_at(h, at.BLOCK)
    pre, perm, index = int32_at(h, at.SYN_PRE), float32_at(h, at.SYN_PERM), uint32_at(h, at.INDEX)
    where = int32_at(h, at.SYN_PLACE)
    b = 4 * pre[e]
    block[b + at.LENGTH] -= 1
    moved = index[block[b + at.START] + block[b + at.LENGTH]]
    index[block[b + at.START] + where[e]] = moved
    where[moved & at.SLOT] = where[e]
    size[s] -= 1
    head[at.N_SYNAPSES] -= 1
    last = (s << head[at.SHIFT]) + size[s]
    if last != e:
        pre[e] = pre[last]
        perm[e] = perm[last]
        where[e] = where[last]
        entry = block[4 * pre[e] + at.START] + where[e]
        index[entry] = e + (index[entry] & at.LINKED)


@njit
def destroy_segment(h, s):
    """Remove a segment and its synapses; its number will be used again."""
    head, size, block = int64_at(h, at.HEAD), int32_at(h, at.SEG_SIZE), int32_at(h, at.BLOCK)
    seg_cell, after = int32_at(h, at.SEG_CELL), int32_at(h, at.SEG_NEXT)
    first_of = int32_at(h, at.CELL_HEAD)
    first = s << head[at.SHIFT]
    while size[s] > 0:
        remove_synapse(h, s, first + size[s] - 1)
    cell = seg_cell[s]
    if first_of[cell] == s:
        first_of[cell] = after[s]
    else:
        before = first_of[cell]
        while after[before] != s:
            before = after[before]
        after[before] = after[s]
    block[4 * cell + at.SEGMENTS] -= 1
    seg_cell[s] = -1
    after[s] = head[at.FIRST_FREE]
    head[at.FIRST_FREE] = s
    head[at.N_SEGMENTS] -= 1


@njit
def create_segment(h, cell):
    """Make an empty segment on a cell, dropping another if need be; -1 where none can be."""
    head, block = int64_at(h, at.HEAD), int32_at(h, at.BLOCK)
    seg_cell, after, size = (
        int32_at(h, at.SEG_CELL),
        int32_at(h, at.SEG_NEXT),
        int32_at(h, at.SEG_SIZE),
    )
    used, first_of = int64_at(h, at.SEG_USED), int32_at(h, at.CELL_HEAD)
    if block[4 * cell + at.SEGMENTS] >= head[at.CELL_SEGMENTS]:
        oldest = first_of[cell]
        s = after[oldest]
        while s >= 0:
            if used[s] < used[oldest]:
                oldest = s
            s = after[s]
        destroy_segment(h, oldest)
    s = head[at.FIRST_FREE]
    if s < 0 and head[at.SEGMENTS_USED] == seg_cell.size:
        dropped = _least_used(h)
        if dropped < 0:
            return -1
        destroy_segment(h, dropped)
        s = head[at.FIRST_FREE]
    if s >= 0:
        head[at.FIRST_FREE] = after[s]
    else:
        s = head[at.SEGMENTS_USED]
        head[at.SEGMENTS_USED] += 1
    seg_cell[s] = cell
    size[s] = 0
    used[s] = head[at.TIME]
    int64_at(h, at.SEG_BORN)[s] = head[at.N_BORN]
    head[at.N_BORN] += 1
    after[s] = first_of[cell]
    first_of[cell] = s
    block[4 * cell + at.SEGMENTS] += 1
    head[at.N_SEGMENTS] += 1
    return s


@njit
def _least_used(h):
    """Look at some segments at random; return the least recently used, -1 if all are in use.

    Active and matching segments are left alone: this step has yet to learn on them.
    """
    head, count, used = int64_at(h, at.HEAD), int32_at(h, at.COUNT), int64_at(h, at.SEG_USED)
    random = uint64_at(h, at.RANDOM)
    found = -1
    for _ in range(PROBES):
        s = next_below(random, count.size)
        busy = (count[s] & at.POTENTIAL) >= head[at.MATCHING] or count[
            s
        ] >= at.CONNECTED_UNIT * head[at.ACTIVATION]
        if not busy and (found < 0 or used[s] < used[found]):
            found = s
    return found


@njit
def pack_index(h, new):
    """Copy all blocks tightly into the pool `new`; returns how much of it they take."""
    index, block, free = uint32_at(h, at.INDEX), int32_at(h, at.BLOCK), int64_at(h, at.FREE_BLOCK)
    head = int64_at(h, at.HEAD)
    end = 0
    free[:] = -1
    for b in range(0, block.size, 4):
        length = block[b + at.LENGTH]
        room = 0
        if length > 0:
            room = 4
            while room < length:
                room *= 2
            for i in range(length):
                new[end + i] = index[block[b + at.START] + i]
        block[b + at.START] = end
        block[b + at.ROOM] = room
        end += room
    head[at.INDEX_USED] = end
    return end
