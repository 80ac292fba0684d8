"""How what a stream knows of its columns reaches a model: one way for rows, blocks and pipelines.

A block comes with the stream's schema where the model reads one. Before the first row, the learner
is told which features are nominal; at the end of a pipeline, of those that reach it as they are.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from river import base
from river.compose import Pipeline, TransformerUnion

from olearn.base import (
    ArrayAnomalyDetector,
    ArrayClassifier,
    ArrayPipeline,
    ArrayRegressor,
    Stage,
    takes_blocks,
)
from olearn.base.pipeline import last_step, why_not_compiled, why_not_learning
from olearn.core.tables import ColumnKinds, Names, is_frame
from olearn.core.telling import few, tell
from olearn.core.values import is_missing
from olearn.streams.arrays import from_arrays
from olearn.streams.base import Schema, Stream

Row = tuple[dict[Any, Any], Any]

_IMPUTERS = "river.preprocessing.impute"  # by name: nobody else pays for importing that package


def as_stream(stream: Any, model: base.Estimator) -> Any:
    """Return the stream of a pair `(X, y)`, an array or frame and its targets; others as given."""
    if isinstance(stream, np.ndarray) or is_frame(stream):
        raise TypeError(
            "stream must be a stream, an iterable of (x, y), or a pair of a table and its labels, "
            f"(X, y); got {type(stream).__name__} of shape {stream.shape} alone"
        )
    if not isinstance(stream, tuple) or len(stream) != 2:
        return stream
    X, y = stream
    if isinstance(X, list) and X and not isinstance(X[0], Mapping):
        raise TypeError("X of a pair (X, y) must be an array or a frame, got a list; np.array(X)")
    if isinstance(X, list) and len(X) > 1 and all(isinstance(x, Mapping) for x in X):
        raise TypeError(
            "X of a pair (X, y) must be an array or a frame, got a list of dicts; list(zip(X, y)) "
            "is a stream of rows"
        )
    if not isinstance(X, np.ndarray) and not is_frame(X):
        return stream
    numeric = isinstance(last_step(model), base.Regressor)
    return from_arrays(X, y, target="numbers" if numeric else "classes")


def columns_of(stream: Stream, model: Any) -> Names:
    """Return what a model is given with a block: the schema, or only names if it reads no more."""
    return stream.schema if reads_kinds(model) else stream.schema.names


def reads_kinds(model: Any) -> bool:
    """Tell whether a model itself is told what a stream knows of its columns."""
    # river's `isinstance` looks at the end of a pipeline too
    if issubclass(type(model), ArrayPipeline):
        return takes_blocks(model)
    if issubclass(type(model), base.Wrapper) and issubclass(type(model), Stage):
        return takes_blocks(model)
    return issubclass(type(model), ArrayClassifier | ArrayRegressor | ArrayAnomalyDetector)


def why_no_blocks(stream: Any, model: Any, *, plain: bool) -> str:
    """Say why a model cannot run the blocks of a stream; empty where it can.

    `plain` is that labels come at once and no metric reads probabilities: all that a model of
    somebody else's can do that takes blocks.
    """
    name = type(model).__name__
    if not isinstance(stream, Stream):
        return "the stream gives single rows, not blocks"
    if issubclass(type(model), Pipeline):
        return _why_no_blocks_of_pipeline(stream, model)
    if not takes_blocks(model):
        return f"{name} is not compiled"
    if not reads_kinds(model) and stream.schema.categories:
        return f"{name} does not know the codes of text columns"
    if not plain and not issubclass(type(model), Stage):
        return f"{name} takes blocks only where labels come at once and no probabilities are asked"
    return ""


def _why_no_blocks_of_pipeline(stream: Any, model: Any) -> str:
    why = why_not_compiled(model)
    if why:
        return why
    if not issubclass(type(model), ArrayPipeline):
        return "the pipeline is river's own: join its steps by |"
    if not model._LEARN_UNSUPERVISED_DURING_PREDICT:
        return ""
    why = why_not_learning(model)
    if not why and stream.schema.nominal:
        return "unsupervised steps learn as they predict, and there are nominal features"
    return why


def tell_columns(stream: Any, model: base.Estimator) -> None:
    """Tell a learner of ours, be it at the end of a pipeline, what the stream knows.

    One of river reads codes of categories as numbers, which its user is told.
    """
    last: Any = last_step(model)
    if not isinstance(stream, Stream):
        return
    if not reads_kinds(last):
        _tell_of_codes(stream, model, last)
        return
    if issubclass(type(model), ArrayPipeline) and takes_blocks(model):
        last = model
    schema = stream.schema
    if schema.nominal and last is not model:
        last.expect_columns(_handed_on(stream, model))
    else:
        last.expect_columns(schema)


def _tell_of_codes(stream: Stream, model: Any, last: base.Estimator) -> None:
    """Warn where codes of categories reach a model of river that takes them for numbers."""
    schema, module = stream.schema, type(last).__module__
    codes = [name for name in schema.nominal if name not in schema.categories]
    if not codes or not module.startswith("river.") or module.startswith("river.dummy"):
        return
    named = _nominal_attributes(last)
    for x, _ in stream.take(1):
        end = _at_the_end(model.clone(), x)  # an encoder has given them other names
        read = [name for name in codes if name in end and name not in named]
        if read:
            tell(
                f"{type(last).__name__} of river reads the codes of categories in {few(read)} as "
                "numbers: name them in nominal_attributes, if it has that, or put "
                "preprocessing.OneHotEncoder() before it"
            )


def _nominal_attributes(model: Any) -> set[Any]:
    """Return the features that a model, or one that it is made of, is told to be nominal."""
    named: set[Any] = set()
    for name, value in model._get_params().items():
        if name == "nominal_attributes":
            named.update(value or ())
        for part in value if isinstance(value, list | tuple) else [value]:
            if isinstance(part, base.Estimator):
                named |= _nominal_attributes(part)
    return named


@dataclass(frozen=True)
class _Kinds:
    names: tuple[Any, ...]
    nominal: tuple[Any, ...]
    categories: Mapping[Any, tuple[str, ...]]


class _Mark(int):
    """A code that is known again, whatever other numbers are equal to it."""


def _handed_on(stream: Stream, model: base.Estimator) -> ColumnKinds:
    """Return the features that reach the end of a pipeline as they are.

    What a step makes of a value is another feature, be it under the same name: a scaled code is a
    number.
    """
    schema: Schema = stream.schema
    marks = {name: _Mark(0) for name in schema.nominal if name not in schema.categories}
    for x, _ in stream.take(1):
        given = x | marks
        end = _at_the_end(model.clone(), given)
        kept = tuple(name for name in schema.nominal if end.get(name) is given[name])
        texts = {name: schema.categories[name] for name in kept if name in schema.categories}
        return _Kinds(tuple(end), kept, texts)
    return schema  # there are no rows


def _at_the_end(model: Any, x: dict[Any, Any]) -> dict[Any, Any]:
    """Return what the last step of an untrained pipeline is given of a row."""
    while isinstance(model, Pipeline):
        *before, last = model.steps.values()
        for step in before:
            x = step.transform_one(x)
        model = last
    return x


def rows_for(stream: Any, model: base.Estimator, rows: list[Row]) -> list[Row]:
    """Return rows as the model expects them.

    For parts of river a missing value has no name, and NaN is a number that they never recover
    from; where one of its imputers stands in a pipeline, it is None, which these look for.
    """
    if not isinstance(stream, Stream) or reads_kinds(model):
        return rows
    imputed = any(type(step).__module__ == _IMPUTERS for step in _steps(model))
    return [(_without_gaps(x, imputed), y) for x, y in rows]


def _without_gaps(x: dict[Any, Any], imputed: bool) -> dict[Any, Any]:
    if not any(map(is_missing, x.values())):
        return x
    if imputed:
        return {name: None if is_missing(value) else value for name, value in x.items()}
    return {name: value for name, value in x.items() if not is_missing(value)}


def _steps(model: Any) -> Iterator[Any]:
    """Yield a model and all that it is made of."""
    yield model
    inner: Iterable[Any] = ()
    if isinstance(model, Pipeline):
        inner = model.steps.values()
    elif isinstance(model, TransformerUnion):
        inner = model.transformers.values()
    for step in inner:
        yield from _steps(step)


def explain_text(stream: Any, model: Any, rows: list[Row], error: Exception) -> None:
    """Raise in words where text, which the stream has, is what a model of river failed on."""
    if not isinstance(stream, Stream) or not stream.schema.categories or reads_kinds(model):
        return
    texts = stream.schema.categories
    numbers = [({k: v for k, v in x.items() if k not in texts}, y) for x, y in rows]
    if _learns(model.clone(), rows) or not _learns(model.clone(), numbers):
        return
    name = next(iter(texts))
    raise ValueError(
        f"{model} cannot learn text, such as {texts[name][0]!r} in "
        f"feature {name!r} (text: {few(texts)}): put preprocessing.OneHotEncoder() before it, "
        "leave the features out, or take a learner of categories, such as a Hoeffding tree"
    ) from error


def _learns(model: Any, rows: list[Row]) -> bool:
    try:
        for x, y in rows:
            model.learn_one(x, y) if model._supervised else model.learn_one(x)
            model.predict_one(x)
    except (TypeError, ValueError):
        return False
    return True
