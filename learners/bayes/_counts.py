"""What naive Bayes classifiers of counts share: features that count, and their tables."""

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from river.base import tags
from river.base.typing import ClfTarget, FeatureName

from olearn.core.features import FeatureIndex
from olearn.core.parameters import In
from olearn.core.tables import Names, Table
from olearn.core.types import Codes, Rows
from olearn.core.values import as_float, as_floats, is_number
from olearn.learners.bayes._base import NaiveBayes
from olearn.learners.bayes._slots import capacity
from olearn.learners.bayes.count_kernels import ALPHA, KIND, THRESHOLD, has_negative, run

Smoothing = Annotated[float, In(0.0, math.inf, "[)")]


class CountNB(NaiveBayes):
    """Naive Bayes of what features count; a subclass says in `_kind` which likelihood it is."""

    _kind: ClassVar[int]

    def _start_counting(
        self, features: FeatureIndex, classes: Any, alpha: float, threshold: float = 0.0
    ) -> None:
        self._start(None, classes)
        self._features = features
        self._feature_totals = np.zeros(1)
        self._totals = np.zeros(0)
        self._conf = np.zeros(3)
        self._conf[[KIND, ALPHA, THRESHOLD]] = self._kind, alpha, threshold
        self._grow(len(self._labels))

    @property
    def feature_counts(self) -> dict[FeatureName, dict[ClfTarget, float]]:
        """What was counted of each feature that was learnt, for each label."""
        labels, counts = self._labels.labels, self._table[0].T.tolist()
        return {
            name: dict(zip(labels, counts[column], strict=True))
            for column, name in enumerate(self._features.names)
            if self._seen[column]
        }

    def _grow(self, n_classes: int) -> None:
        """Make room for labels, and for columns with some to spare: each is its own slot."""
        if n_classes > len(self._totals):
            self._grow_labels(n_classes)
            self._totals = np.pad(self._totals, (0, n_classes - len(self._totals)))
        more = capacity(len(self._features)) - len(self._seen)
        if more > 0:
            self._table = np.pad(self._table, ((0, 0), (0, 0), (0, more)))
            self._seen = np.pad(self._seen, (0, more))
            self._feature_totals = np.pad(self._feature_totals, (0, more))

    def _run(
        self, A: Rows, B: Rows, y: Codes, w: Rows, upto: Codes, answer: int, codes: Codes, out: Rows
    ) -> None:
        tables = self._counts, self._totals, self._table, self._feature_totals, self._seen
        run(A, B, y, w, upto, self._conf, *tables, answer, codes, out)


class FrequencyNB(CountNB):
    """Naive Bayes of frequencies, which are not negative."""

    def _start_frequencies(self, classes: Collection[ClfTarget] | None, alpha: float) -> None:
        self._start_counting(Frequencies(), classes, alpha)

    def _more_tags(self) -> set[str]:
        return {tags.POSITIVE_INPUT}

    @property
    def class_totals(self) -> dict[ClfTarget, float]:
        """All that was counted in the rows of each label."""
        return dict(zip(self._labels.labels, self._totals.tolist(), strict=True))

    def _run(self, A: Rows, B: Rows, *more: Any) -> None:
        # of another step of a pipeline: else `Frequencies` has refused it
        if has_negative(B):
            row, column = np.argwhere(B < 0.0)[0]
            raise negative_value(self._features.names[column], B[row, column])
        super()._run(A, B, *more)


class Frequencies(FeatureIndex):
    """Features that count something; those that are new to a prediction have a column of their own.

    A word that was never learnt is a factor too, and not the same one for each label.

    Examples
    --------
    >>> from olearn.learners.bayes._counts import Frequencies
    >>> index = Frequencies()
    >>> index.learn_one({"a": 1})
    array([1.])
    >>> index.encode_one({"new": 3, "a": 2}), len(index)
    (array([2., 3.]), 1)

    """

    def __init__(self) -> None:
        super().__init__(only_numbers=True)

    def quick(self, x: Mapping[Any, Any]) -> NDArray[np.float64] | None:
        """Encode a row as `FeatureIndex` does, but for one that `check_one` refuses."""
        row = super().quick(x)
        return None if row is not None and x and min(x.values()) < 0 else row

    def check_one(self, x: Mapping[Any, Any]) -> None:
        """Raise TypeError or ValueError if a row cannot be encoded."""
        super().check_one(x)
        self._check_signs(x.items())

    def check_many(self, X: Any, names: Names = None) -> Table:
        """Check a frame or 2-D array and split it into named columns; changes nothing."""
        table = super().check_many(X, names)
        for name, values in zip(table.names, table.columns(), strict=True):
            if (as_floats(values) < 0.0).any():
                self._check_signs((name, value) for value in values)
        return table

    @staticmethod
    def _check_signs(values: Iterable[tuple[Any, Any]]) -> None:
        for name, value in values:
            if is_number(value) and value < 0:
                raise negative_value(name, value)

    def _row(self, x: Mapping[Any, Any], learn: bool) -> NDArray[np.float64]:
        row = super()._row(x, learn)
        new = [] if learn else self._unlearnt(x)
        if not new:
            return row
        row = np.append(row, np.full(sum(name not in self._column for name in new), np.nan))
        values = as_floats([x[name] for name in new])
        row[self._places(new)] = values
        return row

    def _rows(self, table: Table, learn: bool) -> NDArray[np.float64]:
        rows = super()._rows(table, learn)
        new = [] if learn else self._unlearnt(table.names)
        if not new:
            return rows
        columns = dict(zip(table.names, table.columns(), strict=True))
        more = np.full((len(rows), sum(name not in self._column for name in new)), np.nan)
        rows = np.hstack([rows, more])
        for name, place in zip(new, self._places(new), strict=True):
            rows[:, place] = as_floats(columns[name])
        return rows

    def _unlearnt(self, names: Iterable[Any]) -> list[Any]:
        """Return the names of which no value was learnt."""
        return [name for name in names if name in self._untyped or name not in self._column]

    def _places(self, names: Iterable[Any]) -> list[int]:
        """Return the columns of these names: new ones stand behind all others."""
        places, end = [], len(self.names)
        for name in names:
            places.append(self._column.get(name, end))
            end += name not in self._column
        return places


def negative_value(name: Any, value: Any) -> ValueError:
    """Return what is raised for a frequency below 0."""
    return ValueError(
        f"feature {name!r} is a frequency and must not be negative, got {as_float(value)}; "
        "put preprocessing.MinMaxScaler in front, or take GaussianNB"
    )
