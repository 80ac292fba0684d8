"""A model of river that runs whole blocks in arrays, and goes on learning in place.

Its state goes into a model of ours before a block and back after it, so that it has always learnt
whole blocks; where anything is met that ours would answer otherwise, river learns those rows.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from river import base
from river.compose import Discard, Pipeline, Select
from river.preprocessing import MinMaxScaler

from olearn.base.pipeline import ArrayPipeline
from olearn.core.labels import CodedLabels
from olearn.core.types import Codes, Rows
from olearn.interop.base import LARGEST, Adapter, NotAdaptedError
from olearn.interop.table import ADAPTERS, adapter_of, twin_of
from olearn.learners.linear.state import LinearState
from olearn.streams.base import Classes, Schema

_LARGEST_SCORE = 1e200  # times the largest target: beyond, a model diverges


class InPlace:
    """A model of river behind the interface of ours that blocks need.

    Parameters
    ----------
    model
        One of the classes in `ADAPTERS`, or river's pipeline of them.
    schema
        What the stream knows of its columns and labels.
    probabilities
        Whether they will be asked for.

    Raises
    ------
    NotAdaptedError
        If the model cannot be run so, on this stream.

    Attributes
    ----------
    why
        Which rows river learnt itself, and why, in words; empty where there are none to speak of.

    """

    def __init__(self, model: Any, schema: Schema, *, probabilities: bool) -> None:
        self.model = model
        self.why = ""
        self._schema = schema
        self._probabilities = probabilities
        self._steps = _steps(model)
        self._adapters = [_adapter(self._steps, k) for k in range(len(self._steps))]
        self._classifies = isinstance(self._steps[-1], base.Classifier)
        _check_stream(schema, self._steps[-1], self._classifies)
        self._given = _names_given(self._steps, schema)
        self._order = [*dict.fromkeys([*self._given[-1], *schema.names])]
        self._selected = [
            schema.names.index(name)
            for step, names in zip(self._steps, self._given, strict=True)
            if type(step) is Select
            for name in names
            if name in step.keys
        ]
        if probabilities and any(type(s) is MinMaxScaler for s in self._steps) and self._unknown():
            raise NotAdaptedError("river's MinMaxScaler makes NaN of what it has not learnt")
        self._ours: Any = None
        self._load()
        self._ours = None  # a checkpoint may put another state into the model

    def clone(self) -> "InPlace":
        """Return an untrained copy."""
        return InPlace(self.model.clone(), self._schema, probabilities=self._probabilities)

    @property
    def labels(self) -> list[Any]:
        """Labels known so far, in the order in which the model gives their probabilities."""
        return [*getattr(self._steps[-1], "class_counts", (False, True))]

    # -- blocks ----------------------------------------------------------------------------------

    def run(self, A: Rows, B: Rows, y: Any, upto: Codes | None) -> Any:
        """Predict the rows of `A`, and learn those of `B` in between.

        Of at least one row. Returns numbers, codes of `labels`, or their probabilities.
        """
        self._steps = _steps(self.model)  # which a checkpoint replaces
        plan = np.arange(1, len(A) + 1) if upto is None else upto
        head = self._n_single(A, B, y, plan)
        due = int(plan[head - 1]) if head else 0
        made = []
        if head:
            rows, targets = slice(head), y[:due]
            made.append(self._by_rows(A[rows], B[:due], targets, plan[rows]))
        if head < len(A):
            seen = A[head:]
            learnt = seen if upto is None else B[due:]
            rest = None if upto is None else plan[head:] - due
            made.append(self._by_block(seen, learnt, y[due:], rest))
        return self._joined(made)

    def _n_single(self, A: Rows, B: Rows, y: Any, upto: Codes) -> int:
        """Return how many of the first rows river has to answer itself."""
        if not (_is_plain(A) and _is_plain(B) and (self._classifies or _is_plain(y))):
            self.why = f"river learnt rows itself, with values beyond {LARGEST:g}"
            return len(A)
        if self._selected and np.isnan(A[:, self._selected]).any():
            return len(A)  # where river raises
        names, before = self._schema.names, np.concatenate([[0], upto[:-1]])
        head = 0
        for name in self._unknown():
            column = names.index(name)
            learnt = np.flatnonzero(B[:, column] == B[:, column])
            first = learnt[0] if len(learnt) else len(B)
            early = A[: np.searchsorted(before, first, side="right"), column]
            there = np.flatnonzero(early == early)
            head = max(head, int(there[-1]) + 1 if len(there) else 0)
        if head == len(A):
            self.why = "river answered rows itself, with features that it had not learnt"
        return head

    def _unknown(self) -> set[Any]:
        """Return features of which nothing was learnt, where ours would answer otherwise."""
        unknown: set[Any] = set()
        for theirs, adapter, names in zip(self._steps, self._adapters, self._given, strict=True):
            if adapter.known is not None:
                unknown.update(set(names) - adapter.known(theirs))
        return unknown

    def _by_block(self, A: Rows, B: Rows, y: Any, upto: Codes | None) -> Any:
        try:
            ours = self._load() if self._ours is None else self._ours
        except NotAdaptedError as error:  # of what it has learnt
            return self._by_rows(A, B, y, upto, f"river learnt rows itself: {error}")
        self._ours = None  # unless all goes well
        how = {"proba": self._probabilities} if self._classifies else {}
        given = CodedLabels(y, self._schema.labels) if self._classifies else y
        try:
            answers = ours._run_schedule(A, B, given, upto, names=self._schema.names, **how)
        except (TypeError, ValueError) as error:  # what ours refuses, river may take
            return self._by_rows(A, B, y, upto, f"river learnt rows itself: {error}")
        if not self._is_sound(ours, answers):
            return self._by_rows(A, B, y, upto, "river learnt rows itself, as the model diverged")
        self._store(ours, B)
        self._ours = ours
        return answers.codes if isinstance(answers, CodedLabels) else answers

    def _by_rows(self, A: Rows, B: Rows, y: Any, upto: Codes | None, why: str = "") -> Any:
        """Let river itself predict and learn; ours has to be loaded again."""
        self._ours, self.why = None, why or self.why
        plan = np.arange(1, len(A) + 1) if upto is None else upto
        model, proba = self.model, self._classifies and self._probabilities
        predict = model.predict_proba_one if proba else model.predict_one
        seen, learnt = self._dicts(A), self._dicts(B)
        targets = self._schema.to_values(y)
        answers, q = [], 0
        for t, x in enumerate(seen):
            answers.append(predict(x))
            while q < plan[t]:
                model.learn_one(learnt[q], targets[q])
                q += 1
        if not self._classifies:
            return np.array(answers, np.float64)
        code = {label: k for k, label in enumerate(self.labels)}
        if not proba:
            return np.array([code.get(label, -1) for label in answers], np.int64)
        out = np.full((len(A), len(code)), np.nan)
        for t, answer in enumerate(answers):
            for label, p in answer.items():
                out[t, code[label]] = p
        return out

    def _dicts(self, X: Rows) -> list[dict[Any, Any]]:
        rows = self._schema.to_dicts(X)
        return [{name: v for name, v in row.items() if v == v} for row in rows]

    def _joined(self, parts: list[Any]) -> Any:
        if len(parts) == 1:
            return parts[0]
        if parts[0].ndim == 1:
            return np.concatenate(parts)
        out = np.full((sum(map(len, parts)), len(self.labels)), np.nan)
        row = 0
        for part in parts:
            out[row : row + len(part), : part.shape[1]] = part
            row += len(part)
        return out

    # -- state -----------------------------------------------------------------------------------

    def _load(self) -> Any:
        """Make ours, and put into it what the model has learnt."""
        twins = [twin_of(step) for step in self._steps]
        if isinstance(state := getattr(twins[-1], "_state", None), LinearState):
            state.watch(_LARGEST_SCORE)
        encoder = twins[0]._features
        encoder.follow(self._order, [None] * len(self._order))
        ours = twins[0]
        if len(twins) > 1:
            ours = ArrayPipeline(*twins)
            assert ours.takes_blocks  # which lets all steps know the columns
        else:
            ours._settle()
        for adapter, theirs, made in zip(self._adapters, self._steps, twins, strict=True):
            adapter.load(theirs, made)
        self._twins = twins
        self._ours = ours
        return ours

    def _store(self, ours: Any, B: Rows) -> None:
        """Put into the model what ours has learnt of the features of some rows."""
        if not len(B):
            return
        there = ~np.isnan(B)
        columns = np.flatnonzero(there.any(axis=0))
        columns = columns[np.argsort(there[:, columns].argmax(axis=0), kind="stable")]
        names = [self._schema.names[column] for column in columns]
        for adapter, theirs, made in zip(self._adapters, self._steps, self._twins, strict=True):
            adapter.store(made, theirs, names)

    def _is_sound(self, ours: Any, answers: Any) -> bool:
        if not self._classifies and not _is_plain(answers):
            return False
        pairs = zip(self._adapters, self._twins, strict=True)
        return all(adapter.is_sound(made) for adapter, made in pairs)


def _is_plain(values: Any) -> bool:
    """Tell whether no value is infinite or huge; NaN is a missing one."""
    return not (np.abs(values) > LARGEST).any()


def _steps(model: Any) -> list[Any]:
    if type(model) is not Pipeline:
        return [model]
    if model._LEARN_UNSUPERVISED_DURING_PREDICT:
        raise NotAdaptedError("unsupervised steps learn as they predict")
    steps = list(model.steps.values())
    if len({id(step) for step in steps}) < len(steps):
        raise NotAdaptedError("a step of the pipeline is there twice")
    return steps


def _adapter(steps: Sequence[Any], k: int) -> Adapter:
    step, n = steps[k], len(steps)
    where = f"step {k + 1}, " if n > 1 else ""
    try:
        adapter = adapter_of(step)
    except NotAdaptedError:
        comma = "," if n > 1 else ""
        raise NotAdaptedError(f"{where}{type(step).__name__}{comma} is not compiled") from None
    if isinstance(step, base.Transformer) != (k < n - 1):
        raise NotAdaptedError(f"{where}{type(step).__name__}, is not at its place")
    return adapter


def _check_stream(schema: Schema, last: Any, classifies: bool) -> None:
    name = type(last).__name__
    if schema.categories:
        raise NotAdaptedError("river is given text as it is")
    if not classifies or hasattr(last, "class_counts"):
        return
    if not isinstance(schema.target, Classes) or not set(schema.labels) <= {False, True}:
        raise NotAdaptedError(f"river's {name} learns the labels False and True, or 0 and 1")


def _names_given(steps: Sequence[Any], schema: Schema) -> list[list[Any]]:
    """Return the features that reach each step, in the order in which river hands them on."""
    names, given = list(schema.names), []
    for step in steps:
        given.append(names)
        if type(step) is Discard:
            names = [name for name in names if name not in step.keys]
        elif type(step) is Select:
            if unknown := sorted(map(repr, step.keys - set(names))):
                raise NotAdaptedError(f"river's Select has a name that is not there: {unknown[0]}")
            names = list(step.keys)  # in the order of a set
    return given


def is_adapted(model: Any) -> bool:
    """Tell whether a model is of a class of `ADAPTERS`, or river's pipeline of no class of ours."""
    if type(model) is Pipeline:
        return all(type(s).__module__.startswith("river.") for s in model.steps.values())
    return f"{type(model).__module__}.{type(model).__qualname__}" in ADAPTERS
