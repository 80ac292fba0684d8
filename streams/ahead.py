"""A column some rows ahead as the target: what a series will be, by what it is."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from olearn.core.validate import check_integer
from olearn.streams.base import Block, Numbers, Reader, Schema, Stream, read_chunks

__all__ = ["Ahead"]

_CHUNK = 10_000  # rows looked at a time


class Ahead(Stream):
    """The rows of a stream, with the value of a column some rows later as the target.

    All columns stay features: what is to be predicted is known by now only as it was. Earlier
    values become features by `olearn.preprocessing.Lags`, not here. Rows whose value to come is
    missing are left out, and so are the last `steps` rows. The target of the stream itself is not
    read. In `evaluate.prequential` the label of a row is known `steps` rows later:
    `delay=steps - 1` lets it come then.

    Parameters
    ----------
    stream
        A stream whose rows follow each other in time, evenly.
    column
        Name of the numeric feature to predict.
    steps
        Rows ahead, at least 1.

    Raises
    ------
    ValueError
        If the column is unknown or nominal, `steps` is outside the range above, or no row is left.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import streams
    >>> series = streams.from_arrays(np.array([[20.0], [21.5], [19.0]]), None, names=["celsius"])
    >>> list(streams.Ahead(series, "celsius"))
    [({'celsius': 20.0}, 21.5), ({'celsius': 21.5}, 19.0)]

    """

    def __init__(self, stream: Stream, column: Any, steps: int = 1) -> None:
        check_integer("steps", steps, 1)
        given = stream.schema
        self._j = given.column(column)
        if column in given.nominal:
            raise ValueError(f"column must be numeric to be predicted, {column!r} is nominal")
        self.stream, self.column, self.steps = stream, column, steps
        schema = Schema(given.names, given.nominal, Numbers(), given.categories)
        n_samples = None
        if stream.n_samples is not None:
            n_samples = sum(len(y) for _, y in self._chunks())
            if not n_samples:
                raise ValueError(
                    f"stream must have a value of {column!r} {steps} rows after another, has none"
                )
        super().__init__(schema, n_samples, stream.drift_positions)
        self.title = f"{stream.title or type(stream).__name__}: {column} {steps} ahead"

    def _open(self) -> Reader:
        return read_chunks(self._chunks(), self.schema.n_features)

    def _chunks(self) -> Iterator[Block]:
        read, steps = self.stream._open(), self.steps
        left = self.stream.n_samples
        X = np.empty((0, self.stream.schema.n_features))
        while True:
            wanted = _CHUNK if left is None else min(_CHUNK, left)
            new, _ = read(wanted)
            left = None if left is None else left - len(new)
            X = np.concatenate([X, new])
            y = X[steps:, self._j]
            known = np.isfinite(y)
            yield X[: len(y)][known], y[known]
            if len(new) < wanted or left == 0:
                return
            X = X[len(y) :]

    @property
    def desc(self) -> str:
        """What is predicted of what."""
        return self.title
