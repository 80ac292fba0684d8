"""From labels to codes, in order of first appearance."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river.utils import dataframe

from olearn.core.features import is_missing


class LabelIndex:
    """Maps labels to codes 0, 1, ... in order of first appearance.

    Parameters
    ----------
    labels
        Labels known in advance, in code order; `None` if there are none.

    Examples
    --------
    >>> from olearn.core.labels import LabelIndex
    >>> index = LabelIndex()
    >>> index.add("up"), index.add("down"), index.add("up")
    (0, 1, 0)
    >>> index.labels
    ['up', 'down']

    """

    def __init__(self, labels: Iterable[Any] | None = None) -> None:
        self.labels: list[Any] = []
        self._code: dict[Any, int] = {}
        for label in labels or ():
            self.add(label)

    def __len__(self) -> int:
        return len(self.labels)

    def get(self, label: Any) -> int:
        """Return the code of a label, or -1 if it is new; raise if it can be no label."""
        try:
            code = self._code.get(label, -1)
        except TypeError:
            raise TypeError(
                f"y must be a bool, int or str, got {label!r} of type {type(label).__name__}"
            ) from None
        if code < 0 and is_missing(label):
            raise ValueError(f"y must be a label, got {label!r}")
        return code

    def add(self, label: Any) -> int:
        """Return the code of a label, giving it the next one if it is new."""
        code = self.get(label)
        if code < 0:
            code = len(self.labels)
            self._code[label] = code
            self.labels.append(label)
        return code

    def plan(self, y: Any) -> tuple[NDArray[np.int64], list[tuple[int, Any]]]:
        """Code many labels without adding any.

        Returns the codes, shape `(n,)`, and a `(row, label)` for each new label in order of
        appearance: their codes are those that `add` will give them in that order.
        """
        values = _label_values(y)
        if isinstance(values, np.ndarray) and values.size and values.min() >= 0:
            distinct = np.flatnonzero(np.bincount(values)).tolist()
            table = np.full(distinct[-1] + 1, -1, np.int64)
            fresh = [v for v in distinct if self.get(v) < 0]
            new = sorted((int(np.argmax(values == v)), v) for v in fresh)
            for v in distinct:
                table[v] = self.get(v)
            for k, (_, v) in enumerate(new):
                table[v] = len(self) + k
            return table[values], new
        codes, new, seen = [], [], dict[Any, int]()
        for row, label in enumerate(values.tolist() if hasattr(values, "tolist") else values):
            code = self.get(label)
            if code < 0 and label not in seen:
                seen[label] = len(self) + len(new)
                new.append((row, label))
            codes.append(seen[label] if code < 0 else code)
        return np.array(codes, dtype=np.int64), new


def _label_values(y: Any) -> Any:
    """Return small integers as an int64 array, all else as a list or array of objects."""
    if not isinstance(y, np.ndarray | list | tuple):
        try:
            y = dataframe.into_series(y).to_numpy()
        except TypeError:
            raise TypeError(
                f"y must be an array, list or series of labels, got {y!r} of type "
                f"{type(y).__name__}"
            ) from None
    try:
        array = np.asarray(y)
    except ValueError:  # rows of different lengths: no labels, which `get` will say
        return list(y)
    if array.ndim != 1:
        raise ValueError(f"y must be one label a row, got an array of shape {array.shape}")
    if array.dtype.kind in "iu" and (array.size == 0 or array.max() < 100_000):
        return array.astype(np.int64, copy=False)
    return array.tolist() if isinstance(y, np.ndarray) else list(y)
