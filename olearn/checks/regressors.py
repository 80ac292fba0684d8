"""The checks of `olearn.checks` for regressors and transformers with an array door."""

import copy
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from river import base

from olearn.checks.tools import (
    NAMES,
    chunks,
    dicts,
    fresh,
    labelled_rows,
    require,
    require_equal,
    require_refusal,
    require_same_state,
    snapshot,
)


def check_number_arrays_match_loop(model: Any) -> None:
    """Arrays in odd chunks give what a loop over rows gives, bit for bit, NaN being a gap."""
    X, y = numeric_rows()
    by_rows, by_arrays = fresh(model), fresh(model)
    for part in chunks(len(X)):
        if isinstance(model, base.Regressor):
            for x, target in zip(dicts(X[part]), y[part].tolist(), strict=True):
                by_rows.learn_one(x, target)
            by_arrays.learn_many(X[part], y[part], names=NAMES)
        expected = [_answer(by_rows, x) for x in dicts(X[-60:])]
        got = _answers(by_arrays, X[-60:])
        require_equal(expected, got, f"loop against arrays after {part.stop} rows")


def check_number_copies_continue(model: Any) -> None:
    """A model pickled or deep-copied in the middle goes on as the original does."""
    X, y = numeric_rows()
    original = fresh(model)
    _learn(original, X[:100], y[:100])
    copiers: tuple[Callable[[Any], Any], ...] = (_pickled, copy.deepcopy)
    for copier in copiers:
        twin, onward = copier(original), copier(original)
        for each in (twin, onward):
            _learn(each, X[100:], y[100:])
        require_equal(_answers(onward, X[:60]), _answers(twin, X[:60]), "two copies")
    _learn(original, X[100:], y[100:])
    require_equal(_answers(original, X[:60]), _answers(twin, X[:60]), "original against its copy")


def check_number_inference_is_pure(model: Any) -> None:
    """Predictions and transformations leave the state as it was."""
    X, y = numeric_rows()
    learner = fresh(model)
    _learn(learner, X[:100], y[:100])
    before = snapshot(learner)
    for x in (*dicts(X[:20]), {}, {"new": 1.0}):
        _answer(learner, x)
    _answers(learner, X[100:150])
    require_same_state(before, learner, "inference")


def check_number_bad_rows_change_nothing(model: Any) -> None:
    """An infinite or foreign value, or a bad target, raises and leaves no trace."""
    X, y = numeric_rows()
    learner = fresh(model)
    _learn(learner, X[:50], y[:50])
    both = (TypeError, ValueError)
    for value in (float("inf"), [1.0]):
        x = {"a": 1.0, "c": value}
        require_refusal(learner, partial(_answer, learner, x), both, ("'c'",), f"inference of {x}")
        if isinstance(model, base.Regressor):
            learn = partial(learner.learn_one, x, 1.0)
            require_refusal(learner, learn, both, ("'c'",), f"learn_one of {x}")
    if isinstance(model, base.Regressor):
        for target in (float("nan"), float("inf"), "text"):
            learn = partial(learner.learn_one, {"new": 1.0}, target)
            require_refusal(learner, learn, both, ("y ",), f"learn_one of the target {target}")
        short = partial(learner.learn_many, X[:9], y[:8], names=NAMES)
        require_refusal(learner, short, ValueError, ("y ",), "learn_many of too few targets")


def numeric_rows() -> tuple[Any, Any]:
    """Rows of five numbers with gaps, and a target that is linear in them, but for noise."""
    X, _ = labelled_rows(400)
    y = np.nan_to_num(X) @ np.array([1.0, -2.0, 0.5, 0.0, 3.0])
    return X, y + np.random.default_rng(5).normal(size=len(y))


def _pickled(model: Any) -> Any:
    return pickle.loads(pickle.dumps(model))


def _learn(model: Any, X: Any, y: Any) -> None:
    if isinstance(model, base.MiniBatchRegressor):
        learn: Any = model.learn_many  # river's has no names
        learn(X, y, names=NAMES)


def _answer(model: Any, x: Any) -> Any:
    if isinstance(model, base.Regressor):
        return model.predict_one(x)
    return [*model.transform_one(x).values()]


def _answers(model: Any, X: Any) -> Any:
    many = "predict_many" if isinstance(model, base.Regressor) else "transform_many"
    answers = getattr(model, many)(X, names=NAMES)
    require(isinstance(answers, np.ndarray), "an array must be answered by an array")
    return answers.tolist()


NUMBER_CHECKS: tuple[Callable[[Any], None], ...] = (
    check_number_arrays_match_loop,
    check_number_copies_continue,
    check_number_inference_is_pure,
    check_number_bad_rows_change_nothing,
)
