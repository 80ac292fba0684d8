"""Codes of features of which every value is a category, numbers too."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from olearn.core.categories import CategoryIndex, distinct_own_codes
from olearn.core.features import FeatureIndex
from olearn.core.types import Codes, Rows


class CategoricalIndex(FeatureIndex):
    """A `FeatureIndex` in which every feature is nominal."""

    def is_declared(self, name: Any) -> bool:
        """Tell that every feature is nominal whatever its values are."""
        return True

    def _add_column(self, name: Any, values: Any) -> None:
        if name not in self._column:
            self._append(name)
            self._make_nominal(name)

    def _add_number(self, name: Any) -> None:
        self._add_column(name, [])

    def _is_nominal(self, name: Any, has_text: bool, declared: frozenset[Any]) -> bool:
        return True


class ColumnCodes:
    """Turns every column of rows into codes: those of nominal columns are there, others made."""

    def __init__(self) -> None:
        self._made: dict[int, CategoryIndex] = {}  # of numeric columns

    def categories(self, index: FeatureIndex) -> list[CategoryIndex]:
        """Return the categories of each column, numeric ones too."""
        return [
            self._made.setdefault(column, CategoryIndex()) if kinds is None else kinds
            for column, kinds in enumerate(index.categories)
        ]

    def coded(self, index: FeatureIndex, X: Rows, learn: bool) -> Rows:
        """Return rows of codes; `learn` gives codes to new numbers of numeric columns."""
        numeric = [j for j, kinds in enumerate(index.categories[: X.shape[1]]) if kinds is None]
        if not numeric:
            return X
        rows = X.copy()
        for j in numeric:
            values = X[:, j].copy()
            distinct = distinct_own_codes(values)
            made = self._made.setdefault(j, CategoryIndex())
            rows[:, j] = made.codes_of(values, distinct, learn)
        return rows


def room_for(n_categories: int) -> int:
    """Return how many codes a table has room for that must have room for so many."""
    return max(8, 1 << (n_categories - 1).bit_length()) if n_categories else 0


def with_room(table: Codes, sizes: Sequence[int]) -> Codes:
    """Return a table with room for `sizes`: a row a column, a place a code, -1 where it is new."""
    n_rows, n_places = table.shape
    needed = max(sizes, default=0)
    if n_rows >= len(sizes) and n_places >= needed:
        return table
    larger = np.full((max(n_rows, len(sizes)), max(n_places, room_for(needed))), -1, np.int64)
    larger[: table.shape[0], : table.shape[1]] = table
    return larger
