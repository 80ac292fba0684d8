"""Sparse rows with a growing vocabulary: our tree and forest beside river's.

Rows are dicts of some 30 words out of 4,000, as a bag of words makes them; most rows bring new
words. Predict, then learn, one row at a time; both sides run in turns over the same rows, and the
fewest CPU seconds of each count. What is asked is a ratio of at most 1.
"""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _timing import RESULTS, Timing, option, parse, write
from river import forest, tree

from olearn import learners

Sparse = list[tuple[dict[str, int], int]]

MODELS: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "tree": (learners.HoeffdingTreeClassifier, tree.HoeffdingTreeClassifier),
    "forest": (lambda: learners.ARFClassifier(seed=1), lambda: forest.ARFClassifier(seed=1)),
}


@dataclass
class Args:
    """Options of the benchmark."""

    rows: str = option("100,300,1000", "numbers of rows, separated by commas")
    words: int = option(4_000, "size of the vocabulary")
    per_row: int = option(30, "words of a row, drawn with replacement")
    repeat: int = option(5, "timed runs of each side")
    seed: int = option(1, "seed of the rows")
    out: str = option(str(RESULTS / "sparse"), "result files, without suffix")


def bags(n: int, args: Args) -> Sparse:
    """Draw counts of words, and labels that one word betrays."""
    rng = np.random.default_rng(args.seed)
    rows: Sparse = []
    for _ in range(n):
        label = int(rng.integers(2))
        drawn = [f"w{k}" for k in rng.integers(0, args.words, args.per_row)]
        words = drawn + ["cheap"] * 3 * label
        rows.append(({word: words.count(word) for word in words}, label))
    return rows


def run(model: Any, rows: Sparse) -> tuple[float, float, float]:
    """Return CPU seconds, seconds and accuracy of one run."""
    gc.collect()
    right, wall, cpu = 0, time.perf_counter(), time.process_time()
    for x, label in rows:
        right += model.predict_one(x) == label
        model.learn_one(x, label)
    return time.process_time() - cpu, time.perf_counter() - wall, right / len(rows)


def main(args: Args) -> None:
    """Measure, print the table, write the files."""
    timings, lines = [], []
    for name, sides in MODELS.items():
        run(sides[0](), bags(3, args))  # compiles
        for n in map(int, args.rows.split(",")):
            rows = bags(n, args)
            spent = [[run(make(), rows) for make in sides] for _ in range(args.repeat)]
            best = [min(of_side) for of_side in zip(*spent, strict=True)]
            for side, (cpu, wall, accuracy) in zip(("our", "river's"), best, strict=True):
                of_run = (n, cpu, wall, accuracy, 1, args.repeat)
                timings.append(Timing(f"{side} {name}", "bags of words", "defaults", *of_run))
            (ours, _, our_share), (theirs, _, their_share) = best
            lines.append(
                {
                    "model": name,
                    "rows": n,
                    "words seen": len({word for x, _ in rows for word in x}),
                    "ours ms/row": round(1e3 * ours / n, 3),
                    "river's ms/row": round(1e3 * theirs / n, 3),
                    "ratio": round(ours / theirs, 2),
                    "ours acc %": round(100 * our_share, 1),
                    "river's acc %": round(100 * their_share, 1),
                }
            )
    title = "Sparse rows with a growing vocabulary: CPU time beside river's"
    write(Path(args.out), title, args, timings, lines)


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
