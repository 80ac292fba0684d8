"""Compiled free lists of a tree pool: take and give back nodes, slots and tables of branches.

The list of free nodes runs through their LEFT, that of slots through the first entry of `stats`
(which holds a whole number exactly), that of tables through their first entry.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

from olearn.core.jit import njit
from olearn.core.rng import next_below
from olearn.learners.trees.layout import (
    DEPTH,
    FIRST_FREE_NODE,
    FIRST_FREE_SLOT,
    FIRST_FREE_TABLE,
    KIND,
    LEAF,
    LEFT,
    NO_SLOT,
    NODES_FREE,
    NODES_USED,
    SLOT,
    SLOTS_FREE,
    SLOTS_USED,
    SUBSPACE,
    TABLES_FREE,
    TABLES_USED,
    pool_at,
)


@njit(forceinline=True)
def free_nodes(t):
    """Number of nodes that can be taken."""
    return t.node_i.shape[0] - t.head[NODES_USED] + t.head[NODES_FREE]


@njit
def new_node(t, depth):
    """Take a node and make it an empty leaf."""
    head = t.head
    node = head[FIRST_FREE_NODE]
    if node >= 0:
        head[FIRST_FREE_NODE] = t.node_i[node, LEFT]
        head[NODES_FREE] -= 1
    else:
        node = head[NODES_USED]
        head[NODES_USED] += 1
    t.node_i[node] = 0
    t.node_f[node] = 0.0
    t.node_i[node, KIND] = LEAF
    t.node_i[node, SLOT] = NO_SLOT
    t.node_i[node, DEPTH] = depth
    return node


@njit
def new_table(t):
    """Take a table of branches, all of them missing."""
    head = t.head
    table = head[FIRST_FREE_TABLE]
    if table >= 0:
        head[FIRST_FREE_TABLE] = t.child[table, 0]
        head[TABLES_FREE] -= 1
    else:
        table = head[TABLES_USED]
        head[TABLES_USED] += 1
    t.child[table] = -1
    return table


@njit
def free_table(t, table):
    """Put a table of branches on the free list, which runs through its first entry."""
    t.child[table, 0] = t.head[FIRST_FREE_TABLE]
    t.head[FIRST_FREE_TABLE] = table
    t.head[TABLES_FREE] += 1


@njit
def new_slot(t):
    """Take a free slot, empty it and draw the subspace of its leaf."""
    head = t.head
    slot = head[FIRST_FREE_SLOT]
    if slot >= 0:
        head[FIRST_FREE_SLOT] = int(t.stats[slot, 0, 0])
        head[SLOTS_FREE] -= 1
    else:
        slot = head[SLOTS_USED]
        head[SLOTS_USED] += 1
    n_features = t.feat.shape[0]
    t.stats[slot] = 0.0
    for f in range(n_features):
        t.seen[slot, f] = 0
    size = head[SUBSPACE]
    if 0 < size < n_features:
        for f in range(n_features):
            t.seen[slot, f] = -1
        for f in range(n_features - size, n_features):  # Floyd's draw without replacement
            pick = next_below(t.rng, f + 1)
            t.seen[slot, f if t.seen[slot, pick] == 0 else pick] = 0
    return slot


@njit
def free_slot(t, slot):
    """Put a slot on the free list, which runs through the first entry of `stats`."""
    t.stats[slot, 0, 0] = t.head[FIRST_FREE_SLOT]
    t.head[FIRST_FREE_SLOT] = slot
    t.head[SLOTS_FREE] += 1


# -- called from Python --------------------------------------------------------------------------


@njit
def add_tree(handle):
    """Make a tree of one empty leaf; return its root, which stays its root for ever."""
    return new_node(pool_at(handle), 0)


@njit
def drop_slot(handle, slot):
    """Empty a slot and put it on the free list."""
    t = pool_at(handle)
    t.seen[slot] = 0
    t.stats[slot] = 0.0
    free_slot(t, slot)
