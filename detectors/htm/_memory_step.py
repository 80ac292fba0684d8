"""Kernels of one step of the temporal memory: score, activate and learn, predict."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import numpy as np

from olearn.core.handles import float32_at, int32_at, int64_at, uint8_at, uint32_at
from olearn.core.jit import njit
from olearn.detectors.htm import _memory_layout as at
from olearn.detectors.htm._memory_kernels import adapt, create_segment, grow

_ZERO = np.float32(0.0)


@njit
def score_columns(h, columns, n):
    """Return the share of the active columns that were not predicted, 0 if none is active."""
    flag = uint8_at(h, at.COL_FLAG)
    missed = 0
    for i in range(n):
        missed += 1 - (flag[columns[i]] & at.PREDICTED)
    return missed / n if n > 0 else 0.0


@njit
def has_room(h, columns, n):
    """Whether the arrays have room for whatever a step with these active columns can add."""
    head = int64_at(h, at.HEAD)
    size = int32_at(h, at.SEG_CELL).size
    if size < head[at.MAX_SEGMENTS] and size - head[at.N_SEGMENTS] < n:
        return False
    return head[at.INDEX_USED] + index_demand(h, columns, n) <= int32_at(h, at.INDEX).size


@njit
def index_demand(h, columns, n):
    """Bound what a step with these active columns can take from the end of the index.

    Only blocks of winner cells grow, by at most one synapse for each segment that learns; a block
    that doubles repeatedly takes less than twice its final size.
    """
    head, block, winner = int64_at(h, at.HEAD), int32_at(h, at.BLOCK), int32_at(h, at.WINNER)
    chain, chain_of = int32_at(h, at.CHAIN), int32_at(h, at.COL_CHAIN)
    n_learning = n
    for i in range(n):
        s = chain_of[columns[i]]
        while s >= 0:
            n_learning += 1
            s = chain[s]
    total = 0
    for i in range(head[at.N_WINNER]):
        b = 4 * winner[i]
        length, room = block[b + at.LENGTH] + n_learning, block[b + at.ROOM]
        if length > 2 * room:
            total += 4 * length + 8
        elif length > room:
            total += 2 * room
    return total


@njit
def remember(h, columns, n, learn):
    """Read the active columns `columns[:n]`, ascending: activate, learn, predict the next."""
    head, col_flag = int64_at(h, at.HEAD), uint8_at(h, at.COL_FLAG)
    head[at.TIME] += 1
    n_active = 0
    n_winner = 0
    for i in range(n):
        column = columns[i]
        if col_flag[column] & at.PREDICTED:
            n_active, n_winner = _activate_predicted(h, column, n_active, n_winner, learn)
        else:
            n_active, n_winner = _burst(h, column, n_active, n_winner, learn)
        col_flag[column] |= at.IN_INPUT
    if learn and float32_at(h, at.CONF)[at.PUNISHMENT] > _ZERO:
        _punish(h)
    forget_predictions(h)
    _turn_over(h, n_active, n_winner)
    _predict(h)
    _chain(h)


@njit
def _activate_predicted(h, column, n_active, n_winner, learn):
    """Activate the cells that expected this column; each of their active segments learns."""
    head, conf = int64_at(h, at.HEAD), float32_at(h, at.CONF)
    count, chain, seg_cell = int32_at(h, at.COUNT), int32_at(h, at.CHAIN), int32_at(h, at.SEG_CELL)
    flag = uint8_at(h, at.FLAG)
    active, winner = int32_at(h, at.NEW_ACTIVE), int32_at(h, at.NEW_WINNER)
    least = at.CONNECTED_UNIT * head[at.ACTIVATION]
    s = int32_at(h, at.COL_CHAIN)[column]
    while s >= 0:
        after = chain[s]
        if count[s] >= least:
            cell = seg_cell[s]
            if not flag[cell] & at.NOW:
                flag[cell] |= at.NOW
                active[n_active] = cell
                winner[n_winner] = cell
                n_active += 1
                n_winner += 1
            if learn:
                int64_at(h, at.SEG_USED)[s] = head[at.TIME]
                if adapt(h, s, conf[at.INCREMENT], conf[at.DECREMENT]):
                    grow(h, s, head[at.MAX_NEW] - (count[s] & at.POTENTIAL))
        s = after
    return n_active, n_winner


@njit
def _burst(h, column, n_active, n_winner, learn):
    """Activate all cells of a column; one, the winner, learns the context."""
    head, conf, flag = int64_at(h, at.HEAD), float32_at(h, at.CONF), uint8_at(h, at.FLAG)
    active, winner = int32_at(h, at.NEW_ACTIVE), int32_at(h, at.NEW_WINNER)
    n_cells = head[at.N_CELLS]
    first = column * n_cells
    for cell in range(first, first + n_cells):
        flag[cell] |= at.NOW
        active[n_active] = cell
        n_active += 1
    best = _best_matching(h, column)
    if best >= 0:
        winner[n_winner] = int32_at(h, at.SEG_CELL)[best]
        if learn:
            n_potential = int32_at(h, at.COUNT)[best] & at.POTENTIAL
            int64_at(h, at.SEG_USED)[best] = head[at.TIME]
            if adapt(h, best, conf[at.INCREMENT], conf[at.DECREMENT]):
                grow(h, best, head[at.MAX_NEW] - n_potential)
        return n_active, n_winner + 1
    cell = _fallback_winner(h, first)
    winner[n_winner] = cell
    if learn and head[at.N_WINNER] > 0:
        s = create_segment(h, cell)
        if s >= 0:
            grow(h, s, head[at.MAX_NEW])
    return n_active, n_winner + 1


@njit
def _best_matching(h, column):
    """Return the segment with most active synapses, ties to the lowest cell, then the oldest."""
    count, chain, born = int32_at(h, at.COUNT), int32_at(h, at.CHAIN), int64_at(h, at.SEG_BORN)
    seg_cell = int32_at(h, at.SEG_CELL)
    best = -1
    n_best = 0
    s = int32_at(h, at.COL_CHAIN)[column]
    while s >= 0:
        n = count[s] & at.POTENTIAL
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
    rank, block = int32_at(h, at.RANK), int32_at(h, at.BLOCK)
    fewest = first
    for cell in range(first, first + int64_at(h, at.HEAD)[at.N_CELLS]):
        if rank[cell] > 0:
            return cell
        if block[4 * cell + at.SEGMENTS] < block[4 * fewest + at.SEGMENTS]:
            fewest = cell
    return fewest


@njit
def _punish(h):
    """Weaken the matching segments of columns that did not become active."""
    head, count, touched = int64_at(h, at.HEAD), int32_at(h, at.COUNT), int32_at(h, at.TOUCHED)
    seg_cell, col_flag = int32_at(h, at.SEG_CELL), uint8_at(h, at.COL_FLAG)
    loss = float32_at(h, at.CONF)[at.PUNISHMENT]
    n_cells, matching = head[at.N_CELLS], head[at.MATCHING]
    for i in range(head[at.N_CHAINED]):  # the active and matching ones stand first
        s = touched[i]
        if (count[s] & at.POTENTIAL) < matching or seg_cell[s] < 0:
            continue
        if not col_flag[seg_cell[s] // n_cells] & at.IN_INPUT:
            adapt(h, s, -loss, _ZERO)


@njit
def forget_predictions(h):
    """Clear what the last prediction left: counts, chains and flags."""
    head, count, touched = int64_at(h, at.HEAD), int32_at(h, at.COUNT), int32_at(h, at.TOUCHED)
    chain_of, col_flag = int32_at(h, at.COL_CHAIN), uint8_at(h, at.COL_FLAG)
    col_flag[:] = 0
    chain_of[:] = -1
    for i in range(head[at.N_TOUCHED]):
        count[touched[i]] = 0
    head[at.N_TOUCHED] = 0
    head[at.N_CHAINED] = 0


@njit
def _turn_over(h, n_active, n_winner):
    """Make the new active and winner cells the current ones."""
    head, flag, rank = int64_at(h, at.HEAD), uint8_at(h, at.FLAG), int32_at(h, at.RANK)
    active, winner = int32_at(h, at.ACTIVE), int32_at(h, at.WINNER)
    new_active, new_winner = int32_at(h, at.NEW_ACTIVE), int32_at(h, at.NEW_WINNER)
    for i in range(head[at.N_ACTIVE]):
        flag[active[i]] &= at.NOW
    for i in range(head[at.N_WINNER]):
        rank[winner[i]] = 0
    for i in range(n_active):
        active[i] = new_active[i]
        flag[active[i]] = at.WAS_ACTIVE
    for i in range(n_winner):
        winner[i] = new_winner[i]
        rank[winner[i]] = i + 1
    head[at.N_ACTIVE] = n_active
    head[at.N_WINNER] = n_winner


@njit
def _predict(h):
    """Count, for each segment, its synapses on active cells; list the segments touched."""
    head, block, index = int64_at(h, at.HEAD), int32_at(h, at.BLOCK), uint32_at(h, at.INDEX)
    active, count, touched = int32_at(h, at.ACTIVE), int32_at(h, at.COUNT), int32_at(h, at.TOUCHED)
    shift = head[at.SHIFT]
    n = 0
    for i in range(head[at.N_ACTIVE]):
        b = 4 * active[i]
        start = block[b + at.START]
        listed = index[start : start + block[b + at.LENGTH]]
        for place in range(listed.size):
            entry = np.int64(listed[place])
            s = (entry & at.SLOT) >> shift
            old = count[s]
            touched[n] = s  # kept only if it is new
            n += 1 if old == 0 else 0
            count[s] = old + 1 + (at.CONNECTED_UNIT if entry & at.LINKED else 0)
    head[at.N_TOUCHED] = n


@njit
def _chain(h):
    """Chain the active and matching segments of each column; flag the predicted columns."""
    head, count, touched = int64_at(h, at.HEAD), int32_at(h, at.COUNT), int32_at(h, at.TOUCHED)
    chain, chain_of = int32_at(h, at.CHAIN), int32_at(h, at.COL_CHAIN)
    seg_cell, col_flag = int32_at(h, at.SEG_CELL), uint8_at(h, at.COL_FLAG)
    matching, n_cells = head[at.MATCHING], head[at.N_CELLS]
    least = at.CONNECTED_UNIT * head[at.ACTIVATION]
    n = 0
    for i in range(head[at.N_TOUCHED]):
        s = touched[i]
        if (count[s] & at.POTENTIAL) >= matching or count[s] >= least:
            touched[i] = touched[n]
            touched[n] = s
            n += 1
            column = seg_cell[s] // n_cells
            chain[s] = chain_of[column]
            chain_of[column] = s
            if count[s] >= least:
                col_flag[column] |= at.PREDICTED
    head[at.N_CHAINED] = n


@njit
def forget_context(h):
    """Begin a new sequence: no cell is active and nothing is predicted; what is learnt stays."""
    forget_predictions(h)
    _turn_over(h, 0, 0)
