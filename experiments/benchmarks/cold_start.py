"""How long until the first answer: CPU seconds of a fresh process, with and without a cache.

    python experiments/benchmarks/cold_start.py --against 920d03c

Each run is a process of its own: it imports the package, makes the model, and hands it its first
rows at once. A cold run begins with an empty folder for compiled kernels, the warm run after it
finds what the cold one left there. A revision of this repository to compare with is checked out
into a temporary folder; runs of both sides alternate, and the fewest CPU seconds of each count.
"""

import dataclasses
import json
import sys
import tempfile
from pathlib import Path

from _revisions import NONE, checked_out, run_on
from _timing import RESULTS, option, parse, write

# public names only, so that old revisions run the same code
MODELS = {
    "tree": "learners.HoeffdingTreeClassifier()",
    "adaptive-tree": "learners.HoeffdingAdaptiveTreeClassifier(seed=1)",
    "arf": "learners.ARFClassifier(seed=1)",
    "driftmoe": "learners.DriftMoEClassifier(seed=1)",
    "driftmoe-task": 'learners.DriftMoEClassifier(variant="task", seed=1)',
    "driftmoe-plus": "learners.DriftMoEClassifier.plus(seed=1)",
    "analytic-ridge": "learners.AnalyticRidgeClassifier()",
    "adwin": "detectors.ADWIN()",
    "rank-test": "detectors.RankTest()",
    "value-channel": "detectors.ValueChannel()",
    "htm-sprt": "detectors.HTMSPRT()",
}
PROBE = """
import json, sys, time
rows, model = int(sys.argv[1]), sys.argv[2]
import numpy as np
from olearn import detectors, learners
rng = np.random.default_rng(1)
X = rng.normal(size=(rows, 10))
model = eval(model)
if hasattr(model, "update_many"):
    model.update_many(X[:, 0])
else:
    model.test_then_train_many(X, (X[:, 0] + X[:, 1] > 0.0).astype(int))
print(json.dumps([time.process_time(), learners.__file__]))
"""


@dataclasses.dataclass(frozen=True)
class Args:
    """Options of the benchmark."""

    models: str = option("all", f"names with commas between, of: {', '.join(MODELS)}")
    rows: int = option(500, "rows of the first call, of ten numbers and a label")
    repeat: int = option(3, "cold and warm runs of each model, of which the best count")
    against: str = option(NONE, "revision of this repository to compare with")
    out: str = option(str(RESULTS / "cold_start"), "result files, without suffix")


def chosen(names: str) -> list[str]:
    """Return the models asked for, in the order of the table."""
    if names == "all":
        return list(MODELS)
    asked = names.split(",")
    unknown = sorted(set(asked) - set(MODELS))
    if unknown:
        raise SystemExit(f"--models must be of {', '.join(MODELS)}; got {', '.join(unknown)}")
    return [name for name in MODELS if name in asked]


def first_answer(tree: Path, cache: str, model: str, rows: int) -> float:
    """Return the CPU seconds of a process from its start to the answer."""
    shown = run_on(tree, PROBE, str(rows), MODELS[model], cwd=cache, env={"NUMBA_CACHE_DIR": cache})
    seconds, module = json.loads(shown)
    if not Path(module).is_relative_to(tree):
        raise SystemExit(f"measured {module} instead of {tree}")
    return float(seconds)


def measure(args: Args) -> dict[str, dict[str, tuple[float, float]]]:
    """Return for each model and tree the fewest CPU seconds, cold and warm."""
    spent: dict[str, dict[str, tuple[float, float]]] = {}
    with checked_out(args.against) as trees:
        for model in chosen(args.models):
            runs: dict[str, list[tuple[float, float]]] = {name: [] for name in trees}
            for _ in range(args.repeat):
                for name, tree in trees.items():
                    with tempfile.TemporaryDirectory(prefix="olearn-") as cache:
                        cold = first_answer(tree, cache, model, args.rows)
                        runs[name].append((cold, first_answer(tree, cache, model, args.rows)))
            spent[model] = {
                name: (min(cold for cold, _ in found), min(warm for _, warm in found))
                for name, found in runs.items()
            }
            shown = ", ".join(
                f"{k} {cold:.1f}/{warm:.2f}" for k, (cold, warm) in spent[model].items()
            )
            print(f"{model}: {shown}", file=sys.stderr, flush=True)
    return spent


def main() -> None:
    """Run the benchmark and write its results."""
    args = parse(Args, "CPU seconds until the first answer of a fresh process, cold and warm")
    lines = []
    for model, sides in measure(args).items():
        cold, warm = sides["ours"]
        line: dict[str, object] = {"model": model, "cold, CPU s": cold, "warm, CPU s": warm}
        if args.against != NONE:
            old_cold, old_warm = sides[args.against]
            line |= {
                f"cold at {args.against}": old_cold,
                f"warm at {args.against}": old_warm,
                "ratio cold": cold / old_cold,
                "ratio warm": warm / old_warm,
            }
        lines.append(line)
    write(Path(args.out), f"Cold start: the first {args.rows} rows", args, [], lines)


if __name__ == "__main__":
    main()
