"""Kernels of the temporal memory's store: segments, synapses, and an index by presynaptic cell.

All take the handle of `TemporalMemory`. Segment s owns the synapse slots from `s << SHIFT` on, of
which the first `SEG_SIZE[s]` are in use. For each cell the index holds a block of the synapses that
listen to it, in one pool; blocks double when full, freed ones wait in a list for each size.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import numpy as np

from olearn.core.jit import njit
from olearn.core.rng import next_below
from olearn.detectors.htm._handles import (
    float32_at,
    int32_at,
    int64_at,
    uint8_at,
    uint32_at,
    uint64_at,
)

# arrays of the handle, in this order; S segments, M = 1 << SHIFT slots each
SEG_CELL = 0  # int32 (S,): the segment's cell, -1 where free
SEG_SIZE = 1  # int32 (S,): synapses in use
SEG_NEXT = 2  # int32 (S,): next segment of the cell, or next free one, -1 at the end
SEG_USED = 3  # int64 (S,): step at which it last learnt
SEG_BORN = 4  # int64 (S,): number of its making
COUNT = 5  # int32 (S,): synapses on active cells, and 65,536 for each of them that is connected
CHAIN = 6  # int32 (S,): next active or matching segment of the same column
SYN_PRE = 7  # int32 (S * M,): presynaptic cell
SYN_PERM = 8  # float32 (S * M,): permanence
SYN_PLACE = 9  # int32 (S * M,): place in the block of the presynaptic cell
INDEX = 10  # uint32 pool of the blocks: synapse slots, with LINKED where they are connected
BLOCK = 11  # int32 (cells, 4): start, room and length of the cell's block; number of its segments
FREE_BLOCK = 12  # int64 (32,): first free block of each size 4 << i; the next stands in the block
CELL_HEAD = 13  # int32 (cells,): first segment of the cell
FLAG = 14  # uint8 (cells,): ACTIVE, NOW
ACTIVE = 15  # int32 (cells,): the active cells
WINNER = 16  # int32 (cells,): the winner cells
SEAT = 17  # int32 (cells,): 1 + place among the winner cells, 0 for others
NEW_ACTIVE = 18  # int32 (cells,)
NEW_WINNER = 19  # int32 (cells,)
TAKEN = 20  # int32 (cells,): scratch of growth, by winner
DRAW = 21  # int32 (cells,): scratch of growth, candidates
TOUCHED = 22  # int32 (S + 1,): segments with a count
COL_CHAIN = 23  # int32 (columns,): first segment of the column's chain, -1 for none
COL_FLAG = 24  # uint8 (columns,): PREDICTED, IN_INPUT
RANDOM = 25  # uint64 (4,)
HEAD = 26  # int64, indices below
CONF = 27  # float32, indices below
OLD = 28  # float32 (2 * M,): permanences of a segment before they changed, and their steps

# HEAD: settings, then state
N_COLUMNS, N_CELLS, ACTIVATION, MATCHING, MAX_NEW, CELL_SEGMENTS, MAX_SYNAPSES = range(7)
SHIFT, MAX_SEGMENTS, RAISE = range(7, 10)
TIME, N_ACTIVE, N_WINNER, N_TOUCHED, N_CHAINED, SEGMENTS_USED, FIRST_FREE = range(10, 17)
N_SEGMENTS, N_SYNAPSES, INDEX_USED, N_BORN = range(17, 21)
HEAD_SIZE = 21
# CONF
CONNECTED, INITIAL, INCREMENT, DECREMENT, PUNISHMENT = range(5)
CONF_SIZE = 5

# columns of BLOCK
START, ROOM, LENGTH, SEGMENTS = range(4)
POTENTIAL = 65535  # mask of COUNT; the connected ones are counted above it
CONNECTED_UNIT = 65536
LINKED = 1 << 31  # added to a slot in the index
SLOT = LINKED - 1  # mask of the slot itself
NO_BLOCK = (1 << 32) - 1  # end of a list of free blocks
PROBES = 32  # segments looked at for one to drop
_SMALLEST = np.float32(1e-6)
_ONE = np.float32(1.0)


@njit
def adapt(h, s, gain, loss):
    """Change a segment's permanences; drop synapses that reach 0, then what cannot match again.

    Those on active cells gain `gain`, others lose `loss`. Returns whether the segment lives on.
    """
    perm, flag, scratch = float32_at(h, SYN_PERM), uint8_at(h, FLAG), float32_at(h, OLD)
    size, least = int32_at(h, SEG_SIZE), float32_at(h, CONF)[CONNECTED]
    first = s << int64_at(h, HEAD)[SHIFT]
    n = size[s]
    pre, perm = uint32_at(h, SYN_PRE)[first : first + n], perm[first : first + n]
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
    if size[s] < int64_at(h, HEAD)[MATCHING]:
        destroy_segment(h, s)
        return False
    return True


@njit
def _link(h, e, connected):
    """Say in the index whether synapse slot `e` is connected."""
    at = int32_at(h, BLOCK)[4 * int32_at(h, SYN_PRE)[e] + START] + int32_at(h, SYN_PLACE)[e]
    uint32_at(h, INDEX)[at] = e + (LINKED if connected else 0)


@njit
def grow(h, s, wanted):
    """Give a segment up to `wanted` synapses on the previous winner cells, drawn at random."""
    head, perm = int64_at(h, HEAD), float32_at(h, SYN_PERM)
    winner, taken, draw = int32_at(h, WINNER), int32_at(h, TAKEN), int32_at(h, DRAW)
    size, seat, pre = int32_at(h, SEG_SIZE), int32_at(h, SEAT), int32_at(h, SYN_PRE)
    n_winner = head[N_WINNER]
    if wanted <= 0 or n_winner == 0:
        return
    initial = float32_at(h, CONF)[INITIAL]
    taken[:n_winner] = 0
    first = s << head[SHIFT]
    for e in range(first, first + size[s]):
        place = seat[pre[e]]
        if place > 0:
            taken[place - 1] = 1 + e - first
    n = 0
    for i in range(n_winner):
        if taken[i] == 0 or head[RAISE]:
            draw[n] = i
            n += 1
    n_new = min(wanted, n)
    if size[s] + n_new > head[MAX_SYNAPSES]:
        n_new = _make_room(h, s, n_new)
        for e in range(first, first + size[s]):  # dropping has moved synapses
            place = seat[pre[e]]
            if place > 0:
                taken[place - 1] = 1 + e - first
    random = uint64_at(h, RANDOM)
    i = 0
    while n_new > 0 and i < n:
        if n_new < n - i or head[RAISE]:
            j = i + next_below(random, n - i)
            draw[i], draw[j] = draw[j], draw[i]
        place = taken[draw[i]]
        if place == 0:
            add_synapse(h, s, winner[draw[i]], initial)
            n_new -= 1
        elif perm[first + place - 1] < initial:  # only with RAISE
            perm[first + place - 1] = initial
            _link(h, first + place - 1, initial >= float32_at(h, CONF)[CONNECTED])
        i += 1


@njit
def _make_room(h, s, n_new):
    """Drop the weakest synapses that are not on previous winner cells; return how many fit."""
    head, perm = int64_at(h, HEAD), float32_at(h, SYN_PERM)
    size, seat, pre = int32_at(h, SEG_SIZE), int32_at(h, SEAT), int32_at(h, SYN_PRE)
    first = s << head[SHIFT]
    while size[s] + n_new > head[MAX_SYNAPSES]:
        weakest = -1
        for e in range(first, first + size[s]):
            if seat[pre[e]] == 0 and (weakest < 0 or perm[e] < perm[weakest]):
                weakest = e
        if weakest < 0:
            return head[MAX_SYNAPSES] - size[s]
        remove_synapse(h, s, weakest)
    return n_new


@njit
def add_synapse(h, s, cell, permanence):
    """Add a synapse on `cell` to a segment that has room; the index must have room too."""
    head, size, block = int64_at(h, HEAD), int32_at(h, SEG_SIZE), int32_at(h, BLOCK)
    e = (s << head[SHIFT]) + size[s]
    size[s] += 1
    head[N_SYNAPSES] += 1
    b = 4 * cell
    if block[b + LENGTH] == block[b + ROOM]:
        _double_block(h, b)
    place = block[b + LENGTH]
    block[b + LENGTH] += 1
    int32_at(h, SYN_PRE)[e] = cell
    float32_at(h, SYN_PERM)[e] = permanence
    int32_at(h, SYN_PLACE)[e] = place
    _link(h, e, permanence >= float32_at(h, CONF)[CONNECTED])


@njit
def _double_block(h, b):
    head, index = int64_at(h, HEAD), uint32_at(h, INDEX)
    block, free = int32_at(h, BLOCK), int64_at(h, FREE_BLOCK)
    old, room = block[b + START], block[b + ROOM]
    level = 0
    while (4 << level) <= room:
        level += 1
    start = free[level]
    if start >= 0:
        free[level] = -1 if index[start] == NO_BLOCK else index[start]
    else:
        start = head[INDEX_USED]
        head[INDEX_USED] += 4 << level
    for i in range(block[b + LENGTH]):
        index[start + i] = index[old + i]
    if room > 0:
        index[old] = NO_BLOCK if free[level - 1] < 0 else free[level - 1]
        free[level - 1] = old
    block[b + START] = start
    block[b + ROOM] = 4 << level


@njit
def remove_synapse(h, s, e):
    """Remove synapse slot `e` of segment `s`; the segment's last synapse moves there."""
    head, size, block = int64_at(h, HEAD), int32_at(h, SEG_SIZE), int32_at(h, BLOCK)
    pre, perm, index = int32_at(h, SYN_PRE), float32_at(h, SYN_PERM), uint32_at(h, INDEX)
    where = int32_at(h, SYN_PLACE)
    b = 4 * pre[e]
    block[b + LENGTH] -= 1
    moved = index[block[b + START] + block[b + LENGTH]]
    index[block[b + START] + where[e]] = moved
    where[moved & SLOT] = where[e]
    size[s] -= 1
    head[N_SYNAPSES] -= 1
    last = (s << head[SHIFT]) + size[s]
    if last != e:
        pre[e] = pre[last]
        perm[e] = perm[last]
        where[e] = where[last]
        at = block[4 * pre[e] + START] + where[e]
        index[at] = e + (index[at] & LINKED)


@njit
def destroy_segment(h, s):
    """Remove a segment and its synapses; its number will be used again."""
    head, size, block = int64_at(h, HEAD), int32_at(h, SEG_SIZE), int32_at(h, BLOCK)
    seg_cell, after = int32_at(h, SEG_CELL), int32_at(h, SEG_NEXT)
    first_of = int32_at(h, CELL_HEAD)
    first = s << head[SHIFT]
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
    block[4 * cell + SEGMENTS] -= 1
    seg_cell[s] = -1
    after[s] = head[FIRST_FREE]
    head[FIRST_FREE] = s
    head[N_SEGMENTS] -= 1


@njit
def create_segment(h, cell):
    """Make an empty segment on a cell, dropping another if need be; -1 where none can be."""
    head, block = int64_at(h, HEAD), int32_at(h, BLOCK)
    seg_cell, after, size = int32_at(h, SEG_CELL), int32_at(h, SEG_NEXT), int32_at(h, SEG_SIZE)
    used, first_of = int64_at(h, SEG_USED), int32_at(h, CELL_HEAD)
    if block[4 * cell + SEGMENTS] >= head[CELL_SEGMENTS]:
        oldest = first_of[cell]
        s = after[oldest]
        while s >= 0:
            if used[s] < used[oldest]:
                oldest = s
            s = after[s]
        destroy_segment(h, oldest)
    s = head[FIRST_FREE]
    if s < 0 and head[SEGMENTS_USED] == seg_cell.size:
        dropped = _least_used(h)
        if dropped < 0:
            return -1
        destroy_segment(h, dropped)
        s = head[FIRST_FREE]
    if s >= 0:
        head[FIRST_FREE] = after[s]
    else:
        s = head[SEGMENTS_USED]
        head[SEGMENTS_USED] += 1
    seg_cell[s] = cell
    size[s] = 0
    used[s] = head[TIME]
    int64_at(h, SEG_BORN)[s] = head[N_BORN]
    head[N_BORN] += 1
    after[s] = first_of[cell]
    first_of[cell] = s
    block[4 * cell + SEGMENTS] += 1
    head[N_SEGMENTS] += 1
    return s


@njit
def _least_used(h):
    """Look at some segments at random; return the least recently used, -1 if all are in use.

    Active and matching segments are left alone: this step has yet to learn on them.
    """
    head, count, used = int64_at(h, HEAD), int32_at(h, COUNT), int64_at(h, SEG_USED)
    random = uint64_at(h, RANDOM)
    found = -1
    for _ in range(PROBES):
        s = next_below(random, count.size)
        busy = (count[s] & POTENTIAL) >= head[MATCHING] or count[s] >= CONNECTED_UNIT * head[
            ACTIVATION
        ]
        if not busy and (found < 0 or used[s] < used[found]):
            found = s
    return found


@njit
def pack_index(h, new):
    """Copy all blocks tightly into the pool `new`; returns how much of it they take."""
    index, block, free = uint32_at(h, INDEX), int32_at(h, BLOCK), int64_at(h, FREE_BLOCK)
    head = int64_at(h, HEAD)
    end = 0
    free[:] = -1
    for b in range(0, block.size, 4):
        length = block[b + LENGTH]
        room = 0
        if length > 0:
            room = 4
            while room < length:
                room *= 2
            for i in range(length):
                new[end + i] = index[block[b + START] + i]
        block[b + START] = end
        block[b + ROOM] = room
        end += room
    head[INDEX_USED] = end
    return end
