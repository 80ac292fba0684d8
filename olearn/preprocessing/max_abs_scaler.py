"""Scaling by the largest absolute value."""

from typing import Any

from olearn.base.transformer import ArrayTransformer
from olearn.core.parameters import PositiveInt, check_parameters, with_parameters
from olearn.core.types import Codes, Rows
from olearn.preprocessing._ranges import HIGH, Ranges

__all__ = ["MaxAbsScaler"]


@with_parameters
class MaxAbsScaler(ArrayTransformer):
    r"""Scales features to [-1, 1] by their largest absolute value.

    Emits $x / \max |x|$ of each feature, so that zeros stay zeros; 0 before any learning. Answers
    are river's bit for bit. Time per row: O(features), and O(window) at a row where the largest
    value leaves the window.

    Parameters
    ----------
    window_size
        Number of the last values of a feature that count, at least 1; None: all.

    Raises
    ------
    ValueError
        If the parameter is outside its range, or a feature is infinite or text.
    TypeError
        If the parameter or a feature has the wrong type.

    Notes
    -----
    A missing value (NaN, None, no key) is not learnt and not emitted.

    Examples
    --------
    >>> from olearn import preprocessing
    >>> scaler = preprocessing.MaxAbsScaler()
    >>> for x in (1.0, -4.0, 2.0):
    ...     scaler.learn_one({"x": x})
    ...     print(scaler.transform_one({"x": x}))
    {'x': 1.0}
    {'x': -1.0}
    {'x': 0.5}

    """

    window_size: PositiveInt | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start_encoding(only_numbers=True)
        self._ranges = Ranges(self.window_size, absolute=True)

    @property
    def abs_max(self) -> dict[Any, float]:
        """Largest absolute value of each feature; 0 where none has come."""
        ends = self._ranges.ends[HIGH].tolist()
        return dict(zip(self._features.names, ends, strict=True))

    def _grow(self) -> None:
        self._ranges.grow(len(self._features))

    def _learn_rows(self, X: Rows, y: Any, w: Rows) -> None:
        self._ranges.learn_rows(X)

    def _transform_rows(self, X: Rows) -> Rows:
        return self._ranges.scaled(X)

    def _stage_rows(self, A: Rows, B: Rows, y: Any, w: Rows, upto: Codes) -> tuple[Rows, Rows]:
        return self._ranges.stage_rows(A, B, upto)
