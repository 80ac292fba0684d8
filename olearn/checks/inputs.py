"""The checks of `olearn.checks` on what a classifier accepts, refuses, answers and keeps."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from olearn.checks.tools import (
    NAMES,
    dicts,
    few_distinct_blocks,
    fitting,
    fresh,
    learn_rows,
    predict_then_learn,
    require,
    require_bounded,
    require_distribution,
    require_equal,
    require_refusal,
    rows_for,
    state_bytes,
    tells_many_apart,
)


def check_bad_rows_change_nothing(model: Any) -> None:
    """A row or label that cannot be learnt raises, names its cause, and leaves no trace."""
    X, y = rows_for(model, 600)
    rows = dicts(X)
    new_label = "new" if tells_many_apart(model) else y[1]
    learner, untouched = fresh(model), fresh(model)
    learn_rows(learner, rows[:300], y[:300])
    learn_rows(untouched, rows[:300], y[:300])
    values: list[tuple[Any, type[Exception], tuple[str, ...]]] = [
        (float("inf"), ValueError, ("'c'", "inf")),
        (float("-inf"), ValueError, ("'c'", "-inf")),
        (np.float64("inf"), ValueError, ("'c'", "inf")),
        ("text", ValueError, ("'c'", "'text'")),
        ([1.0], TypeError, ("'c'", "[1.0]")),
    ]
    for value, kind, words in values:
        # with a new feature beside it, and in an otherwise known row
        for x in ({"new": 1.0, "a": 0.5, "c": value}, rows[0] | {"c": value}):
            for call in (learner.predict_one, learner.predict_proba_one):
                what = f"{call.__name__} of {x}"
                require_refusal(learner, partial(call, x), kind, words, what)
            for label in (new_label, y[0]):
                learn = partial(learner.learn_one, x, label)
                require_refusal(learner, learn, kind, words, f"learn_one of {x}")
    labels: list[tuple[Any, type[Exception]]] = [
        (None, ValueError),
        (float("nan"), ValueError),
        (["low"], TypeError),
    ]
    x = {"new": 1.0, "a": 0.5}
    for bad_label, kind in labels:
        what = f"learn_one of the label {bad_label!r}"
        require_refusal(learner, partial(learner.learn_one, x, bad_label), kind, ("y ",), what)
    for w in (-1.0, float("nan"), float("inf")):
        what = f"learn_one with weight {w}"
        require_refusal(
            learner, partial(learner.learn_one, x, new_label, w=w), ValueError, ("w ",), what
        )
    not_dict: Any = [("a", 1.0)]
    require_refusal(
        learner,
        partial(learner.learn_one, not_dict, new_label),
        TypeError,
        (),
        "learn_one of a list",
    )
    expected = predict_then_learn(untouched, rows[300:], y[300:])
    require_equal(expected, predict_then_learn(learner, rows[300:], y[300:]), "after refused rows")


def check_bad_arrays_change_nothing(model: Any) -> None:
    """A batch with one bad value, label or shape raises before any of its rows is learnt."""
    X, y = rows_for(model, 600)
    learner, untouched = fresh(model), fresh(model)
    learner.learn_many(X[:300], y[:300], names=NAMES)
    untouched.learn_many(X[:300], y[:300], names=NAMES)
    infinite = X[:9].copy()
    infinite[8, 2] = np.inf
    wide = np.hstack([X[:9], X[:9]])
    text = infinite.astype(object)
    text[8, 2] = "text"
    both = (TypeError, ValueError)
    cases: list[tuple[str, Any, Any, Any, tuple[str, ...]]] = [
        ("an infinite value", infinite, y[:9], ValueError, ("'c'", "inf")),
        ("a string", text, y[:9], ValueError, ("'c'", "'text'")),
        ("a 1-D array", X[0], y[:5], ValueError, ("X ",)),
        ("a list", [[1.0] * 5], y[:1], TypeError, ("X ",)),
        ("too many columns", wide, y[:9], ValueError, ("names",)),
        ("too few labels", X[:9], y[:8], ValueError, ("y ",)),
        ("2-D labels", X[:9], np.zeros((9, 1)), ValueError, ("y ",)),
        ("the label None", X[:9], [*y[:8], None], ValueError, ("y ",)),
        ("the label NaN", X[:9], np.r_[np.zeros(8), np.nan], ValueError, ("y ",)),
        ("a list for a label", X[:3], [*y[:2], ["low"]], both, ()),
    ]
    methods = (learner.learn_many, learner.test_then_train_many)
    for what, bad, labels, kinds, words in cases:
        for method in methods:
            require_refusal(
                learner,
                partial(method, bad, labels, names=NAMES),
                kinds,
                words,
                f"{method.__name__} of {what}",
            )
    for w in (np.full(9, -1.0), np.full(9, np.nan), np.ones(8)):
        require_refusal(
            learner,
            partial(learner.learn_many, X[:9], y[:9], w, names=NAMES),
            ValueError,
            ("w ",),
            f"learn_many with weights {w}",
        )
    expected = untouched.test_then_train_many(X[300:], y[300:], names=NAMES)
    got = learner.test_then_train_many(X[300:], y[300:], names=NAMES)
    require_equal(expected, got, "after refused arrays")


# -- features and labels -------------------------------------------------------------------------


def check_features_come_and_go(model: Any) -> None:
    """Features may be missing, new, gone or of any hashable name, in learning and prediction."""
    learner = fresh(model)
    rows: list[dict[Any, Any]] = [
        {"a": 0.5},
        {},
        {"a": 1.5, "b": -1.0},
        {"b": 0.25, ("pair", 1): 2},
        {"colour": "red"},
        {7: True, "colour": "green", "a": None},
        {"a": float("nan")},
    ]
    rows = fitting(model, rows)
    unseen = fitting(model, [{"unknown": 3.0}, {"colour": "unseen"}])
    for i in range(40 * len(rows)):
        learner.learn_one(rows[i % len(rows)], "yes" if i % 3 else "no")
        for x in (*rows, *unseen):
            when = f"{x} after {i + 1} rows"
            require_distribution(learner, learner.predict_proba_one(x), when)


def check_late_labels_appear(model: Any) -> None:
    """A label is a key of `predict_proba_one`, with every earlier one, as soon as it is learnt."""
    X, _ = rows_for(model, 300)
    learner = fresh(model)
    seen: set[Any] = set()
    many = tells_many_apart(model)
    for i, x in enumerate(dicts(X)):
        label = f"class {i // (50 if many else 150)}"
        learner.learn_one(x, label)
        seen.add(label)
        missing = seen - set(learner.predict_proba_one(x))
        require(not missing, f"predict_proba_one lacks the labels {sorted(missing)}")
    if not many:
        third = partial(learner.learn_one, {"a": 0.5}, "class 2")
        require_refusal(
            learner, third, ValueError, ("y ", "'class 2'"), "learn_one of a third label"
        )
        return
    learner.learn_many(X[:2], ["new", "newer"], names=NAMES)
    missing = {"new", "newer", *seen} - set(learner.predict_proba_one({}))
    require(not missing, f"predict_proba_one lacks the labels {sorted(missing)}")


def check_labels_come_back(model: Any) -> None:
    """Labels of each kind come back in that kind, from rows and from arrays."""
    X, y = rows_for(model, 400)
    codes = [sorted(set(y)).index(label) for label in y]
    kinds: list[tuple[type, list[Any], tuple[type, ...]]] = [
        (str, y, (str, np.str_)),
        (int, codes, (int, np.int64)),
        (bool, [code > 0 for code in codes], (bool, np.bool_)),
        (np.bool_, [np.bool_(code > 0) for code in codes], (bool, np.bool_)),
    ]
    for kind, labels, allowed in kinds:
        by_rows, by_arrays = fresh(model), fresh(model)
        learn_rows(by_rows, dicts(X), labels)
        by_arrays.learn_many(X, np.array(labels), names=NAMES)
        known = {label if kind is not np.bool_ else bool(label) for label in labels}
        answers = [*by_rows.predict_proba_one({}), *by_arrays.predict_proba_one({})]
        answers += [by_rows.predict_one({}), *by_arrays.predict_many(X, names=NAMES)]
        for label in answers:
            right = type(label) in allowed
            require(
                right and label in known, f"{label!r} came back for labels of type {kind.__name__}"
            )


def check_probabilities(model: Any) -> None:
    """Probabilities are floats that add up to 1; the label predicted is a most probable one."""
    X, y = rows_for(model)
    learner = fresh(model)
    for i, (x, label) in enumerate(zip(dicts(X), y, strict=True)):
        learner.learn_one(x, label)
        proba = learner.predict_proba_one(x)
        require_distribution(learner, proba, f"after {i + 1} rows")
        answer = learner.predict_one(x)
        top = answer in proba and proba[answer] == max(proba.values())
        require(top, f"after {i + 1} rows: {answer!r} is predicted, probabilities {proba}")


def check_untrained_predictions(model: Any) -> None:
    """Before the first row: `{}`, None and no columns, unless labels were given in advance."""
    learner = fresh(model)
    X, _ = rows_for(model, 3)
    for x in fitting(model, [{}, {"a": 1.0}, {"colour": "red"}]):
        proba, answer = learner.predict_proba_one(x), learner.predict_one(x)
        require(list(proba) == learner.labels, f"untrained probabilities of {x}: {proba}")
        known = answer in learner.labels if learner.labels else answer is None
        require(known, f"untrained prediction of {x}: {answer!r}")
    shape = learner.predict_proba_many(X).shape
    require(shape == (3, len(learner.labels)), f"untrained predict_proba_many has shape {shape}")
    if not learner.labels:
        got = learner.predict_many(X).tolist()
        require(got == [None] * 3, f"untrained predict_many gives {got}")


def check_memory_is_bounded(model: Any) -> None:
    """200,000 drifting rows need hardly more memory than 100,000, and the figure given is true."""
    learner = fresh(model)
    peaks = [0, 0]
    for i, (X, y) in enumerate(few_distinct_blocks(200_000, block=10_000)):
        learner.learn_many(X, y if tells_many_apart(model) else np.minimum(y, 1))
        peaks[i // 10] = max(peaks[i // 10], state_bytes(learner))
    require_bounded(peaks, "rows")


INPUT_CHECKS: tuple[Callable[[Any], None], ...] = (
    check_bad_rows_change_nothing,
    check_bad_arrays_change_nothing,
    check_features_come_and_go,
    check_late_labels_appear,
    check_labels_come_back,
    check_probabilities,
    check_untrained_predictions,
    check_memory_is_bounded,
)
