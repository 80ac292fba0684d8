"""Kernels of the spatial pooler: overlaps, inhibition, learning, duty cycles.

All take the handle of `SpatialPooler`; arrays are flat, in the order of the names below. The
arithmetic is float32 throughout, in the order of the reference, so that runs agree bit for bit.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import njit
from olearn.detectors.htm._handles import (
    float32_at,
    int32_at,
    int64_at,
    uint8_at,
    uint16_at,
)

# arrays of the handle
PERMANENCE = 0  # float32 (columns, inputs): -1 outside the column's pool
CONNECTED = 1  # uint8 (inputs, columns): 1 where connected, for the overlaps
N_CONNECTED = 2  # int32 (columns,)
OVERLAP_DUTY = 3  # float32 (columns,)
ACTIVE_DUTY = 4  # float32 (columns,)
BOOST = 5  # float32 (columns,)
MIN_DUTY = 6  # float32 (columns,)
OVERLAP = 7  # uint16 (columns,): of the newest input
BOOSTED = 8  # float32 (columns,)
WINNERS = 9  # int64 (columns,): of the newest input, ascending
STEPS = 10  # float32 (inputs,): what each input's permanences gain
ROW = 11  # float32 (inputs,): a permanence row before its step
COUNTS = 12  # int64: levels of the overlap, or keys of the candidates
HEAD = 13  # int64, indices below
CONF = 14  # float32, indices below

# HEAD
N_INPUTS, N_COLUMNS, N_WINNERS, LOCAL, DUTY_PERIOD, TIME, N_FOUND, RADIUS = range(8)
HEAD_SIZE = 8
# CONF
THRESHOLD, LOWEST, INCREMENT, DECREMENT, STRENGTH, STIMULUS, MIN_PCT, DENSITY = range(8)
CONF_SIZE = 8

UPDATE_PERIOD = 50  # inputs from one update of the inhibition radius and duty floors to the next
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@njit
def find_winners(h, bits, n_bits):
    """Find the winners for the active inputs `bits[:n_bits]`, distinct; return how many."""
    head = int64_at(h, HEAD)
    _count_overlaps(h, bits, n_bits)
    if head[LOCAL] or float32_at(h, CONF)[STRENGTH] > _ZERO:
        _boost_overlaps(h)
        n = _inhibit_local(h) if head[LOCAL] else _inhibit_boosted(h)
    else:
        n = _inhibit_plain(h, n_bits)
    head[N_FOUND] = n
    return n


@njit
def learn_winners(h, bits, n_bits):
    """Adapt to the active inputs `bits[:n_bits]`, whose winners were found last."""
    head = int64_at(h, HEAD)
    head[TIME] += 1
    _move_winners(h, bits, n_bits)
    _update_duties(h)
    if float32_at(h, CONF)[STRENGTH] > _ZERO:
        _update_boosts(h)
    if head[TIME] % UPDATE_PERIOD == 0:
        _update_floors(h)


@njit
def _count_overlaps(h, bits, n_bits):
    connected, overlap = uint8_at(h, CONNECTED), uint16_at(h, OVERLAP)
    n = overlap.size
    overlap[:] = 0
    for i in range(n_bits):
        row = connected[bits[i] * n : (bits[i] + 1) * n]  # a view, or no vector code is made
        for c in range(n):
            overlap[c] += row[c]


@njit
def _boost_overlaps(h):
    overlap, boost, boosted = uint16_at(h, OVERLAP), float32_at(h, BOOST), float32_at(h, BOOSTED)
    for c in range(overlap.size):
        boosted[c] = np.float32(overlap[c]) * boost[c]


@njit
def _inhibit_plain(h, n_bits):
    """Take the largest overlaps by counting levels, without a sort; ties to the higher index."""
    overlap, winners, counts = uint16_at(h, OVERLAP), int64_at(h, WINNERS), int64_at(h, COUNTS)
    wanted = int64_at(h, HEAD)[N_WINNERS]
    stimulus = math.ceil(float32_at(h, CONF)[STIMULUS])
    counts[: n_bits + 1] = 0
    for c in range(overlap.size):
        counts[overlap[c]] += 1
    level = n_bits
    above = 0
    while level > 0 and above + counts[level] < wanted and level >= stimulus:
        above += counts[level]
        level -= 1
    room = min(wanted - above, counts[level]) if level >= stimulus else 0
    n = above + room
    at = n
    for c in range(overlap.size - 1, -1, -1):
        o = overlap[c]
        if o >= level and at > 0:
            if o > level:
                at -= 1
                winners[at] = c
            elif room > 0:
                room -= 1
                at -= 1
                winners[at] = c
    return n


@njit
def _inhibit_boosted(h):
    """Take the largest boosted overlaps with a heap of the best so far; ties to higher indices."""
    boosted, winners, keys = float32_at(h, BOOSTED), int64_at(h, WINNERS), int64_at(h, COUNTS)
    wanted = int64_at(h, HEAD)[N_WINNERS]
    stimulus = float32_at(h, CONF)[STIMULUS]
    size = 0
    for c in range(boosted.size):
        if size < wanted:  # the root, keys[0], is the weakest of the heap
            at = size
            size += 1
            while at > 0 and boosted[c] < boosted[keys[(at - 1) // 2]]:
                keys[at] = keys[(at - 1) // 2]
                at = (at - 1) // 2
            keys[at] = c
        elif boosted[c] >= boosted[keys[0]]:
            at = 0
            while True:
                child = 2 * at + 1
                if child >= size:
                    break
                if child + 1 < size and _weaker(boosted, keys[child + 1], keys[child]):
                    child += 1
                if not _weaker(boosted, keys[child], c):
                    break
                keys[at] = keys[child]
                at = child
            keys[at] = c
    n = 0
    for i in range(size):
        if boosted[keys[i]] >= stimulus:
            winners[n] = keys[i]
            n += 1
    _sort(winners, n)
    return n


@njit
def _weaker(boosted, a, b):
    return boosted[a] < boosted[b] or (boosted[a] == boosted[b] and a < b)


@njit
def _sort(values, n):
    for i in range(1, n):
        value = values[i]
        j = i
        while j > 0 and values[j - 1] > value:
            values[j] = values[j - 1]
            j -= 1
        values[j] = value


@njit
def _inhibit_local(h):
    """A column wins where few of its neighbours on the ring are ahead of it."""
    boosted, winners = float32_at(h, BOOSTED), int64_at(h, WINNERS)
    won = int64_at(h, COUNTS)
    head, conf = int64_at(h, HEAD), float32_at(h, CONF)
    n = boosted.size
    radius = min(head[RADIUS], (n - 1) // 2)
    places = math.floor(0.5 + conf[DENSITY] * (2 * radius + 1))
    found = 0
    won[:n] = 0
    for c in range(n):
        if boosted[c] < conf[STIMULUS]:
            continue
        ahead = 0
        for k in range(-radius, radius + 1):
            other = (c + k) % n
            if boosted[other] > boosted[c] or (boosted[other] == boosted[c] and won[other]):
                ahead += 1
        if ahead < places:
            won[c] = 1
            winners[found] = c
            found += 1
    return found


@njit
def _move_winners(h, bits, n_bits):
    winners, steps = int64_at(h, WINNERS), float32_at(h, STEPS)
    head, conf = int64_at(h, HEAD), float32_at(h, CONF)
    n_connected = int32_at(h, N_CONNECTED)
    steps[:] = -conf[DECREMENT]
    for i in range(n_bits):
        steps[bits[i]] = conf[INCREMENT]
    needed = math.ceil(conf[STIMULUS])
    for i in range(head[N_FOUND]):
        _move_row(h, winners[i])
    for i in range(head[N_FOUND]):
        if n_connected[winners[i]] < needed:
            _raise_row(h, winners[i], needed)


@njit
def _move_row(h, c):
    """Add STEPS to the pool of a column, clipped to [0, 1]; update what is connected."""
    permanence, steps, row = float32_at(h, PERMANENCE), float32_at(h, STEPS), float32_at(h, ROW)
    lowest = float32_at(h, CONF)[LOWEST]
    n = steps.size
    permanence = permanence[c * n : (c + 1) * n]
    crossings = 0
    for i in range(n):  # without branches: the compiler makes vector code of it
        old = permanence[i]
        new = old + steps[i]
        new = _ZERO if new < _ZERO else new
        new = _ONE if new > _ONE else new
        new = old if old < _ZERO else new
        permanence[i] = new
        row[i] = old
        crossings += 1 if (old >= lowest) != (new >= lowest) else 0
    if crossings == 0:
        return
    connected, n_connected = uint8_at(h, CONNECTED), int32_at(h, N_CONNECTED)
    n_columns = n_connected.size
    for i in range(n):
        now = permanence[i] >= lowest
        if now != (row[i] >= lowest):
            connected[i * n_columns + c] = now
            n_connected[c] += 1 if now else -1


@njit
def _raise_row(h, c, needed):
    """Raise the whole pool of a column until `needed` of its synapses are connected."""
    permanence, row, steps = float32_at(h, PERMANENCE), float32_at(h, ROW), float32_at(h, STEPS)
    n = row.size
    row[:] = permanence[c * n : (c + 1) * n]
    largest = _ZERO
    for _ in range(min(needed, n)):
        at = 0
        for i in range(n):
            if row[i] > row[at]:
                at = i
        if row[at] < _ZERO:  # the pool is smaller than the threshold
            break
        largest = row[at]
        row[at] = np.float32(-2.0)
    gain = float32_at(h, CONF)[THRESHOLD] - largest
    if gain <= _ZERO:
        return
    keep = steps.copy()
    steps[:] = gain
    _move_row(h, c)
    steps[:] = keep


@njit
def _update_duties(h):
    overlap, winners = uint16_at(h, OVERLAP), int64_at(h, WINNERS)
    overlap_duty, active_duty = float32_at(h, OVERLAP_DUTY), float32_at(h, ACTIVE_DUTY)
    min_duty, steps = float32_at(h, MIN_DUTY), float32_at(h, STEPS)
    head, conf = int64_at(h, HEAD), float32_at(h, CONF)
    period = np.float32(min(head[DUTY_PERIOD], head[TIME]))
    decay = (period - _ONE) / period
    share = _ONE / period
    n_weak = 0
    for c in range(overlap.size):
        active_duty[c] *= decay
        duty = overlap_duty[c] * decay + (share if overlap[c] > 0 else _ZERO)
        overlap_duty[c] = duty
        n_weak += 1 if duty < min_duty[c] else 0
    for i in range(head[N_FOUND]):
        active_duty[winners[i]] += share
    if n_weak:
        steps[:] = conf[THRESHOLD] / np.float32(10.0)
        for c in range(overlap.size):
            if overlap_duty[c] < min_duty[c]:
                _move_row(h, c)


@njit
def _update_boosts(h):
    active_duty, boost = float32_at(h, ACTIVE_DUTY), float32_at(h, BOOST)
    head, strength = int64_at(h, HEAD), float32_at(h, CONF)[STRENGTH]
    n = boost.size
    target = np.float32(head[N_WINNERS]) / np.float32(n)
    radius = min(head[RADIUS], (n - 1) // 2)
    for c in range(n):
        if head[LOCAL]:
            target = _ZERO
            for k in range(-radius, radius + 1):
                target += active_duty[(c + k) % n]
            target /= np.float32(2 * radius + 1)
        boost[c] = np.float32(math.exp((target - active_duty[c]) * strength))


@njit
def _update_floors(h):
    """Set the least overlap duty of each column; with local inhibition its radius too."""
    overlap_duty, min_duty = float32_at(h, OVERLAP_DUTY), float32_at(h, MIN_DUTY)
    head, min_pct = int64_at(h, HEAD), float32_at(h, CONF)[MIN_PCT]
    n = min_duty.size
    if not head[LOCAL]:
        largest = _ZERO
        for c in range(n):
            largest = max(largest, overlap_duty[c])
        min_duty[:] = min_pct * largest
        return
    update_radius(h)
    radius = min(head[RADIUS], (n - 1) // 2)
    for c in range(n):
        largest = _ZERO
        for k in range(-radius, radius + 1):
            largest = max(largest, overlap_duty[(c + k) % n])
        min_duty[c] = min_pct * largest


@njit
def update_radius(h):
    """Set the inhibition radius from the mean span of the connected synapses."""
    permanence, head = float32_at(h, PERMANENCE), int64_at(h, HEAD)
    lowest = float32_at(h, CONF)[LOWEST]
    n_inputs, n_columns = head[N_INPUTS], head[N_COLUMNS]
    total = 0
    for c in range(n_columns):
        first, last = -1, -2
        for i in range(n_inputs):
            if permanence[c * n_inputs + i] >= lowest:
                first = i if first < 0 else first
                last = i
        if first >= 0:
            total += last - first + 1
    diameter = total / n_columns * (n_columns / n_inputs)
    head[RADIUS] = max(1, round((diameter - 1.0) / 2.0))
