"""The checks of `olearn.checks` for transformers that are stages of a pipeline."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from olearn.base.stages import Schedule
from olearn.checks.tools import (
    COPIERS,
    NAMES,
    chunks,
    dicts,
    few_distinct_blocks,
    frame_kinds,
    fresh,
    labelled_rows,
    learn_many,
    require,
    require_bounded,
    require_equal,
    require_same_state,
    snapshot,
    state_bytes,
    targets_of,
)
from olearn.core.types import Codes, Rows


def check_transformer_learns_arrays_as_loop(model: Any) -> None:
    """Arrays of any size are learnt as their rows are, bit for bit."""
    X, _ = labelled_rows(600)
    by_rows, by_arrays = fresh(model), fresh(model)
    for rows in chunks(len(X)):
        learn_many(by_arrays, X[rows])
    for x, target in zip(dicts(X), targets_of(X).tolist(), strict=True):
        by_rows.learn_one(x, *([target] if model._supervised else []))
    _require_same_answers(by_rows, by_arrays, X, "loop against arrays")


def check_transformer_stage_matches_loop(model: Any) -> None:
    """A block in which labels come late gives what a loop gives, bit for bit."""
    X, _ = labelled_rows(600)
    for delay in (0, 1, 50, len(X)):
        loop, stage = _with_columns(model, X), _with_columns(model, X)
        plan = Schedule.delayed(len(X), delay)
        y = targets_of(X)[plan.due]
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
    twins = [copier(original) for copier in COPIERS.values()]
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
    with warnings.catch_warnings(action="ignore"):  # it says that it knows no column of these
        transformer.transform_many(np.ones((2, 1)), names=["new"])
    require_same_state(before, transformer, "a feature never seen")


def check_transformer_missing_values_are_one(model: Any) -> None:
    """NaN, None and an absent key mean the same, in learning and when rows are turned."""
    X, _ = labelled_rows(400)
    with_nan = dicts(X)
    absent = [{k: v for k, v in x.items() if v == v} for x in with_nan]
    with_none = [{k: v if v == v else None for k, v in x.items()} for x in with_nan]
    expected = _learn_and_turn(model, with_nan, X)
    require_equal(expected, _learn_and_turn(model, absent, X), "NaN against absent keys")
    require_equal(expected, _learn_and_turn(model, with_none, X), "NaN against None")


def check_transformer_frames_match_loop(model: Any) -> None:
    """pandas and polars frames are learnt and turned as their rows are."""
    X, _ = labelled_rows(300)
    for name, make_frame in frame_kinds():
        by_rows, by_frames = fresh(model), fresh(model)
        for x, target in zip(dicts(X), targets_of(X).tolist(), strict=True):
            by_rows.learn_one(x, *([target] if model._supervised else []))
        frame = make_frame(dict(zip(NAMES, X.T, strict=True)))
        by_frames.learn_many(frame, *([targets_of(X)] if model._supervised else []))
        made = by_frames.transform_many(frame)
        columns = {str(column): made[column].to_list() for column in made.columns}
        answers = [{k: column[i] for k, column in columns.items()} for i in range(len(X))]
        there = [{k: v for k, v in x.items() if v is not None and v == v} for x in answers]
        expected = [{str(k): v for k, v in by_rows.transform_one(x).items()} for x in dicts(X)]
        require_equal(expected, there, f"loop against {name} frames")


def check_transformer_inputs_are_not_kept(model: Any) -> None:
    """Dicts and arrays stay as they were, and writing into them later changes nothing."""
    X, _ = labelled_rows(100)
    transformer, given = fresh(model), X.copy()
    learn_many(transformer, given)
    answer = transformer.transform_many(given, names=NAMES)
    require(np.array_equal(X, given, equal_nan=True), "an array that was given has changed")
    before = snapshot(transformer)
    given[...] = 1.0
    answer[...] = 1.0
    require_same_state(before, transformer, "writing into arrays given and returned")
    for x, target in zip(dicts(X), targets_of(X).tolist(), strict=True):
        shown = repr(x)
        transformer.learn_one(x, *([target] if model._supervised else []))
        transformer.transform_one(x).clear()
        require(repr(x) == shown, f"the dict {shown} given to the transformer became {x}")
    before = snapshot(transformer)
    x.clear()
    require_same_state(before, transformer, "clearing the last dict learnt")


def check_transformer_memory_is_bounded(model: Any) -> None:
    """200,000 rows need hardly more memory than 100,000, and the figure given is true."""
    transformer = fresh(model)
    peaks = [0, 0]
    for i, (X, y) in enumerate(few_distinct_blocks(200_000, block=10_000)):
        transformer.learn_many(X, *([y.astype(np.float64)] if model._supervised else []))
        peaks[i // 10] = max(peaks[i // 10], state_bytes(transformer))
    require_bounded(peaks, "rows")


def _learn_and_turn(model: Any, rows: Any, X: Rows) -> list[Any]:
    transformer, answers = fresh(model), []
    for x, target in zip(rows, targets_of(X).tolist(), strict=True):
        transformer.learn_one(x, *([target] if model._supervised else []))
        answers.append(transformer.transform_one(x))
    return answers


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
                model._learn_row(X[q], float(targets_of(X)[q]), 1.0)
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


STAGE_CHECKS: tuple[Callable[[Any], None], ...] = (
    check_transformer_learns_arrays_as_loop,
    check_transformer_stage_matches_loop,
    check_transformer_learning_continues,
    check_transformer_unknown_features_change_nothing,
    check_transformer_missing_values_are_one,
    check_transformer_frames_match_loop,
    check_transformer_inputs_are_not_kept,
    check_transformer_memory_is_bounded,
)
