"""CPU seconds with the threads that a user gets who sets nothing, beside one thread.

Every learner that multiplies matrices, row by row and in blocks. Each family runs in a process of
its own: with default threads, and with one thread (OPENBLAS_NUM_THREADS, MKL_NUM_THREADS and
OMP_NUM_THREADS at 1); while nothing else runs, and beside processes that spin, one a core. CPU
seconds are those of the whole process, until its threads have gone to sleep: threads that wait for
each other spin. A figure is the least of some processes. A ratio of 1.00 is what it should be; on
a shared machine it is less exact than the seconds of other threads, which should be 0.
"""

import itertools
import json
import math
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _timing import RESULTS, option, parse, write
from numpy.typing import NDArray

from olearn import detectors, learners

Rows = NDArray[np.float64]
Case = tuple[str, str, Callable[[], Any]]
"""Learner, rows that come together, and what makes a model and returns the work to time."""

Measure = tuple[str, str, float, float]
"""Learner, rows that come together, CPU seconds of all threads, and of all but the main one."""

VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
ASLEEP = 0.06  # seconds after which threads without work spin no more: OpenBLAS 0.03
MOST = 40  # runs of a case, one after the other
TRIES = 4  # of which the best counts: what else the machine does falls on some of them
N_INPUTS, N_CLASSES = 64, 5


@dataclass
class Args:
    """Options of the benchmark."""

    families: str = option("analytic,dictionary,rehearsal,agents,others", "separated by commas")
    rows: int = option(400, "rows of the fastest cases; slow ones get fewer")
    seconds: float = option(0.04, "CPU seconds to fill with fresh runs of a case; 0 = run once")
    repeat: int = option(2, "processes a family and setting, of which the best counts")
    spinning: int = option(os.cpu_count() or 1, "processes that spin beside the second half")
    measure: str = option("", "family that this process measures; set by the benchmark itself")
    out: str = option(str(RESULTS / "threads"), "result files, without suffix")


def sample(n: int, width: int = N_INPUTS) -> tuple[Rows, NDArray[np.int64]]:
    """Draw rows and labels that they tell."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n, width))
    return X, (X[:, :N_CLASSES] + 0.5 * rng.normal(size=(n, N_CLASSES))).argmax(axis=1)


# -- what is timed ---------------------------------------------------------------------------------


def classifier(name: str, make: Callable[[], Any], n: int, width: int = N_INPUTS) -> Iterator[Case]:
    """Rows through dicts, predicted and learnt; blocks of 32 and of 1,000 as arrays."""

    def work(size: int, n_rows: int) -> Callable[[], Any]:
        X, y = sample(n_rows, width)
        pairs = [
            (dict(enumerate(row)), label) for row, label in zip(X.tolist(), y.tolist(), strict=True)
        ]

        def prepare() -> Callable[[], None]:
            model = make()

            def rows() -> None:
                for x, label in pairs:
                    model.predict_one(x)
                    model.learn_one(x, label)

            def blocks() -> None:
                for start in range(0, n_rows, size):
                    part = slice(start, start + size)
                    model.predict_many(X[part])
                    model.learn_many(X[part], y[part])

            return rows if size == 1 else blocks

        return prepare

    yield name, "row", work(1, n)
    yield name, "32", work(32, max(64, n))
    yield name, "1,000", work(1000, max(1000, n))


def transformer(name: str, make: Callable[[], Any], n: int, learns: bool) -> Iterator[Case]:
    """The same for a transformer."""

    def work(size: int, n_rows: int) -> Callable[[], Any]:
        X, _ = sample(n_rows)
        dicts = [dict(enumerate(row)) for row in X.tolist()]

        def prepare() -> Callable[[], None]:
            model = make()

            def rows() -> None:
                for x in dicts:
                    model.transform_one(x)
                    if learns:
                        model.learn_one(x)

            def blocks() -> None:
                for start in range(0, n_rows, size):
                    model.transform_many(X[start : start + size])
                    if learns:
                        model.learn_many(X[start : start + size])

            return rows if size == 1 else blocks

        return prepare

    yield name, "row", work(1, n)
    yield name, "32", work(32, max(64, n))
    yield name, "1,000", work(1000, max(1000, n))


def analytic(n: int) -> Iterator[Case]:
    """Ridge regression in its forms, AEF-OCL with its heads, random features."""
    ridge, regressor = learners.AnalyticRidgeClassifier, learners.AnalyticRidgeRegressor
    yield from classifier("AnalyticRidgeClassifier", ridge, n)
    yield from classifier("ridge, 256 random features", partial(ridge, 256, seed=1), n // 2)
    yield from classifier("ridge, covariance", partial(ridge, form="covariance"), n)
    yield from classifier("ridge, information", partial(ridge, form="information"), n // 4)
    yield from classifier("ridge, sqrt", partial(ridge, form="sqrt"), n // 4)
    yield from classifier("ridge, torch", partial(ridge, backend="torch"), n // 4)
    yield from classifier("AnalyticRidgeRegressor", regressor, n)
    for head in ("pfg", "weights"):
        aef = partial(learners.AEFOCLClassifier, 128, balance=head, refresh=16, seed=1)
        yield from classifier(f"AEFOCLClassifier, {head}", aef, n // 4)
    yield from transformer("RandomReLU", partial(learners.RandomReLU, seed=1), n, learns=False)


def dictionary(n: int) -> Iterator[Case]:
    """Both methods in NumPy and in torch, steps of 32 samples and of one."""
    ours = learners.OrthogonalDictionaryLearner
    for method in ("frank_wolfe", "annealed"):
        for device, place in ((None, "NumPy"), ("cpu", "torch")):
            make = partial(ours, method, device=device, seed=1)
            yield from transformer(f"{method}, {place}", make, n, learns=True)
    one = partial(ours, batch_size=1, refresh=8, seed=1)
    yield from transformer("frank_wolfe, steps of one", one, n // 4, learns=True)


def rehearsal(n: int) -> Iterator[Case]:
    """Every rehearsal learner on rows, and one on small images."""
    for name in ("ER", "UER", "PCR", "HPCR", "OnPro"):
        kind = getattr(learners, f"{name}Classifier")
        yield from classifier(f"{name}Classifier", partial(kind, seed=1), n // 4)

    def prepare() -> Callable[[], None]:
        model = learners.ERClassifier(width=8, seed=1)
        X = np.random.default_rng(1).integers(0, 256, (60, 3, 32, 32)).astype(np.uint8)
        return lambda: model.learn_many(X, np.arange(len(X)) % N_CLASSES)

    yield "ERClassifier, images", "60", prepare


def agents(n: int) -> Iterator[Case]:
    """Compiled agents, and torch ones for numbers and for pictures, alone and 32 together."""
    from olearn.learners import rl
    from olearn.learners.rl.torch_backend import MINATAR

    def acting(make: Callable[[], Any], shape: tuple[int, ...], steps: int) -> Callable[[], Any]:
        def prepare() -> Callable[[], None]:
            agent = make()
            n_agents = getattr(agent, "n_agents", None)
            many = () if n_agents is None else (n_agents,)
            learn = agent.learn_one if n_agents is None else agent.learn_many
            reward = 1.0 if n_agents is None else np.ones(many)
            X = np.random.default_rng(1).normal(size=(steps + 1, *many, *shape))

            def run() -> None:
                for x, x2 in itertools.pairwise(X):
                    learn(x, agent.act(x), reward, x2)

            return run

        return prepare

    yield "StreamQ", "row", acting(lambda: rl.StreamQ(2, seed=1), (8,), n)
    bounds = {"low": (-1.0,), "high": (1.0,), "seed": 1}
    yield "StreamAC", "row", acting(lambda: rl.StreamAC(**bounds), (8,), n)
    picture = (4, 10, 10)
    for kind in (rl.TorchStreamQ, rl.TorchStreamAC):

        def dense(n_agents: int, kind: Any = kind) -> Any:
            return kind((8,), 2, n_agents, seed=1)

        def shots(n_agents: int, kind: Any = kind) -> Any:
            return kind(picture, 3, n_agents, convolutions=MINATAR, seed=1)

        name = kind.__name__
        for group, steps in ((1, n // 4), (32, n // 16)):
            rows = "row" if group == 1 else "32"
            yield name, rows, acting(partial(dense, group), (8,), steps)
            yield f"{name}, pictures", rows, acting(partial(shots, group), picture, steps // 2)


def others(n: int) -> Iterator[Case]:
    """Learners that multiply in kernels of their own."""
    columns = partial(detectors.HTMColumnsClassifier, seed=1)
    yield from list(classifier("HTMColumnsClassifier", columns, n // 4, N_CLASSES))[:2]

    for kind in (learners.DriftMoEClassifier, learners.StreamTDRegressor):
        yield from classifier(kind.__name__, partial(kind, seed=1), n // 4)


FAMILIES = {f.__name__: f for f in (analytic, dictionary, rehearsal, agents, others)}


# -- measuring -------------------------------------------------------------------------------------


def measured(family: str, args: Args) -> list[Measure]:
    """Return learner, block, CPU seconds and those of other threads of each case of a family."""
    found = []
    for learner, block, prepare in FAMILIES[family](args.rows):
        prepare()()  # compiles, and loads what is loaded at first use
        first = cpu_of([prepare()])
        times = min(MOST, max(1, math.ceil(args.seconds / first[0])))
        tries = TRIES if args.seconds else 1
        spent = min(cpu_of([prepare() for _ in range(times)]) for _ in range(tries))
        found.append((learner, block, spent[0] / times, spent[1] / times))
    return found


def cpu_of(works: list[Callable[[], None]]) -> tuple[float, float]:
    """Return the CPU seconds of all threads, and of all but this, until they sleep again."""
    time.sleep(ASLEEP)
    begin, ours = time.process_time(), time.thread_time()
    for work in works:
        work()
    time.sleep(ASLEEP)
    ours, spent = time.thread_time() - ours, time.process_time() - begin
    return spent, max(0.0, spent - ours)


def in_process(family: str, args: Args, one_thread: bool) -> list[Measure]:
    """Do the same in a new process, with default threads or one."""
    chosen = {name: "1" for name in VARIABLES} if one_thread else {}
    free = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    given = ("--rows", str(args.rows), "--seconds", str(args.seconds))
    command = [sys.executable, __file__, "--measure", family, *given]
    done = subprocess.run(command, env=free | chosen, stdout=subprocess.PIPE, text=True, check=True)
    found: list[Measure] = json.loads(done.stdout.splitlines()[-1])
    return found


def spin() -> None:
    """Use a core for ever."""
    while True:
        pass


def cpu_seconds(family: str, args: Args, n_spinning: int) -> tuple[list[Any], Any, Any]:
    """Return the cases, and CPU seconds `(turns, cases, 2)` with default threads and with one."""
    beside = [multiprocessing.Process(target=spin, daemon=True) for _ in range(n_spinning)]
    for process in beside:
        process.start()
    try:
        turns = [
            [in_process(family, args, one_thread) for one_thread in (False, True)]
            for _ in range(args.repeat)
        ]
    finally:
        for process in beside:
            process.terminate()
            process.join()
    seconds = np.array([[[case[2:] for case in part] for part in turn] for turn in turns])
    return turns[0][0], seconds[:, 0], seconds[:, 1]


def family_lines(family: str, args: Args) -> list[dict[str, Any]]:
    """Measure a family while nothing else runs and beside spinning processes."""
    cases, idle, idle_one = cpu_seconds(family, args, 0)
    _, busy, busy_one = cpu_seconds(family, args, args.spinning)
    lines = []
    for i, (learner, block, *_) in enumerate(cases):
        alone, alone_one, beside, beside_one = (
            1e3 * found[:, i].min(axis=0) for found in (idle, idle_one, busy, busy_one)
        )
        lines.append(
            {
                "learner": learner,
                "rows at once": block,
                "one thread, CPU ms": round(float(alone_one[0]), 2),
                "default": round(float(alone[0]), 2),
                "of other threads": round(float(alone[1]), 2),
                "ratio": round(float(alone[0] / alone_one[0]), 2),
                "busy, one thread": round(float(beside_one[0]), 2),
                "busy, default": round(float(beside[0]), 2),
                "busy, of other threads": round(float(beside[1]), 2),
                "busy, ratio": round(float(beside[0] / beside_one[0]), 2),
            }
        )
        print(lines[-1], flush=True)
    return lines


def main(args: Args) -> None:
    """Measure, print the table, write the files."""
    if args.measure:
        print(json.dumps(measured(args.measure, args)))
        return
    lines = [line for family in args.families.split(",") for line in family_lines(family, args)]
    title = "Threads: CPU seconds with default threads beside one thread"
    write(Path(args.out), title, args, [], lines)


if __name__ == "__main__":
    main(parse(Args, __doc__ or ""))
