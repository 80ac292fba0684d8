"""Whole evaluations of pipelines: ours, which run blocks, beside river's, row by row.

Each side runs `evaluate.prequential` over the same rows of a stream, with the same metrics and the
same delay of the labels; the time is that of the whole evaluation, its metrics included, the fewest
CPU seconds of the timed runs. "bare" is our last step alone with labels at once and accuracy: what
the scaler, the metrics and the delay cost is the ratio to it. The value of the first metric stands
beside, over the rows of river's.
"""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _timing import RESULTS, Rows, Timing, option, parse, read_rows, write
from river import forest, linear_model, metrics, tree
from river import preprocessing as theirs

from olearn import evaluate, learners
from olearn import preprocessing as ours

Maker = Callable[[], Any]
ACCURACY: tuple[type[metrics.base.Metric], ...] = (metrics.Accuracy,)
PROBABILITIES = (metrics.LogLoss, metrics.Accuracy)

# name: our last step, river's, metrics, delay
CASES: dict[str, tuple[Maker, Maker, Any, int | None]] = {
    "logistic regression": (
        learners.LogisticRegression,
        linear_model.LogisticRegression,
        ACCURACY,
        None,
    ),
    "tree": (
        learners.HoeffdingTreeClassifier,
        tree.HoeffdingTreeClassifier,
        ACCURACY,
        None,
    ),
    "tree, LogLoss, 100 rows late": (
        learners.HoeffdingTreeClassifier,
        tree.HoeffdingTreeClassifier,
        PROBABILITIES,
        100,
    ),
    "forest": (
        lambda: learners.ARFClassifier(seed=1),
        lambda: forest.ARFClassifier(seed=1),
        ACCURACY,
        None,
    ),
    "forest, LogLoss, 100 rows late": (
        lambda: learners.ARFClassifier(seed=1),
        lambda: forest.ARFClassifier(seed=1),
        PROBABILITIES,
        100,
    ),
}


@dataclass
class Args:
    """Options of the benchmark."""

    stream: str = option("electricity", "name of the stream")
    rows: int = option(20_000, "rows of ours")
    river_rows: int = option(4_000, "rows of river's, which speeds are compared by")
    repeat: int = option(3, "timed runs of each side")
    out: str = option(str(RESULTS / "road"), "result files, without suffix")


def timed(model: Any, data: Rows, rows: int, chosen: Any, delay: int | None) -> tuple[Any, ...]:
    """Return CPU seconds, seconds and the result of one evaluation."""
    gc.collect()
    stream = (data.X[:rows], data.y[:rows] == 1)  # bools, which river's regression asks for
    wall, cpu = time.perf_counter(), time.process_time()
    result = evaluate.prequential(
        stream, model, [metric() for metric in chosen], delay=delay, progress=False
    )
    return time.process_time() - cpu, time.perf_counter() - wall, result


def main(args: Args) -> None:
    """Measure, print the table, write the files."""
    timings, lines = [], []
    data = read_rows(args.stream, max(args.rows, args.river_rows), seed=1)
    for name, (mine, river, chosen, delay) in CASES.items():
        sides: dict[str, tuple[Maker, int, Any, int | None]] = {
            "ours": (lambda m=mine: ours.StandardScaler() | m(), args.rows, chosen, delay),
            "bare": (mine, args.rows, ACCURACY, None),
            "river": (
                lambda m=river: theirs.StandardScaler() | m(),
                args.river_rows,
                chosen,
                delay,
            ),
        }
        for make, _, *how in sides.values():
            timed(make(), data, 100, *how)  # compiles
        runs: dict[str, list[tuple[Any, ...]]] = {side: [] for side in sides}
        for _ in range(args.repeat):
            for side, (make, rows, *how) in sides.items():
                runs[side].append(timed(make(), data, rows, *how))
        micro, values = {}, {}
        for side, (_, rows, *_rest) in sides.items():
            cpu, wall, result = min(runs[side], key=lambda run: run[0])
            values[side] = result.value_at(next(iter(result.values)), args.river_rows)
            micro[side] = 1e6 * cpu / rows
            of_run = (rows, cpu, wall, values[side], 1, args.repeat)
            timings.append(Timing(f"{name}, {side}", args.stream, result.path, *of_run))
        lines.append(
            {
                "scaler |": name,
                "ours us/row": round(micro["ours"], 2),
                "river's us/row": round(micro["river"], 2),
                "river's/ours": round(micro["river"] / micro["ours"], 1),
                "ours/bare": round(micro["ours"] / micro["bare"], 2),
                "first metric, ours": round(values["ours"], 4),
                "first metric, river's": round(values["river"], 4),
            }
        )
    title = "Pipelines: CPU time of a whole evaluation, ours beside river's"
    write(Path(args.out), title, args, timings, lines)


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
