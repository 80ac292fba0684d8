"""Kernels of one step of the temporal memory: score, activate and learn, predict."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import numpy as np

from olearn.core.jit import njit
from olearn.detectors.htm._handles import float32_at, int32_at, int64_at, uint8_at, uint32_at
from olearn.detectors.htm._memory_kernels import (
    ACTIVATION,
    ACTIVE,
    BLOCK,
    CHAIN,
    COL_CHAIN,
    COL_FLAG,
    CONF,
    CONNECTED_UNIT,
    COUNT,
    DECREMENT,
    FLAG,
    HEAD,
    INCREMENT,
    INDEX,
    INDEX_USED,
    LENGTH,
    LINKED,
    MATCHING,
    MAX_NEW,
    MAX_SEGMENTS,
    N_ACTIVE,
    N_CELLS,
    N_CHAINED,
    N_SEGMENTS,
    N_TOUCHED,
    N_WINNER,
    NEW_ACTIVE,
    NEW_WINNER,
    POTENTIAL,
    PUNISHMENT,
    ROOM,
    SEAT,
    SEG_BORN,
    SEG_CELL,
    SEG_USED,
    SEGMENTS,
    SHIFT,
    SLOT,
    START,
    TIME,
    TOUCHED,
    WINNER,
    adapt,
    create_segment,
    grow,
)

PREDICTED, IN_INPUT = 1, 2  # COL_FLAG
WAS_ACTIVE, NOW = 1, 2  # FLAG
_ZERO = np.float32(0.0)


@njit
def score_columns(h, columns, n):
    """Return the share of the active columns that were not predicted, 0 if none is active."""
    flag = uint8_at(h, COL_FLAG)
    missed = 0
    for i in range(n):
        missed += 1 - (flag[columns[i]] & PREDICTED)
    return missed / n if n > 0 else 0.0


@njit
def has_room(h, columns, n):
    """Whether the arrays have room for whatever a step with these active columns can add."""
    head = int64_at(h, HEAD)
    size = int32_at(h, SEG_CELL).size
    if size < head[MAX_SEGMENTS] and size - head[N_SEGMENTS] < n:
        return False
    return head[INDEX_USED] + index_demand(h, columns, n) <= int32_at(h, INDEX).size


@njit
def index_demand(h, columns, n):
    """Bound what a step with these active columns can take from the end of the index.

    Only blocks of winner cells grow, by at most one synapse for each segment that learns; a block
    that doubles repeatedly takes less than twice its final size.
    """
    head, block, winner = int64_at(h, HEAD), int32_at(h, BLOCK), int32_at(h, WINNER)
    chain, chain_of = int32_at(h, CHAIN), int32_at(h, COL_CHAIN)
    n_learning = n
    for i in range(n):
        s = chain_of[columns[i]]
        while s >= 0:
            n_learning += 1
            s = chain[s]
    total = 0
    for i in range(head[N_WINNER]):
        b = 4 * winner[i]
        length, room = block[b + LENGTH] + n_learning, block[b + ROOM]
        if length > 2 * room:
            total += 4 * length + 8
        elif length > room:
            total += 2 * room
    return total


@njit
def remember(h, columns, n, learn):
    """Read the active columns `columns[:n]`, ascending: activate, learn, predict the next."""
    head, col_flag = int64_at(h, HEAD), uint8_at(h, COL_FLAG)
    head[TIME] += 1
    n_active = 0
    n_winner = 0
    for i in range(n):
        column = columns[i]
        if col_flag[column] & PREDICTED:
            n_active, n_winner = _activate_predicted(h, column, n_active, n_winner, learn)
        else:
            n_active, n_winner = _burst(h, column, n_active, n_winner, learn)
        col_flag[column] |= IN_INPUT
    if learn and float32_at(h, CONF)[PUNISHMENT] > _ZERO:
        _punish(h)
    forget_predictions(h)
    _turn_over(h, n_active, n_winner)
    _predict(h)
    _chain(h)


@njit
def _activate_predicted(h, column, n_active, n_winner, learn):
    """Activate the cells that expected this column; each of their active segments learns."""
    head, conf = int64_at(h, HEAD), float32_at(h, CONF)
    count, chain, seg_cell = int32_at(h, COUNT), int32_at(h, CHAIN), int32_at(h, SEG_CELL)
    flag = uint8_at(h, FLAG)
    active, winner = int32_at(h, NEW_ACTIVE), int32_at(h, NEW_WINNER)
    least = CONNECTED_UNIT * head[ACTIVATION]
    s = int32_at(h, COL_CHAIN)[column]
    while s >= 0:
        after = chain[s]
        if count[s] >= least:
            cell = seg_cell[s]
            if not flag[cell] & NOW:
                flag[cell] |= NOW
                active[n_active] = cell
                winner[n_winner] = cell
                n_active += 1
                n_winner += 1
            if learn:
                int64_at(h, SEG_USED)[s] = head[TIME]
                if adapt(h, s, conf[INCREMENT], conf[DECREMENT]):
                    grow(h, s, head[MAX_NEW] - (count[s] & POTENTIAL))
        s = after
    return n_active, n_winner


@njit
def _burst(h, column, n_active, n_winner, learn):
    """Activate all cells of a column; one, the winner, learns the context."""
    head, conf, flag = int64_at(h, HEAD), float32_at(h, CONF), uint8_at(h, FLAG)
    active, winner = int32_at(h, NEW_ACTIVE), int32_at(h, NEW_WINNER)
    n_cells = head[N_CELLS]
    first = column * n_cells
    for cell in range(first, first + n_cells):
        flag[cell] |= NOW
        active[n_active] = cell
        n_active += 1
    best = _best_matching(h, column)
    if best >= 0:
        winner[n_winner] = int32_at(h, SEG_CELL)[best]
        if learn:
            n_potential = int32_at(h, COUNT)[best] & POTENTIAL
            int64_at(h, SEG_USED)[best] = head[TIME]
            if adapt(h, best, conf[INCREMENT], conf[DECREMENT]):
                grow(h, best, head[MAX_NEW] - n_potential)
        return n_active, n_winner + 1
    cell = _fallback_winner(h, first)
    winner[n_winner] = cell
    if learn and head[N_WINNER] > 0:
        s = create_segment(h, cell)
        if s >= 0:
            grow(h, s, head[MAX_NEW])
    return n_active, n_winner + 1


@njit
def _best_matching(h, column):
    """Return the segment with most active synapses, ties to the lowest cell, then the oldest."""
    count, chain, born = int32_at(h, COUNT), int32_at(h, CHAIN), int64_at(h, SEG_BORN)
    seg_cell = int32_at(h, SEG_CELL)
    best = -1
    n_best = 0
    s = int32_at(h, COL_CHAIN)[column]
    while s >= 0:
        n = count[s] & POTENTIAL
        if best < 0 or n > n_best:
            best, n_best = s, n
        elif n == n_best:
            gap = seg_cell[s] - seg_cell[best]
            if gap < 0 or (gap == 0 and born[s] < born[best]):
                best = s
        s = chain[s]
    return best


@njit
def _fallback_winner(h, first):
    """Return a previous winner of the column, else the first cell with the fewest segments."""
    seat, block = int32_at(h, SEAT), int32_at(h, BLOCK)
    fewest = first
    for cell in range(first, first + int64_at(h, HEAD)[N_CELLS]):
        if seat[cell] > 0:
            return cell
        if block[4 * cell + SEGMENTS] < block[4 * fewest + SEGMENTS]:
            fewest = cell
    return fewest


@njit
def _punish(h):
    """Weaken the matching segments of columns that did not become active."""
    head, count, touched = int64_at(h, HEAD), int32_at(h, COUNT), int32_at(h, TOUCHED)
    seg_cell, col_flag = int32_at(h, SEG_CELL), uint8_at(h, COL_FLAG)
    loss = float32_at(h, CONF)[PUNISHMENT]
    n_cells, matching = head[N_CELLS], head[MATCHING]
    for i in range(head[N_CHAINED]):  # the active and matching ones stand first
        s = touched[i]
        if (count[s] & POTENTIAL) < matching or seg_cell[s] < 0:
            continue
        if not col_flag[seg_cell[s] // n_cells] & IN_INPUT:
            adapt(h, s, -loss, _ZERO)


@njit
def forget_predictions(h):
    """Clear what the last prediction left: counts, chains and flags."""
    head, count, touched = int64_at(h, HEAD), int32_at(h, COUNT), int32_at(h, TOUCHED)
    chain_of, col_flag = int32_at(h, COL_CHAIN), uint8_at(h, COL_FLAG)
    col_flag[:] = 0
    chain_of[:] = -1
    for i in range(head[N_TOUCHED]):
        count[touched[i]] = 0
    head[N_TOUCHED] = 0
    head[N_CHAINED] = 0


@njit
def _turn_over(h, n_active, n_winner):
    """Make the new active and winner cells the current ones."""
    head, flag, seat = int64_at(h, HEAD), uint8_at(h, FLAG), int32_at(h, SEAT)
    active, winner = int32_at(h, ACTIVE), int32_at(h, WINNER)
    new_active, new_winner = int32_at(h, NEW_ACTIVE), int32_at(h, NEW_WINNER)
    for i in range(head[N_ACTIVE]):
        flag[active[i]] &= NOW
    for i in range(head[N_WINNER]):
        seat[winner[i]] = 0
    for i in range(n_active):
        active[i] = new_active[i]
        flag[active[i]] = WAS_ACTIVE
    for i in range(n_winner):
        winner[i] = new_winner[i]
        seat[winner[i]] = i + 1
    head[N_ACTIVE] = n_active
    head[N_WINNER] = n_winner


@njit
def _predict(h):
    """Count, for each segment, its synapses on active cells; list the segments touched."""
    head, block, index = int64_at(h, HEAD), int32_at(h, BLOCK), uint32_at(h, INDEX)
    active, count, touched = int32_at(h, ACTIVE), int32_at(h, COUNT), int32_at(h, TOUCHED)
    shift = head[SHIFT]
    n = 0
    for i in range(head[N_ACTIVE]):
        b = 4 * active[i]
        start = block[b + START]
        listed = index[start : start + block[b + LENGTH]]
        for place in range(listed.size):
            entry = np.int64(listed[place])
            s = (entry & SLOT) >> shift
            old = count[s]
            touched[n] = s  # kept only if it is new
            n += 1 if old == 0 else 0
            count[s] = old + 1 + (CONNECTED_UNIT if entry & LINKED else 0)
    head[N_TOUCHED] = n


@njit
def _chain(h):
    """Chain the active and matching segments of each column; flag the predicted columns."""
    head, count, touched = int64_at(h, HEAD), int32_at(h, COUNT), int32_at(h, TOUCHED)
    chain, chain_of = int32_at(h, CHAIN), int32_at(h, COL_CHAIN)
    seg_cell, col_flag = int32_at(h, SEG_CELL), uint8_at(h, COL_FLAG)
    matching, n_cells = head[MATCHING], head[N_CELLS]
    least = CONNECTED_UNIT * head[ACTIVATION]
    n = 0
    for i in range(head[N_TOUCHED]):
        s = touched[i]
        if (count[s] & POTENTIAL) >= matching or count[s] >= least:
            touched[i] = touched[n]
            touched[n] = s
            n += 1
            column = seg_cell[s] // n_cells
            chain[s] = chain_of[column]
            chain_of[column] = s
            if count[s] >= least:
                col_flag[column] |= PREDICTED
    head[N_CHAINED] = n


@njit
def forget_context(h):
    """Begin a new sequence: no cell is active and nothing is predicted; what is learnt stays."""
    forget_predictions(h)
    _turn_over(h, 0, 0)
