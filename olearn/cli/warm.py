"""What `olearn warm` does: compile ahead what learners, detectors, agents and streams need.

Kernels are compiled at their first call, so each thing is made and used for a few rows in all the
ways that a user may: rows and arrays, predictions and probabilities, a feature and a class that
come later, a run that is measured, saving and loading.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

import typer

from olearn import registry
from olearn.core.validate import suggestion

_N_ROWS = 300  # enough for DriftMoE to train its experts and its router
_N_STEPS = 100
_N_FEATURES = 4
_ENVIRONMENT = "CartPole-v1"


def names() -> list[str]:
    """Return all that may have kernels: learners, detectors, agents and generators of ours."""
    entries = {**registry.LEARNERS, **registry.DETECTORS}
    ours = [name for name, entry in entries.items() if entry.path.startswith("olearn.")]
    return [*ours, *registry.AGENTS, *registry.GENERATORS]


def run(asked: list[str]) -> None:
    """Compile what the names need, all by default; say where it lies and how large it is.

    By default, what needs a package that is not installed is left out.
    """
    known = names()
    for name in asked:
        if name not in known:
            near = suggestion(name, known)
            raise typer.BadParameter(
                f"{name!r} is no learner, detector, agent or synthetic stream of olearn{near}"
            )

    from olearn.core import compile_notice
    from olearn.core.kernel_cache import usage
    from olearn.evaluate.progress import Bars

    left_out = []
    with Bars(show=True) as bars, compile_notice.kept_quiet():
        report = bars.add("compiling", len(asked or known))
        for done, name in enumerate(asked or known):
            report(done, name)
            try:
                _use(name)
            except ModuleNotFoundError as error:
                if asked:
                    raise
                left_out.append(f"{name} (no {error.name})")
    if usage.n_lost:
        raise OSError(
            f"{usage.n_lost} kernels cannot be kept: set NUMBA_CACHE_DIR to a folder that can be "
            "written to and has room"
        )
    typer.echo(f"compiled {usage.n_written:,} kernels, found {usage.n_read:,}")
    if left_out:
        typer.echo(f"left out: {', '.join(left_out)}")
    if usage.folders:
        files = [file for folder in usage.folders for file in folder.glob("*.kernel")]
        size = sum(file.stat().st_size for file in files)
        root = os.path.commonpath(usage.folders)
        typer.echo(f"cache: {len(files):,} kernels, {size / 1e6:,.1f} MB, in {root}")


def _use(name: str) -> None:
    if name in registry.AGENTS:
        _use_agent(name)
    elif name in registry.GENERATORS:
        _use_stream(name)
    elif name in registry.DETECTORS:
        _use_detector(name)
    else:
        _use_learner(name)


def _use_learner(name: str) -> None:
    import numpy as np

    from olearn import streams
    from olearn.evaluate import prequential

    rng = np.random.default_rng(1)
    columns = [f"x{i}" for i in range(_N_FEATURES)]
    X = rng.normal(size=(_N_ROWS, _N_FEATURES))
    X[:, -1] = rng.integers(3, size=_N_ROWS)
    y = rng.integers(3, size=_N_ROWS)
    model = registry.make_learner(name, nominal=columns[-1:], seed=1)
    stream = streams.from_arrays(X, y, names=columns, nominal=columns[-1:])
    prequential(stream, model, progress=False)
    model.learn_many(X, y)
    model.predict_many(X)
    model.predict_proba_many(X)
    row = dict(zip(columns, X[0].tolist(), strict=True))
    for x, label in ((row, 0), ({**row, "later": 1.0}, 3)):
        model.predict_one(x)
        model.predict_proba_one(x)
        model.learn_one(x, label)
    again = _saved_and_loaded(model)
    again.learn_one(row, 0)


def _use_detector(name: str) -> None:
    import numpy as np
    from river.base import BinaryDriftDetector

    values = np.random.default_rng(1).random(_N_ROWS)
    detector = registry.make_detector(name, seed=1)
    if isinstance(detector, BinaryDriftDetector):
        values = np.round(values)
    for value in values[:_N_STEPS].tolist():
        detector.update(value)
    detector.update_many(values)
    _saved_and_loaded(detector).update(1.0)


def _use_agent(name: str) -> None:
    from olearn.evaluate import episodes
    from olearn.learners import rl

    def make_agent(env: Any, seed: int) -> Any:
        return rl.make_agent(name, env, seed=seed)

    episodes(make_agent, lambda: rl.make(_ENVIRONMENT), _N_STEPS, progress=False)


def _use_stream(name: str) -> None:
    from olearn import streams

    next(iter(streams.load(name, seed=1).blocks(_N_ROWS)))


def _saved_and_loaded(model: Any) -> Any:
    import olearn

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        olearn.save(model, path)
        return olearn.load(path)
