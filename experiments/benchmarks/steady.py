"""Steady speed of trees and mixtures over whole arrays, beside an earlier revision's.

    python experiments/benchmarks/steady.py --against 920d03c

Each run is a process of its own in which all is compiled and run once before; it learns the same
rows several times over with a fresh model, and the fewest CPU seconds count. Processes of both
sides alternate.
"""

import dataclasses
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from _revisions import NONE, checked_out, run_on
from _timing import RESULTS, option, parse, write

# rows for a run of a few tenths of a second, by public names only: old revisions run the same code
MODELS = {
    "tree": ("learners.HoeffdingTreeClassifier()", 50_000),
    "adaptive-tree": ("learners.HoeffdingAdaptiveTreeClassifier(seed=1)", 50_000),
    "arf": ("learners.ARFClassifier(seed=1)", 8_000),
    "driftmoe": ("learners.DriftMoEClassifier(seed=1)", 8_000),
}
PROBE = """
import json, sys, time
from olearn import learners, streams
model, stream, rows, times = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
X, y = next(streams.load(stream, seed=1).blocks(rows))
eval(model).test_then_train_many(X[:600], y[:600])
spent = []
for _ in range(times):
    fresh, start = eval(model), time.process_time()
    fresh.test_then_train_many(X, y)
    spent.append(time.process_time() - start)
print(json.dumps([min(spent), learners.__file__]))
"""


@dataclasses.dataclass(frozen=True)
class Args:
    """Options of the benchmark."""

    streams: str = option("rbf,sea,led", "streams, with commas between")
    share: float = option(1.0, "share of the rows that each model learns by default")
    repeat: int = option(5, "processes of each side")
    times: int = option(8, "runs in a process, of which the best counts")
    against: str = option("920d03c", "revision of this repository to compare with")
    out: str = option(str(RESULTS / "steady"), "result files, without suffix")


def seconds_of(tree: Path, model: str, stream: str, rows: int, times: int) -> float:
    """Return the fewest CPU seconds in which a process learns the rows."""
    with tempfile.TemporaryDirectory(prefix="olearn-") as folder:
        shown = run_on(tree, PROBE, model, stream, str(rows), str(times), cwd=folder)
    seconds, module = json.loads(shown)
    if not Path(module).is_relative_to(tree):
        raise SystemExit(f"measured {module} instead of {tree}")
    return float(seconds)


def compare(args: Args) -> Iterator[dict[str, object]]:
    """Yield a line of the table for each model and stream."""
    with checked_out(args.against) as trees:
        for name, (model, usual) in MODELS.items():
            rows = max(600, int(args.share * usual))
            for stream in args.streams.split(","):
                spent: dict[str, list[float]] = {side: [] for side in trees}
                for _ in range(args.repeat):
                    for side, tree in trees.items():
                        spent[side].append(seconds_of(tree, model, stream, rows, args.times))
                line: dict[str, object] = {"model": name, "stream": stream, "rows": rows}
                line |= {f"{side}, ns a row": min(s) / rows * 1e9 for side, s in spent.items()}
                if args.against != NONE:
                    ours, theirs = spent["ours"], spent[args.against]
                    line["ratio of the best"] = min(ours) / min(theirs)
                    line["ratio of medians"] = statistics.median(ours) / statistics.median(theirs)
                print(line, file=sys.stderr, flush=True)
                yield line


def main() -> None:
    """Run the benchmark and write its results."""
    args = parse(Args, "CPU time of whole arrays beside another revision of this repository")
    lines = list(compare(args))
    write(Path(args.out), "Steady speed beside an earlier revision", args, [], lines)


if __name__ == "__main__":
    main()
