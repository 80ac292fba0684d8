"""The checks of `olearn.checks` for blocks of a stream with text: what its codes mean is learnt."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from olearn.checks.tools import (
    chunks,
    fresh,
    require,
    require_equal,
    require_refusal,
    takes_text,
)
from olearn.core.types import Rows


@dataclass(frozen=True)
class Kinds:
    """What a stream knows of its columns, as a `Schema` says it."""

    names: tuple[str, ...]
    nominal: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]


def text_rows(n: int = 400, seed: int = 12) -> tuple[Kinds, Rows, list[dict[str, Any]], list[int]]:
    """A number, codes of a category, and texts of few and of many categories, with gaps.

    Returns the kinds, a block, the same rows as dicts, and codes of three labels.
    """
    rng = np.random.default_rng(seed)
    raw = {
        "x": rng.normal(size=n).tolist(),
        "day": rng.integers(0, 7, n).tolist(),
        "colour": rng.choice(["red", "green", "blue", "grey"], n).tolist(),
        "node": [f"R{k:02d}, N{k % 7}" for k in rng.integers(0, n // 3, n).tolist()],
    }
    y = [
        int(a > 0.5) + (c in ("red", "blue")) for a, c in zip(raw["x"], raw["colour"], strict=True)
    ]
    for column in raw.values():
        for i in rng.integers(1, n, n // 20).tolist():
            column[i] = None
    raw["colour"][:3] = [None] * 3
    block = np.full((n, len(raw)), np.nan)
    categories: dict[str, tuple[str, ...]] = {}
    for j, (name, column) in enumerate(raw.items()):
        texts = dict.fromkeys(v for v in column if isinstance(v, str))
        if texts:
            categories[name] = tuple(texts)
        code = {text: k for k, text in enumerate(texts)}
        block[:, j] = [np.nan if v is None else code.get(v, v) for v in column]
    rows = [dict(zip(raw, values, strict=True)) for values in zip(*raw.values(), strict=True)]
    return Kinds(tuple(raw), ("day", "colour", "node"), categories), block, rows, y


def check_text_blocks_match_dicts(model: Any) -> None:
    """Blocks with the stream's schema do what the dicts do, text being one thing in both."""
    kinds, X, rows, codes = text_rows()
    known = ["low", "mid", "high"]
    by_rows, by_blocks = fresh(model), fresh(model)
    if not takes_text(model):
        _require_no_text(by_blocks, kinds, X)
        return
    by_rows.expect_columns(kinds)
    expected: list[Any] = []
    got: list[Any] = []
    for part in chunks(len(codes)):
        for x, code in zip(rows[part], codes[part], strict=True):
            expected.append(by_rows.predict_one(x))
            by_rows.learn_one(x, known[code])
        given = np.array(codes[part], np.int64)
        answers = by_blocks.test_then_train_codes(X[part], given, known, names=kinds)
        labels = [*by_blocks.labels, None]  # code -1 takes the last
        got.extend(labels[code] for code in answers.tolist())
        by_blocks = pickle.loads(pickle.dumps(by_blocks))
    require_equal(expected, got, "predictions, dicts against blocks of codes")
    words = _refusal(by_blocks.predict_proba_one, rows[-1])
    require(not words, f"a dict is refused after blocks of codes: {words}")
    proba = [[*by_rows.predict_proba_one(x).values()] for x in rows[-60:]]
    asked = [[*by_blocks.predict_proba_one(x).values()] for x in rows[-60:]]
    require_equal(proba, asked, "dicts asked of a model that learnt blocks of codes")
    asked = by_blocks.predict_proba_many(X[-60:], names=kinds).tolist()
    require_equal(proba, asked, "blocks asked of a model that learnt blocks of codes")


def check_regressor_text_blocks_match_dicts(model: Any) -> None:
    """Blocks with the stream's schema do what the dicts do; a text is refused in both or none."""
    kinds, X, rows, codes = text_rows()
    targets = [
        code + 0.5 * x["day"] if x["day"] is not None else 1.0
        for code, x in zip(codes, rows, strict=True)
    ]
    by_rows, by_blocks = fresh(model), fresh(model)
    if not takes_text(model):
        _require_no_text(by_blocks, kinds, X)
        return
    by_rows.expect_columns(kinds)

    got: list[Any] = []
    expected: list[Any] = []
    for part in chunks(len(codes)):
        words = _refusal(_learn_rows, by_rows, rows[part], targets[part], expected)
        given = np.array(targets[part])
        again = _refusal(_learn_block, by_blocks, X[part], given, kinds, got)
        alike = bool(words) == bool(again)
        require(
            alike, f"dicts are answered by {words or 'numbers'}, blocks by {again or 'numbers'}"
        )
        if words:
            return
    require_equal(expected, got, "predictions, dicts against blocks of codes")
    words = _refusal(by_blocks.predict_one, rows[-1])
    require(not words, f"a dict is refused after blocks of codes: {words}")
    proba = [by_rows.predict_one(x) for x in rows[-60:]]
    asked = [by_blocks.predict_one(x) for x in rows[-60:]]
    require_equal(proba, asked, "dicts asked of a model that learnt blocks of codes")


def _require_no_text(model: Any, kinds: Kinds, X: Rows) -> None:
    """Require that text is refused in a row and as codes in a block, with the remedy."""
    block = partial(model.learn_many, X[:9], np.arange(9) % 2, names=kinds)
    for call in (partial(model.learn_one, {"x": 1.0, "colour": "red"}, 1), block):
        require_refusal(model, call, ValueError, ("OneHotEncoder",), "text")


def _learn_rows(model: Any, rows: Any, targets: Any, answers: list[Any]) -> None:
    for x, y in zip(rows, targets, strict=True):
        answers.append(model.predict_one(x))
        model.learn_one(x, y)


def _learn_block(model: Any, X: Rows, y: Rows, kinds: Kinds, answers: list[Any]) -> None:
    answers.extend(model.test_then_train_many(X, y, names=kinds))


def _refusal(call: Callable[..., Any], *args: Any) -> str:
    try:
        call(*args)
    except ValueError as error:
        return str(error)
    return ""


TEXT_CHECKS: tuple[Callable[[Any], None], ...] = (check_text_blocks_match_dicts,)
REGRESSOR_TEXT_CHECKS: tuple[Callable[[Any], None], ...] = (
    check_regressor_text_blocks_match_dicts,
)
