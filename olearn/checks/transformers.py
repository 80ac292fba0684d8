"""The checks of `olearn.checks` for transformers that take whole arrays."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from olearn.checks.tools import (
    COPIERS,
    NAMES,
    dicts,
    fresh,
    labelled_rows,
    learn_many,
    require,
    require_equal,
    require_refusal,
    require_same_state,
    snapshot,
)


def check_transformer_arrays_match_loop(model: Any) -> None:
    """An array is transformed as its rows are, bit for bit, NaN being a gap."""
    X, _ = labelled_rows(400)
    by_rows, by_arrays = fresh(model), fresh(model)
    expected = [[*by_rows.transform_one(x).values()] for x in dicts(X)]
    rows = by_arrays.transform_many(X, names=NAMES).tolist()
    answers = [[v for v in row if v == v] for row in rows]  # a dict leaves gaps out
    require_equal(expected, answers, "loop against arrays")


def check_transformer_copies_continue(model: Any) -> None:
    """A model pickled or deep-copied transforms as the original does."""
    X, _ = labelled_rows(400)
    original = fresh(model)
    learn_many(original, X[:100])
    _answers(original, X[:100])
    twins = [copier(original) for copier in COPIERS.values()]
    expected = _answers(original, X[100:])
    for twin in twins:
        require_equal(expected, _answers(twin, X[100:]), "original against its copy")


def check_transformer_inference_is_pure(model: Any) -> None:
    """Transformations leave the state as it was."""
    X, _ = labelled_rows(400)
    transformer = fresh(model)
    learn_many(transformer, X[:100])
    _answers(transformer, X[:100])
    before = snapshot(transformer)
    for x in (*dicts(X[:20]), {}, {"new": 1.0}):
        transformer.transform_one(x)
    _answers(transformer, X[100:150])
    require_same_state(before, transformer, "inference")


def check_transformer_bad_rows_change_nothing(model: Any) -> None:
    """An infinite or foreign value raises and leaves no trace."""
    X, _ = labelled_rows(400)
    transformer = fresh(model)
    _answers(transformer, X[:50])
    for value in (float("inf"), [1.0]):
        x = {"a": 1.0, "c": value}
        transform = partial(transformer.transform_one, x)
        require_refusal(transformer, transform, (TypeError, ValueError), ("'c'",), f"{x}")


def _answers(model: Any, X: Any) -> Any:
    answers = model.transform_many(X, names=NAMES)
    require(isinstance(answers, np.ndarray), "an array must be answered by an array")
    return np.nan_to_num(answers).tolist()


TRANSFORMER_CHECKS: tuple[Callable[[Any], None], ...] = (
    check_transformer_arrays_match_loop,
    check_transformer_copies_continue,
    check_transformer_inference_is_pure,
    check_transformer_bad_rows_change_nothing,
)
