"""Tests of the checks of streams: a sound toy passes all, and each broken promise is found."""

import numpy as np
import pytest
from toys import Blobs

from olearn import checks
from olearn.streams.base import Numbers, Schema, Stream, read_slices

FIRST = np.array([1.0, 0.0])  # the column that is no category


class Count(Stream):
    """A sound toy: two numbers and a category, coded by the row."""

    def __init__(self, n_samples=250, **schema):
        fields = {"names": ("a", "b"), "nominal": ("b",), "target": ("no", "yes"), **schema}
        super().__init__(Schema(**fields), n_samples, drift_positions=[100])

    def _open(self):
        return read_slices(self._rows)

    def _rows(self, part):
        at = np.arange(part.start, min(part.stop, 250))
        return np.column_stack([at / 7, at % 3]).astype(float), at % 2


class DrawsOnce(Count):
    """Rows from one generator of the object."""

    rng = None

    def _rows(self, part):
        self.rng = self.rng or np.random.default_rng(1)
        X, y = super()._rows(part)
        return X + self.rng.random() * FIRST, y


class DrawsByBlock(Count):
    """A new draw for each block, so that sizes matter."""

    def _rows(self, part):
        X, y = super()._rows(part)
        return X + np.random.default_rng(part.start).random() * FIRST, y


class RemembersItsPlace(Count):
    """Copies go on where the stream was."""

    at = 0

    def __getstate__(self):
        return {**self.__dict__, "at": 1}

    def _rows(self, part):
        X, y = super()._rows(part)
        return X + self.at, y


class LendsItsArrays(Count):
    """Hands out views of what it keeps."""

    def __init__(self):
        super().__init__()
        self.kept = super()._rows(slice(0, 250))

    def _rows(self, part):
        return self.kept[0][part], self.kept[1][part]


class OtherPairs(Count):
    """Counts the pairs from one."""

    def _items(self, X):
        return super()._items(X + FIRST)


class HalfLabels(Count):
    """Pairs in a class of their own."""

    def __iter__(self):
        return ((x, "no") for x, _ in super().__iter__())


class ShortBlocks(Count):
    """Ends a block early."""

    def blocks(self, size=1000):
        return super().blocks(min(size, 50))


class FloatCodes(Count):
    """Labels as floats."""

    def _rows(self, part):
        X, y = super()._rows(part)
        return X, y.astype(float)


class BrokenCodes(Count):
    """A category between two codes."""

    def _rows(self, part):
        X, y = super()._rows(part)
        return X + 0.5, y


class Amounts(FloatCodes):
    """A target of numbers."""

    def __init__(self, **target):
        super().__init__(**{"target": Numbers(), **target})


class WithoutTarget(Count):
    """Rows alone."""

    def __init__(self):
        super().__init__(target=None)

    def _rows(self, part):
        X, y = super()._rows(part)
        return X, np.full(len(y), np.nan)


class MissingAmounts(Amounts):
    """A number is missing."""

    def _rows(self, part):
        X, y = super()._rows(part)
        return X, np.where(np.arange(len(y)) == 3, np.nan, y)


BROKEN = [
    (DrawsOnce(), "rows differ in blocks of 7 rows"),
    (DrawsByBlock(), "rows differ in blocks of 7 rows"),
    (RemembersItsPlace(), "rows differ after pickling"),
    (LendsItsArrays(), "rows differ after the caller overwrote its blocks"),
    (OtherPairs(), "pairs have other values than blocks"),
    (HalfLabels(), "pairs have other targets than blocks"),
    (ShortBlocks(), r"blocks\(100\) gave blocks of \{50\} rows"),
    (FloatCodes(), "y must be int64, got float64"),
    (MissingAmounts(), "y must be finite numbers"),
    (Amounts(target=None), "y must be finite numbers, or NaN where there is no target"),
    (BrokenCodes(), "nominal 'b' must have whole numbers"),
    (Count(target=("no",)), "codes must be those of the labels"),
    (Count(names=("a", "b", "c")), "2 columns came, the schema has 3"),
    (Count(categories={"b": ("x", "y")}), "'b' has codes of no category"),
    (Count(300), "n_samples is 300, but 250 rows came"),
    (Count(None), "the stream ended after 250 rows"),
    (Count(0), "the stream gave no row"),
]


@pytest.mark.parametrize(
    "stream", [Count(), Amounts(), WithoutTarget(), Blobs(), Blobs(None)], ids=repr
)
def test_sound_streams_pass(stream):
    """Streams that keep every promise pass, endless ones too."""
    checks.check_stream(stream)


@pytest.mark.parametrize(("stream", "message"), BROKEN, ids=lambda value: type(value).__name__)
def test_broken_promises_are_found(stream, message):
    """Each fault is named."""
    with pytest.raises(AssertionError, match=message):
        checks.check_stream(stream)
