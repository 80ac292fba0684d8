"""Orthogonal dictionaries: speed beside a plain NumPy loop, scikit-learn and one polar factor.

The reference is the published step with two singular value decompositions, in a dozen lines of
NumPy. `bound` is the cost of one polar factor alone, by the SVD. A second table times the ways to
a polar factor over the size of the matrix. One BLAS thread, CPU seconds, median of some calls.
"""

import itertools
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _timing import RESULTS, option, parse, write
from numpy.typing import NDArray
from sklearn.decomposition import MiniBatchDictionaryLearning

from olearn import learners
from olearn.core.threads import one_blas_thread
from olearn.learners.dictionary import polar
from olearn.learners.dictionary.polar_factor import polar_of_near

Array = NDArray[np.float64]

_FIRST_STEPS = 24  # not timed: these are long, and need another projection than all that follow


@dataclass
class Args:
    """Options of the benchmark."""

    sizes: str = option("64,256,1024", "dimensions of the dictionary, separated by commas")
    factor_sizes: str = option("10,16,24,32,64,128,256,512,1024", "sizes of polar factors timed")
    seconds: float = option(1.0, "CPU seconds to fill with each measurement, about")
    sklearn_up_to: int = option(256, "largest dimension at which scikit-learn is timed")
    seed: int = option(1, "seed of samples and matrices")
    out: str = option(str(RESULTS / "dictionary_speed"), "result files, without suffix")


def cpu_of(work: Callable[[], Any], seconds: float) -> float:
    """Return the CPU seconds of one call: the median of calls that fill the time, after one.

    Three calls at least, unless they are long.
    """
    work()
    spent: list[float] = []
    while sum(spent) < seconds or (len(spent) < 3 and sum(spent) < 3.0 * seconds):
        begin = time.process_time()
        work()
        spent.append(time.process_time() - begin)
    return float(np.median(spent))


class NumpyReference:
    """The published step as one writes it first: two SVDs a batch."""

    def __init__(self, n: int) -> None:
        self.A = np.eye(n)
        self.G = np.zeros((n, n))
        self.t = 0

    def learn_many(self, X: Array) -> None:
        """Take one step with all rows."""
        rho, gamma = min(1.0, 4.0 / (self.t + 1) ** 0.5), min(1.0, 2.0 / (self.t + 2) ** 0.75)
        Z = X @ self.A.T
        self.G = (1.0 - rho) * self.G + rho * (Z * abs(Z)).T @ X / len(X)
        U, _, Vt = np.linalg.svd(
            self.G + 1e-3 * np.linalg.norm(self.G) / len(self.A) ** 0.5 * self.A
        )
        self.A = (1.0 - gamma) * self.A + gamma * (U @ Vt)
        U, _, Vt = np.linalg.svd(self.A)
        self.A = U @ Vt
        self.t += 1


def sample_rows(n: int, n_rows: int, seed: int) -> Array:
    """Draw sparse samples, a tenth of the codes not zero."""
    rng = np.random.default_rng(seed)
    D, _ = np.linalg.qr(rng.normal(size=(n, n)))
    return (rng.random((n_rows, n)) < 0.1) * rng.normal(size=(n_rows, n)) @ D.T


def models_of(n: int, batch: int) -> dict[str, Any]:
    """Return what is timed on batches of one size."""
    ours: Callable[..., Any] = learners.OrthogonalDictionaryLearner
    models = {
        "NumPy reference": NumpyReference(n),
        "Frank-Wolfe": ours("frank_wolfe", batch, seed=0),
        "Frank-Wolfe, in the ball": ours("frank_wolfe", batch, seed=0, reproject=False),
        "annealed": ours("annealed", batch, seed=0),
    }
    if batch == 1:
        lazy = max(2, n // 8)
        models[f"Frank-Wolfe, a factor every {lazy}"] = ours("frank_wolfe", 1, seed=0, refresh=lazy)
    return models


def learn_next(learn: Callable[[Array], Any], parts: Iterator[Array]) -> None:
    """Learn the next rows."""
    learn(next(parts))


def speed_lines(args: Args, n: int, batch: int) -> list[dict[str, Any]]:
    """Time every model on batches of one size, from a state that has left the start behind."""
    X = sample_rows(n, 8 * n, args.seed)
    G = X.T @ X + 0.1 * sample_rows(n, n, args.seed + 1)
    bound = cpu_of(partial(polar, G, "svd"), args.seconds)
    lines, reference = [], 0.0
    models = models_of(n, batch)
    if n <= args.sklearn_up_to and batch > 1:
        models["scikit-learn"] = MiniBatchDictionaryLearning(
            n_components=n, alpha=0.3, fit_algorithm="cd", dict_init=np.eye(n), batch_size=batch
        )
    for name, model in models.items():
        learn = model.partial_fit if name == "scikit-learn" else model.learn_many
        # a lazy factor comes once in so many samples, which one call takes together
        rows = getattr(model, "refresh", 1) * batch if batch == 1 else batch
        parts = itertools.cycle([X[s : s + rows] for s in range(0, len(X) - rows + 1, rows)])
        for _ in range(_FIRST_STEPS):
            learn(next(parts))
        cpu = cpu_of(partial(learn_next, learn, parts), args.seconds) * batch / rows
        reference = reference or cpu
        lines.append(
            {
                "n": n,
                "batch": batch,
                "model": name,
                "steps/s": round(1.0 / cpu, 2),
                "samples/s": round(batch / cpu, 1),
                "times the reference": round(reference / cpu, 2),
                "in polar factors": round(cpu / bound, 2),
            }
        )
        print(lines[-1])
    return lines


def factor_lines(args: Args) -> list[dict[str, Any]]:
    """Time the ways to a polar factor, of a matrix of condition 30 and of one nearly orthogonal."""
    lines = []
    for n in map(int, args.factor_sizes.split(",")):
        rng = np.random.default_rng(args.seed)
        U, V = (np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(2))
        G = (U * np.logspace(0.0, -1.5, n)) @ V.T
        near = 0.97 * U + 0.03 * V
        ways: dict[str, Callable[[], Any]] = {
            "svd": partial(polar, G, "svd"),
            "gram": partial(polar, G, "gram"),
            "newton_schulz": partial(polar, G, "newton_schulz"),
            "near: svd": partial(polar, near, "svd"),
            "near: auto": partial(polar_of_near, near),
        }
        spent = {f"{k}, us": 1e6 * cpu_of(way, args.seconds / 4) for k, way in ways.items()}
        lines.append({"n": n, **{k: round(v, 1) for k, v in spent.items()}})
        print(lines[-1])
    return lines


def main(args: Args) -> None:
    """Measure, print the tables, write the files."""
    warnings.filterwarnings("ignore", module="sklearn")
    lines = []
    with one_blas_thread:
        for n in map(int, args.sizes.split(",")):
            for batch in (1, n):
                lines += speed_lines(args, n, batch)
        ways = factor_lines(args)
    out = Path(args.out)
    write(out, "Orthogonal dictionaries: steps and samples per CPU second", args, [], lines)
    factors = out.with_name(f"{out.name}_factors")
    write(factors, "Polar factors: CPU microseconds", args, [], ways)


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
