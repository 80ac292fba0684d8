"""The checks of `olearn.checks` for transformers that are stages of a pipeline."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

from olearn.base.stages import Schedule
from olearn.checks.tools import (
    NAMES,
    chunks,
    dicts,
    fresh,
    labelled_rows,
    require_equal,
    require_same_state,
    snapshot,
)
from olearn.core.types import Codes, Rows


def check_transformer_learns_arrays_as_loop(model: Any) -> None:
    """Arrays of any size are learnt as their rows are, bit for bit."""
    X, _ = labelled_rows(600)
    by_rows, by_arrays = fresh(model), fresh(model)
    for rows in chunks(len(X)):
        learn_many(by_arrays, X[rows])
    for x, target in zip(dicts(X), _targets(X).tolist(), strict=True):
        by_rows.learn_one(x, *([target] if model._supervised else []))
    _require_same_answers(by_rows, by_arrays, X, "loop against arrays")


def check_transformer_stage_matches_loop(model: Any) -> None:
    """A block in which labels come late gives what a loop gives, bit for bit."""
    X, _ = labelled_rows(600)
    for delay in (0, 1, 50, len(X)):
        loop, stage = _with_columns(model, X), _with_columns(model, X)
        plan = Schedule.delayed(len(X), delay)
        y = _targets(X)[plan.due]
        A, B = stage._stage_rows(X, X[plan.due], y, np.ones(len(y)), plan.upto)
        expected = _loop(loop, X, plan.due, plan.upto)
        for rows, answers in zip(expected, (A, B), strict=True):
            require_equal(_without_gaps(rows), _without_gaps(answers), f"stage of delay {delay}")
        _require_same_answers(loop, stage, X, f"after a stage, delay {delay}")


def check_transformer_learning_continues(model: Any) -> None:
    """A model pickled or deep-copied learns on as the original does."""
    X, _ = labelled_rows(400)
    original = fresh(model)
    learn_many(original, X[:200])
    copiers: tuple[Callable[[Any], Any], ...] = (_pickled, copy.deepcopy)
    twins = [copier(original) for copier in copiers]
    for learner in (original, *twins):
        learn_many(learner, X[200:])
    for twin in twins:
        _require_same_answers(original, twin, X, "original against its copy")


def check_transformer_unknown_features_change_nothing(model: Any) -> None:
    """Rows are transformed before any is learnt, and with features never seen; state stays."""
    X, _ = labelled_rows(50)
    transformer = fresh(model)
    before = snapshot(transformer)
    transformer.transform_one(dicts(X)[0])
    transformer.transform_many(X, names=NAMES)
    require_same_state(before, transformer, "a transformation before any learning")
    learn_many(transformer, X)
    before = snapshot(transformer)
    transformer.transform_one({"new": 1.0})
    transformer.transform_many(np.ones((2, 1)), names=["new"])
    require_same_state(before, transformer, "a feature never seen")


def learn_many(model: Any, X: Rows) -> None:
    """Learn rows, with a target where the transformer takes one."""
    model.learn_many(X, *([_targets(X)] if model._supervised else []), names=NAMES)


def _targets(X: Rows) -> Rows:
    targets: Rows = np.nan_to_num(X[:, 0])
    return targets


def _with_columns(model: Any, X: Rows) -> Any:
    """Return an untrained model that knows the columns; one row is learnt, lest it be empty."""
    made = fresh(model)
    learn_many(made, X[:1])
    return made


def _loop(model: Any, X: Rows, due: Codes, upto: Codes) -> tuple[Any, Any]:
    A, B, learnt = [], [], 0
    for t, row in enumerate(X):
        A.append(model._transform_row(row))
        for q in due[learnt : upto[t]]:
            if model._supervised:  # its answer must not know the target of the row
                B.append(model._transform_row(X[q]))
                model._learn_row(X[q], float(_targets(X)[q]), 1.0)
            else:
                model._learn_row(X[q], None, 1.0)
                B.append(model._transform_row(X[q]))
        learnt = upto[t]
    return A, B


def _require_same_answers(first: Any, second: Any, X: Rows, what: str) -> None:
    expected, got = (model.transform_many(X, names=NAMES) for model in (first, second))
    require_equal(_without_gaps(expected), _without_gaps(got), what)


def _without_gaps(rows: Any) -> list[list[float | None]]:
    return [[None if v != v else v for v in np.asarray(row).tolist()] for row in rows]


def _pickled(model: Any) -> Any:
    return pickle.loads(pickle.dumps(model))


STAGE_CHECKS: tuple[Callable[[Any], None], ...] = (
    check_transformer_learns_arrays_as_loop,
    check_transformer_stage_matches_loop,
    check_transformer_learning_continues,
    check_transformer_unknown_features_change_nothing,
)
