"""The checks of `olearn.checks` for anomaly detectors."""

import math
import warnings
from collections.abc import Callable, Iterator
from functools import partial, wraps
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
    require,
    require_bounded,
    require_equal,
    require_refusal,
    require_same_state,
    snapshot,
    state_bytes,
)
from olearn.core.types import Codes, Rows

_BOTH = (TypeError, ValueError)


def _quietly(check: Callable[[Any], None]) -> Callable[[Any], None]:
    """Let a check run without the words on limits and late features, which its rows call for."""

    @wraps(check)
    def run(model: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            check(model)

    return run


@_quietly
def check_anomaly_arrays_match_loop(model: Any) -> None:
    """Arrays in odd chunks, with a feature that comes late, give the scores of a loop."""
    X = _rows()
    wide = np.column_stack([X, np.arange(len(X)) % 3])
    by_rows, by_arrays, learnt = fresh(model), fresh(model), fresh(model)
    expected: list[float] = []
    got: list[float] = []
    for part in chunks(len(X)):
        late = part.start > 8
        block, names = (wide[part], [*NAMES, "late"]) if late else (X[part], NAMES)
        got.extend(by_arrays.test_then_train_many(block, names=names))
        learnt.learn_many(block, names=names)
        expected.extend(_score_then_learn(by_rows, dicts(block, names)))
    require_equal(expected, got, "test-then-train, loop against arrays")
    want = [by_rows.score_one(x) for x in dicts(X)]
    for twin, what in ((by_arrays, "test-then-train"), (learnt, "learn_many")):
        require_equal(want, twin.score_many(X, names=NAMES), f"score_many after {what}")


@_quietly
def check_anomaly_stage_matches_loop(model: Any) -> None:
    """A block in which rows are learnt late gives what a loop gives, bit for bit."""
    X = _rows()
    for delay in (0, 1, 50, len(X)):
        plan = Schedule.delayed(len(X), delay)
        loop, stage = (_with_columns(model, X) for _ in range(2))
        got = stage._stage_rows(X, X[plan.due], plan.upto)
        require_equal(_loop(loop, X, plan.due, plan.upto), got, f"a stage of delay {delay}")
        require_equal(loop._score_rows(X), stage._score_rows(X), f"after delay {delay}")


@_quietly
def check_anomaly_frames_match_arrays(model: Any) -> None:
    """Frames are learnt and scored as arrays are."""
    X = _rows()
    by_arrays = fresh(model)
    by_arrays.learn_many(X, names=NAMES)
    want = by_arrays.score_many(X, names=NAMES)
    for name, make_frame in frame_kinds():
        by_frames = fresh(model)
        frame = make_frame({key: X[:, i].tolist() for i, key in enumerate(NAMES)})
        by_frames.learn_many(frame)
        require_equal(want, by_frames.score_many(frame).to_list(), f"{name} frames")


@_quietly
def check_anomaly_missing_values_are_one(model: Any) -> None:
    """NaN, None and an absent key mean the same."""
    with_nan = dicts(_rows())
    absent = [{k: v for k, v in x.items() if v == v} for x in with_nan]
    with_none = [{k: v if v == v else None for k, v in x.items()} for x in with_nan]
    expected = _score_then_learn(fresh(model), with_nan)
    for rows, what in ((absent, "absent keys"), (with_none, "None")):
        require_equal(expected, _score_then_learn(fresh(model), rows), f"NaN against {what}")


@_quietly
def check_anomaly_copies_continue(model: Any) -> None:
    """A model pickled, deep-copied or cloned with its attributes goes on as the original does."""
    X = _rows()
    for cut in (0, 3, 100):
        original = fresh(model)
        original.learn_many(X[:cut], names=NAMES)
        twins = {name: copier(original) for name, copier in COPIERS.items()}
        expected = original.test_then_train_many(X[cut:], names=NAMES)
        for name, twin in twins.items():
            got = twin.test_then_train_many(X[cut:], names=NAMES)
            require_equal(expected, got, f"original against {name} at row {cut}")
    again = original.clone().test_then_train_many(X, names=NAMES)
    require_equal(fresh(model).test_then_train_many(X, names=NAMES), again, "a clone starts anew")


@_quietly
def check_anomaly_scores_change_nothing(model: Any) -> None:
    """Scores leave the state as it was, also of features never seen, and are finite floats."""
    X = _rows()
    learner = fresh(model)
    odd: list[dict[Any, Any]] = [{}, {"new": 1.0, "a": None}, {"b": 1e9}, {("a", 1): 2.0, 7: 1}]
    for part in chunks(len(X)):
        before = snapshot(learner)
        for x in (*odd, *dicts(X[part])):
            score = learner.score_one(x)
            good = type(score) is float and math.isfinite(score)
            require(good, f"{x} was scored {score!r}, which is no finite float")
        learner.score_many(X[part], names=["a", "b", "new", "c", "d"])
        require(len(learner.score_many(X[:0], names=NAMES)) == 0, "no rows have no scores")
        require_same_state(before, learner, f"scores, {part.start} rows learnt")
        learner.learn_many(X[part], names=NAMES)


@_quietly
def check_anomaly_inputs_are_not_kept(model: Any) -> None:
    """Arrays and dicts stay as they were, and writing into them later changes nothing."""
    X = _rows()
    learner = fresh(model)
    for method in (learner.learn_many, learner.test_then_train_many):
        given = X.copy()
        answers = method(given)
        require(np.array_equal(X, given, equal_nan=True), f"{method.__name__} changed its input")
        before = snapshot(learner)
        for array in (given, answers):
            if array is not None:
                array[...] = 1.0
        require_same_state(before, learner, f"writing into what {method.__name__} was given")
    x = dicts(X[:1], range(5))[0]
    shown = repr(x)
    learner.score_one(x)
    learner.learn_one(x)
    require(repr(x) == shown, f"the dict {shown} given to the learner became {x}")


@_quietly
def check_anomaly_bad_rows_change_nothing(model: Any) -> None:
    """What cannot be learnt raises, names its cause, and leaves no trace."""
    X = _rows()
    learner = fresh(model)
    learner.learn_many(X[:50], names=NAMES)
    for value in (math.inf, -math.inf, "text", [1.0]):
        x = {"new": 1.0, "a": 1.0, "c": value}
        for call in (learner.score_one, learner.learn_one):
            require_refusal(learner, partial(call, x), _BOTH, ("'c'",), f"the row {x}")
    infinite = X[:9].copy()
    infinite[8, 2] = np.inf
    for bad, words in ((infinite, ("'c'",)), (X[0], ("X ",)), ([[1.0] * 5], ("X ",))):
        for method in (learner.learn_many, learner.test_then_train_many, learner.score_many):
            call = partial(method, bad, names=NAMES)
            require_refusal(learner, call, _BOTH, words, f"{method.__name__} of {bad}")


@_quietly
def check_anomaly_memory_is_bounded(model: Any) -> None:
    """200,000 drifting rows need hardly more memory than 100,000, and the figure given is true."""
    learner = fresh(model)
    peaks = [0, 0]
    for i, (X, _) in enumerate(few_distinct_blocks(200_000, block=10_000)):
        learner.learn_many(X)
        peaks[i // 10] = max(peaks[i // 10], state_bytes(learner))
    require_bounded(peaks, "rows")


def _rows() -> Rows:
    """Five numeric features with gaps, but none in the first row."""
    X, _ = labelled_rows(600)
    X[0] = np.nan_to_num(X[0], nan=0.5)
    return X


def _score_then_learn(model: Any, rows: Any) -> list[float]:
    scores = []
    for x in rows:
        scores.append(model.score_one(x))
        model.learn_one(x)
    return scores


def _with_columns(model: Any, X: Rows) -> Any:
    """Return a model that knows the columns, by one row."""
    made = fresh(model)
    made.learn_many(X[:1], names=NAMES)
    return made


def _loop(model: Any, X: Rows, due: Codes, upto: Codes) -> list[float]:
    scores, learnt = [], 0
    for t, row in enumerate(X):
        scores.append(model._score_row(row))
        for q in due[learnt : upto[t]]:
            model._learn_row(X[q])
        learnt = upto[t]
    return scores


class _RareRows:
    """Rows in [0, 1], of which one in fifty lies apart: pairs of a dict and whether it does."""

    def __iter__(self) -> Iterator[tuple[dict[Any, float], bool]]:
        rng = np.random.default_rng(11)
        X = np.clip(rng.normal(0.5, 0.05, (2000, len(NAMES))), 0.0, 1.0)
        rare = rng.random(len(X)) < 0.02
        X[rare] = rng.random((int(rare.sum()), len(NAMES)))
        yield from zip(dicts(X), rare.tolist(), strict=True)


RARE_ROWS = _RareRows()

ANOMALY_CHECKS: tuple[Callable[[Any], None], ...] = (
    check_anomaly_arrays_match_loop,
    check_anomaly_stage_matches_loop,
    check_anomaly_frames_match_arrays,
    check_anomaly_missing_values_are_one,
    check_anomaly_copies_continue,
    check_anomaly_scores_change_nothing,
    check_anomaly_inputs_are_not_kept,
    check_anomaly_bad_rows_change_nothing,
    check_anomaly_memory_is_bounded,
)
