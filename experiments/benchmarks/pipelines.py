"""A scaler and a logistic regression by themselves, ours beside river's: as arrays and as rows.

Each row is predicted, then learnt. All sides run in turns, three times in succession, over the same
rows of a stream, and the fewest CPU seconds of each count. "exact" has river's bits; the other
scaler, `exact=False`, takes reciprocals: how far its scores are from river's at most stands beside,
as do the shares of labels that are river's and of right ones. Whole evaluations are timed by
`road.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _timing import RESULTS, Timing, option, parse, read_rows, timed, write
from river import linear_model
from river import preprocessing as theirs

from olearn import learners
from olearn import preprocessing as ours

Maker = Callable[[], Any]


@dataclass
class Args:
    """Options of the benchmark."""

    stream: str = option("electricity", "name of the stream")
    rows: int = option(40_000, "rows of the arrays")
    dict_rows: int = option(4_000, "rows one at a time, both sides")
    repeat: int = option(7, "turns of three timed runs of each side")
    out: str = option(str(RESULTS / "pipelines"), "result files, without suffix")


def mine(exact: bool) -> Any:
    """Make our pipeline."""
    return ours.StandardScaler(exact=exact) | learners.LogisticRegression()


def rivers() -> Any:
    """Make river's pipeline."""
    return theirs.StandardScaler() | linear_model.LogisticRegression()


def by_blocks(size: int, make: Maker, X: Any, y: Any) -> Any:
    """Predict and learn blocks of so many rows; return the labels."""
    model = make()
    starts = range(0, len(X), size)
    told = [model.test_then_train_many(X[t : t + size], y[t : t + size]) for t in starts]
    return np.concatenate([np.asarray(part) for part in told])


def by_rows(ask: str, make: Maker, rows: Any, labels: Any) -> list[Any]:
    """Predict and learn dicts one at a time; return the answers."""
    model = make()
    answer = getattr(model, ask)
    told = []
    for x, label in zip(rows, labels, strict=True):
        told.append(answer(x))
        model.learn_one(x, label)
    return told


def _distance(exact: bool, rows: Any, labels: Any) -> float:
    """Return the largest difference of a probability from river's."""
    sides = (partial(mine, exact), rivers)
    told = [by_rows("predict_proba_one", make, rows, labels) for make in sides]
    pairs = [(one.get(True, 0.5), other[True]) for one, other in zip(*told, strict=True)]
    return float(max(abs(one - other) for one, other in pairs[1:]))


def main(args: Args) -> None:
    """Measure, print the table, write the files."""
    data = read_rows(args.stream, args.rows, seed=1)
    X, y = np.ascontiguousarray(data.X), data.y == 1
    rows = [x for x, _ in data.first(args.dict_rows).pairs()]
    labels = y[: args.dict_rows].tolist()
    sides: dict[str, tuple[Callable[..., Any], Maker, Any, Any]] = {}
    for exact in (True, False):
        how = "exact" if exact else "not exact"
        make = partial(mine, exact)
        sides[f"one array, {how}"] = (partial(by_blocks, args.rows), make, X, y)
        sides[f"blocks of 1,000, {how}"] = (partial(by_blocks, 1000), make, X, y)
    for ask in ("predict_one", "predict_proba_one"):
        sides[f"rows, {ask}"] = (partial(by_rows, ask), partial(mine, True), rows, labels)
        sides[f"river's rows, {ask}"] = (partial(by_rows, ask), rivers, rows, labels)
    for run, make, given, truth in sides.values():
        run(make, given[:200], truth[:200])  # compiles
    runs = [
        {side: min(timed(*each) for _ in range(3)) for side, each in sides.items()}
        for _ in range(args.repeat)
    ]
    least = {side: min(run[side] for run in runs) for side in sides}
    micro = {side: 1e6 * least[side][0] / len(each[2]) for side, each in sides.items()}
    river = np.array(by_rows("predict_one", rivers, rows, labels))
    distance = {exact: _distance(exact, rows, labels) for exact in (True, False)}
    timings, lines = [], []
    for side, (run, make, given, truth) in sides.items():
        if side.startswith("river's"):
            continue
        ask = side.removeprefix("rows, ") if side.startswith("rows") else "predict_one"
        theirs_us = micro[f"river's rows, {ask}"]
        alike = right = None
        if ask == "predict_one":
            told = np.asarray(run(make, given[: len(rows)], truth[: len(rows)]))
            alike, right = (100.0 * float(np.mean(told == other)) for other in (river, labels))
        timings.append(Timing(side, args.stream, "", len(given), *least[side], 0.0, 1, args.repeat))
        lines.append(
            {
                "scaler, regression": side,
                "ours, us a row": round(micro[side], 3),
                "river's, us a row": round(theirs_us, 2),
                "river's/ours": round(theirs_us / micro[side], 2),
                "farthest probability": f"{distance['not exact' not in side]:.1g}",
                "labels alike %": alike,
                "right %": right,
            }
        )
    title = (
        "A scaler and a logistic regression: CPU time beside river's, to predict and learn a row"
    )
    write(Path(args.out), title, args, timings, lines)


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
