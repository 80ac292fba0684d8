"""What `olearn.checks` is made of: small seeded streams, snapshots of a state, and comparisons."""

import copy
import importlib
import itertools
import pickle
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river import base

from olearn.core.types import Rows
from olearn.core.values import is_number

NAMES = ["a", "b", "c", "d", "e"]


# ways to copy a model, so that the copy goes on where it was
COPIERS: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "deepcopy": copy.deepcopy,
    "clone(include_attributes=True)": lambda model: model.clone(include_attributes=True),
}


def require(condition: bool, message: str) -> None:
    """Raise AssertionError with the message; unlike `assert`, also under `python -O`."""
    if not condition:
        raise AssertionError(message)


def fresh(model: Any) -> Any:
    """Return an untrained clone, with a seed where the model leaves it open."""
    if "seed" in model._get_params() and model.seed is None:
        return model.clone({"seed": 1})
    return model.clone()


# -- streams -------------------------------------------------------------------------------------


def labelled_rows(n: int = 2000, seed: int = 7) -> tuple[Rows, list[str]]:
    """Five numeric features with ties and gaps; the concept changes halfway, "high" comes late."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5))
    X[:, 3] = rng.integers(0, 4, n)
    X[:, 4] = np.round(rng.random(n), 1)
    second = np.arange(n) >= n // 2
    y = np.digitize(X[:, 0] + np.where(second, -1.0, 1.0) * X[:, 1], [-0.7, 0.7])
    y[: n // 3] = np.minimum(y[: n // 3], 1)
    X[rng.random(X.shape) < 0.05] = np.nan
    X[0] = [0.1, 0.2, 0.3, 1.0, 0.5]  # the first row names every feature
    return X, np.array(["low", "mid", "high"])[y].tolist()


def rows_for(model: Any, n: int = 2000) -> tuple[Rows, list[str]]:
    """Return `labelled_rows` with the labels and signs that a model takes."""
    X, y = labelled_rows(n)
    if not takes_negative(model):
        X = np.abs(X)
    if tells_many_apart(model):
        return X, y
    return X, ["mid" if label == "high" else label for label in y]


def tells_many_apart(model: Any) -> bool:
    """Tell whether a model learns any number of labels; regressors do not care."""
    return bool(getattr(model, "_multiclass", True))


def takes_negative(model: Any) -> bool:
    """Tell whether a model takes numbers below 0; one that does not has river's tag."""
    return base.tags.POSITIVE_INPUT not in getattr(model, "_tags", ())


def takes_text(model: Any) -> bool:
    """Tell whether a model takes nominal features; one that does not raises ValueError."""
    try:
        fresh(model).predict_one({"colour": "red"})
    except ValueError:
        return False
    return True


def fitting(model: Any, rows: list[dict[Any, Any]]) -> list[dict[Any, Any]]:
    """Return rows without their texts and their signs where the model takes none."""
    if not takes_text(model):
        rows = [{k: v for k, v in x.items() if not isinstance(v, str)} for x in rows]
    if not takes_negative(model):
        rows = [{k: abs(v) if is_number(v) else v for k, v in x.items()} for x in rows]
    return rows


def mixed_rows(n: int = 600, seed: int = 8) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows with a float, an int and a string feature, gaps in the first and the last."""
    rng = np.random.default_rng(seed)
    x, count = rng.normal(size=n).tolist(), rng.integers(0, 50, n).tolist()
    # "blue" is first seen in the second half
    colour = np.array(["red", "green", "blue"])[
        np.minimum(rng.integers(0, 3, n), 1 + (np.arange(n) > n // 2))
    ].tolist()
    y = ["yes" if v > 0.0 or c == "green" else "no" for v, c in zip(x, colour, strict=True)]
    for i in rng.integers(1, n, n // 20).tolist():
        x[i], colour[n - i] = float("nan"), None
    rows = zip(x, count, colour, strict=True)
    return [{"x": a, "count": b, "colour": c} for a, b, c in rows], y


def few_distinct_blocks(n: int, block: int) -> Iterator[tuple[Rows, NDArray[np.int64]]]:
    """Blocks of only 256 distinct rows under recurring drift.

    A learner that summarises what it saw stops growing here, one that stores its rows cannot.
    """
    rng = np.random.default_rng(9)
    for start in range(0, n, block):
        X = rng.integers(0, 4, (block, 4)).astype(np.float64)
        drifted = start // (3 * block) % 2
        y = (X[:, drifted] + X[:, 2] > 3.0).astype(np.int64) + (X[:, 3 - drifted] == 0.0)
        yield X, y


def error_bits(n: int = 4000, seed: int = 10) -> Rows:
    """Zeros and ones whose rate jumps between 0.05 and 0.7 every 500 values."""
    rng = np.random.default_rng(seed)
    rate = np.where(np.arange(n) // 500 % 2 == 0, 0.05, 0.7)
    return (rng.random(n) < rate).astype(np.float64)


def chunks(n: int) -> list[slice]:
    """Cut n rows into 1, 7, 256 and the rest."""
    edges = [0, 1, 8, 264, n]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def dicts(X: Rows, names: Any = NAMES) -> list[dict[Any, float]]:
    """Return the rows as dicts."""
    return [dict(zip(names, row, strict=True)) for row in X.tolist()]


def frame_kinds() -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Yield name and constructor of the data frames that are installed."""
    for name in ("pandas", "polars"):
        try:
            yield name, importlib.import_module(name).DataFrame
        except ImportError:
            continue


# -- learning and asking -------------------------------------------------------------------------


def learn_rows(model: Any, rows: Any, y: Any) -> None:
    """Learn row by row."""
    for x, label in zip(rows, y, strict=True):
        model.learn_one(x, label)


def learn_many(model: Any, X: Rows) -> None:
    """Learn rows, with a target where the transformer takes one."""
    model.learn_many(X, *([targets_of(X)] if model._supervised else []), names=NAMES)


def targets_of(X: Rows) -> Rows:
    """Return a number a row, for transformers that read one."""
    targets: Rows = np.nan_to_num(X[:, 0])
    return targets


def predict_then_learn(model: Any, rows: Any, y: Any) -> list[tuple[Any, dict[Any, float]]]:
    """Predict label and probabilities of each row, then learn it."""
    answers = []
    for x, label in zip(rows, y, strict=True):
        answers.append((model.predict_one(x), model.predict_proba_one(x)))
        model.learn_one(x, label)
    return answers


def answers_of(model: Any, rows: Any) -> list[dict[Any, float]]:
    return [model.predict_proba_one(x) for x in rows]


def require_equal(expected: Any, got: Any, what: str) -> None:
    """Compare two sequences of answers exactly; the message names the first that differs."""
    expected, got = list(expected), list(got)
    require(len(expected) == len(got), f"{what}: {len(expected)} answers against {len(got)}")
    for row, (left, right) in enumerate(zip(expected, got, strict=True)):
        same = left is None if right is None else np.array_equal(left, right)
        require(same, f"{what}: row {row} gives {left} against {right}")


def require_distribution(model: Any, proba: Mapping[Any, float], when: str) -> None:
    """Require plain floats in [0, 1] for every known label, with sum 1 within 1e-9."""
    require(list(proba) == list(model.labels), f"{when}: labels {list(proba)} != {model.labels}")
    for label, p in proba.items():
        require(type(p) is float, f"{when}: P({label!r}) is a {type(p).__name__}, not a float")
        require(0.0 <= p <= 1.0, f"{when}: P({label!r}) = {p} is outside [0, 1]")
    total = sum(proba.values())
    require(abs(total - 1.0) <= 1e-9, f"{when}: probabilities add up to {total!r}")


# -- states --------------------------------------------------------------------------------------


def snapshot(value: Any) -> dict[str, Any]:
    """Copy everything a model holds, by its path such as `._labels.labels[0]`."""
    out: dict[str, Any] = {}
    _walk(value, "", out, set())
    return out


def _walk(value: Any, path: str, out: dict[str, Any], above: set[int]) -> None:
    if id(value) in above:  # a cycle
        return
    inside = above | {id(value)}
    if isinstance(value, np.ndarray) and value.dtype != object:
        out[path] = (value.shape, str(value.dtype), value.tobytes())
    elif isinstance(value, dict):
        out[path] = len(value)
        for i, (key, item) in enumerate(value.items()):
            _walk(key, f"{path}.keys[{i}]", out, inside)
            _walk(item, f"{path}[{key!r}]", out, inside)
    elif isinstance(value, list | tuple):
        out[path] = len(value)
        for i, item in enumerate(value):
            _walk(item, f"{path}[{i}]", out, inside)
    elif isinstance(value, set | frozenset):
        out[path] = frozenset(value)
    elif isinstance(value, str | float | int | None):
        out[path] = repr(value)
    elif isinstance(value, base.Base) or type(value).__module__.startswith("olearn."):
        out[path] = type(value).__name__
        for name, item in (value.__getstate__() or {}).items():  # what a pickle keeps
            _walk(item, f"{path}.{name}", out, inside)
    else:
        out[path] = pickle.dumps(value)


def require_same_state(before: dict[str, Any], model: Any, when: str) -> None:
    """Compare a snapshot with the model now; the message names the first path that differs."""
    after = snapshot(model)
    paths = [path for path in before | after if before.get(path) != after.get(path)]
    require(not paths, f"{when}: the state changed at {', '.join(paths[:3])}")


def require_refusal(
    model: Any,
    call: Callable[[], Any],
    kinds: type[Exception] | tuple[type[Exception], ...],
    words: tuple[str, ...],
    what: str,
) -> None:
    """Require that a call raises one of these errors, names `words`, and leaves no trace."""
    before = snapshot(model)
    try:
        call()
    except kinds as error:
        missing = [word for word in words if word not in str(error)]
        require(not missing, f"{what}: the message {str(error)!r} does not name {missing}")
    except Exception as error:
        raise AssertionError(f"{what} raised {error!r}, expected {kinds}") from error
    else:
        raise AssertionError(f"{what} was accepted, expected {kinds}")
    require_same_state(before, model, f"{what}, though refused")


def state_bytes(model: Any) -> int:
    """Return the size of the state; raise where the model's own figure hides most of it."""
    pickled, own = len(pickle.dumps(model)), int(model._raw_memory_usage)
    require(
        2 * own + 8192 >= pickled, f"_raw_memory_usage is {own} bytes, the pickled state {pickled}"
    )
    return max(pickled, own)


def require_bounded(peaks: list[int], of_what: str) -> None:
    """Compare the peaks of both halves of a stream on which a sound model has stopped growing.

    The slack is for a small model that doubles an array late; three bytes a row exceed it.
    """
    require(
        peaks[1] <= 1.5 * peaks[0] + 131_072,
        f"memory grew from {peaks[0]} bytes in the first 100,000 {of_what} "
        f"to {peaks[1]} bytes in the second",
    )
