"""Pipelines of stages: whole blocks through all steps, and rows of float64 between them."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray
from river.base.typing import ClfTarget
from river.compose import Pipeline

from olearn.base.chain import Chain
from olearn.base.classifier import coded
from olearn.base.stages import Stage, is_stage, join
from olearn.base.transformer import ColumnsOut
from olearn.core.features import FeatureIndex
from olearn.core.locked import locked
from olearn.core.tables import ColumnKinds, Names
from olearn.core.types import Codes, Rows

__all__ = ["ArrayPipeline"]


class ArrayPipeline(Stage, Pipeline):
    """Steps in succession, made by `|` of stages: it learns and predicts whole blocks as they do.

    It is river's `Pipeline`, with arrays and frames beside single rows, and the same answers. Rows
    are turned into numbers once and pass from step to step as such. Where one of the steps is no
    stage of olearn, it works as river's does, row by row: `why_not_compiled` says which.

    Parameters
    ----------
    steps
        Estimators, or pairs of a name and an estimator.

    Examples
    --------
    >>> from olearn import learners, preprocessing, streams
    >>> model = preprocessing.StandardScaler() | learners.HoeffdingTreeClassifier()
    >>> X, y = next(streams.load("sea", seed=1).blocks(5_000))
    >>> predicted = model.test_then_train_many(X, y)
    >>> round(float((predicted == y).mean()), 3)
    0.861

    """

    __slots__ = ("_made",)
    _made: tuple[Chain | None] | None

    def __new__(cls, *args: Any, **kwargs: Any) -> "ArrayPipeline":
        made = super().__new__(cls)
        made._made = None
        return made

    def __init__(self, *steps: Any) -> None:
        super().__init__(*steps)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._made = None  # it holds the steps of before

    def _add_step(self, obj: Any, at_start: bool) -> None:
        super()._add_step(obj, at_start)
        self._made = None

    def __add__(self, other: Any) -> Any:
        if is_stage(self) and is_stage(other):
            return join("+", self, other)
        return super().__add__(other)  # type: ignore[no-untyped-call]

    @property
    def _transforms(self) -> bool:
        return self.takes_blocks and is_stage(self._last_step)

    @property
    def why_not_compiled(self) -> str:
        """Which step is not compiled, in words; empty where all are."""
        return why_not_compiled(self)

    @property
    def takes_blocks(self) -> bool:  # type: ignore[override]  # here it depends on the steps
        """Whether whole arrays can be given, with the `names` of their columns."""
        return self._chain is not None

    @property
    def _chain(self) -> Chain | None:
        if self._made is None:
            compiled = bool(self.steps) and not self.why_not_compiled
            self._made = (Chain(*self.steps.values()) if compiled else None,)
        chain: Chain | None = self._made[0]
        return chain

    def _chain_now(self) -> Chain | None:
        """Return the chain, None also while unsupervised steps learn as they predict."""
        if self._LEARN_UNSUPERVISED_DURING_PREDICT:
            return None
        return self._made[0] if self._made else self._chain  # read at once: rows are many

    def _learning_chain(self) -> Chain | None:
        """Return the chain whose unsupervised steps learn as they predict, while they are to."""
        if not self._LEARN_UNSUPERVISED_DURING_PREDICT or why_not_learning(self):
            return None
        chain = self._chain
        if chain is None:
            return None
        if chain.learning is None:
            chain.learning = Chain(*chain.steps, chain.last, learns_first=True)
        return chain.learning

    def _compiled(self) -> Chain:
        chain = self._chain_now()
        if chain is None:
            why = self.why_not_compiled or "unsupervised steps learn as they predict"
            raise ValueError(f"{self} takes no arrays: {why}")
        return chain

    def expect_columns(self, kinds: ColumnKinds) -> None:
        """Take over what a stream knows of its columns, its `Schema`, before the first row."""
        (self._chain or self._compiled()).encoder.expect(kinds)

    @property
    def labels(self) -> list[ClfTarget]:
        """Labels known so far, in code order: the columns of `predict_proba_many`."""
        labels: list[ClfTarget] = self._last_step.labels
        return labels

    # -- one row ---------------------------------------------------------------------------------

    def learn_one(self, x: Any, y: Any = None, **params: Any) -> None:
        """Learn one row; a learner at the end takes its weight `w` too."""
        chain = self._chain_now() or self._learning_chain()
        if chain is None or (params and params.keys() - {"w"}):
            super().learn_one(x, y, **params)
            return
        lock = self._lock
        lock.acquire()  # `with` would take three times as long
        try:
            chain.last._learn_encoded(chain, x, y, params.get("w", 1.0) if params else 1.0)
        finally:
            lock.release()

    def predict_one(self, x: Any, **params: Any) -> Any:
        """Return the label or number predicted."""
        chain = self._chain_now()
        if chain is None:
            chain = self._learning_chain()
            if chain is None:
                return super().predict_one(x, **params)
            with self._lock:
                return chain.last._predict_encoded(chain.learn_and_transform(x))
        lock = self._lock
        lock.acquire()
        try:
            return chain.last._predict_encoded(chain.transform_row(chain.encode(x)))
        finally:
            lock.release()

    def predict_proba_one(self, x: Any, **params: Any) -> Any:
        """Return the probability of each known label."""
        chain = self._chain_now()
        if chain is None:
            chain = self._learning_chain()
            if chain is None:
                return super().predict_proba_one(x, **params)
            with self._lock:
                return chain.last._proba_encoded(chain.learn_and_transform(x))
        lock = self._lock
        lock.acquire()
        try:
            return chain.last._proba_encoded(chain.transform_row(chain.encode(x)))
        finally:
            lock.release()

    def score_one(self, x: Any, **params: Any) -> Any:
        """Return the score of an anomaly detector at the end."""
        chain = self._chain_now()
        if chain is None:
            return super().score_one(x, **params)
        with self._lock:
            return chain.last._score_encoded(chain.transform_row(chain.encode(x)))

    # -- many rows -------------------------------------------------------------------------------

    def learn_many(
        self, X: Any, y: Any = None, w: Any = None, *, names: Names = None, **params: Any
    ) -> None:
        """Learn rows in order, as a loop of `learn_one` would; `w` holds one weight a row."""
        chain = self._chain_now()
        if chain is None:
            super().learn_many(X, y, **({} if w is None else {"w": w}), **params)
            return
        with self._lock:
            chain.last._learn_table(chain, X, y, w, names)

    def predict_many(self, X: Any, *, names: Names = None) -> Any:
        """Return what is predicted: an array for an array, a series for a frame."""
        chain = self._chain_now()
        if chain is None:
            return super().predict_many(X)
        with self._lock:
            return chain.last._predict_table(chain.transform_table(X, names), X)

    def predict_proba_many(self, X: Any, *, names: Names = None) -> Any:
        """Return probabilities: an array `(n, n_labels)` for an array, a frame for a frame."""
        chain = self._chain_now()
        if chain is None:
            return super().predict_proba_many(X)
        with self._lock:
            return chain.last._proba_table(chain.transform_table(X, names), X)

    def score_many(self, X: Any, *, names: Names = None) -> Any:
        """Return the scores of an anomaly detector at the end."""
        chain = self._compiled()
        with self._lock:
            return chain.last._score_table(chain.transform_table(X, names), X)

    def transform_many(self, X: Any, *, names: Names = None) -> Any:
        """Return the rows as the last transformer makes them."""
        chain = self._chain_now()
        if chain is None or not is_stage(chain.last):
            return super().transform_many(X)
        with self._lock:
            return chain.last._emit_table(chain.transform_table(X, names), X)

    def test_then_train_many(self, X: Any, y: Any = None, *, names: Names = None) -> NDArray[Any]:
        """Predict each row, then learn it; return what was predicted, shape `(n,)`.

        The same answers as a loop of `predict_one` and `learn_one`.
        """
        answers = self._run_schedule(X, X, y, names=names)
        decoded: NDArray[Any] = answers.decoded() if hasattr(answers, "decoded") else answers
        return decoded

    def test_then_train_codes(
        self, X: Any, codes: Codes, labels: Sequence[ClfTarget], *, names: Names = None
    ) -> Codes:
        """Do as `test_then_train_many`, with `codes` of `labels` in the place of labels."""
        given = coded(codes, labels)
        answers: Codes = self._run_schedule(X, X, given, names=names).codes
        return answers

    @locked
    def _run_schedule(self, A: Any, B: Any, y: Any, upto: Codes | None = None, **how: Any) -> Any:
        chain = self._chain_now() or self._learning_chain() or self._compiled()
        return chain.last._run_chain(chain, A, B, y, upto, **how)

    # -- as a stage of a union, where the last step is a transformer -----------------------------

    @property
    def _features(self) -> FeatureIndex:
        return self._compiled().encoder

    @property
    def _columns_out(self) -> ColumnsOut:
        columns: ColumnsOut = self._compiled().last._columns_out
        return columns

    @property
    def _target_is_number(self) -> bool:
        return any(step._target_is_number for step in self.steps.values())

    def _settle(self) -> None:
        self._compiled().settle()

    def _room(self, n_categories: int) -> Any:
        return self._compiled().room(n_categories)

    def _wants_categories(self, name: Any) -> bool:
        return self._compiled().wants_categories(name)

    def _hands_on(self, name: Any) -> bool:
        return self._compiled().hands_on(name)

    def _refuse_text(self, name: Any, value: Any) -> None:
        self._compiled().refuse_text(name, value)

    def _learn_rows(self, X: Rows, y: Any, w: Rows) -> None:
        for k, row in enumerate(X):
            self._learn_and_transform_row(row, None if y is None else y[k], w[k])

    def _transform_row(self, row: Rows) -> Rows:
        chain = self._compiled()
        made: Rows = chain.last._transform_row(chain.transform_row(row))
        return made

    def _transform_rows(self, X: Rows) -> Rows:
        chain = self._compiled()
        made: Rows = chain.last._transform_rows(chain.transform_rows(X))
        return made

    def _learn_and_transform_row(self, row: Rows, y: Any, w: float) -> Rows:
        chain = self._compiled()
        made: Rows = chain.last._learn_and_transform_row(chain.learn_row(row, y, w), y, w)
        return made

    def _stage_rows(self, A: Rows, B: Rows, y: Any, w: Rows, upto: Codes) -> tuple[Rows, Rows]:
        chain = self._compiled()
        A, B = chain.stage_rows(A, B, y, w, upto)
        made: tuple[Rows, Rows] = chain.last._stage_rows(A, B, y, w, upto)
        return made


def last_step(model: Any) -> Any:
    """Return the estimator at the end of a pipeline, or the model itself."""
    while isinstance(model, Pipeline):
        model = list(model.steps.values())[-1]
    return model


def why_not_compiled(pipeline: Pipeline) -> str:
    """Say which step of a pipeline, ours or river's, is not compiled; empty where all are."""
    steps = list(pipeline.steps.values())
    for k, step in enumerate(steps, 1):
        if not _is_compiled(step, is_last=k == len(steps)):
            return f"step {k}, {type(step).__name__}, is not compiled"
    return ""


def why_not_learning(pipeline: Pipeline) -> str:
    """Say why it runs no blocks while unsupervised steps learn as they predict; empty if so."""
    *before, last = pipeline.steps.values()
    why = "unsupervised steps learn as they predict, "
    if not last._supervised:
        return why + "the last one too"
    for step in before:
        parts = [step, *getattr(step, "transformers", {}).values()]
        if any(isinstance(part, Pipeline) for part in parts):
            return why + "some in a pipeline inside of this one"
        if len(parts) > 1 and any(part._supervised for part in parts[1:]):
            return why + "beside others in a union"
    return ""


def _is_compiled(step: Any, *, is_last: bool) -> bool:
    if is_stage(step):
        return True
    ours = is_last and issubclass(type(step), Stage) and not issubclass(type(step), ArrayPipeline)
    return ours and isinstance(step._features, FeatureIndex)
