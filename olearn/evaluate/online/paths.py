"""Two ways through a stream, row by row and block by block, with the same answers."""

import heapq
import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from river import base

from olearn.base import ArrayClassifier, takes_blocks
from olearn.core.labels import CodedLabels
from olearn.core.types import Rows
from olearn.core.validate import check_in_range, check_integer
from olearn.evaluate.columns import columns_of, explain_text, last_step, rows_for, tell_columns
from olearn.evaluate.online.position import Position
from olearn.streams.base import Numbers, Stream

Delay = float | Callable[[int, dict[Any, Any], Any], float | None] | None
"""Rows between a prediction and its label: None = 0, a number, or a function of the row."""

_SECONDS_A_SPAN = 0.2  # keeps the progress bar alive however slow the model is
_FIRST_SPAN = 20  # rows, before it is known how long one takes
_MAX_ROWS_A_SPAN = 1000
_WARM_UP_ROWS = 32


@dataclass
class Span:
    """Consecutive rows within one window: labels, predictions, and the model's own time."""

    y_true: Any
    y_pred: Any
    y_proba: list[Any] | None
    seconds: float
    cpu_seconds: float


class BlockPath:
    """Whole blocks through `test_then_train_codes` or `test_then_train_many`."""

    name = "blocks"
    delay = "none"

    def __init__(self, stream: Stream, model: Any, block_size: int) -> None:
        self._stream = stream
        self._model = model
        self._block_size = block_size
        self._by_codes = isinstance(model, ArrayClassifier)
        self.delayed: list[Any] = []

    def spans(self, at: Position, cuts: Sequence[int], max_samples: int | None) -> Iterator[Span]:
        """Yield the rows after `at` span by span, none across a multiple of one of `cuts`."""
        warm = False
        for X, target in at.rest_of_blocks(self._stream.blocks(self._block_size)):
            y = target if self._by_codes else self._values(target)
            start = 0
            while start < len(y) and at.n != max_samples:
                part = slice(start, start + rows_to_cut(at.n, cuts, max_samples))
                if not warm:
                    warm = True
                    self._run(self._model.clone(), X[part][:_WARM_UP_ROWS], y[part][:_WARM_UP_ROWS])
                wall, cpu = time.perf_counter(), time.process_time()
                answers = self._run(self._model, X[part], y[part])
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
                at.add_block(X[part], target[part])
                yield Span(*self._scored(y[part], answers), None, wall, cpu)
                start += len(y[part])
            if at.n == max_samples:
                return

    def _values(self, y: Any) -> Any:
        """Return the targets of a block: labels or numbers."""
        schema = self._stream.schema
        return y if schema.target == Numbers() else CodedLabels(y, schema.labels).decoded()

    def _run(self, model: Any, X: Rows, y: Any) -> Any:
        """Predict and learn the rows; this alone is timed."""
        names = columns_of(self._stream, model)
        if self._by_codes:
            return model.test_then_train_codes(X, y, self._stream.schema.labels, names=names)
        return model.test_then_train_many(X, y, names=names)

    def _scored(self, y: Any, answers: Any) -> tuple[Any, Any]:
        """Return what was true and what was predicted; of codes, both of the model's labels."""
        if not self._by_codes:
            return y, answers
        labels = self._model.labels
        code = {label: k for k, label in enumerate(labels)}
        table = np.array([code.get(label, -1) for label in self._stream.schema.labels], np.int64)
        return CodedLabels(table[y], labels), CodedLabels(answers, labels)


class RowPath:
    """One `predict_one` and one `learn_one` a row, labels possibly delayed."""

    name = "rows"

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
        self._labels = None if delay is None else DelayedLabels(delay, self._learn)
        self.delay = "none" if self._labels is None else self._labels.description
        self.delayed: list[Any] = [] if self._labels is None else self._labels.queue

    def spans(self, at: Position, cuts: Sequence[int], max_samples: int | None) -> Iterator[Span]:
        """Yield the rows after `at` span by span, none across a multiple of one of `cuts`."""
        rows = at.rest_of_rows(self._stream)
        size, warm = _FIRST_SPAN, False
        while span := list(itertools.islice(rows, min(size, rows_to_cut(at.n, cuts, max_samples)))):
            if not warm:
                warm = True
                _warm_up(self._model, self._stream, span)
            given = rows_for(self._stream, self._model, span)
            wall, cpu = time.perf_counter(), time.process_time()
            try:
                answers = self._run(given, at.n)
            except (TypeError, ValueError) as error:
                explain_text(self._stream, self._model, given, error)
                raise
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            at.add_rows(span)
            size = int(_SECONDS_A_SPAN * len(span) / max(wall, 1e-9))
            size = min(max(size, 1), _MAX_ROWS_A_SPAN)
            y_true = [y for _, y in span]
            if self._probabilities:
                labels = [max(p, key=p.get) if p else None for p in answers]
                yield Span(y_true, labels, answers, wall, cpu)
            else:
                yield Span(y_true, answers, None, wall, cpu)

    def _run(self, span: list[tuple[dict[Any, Any], Any]], n: int) -> list[Any]:
        """Predict and learn the rows; this alone is timed."""
        predict, learn, labels = self._predict, self._learn, self._labels
        answers = []
        if labels is None:
            for x, y in span:
                answers.append(predict(x))
                learn(x, y)
        else:
            for i, (x, y) in enumerate(span, start=n):
                answers.append(predict(x))
                labels.put(i, x, y)
                labels.learn_due(i)
        return answers


class DelayedLabels:
    """Delayed labels: each is learnt right after the row at which it arrives.

    Parameters
    ----------
    delay
        Rows between a prediction and its label, or a function of `(i, x, y)` that says so; None
        and inf = never.
    learn
        Called with `(x, y)` for each label that has arrived, earliest first.

    """

    def __init__(self, delay: Delay, learn: Callable[[Any, Any], None]) -> None:
        self._learn = learn
        self.queue: list[tuple[float, int, Any, Any]] = []
        self._delay: Callable[[int, Any, Any], float | None]
        if callable(delay):
            self.description = "per row"
            self._delay = delay
            return
        _check_delay("delay", delay)
        self.description = "never" if delay == math.inf else f"{delay} rows"
        self._delay = lambda i, x, y: delay

    def put(self, i: int, x: Any, y: Any) -> None:
        """Take in the label of row `i`, to be learnt when it comes."""
        delay = self._delay(i, x, y)
        if delay is None or delay == math.inf:
            return
        _check_delay(f"delay of row {i}", delay)
        heapq.heappush(self.queue, (i + delay, i, x, y))  # i is unique: x is never compared

    def learn_due(self, now: int) -> None:
        """Learn the labels that have arrived once row `now` is predicted."""
        while self.queue and self.queue[0][0] <= now:
            _, _, x, y = heapq.heappop(self.queue)
            self._learn(x, y)


def rows_to_cut(n: int, cuts: Sequence[int], max_samples: int | None) -> int:
    """Rows after row `n` up to the nearest multiple of one of `cuts`, or to the end."""
    rows = min(cut - n % cut for cut in cuts)
    return rows if max_samples is None else min(rows, max_samples - n)


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


def _warm_up(model: Any, stream: Any, rows: list[tuple[dict[Any, Any], Any]]) -> None:
    """Let a clone of a compiled model learn, so that its kernels are loaded before the clock."""
    if takes_blocks(last_step(model)):
        clone = model.clone()
        tell_columns(stream, clone)
        for x, y in rows_for(stream, model, rows[:_WARM_UP_ROWS]):
            clone.predict_one(x)
            clone.learn_one(x, y)
