"""What an evaluation costs beside the model: metrics, windows and blocks around compiled learners.

The first table: CPU time of `evaluate.prequential` over the rows of a stream, beside that of the
model's own `test_then_train_many` over the same arrays; "around/model" is what is left for the
evaluation, 1 where it costs as much as the model. The second: each metric alone, updated from
arrays in blocks of two sizes and read after each block, as windows read it: AUC and PRAUC by marks,
whose values are found together in the end; "at once" they have each before the next block. Every
figure is the fewest CPU seconds of the timed runs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _timing import RESULTS, Rows, Timing, option, parse, read_rows, timed, write
from river import metrics

from olearn import evaluate, learners, streams
from olearn import metrics as ours
from olearn.core.labels import CodedLabels, CodedProba

Maker = Callable[[], Any]

LABELS: tuple[Maker, ...] = (metrics.Accuracy, metrics.CohenKappa, ours.KappaM, ours.KappaT)
PROBABILITIES: tuple[Maker, ...] = (metrics.Accuracy, metrics.LogLoss, ours.AUC)

# name: learner, metrics, share of the rows
CASES: dict[str, tuple[Maker, tuple[Maker, ...], float]] = {
    "tree, default metrics": (learners.HoeffdingTreeClassifier, LABELS, 1.0),
    "tree, Accuracy + LogLoss + AUC": (learners.HoeffdingTreeClassifier, PROBABILITIES, 1.0),
    "GaussianNB, default metrics": (learners.GaussianNB, LABELS, 1.0),
    "GaussianNB, Accuracy + LogLoss + AUC": (learners.GaussianNB, PROBABILITIES, 1.0),
    "forest, default metrics": (lambda: learners.ARFClassifier(seed=1), LABELS, 0.1),
}
OF_LABELS: tuple[Maker, ...] = (*LABELS, ours.FadingAccuracy, ours.PerClassRecall, metrics.F1)
OF_PROBABILITIES: tuple[Maker, ...] = (
    *(metrics.LogLoss, metrics.CrossEntropy, metrics.ROCAUC),
    *(metrics.RollingROCAUC, ours.AUC, ours.WindowedAUC, ours.PRAUC, ours.WindowedPRAUC),
    *(ours.Brier, ours.PrecisionAtBudget, ours.RecallAtBudget),
)
OF_NUMBERS: tuple[Maker, ...] = (
    *(metrics.MAE, metrics.RMSE, metrics.R2, metrics.RMSLE, metrics.MAPE, metrics.SMAPE),
)
MARKED = (ours.AUC, ours.PRAUC)
BLOCKS = (1_000, 500)


@dataclass
class Args:
    """Options of the benchmark."""

    stream: str = option("sea", "name of the stream")
    rows: int = option(1_000_000, "rows")
    metric_rows: int = option(200_000, "rows of each metric alone")
    repeat: int = option(3, "timed runs of each side")
    out: str = option(str(RESULTS / "evaluation"), "result files, without suffix")


def evaluations(args: Args) -> None:
    """Time whole evaluations beside their models; write the table."""
    data = read_rows(args.stream, args.rows, seed=1)
    timings, lines = [], []
    for name, (make, chosen, share) in CASES.items():
        n = int(args.rows * share)
        stream = streams.from_arrays(data.X[:n], data.y[:n] == 1)
        results: list[Any] = []

        def whole(make: Maker, stream: Any, chosen: Any, results: list[Any]) -> None:
            each = [metric() for metric in chosen]
            results.append(evaluate.prequential(stream, make(), each, progress=False))

        def bare(make: Maker, few: Rows) -> None:
            make().test_then_train_many(few.X, few.y == 1)

        whole(make, streams.from_arrays(data.X[:3000], data.y[:3000] == 1), chosen, [])  # compiles
        spent: dict[str, list[tuple[float, float]]] = {"evaluation": [], "model": []}
        for _ in range(args.repeat):
            spent["model"].append(timed(bare, make, data.first(n)))
            spent["evaluation"].append(timed(whole, make, stream, chosen, results))
        value = next(iter(results[0].values.values()))
        for side, (cpu, wall) in ((side, min(times)) for side, times in spent.items()):
            of_run = (n, cpu, wall, value, 1, args.repeat)
            timings.append(Timing(f"{name}, {side}", args.stream, results[0].path, *of_run))
        model, evaluation = (min(spent[side])[0] for side in ("model", "evaluation"))
        lines.append(
            {
                "evaluation of": name,
                "rows": n,
                "model ns/row": round(1e9 * model / n),
                "evaluation ns/row": round(1e9 * evaluation / n),
                "around/model": round(evaluation / model - 1.0, 2),
            }
        )
    title = "Evaluations: CPU time around compiled models"
    write(Path(args.out), title, args, timings, lines)


def alone(args: Args) -> None:
    """Time each metric alone over arrays; write the table."""
    n, rng = args.metric_rows, np.random.default_rng(1)
    truth = rng.integers(0, 2, n)
    scores = np.clip(0.3 + 0.4 * truth + rng.normal(scale=0.3, size=n), 0.0, 1.0)
    labels = [False, True]
    true = CodedLabels(truth, labels)
    guesses = CodedLabels((scores > 0.5).astype(np.int64), labels)
    proba = CodedProba(np.column_stack([1.0 - scores, scores]), labels)
    numbers = scores * 10.0
    given = [(make, true, guesses) for make in OF_LABELS]
    given += [(make, true, proba) for make in OF_PROBABILITIES]
    given += [(make, numbers, numbers + rng.random(n)) for make in OF_NUMBERS]
    timings, lines = [], []
    each = [(type(one[0]()).__name__, one[0] not in MARKED, *one) for one in given]
    each += [(f"{one[0].__name__}, at once", True, *one) for one in given if one[0] in MARKED]
    for name, at_once, make, *rows in each:
        line: dict[str, Any] = {"metric": name}
        for size in BLOCKS:
            update(make(), at_once, *rows, size, 4 * size)  # compiles
            times = [timed(update, make(), at_once, *rows, size, n) for _ in range(args.repeat)]
            cpu, wall = min(times)
            profile = f"blocks of {size}"
            timings.append(
                Timing(name, "random numbers", profile, n, cpu, wall, 0.0, 1, args.repeat)
            )
            line[f"ns/row, {profile}"] = round(1e9 * cpu / n)
        lines.append(line)
    write(Path(args.out + "_metrics"), "Metrics over arrays, each alone", args, timings, lines)


def update(metric: Any, at_once: bool, y_true: Any, y_pred: Any, size: int, n: int) -> None:
    """Update a metric block by block, and read it after each, at once or in the end."""
    for start in range(0, n, size):
        rows = slice(start, start + size)
        some = [
            y.part(rows) if isinstance(y, CodedLabels | CodedProba) else y[rows]
            for y in (y_true, y_pred)
        ]
        ours.update_many(metric, *some)
        if at_once:
            metric.get()
        else:
            metric.mark()
    if not at_once:
        metric.marked()


if __name__ == "__main__":
    options = parse(Args, __doc__ or "")
    evaluations(options)
    alone(options)
