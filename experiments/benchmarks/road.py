"""Whole evaluations of pipelines: ours, which run blocks, beside river's, row by row.

Each side runs `evaluate.prequential` over the same rows of a stream, with the same metrics and the
same delay of the labels; the time is that of the whole evaluation, its metrics included, the fewest
CPU seconds of the timed runs. river's side is given dicts that are made before; "in place" is the
same objects of river's given arrays, where their state goes into arrays and back. "bare" is our
last step alone with labels at once and accuracy: what the scaler, the metrics and the delay cost is
the ratio to it. The value of the first metric stands beside, over the rows of river's.
"""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _timing import RESULTS, Timing, option, parse, read_rows, write
from river import forest, linear_model, metrics, naive_bayes, tree
from river import preprocessing as theirs

from olearn import evaluate, learners
from olearn import metrics as our_metrics
from olearn import preprocessing as ours

Maker = Callable[[], Any]
ACCURACY: tuple[type[metrics.base.Metric], ...] = (metrics.Accuracy,)
PROBABILITIES = (metrics.LogLoss, metrics.Accuracy)
RIVERS_AUC = (metrics.LogLoss, metrics.ROCAUC)
EXACT_AUC = (metrics.LogLoss, our_metrics.AUC)

# name: our last step, river's, metrics, delay
CASES: dict[str, tuple[Maker, Maker, Any, int | None]] = {
    "logistic regression": (
        learners.LogisticRegression,
        linear_model.LogisticRegression,
        ACCURACY,
        None,
    ),
    "logistic regression, LogLoss, ROCAUC": (
        learners.LogisticRegression,
        linear_model.LogisticRegression,
        RIVERS_AUC,
        None,
    ),
    "logistic regression, LogLoss, AUC": (
        learners.LogisticRegression,
        linear_model.LogisticRegression,
        EXACT_AUC,
        None,
    ),
    "naive Bayes": (learners.GaussianNB, naive_bayes.GaussianNB, ACCURACY, None),
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
    "tree, LogLoss, AUC, 100 rows late": (
        learners.HoeffdingTreeClassifier,
        tree.HoeffdingTreeClassifier,
        EXACT_AUC,
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
IN_PLACE = tuple(name for name in CASES if name.startswith(("logistic", "naive")))


@dataclass
class Args:
    """Options of the benchmark."""

    stream: str = option("electricity", "name of the stream")
    rows: int = option(20_000, "rows of ours")
    river_rows: int = option(4_000, "rows of river's, which speeds are compared by")
    repeat: int = option(3, "timed runs of each side")
    out: str = option(str(RESULTS / "road"), "result files, without suffix")


def timed(model: Any, stream: Any, chosen: Any, delay: int | None) -> tuple[Any, ...]:
    """Return CPU seconds, seconds and the result of one evaluation."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    result = evaluate.prequential(
        stream, model, [metric() for metric in chosen], delay=delay, progress=False
    )
    return time.process_time() - cpu, time.perf_counter() - wall, result


def _first(stream: Any, n: int) -> Any:
    return tuple(part[:n] for part in stream) if isinstance(stream, tuple) else stream[:n]


def main(args: Args) -> None:
    """Measure, print the table, write the files."""
    timings, lines = [], []
    data = read_rows(args.stream, max(args.rows, args.river_rows), seed=1)
    labels = (data.y == 1).tolist()  # bools, which river's regression asks for
    for name, (mine, river, chosen, delay) in CASES.items():
        arrays = (data.X[: args.rows], data.y[: args.rows] == 1)
        pairs = zip(data.first(args.river_rows).pairs(), labels, strict=False)
        rows = [(x, y) for (x, _), y in pairs]
        sides: dict[str, tuple[Maker, Any, Any, int | None]] = {
            "ours": (lambda m=mine: ours.StandardScaler() | m(), arrays, chosen, delay),
            "bare": (mine, arrays, ACCURACY, None),
            "river": (lambda m=river: theirs.StandardScaler() | m(), rows, chosen, delay),
        }
        if name in IN_PLACE:
            sides["in place"] = (sides["river"][0], arrays, chosen, delay)
        for make, stream, *how in sides.values():
            timed(make(), _first(stream, 100), *how)  # compiles
        runs: dict[str, list[tuple[Any, ...]]] = {side: [] for side in sides}
        for _ in range(args.repeat):
            for side, (make, stream, *how) in sides.items():
                runs[side].append(timed(make(), stream, *how))
        micro, values = {}, {}
        for side in sides:
            cpu, wall, result = min(runs[side], key=lambda run: run[0])
            values[side] = result.value_at(next(iter(result.values)), args.river_rows)
            micro[side] = 1e6 * cpu / result.n
            of_run = (result.n, cpu, wall, values[side], 1, args.repeat)
            timings.append(Timing(f"{name}, {side}", args.stream, result.path, *of_run))
        lines.append(
            {
                "scaler |": name,
                "ours us/row": round(micro["ours"], 2),
                "river's us/row": round(micro["river"], 2),
                "river's/ours": round(micro["river"] / micro["ours"], 1),
                "river's/in place": round(micro["river"] / micro["in place"], 1)
                if name in IN_PLACE
                else "rows",
                "ours/bare": round(micro["ours"] / micro["bare"], 2),
                "first metric, ours": round(values["ours"], 4),
                "first metric, river's": round(values["river"], 4),
            }
        )
    title = "Pipelines: CPU time of a whole evaluation, ours beside river's"
    write(Path(args.out), title, args, timings, lines)


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
