"""Recursive ridge regression beside the published order of operations and the bare products.

    python experiments/benchmarks/analytic.py

Rows have 64 numbers, lifted to random features; 10 classes, float64. `learn`: rows are learnt, 256
at a time, and no weights are asked for. `asked`: weights are brought up to date for a prediction
after each block. `reference` inverts I + Phi R Phi^T and multiplies R Phi^T K Phi R from left to
right, as the authors' program does; it is up to date after each block too. `bound` is the symmetric
product of the block alone (SYRK) for learning, and for one asked row the product of the symmetric R
with it (SYMV); neither includes the lift.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _timing import RESULTS, Timing, option, parse, write
from numpy.typing import NDArray
from scipy.linalg import blas

from olearn import learners
from olearn.core.threads import one_blas_thread

Matrix = NDArray[np.float64]
N_CLASSES = 10
N_INPUTS = 64
GAMMA = 0.1


@dataclass
class Args:
    """Options of the benchmark."""

    sizes: str = option("512,2048", "numbers of features, separated by commas; 8192 takes minutes")
    blocks: str = option("1,16,256", "rows of a batch, separated by commas")
    rows: int = option(512, "rows at most that ours learn; whole batches")
    seconds: float = option(4.0, "CPU seconds after which a measurement stops, past one batch")
    repeat: int = option(2, "timed runs, of which the best counts")
    device: str = option("cpu", "device of ours; another than cpu uses torch")
    out: str = option(str(RESULTS / "analytic"), "result files, without suffix")


class Reference:
    """The published recursion."""

    def __init__(self, P: Matrix) -> None:
        n = P.shape[1]
        self.P = P
        self.R = np.eye(n) / GAMMA
        self.W = np.zeros((n, N_CLASSES))

    def step(self, X: Matrix, y: NDArray[np.int64]) -> None:
        """Learn one batch."""
        Phi, Y = np.maximum(X @ self.P, 0.0), np.eye(N_CLASSES)[y]
        R, T = self.R, Phi.T
        K = np.linalg.inv(np.eye(len(Phi)) + Phi @ R @ T)
        self.R = R - R @ T @ K @ Phi @ R
        self.W = self.W + self.R @ T @ (Y - Phi @ self.W)


class Ours:
    """The classifier; by the inverse where it is asked, by sums where it is not."""

    def __init__(self, n: int, asked: bool, device: str) -> None:
        given = {"backend": "torch", "device": device} if device != "cpu" else {}
        form = "covariance" if asked else "information"
        block = 64 if asked else 256
        self.asked = asked
        self.model = learners.AnalyticRidgeClassifier(
            n, GAMMA, form=form, block=block, classes=range(N_CLASSES), seed=1, **given
        )

    def step(self, X: Matrix, y: NDArray[np.int64]) -> None:
        """Learn one batch, and bring the weights up to date where they are asked for."""
        self.model.learn_many(X, y)
        if self.asked:
            self.model._engine.weights()


def timed(
    make: Callable[[], Callable[[int], None]], n_steps: int, args: Args
) -> tuple[int, float, float]:
    """Run up to `n_steps` steps of a fresh learner; return steps, CPU and wall seconds."""
    best = (1, np.inf, np.inf)
    for _ in range(args.repeat):
        step = make()
        step(0)  # warm: allocates
        wall, cpu, done = time.perf_counter(), time.process_time(), 0
        while done < n_steps and (done == 0 or time.process_time() - cpu < args.seconds):
            done += 1
            step(done)
        spent = time.process_time() - cpu, time.perf_counter() - wall
        if spent[0] / done < best[1] / best[0]:
            best = (done, *spent)
        if spent[0] > args.seconds:
            break
    return best


def trials(n: int, b: int, args: Args) -> dict[str, tuple[Callable[[], Any], int]]:
    """Return for each method what makes its step, and its number of steps."""
    rng = np.random.default_rng(n)
    rows = max(args.rows, 2 * b)
    X = rng.normal(size=(rows + b, N_INPUTS))
    P = rng.uniform(-1.0, 1.0, size=(N_INPUTS, n)) / N_INPUTS**0.5
    Phi = np.maximum(X @ P, 0.0)
    y = rng.integers(0, N_CLASSES, rows + b)
    steps = rows // b

    def batches(learner: Any) -> Callable[[int], None]:
        return lambda i: learner.step(X[i * b : (i + 1) * b], y[i * b : (i + 1) * b])

    def syrk() -> Callable[[int], None]:
        S = np.zeros((n, n), order="F")

        def step(i: int) -> None:
            blas.dsyrk(1.0, Phi[i * b : (i + 1) * b].T, beta=1.0, c=S, lower=1, overwrite_c=1)

        return step

    def symv() -> Callable[[int], None]:
        R = np.asfortranarray(np.eye(n))

        def step(i: int) -> None:
            for row in Phi[i * b : (i + 1) * b]:
                blas.dsymv(1.0, R, row, lower=1)

        return step

    return {
        "reference": (lambda: batches(Reference(P)), min(steps, 6)),
        "asked": (lambda: batches(Ours(n, True, args.device)), steps),
        "learn": (lambda: batches(Ours(n, False, args.device)), steps),
        "SYRK": (syrk, steps),
        "SYMV": (symv, steps),
    }


def main(args: Args) -> None:
    """Measure on one thread, print the table, write the files."""
    with one_blas_thread:
        timings, lines = measured(args)
    write(Path(args.out), "Analytic ridge: rows per CPU second", args, timings, lines)


def measured(args: Args) -> tuple[list[Timing], list[dict[str, Any]]]:
    """Return what was timed, and the lines of the table."""
    timings, lines = [], []
    for n in (int(text) for text in args.sizes.split(",")):
        for b in (int(text) for text in args.blocks.split(",")):
            speed = {}
            for method, (make, steps) in trials(n, b, args).items():
                done, cpu, wall = timed(make, steps, args)
                speed[method] = done * b / cpu
                name = f"{method}, block {b}"
                timings.append(
                    Timing(
                        name, f"{n} features", "float64", done * b, cpu, wall, 0.0, 1, args.repeat
                    )
                )
                print(f"{n:5} {name:20} {speed[method]:12,.2f} rows/CPU s", flush=True)
            lines.append(line_of(n, b, speed))
    return timings, lines


def line_of(n: int, b: int, speed: dict[str, float]) -> dict[str, Any]:
    """Return one line of the table."""
    return {
        "features": n,
        "block": b,
        "reference": round(speed["reference"], 3),
        "asked": round(speed["asked"], 1),
        "asked / reference": round(speed["asked"] / speed["reference"], 1),
        "learn": round(speed["learn"], 1),
        "learn / reference": round(speed["learn"] / speed["reference"], 1),
        "bound (SYRK)": round(speed["SYRK"], 1),
        "learn / bound": round(speed["learn"] / speed["SYRK"], 2),
        "SYMV": round(speed["SYMV"], 1),
        "asked / SYMV": round(speed["asked"] / speed["SYMV"], 2),
    }


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
