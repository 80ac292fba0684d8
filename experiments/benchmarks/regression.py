"""Trees and forests of numbers over arrays, beside river's and, where installed, CapyMOA's.

Each row is predicted, then learnt; all sides learn the same rows, as river's trees get slower with
them. Sides run in turns, forests with a seed more each time; the fewest CPU seconds and the mean of
the errors count. Java has had three runs before, to warm up. A missing value is the last one of its
column, for MOA's trees fail at gaps. `alike` is the share of predictions that are river's bit for
bit, which a forest's cannot be: its draws are others. The accuracy in the JSON file is R2.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _moa_numbers import JavaRows, moa_forest, moa_soknl, moa_tree
from _peers import has_capymoa
from _timing import RESULTS, Timing, option, parse, timed, write
from numpy.typing import NDArray
from river import forest, rules, tree

from olearn import learners, streams

Numbers = NDArray[np.float64]
RIVER, MOA = "river", "CapyMOA"
_WARM = 3  # runs until Java has compiled what it will


@dataclass(frozen=True)
class Case:
    """Our learner and, of the two peers, those that have it, made from a seed."""

    ours: Callable[[int], Any]
    river: Callable[[int], Any] | None = None
    moa: Callable[[Any, int], Any] | None = None
    is_forest: bool = True


RULES = {"n_min": 50, "delta": 0.05}  # the defaults make hardly a rule of so few rows
CASES = {
    "tree": Case(
        lambda _: learners.HoeffdingTreeRegressor(),
        lambda _: tree.HoeffdingTreeRegressor(),
        is_forest=False,
    ),
    "tree, normalised": Case(
        lambda _: learners.HoeffdingTreeRegressor(normalise=True),
        lambda _: tree.HoeffdingTreeRegressor(),
        moa_tree,
        is_forest=False,
    ),
    "forest": Case(
        lambda seed: learners.ARFRegressor(seed=seed),
        lambda seed: forest.ARFRegressor(seed=seed),
        moa_forest,
    ),
    "SOKNL": Case(lambda seed: learners.SOKNLRegressor(seed=seed), moa=moa_soknl),
    "SOKNL, means": Case(
        lambda seed: learners.SOKNLRegressor(leaf_prediction="mean", seed=seed), moa=moa_soknl
    ),
    "rules": Case(
        lambda _: learners.AMRules(**RULES), lambda _: rules.AMRules(**RULES), is_forest=False
    ),
}


@dataclass
class Args:
    """Options of the benchmark."""

    rows: int = option(10_000, "rows of each stream, trees")
    forest_rows: int = option(2_500, "rows of each stream, forests")
    streams: str = option("friedman,friedman_lea,etth1,air_quality,airly_pm25", "streams, by name")
    repeat: int = option(3, "timed runs of each side, and seeds")
    out: str = option(str(RESULTS / "regression_speed"), "result files, without suffix")


def by_rows(model: Any, rows: list[dict[Any, float]], y: list[float]) -> list[float]:
    """Predict each row, then learn it."""
    answers = []
    for x, target in zip(rows, y, strict=True):
        answers.append(model.predict_one(x))
        model.learn_one(x, target)
    return answers


def errors(told: Any, y: Numbers) -> dict[str, float]:
    """Return RMSE, MAE and R2."""
    off = np.asarray(told) - y
    r2 = 1.0 - float((off**2).sum() / ((y - y.mean()) ** 2).sum())
    rmse, mae = float(np.sqrt((off**2).mean())), float(np.abs(off).mean())
    return {"RMSE": rmse, "MAE": mae, "R2": r2}


def read(name: str, n: int) -> tuple[Numbers, Numbers]:
    """Return the first rows of a stream without gaps, and targets; drifts come within them."""
    options = {"n_samples": n, "seed": 1} if name.startswith("friedman") else {}
    X, y = next(streams.load(name, **options).blocks(n))
    for column in X.T:
        last = np.maximum.accumulate(np.where(np.isnan(column), -1, np.arange(len(column))))
        column[:] = np.where(last < 0, 0.0, column[last])
    return X, np.asarray(y, np.float64)


def sides_of(case: Case, X: Numbers, y: Numbers, java: bool) -> dict[str, Callable[[int], Any]]:
    """Return what each side runs, which returns predictions, or errors that it counts itself."""
    runs: dict[str, Callable[[int], Any]] = {
        "ours": lambda seed: case.ours(seed).test_then_train_many(X, y)
    }
    case.ours(1).test_then_train_many(X[:50], y[:50])  # compiles
    river, moa = case.river, case.moa
    if river is not None:
        rows, few = [dict(enumerate(row)) for row in X.tolist()], y.tolist()
        runs[RIVER] = lambda seed: by_rows(river(seed), rows, few)
    if moa is not None and java:
        held = JavaRows(X, y)
        runs[MOA] = lambda seed: held.run(lambda schema: moa(schema, seed))
        for _ in range(_WARM):
            runs[MOA](1)
    return runs


def main(args: Args) -> None:
    """Measure, print the table, write the files."""
    timings, lines, java = [], [], has_capymoa()
    for stream in args.streams.split(","):
        for name, case in CASES.items():
            X, y = read(stream, args.forest_rows if case.is_forest else args.rows)
            sides = sides_of(case, X, y, java)
            spent: dict[str, list[tuple[float, float]]] = {side: [] for side in sides}
            told: dict[str, list[Any]] = {side: [] for side in sides}
            for seed in range(1, args.repeat + 1):
                for side, run in sides.items():
                    spent[side].append(timed(keep, told[side], run, seed))
            off = {
                side: mean_of([a if isinstance(a, dict) else errors(a, y) for a in answers])
                for side, answers in told.items()
            }
            alike = None
            if RIVER in told:
                alike = float(np.mean(np.equal(told["ours"], told[RIVER])))
            best = {side: min(each) for side, each in spent.items()}
            for side, (cpu, wall) in best.items():
                label, r2 = name if side == "ours" else f"{name}, {side}", off[side]["R2"]
                sizes = (len(y), cpu, wall, r2, _WARM if side == MOA else 0, args.repeat)
                timings.append(Timing(label, stream, "defaults", *sizes))
            lines.append(line(name, stream, len(y), best, alike, off))
            print(lines[-1], flush=True)
    title = "Regression: CPU time and errors beside its peers', to predict and learn a row"
    write(Path(args.out), title, args, timings, lines)


def keep(answers: list[Any], run: Callable[[int], Any], seed: int) -> None:
    """Run and keep what comes back."""
    answers.append(run(seed))


def mean_of(runs: list[dict[str, float]]) -> dict[str, float]:
    """Return the mean of each error."""
    return {name: float(np.mean([run[name] for run in runs])) for name in runs[0]}


def line(
    name: str,
    stream: str,
    n: int,
    best: dict[str, tuple[float, float]],
    alike: float | None,
    off: dict[str, dict[str, float]],
) -> dict[str, Any]:
    """Return a line of the table; what a side did not run is None."""
    cpu = {side: seconds for side, (seconds, _) in best.items()}
    found: dict[str, Any] = {"model": name, "stream": stream, "rows": n}
    for side, label in (("ours", "ours"), (RIVER, "river's"), (MOA, "CapyMOA's")):
        found[f"{label}, us a row"] = _rounded(cpu[side] / n * 1e6) if side in cpu else None
    for side, label in ((RIVER, "river's"), (MOA, "CapyMOA's")):
        found[f"{label}/ours"] = _rounded(cpu[side] / cpu["ours"]) if side in cpu else None
    found["alike %"] = None if alike is None else round(100.0 * alike, 2)
    for key in ("RMSE", "MAE"):
        for side, label in (("ours", ""), (RIVER, "river's "), (MOA, "CapyMOA's ")):
            found[label + key] = round(off[side][key], 4) if side in off else None
    return found


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
