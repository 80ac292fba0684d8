"""Runs of river's objects in place beside those row by row: rows, and the state of objects."""

import numpy as np
import pytest

from olearn import evaluate, streams

NAMES = ["a", "b", "c", "d", "e"]


def table(n=1500, seed=0):
    """Numbers of different scales with gaps, and a column that comes late."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 5)) * [1, 10, 0.1, 3, 1] + [0, 5, 0, 1, 0]
    full = X.copy()
    X[rng.random(X.shape) < 0.1] = np.nan
    X[: n // 2, 4] = np.nan
    return X, full


def targets(full, kind):
    """Truth values, three words, or numbers that are above 0."""
    score = full[:, 0] + 0.1 * full[:, 1] + full[:, 3] - 1.5
    if kind == "words":
        return np.array(list("cab"))[np.digitize(score, [-1, 1])]
    return score > 0 if kind == "bools" else np.abs(score)


def stream_of(X, y):
    return streams.from_arrays(
        X, y, names=NAMES, target="numbers" if y.dtype == np.float64 else "classes"
    )


def rows_of(X, y):
    """Return what river's own loop is given."""
    rows = zip(X.tolist(), y.tolist(), strict=True)
    return [({k: v for k, v in zip(NAMES, x, strict=True) if v == v}, t) for x, t in rows]


_NO_STATE = {"_plan", "_inference_transformers", "_last_step_cached", "_last_step_params", "_rng"}


def state(value):
    """Return all that an object of river holds, in plain values."""
    if type(value).__name__ == "VectorDict":
        return state(value.to_dict())
    if isinstance(value, dict):
        return type(value).__name__, {key: state(each) for key, each in value.items()}
    if hasattr(value, "__dict__"):
        inner = {k: state(v) for k, v in vars(value).items() if k not in _NO_STATE}
        return type(value).__name__, inner
    return value


def late(i, x, y):
    """A delay of each row's own; one in seven never comes."""
    return None if i % 7 == 3 else (i * 37) % 90


def check_same(make, X, y, metric=None, delay=None, exact=True, **how):
    """Compare a run in place with the row road of the same model; return the first."""
    ours, theirs = make(), make()
    how = {"metrics": metric, "delay": delay, "keep_predictions": True, **how}
    found = evaluate.prequential(stream_of(X, y), ours, block_size=400, **how)
    wanted = evaluate.prequential(rows_of(X, y), theirs, **how)
    assert (found.path, wanted.path) == ("blocks", "rows")
    np.testing.assert_array_equal(np.array(found.predictions), np.array(wanted.predictions))
    assert repr(state(ours)) == repr(state(theirs)) or state(ours) == state(theirs)
    for name, value in wanted.values.items():
        assert found.values[name] == pytest.approx(value, rel=0 if exact else 1e-12, nan_ok=True)
        assert found.windows[name] == pytest.approx(
            wanted.windows[name], rel=0 if exact else 1e-12, nan_ok=True
        )
    return found
