"""What forests of trees for numbers share: members, their detectors, and rows in schedules."""

import abc
from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from river import base

from olearn.core.features import FeatureIndex
from olearn.core.rng import kernel_state
from olearn.core.types import Codes, Rows
from olearn.detectors._adwin_kernels import adwin_size, adwin_start
from olearn.learners.trees import arf_regressor_kernels as kernels
from olearn.learners.trees import model_tree_layout as at
from olearn.learners.trees.interleave import interleaved
from olearn.learners.trees.model_tree import LimitedTargets, linear_of, settings_of_model
from olearn.learners.trees.model_tree_pool import ModelTreePool
from olearn.learners.trees.river_parts import check_built_in, delta_of
from olearn.learners.trees.subspace import subspace_size

Detector = Annotated[base.DriftDetector | base.BinaryDriftDetector, check_built_in]


class NumberForest(LimitedTargets):
    """A forest whose members are trees of numbers; a subclass has the parameters, and `_run`."""

    n_models: int
    max_features: float | int | str | None
    lambda_value: float
    drift_detector: Detector | None
    warning_detector: Detector | None
    seed: int | None
    _features: FeatureIndex
    _pools: list[ModelTreePool]
    _status: NDArray[np.int64]
    _tallies: Rows
    _windows: NDArray[np.float64]
    _settings: Rows
    _is_said: bool

    @abc.abstractmethod
    def _run(self, X: Rows, y: Rows, w: Rows) -> Rows:
        """Predict, then learn each row of weight above 0; return the predictions."""

    def _start(self, nominal: Any, max_size: float) -> None:
        n = self.n_models
        self._features = FeatureIndex(None if nominal is None else [*nominal])
        model = linear_of(getattr(self, "leaf_model", None))
        self._pools = [
            ModelTreePool(
                settings_of_model(self), model._state.conf.copy(), model.intercept_init,
                max_size / n, kernel_state(self.seed, stream=m),
            )
            for m in range(n)
        ]  # fmt: skip
        self._status = np.zeros((n, 4), np.int64)
        self._status[:, kernels.TREE] = [pool.add_tree() for pool in self._pools]
        self._status[:, kernels.BACKGROUND] = at.NONE
        self._tallies = np.zeros((n, kernels.TALLY_SIZE))
        self._windows = np.zeros((n, 2, adwin_size()))
        for windows in self._windows:
            adwin_start(windows[kernels.WARNING])
            adwin_start(windows[kernels.DRIFT])
        self._settings = np.zeros(3)
        self._is_said = False
        self._apply_parameters()
        self._grow()

    @property
    def _mutable_attributes(self) -> set[str]:
        return {"grace_period", "delta", "tau", "max_features", "lambda_value"}

    def _apply_parameters(self) -> None:
        self._settings[:] = (
            self.lambda_value,
            delta_of(self.warning_detector, 0.01),
            delta_of(self.drift_detector, 0.001),
        )
        conf = settings_of_model(self)
        size = subspace_size(self.max_features, len(self._features))
        for pool in self._pools:
            pool.arrays.conf[:] = conf
            pool.arrays.head[at.SUBSPACE] = size

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"n_models": 3, "seed": 1}

    def _unit_test_skips(self) -> set[str]:
        return {"check_shuffle_features_no_impact"}

    def __len__(self) -> int:
        """Return the number of members."""
        return self.n_models

    @property
    def n_warnings(self) -> int:
        """Number of warnings so far, all members together."""
        return int(self._status[:, kernels.N_WARNINGS].sum())

    @property
    def n_drifts(self) -> int:
        """Number of trees replaced so far, all members together."""
        return int(self._status[:, kernels.N_DRIFTS].sum())

    # -- rows ------------------------------------------------------------------------------------

    def _grow(self) -> None:
        widths = self._features.widths
        for pool in self._pools:
            pool.grow(widths)
            pool.arrays.head[at.SUBSPACE] = subspace_size(self.max_features, len(widths))

    def _stage_rows(self, A: Rows, B: Rows, y: Rows, w: Rows, upto: Codes) -> Rows:
        X, targets, weights, rows = interleaved(A, B, y, w, upto)
        return self._run(X, targets, weights)[rows]

    def _learn_rows(self, X: Rows, y: Rows, w: Rows) -> None:
        self._run(X, y, w)

    def _predict_rows(self, X: Rows) -> Rows:
        none = np.zeros(len(X))
        return self._run(X, none, none)
