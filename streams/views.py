"""Another concept of the same data: features or labels that change places."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from olearn.streams.base import Block, Classes, Ints, Reader, Schema, Stream

__all__ = ["ConceptView"]

Pairs = Sequence[tuple[Any, Any]]


class ConceptView(Stream):
    """A stream in which pairs of features, or of labels, have changed places.

    Row by row the same data under another concept: with `DriftStream(..., aligned=True)` it lays a
    drift of known position over a real data set. Swapped features move the decision boundary and
    the margins; swapped labels move the boundary only. O(n_features) per row.

    Parameters
    ----------
    stream
        The stream to look at.
    swap_features
        Pairs of feature names whose columns are exchanged, in order; both numeric, or both nominal
        with equal categories.
    swap_labels
        Pairs of labels that are exchanged, in order.

    Raises
    ------
    ValueError
        If a name or label is unknown, two features are of different kinds, or there are labels to
        swap in a stream of numbers.

    Examples
    --------
    >>> from olearn import streams
    >>> stream = streams.SEA(seed=42)
    >>> view = streams.ConceptView(stream, swap_features=[("x0", "x2")], swap_labels=[(0, 1)])
    >>> [(x, y) for x, y in stream.take(1)]
    [({'x0': 7.2756, 'x1': 6.8322, 'x2': 3.0872}, 0)]
    >>> [(x, y) for x, y in view.take(1)]
    [({'x0': 3.0872, 'x1': 6.8322, 'x2': 7.2756}, 1)]

    """

    def __init__(self, stream: Stream, swap_features: Pairs = (), swap_labels: Pairs = ()) -> None:
        schema = stream.schema
        columns, codes = np.arange(schema.n_features), np.arange(schema.n_classes)
        for first, second in swap_features:
            _check_same_kind(schema, first, second)
            columns = columns[_exchange(columns, schema.column(first), schema.column(second))]
        for first, second in swap_labels:
            codes = _exchange(codes, _code(schema, first), _code(schema, second))[codes]
        super().__init__(schema, stream.n_samples, stream.drift_positions)
        self.stream = stream
        self.swap_features = tuple(swap_features)
        self.swap_labels = tuple(swap_labels)
        self._columns = columns
        self._codes = codes

    def _open(self) -> Reader:
        source = self.stream._open()

        def read(n: int) -> Block:
            X, y = source(n)
            classes = isinstance(self.schema.target, Classes)
            return np.take(X, self._columns, axis=1), self._codes[y] if classes else y

        return read


def _exchange(like: Ints, first: int, second: int) -> Ints:
    """Return the permutation of `like`'s length that exchanges two places."""
    order = np.arange(len(like))
    order[[first, second]] = second, first
    return order


def _check_same_kind(schema: Schema, first: Any, second: Any) -> None:
    schema.column(first), schema.column(second)  # raises if a name is unknown
    kinds = [(name in schema.nominal, schema.categories.get(name)) for name in (first, second)]
    if kinds[0] != kinds[1]:
        raise ValueError(
            f"swap_features must pair features of one kind; {first!r} and {second!r} differ: "
            "both must be numeric, or nominal with equal categories"
        )


def _code(schema: Schema, label: Any) -> int:
    if label not in schema.labels:
        raise ValueError(f"swap_labels must be among the labels {schema.labels}, got {label!r}")
    return schema.labels.index(label)
