"""The rules of one learner: their arrays beside those of the leaves that they are made of.

A rule is a leaf of a `ModelTreePool` without a tree, which looks for a split, and has literals that
a row must fulfil, a predictor of its own, statistics of the features and a detector.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from olearn.core.array_handles import Field, reader
from olearn.core.handles import handle_of, kinds_of
from olearn.core.types import Rows
from olearn.learners.trees import model_tree_layout as at
from olearn.learners.trees.model_tree_pool import ModelTreePool

# columns of `own`: weight and mean of the targets that the predictor has learnt, faded absolute
# errors of that mean and of the model
SEEN, AVERAGE, MEAN_OFF, MODEL_OFF, OWN_SIZE = range(5)
# entries of a literal
FEATURE, KIND, VALUE, LITERAL_SIZE = range(4)
BELOW, ABOVE, EQUAL, OTHER = range(4)  # KIND: <=, >, =, !=
# columns of the statistics of a feature
TOTAL, MEAN, SQUARES, STAT_SIZE = range(4)
# entries of `counts`; MOST: literals that some rule has had
N_RULES, DEFAULT, N_DRIFTS, MOST, COUNTS_SIZE = range(5)
# entries of `settings`
FADING, THRESHOLD, WARM_UP, ORDERED, DETECTOR, DELTA, SETTINGS_SIZE = range(7)
NO_DETECTOR, ADWIN, PAGE_HINKLEY = range(3)  # DETECTOR


class Rules(NamedTuple):
    """What rules have beside a leaf; n nodes, room for r features and l literals each."""

    own: NDArray[np.float64]  # (n, 4)
    stats: NDArray[np.float64]  # (n, r, 3)
    literals: NDArray[np.float64]  # (n, l, 3)
    n_literals: NDArray[np.int64]  # (n,)
    detectors: NDArray[np.float64]  # (n, .)
    order: NDArray[np.int64]  # (n,): the rules, oldest first
    counts: NDArray[np.int64]
    fresh: NDArray[np.float64]  # (1, .): a detector that has seen nothing
    settings: NDArray[np.float64]


rules_at = reader(
    Rules,
    {
        "own": Field(np.float64, (None, OWN_SIZE)),
        "stats": Field(np.float64, (None, None, STAT_SIZE)),
        "literals": Field(np.float64, (None, None, LITERAL_SIZE)),
        "n_literals": Field(np.int64, (None,)),
        "detectors": Field(np.float64, (None, None)),
        "order": Field(np.int64, (None,)),
        "counts": Field(np.int64, (COUNTS_SIZE,)),
        "fresh": Field(np.float64, (1, None)),
        "settings": Field(np.float64, (SETTINGS_SIZE,)),
    },
)
_KINDS = kinds_of(Rules)
_OF_NODES = ("own", "stats", "literals", "n_literals", "detectors", "order")


class RulePool(ModelTreePool):
    """A pool of leaves that are rules; parameters as of `ModelTreePool`, and a fresh detector."""

    def __init__(
        self, conf: Rows, model: Rows, intercept: float, max_size: float, detector: Rows
    ) -> None:
        super().__init__(conf, model, intercept, max_size)
        self._all_bytes = self._max_bytes
        counts = np.zeros(COUNTS_SIZE, np.int64)
        counts[DEFAULT] = self.add_tree()
        n, width = len(self.arrays.node_i), len(detector)
        self.rules = Rules(
            own=np.zeros((n, OWN_SIZE)),
            stats=np.zeros((n, 0, STAT_SIZE)),
            literals=np.zeros((n, 4, LITERAL_SIZE)),
            n_literals=np.zeros(n, np.int64),
            detectors=np.zeros((n, width)),
            order=np.zeros(n, np.int64),
            counts=counts,
            fresh=detector[None].copy(),
            settings=np.zeros(SETTINGS_SIZE),
        )
        self.rules.detectors[counts[DEFAULT]] = detector

    @property
    def rules(self) -> Rules:
        """The arrays of the rules; those of now, since growth makes new ones."""
        return self._rules

    @rules.setter
    def rules(self, rules: Rules) -> None:
        self._rules = rules
        self.rules_handle = handle_of(rules, _KINDS)

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        del state["rules_handle"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.rules = state["_rules"]

    @property
    def n_bytes(self) -> int:
        """Memory of all arrays in bytes."""
        return super().n_bytes + sum(array.nbytes for array in self.rules)

    def grow(self, widths: Sequence[int]) -> None:
        """Make room for features, of so many categories each; 0 = numeric."""
        super().grow(widths)
        self.arrays.head[at.WIDEST] = 0  # a rule has no children
        self._follow()

    def make_room(self, n_trees: int = 1) -> None:
        """Make room for so many rules to learn a row, within the memory bound."""
        super().make_room(n_trees)
        self._follow()
        literals = self.rules.literals
        if self.rules.counts[MOST] == literals.shape[1]:
            more = ((0, 0), (0, literals.shape[1]), (0, 0))
            self.rules = self.rules._replace(literals=np.pad(literals, more))
            self._share()

    def _follow(self) -> None:
        """Give each node what a rule has, over all columns."""
        t, r = self.arrays, self.rules
        nodes, columns = len(t.node_i) - len(r.own), t.roots.shape[1] - r.stats.shape[1]
        if nodes:
            longer = {name: getattr(r, name) for name in _OF_NODES}
            r = r._replace(
                **{
                    name: np.pad(array, ((0, nodes), *((0, 0),) * (array.ndim - 1)))
                    for name, array in longer.items()
                }
            )
        if columns:
            r = r._replace(stats=np.pad(r.stats, ((0, 0), (0, columns), (0, 0))))
        if nodes or columns:
            self.rules = r
            self._share()

    def _share(self) -> None:
        """Leave the leaves so much of the memory that there is enough for what rules add to it.

        Nodes get a quarter of a pool, so what is added is to a quarter as a rule is to a node.
        """
        t, n = self.arrays, len(self.arrays.node_i)
        node = sum(each.nbytes for each in (t.node_i, t.node_f, t.roots, t.heads, t.slots)) / n
        rule = sum(getattr(self.rules, name).nbytes for name in _OF_NODES) / n
        self._max_bytes = int(self._all_bytes / (1.0 + rule / node / 4.0))
