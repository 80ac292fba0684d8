"""The way through a stream row by row."""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from river import base

from olearn.base import takes_blocks
from olearn.base.pipeline import last_step
from olearn.evaluate.columns import explain_text, rows_for, tell_columns
from olearn.evaluate.online.delays import Delay, DelayedLabels
from olearn.evaluate.online.position import Position
from olearn.evaluate.online.spans import WARM_UP_ROWS, Span, rows_to_cut

_SECONDS_A_SPAN = 0.2  # keeps the progress bar alive however slow the model is
_FIRST_SPAN = 20  # rows, before it is known how long one takes
_MAX_ROWS_A_SPAN = 1000


class RowPath:
    """One `predict_one` and one `learn_one` a row, labels possibly delayed.

    Parameters
    ----------
    stream, model, delay
        As in `prequential`, already checked.
    why
        What keeps the run from whole blocks.
    probabilities, intervals
        Whether a metric reads them.

    """

    name = "rows"

    def __init__(
        self,
        stream: Iterable[tuple[dict[Any, Any], Any]],
        model: base.Estimator,
        delay: Delay,
        why: str,
        *,
        probabilities: bool,
        intervals: bool,
    ) -> None:
        self.why = why
        self._stream = stream
        self._model = model
        self._probabilities = probabilities and isinstance(model, base.Classifier)
        self._intervals = intervals
        self._predict = _with_interval(model) if intervals else _predictor(model, probabilities)
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
            elif self._intervals:
                ends = np.array([(interval.lower, interval.upper) for _, interval in answers])
                yield Span(y_true, [number for number, _ in answers], ends, wall, cpu)
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


def _with_interval(model: Any) -> Callable[[Any], Any]:
    """Return what gives a prediction, which need not be the middle, and its interval."""
    return lambda x: (model.predict_one(x), model.predict_one(x, with_interval=True))


def _predictor(model: Any, probabilities: bool) -> Callable[[Any], Any]:
    probabilities = probabilities and isinstance(model, base.Classifier)
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
        predict, learn = _predictor(clone, False), _learner(clone)
        for x, y in rows_for(stream, model, rows[:WARM_UP_ROWS]):
            predict(x)
            learn(x, y)
