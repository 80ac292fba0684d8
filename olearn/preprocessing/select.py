"""Some of the features, by name."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from river.base.typing import FeatureName

from olearn.base.transformer import ColumnsOut, StatelessTransformer
from olearn.core.parameters import with_parameters
from olearn.core.telling import few, tell
from olearn.core.types import Rows
from olearn.core.validate import check_names

__all__ = ["Discard", "Select"]


class _KeepsColumns(StatelessTransformer):
    """Hands on some of the columns as they are; there is nothing to learn."""

    _keeps_named: ClassVar[bool]  # whether the columns of `keys` are kept, or all others

    keys: Sequence[FeatureName]

    def _choose(self, keys: Sequence[FeatureName]) -> None:
        check_names("keys", keys)
        self.keys = keys or []  # a clone looks at the first of a tuple
        self._start_encoding()
        self._named = frozenset(keys)
        self._kept = np.zeros(0, np.int64)

    @property
    def _columns_out(self) -> ColumnsOut:
        names, categories, kept = self._features.names, self._features.categories, self._kept
        return [names[k] for k in kept], [categories[k] for k in kept]

    def _grow(self) -> None:
        named = [name in self._named for name in self._features.names]
        self._kept = np.flatnonzero(np.array(named, np.bool_) == self._keeps_named)
        if named and self._keeps_named and self.keys and not self._kept.size:
            tell(
                f"Select keeps none of the features so far, {few(self._features.names)}: its keys "
                f"are {few(self.keys)}"
            )

    def _room(self, n_categories: int) -> int:
        return 0  # nothing here grows with the categories

    def _hands_on(self, name: Any) -> bool:
        return (name in self._named) == self._keeps_named

    def _transform_rows(self, X: Rows) -> Rows:
        return np.take(X, self._kept, axis=1)  # which leaves rows contiguous


@with_parameters
class Select(_KeepsColumns):
    """Keeps the features that are named.

    Parameters
    ----------
    keys
        Names of the features, any number of arguments.

    Raises
    ------
    TypeError
        If a key cannot be a name.

    Notes
    -----
    A feature that a row lacks is missing after it too, where river's raises `KeyError`.

    Examples
    --------
    >>> from olearn import preprocessing
    >>> select = preprocessing.Select("price", "day")
    >>> select.transform_one({"price": 2.0, "day": "mon", "id": 17})
    {'price': 2.0, 'day': 'mon'}

    """

    _keeps_named = True

    def __init__(self, *keys: FeatureName) -> None:
        self._choose(keys)


@with_parameters
class Discard(_KeepsColumns):
    """Leaves out the features that are named.

    Parameters
    ----------
    keys
        Names of the features, any number of arguments.

    Raises
    ------
    TypeError
        If a key cannot be a name.

    Examples
    --------
    >>> from olearn import preprocessing
    >>> discard = preprocessing.Discard("id")
    >>> discard.transform_one({"price": 2.0, "day": "mon", "id": 17})
    {'price': 2.0, 'day': 'mon'}

    """

    _keeps_named = False

    def __init__(self, *keys: FeatureName) -> None:
        self._choose(keys)
