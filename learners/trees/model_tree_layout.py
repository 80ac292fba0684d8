"""Where everything lies in the arrays of trees that predict numbers.

Any number of trees of one learner share them. Children of a branch are a list: the branch names the
first, each child the next. What a leaf knows of a numeric feature is a binary search tree of its
values, of a nominal one a list of its categories; both are made of the same entries.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from olearn.core.array_handles import Field, reader
from olearn.core.rng import KernelState
from olearn.learners.linear import layout as linear

# columns of `node_i`; a FREE node's FIRST is the next free one; DRAWN: whether a leaf has drawn the
# features that it looks at
KIND, FEATURE, FIRST, NEXT, PARENT, DEPTH, DRAWN, NODE_INTS = range(8)
# kinds of node: an ASLEEP leaf keeps no splits and is never split
FREE, LEAF, ASLEEP, NUMERIC, EQUALS, MULTIWAY = range(6)
# columns of `node_f`: threshold or category of the test; category of the parent's test that leads
# here; weight, mean and sum of squares of the targets; weight at the last split attempt; faded
# squared errors of the mean and of the model
VALUE, CATEGORY, N, MEAN, S, N_TRIED, MEAN_ERROR, MODEL_ERROR, NODE_FLOATS = range(9)
# values of `roots`
NONE, DISABLED = -1, -2
# columns of `entry_i` and `entry_f`; a free entry's LEFT is the next free one
LEFT, RIGHT, ABOVE, ENTRY_INTS = range(4)
KEY, WEIGHT, AVERAGE, SQUARES, ENTRY_FLOATS = range(5)
# columns of `scales`, whose first row is the target's
TOTAL, CENTRE, SPREAD = range(3)
# entries of `head`; SUBSPACE: number of random features that a leaf looks at, 0 = all
(
    NODES_USED,
    NODES_FREE,
    FIRST_FREE_NODE,
    ENTRIES_USED,
    ENTRIES_FREE,
    FIRST_FREE_ENTRY,
    WIDEST,
    MAY_GROW,
    DIVERGED,
    SUBSPACE,
    HEAD_SIZE,
) = range(11)
# entries of `conf`; DIGITS is a power of ten, 0 where values are not rounded
(
    GRACE,
    LOG_INVERSE_DELTA,
    TAU,
    LEAF_MODE,
    DECAY,
    MIN_SAMPLES,
    MAX_DEPTH,
    BINARY,
    DIGITS,
    NULL_SPLIT,
    REMOVE_POOR,
    NORMALISE,
    CONF_SIZE,
) = range(13)
MEAN_LEAF, MODEL_LEAF, ADAPTIVE_LEAF = range(3)  # LEAF_MODE


class ModelPool(NamedTuple):
    """All state of the trees; n nodes, d features (with room for r), e entries."""

    node_i: NDArray[np.int64]  # (n, 7)
    node_f: NDArray[np.float64]  # (n, 8)
    roots: NDArray[np.int64]  # (n, r): first entry of each feature in a leaf
    heads: NDArray[np.float64]  # (n, .) of the linear models, see `linear.layout`
    slots: NDArray[np.float64]  # (n, 4, r) of the linear models
    entry_i: NDArray[np.int64]  # (e, 3)
    entry_f: NDArray[np.float64]  # (e, 4)
    nominal: NDArray[np.int64]  # (d,): 1 where a feature has categories
    scales: NDArray[np.float64]  # (1 + r, 3)
    head: NDArray[np.int64]
    conf: NDArray[np.float64]
    model: NDArray[np.float64]  # settings of the linear models
    start: NDArray[np.float64]  # (1,): where their intercepts start
    rng: KernelState  # draws subspaces, and whatever the learner wants drawn


pool_at = reader(
    ModelPool,
    {
        "node_i": Field(np.int64, (None, NODE_INTS)),
        "node_f": Field(np.float64, (None, NODE_FLOATS)),
        "roots": Field(np.int64, (None, None)),
        "heads": Field(np.float64, (None, linear.N_HEAD)),
        "slots": Field(np.float64, (None, linear.N_SLOTS, None)),
        "entry_i": Field(np.int64, (None, ENTRY_INTS)),
        "entry_f": Field(np.float64, (None, ENTRY_FLOATS)),
        "nominal": Field(np.int64, (None,)),
        "scales": Field(np.float64, (None, 3)),
        "head": Field(np.int64, (HEAD_SIZE,)),
        "conf": Field(np.float64, (CONF_SIZE,)),
        "model": Field(np.float64, (linear.N_CONF,)),
        "start": Field(np.float64, (1,)),
        "rng": Field(np.uint64, (4,)),
    },
)
