"""The models of the golden saved files, and what they are asked.

`python tests/saved_models.py FOLDER` writes the files: a model of each public class, saved in the
middle of a stream, beside `answers.json`, what it said of the rows that follow.
"""

import gzip
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from river import base as river_base
from river import preprocessing

import olearn
from olearn import detectors, learners
from olearn.base import ArrayClassifier, ArrayDetector
from olearn.checks.tools import dicts, error_bits, rows_for
from olearn.learners import rl

CLASSES = [getattr(part, name) for part in (learners, detectors) for name in part.__all__]
HALF, END = 200, 212  # rows: where a model is saved, and where its run ends
FEW = 24, 30  # of learners that replay, which take a hundred times as long

_FEW_CELLS = {
    "pooler_options": {"n_columns": 64, "n_winners": 8},
    "memory_options": {"max_segments": 64, "cells_per_column": 4, "max_new_synapses": 8},
}
SMALLER = {"HTMSPRT": _FEW_CELLS, "HTMColumnsClassifier": _FEW_CELLS}

AGENTS = {
    "q": lambda: rl.StreamQ(2, (8,), sparsity=0.5, seed=1),
    "sarsa": lambda: rl.StreamSARSA(2, (8,), sparsity=0.5, seed=1),
    "ac": lambda: rl.StreamAC(3, (8,), sparsity=0.5, seed=1),
    "ac-continuous": lambda: rl.StreamAC(
        hidden=(16,), low=(-1.0,), high=(1.0,), critic_optimiser=rl.AdaptiveObGD(), seed=1
    ),
}


def run(model: Any, start: int, end: int) -> list[Any]:
    """Run a model of any kind over rows of a stream; return all its answers."""
    X, y = rows_for(model, max(end, 700))
    if isinstance(model, ArrayDetector):
        return model.update_many(error_bits()[start:end]).tolist()
    rows = dicts(X if isinstance(model, ArrayClassifier) else np.nan_to_num(X))
    answers: list[Any] = []
    for x, label in zip(rows[start:end], y[start:end], strict=True):
        if isinstance(model, river_base.Transformer):
            model.learn_one(x)
            answers.append(model.transform_one(x))
        elif isinstance(model, river_base.AnomalyDetector):
            answers.append(model.score_one(x))
            model.learn_one(x)
        elif isinstance(model, river_base.Regressor):
            answers.append(model.predict_one(x))
            model.learn_one(x, x["a"] + (label == "low"))
        else:
            answers.append(model.predict_proba_one(x))
            model.learn_one(x, label)
    return answers


def act(agent: Any, n: int, rng: np.random.Generator) -> list[Any]:
    """Let an agent act on random observations; return actions and TD errors."""
    x, out = rng.normal(size=4), []
    for i in range(n):
        action = agent.act(x)
        following = rng.normal(size=4)
        agent.learn_one(x, action, float(x[0]), following, i % 50 == 49)
        out.append((np.asarray(action).tolist(), agent.td_error))
        x = following
    return out


def models() -> Iterator[tuple[str, Any]]:
    """Yield a name and a new model of each public class, and of what joins several."""
    for cls in CLASSES:
        params = {**next(iter(cls._unit_test_params())), **SMALLER.get(cls.__name__, {})}
        if "seed" in inspect.signature(cls).parameters:
            params.setdefault("seed", 1)
        yield cls.__name__, cls(**params)
    yield "DriftMoEClassifier.plus", learners.DriftMoEClassifier.plus(seed=1)
    yield "pipeline", preprocessing.StandardScaler() | learners.HoeffdingTreeClassifier()


def go_on(name: str, model: Any) -> list[Any]:
    """Return what a saved model of that name says of the rows that follow, as plain JSON."""
    if name in AGENTS:
        return act(model, 20, np.random.default_rng(3))
    if isinstance(model, ArrayDetector):
        return run(model, HALF, 1000)  # a drift is in there
    half, end = FEW if "replay" in type(model).__module__ else (HALF, END)
    answers = run(model, half, end)
    return [
        {str(key): value for key, value in each.items()} if isinstance(each, dict) else each
        for each in answers
    ]


def main(folder: Path) -> None:
    """Write all files."""
    folder.mkdir(parents=True, exist_ok=True)
    answers = {}
    for name, model in models():
        run(model, 0, FEW[0] if "replay" in type(model).__module__ else HALF)
        _save(model, folder, name)
        answers[name] = go_on(name, model)
    for name, make in AGENTS.items():
        agent = make()
        act(agent, 200, np.random.default_rng(2))
        _save(agent, folder, name)
        answers[name] = go_on(name, agent)
    (folder / "answers.json").write_text(json.dumps(answers))


def _save(model: Any, folder: Path, name: str) -> None:
    path = folder / f"{name}.safetensors"
    olearn.save(model, path)
    path.with_suffix(".safetensors.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    path.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
