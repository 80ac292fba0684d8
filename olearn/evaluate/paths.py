"""Two ways through a stream, row by row and block by block, with the same answers."""

import heapq
import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from river import base
from river.compose import Pipeline

from olearn.base import ArrayClassifier
from olearn.streams.base import Stream
from olearn.validate import check_in_range, check_integer

Delay = float | Callable[[int, dict[Any, Any], Any], float | None] | None
"""Rows between a prediction and its label: None = 0, a number, or a function of the row."""

_SECONDS_A_PIECE = 0.2  # keeps the progress bar alive however slow the model is
_MAX_ROWS_A_PIECE = 1000
_WARM_UP_ROWS = 32


@dataclass
class Piece:
    """Consecutive rows within one window: labels, predictions, and the model's own time."""

    y_true: Any
    y_pred: Any
    y_proba: list[Any] | None
    seconds: float
    cpu_seconds: float


class BlockPath:
    """Whole blocks through `test_then_train_many`."""

    name = "compiled"
    delay = "none"

    def __init__(self, stream: Stream, model: ArrayClassifier, block_size: int) -> None:
        self._stream = stream
        self._model = model
        self._block_size = block_size

    def pieces(self, window: int, max_samples: int | None) -> Iterator[Piece]:
        """Yield the rows piece by piece, none across the end of a window."""
        names = self._stream.schema.names
        labels = np.asarray(self._stream.schema.labels)
        n = 0
        for X, codes in self._stream.blocks(self._block_size):
            y = labels[codes]
            start = 0
            while start < len(y) and n != max_samples:
                stop = min(len(y), start + window - n % window)
                if max_samples is not None:
                    stop = min(stop, start + max_samples - n)
                rows, y_true = X[start:stop], y[start:stop]
                if n == 0:
                    self._model.clone().test_then_train_many(
                        rows[:_WARM_UP_ROWS], y_true[:_WARM_UP_ROWS], names=names
                    )
                wall, cpu = time.perf_counter(), time.process_time()
                y_pred = self._model.test_then_train_many(rows, y_true, names=names)
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                yield Piece(y_true, y_pred, None, wall, cpu)
                n += stop - start
                start = stop
            if n == max_samples:
                return


class RowPath:
    """One `predict_one` and one `learn_one` a row, labels possibly late."""

    name = "row"

    def __init__(
        self,
        stream: Iterable[tuple[dict[Any, Any], Any]],
        model: base.Estimator,
        delay: Delay,
        *,
        probabilities: bool,
    ) -> None:
        self._stream = stream
        self._model = model
        self._probabilities = probabilities and isinstance(model, base.Classifier)
        self._predict = _predictor(model, self._probabilities)
        self._learn = _learner(model)
        self._late = None if delay is None else LateLabels(delay, self._learn)
        self.delay = "none" if self._late is None else self._late.words

    def pieces(self, window: int, max_samples: int | None) -> Iterator[Piece]:
        """Yield the rows piece by piece, none across the end of a window."""
        rows = itertools.islice(self._stream, max_samples)
        n = 0
        size = 20
        while piece := list(itertools.islice(rows, min(size, window - n % window))):
            if n == 0:
                _warm_up(self._model, piece)
            wall, cpu = time.perf_counter(), time.process_time()
            answers = self._run(piece, n)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            n += len(piece)
            size = int(_SECONDS_A_PIECE * len(piece) / max(wall, 1e-9))
            size = min(max(size, 1), _MAX_ROWS_A_PIECE)
            y_true = [y for _, y in piece]
            if self._probabilities:
                labels = [max(p, key=p.get) if p else None for p in answers]
                yield Piece(y_true, labels, answers, wall, cpu)
            else:
                yield Piece(y_true, answers, None, wall, cpu)

    def _run(self, piece: list[tuple[dict[Any, Any], Any]], n: int) -> list[Any]:
        """Predict and learn the rows; this alone is timed."""
        predict, learn, late = self._predict, self._learn, self._late
        answers = []
        if late is None:
            for x, y in piece:
                answers.append(predict(x))
                learn(x, y)
        else:
            for i, (x, y) in enumerate(piece, start=n):
                answers.append(predict(x))
                late.put(i, x, y)
                late.learn_due(i)
        return answers


class LateLabels:
    """Labels on their way: each is learnt right after the row at which it arrives.

    Parameters
    ----------
    delay
        Rows a label is late, or a function of `(i, x, y)` that says so; None and inf = never.
    learn
        Called with `(x, y)` for each label that has arrived, earliest first.

    """

    def __init__(self, delay: Delay, learn: Callable[[Any, Any], None]) -> None:
        self._learn = learn
        self._queue: list[tuple[float, int, Any, Any]] = []
        self._delay: Callable[[int, Any, Any], float | None]
        if callable(delay):
            self.words = "per row"
            self._delay = delay
            return
        _check_delay("delay", delay)
        self.words = "never" if delay == math.inf else f"{delay} rows"
        self._delay = lambda i, x, y: delay

    def put(self, i: int, x: Any, y: Any) -> None:
        """Send the label of row `i` on its way."""
        delay = self._delay(i, x, y)
        if delay is None or delay == math.inf:
            return
        _check_delay(f"delay of row {i}", delay)
        heapq.heappush(self._queue, (i + delay, i, x, y))  # i is unique: x is never compared

    def learn_due(self, now: int) -> None:
        """Learn the labels that have arrived once row `now` is predicted."""
        while self._queue and self._queue[0][0] <= now:
            _, _, x, y = heapq.heappop(self._queue)
            self._learn(x, y)


def last_step(model: base.Estimator) -> base.Estimator:
    """Return the estimator at the end of a pipeline, or the model itself."""
    while isinstance(model, Pipeline):
        model = list(model.steps.values())[-1]
    return model


def _check_delay(name: str, delay: Any) -> None:
    if delay == math.inf:
        return
    check_integer(name, delay)
    check_in_range(name, delay, 0)


def _predictor(model: Any, probabilities: bool) -> Callable[[Any], Any]:
    if isinstance(model, base.AnomalyFilter):
        return lambda x: model.classify(model.score_one(x))
    name = "predict_proba_one" if probabilities else "predict_one"
    if isinstance(model, base.AnomalyDetector):
        name = "score_one"
    predict: Callable[[Any], Any] = getattr(model, name)
    return predict


def _learner(model: Any) -> Callable[[Any, Any], None]:
    if model._supervised:
        learn: Callable[[Any, Any], None] = model.learn_one
        return learn
    return lambda x, y: model.learn_one(x)


def _warm_up(model: Any, rows: list[tuple[dict[Any, Any], Any]]) -> None:
    """Let a clone of a compiled model learn, so that its kernels are loaded before the clock."""
    if isinstance(last_step(model), ArrayClassifier):
        clone = model.clone()
        for x, y in rows[:_WARM_UP_ROWS]:
            clone.predict_one(x)
            clone.learn_one(x, y)
