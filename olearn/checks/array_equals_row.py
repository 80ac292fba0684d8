"""The checks of `olearn.checks` that compare runs of one classifier, all equal bit for bit."""

import warnings
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from olearn.checks.tools import (
    COPIERS,
    NAMES,
    answers_of,
    chunks,
    dicts,
    fitting,
    frame_kinds,
    fresh,
    learn_rows,
    mixed_rows,
    predict_then_learn,
    require,
    require_equal,
    require_same_state,
    rows_for,
    snapshot,
)


def check_learn_many_matches_loop(model: Any) -> None:
    """Arrays in odd chunks leave the same probabilities, bit for bit, as a loop over rows."""
    X, y = rows_for(model)
    for names in (None, NAMES):
        rows = dicts(X, names or range(5))
        by_rows, by_arrays = fresh(model), fresh(model)
        for part in chunks(len(y)):
            learn_rows(by_rows, rows[part], y[part])
            by_arrays.learn_many(X[part], y[part], names=names)
            what = f"after {part.stop} rows, names={names}"
            proba = by_arrays.predict_proba_many(X[-100:], names=names).tolist()
            expected = [[*by_rows.predict_proba_one(x).values()] for x in rows[-100:]]
            require_equal(expected, proba, f"predict_proba, loop against arrays, {what}")
            labels = by_arrays.predict_many(X[-100:], names=names)
            expected_labels = [by_rows.predict_one(x) for x in rows[-100:]]
            require_equal(expected_labels, labels, f"predict, loop against arrays, {what}")


def check_test_then_train_many_matches_loop(model: Any) -> None:
    """`test_then_train_many` and `..._codes` give the labels of the loop predict_one, learn_one."""
    X, y = rows_for(model)
    known = ["unused", *sorted(set(y))]
    codes = np.array([known.index(label) for label in y])
    for names in (None, NAMES):
        rows = dicts(X, names or range(5))
        by_rows, by_arrays, by_codes = fresh(model), fresh(model), fresh(model)
        got: list[Any] = []
        decoded: list[Any] = []
        for part in chunks(len(y)):
            got.extend(by_arrays.test_then_train_many(X[part], y[part], names=names))
            answers = by_codes.test_then_train_codes(X[part], codes[part], known, names=names)
            labels = [*by_codes.labels, None]  # code -1 takes the last
            decoded.extend(labels[code] for code in answers.tolist())
        expected = [label for label, _ in predict_then_learn(by_rows, rows, y)]
        require_equal(expected, got, f"test-then-train, loop against arrays, names={names}")
        require_equal(expected, decoded, f"test-then-train, loop against codes, names={names}")
        after = [by_rows.predict_proba_one(x) for x in rows[-100:]]
        require_equal(
            after, answers_of(by_arrays, rows[-100:]), f"after test-then-train, names={names}"
        )


def check_frames_match_loop(model: Any) -> None:
    """pandas and polars frames, strings and gaps included, do what a loop over dicts does."""
    rows, y = mixed_rows()
    rows = fitting(model, rows)
    for name, make_frame in frame_kinds():
        by_rows, by_frames = fresh(model), fresh(model)
        for part in chunks(len(y)):
            frame = make_frame({key: [x[key] for x in rows[part]] for key in rows[0]})
            learn_rows(by_rows, rows[part], y[part])
            by_frames.learn_many(frame, y[part])
            what = f"{name} frames after {part.stop} rows"
            expected = answers_of(by_rows, rows[-100:])
            require_equal(expected, answers_of(by_frames, rows[-100:]), f"learn_many of {what}")
            asked = [by_rows.predict_one(x) for x in rows[part]]
            require_equal(asked, by_frames.predict_many(frame).to_list(), f"predict_many of {what}")
            proba = by_frames.predict_proba_many(frame)
            columns = [[*a.values()] for a in answers_of(by_rows, rows[part])]
            require_equal(columns, proba.to_numpy().tolist(), f"predict_proba_many of {what}")


def check_missing_values_are_one(model: Any) -> None:
    """NaN, None and an absent key mean the same, in learning and in prediction."""
    X, y = rows_for(model)
    with_nan = dicts(X)
    absent = [{k: v for k, v in x.items() if v == v} for x in with_nan]
    with_none = [{k: v if v == v else None for k, v in x.items()} for x in with_nan]
    expected = predict_then_learn(fresh(model), with_nan, y)
    require_equal(expected, predict_then_learn(fresh(model), absent, y), "NaN against absent keys")
    require_equal(expected, predict_then_learn(fresh(model), with_none, y), "NaN against None")


def check_empty_batches(model: Any) -> None:
    """Empty arrays are accepted at any time and change no later answer."""
    X, y = rows_for(model, 400)
    plain, interrupted = fresh(model), fresh(model)
    for part in chunks(len(y)):
        interrupted.learn_many(X[:0], y[:0])
        got = interrupted.test_then_train_many(X[:0], y[:0])
        require(len(got) == 0, f"test_then_train_many of no rows gave {got!r}")
        require(len(interrupted.predict_many(X[:0])) == 0, "predict_many of no rows gave labels")
        plain.learn_many(X[part], y[part])
        interrupted.learn_many(X[part], y[part])
    expected = plain.predict_proba_many(X).tolist()
    got = interrupted.predict_proba_many(X).tolist()
    require_equal(expected, got, "without and with empty batches")


# -- states and copies ---------------------------------------------------------------------------


def check_copies_continue(model: Any) -> None:
    """A model pickled, deep-copied or cloned with its attributes goes on as the original does."""
    X, y = rows_for(model)
    rows = dicts(X)
    for cut in (0, 3, 900):
        original = fresh(model)
        learn_rows(original, rows[:cut], y[:cut])
        twins = {name: copier(original) for name, copier in COPIERS.items()}
        expected = predict_then_learn(original, rows[cut:], y[cut:])
        for name, twin in twins.items():
            got = predict_then_learn(twin, rows[cut:], y[cut:])
            require_equal(expected, got, f"original against {name} at row {cut}")


def check_clone_repeats(model: Any) -> None:
    """A clone of a trained model starts untrained and, given the same seed, repeats its run."""
    X, y = rows_for(model)
    rows = dicts(X)
    original = fresh(model)
    untrained = original.predict_proba_one(rows[0])
    first = predict_then_learn(original, rows, y)
    clone = original.clone()
    forgot = clone.predict_proba_one(rows[0]) == untrained
    require(forgot, f"a clone still knows {clone.predict_proba_one(rows[0])}")
    require_equal(first, predict_then_learn(clone, rows, y), "original against its clone")


def check_predictions_change_nothing(model: Any) -> None:
    """Predictions of every kind leave the state, and all later answers, as they were."""
    X, y = rows_for(model, 1200)
    rows = dicts(X)
    quiet, asked = fresh(model), fresh(model)
    odd = fitting(
        model, [{}, {"new": 1.0, "a": None}, {"b": 1e9}, {"c": float("nan")}, {"text": "unseen"}]
    )
    for part in [slice(i, i + 150) for i in range(0, len(y), 150)]:
        before = snapshot(asked)
        for x in (*odd, *rows[part]):
            asked.predict_one(x)
            asked.predict_proba_one(x)
        require_same_state(before, asked, f"predictions of one row, {part.start} rows learnt")
        for names in (None, NAMES, ["a", "b", "new", "c", "d"]):
            with warnings.catch_warnings(action="ignore"):  # no column of these is known
                asked.predict_many(X[part], names=names)
                asked.predict_proba_many(X[part], names=names)
        require_same_state(before, asked, f"predictions of many rows, {part.start} rows learnt")
        learn_rows(quiet, rows[part], y[part])
        learn_rows(asked, rows[part], y[part])
    expected, got = answers_of(quiet, rows), answers_of(asked, rows)
    require_equal(expected, got, "without and with predictions in between")


def check_inputs_are_not_kept(model: Any) -> None:
    """Dicts, arrays and frames stay as they were, and writing into them later changes nothing."""
    X, y = rows_for(model, 300)
    codes = np.array([sorted(set(y)).index(label) for label in y])
    learner = fresh(model)
    methods = (learner.learn_many, learner.test_then_train_many)
    for method, writable in product(methods, (True, False)):  # pandas hands out read-only arrays
        given, given_y = X.copy(), codes.copy()
        given.flags.writeable = given_y.flags.writeable = writable
        answers = [method(given, given_y), learner.predict_many(given)]
        answers.append(learner.predict_proba_many(given))
        same = np.array_equal(X, given, equal_nan=True) and np.array_equal(codes, given_y)
        require(same, f"{method.__name__} changed the arrays it was given")
        before = snapshot(learner)
        for array in (given, given_y, *answers):
            if array is not None:
                array.flags.writeable = True
                array[...] = 1
        what = f"writing into the arrays given to and returned by {method.__name__}"
        require_same_state(before, learner, what)
    for x in dicts(X, range(5)):
        shown = repr(x)
        learner.predict_one(x)
        learner.predict_proba_one(x)
        learner.learn_one(x, 0)
        require(repr(x) == shown, f"the dict {shown} given to the learner became {x}")
    before = snapshot(learner)
    x.clear()
    require_same_state(before, learner, "clearing the last dict learnt")


ARRAY_CHECKS: tuple[Callable[[Any], None], ...] = (
    check_learn_many_matches_loop,
    check_test_then_train_many_matches_loop,
    check_frames_match_loop,
    check_missing_values_are_one,
    check_empty_batches,
    check_copies_continue,
    check_clone_repeats,
    check_predictions_change_nothing,
    check_inputs_are_not_kept,
)
