"""Transformers one by one: ours, as rows and as blocks, beside river's.

Each row is learnt and turned, by `learn_one` and `transform_one` of both sides, and by `learn_many`
and `transform_many` of ours for all rows at once, an array as streams hand it out. All sides run in
turns over the same rows, and the fewest CPU seconds of each count; the share of rows that ours
turns as river's does, one row at a time, stands beside.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _timing import RESULTS, Timing, option, parse, timed, write
from river import compose, feature_extraction, stats
from river import preprocessing as theirs

from olearn import preprocessing as ours
from olearn import streams

NUMBERS = tuple("abcdefgh")
TEXTS = ("sky", "wind", "city")
ALL = (*NUMBERS[:3], *TEXTS)
PRIOR = stats.BayesianMean(0.5, 2.0)


def date_parts(x: dict[str, Any]) -> dict[str, Any]:
    """Do as `DateParts`, as users of river write it."""
    when = x["when"]
    hour = when.hour + when.minute / 60 + (when.second + when.microsecond / 1e6) / 3600
    return {"when.month": when.month, "when.weekday": when.weekday(), "when.hour": hour}


# name: our maker, river's, features
CASES: dict[str, tuple[Callable[[], Any], Callable[[], Any], tuple[str, ...]]] = {
    "StandardScaler": (ours.StandardScaler, theirs.StandardScaler, NUMBERS),
    "StandardScaler, window": (
        lambda: ours.StandardScaler(window_size=100),
        lambda: theirs.StandardScaler(window_size=100),
        NUMBERS,
    ),
    "MinMaxScaler": (ours.MinMaxScaler, theirs.MinMaxScaler, NUMBERS),
    "MaxAbsScaler": (ours.MaxAbsScaler, theirs.MaxAbsScaler, NUMBERS),
    "StatImputer": (
        lambda: ours.StatImputer(*((name, stats.Mean()) for name in NUMBERS)),
        lambda: theirs.StatImputer(*((name, stats.Mean()) for name in NUMBERS)),
        NUMBERS,
    ),
    "PreviousImputer": (ours.PreviousImputer, theirs.PreviousImputer, NUMBERS),
    "OneHotEncoder": (ours.OneHotEncoder, theirs.OneHotEncoder, TEXTS),
    "OrdinalEncoder": (ours.OrdinalEncoder, theirs.OrdinalEncoder, TEXTS),
    "FeatureHasher": (
        lambda: ours.FeatureHasher(32, 1),
        lambda: theirs.FeatureHasher(32, 1),
        ALL,
    ),
    "TargetAgg": (
        lambda: ours.TargetAgg("city", PRIOR),
        lambda: feature_extraction.TargetAgg("city", PRIOR),
        TEXTS,
    ),
    "Select": (lambda: ours.Select("a", "b"), lambda: compose.Select("a", "b"), NUMBERS),
    "Discard": (lambda: ours.Discard("a", "b"), lambda: compose.Discard("a", "b"), NUMBERS),
    "DateParts": (ours.DateParts, lambda: compose.FuncTransformer(date_parts), ("when",)),
}


@dataclass
class Args:
    """Options of the benchmark."""

    rows: int = option(10_000, "rows")
    repeat: int = option(5, "timed runs of each side")
    seed: int = option(1, "seed of the rows")
    out: str = option(str(RESULTS / "transformers"), "result files, without suffix")


def table(args: Args) -> pd.DataFrame:
    """Draw eight columns of numbers, three of texts and one of times."""
    rng = np.random.default_rng(args.seed)
    columns: dict[str, Any] = {name: rng.normal(size=args.rows) for name in NUMBERS}
    for name, n_values in zip(TEXTS, (3, 8, 100), strict=True):
        columns[name] = [f"{name}{k}" for k in rng.integers(n_values, size=args.rows)]
    start = datetime.datetime(2024, 1, 1)
    columns["when"] = [start + datetime.timedelta(minutes=k) for k in range(args.rows)]
    return pd.DataFrame(columns)


def by_rows(model: Any, rows: list[dict[str, Any]], y: list[float]) -> Any:
    """Learn and turn each row."""
    if model._supervised:
        for x, target in zip(rows, y, strict=True):
            model.learn_one(x, target)
            answer = model.transform_one(x)
    else:
        for x in rows:
            model.learn_one(x)
            answer = model.transform_one(x)
    return answer


def by_blocks(model: Any, block: Any, y: list[float], names: Any) -> Any:
    """Learn all rows, and turn them."""
    model.learn_many(block, *([y] if model._supervised else []), names=names)
    return model.transform_many(block, names=names)


def same_share(name: str, rows: list[dict[str, Any]], y: list[float]) -> float:
    """Return the share of rows that both sides turn into the same numbers, bit for bit."""
    mine, river, _ = (make() for make in (*CASES[name][:2], dict))
    same = 0
    for x, target in zip(rows, y, strict=True):
        for model in (mine, river):
            model.learn_one(x, *([target] if model._supervised else []))
        same += mine.transform_one(x) == river.transform_one(x)
    return same / len(rows)


def main(args: Args) -> None:
    """Measure, print the table, write the files."""
    whole, timings, lines = table(args), [], []
    y = np.random.default_rng(args.seed).normal(size=args.rows).tolist()
    for name, (mine, river, features) in CASES.items():
        frame = whole[list(features)]
        block: Any = frame
        names = None
        if features != ("when",):
            stream = streams.from_frame(frame, None)
            block, names = next(stream.blocks(args.rows))[0], stream.schema
        rows = frame.to_dict("records")
        if features == ("when",):
            rows = [{"when": time.to_pydatetime()} for time in whole["when"]]
        by_blocks(mine(), block[:50], y[:50], names)  # compiles
        by_rows(mine(), rows[:50], y[:50])
        runs = [
            (
                timed(by_rows, mine(), rows, y),
                timed(by_blocks, mine(), block, y, names),
                timed(by_rows, river(), rows, y),
            )
            for _ in range(args.repeat)
        ]
        best = [min(of_side) for of_side in zip(*runs, strict=True)]
        same = same_share(name, rows, y)
        for side, (cpu, wall) in zip(("our rows", "our block", "river's rows"), best, strict=True):
            of_run = (args.rows, cpu, wall, same, 1, args.repeat)
            timings.append(Timing(f"{name}, {side}", "drawn rows", "defaults", *of_run))
        micro = [1e6 * cpu / args.rows for cpu, _ in best]
        lines.append(
            {
                "transformer": name,
                "ours us/row": round(micro[0], 2),
                "our block us/row": round(micro[1], 3),
                "river's us/row": round(micro[2], 2),
                "rows: river's/ours": round(micro[2] / micro[0], 1),
                "block: river's/ours": round(micro[2] / micro[1], 1),
                "rows alike %": round(100 * same, 1),
            }
        )
    title = "Transformers: CPU time beside river's, to learn and turn a row"
    write(Path(args.out), title, args, timings, lines)


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
