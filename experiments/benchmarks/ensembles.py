"""Ensembles of trees: ours beside river's and, where it is installed, CapyMOA's loop in Java.

All have ten members of equal settings. Speeds are those of one seed, over the rows that both sides
of a line can do; the accuracy is the mean over the seeds, with half the width of a 95 % interval,
ours and Java's over the same rows, river's over its own few beside ours over those.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _peers import FOREST, N_MODELS, has_capymoa, in_java, on_arrays, on_dicts
from _timing import RESULTS, Rows, Timing, best_of, option, parse, read_rows, write
from river import ensemble, tree
from scipy import stats

from olearn import learners

MOA_TREE = f"trees.HoeffdingTree -g {FOREST.grace_period} -c {FOREST.delta} -t {FOREST.tau}"


@dataclass
class Args:
    """Options of the benchmark."""

    rows: int = option(10_000, "rows of ours and of Java")
    river_rows: int = option(1_000, "rows of river")
    streams: str = option("rbf_m,electricity,sea_a,led_a", "streams, separated by commas")
    repeat: int = option(3, "timed runs, of which the best counts")
    java_warm: int = option(2, "untimed runs of each Java loop before the timed ones")
    seeds: int = option(5, "seeds of the models, and of streams that have one")
    out: str = option(str(RESULTS / "ensembles"), "result files, without suffix")


def our_model(rows: Rows, name: str, seed: int) -> Any:
    """Make ours."""
    trees = learners.HoeffdingTreeClassifier(
        FOREST.grace_period,
        delta=FOREST.delta,
        tau=FOREST.tau,
        nominal_attributes=rows.schema.nominal,
    )
    return getattr(learners, name)(trees, n_models=N_MODELS, seed=seed)


def river_model(rows: Rows, name: str, seed: int) -> Any:
    """Make river's."""
    trees = tree.HoeffdingTreeClassifier(
        FOREST.grace_period,
        delta=FOREST.delta,
        tau=FOREST.tau,
        nominal_attributes=list(rows.schema.nominal),
    )
    return getattr(ensemble, name)(trees, n_models=N_MODELS, seed=seed)


def moa_model(schema: Any, name: str, seed: int) -> Any:
    """Make MOA's."""
    from capymoa import classifier

    if name == "SRPClassifier":
        return classifier.StreamingRandomPatches(
            schema, random_seed=seed, base_learner=MOA_TREE, ensemble_size=N_MODELS
        )
    if name == "LeveragingBaggingClassifier":
        return classifier.LeveragingBagging(
            schema, random_seed=seed, base_learner=f"({MOA_TREE})", ensemble_size=N_MODELS
        )
    return classifier.OzaBoost(schema, seed, base_learner=MOA_TREE)


MODELS = ("SRPClassifier", "LeveragingBaggingClassifier", "AdaBoostClassifier")
SIDES: dict[str, Callable[[str, int], Any]] = {
    "ours": lambda name, seed: on_arrays(partial(our_model, name=name, seed=seed)),
    "river's": lambda name, seed: on_dicts(partial(river_model, name=name, seed=seed)),
    "Java's": lambda name, seed: in_java(partial(moa_model, name=name, seed=seed)),
}


def accuracies(side: str, name: str, data: list[Rows]) -> list[float]:
    """Return the accuracy of each seed, in per cent."""
    found = []
    for seed, rows in enumerate(data, 1):
        trial = SIDES[side](name, seed)(rows)
        found.append(100.0 * float(np.mean(trial.codes(trial.run()) == rows.y)))
    return found


def mean_of(values: list[float]) -> str:
    """Return mean and half the width of its 95 % interval, as text."""
    n = len(values)
    half = stats.t.ppf(0.975, n - 1) * np.std(values, ddof=1) / n**0.5 if n > 1 else 0.0
    return f"{np.mean(values):.2f} ± {half:.2f}"


def main(args: Args) -> None:
    """Measure, print the table, write the files."""
    timings: list[Timing] = []
    lines: list[dict[str, Any]] = []
    peers = {"river's": args.river_rows} | ({"Java's": args.rows} if has_capymoa() else {})
    seeds = range(1, args.seeds + 1)
    for stream in args.streams.split(","):
        data = [replace(read_rows(stream, args.rows, s), name=f"{stream}, {s}") for s in seeds]
        for name in MODELS:
            for peer, n in peers.items():
                part = [rows.first(n) for rows in data]
                sides = {}
                for side in ("ours", peer):
                    warm = {"ours": 1, "river's": 0}.get(side, args.java_warm)
                    sides[side] = best_of(
                        SIDES[side](name, 1), part[0], f"{name}, {side}", "forest",
                        repeat=args.repeat, warm=warm,
                    )  # fmt: skip
                timings += sides.values()
                lines.append(
                    {
                        "stream": stream,
                        "model": name.removesuffix("Classifier"),
                        "peer": peer,
                        "rows": n,
                        "ours rows/s": round(sides["ours"].speed),
                        "peer rows/s": round(sides[peer].speed),
                        "ratio": round(sides["ours"].speed / sides[peer].speed, 1),
                        "ours acc %": mean_of(accuracies("ours", name, part)),
                        "peer acc %": mean_of(accuracies(peer, name, part)),
                    }
                )
                print(lines[-1], flush=True)
    write(Path(args.out), "Ensembles of ten trees: rows per CPU second", args, timings, lines)


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
