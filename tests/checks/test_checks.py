"""Tests of the battery itself: a sound model passes all of it, and each broken promise is found."""

import copy
from dataclasses import dataclass

import numpy as np
import pytest
from river import linear_model
from toys import NearestMean

from olearn import checks


class StoresRows(NearestMean):
    def _learn_rows(self, X, y, w):
        self._seen = [*getattr(self, "_seen", []), X.copy()]
        super()._learn_rows(X, y, w)


class HidesItsMemory(StoresRows):
    @property
    def _raw_memory_usage(self):
        return 1000


class CountsQuestions(NearestMean):
    def _proba_rows(self, X):
        self._n_asked = getattr(self, "_n_asked", 0) + 1
        return super()._proba_rows(X)


class DrawsInPrediction(NearestMean):
    def predict_proba_one(self, x, **kwargs):
        self._rng.random()
        return super().predict_proba_one(x, **kwargs)


class BatchOfItsOwn(NearestMean):
    def _learn_rows(self, X, y, w):
        super()._learn_rows(X, y, w * (1.0 if len(X) == 1 else 1.0 + 1e-15))


class PredictsBlocks(NearestMean):
    def _test_then_train_rows(self, X, y):
        codes = self._codes_rows(X) if len(y) else y
        self._learn_rows(X, y, np.ones(len(y)))
        return codes


class TurnsFrames(NearestMean):
    def learn_many(self, X, y, w=None, *, names=None):
        if not isinstance(X, np.ndarray):
            X, y = X[::-1], y[::-1]
        super().learn_many(X, y, w, names=names)


class LearnsNaNAsZero(NearestMean):
    def learn_one(self, x, y, w=1.0):
        super().learn_one({k: 0.0 if v != v else v for k, v in x.items()}, y, w)


class DecaysPerBatch(NearestMean):
    def learn_many(self, X, y, w=None, *, names=None):
        if len(X) == 0:
            self._sums *= 0.9
        super().learn_many(X, y, w, names=names)


class PicklesWithoutGenerator(NearestMean):
    def __getstate__(self):
        return vars(self) | {"_rng": np.random.default_rng(0)}


class IgnoresItsSeed(NearestMean):
    def __init__(self, seed: int | None = None):
        super().__init__(seed)
        self._rng = np.random.default_rng()


class CloneKeepsAll(NearestMean):
    def clone(self, new_params=None, include_attributes=False):
        return super().clone(new_params, include_attributes) if new_params else copy.deepcopy(self)


class KeepsItsInput(NearestMean):
    def _learn_rows(self, X, y, w):
        self._last = X
        super()._learn_rows(X, y, w)


class ChangesItsInput(NearestMean):
    def _learn_rows(self, X, y, w):
        super()._learn_rows(X, y, w)
        X[np.isnan(X)] = 0.0


class ChangesItsDict(NearestMean):
    def learn_one(self, x, y, w=1.0):
        super().learn_one(x, y, w)
        x.setdefault("bias", 1.0)


class CountsBeforeChecking(NearestMean):
    def learn_one(self, x, y, w=1.0):
        self._n_rows = getattr(self, "_n_rows", 0) + 1
        super().learn_one(x, y, w)


class AcceptsInfinity(NearestMean):
    def learn_one(self, x, y, w=1.0):
        finite = {k: v for k, v in x.items() if v not in (np.inf, -np.inf)}
        super().learn_one(finite, y, w)


class SaysLittle(NearestMean):
    def learn_one(self, x, y, w=1.0):
        try:
            super().learn_one(x, y, w)
        except ValueError:
            raise ValueError("bad row") from None


class RaisesTheWrongKind(NearestMean):
    def learn_one(self, x, y, w=1.0):
        try:
            super().learn_one(x, y, w)
        except ValueError as error:
            raise KeyError(str(error)) from None


class LearnsUpToTheBadRow(NearestMean):
    def learn_many(self, X, y, w=None, *, names=None):
        for row, label in zip(X.tolist(), y, strict=False):
            self.learn_one(dict(zip(names, row, strict=False)), label)


class KnowsOnlyFullRows(NearestMean):
    def predict_proba_one(self, x, **kwargs):
        return super().predict_proba_one(x, **kwargs) if x else {}


class ForgetsLabels(NearestMean):
    def predict_proba_one(self, x, **kwargs):
        return dict([*super().predict_proba_one(x, **kwargs).items()][-3:])


class AnswersInStrings(NearestMean):
    def predict_one(self, x, **kwargs):
        label = super().predict_one(x, **kwargs)
        return None if label is None else str(label)


class HalfPrecision(NearestMean):
    def _proba_rows(self, X):
        return super()._proba_rows(X).astype(np.float16).astype(np.float64)


class PredictsTheWorst(NearestMean):
    def _codes_rows(self, X):
        return np.argmin(self._proba_rows(X), axis=1)


class GuessesUntrained(NearestMean):
    def predict_one(self, x, **kwargs):
        return super().predict_one(x, **kwargs) or 0


@dataclass(eq=False, repr=False)
class SetsInVain(NearestMean):
    power: int = 1

    def __post_init__(self):
        super().__init__(seed=1)
        self._power = self.power

    def _proba_rows(self, X):
        proba = super()._proba_rows(X) ** self._power
        return proba / proba.sum(axis=1, keepdims=True)


class TakesCodesForNumbers(NearestMean):
    def test_then_train_codes(self, X, codes, labels, *, names=None):
        names = names if names is None or isinstance(names, list) else names.names
        return super().test_then_train_codes(X, codes, labels, names=names)


BROKEN = [
    (BatchOfItsOwn, "check_learn_many_matches_loop", "loop against arrays"),
    (PredictsBlocks, "check_test_then_train_many_matches_loop", "test-then-train"),
    (TurnsFrames, "check_frames_match_loop", "pandas"),
    (LearnsNaNAsZero, "check_missing_values_are_one", "absent keys"),
    (DecaysPerBatch, "check_empty_batches", "empty batches"),
    (PicklesWithoutGenerator, "check_copies_continue", "against pickle"),
    (IgnoresItsSeed, "check_clone_repeats", "against its clone"),
    (CloneKeepsAll, "check_clone_repeats", "still knows"),
    (CountsQuestions, "check_predictions_change_nothing", "_n_asked"),
    (DrawsInPrediction, "check_predictions_change_nothing", "_rng"),
    (KeepsItsInput, "check_inputs_are_not_kept", "_last"),
    (ChangesItsInput, "check_inputs_are_not_kept", "changed the arrays"),
    (ChangesItsDict, "check_inputs_are_not_kept", "bias"),
    (CountsBeforeChecking, "check_bad_rows_change_nothing", "_n_rows"),
    (AcceptsInfinity, "check_bad_rows_change_nothing", "was accepted"),
    (SaysLittle, "check_bad_rows_change_nothing", "does not name"),
    (RaisesTheWrongKind, "check_bad_rows_change_nothing", "raised KeyError"),
    (LearnsUpToTheBadRow, "check_bad_arrays_change_nothing", "though refused"),
    (KnowsOnlyFullRows, "check_features_come_and_go", "after 1 rows"),
    (ForgetsLabels, "check_late_labels_appear", "class 0"),
    (AnswersInStrings, "check_labels_come_back", "came back for labels of type int"),
    (HalfPrecision, "check_probabilities", "add up to"),
    (PredictsTheWorst, "check_probabilities", "is predicted"),
    (GuessesUntrained, "check_untrained_predictions", "untrained prediction"),
    (TakesCodesForNumbers, "check_text_blocks_match_dicts", "after blocks of codes"),
    (StoresRows, "check_memory_is_bounded", "memory grew"),
    (HidesItsMemory, "check_memory_is_bounded", "_raw_memory_usage is 1000"),
    (SetsInVain, "check_parameters_set_take_effect_or_are_refused", "power set to"),
]


def named(model, name):
    return next(check for check in checks.yield_checks(model) if check.__name__ == name)


def ids(value):
    return value.__name__ if hasattr(value, "__name__") else ""


@pytest.mark.parametrize("check", list(checks.yield_checks(NearestMean())), ids=ids)
def test_sound_learner_passes(check):
    """A learner that keeps every promise passes each check."""
    check(NearestMean())


@pytest.mark.parametrize(("broken", "name", "message"), BROKEN, ids=ids)
def test_broken_promise_is_found(broken, name, message):
    """The check made for a promise fails where it is broken, and says what differed."""
    with pytest.raises(AssertionError, match=message):
        named(broken(), name)(broken())


def test_every_check_can_fail():
    """No check is in the battery without a toy that fails it."""
    assert {c.__name__ for c in checks.yield_checks(NearestMean())} == {
        name for _, name, _ in BROKEN
    }


def test_check_estimator_honours_skips(monkeypatch):
    """A class that skips the one check it fails passes as a whole; without the skip it does not."""
    skips = {"check_learn_many_matches_loop"}
    monkeypatch.setattr(checks, "yield_river_checks", lambda model: iter(()))
    with pytest.raises(AssertionError, match="loop against arrays"):
        checks.check_estimator(BatchOfItsOwn())
    kept = [c for c in checks.yield_checks(NearestMean()) if c.__name__ in skips]
    monkeypatch.setattr(checks, "yield_checks", lambda model: iter(kept))
    monkeypatch.setattr(BatchOfItsOwn, "_unit_test_skips", lambda self: skips)
    checks.check_estimator(BatchOfItsOwn())


def test_foreign_models_are_refused():
    """A model without the array door is told which classes are meant."""
    with pytest.raises(TypeError, match=r"ArrayRegressor, .*, got Logistic"):
        list(checks.yield_checks(linear_model.LogisticRegression()))
