"""Trees and forests of numbers: ours over arrays beside river's, on the same streams.

Each row is predicted, then learnt; both sides learn the same rows, as river's trees get slower with
them. Sides run in turns, and the fewest CPU seconds of each count. `alike` is the share of
predictions that are river's bit for bit, which a forest's cannot be: its draws are others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _timing import RESULTS, Timing, option, parse, timed, write
from numpy.typing import NDArray
from river import forest, tree

from olearn import learners, streams

Maker = Callable[[], Any]
# name: our maker, river's
CASES: dict[str, tuple[Maker, Maker]] = {
    "tree": (learners.HoeffdingTreeRegressor, tree.HoeffdingTreeRegressor),
    "tree, normalised": (
        partial(learners.HoeffdingTreeRegressor, normalise=True),
        tree.HoeffdingTreeRegressor,
    ),
    "forest": (partial(learners.ARFRegressor, seed=1), partial(forest.ARFRegressor, seed=1)),
}


@dataclass
class Args:
    """Options of the benchmark."""

    rows: int = option(10_000, "rows of each stream, trees")
    forest_rows: int = option(2_500, "rows of each stream, forests")
    streams: str = option("friedman,etth1", "streams, by name")
    repeat: int = option(3, "timed runs of each side")
    out: str = option(str(RESULTS / "regression_speed"), "result files, without suffix")


def by_rows(model: Any, rows: list[dict[Any, float]], y: list[float]) -> list[float]:
    """Predict each row, then learn it."""
    answers = []
    for x, target in zip(rows, y, strict=True):
        answers.append(model.predict_one(x))
        model.learn_one(x, target)
    return answers


def errors(told: Any, y: NDArray[np.float64]) -> dict[str, float]:
    """Return RMSE, MAE and R2."""
    off = np.asarray(told) - y
    r2 = 1.0 - float((off**2).sum() / ((y - y.mean()) ** 2).sum())
    rmse, mae = float(np.sqrt((off**2).mean())), float(np.abs(off).mean())
    return {"RMSE": round(rmse, 4), "MAE": round(mae, 4), "R2": round(r2, 4)}


def main(args: Args) -> None:
    """Measure, print the table, write the files."""
    timings, lines = [], []
    for stream in args.streams.split(","):
        table, targets = next(streams.load(stream).blocks(args.rows))
        for name, (ours, river) in CASES.items():
            n = min(args.forest_rows if name == "forest" else args.rows, len(targets))
            X, y = table[:n], np.asarray(targets[:n], np.float64)
            rows, few = [dict(enumerate(row)) for row in X.tolist()], y.tolist()
            ours().test_then_train_many(X[:50], y[:50])  # compiles
            runs = [
                (timed(ours().test_then_train_many, X, y), timed(by_rows, river(), rows, few))
                for _ in range(args.repeat)
            ]
            (cpu, wall), (their_cpu, their_wall) = (
                min(run[side] for run in runs) for side in (0, 1)
            )
            told, theirs = ours().test_then_train_many(X, y), by_rows(river(), rows, few)
            alike = float(np.mean(told == np.array(theirs)))
            for side, of_run in (("", (n, cpu, wall)), (", river", (n, their_cpu, their_wall))):
                timings.append(
                    Timing(name + side, stream, "defaults", *of_run, alike, 1, args.repeat)
                )
            lines.append(
                {
                    "model": name,
                    "stream": stream,
                    "rows": n,
                    "ours, us a row": round(cpu / n * 1e6, 3),
                    "river's, us a row": round(their_cpu / n * 1e6, 1),
                    "river's/ours": round(their_cpu / cpu, 1),
                    "alike %": round(100.0 * alike, 2),
                    **errors(told, y),
                    **{f"river's {key}": value for key, value in errors(theirs, y).items()},
                }
            )
            print(lines[-1], flush=True)
    title = "Regression: CPU time and errors beside river's, to predict and learn a row"
    write(Path(args.out), title, args, timings, lines)


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
