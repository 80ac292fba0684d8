"""What the learners of one Hoeffding tree share: prediction, growth and the tree's size."""

import abc

import numpy as np

from olearn.base import ArrayClassifier
from olearn.core.types import Codes, Rows
from olearn.core.validate import check_choice, check_in_range, check_integer
from olearn.learners.trees import kernels
from olearn.learners.trees.pool import LEAF_MODES, TreePool
from olearn.learners.trees.text import tree_shape


class SingleTree(ArrayClassifier):
    """A classifier that predicts with the tree `_root` of `_pool`; a subclass writes `_run`."""

    _pool: TreePool
    _root: int

    @property
    def n_nodes(self) -> int:
        """Number of nodes of the tree that predicts, leaves included."""
        return tree_shape(self._pool.arrays, self._root)[0]

    @property
    def n_leaves(self) -> int:
        """Number of leaves of the tree that predicts."""
        return tree_shape(self._pool.arrays, self._root)[1]

    @property
    def height(self) -> int:
        """Number of splits on the longest path of the tree that predicts."""
        return tree_shape(self._pool.arrays, self._root)[2]

    @abc.abstractmethod
    def _run(self, X: Rows, y: Codes, w: Rows) -> Codes:
        """Predict, then learn each row; return the predicted codes."""

    def _grow(self, n_classes: int) -> None:
        self._pool.grow(self._features.widths, n_classes)

    def _learn_rows(self, X: Rows, y: Codes, w: Rows) -> None:
        self._run(X, y, w)

    def _test_then_train_rows(self, X: Rows, y: Codes) -> Codes:
        return self._run(X, y, np.ones(len(y)))

    def _code_row(self, row: Rows) -> int:
        code: int = kernels.code_row(self._pool.handle, self._root, row)
        return code

    def _codes_rows(self, X: Rows) -> Codes:
        out = np.empty(len(X), np.int64)
        kernels.codes_many(self._pool.handle, self._root, X, out)
        return out

    def _proba_rows(self, X: Rows) -> Rows:
        out = np.empty((len(X), len(self._labels)))
        kernels.proba_many(self._pool.handle, self._root, X, out)
        return out


def check_tree_parameters(
    grace_period: float,
    max_depth: int | None,
    split_criterion: str,
    delta: float,
    tau: float,
    leaf_prediction: str,
    max_size: float,
) -> None:
    """Check the parameters that all learners made of Hoeffding trees share."""
    check_in_range("grace_period", grace_period, 0, open_low=True)
    if max_depth is not None:
        check_integer("max_depth", max_depth, 1)
    check_choice("split_criterion", split_criterion, ("info_gain", "gini"))
    check_in_range("delta", delta, 0.0, 1.0, open_low=True, open_high=True)
    check_in_range("tau", tau, 0.0)
    check_choice("leaf_prediction", leaf_prediction, tuple(LEAF_MODES))
    check_in_range("max_size", max_size, 0.0, open_low=True)
