"""Tests of the battery for regressors: a sound one passes, and each broken promise is found."""

import copy
from dataclasses import dataclass

import numpy as np
import pytest

from olearn import checks
from olearn.base import ArrayRegressor
from olearn.core.features import FeatureIndex


class Gradient(ArrayRegressor):
    """A sound toy: stochastic gradient on the features there are, with a random first weight."""

    def __init__(self, seed: int | None = None):
        self.seed = seed
        self._features = FeatureIndex()
        self._rng = np.random.default_rng(seed)
        self._weights = np.zeros(0)

    def _grow(self):
        n_new = len(self._features) - len(self._weights)
        self._weights = np.concatenate([self._weights, self._rng.normal(size=n_new)])

    def _learn_rows(self, X, y, w):
        for row, target, weight in zip(X, y, w, strict=True):
            x = np.nan_to_num(row)
            self._weights += weight * self._rng.random() * self._step(x, target) * x

    def _step(self, x, target):
        return 0.1 * (target - (x * self._weights).sum()) / (1.0 + (x * x).sum())

    def _predict_rows(self, X):
        return np.array([(np.nan_to_num(row) * self._weights).sum() for row in X])


class BatchOfItsOwn(Gradient):
    def _learn_rows(self, X, y, w):
        super()._learn_rows(X, y, w * (1.0 if len(X) == 1 else 1.0 + 1e-9))


class PredictsBlocks(Gradient):
    def _test_then_train_rows(self, X, y):
        out = self._predict_rows(X)
        self._learn_rows(X, y, np.ones(len(y)))
        return out


class TurnsSeries(Gradient):
    def learn_many(self, X, y, w=None, *, names=None):
        super().learn_many(X, y if isinstance(y, np.ndarray) else y[::-1], w, names=names)


class IgnoresWeights(Gradient):
    def _learn_rows(self, X, y, w):
        super()._learn_rows(X, y, np.ones(len(w)))


class WeighsArraysOnly(Gradient):
    def learn_one(self, x, y, w=1.0):
        super().learn_one(x, y)


class LearnsNaNAsOne(Gradient):
    def learn_one(self, x, y, w=1.0):
        super().learn_one({k: 1.0 if v != v else v for k, v in x.items()}, y, w)


class DecaysPerBatch(Gradient):
    def learn_many(self, X, y, w=None, *, names=None):
        self._weights *= 1.0 if len(X) else 0.9
        super().learn_many(X, y, w, names=names)


class PicklesWithoutGenerator(Gradient):
    def __getstate__(self):
        return vars(self) | {"_rng": np.random.default_rng(0)}


class CloneKeepsAll(Gradient):
    def clone(self, new_params=None, include_attributes=False):
        return super().clone(new_params, include_attributes) if new_params else copy.deepcopy(self)


class CountsQuestions(Gradient):
    def _predict_rows(self, X):
        self._n_asked = getattr(self, "_n_asked", 0) + len(X)
        return super()._predict_rows(X)


class KeepsItsInput(Gradient):
    def _learn_rows(self, X, y, w):
        self._last = X
        super()._learn_rows(X, y, w)


class ChangesItsInput(Gradient):
    def _learn_rows(self, X, y, w):
        super()._learn_rows(X, y, w)
        X[np.isnan(X)] = 0.0


class ChangesItsDict(Gradient):
    def learn_one(self, x, y, w=1.0):
        super().learn_one(x, y, w)
        x.setdefault("bias", 1.0)


class CountsBeforeChecking(Gradient):
    def learn_one(self, x, y, w=1.0):
        self._n_rows = getattr(self, "_n_rows", 0) + 1
        super().learn_one(x, y, w)


class TakesMissingTargets(Gradient):
    def learn_one(self, x, y, w=1.0):
        if y == y:
            super().learn_one(x, y, w)


class TakesTextTargets(Gradient):
    def learn_many(self, X, y, w=None, *, names=None):
        super().learn_many(X, None if y is None else np.array(y, float), w, names=names)


class LearnsUpToTheBadRow(Gradient):
    def learn_many(self, X, y, w=None, *, names=None):
        for row, target in zip(X.tolist(), y, strict=False):
            self.learn_one(dict(zip(names, row, strict=False)), target)


class KnowsNothingOfEmptyRows(Gradient):
    def predict_one(self, x):
        return super().predict_one(x) if x else float("nan")


class StoresRows(Gradient):
    def _learn_rows(self, X, y, w):
        self._seen = [*getattr(self, "_seen", []), X.copy()]

    def _predict_rows(self, X):
        return np.zeros(len(X))


class HidesItsMemory(StoresRows):
    @property
    def _raw_memory_usage(self):
        return 1000


@dataclass(eq=False, repr=False)
class SetsInVain(Gradient):
    bias: float = 0.0

    def __post_init__(self):
        super().__init__(seed=1)
        self._bias = self.bias

    def _predict_rows(self, X):
        return super()._predict_rows(X) + self._bias


class TakesCodesForNumbers(Gradient):
    def test_then_train_many(self, X, y, *, names=None):
        names = names if names is None or isinstance(names, list) else names.names
        return super().test_then_train_many(X, y, names=names)


BROKEN = [
    (BatchOfItsOwn, "check_regressor_learn_many_matches_loop", "loop against arrays"),
    (PredictsBlocks, "check_regressor_test_then_train_matches_loop", "test-then-train"),
    (TurnsSeries, "check_regressor_frames_match_loop", "pandas"),
    (IgnoresWeights, "check_regressor_weights_match_loop", "no difference"),
    (WeighsArraysOnly, "check_regressor_weights_match_loop", "loop against arrays"),
    (LearnsNaNAsOne, "check_regressor_missing_values_are_one", "absent keys"),
    (DecaysPerBatch, "check_regressor_empty_batches", "empty batches"),
    (PicklesWithoutGenerator, "check_regressor_copies_continue", "against pickle"),
    (CloneKeepsAll, "check_regressor_clone_repeats", "against its clone"),
    (CountsQuestions, "check_regressor_predictions_change_nothing", "_n_asked"),
    (KeepsItsInput, "check_regressor_inputs_are_not_kept", "_last"),
    (ChangesItsInput, "check_regressor_inputs_are_not_kept", "changed the arrays"),
    (ChangesItsDict, "check_regressor_inputs_are_not_kept", "bias"),
    (CountsBeforeChecking, "check_regressor_bad_rows_change_nothing", "_n_rows"),
    (TakesMissingTargets, "check_regressor_bad_rows_change_nothing", "nan was accepted"),
    (TakesTextTargets, "check_regressor_bad_arrays_change_nothing", "text was accepted"),
    (LearnsUpToTheBadRow, "check_regressor_bad_arrays_change_nothing", "though refused"),
    (KnowsNothingOfEmptyRows, "check_regressor_features_come_and_go", "no finite float"),
    (TakesCodesForNumbers, "check_regressor_text_blocks_match_dicts", "after blocks"),
    (StoresRows, "check_regressor_memory_is_bounded", "memory grew"),
    (HidesItsMemory, "check_regressor_memory_is_bounded", "_raw_memory_usage is 1000"),
    (SetsInVain, "check_parameters_set_take_effect_or_are_refused", "bias set to"),
]


def named(model, name):
    return next(check for check in checks.yield_checks(model) if check.__name__ == name)


def ids(value):
    return value.__name__ if hasattr(value, "__name__") else ""


@pytest.mark.parametrize("check", list(checks.yield_checks(Gradient())), ids=ids)
def test_sound_regressor_passes(check):
    """A regressor that keeps every promise passes each check."""
    check(Gradient())


@pytest.mark.parametrize(("broken", "name", "message"), BROKEN, ids=ids)
def test_broken_promise_is_found(broken, name, message):
    """The check made for a promise fails where it is broken, and says what differed."""
    with pytest.raises(AssertionError, match=message):
        named(broken(), name)(broken())


def test_every_check_can_fail():
    """No check is in the battery without a toy that fails it."""
    assert {c.__name__ for c in checks.yield_checks(Gradient())} == {name for _, name, _ in BROKEN}
