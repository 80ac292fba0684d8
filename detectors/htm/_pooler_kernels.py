"""Kernels of the spatial pooler: overlaps, inhibition, learning, duty cycles.

All take the handle `h` of `SpatialPooler`, of the layout `_pooler_layout`; arrays are flat. The
arithmetic is float32 throughout, in the order of the reference, so that runs agree bit for bit.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.handles import (
    float32_at,
    int32_at,
    int64_at,
    uint8_at,
    uint16_at,
)
from olearn.core.jit import njit
from olearn.detectors.htm import _pooler_layout as at

UPDATE_PERIOD = 50  # inputs from one update of the inhibition radius and duty floors to the next
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@njit
def find_winners(h, bits, n_bits):
    """Find the winners for the active inputs `bits[:n_bits]`, distinct; return how many."""
    head = int64_at(h, at.HEAD)
    _count_overlaps(h, bits, n_bits)
    if head[at.LOCAL] or float32_at(h, at.CONF)[at.STRENGTH] > _ZERO:
        _boost_overlaps(h)
        n = _inhibit_local(h) if head[at.LOCAL] else _inhibit_boosted(h)
    else:
        n = _inhibit_plain(h, n_bits)
    head[at.N_FOUND] = n
    return n


@njit
def learn_winners(h, bits, n_bits):
    """Adapt to the active inputs `bits[:n_bits]`, whose winners were found last."""
    head = int64_at(h, at.HEAD)
    head[at.TIME] += 1
    _move_winners(h, bits, n_bits)
    _update_duties(h)
    if float32_at(h, at.CONF)[at.STRENGTH] > _ZERO:
        _update_boosts(h)
    if head[at.TIME] % UPDATE_PERIOD == 0:
        _update_floors(h)


@njit
def _count_overlaps(h, bits, n_bits):
    connected, overlap = uint8_at(h, at.CONNECTED), uint16_at(h, at.OVERLAP)
    n = overlap.size
    overlap[:] = 0
    for i in range(n_bits):
        row = connected[bits[i] * n : (bits[i] + 1) * n]  # a view, or no vector code is made
        for c in range(n):
            overlap[c] += row[c]


@njit
def _boost_overlaps(h):
    overlap, boost, boosted = (
        uint16_at(h, at.OVERLAP),
        float32_at(h, at.BOOST),
        float32_at(h, at.BOOSTED),
    )
    for c in range(overlap.size):
        boosted[c] = np.float32(overlap[c]) * boost[c]


@njit
def _inhibit_plain(h, n_bits):
    """Take the largest overlaps by counting levels, without a sort; ties to the higher index."""
    overlap, winners, counts = (
        uint16_at(h, at.OVERLAP),
        int64_at(h, at.WINNERS),
        int64_at(h, at.COUNTS),
    )
    wanted = int64_at(h, at.HEAD)[at.N_WINNERS]
    stimulus = math.ceil(float32_at(h, at.CONF)[at.STIMULUS])
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
    place = n
    for c in range(overlap.size - 1, -1, -1):
        o = overlap[c]
        if o >= level and place > 0:
            if o > level:
                place -= 1
                winners[place] = c
            elif room > 0:
                room -= 1
                place -= 1
                winners[place] = c
    return n


@njit
def _inhibit_boosted(h):
    """Take the largest boosted overlaps with a heap of the best so far; ties to higher indices."""
    boosted, winners, keys = (
        float32_at(h, at.BOOSTED),
        int64_at(h, at.WINNERS),
        int64_at(h, at.COUNTS),
    )
    wanted = int64_at(h, at.HEAD)[at.N_WINNERS]
    stimulus = float32_at(h, at.CONF)[at.STIMULUS]
    size = 0
    for c in range(boosted.size):
        if size < wanted:  # the root, keys[0], is the weakest of the heap
            place = size
            size += 1
            while place > 0 and boosted[c] < boosted[keys[(place - 1) // 2]]:
                keys[place] = keys[(place - 1) // 2]
                place = (place - 1) // 2
            keys[place] = c
        elif boosted[c] >= boosted[keys[0]]:
            place = 0
            while True:
                child = 2 * place + 1
                if child >= size:
                    break
                if child + 1 < size and _weaker(boosted, keys[child + 1], keys[child]):
                    child += 1
                if not _weaker(boosted, keys[child], c):
                    break
                keys[place] = keys[child]
                place = child
            keys[place] = c
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
    boosted, winners = float32_at(h, at.BOOSTED), int64_at(h, at.WINNERS)
    won = int64_at(h, at.COUNTS)
    head, conf = int64_at(h, at.HEAD), float32_at(h, at.CONF)
    n = boosted.size
    radius = min(head[at.RADIUS], (n - 1) // 2)
    places = math.floor(0.5 + conf[at.DENSITY] * (2 * radius + 1))
    found = 0
    won[:n] = 0
    for c in range(n):
        if boosted[c] < conf[at.STIMULUS]:
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
    winners, steps = int64_at(h, at.WINNERS), float32_at(h, at.STEPS)
    head, conf = int64_at(h, at.HEAD), float32_at(h, at.CONF)
    n_connected = int32_at(h, at.N_CONNECTED)
    steps[:] = -conf[at.DECREMENT]
    for i in range(n_bits):
        steps[bits[i]] = conf[at.INCREMENT]
    needed = math.ceil(conf[at.STIMULUS])
    for i in range(head[at.N_FOUND]):
        _move_row(h, winners[i])
    for i in range(head[at.N_FOUND]):
        if n_connected[winners[i]] < needed:
            _raise_row(h, winners[i], needed)


@njit
def _move_row(h, c):
    """Add STEPS to the pool of a column, clipped to [0, 1]; update what is connected."""
    permanence, steps, row = (
        float32_at(h, at.PERMANENCE),
        float32_at(h, at.STEPS),
        float32_at(h, at.ROW),
    )
    lowest = float32_at(h, at.CONF)[at.LOWEST]
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
    connected, n_connected = uint8_at(h, at.CONNECTED), int32_at(h, at.N_CONNECTED)
    n_columns = n_connected.size
    for i in range(n):
        now = permanence[i] >= lowest
        if now != (row[i] >= lowest):
            connected[i * n_columns + c] = now
            n_connected[c] += 1 if now else -1


@njit
def _raise_row(h, c, needed):
    """Raise the whole pool of a column until `needed` of its synapses are connected."""
    permanence, row, steps = (
        float32_at(h, at.PERMANENCE),
        float32_at(h, at.ROW),
        float32_at(h, at.STEPS),
    )
    n = row.size
    row[:] = permanence[c * n : (c + 1) * n]
    largest = _ZERO
    for _ in range(min(needed, n)):
        place = 0
        for i in range(n):
            if row[i] > row[place]:
                place = i
        if row[place] < _ZERO:  # the pool is smaller than the threshold
            break
        largest = row[place]
        row[place] = np.float32(-2.0)
    gain = float32_at(h, at.CONF)[at.THRESHOLD] - largest
    if gain <= _ZERO:
        return
    keep = steps.copy()
    steps[:] = gain
    _move_row(h, c)
    steps[:] = keep


@njit
def _update_duties(h):
    overlap, winners = uint16_at(h, at.OVERLAP), int64_at(h, at.WINNERS)
    overlap_duty, active_duty = float32_at(h, at.OVERLAP_DUTY), float32_at(h, at.ACTIVE_DUTY)
    min_duty, steps = float32_at(h, at.MIN_DUTY), float32_at(h, at.STEPS)
    head, conf = int64_at(h, at.HEAD), float32_at(h, at.CONF)
    period = np.float32(min(head[at.DUTY_PERIOD], head[at.TIME]))
    decay = (period - _ONE) / period
    share = _ONE / period
    n_weak = 0
    for c in range(overlap.size):
        active_duty[c] *= decay
        duty = overlap_duty[c] * decay + (share if overlap[c] > 0 else _ZERO)
        overlap_duty[c] = duty
        n_weak += 1 if duty < min_duty[c] else 0
    for i in range(head[at.N_FOUND]):
        active_duty[winners[i]] += share
    if n_weak:
        steps[:] = conf[at.THRESHOLD] / np.float32(10.0)
        for c in range(overlap.size):
            if overlap_duty[c] < min_duty[c]:
                _move_row(h, c)


@njit
def _update_boosts(h):
    active_duty, boost = float32_at(h, at.ACTIVE_DUTY), float32_at(h, at.BOOST)
    head, strength = int64_at(h, at.HEAD), float32_at(h, at.CONF)[at.STRENGTH]
    n = boost.size
    target = np.float32(head[at.N_WINNERS]) / np.float32(n)
    radius = min(head[at.RADIUS], (n - 1) // 2)
    for c in range(n):
        if head[at.LOCAL]:
            target = _ZERO
            for k in range(-radius, radius + 1):
                target += active_duty[(c + k) % n]
            target /= np.float32(2 * radius + 1)
        boost[c] = np.float32(math.exp((target - active_duty[c]) * strength))


@njit
def _update_floors(h):
    """Set the least overlap duty of each column; with local inhibition its radius too."""
    overlap_duty, min_duty = float32_at(h, at.OVERLAP_DUTY), float32_at(h, at.MIN_DUTY)
    head, min_pct = int64_at(h, at.HEAD), float32_at(h, at.CONF)[at.MIN_PCT]
    n = min_duty.size
    if not head[at.LOCAL]:
        largest = _ZERO
        for c in range(n):
            largest = max(largest, overlap_duty[c])
        min_duty[:] = min_pct * largest
        return
    update_radius(h)
    radius = min(head[at.RADIUS], (n - 1) // 2)
    for c in range(n):
        largest = _ZERO
        for k in range(-radius, radius + 1):
            largest = max(largest, overlap_duty[(c + k) % n])
        min_duty[c] = min_pct * largest


@njit
def update_radius(h):
    """Set the inhibition radius from the mean span of the connected synapses."""
    permanence, head = float32_at(h, at.PERMANENCE), int64_at(h, at.HEAD)
    lowest = float32_at(h, at.CONF)[at.LOWEST]
    n_inputs, n_columns = head[at.N_INPUTS], head[at.N_COLUMNS]
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
    head[at.RADIUS] = max(1, round((diameter - 1.0) / 2.0))
