"""The checks of transformers: a sound one passes, and each broken promise is found."""

import numpy as np
import pytest

from olearn import checks
from olearn.base import ArrayTransformer
from olearn.checks.stages import STAGE_CHECKS
from olearn.checks.transformers import TRANSFORMER_CHECKS

CHECKS = {check.__name__: check for check in (*TRANSFORMER_CHECKS, *STAGE_CHECKS)}


class Centres(ArrayTransformer):
    """Takes the mean of each feature away."""

    def __init__(self):
        self._start_encoding(only_numbers=True)
        self._n, self._sum = np.zeros(0), np.zeros(0)

    def _grow(self):
        more = len(self._features) - len(self._n)
        self._n, self._sum = np.pad(self._n, (0, more)), np.pad(self._sum, (0, more))

    def _learn_rows(self, X, y, w):
        for row in X:
            self._n += row == row
            self._sum += np.where(row == row, row, 0.0)

    def _transform_rows(self, X):
        return X - self._sum / np.maximum(self._n, 1.0)


class LearnsBatches(Centres):
    """Learns only the last row of an array."""

    def _learn_rows(self, X, y, w):
        super()._learn_rows(X[-1:], y, w)


class StageLearnsFirst(Centres):
    """Lets a row in that has not come yet."""

    def _stage_rows(self, A, B, y, w, upto):
        self._learn_rows(B, y, w)
        return self._transform_rows(A), self._transform_rows(B)


class LearnsGapsAsZero(Centres):
    """Counts what is missing in a dict, but not a key that is absent."""

    def learn_one(self, x):
        super().learn_one({k: 0.0 if v is None else v for k, v in x.items()})


class LearnsInPassing(Centres):
    """Learns what it turns."""

    def _transform_rows(self, X):
        self._learn_rows(X, None, None)
        return super()._transform_rows(X)


class WritesIntoRows(Centres):
    """Returns the array that it was given."""

    def _transform_rows(self, X):
        X -= self._sum / np.maximum(self._n, 1.0)
        return X


class KeepsRows(Centres):
    """Remembers every row."""

    def __init__(self):
        super().__init__()
        self._rows = []

    def _learn_rows(self, X, y, w):
        super()._learn_rows(X, y, w)
        self._rows.extend(X.copy())


class NamesFramesAnew(Centres):
    """Names the columns of frames in another way than those of dicts."""

    def _as_frame(self, turned, like):
        return super()._as_frame(turned, like).rename(columns=lambda name: f"{name}_centred")


class ForgetsItsState(Centres):
    """A pickled copy starts anew."""

    def __setstate__(self, state):
        super().__setstate__(state)
        self._n, self._sum = np.zeros_like(self._n), np.zeros_like(self._sum)


@pytest.mark.parametrize("name", CHECKS)
def test_a_sound_transformer_passes(name):
    """Each check alone."""
    CHECKS[name](Centres())


@pytest.mark.parametrize(
    ("broken", "name", "message"),
    [
        (LearnsBatches, "check_transformer_learns_arrays_as_loop", "loop against arrays"),
        (StageLearnsFirst, "check_transformer_stage_matches_loop", "stage of delay 0"),
        (LearnsGapsAsZero, "check_transformer_missing_values_are_one", "NaN against None"),
        (LearnsInPassing, "check_transformer_inference_is_pure", "inference"),
        (WritesIntoRows, "check_transformer_inputs_are_not_kept", "has changed"),
        (KeepsRows, "check_transformer_memory_is_bounded", "memory grew"),
        (NamesFramesAnew, "check_transformer_frames_match_loop", "loop against pandas frames"),
        (ForgetsItsState, "check_transformer_learning_continues", "original against its copy"),
        (ForgetsItsState, "check_transformer_copies_continue", "original against its copy"),
    ],
)
def test_a_broken_promise_is_found(broken, name, message):
    """The check that is about it fails, and says what is wrong."""
    pytest.importorskip("pandas")
    assert name in {check.__name__ for check in checks.yield_checks(broken())}
    with pytest.raises(AssertionError, match=message):
        CHECKS[name](broken())
