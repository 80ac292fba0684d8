"""Learners that give what river's give: ours, as rows and as arrays, beside river's.

Each row is answered, then learnt: labels and numbers are predicted, anomalies scored. All sides run
in turns over the same rows, and the fewest CPU seconds of each count; the share of answers that are
river's bit for bit stands beside, and of classifiers the shares of right ones. river has no
SAM-kNN: its nearest neighbours of a window stand in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _timing import RESULTS, Timing, option, parse, timed, write
from numpy.typing import NDArray
from river import anomaly, base, linear_model, naive_bayes, neighbors

from olearn import learners

# name: our maker, river's
CASES: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "GaussianNB": (learners.GaussianNB, naive_bayes.GaussianNB),
    "BernoulliNB": (
        partial(learners.BernoulliNB, true_threshold=0.5),
        partial(naive_bayes.BernoulliNB, true_threshold=0.5),
    ),
    "MultinomialNB": (learners.MultinomialNB, naive_bayes.MultinomialNB),
    "ComplementNB": (learners.ComplementNB, naive_bayes.ComplementNB),
    "LogisticRegression": (learners.LogisticRegression, linear_model.LogisticRegression),
    "LinearRegression": (learners.LinearRegression, linear_model.LinearRegression),
    "Perceptron": (learners.Perceptron, linear_model.Perceptron),
    "HalfSpaceTrees": (
        partial(learners.HalfSpaceTrees, seed=1),
        partial(anomaly.HalfSpaceTrees, seed=1),
    ),
    "KNN": (
        learners.KNNClassifier,
        partial(neighbors.KNNClassifier, engine=neighbors.LazySearch(window_size=1000)),
    ),
    "SAM-kNN": (
        partial(learners.SAMkNNClassifier, seed=1),
        partial(neighbors.KNNClassifier, engine=neighbors.LazySearch(window_size=1000)),
    ),
    "LODA": (partial(learners.LODA, seed=1), partial(anomaly.LODA, seed=1)),
    "OneClassSVM": (learners.OneClassSVM, anomaly.OneClassSVM),
}


@dataclass
class Args:
    """Options of the benchmark."""

    rows: int = option(50_000, "rows of the arrays")
    dict_rows: int = option(4_000, "rows one at a time, both sides")
    features: int = option(8, "features")
    repeat: int = option(5, "timed runs of each side")
    seed: int = option(1, "seed of the rows")
    out: str = option(str(RESULTS / "learners"), "result files, without suffix")


def sample(args: Args) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Draw numbers in [0, 1], and a label that two of them tell."""
    rng = np.random.default_rng(args.seed)
    X = np.clip(rng.normal(0.5, 0.15, (args.rows, args.features)), 0.0, 1.0)
    return X, X[:, 0] + X[:, 1] > 1.0


def by_rows(model: Any, rows: list[dict[int, float]], y: list[Any]) -> list[Any]:
    """Answer each row, then learn it."""
    if isinstance(model, base.AnomalyDetector):
        answers = []
        for x in rows:
            answers.append(model.score_one(x))
            model.learn_one(x)
        return answers
    answers = []
    for x, target in zip(rows, y, strict=True):
        answers.append(model.predict_one(x))
        model.learn_one(x, target)
    return answers


def by_array(model: Any, X: NDArray[np.float64], y: NDArray[Any]) -> Any:
    """Do the same in one call."""
    given = () if isinstance(model, base.AnomalyDetector) else (y,)
    return model.test_then_train_many(X, *given)


def main(args: Args) -> None:
    """Measure, print the table, write the files."""
    X, truth = sample(args)
    few = min(args.dict_rows, args.rows)
    rows = [dict(enumerate(row)) for row in X[:few].tolist()]
    timings, lines = [], []
    for name, (ours, river) in CASES.items():
        y: Any = X[:, 2] * 3.0 - X[:, 3] if isinstance(ours(), base.Regressor) else truth
        labels = y[:few].tolist()
        by_array(ours(), X[:50], y[:50])  # compiles
        by_rows(ours(), rows[:50], labels[:50])
        runs = [
            (
                timed(by_array, ours(), X, y),
                timed(by_rows, ours(), rows, labels),
                timed(by_rows, river(), rows, labels),
            )
            for _ in range(args.repeat)
        ]
        least = [min(run[side] for run in runs) for side in range(3)]
        sides = (("array", args.rows), ("rows", few), ("river, rows", few))
        told = by_array(ours(), X[:few], y[:few]), by_rows(river(), rows, labels)
        same = float(np.mean([one == other for one, other in zip(*told, strict=True)]))
        right: list[float | None] = [None, None]
        if isinstance(ours(), base.Classifier):
            right = [round(100.0 * float(np.mean(np.array(t) == y[:few])), 2) for t in told]
        for (side, n), (cpu, wall) in zip(sides, least, strict=True):
            of_run = (n, cpu, wall, same, 1, args.repeat)
            timings.append(Timing(f"{name}, {side}", "drawn rows", "defaults", *of_run))
        array, single, theirs = (
            cpu / n * 1e6 for (_, n), (cpu, _) in zip(sides, least, strict=True)
        )
        lines.append(
            {
                "learner": name,
                "array, us a row": round(array, 3),
                "rows, us": round(single, 2),
                "river's, us": round(theirs, 2),
                "array: river's/ours": round(theirs / array, 1),
                "rows: river's/ours": round(theirs / single, 2),
                "answers alike %": round(100.0 * same, 2),
                "right %": right[0],
                "river's right %": right[1],
            }
        )
        print(lines[-1], flush=True)
    title = "Learners: CPU time beside river's, to answer and learn a row"
    write(Path(args.out), title, args, timings, lines)


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
