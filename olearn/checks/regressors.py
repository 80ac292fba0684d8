"""The checks of `olearn.checks` for regressors; what is compared must be equal bit for bit."""

import math
import warnings
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from olearn.checks.tools import (
    COPIERS,
    NAMES,
    chunks,
    dicts,
    few_distinct_blocks,
    frame_kinds,
    fresh,
    labelled_rows,
    learn_rows,
    require,
    require_bounded,
    require_equal,
    require_refusal,
    require_same_state,
    snapshot,
    state_bytes,
)
from olearn.core.types import Rows

_BOTH = (TypeError, ValueError)

# -- rows, arrays and frames ---------------------------------------------------------------------


def check_regressor_learn_many_matches_loop(model: Any) -> None:
    """Arrays in odd chunks leave the predictions that a loop over rows leaves."""
    X, y = numeric_rows()
    for names in (None, NAMES):
        rows = dicts(X, names or range(5))
        by_rows, by_arrays = fresh(model), fresh(model)
        for part in chunks(len(y)):
            learn_rows(by_rows, rows[part], y[part].tolist())
            by_arrays.learn_many(X[part], y[part], names=names)
            got = by_arrays.predict_many(X[-60:], names=names)
            require(isinstance(got, np.ndarray), "an array must be answered by an array")
            what = f"loop against arrays after {part.stop} rows, names={names}"
            require_equal(_answers(by_rows, rows[-60:]), got, what)


def check_regressor_test_then_train_matches_loop(model: Any) -> None:
    """`test_then_train_many` gives the numbers of the loop predict_one, learn_one."""
    X, y = numeric_rows()
    wide = np.column_stack([X, np.arange(len(y)) % 3])  # a feature that comes in the middle
    by_rows, by_arrays = fresh(model), fresh(model)
    got: list[Any] = []
    expected: list[Any] = []
    for part in chunks(len(y)):
        late = part.start > 8
        block, names = (wide[part], [*NAMES, "late"]) if late else (X[part], NAMES)
        got.extend(by_arrays.test_then_train_many(block, y[part], names=names))
        expected.extend(_predict_then_learn(by_rows, dicts(block, names), y[part].tolist()))
    require_equal(expected, got, "test-then-train, loop against arrays")
    rows = dicts(wide[-60:], [*NAMES, "late"])
    require_equal(_answers(by_rows, rows), _answers(by_arrays, rows), "after test-then-train")


def check_regressor_frames_match_loop(model: Any) -> None:
    """pandas and polars frames and series do what a loop over dicts does."""
    X, y = numeric_rows()
    rows = dicts(X)
    for name, make_frame in frame_kinds():
        by_rows, by_frames = fresh(model), fresh(model)
        for part in chunks(len(y)):
            frame = make_frame({key: [x[key] for x in rows[part]] for key in NAMES})
            target = make_frame({"y": y[part].tolist()})["y"]
            learn_rows(by_rows, rows[part], y[part].tolist())
            by_frames.learn_many(frame, target)
            what = f"{name} frames after {part.stop} rows"
            got = by_frames.predict_many(frame).to_list()
            require_equal(_answers(by_rows, rows[part]), got, f"predict_many of {what}")
            got = by_frames.predict_many(X[-60:], names=NAMES)
            require_equal(_answers(by_rows, rows[-60:]), got, f"learn_many of {what}")


def check_regressor_weights_match_loop(model: Any) -> None:
    """Weights mean the same in arrays and in rows, those of 0 included, and they matter."""
    X, y = numeric_rows()
    w = np.arange(len(y)) % 4 / 2.0
    rows = dicts(X)
    by_rows, by_arrays, plain = fresh(model), fresh(model), fresh(model)
    for x, target, weight in zip(rows, y.tolist(), w.tolist(), strict=True):
        by_rows.learn_one(x, target, weight)
    for part in chunks(len(y)):
        by_arrays.learn_many(X[part], y[part], w[part], names=NAMES)
    plain.learn_many(X, y, names=NAMES)
    expected, got = _answers(by_rows, rows[-60:]), _answers(by_arrays, rows[-60:])
    require_equal(expected, got, "weights, loop against arrays")
    require(got != _answers(plain, rows[-60:]), "weights make no difference")


def check_regressor_missing_values_are_one(model: Any) -> None:
    """NaN, None and an absent key mean the same, in learning and in prediction."""
    X, y = numeric_rows()
    with_nan = dicts(X)
    absent = [{k: v for k, v in x.items() if v == v} for x in with_nan]
    with_none = [{k: v if v == v else None for k, v in x.items()} for x in with_nan]
    expected = _predict_then_learn(fresh(model), with_nan, y.tolist())
    for rows, what in ((absent, "absent keys"), (with_none, "None")):
        got = _predict_then_learn(fresh(model), rows, y.tolist())
        require_equal(expected, got, f"NaN against {what}")


def check_regressor_empty_batches(model: Any) -> None:
    """Empty arrays are accepted at any time and change no later answer."""
    X, y = numeric_rows()
    plain, interrupted = fresh(model), fresh(model)
    for part in chunks(len(y)):
        interrupted.learn_many(X[:0], y[:0])
        got = interrupted.test_then_train_many(X[:0], y[:0])
        require(len(got) == 0, f"test_then_train_many of no rows gave {got!r}")
        require(len(interrupted.predict_many(X[:0])) == 0, "predict_many of no rows gave numbers")
        plain.learn_many(X[part], y[part])
        interrupted.learn_many(X[part], y[part])
    require_equal(plain.predict_many(X), interrupted.predict_many(X), "with empty batches")


# -- states and copies ---------------------------------------------------------------------------


def check_regressor_copies_continue(model: Any) -> None:
    """A model pickled, deep-copied or cloned with its attributes goes on as the original does."""
    X, y = numeric_rows()
    for cut in (0, 3, 100):
        original = fresh(model)
        original.learn_many(X[:cut], y[:cut], names=NAMES)
        twins = {name: copier(original) for name, copier in COPIERS.items()}
        expected = original.test_then_train_many(X[cut:], y[cut:], names=NAMES)
        for name, twin in twins.items():
            got = twin.test_then_train_many(X[cut:], y[cut:], names=NAMES)
            require_equal(expected, got, f"original against {name} at row {cut}")


def check_regressor_clone_repeats(model: Any) -> None:
    """A clone of a trained model starts untrained and, given the same seed, repeats its run."""
    X, y = numeric_rows()
    original = fresh(model)
    first = original.test_then_train_many(X, y, names=NAMES)
    again = original.clone().test_then_train_many(X, y, names=NAMES)
    require_equal(first, again, "original against its clone")


def check_regressor_predictions_change_nothing(model: Any) -> None:
    """Predictions of every kind leave the state, and all later answers, as they were."""
    X, y = numeric_rows()
    quiet, asked = fresh(model), fresh(model)
    odd: list[dict[Any, Any]] = [{}, {"new": 1.0, "a": None}, {"b": 1e9}, {"c": float("nan")}]
    for part in chunks(len(y)):
        before = snapshot(asked)
        _answers(asked, [*odd, *dicts(X[part])])
        for names in (None, NAMES, ["a", "b", "new", "c", "d"]):
            with warnings.catch_warnings(action="ignore"):  # no column of these is known
                asked.predict_many(X[part], names=names)
        require_same_state(before, asked, f"predictions, {part.start} rows learnt")
        for each in (quiet, asked):
            each.learn_many(X[part], y[part], names=NAMES)
    rows = dicts(X)
    require_equal(_answers(quiet, rows), _answers(asked, rows), "with predictions in between")


def check_regressor_inputs_are_not_kept(model: Any) -> None:
    """Dicts and arrays stay as they were, and writing into them later changes nothing."""
    X, y = numeric_rows()
    learner = fresh(model)
    methods = (learner.learn_many, learner.test_then_train_many)
    for method, writable in product(methods, (True, False)):  # pandas hands out read-only arrays
        given, targets = X.copy(), y.copy()
        given.flags.writeable = targets.flags.writeable = writable
        answers = [method(given, targets), learner.predict_many(given)]
        same = np.array_equal(X, given, equal_nan=True) and np.array_equal(y, targets)
        require(same, f"{method.__name__} changed the arrays it was given")
        before = snapshot(learner)
        for array in (given, targets, *answers):
            if array is not None:
                array.flags.writeable = True
                array[...] = 1.0
        what = f"writing into the arrays given to and returned by {method.__name__}"
        require_same_state(before, learner, what)
    for x in dicts(X, range(5)):
        shown = repr(x)
        learner.predict_one(x)
        learner.learn_one(x, 0.0)
        require(repr(x) == shown, f"the dict {shown} given to the learner became {x}")
    before = snapshot(learner)
    x.clear()
    require_same_state(before, learner, "clearing the last dict learnt")


# -- what is accepted, refused and kept ----------------------------------------------------------


def check_regressor_bad_rows_change_nothing(model: Any) -> None:
    """A row, target or weight that cannot be learnt raises, names its cause, leaves no trace."""
    X, y = numeric_rows()
    learner = fresh(model)
    learner.learn_many(X[:50], y[:50], names=NAMES)
    for value in (float("inf"), float("-inf"), "text", [1.0]):
        x = {"new": 1.0, "a": 1.0, "c": value}
        for call in (learner.predict_one, partial(learner.learn_one, y=1.0)):
            require_refusal(learner, partial(call, x), _BOTH, ("'c'",), f"the row {x}")
    for target in (float("nan"), float("inf"), "text", None, [1.0]):
        learn = partial(learner.learn_one, {"new": 1.0}, target)
        require_refusal(learner, learn, _BOTH, ("y ",), f"learn_one of the target {target}")
    for w in (-1.0, float("nan"), float("inf")):
        learn = partial(learner.learn_one, {"new": 1.0}, 1.0, w)
        require_refusal(learner, learn, ValueError, ("w ",), f"learn_one with weight {w}")
    not_dict: Any = [("a", 1.0)]
    learn = partial(learner.learn_one, not_dict, 1.0)
    require_refusal(learner, learn, TypeError, (), "learn_one of a list")


def check_regressor_bad_arrays_change_nothing(model: Any) -> None:
    """A batch with one bad value, target, weight or shape raises before any row is learnt."""
    X, y = numeric_rows()
    learner = fresh(model)
    learner.learn_many(X[:50], y[:50], names=NAMES)
    infinite = X[:9].copy()
    infinite[8, 2] = np.inf
    ones, nan = np.ones(8), float("nan")
    cases: list[tuple[str, Any, Any, Any, tuple[str, ...]]] = [
        ("an infinite value", infinite, y[:9], None, ("'c'", "inf")),
        ("a 1-D array", X[0], y[:5], None, ("X ",)),
        ("a list", [[1.0] * 5], y[:1], None, ("X ",)),
        ("too many columns", np.hstack([X[:9], X[:9]]), y[:9], None, ("names",)),
        ("too few targets", X[:9], y[:8], None, ("y ",)),
        ("2-D targets", X[:9], y[:9, None], None, ("y ",)),
        ("targets of text", X[:2], ["1", "2"], None, ("y ", "'1'")),
        ("targets of bools", X[:2], np.array([True, False]), None, ("y ", "True")),
        ("no targets", X[:9], None, None, ("y ",)),
        ("a missing target", X[:9], [*ones, nan], None, ("y ", "nan")),
        ("an infinite target", X[:9], [*ones, math.inf], None, ("y ", "inf")),
        ("a negative weight", X[:9], y[:9], [*ones, -1.0], ("w ", "-1")),
        ("a missing weight", X[:9], y[:9], [*ones, nan], ("w ", "nan")),
        ("too few weights", X[:9], y[:9], ones, ("w ",)),
    ]
    for what, bad, targets, w, words in cases:
        calls = [partial(learner.learn_many, bad, targets, w, names=NAMES)]
        if w is None:
            calls.append(partial(learner.test_then_train_many, bad, targets, names=NAMES))
        for call in calls:
            require_refusal(learner, call, _BOTH, words, f"{call.func.__name__} of {what}")


def check_regressor_features_come_and_go(model: Any) -> None:
    """Features may be missing, new, gone or of any hashable name; answers are finite floats."""
    learner = fresh(model)
    rows: list[dict[Any, Any]] = [
        {"a": 0.5},
        {},
        {"a": 1.5, "b": -1.0},
        {"b": 0.25, ("pair", 1): 2},
        {7: True, "a": None},
        {"a": float("nan")},
    ]
    for i in range(40 * len(rows)):
        for x in (*rows, {"unknown": 3.0}):
            answer = learner.predict_one(x)
            good = type(answer) is float and math.isfinite(answer)
            require(good, f"{x} after {i} rows: {answer!r} is no finite float")
        learner.learn_one(rows[i % len(rows)], i % 3)


def check_regressor_memory_is_bounded(model: Any) -> None:
    """200,000 drifting rows need hardly more memory than 100,000, and the figure given is true."""
    learner = fresh(model)
    peaks = [0, 0]
    for i, (X, y) in enumerate(few_distinct_blocks(200_000, block=10_000)):
        learner.learn_many(X, y)
        peaks[i // 10] = max(peaks[i // 10], state_bytes(learner))
    require_bounded(peaks, "rows")


# -- streams and answers -------------------------------------------------------------------------


def numeric_rows() -> tuple[Rows, Rows]:
    """Rows of five numbers with gaps, and a target that is linear in them, but for noise."""
    X, _ = labelled_rows(400)
    y = np.nan_to_num(X) @ np.array([1.0, -2.0, 0.5, 0.0, 3.0])
    return X, y + np.random.default_rng(5).normal(size=len(y))


def _answers(model: Any, rows: Any) -> list[float]:
    return [model.predict_one(x) for x in rows]


def _predict_then_learn(model: Any, rows: Any, y: Any) -> list[float]:
    answers = []
    for x, target in zip(rows, y, strict=True):
        answers.append(model.predict_one(x))
        model.learn_one(x, target)
    return answers


REGRESSOR_CHECKS: tuple[Callable[[Any], None], ...] = (
    check_regressor_learn_many_matches_loop,
    check_regressor_test_then_train_matches_loop,
    check_regressor_frames_match_loop,
    check_regressor_weights_match_loop,
    check_regressor_missing_values_are_one,
    check_regressor_empty_batches,
    check_regressor_copies_continue,
    check_regressor_clone_repeats,
    check_regressor_predictions_change_nothing,
    check_regressor_inputs_are_not_kept,
    check_regressor_bad_rows_change_nothing,
    check_regressor_bad_arrays_change_nothing,
    check_regressor_features_come_and_go,
    check_regressor_memory_is_bounded,
)
