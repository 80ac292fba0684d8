"""Where everything lies in the arrays of Hoeffding trees.

Any number of trees of one learner share them: nodes, statistics of the active leaves ("slots"), and
tables of branches. Kernels are given all of them as one handle, see `olearn.core.array_handles`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from olearn.core.array_handles import Field, reader
from olearn.core.rng import KernelState

# columns of `node_i`
KIND, FEATURE, LEFT, RIGHT, SLOT, N_LABELS, DEPTH = range(7)
# kinds of node; a MULTIWAY node's LEFT is its row of `child`, a FREE node's the next free one
FREE, LEAF, NUMERIC, EQUALS, MULTIWAY = range(5)
# columns of `node_f`: threshold or category; weight at the last split attempt; weights of the rows
# that majority class and naive Bayes would have got right; then one weight a class
VALUE, W_LAST, MC_RIGHT, NB_RIGHT, COUNTS = range(5)
# values of SLOT in a leaf without statistics
NO_SLOT, INACTIVE = -1, -2
# rows of `feat`: where a feature's statistics begin, and its category capacity (0 = numeric)
OFFSET, CAPACITY = range(2)
# fields of a numeric feature, each one value a class: Welford's sums, range, and what the density
# needs: 1 / (2 variance) and 1 / (sd sqrt(2 pi)), 0 for a class never seen
W, MEAN, M2, LOW, HIGH, HALF_PRECISION, NORM, NUMERIC_FIELDS = range(8)
# fields of a nominal feature: weight, 1 + highest category, 1 / (weight + that), then the counts
TOTAL, N_CATEGORIES, INVERSE, CATEGORY_COUNTS = range(4)
# entries of `head`
(
    N_CLASSES,
    NODES_USED,
    NODES_FREE,
    FIRST_FREE_NODE,
    SLOTS_USED,
    SLOTS_FREE,
    FIRST_FREE_SLOT,
    TABLES_USED,
    TABLES_FREE,
    FIRST_FREE_TABLE,
    SUBSPACE,
    MAY_GROW,
    HEAD_SIZE,
) = range(13)
# entries of `conf`
(
    GRACE,
    LOG_INVERSE_DELTA,
    TAU,
    MIN_BRANCH,
    N_POINTS,
    CRITERION,
    LEAF_MODE,
    NB_THRESHOLD,
    MAX_DEPTH,
    BINARY,
    MAX_SHARE,
    CONF_SIZE,
) = range(12)
MAJORITY, NAIVE_BAYES, ADAPTIVE = range(3)  # LEAF_MODE
INFO_GAIN, GINI, HELLINGER = range(3)  # CRITERION
ONLY_PREDICT = -1.0  # weight of a row that is not to be learnt: one compiled function does both


class Pool(NamedTuple):
    """All state of the trees; n nodes, s slots, d features, c classes, v categories."""

    node_i: NDArray[np.int64]  # (n, 7)
    node_f: NDArray[np.float64]  # (n, 4 + c)
    stats: NDArray[np.float64]  # (s, fields of all features, c)
    seen: NDArray[np.int8]  # (s, d): -1 outside the leaf's subspace, 0 no value yet, 1 values
    feat: NDArray[np.int64]  # (d, 2)
    child: NDArray[np.int64]  # (tables, v): node of each branch, -1 = none
    head: NDArray[np.int64]
    conf: NDArray[np.float64]
    rng: KernelState  # draws the subspaces of the leaves, and whatever the learner wants drawn


# for kernels: `t = pool_at(handle)`, then `t.node_i` and so on as in a `Pool`
pool_at = reader(
    Pool,
    {
        "node_i": Field(np.int64, (None, 7)),
        "node_f": Field(np.float64, (None, None)),
        "stats": Field(np.float64, (None, None, None)),
        "seen": Field(np.int8, (None, None)),
        "feat": Field(np.int64, (None, 2)),
        "child": Field(np.int64, (None, None)),
        "head": Field(np.int64, (HEAD_SIZE,)),
        "conf": Field(np.float64, (CONF_SIZE,)),
        "rng": Field(np.uint64, (4,)),
    },
)
