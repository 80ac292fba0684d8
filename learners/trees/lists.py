"""Compiled free lists of a tree pool: take and give back nodes, slots and tables of branches.

The list of free nodes runs through their LEFT, that of slots through the first entry of `stats`
(which holds a whole number exactly), that of tables through their first entry.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import numpy as np

from olearn.core.jit import inner
from olearn.core.rng import next_below
from olearn.learners.trees import layout as at


@inner(forceinline=True)
def free_nodes(t):
    """Number of nodes that can be taken."""
    return t.node_i.shape[0] - t.head[at.NODES_USED] + t.head[at.NODES_FREE]


@inner
def new_node(t, depth):
    """Take a node and make it an empty leaf."""
    head, node_i = t.head, t.node_i
    node = head[at.FIRST_FREE_NODE]
    if node >= 0:
        head[at.FIRST_FREE_NODE] = node_i[node, at.LEFT]
        head[at.NODES_FREE] -= 1
    else:
        node = head[at.NODES_USED]
        head[at.NODES_USED] += 1
    node_i[node] = 0
    node_i[node, at.KIND] = at.LEAF
    node_i[node, at.SLOT] = at.NO_SLOT
    node_i[node, at.DEPTH] = depth
    t.node_f[node] = 0.0
    return node


@inner
def new_table(t):
    """Take a table of branches, all of them missing."""
    head = t.head
    table = head[at.FIRST_FREE_TABLE]
    if table >= 0:
        head[at.FIRST_FREE_TABLE] = t.child[table, 0]
        head[at.TABLES_FREE] -= 1
    else:
        table = head[at.TABLES_USED]
        head[at.TABLES_USED] += 1
    t.child[table] = -1
    return table


@inner
def free_table(t, table):
    """Put a table of branches on the free list, which runs through its first entry."""
    t.child[table, 0] = t.head[at.FIRST_FREE_TABLE]
    t.head[at.FIRST_FREE_TABLE] = table
    t.head[at.TABLES_FREE] += 1


@inner
def new_slot(t):
    """Take a free slot, empty it and draw the subspace of its leaf."""
    head = t.head
    slot = head[at.FIRST_FREE_SLOT]
    if slot >= 0:
        head[at.FIRST_FREE_SLOT] = np.int64(t.stats[slot, 0, 0])
        head[at.SLOTS_FREE] -= 1
    else:
        slot = head[at.SLOTS_USED]
        head[at.SLOTS_USED] += 1
    stats, seen, n_features = t.stats, t.seen, t.feat.shape[0]
    stats[slot] = 0.0
    seen[slot] = 0
    size, rng = head[at.SUBSPACE], t.rng
    if 0 < abs(size) < n_features:
        a, b, c, d = rng[0], rng[1], rng[2], rng[3]
        draw_subspace(seen, slot, n_features, abs(size), rng)
        if size < 0:  # of all leaves alike: the next one draws the same numbers
            rng[0], rng[1], rng[2], rng[3] = a, b, c, d
    return slot


@inner
def draw_subspace(seen, slot, n_features, size, rng):
    """Mark all features but `size` of them in a row of `seen` as outside of a subspace."""
    seen[slot, :n_features] = -1
    for f in range(n_features - size, n_features):  # Floyd's draw without replacement
        pick = next_below(rng, f + 1)
        seen[slot, f if seen[slot, pick] == 0 else pick] = 0


@inner
def free_slot(t, slot):
    """Put a slot on the free list, which runs through the first entry of `stats`."""
    t.stats[slot, 0, 0] = t.head[at.FIRST_FREE_SLOT]
    t.head[at.FIRST_FREE_SLOT] = slot
    t.head[at.SLOTS_FREE] += 1
