"""The way through a stream block by block, with the answers of the way row by row."""

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from river import base

from olearn.base import ArrayClassifier, CountsDrifts, RoutesExperts, Stage
from olearn.base.pipeline import last_step
from olearn.core.labels import CodedLabels, CodedProba
from olearn.core.types import Codes, Rows
from olearn.evaluate.columns import columns_of
from olearn.evaluate.online.delays import Delay, DelayedRows
from olearn.evaluate.online.position import Position
from olearn.evaluate.online.spans import WARM_UP_ROWS, Span, rows_to_cut
from olearn.streams.base import Classes, Stream

if TYPE_CHECKING:
    from olearn.interop.in_place import InPlace


class BlockPath:
    """Whole blocks through a model; its answers are cut into spans.

    Parameters
    ----------
    stream, model, block_size, delay
        As in `prequential`, already checked.
    probabilities, intervals
        Whether a metric reads them.
    in_place
        What runs a model of river, which takes no blocks itself.

    """

    name = "blocks"

    def __init__(
        self,
        stream: Stream,
        model: Any,
        block_size: int,
        delay: Delay,
        *,
        probabilities: bool,
        intervals: bool,
        in_place: "InPlace | None" = None,
    ) -> None:
        self._stream = stream
        self._in_place = in_place is not None
        self._model = in_place or model
        self._block_size = block_size
        self._late = None if delay is None else DelayedRows(delay, stream.schema)
        self.delay = "none" if self._late is None else self._late.description
        self.delayed: list[Any] = [] if self._late is None else self._late.queue
        last = last_step(model)
        by_codes = ArrayClassifier if in_place is None else base.Classifier
        self._by_codes = isinstance(last, by_codes)
        self._proba = probabilities and isinstance(model, base.Classifier)
        self._intervals = intervals
        self._is_told = isinstance(last, CountsDrifts | RoutesExperts)  # window by window
        self._is_warm = False

    @property
    def why(self) -> str:
        """What kept rows from whole blocks, in words."""
        return self._model.why if self._in_place else ""

    def spans(self, at: Position, cuts: Sequence[int], max_samples: int | None) -> Iterator[Span]:
        """Yield the rows after `at` span by span, none across a multiple of one of `cuts`.

        The first of `cuts` is the window, which the model need not stop at, unless it tells what
        it did in each.
        """
        stops = cuts if self._is_told else cuts[1:]
        for X, y in at.rest_of_blocks(self._stream.blocks(self._block_size)):
            start = 0
            while start < len(y) and at.n != max_samples:
                rows = slice(start, start + rows_to_cut(at.n, stops, max_samples))
                start += len(y[rows])
                yield from self._run(at, X[rows], y[rows], cuts)
            if at.n == max_samples:
                return

    def _run(self, at: Position, X: Rows, y: Any, cuts: Sequence[int]) -> Iterator[Span]:
        if not self._is_warm:
            self._is_warm = True
            few = slice(WARM_UP_ROWS)
            half = np.arange(1, len(y[few]) + 1) // 2  # as labels that come late are learnt
            upto = None if self._late is None else half
            due = few if upto is None else slice(half[-1])  # what is left would not be learnt
            self._answers(self._model.clone(), X[few], X[due], y[due], upto)
        learnt, targets, upto = X, y, None
        if self._late is not None:
            learnt, targets, upto = self._late.schedule(at.n, X, y)
        wall, cpu = time.perf_counter(), time.process_time()
        answers = self._answers(self._model, X, learnt, targets, upto)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        scored = self._scored(y, answers)
        start = 0
        while start < len(y):
            part = slice(start, start + rows_to_cut(at.n, cuts, None))
            start += len(y[part])
            at.add_block(X[part], y[part])
            share = len(y[part]) / len(y)
            true, predicted, proba = (_part(values, part) for values in scored)
            yield Span(true, predicted, proba, wall * share, cpu * share)

    def _answers(self, model: Any, A: Rows, B: Rows, y: Any, upto: Codes | None) -> Any:
        """Predict rows and learn rows; this alone is timed."""
        if self._in_place:
            return model.run(A, B, y, upto)
        names = columns_of(self._stream, model)
        if not issubclass(type(model), Stage):
            return model.test_then_train_many(A, self._values(y), names=names)
        if not self._by_codes:
            how = {"intervals": True} if self._intervals else {}
            return model._run_schedule(A, B, self._values(y), upto, names=names, **how)
        coded = CodedLabels(y, self._stream.schema.labels)
        answers = model._run_schedule(A, B, coded, upto, names=names, proba=self._proba)
        return answers if self._proba else answers.codes

    def _values(self, y: Any) -> Any:
        """Return the targets of a block: labels, numbers, or None where there are none."""
        schema = self._stream.schema
        if isinstance(schema.target, Classes):
            return CodedLabels(y, schema.labels).decoded()
        return None if schema.target is None else y

    def _scored(self, y: Any, answers: Any) -> tuple[Any, Any, Any]:
        """Return what was true, what was predicted, and probabilities where they are wanted.

        Of codes, all are of the same labels: those of the model come first.
        """
        if not self._by_codes:
            if self._intervals:
                return y, answers[:, 0], answers[:, 1:]
            coded = isinstance(self._stream.schema.target, Classes)
            return CodedLabels(y, self._stream.schema.labels) if coded else y, answers, None
        known = self._stream.schema.labels
        labels = list(dict.fromkeys([*self._model.labels, *known]))  # some may not be learnt yet
        code = {label: k for k, label in enumerate(labels)}
        true = CodedLabels(np.array([code[label] for label in known], np.int64)[y], labels)
        if not self._proba:
            return true, CodedLabels(answers, labels), None
        proba = answers
        if len(labels) > answers.shape[1]:
            proba = np.full((len(y), len(labels)), np.nan)
            proba[:, : answers.shape[1]] = answers
        given = CodedProba(proba, labels)
        return true, given.likeliest(), given


def _part(values: Any, rows: slice) -> Any:
    """Return some rows of what was scored, where there is any."""
    if values is None:
        return None
    return values.part(rows) if isinstance(values, CodedLabels | CodedProba) else values[rows]
