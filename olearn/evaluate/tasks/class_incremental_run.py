"""Class-incremental evaluation: learn task after task, test on all tasks after each."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from river import base

from olearn.base import takes_blocks
from olearn.core.validate import check_integer
from olearn.evaluate.columns import columns_of, tell_columns
from olearn.evaluate.describe import (
    describe_environment,
    describe_model,
    describe_stream,
    name_stream,
)
from olearn.evaluate.json_files import dump, parse
from olearn.evaluate.progress import Bars, OnProgress
from olearn.evaluate.seeding import check_seeds, make_model, reseed_stream
from olearn.evaluate.tasks.class_incremental_result import ClassIncrementalResult, TaskRun
from olearn.streams.base import Schema
from olearn.streams.class_incremental import ClassIncremental

__all__ = ["class_incremental"]

_TESTED_AT_ONCE = 500  # examples, so that images of a large test set fit into memory
_WARM_UP_ROWS = 32


@runtime_checkable
class BeginsTasks(Protocol):
    """A classifier that wants to be told when a task begins."""

    def begin_task(self) -> None: ...


@runtime_checkable
class Flushes(Protocol):
    """A classifier that keeps examples back until a batch is full, and can learn them now."""

    def flush(self) -> None: ...


def class_incremental(
    stream: ClassIncremental | Callable[[int], ClassIncremental],
    model: base.Estimator | Callable[[int], Any],
    *,
    seeds: int | Sequence[int] = 1,
    block_size: int = 100,
    announce_tasks: bool = False,
    anytime: int | None = None,
    name: str | None = None,
    folder: str | Path | None = None,
    progress: bool | None = None,
) -> ClassIncrementalResult:
    """Learn the tasks of a stream one after another, and test on every task after each.

    A task whose labels were not seen yet counts as accuracy 0. After each task a model that keeps
    examples back is made to learn them (`flush`).

    Parameters
    ----------
    stream
        A class-incremental stream, which gets the seed of the run, or a function of a seed that
        makes one.
    model
        A classifier, which is cloned and gets the seed of the run, or a function of a seed that
        makes one. It gets blocks if it takes them (`olearn.base.takes_blocks`: those of olearn do),
        else one example at a time.
    seeds
        Number of seeds, which are then 1, 2, ...; or the seeds.
    block_size
        Examples handed over at a time, at least 1. A block never crosses a task's end.
    announce_tasks
        Whether `begin_task` is called before each task, where the model has it; without, no model
        can tell tasks apart but by their labels.
    anytime
        Also measure the accuracy on the test examples of all labels seen so far, each time so many
        examples are learnt, at least 1; None: after each task only.
    name
        Of the model, for tables; None is that of its class.
    folder
        Where to keep a JSON file a seed, so that a stopped evaluation goes on; None keeps none.
    progress
        True draws a progress bar, None after a second, False never.

    Raises
    ------
    ValueError, TypeError
        If an argument is outside its range, or a file in `folder` is of another evaluation.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from olearn import evaluate, learners, streams
    >>> X, y = load_digits(return_X_y=True)
    >>> stream = streams.ClassIncremental(X[:1400], y[:1400], X[1400:], y[1400:])
    >>> result = evaluate.class_incremental(stream, learners.AEFOCLClassifier(200), seeds=2)
    >>> result.accuracy.shape
    (2, 5, 5)
    >>> round(result.score("end accuracy")[0], 2)
    0.94

    """
    chosen = check_seeds(seeds)
    check_integer("block_size", block_size, 1)
    if anytime is not None:
        check_integer("anytime", anytime, 1)
    options = {"block_size": block_size, "announce_tasks": announce_tasks, "anytime": anytime}
    if folder is not None:
        Path(folder).mkdir(parents=True, exist_ok=True)
    runs = []
    with Bars(progress) as bars:
        for seed in chosen:
            source, learner = reseed_stream(stream, seed), make_model(model, seed)
            if not isinstance(source, ClassIncremental):
                raise TypeError(f"stream must be a ClassIncremental, got {type(source).__name__}")
            known = name or type(learner).__name__
            settings = {"model": known, "parameters": _describe(learner), **options}
            settings["stream"] = describe_stream(source)
            file = None if folder is None else Path(folder) / f"{_slug(known)}_seed{seed}.json"
            run = _kept(file, settings, source)
            if run is None:
                on_progress = bars.add(f"{known}, seed {seed}", source.n_samples)
                run = _Evaluation(source, learner, on_progress).run(seed, settings)
                if file is not None:
                    dump(asdict(run), file)
            runs.append(run)
    return ClassIncrementalResult(known, name_stream(source), runs, describe_environment())


class _Evaluation:
    """One model on one stream."""

    def __init__(self, stream: ClassIncremental, model: Any, on_progress: OnProgress) -> None:
        self.stream = stream
        self.model = model
        self.on_progress = on_progress
        labels = stream.schema.labels
        alike = len({type(label) for label in labels}) == 1  # else NumPy would turn all into text
        self.labels: NDArray[Any] = np.array(labels, None if alike else object)
        self.tests = [stream.test_set(task) for task in range(stream.n_tasks)]
        self.seen: set[int] = set()
        self.n = 0
        self.wall = self.cpu = 0.0
        self.hits: dict[int, NDArray[np.bool_]] = {}  # by task, of the model as it stands

    def run(self, seed: int, settings: dict[str, Any]) -> TaskRun:
        """Learn and test; `settings` are written into the run."""
        stream, anytime = self.stream, settings["anytime"]
        done = TaskRun(seed, [*map(list, stream.tasks)], [], [], [], [], settings=settings)
        tell_columns(stream, self.model)
        warm_up(self.model, stream)
        for task in range(stream.n_tasks):
            self.wall = self.cpu = 0.0
            if settings["announce_tasks"] and isinstance(self.model, BeginsTasks):
                self.model.begin_task()
            end = stream.task_ends[task]
            for X, codes in self._blocks(task, settings["block_size"], anytime):
                self._learn(X, codes)
                if self.n == end and isinstance(self.model, Flushes):
                    self._timed(self.model.flush)
                if anytime and self.n % anytime == 0:
                    done.curve.append((self.n, self._accuracy_so_far()))
            done.task_ends.append(self.n)
            done.accuracy.append([self._accuracy(k) for k in range(stream.n_tasks)])
            done.seconds.append(round(self.wall, 4))
            done.cpu_seconds.append(round(self.cpu, 4))
        return done

    def _blocks(
        self, task: int, size: int, anytime: int | None
    ) -> Iterator[tuple[NDArray[Any], NDArray[np.int64]]]:
        """Yield a task's blocks, cut where the accuracy is to be measured."""
        for X, codes in self.stream.task_blocks(task, size):
            start = 0
            while start < len(codes):
                stop = len(codes)
                if anytime:
                    stop = min(stop, start + anytime - self.n % anytime)
                yield X[start:stop], codes[start:stop]
                start = stop

    def _learn(self, X: NDArray[Any], codes: NDArray[np.int64]) -> None:
        y = self.labels[codes]
        if takes_blocks(self.model):
            names = _names(self.stream, self.model)
            self._timed(lambda: self.model.learn_many(X, y, **names))
        else:
            pairs = list(zip(_examples(self.stream, X), y.tolist(), strict=True))
            self._timed(lambda: [self.model.learn_one(x, label) for x, label in pairs])
        self.seen.update(codes.tolist())
        self.n += len(codes)
        self.on_progress(self.n, "")

    def _timed(self, work: Callable[[], Any]) -> None:
        self.hits.clear()
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        _wait_for_device()
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu

    def _accuracy_so_far(self) -> float:
        seen = list(self.seen)
        parts = [
            self._hits(task)[np.isin(codes, seen)]
            for task, (_, codes) in enumerate(self.tests)
            if not self.seen.isdisjoint(codes.tolist())
        ]
        return float(np.concatenate(parts).mean())

    def _accuracy(self, task: int) -> float:
        if self.seen.isdisjoint(self.tests[task][1].tolist()):
            return 0.0  # no label that was never seen is predicted
        return float(self._hits(task).mean())

    def _hits(self, task: int) -> NDArray[np.bool_]:
        """For each test example of a task, whether its label is predicted."""
        if task in self.hits:
            return self.hits[task]
        X, codes = self.tests[task]
        parts = []
        for start in range(0, len(codes), _TESTED_AT_ONCE):
            part = slice(start, start + _TESTED_AT_ONCE)
            if takes_blocks(self.model):
                answers = self.model.predict_many(X[part], **_names(self.stream, self.model))
            else:
                answers = [self.model.predict_one(x) for x in _examples(self.stream, X[part])]
            found = np.empty(len(answers), dtype=object)  # None before the first label
            found[:] = list(answers)
            parts.append(found == self.labels[codes[part]].astype(object))
        self.hits[task] = np.concatenate(parts).astype(np.bool_)
        return self.hits[task]


def warm_up(model: Any, stream: ClassIncremental) -> None:
    """Let a clone of a compiled model learn, so that its kernels are loaded before the clock."""
    if isinstance(model, base.Estimator) and takes_blocks(model) and not stream.gives_images:
        X, codes = next(stream.blocks(_WARM_UP_ROWS))
        clone: Any = model.clone()
        clone.learn_many(X, codes, **_names(stream, clone))
        clone.predict_many(X, **_names(stream, clone))


def _names(stream: ClassIncremental, model: Any) -> dict[str, Any]:
    """Names of the columns, for `learn_many` and `predict_many`; images have none."""
    return {} if stream.gives_images else {"names": columns_of(stream, model)}


def _examples(stream: ClassIncremental, X: NDArray[Any]) -> Iterator[Any]:
    schema: Schema = stream.schema
    return iter(X) if stream.gives_images else schema.to_dicts(X)


def _wait_for_device() -> None:
    """Let a GPU finish what it was given, so that the clock counts it."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.synchronize()


def _kept(file: Path | None, settings: dict[str, Any], stream: ClassIncremental) -> TaskRun | None:
    """Return the run that a file holds, if there is one."""
    if file is None or not file.is_file():
        return None
    run = TaskRun.from_dict(parse(file))
    tasks = [*map(list, stream.tasks)]
    if run.settings != settings or run.tasks != tasks:
        changed = [key for key in settings if run.settings.get(key) != settings[key]] or ["tasks"]
        raise ValueError(
            f"folder must hold runs with these settings, but {file} differs in "
            f"{', '.join(changed)}; remove it or give another folder"
        )
    return run


def _describe(model: Any) -> str:
    return describe_model(model) if isinstance(model, base.Estimator) else type(model).__name__


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name.lower())
