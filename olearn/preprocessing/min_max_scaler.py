"""Scaling by the least and the largest value."""

from typing import Any

from olearn.core.parameters import PositiveInt, with_parameters
from olearn.preprocessing._ranges import HIGH, LOW, RangeScaler

__all__ = ["MinMaxScaler"]


@with_parameters
class MinMaxScaler(RangeScaler):
    r"""Scales features to [0, 1] by their least and largest value.

    Emits $(x - \min) / (\max - \min)$ of each feature; 0 where both are equal. A value beyond those
    learnt gives less than 0 or more than 1. Answers are river's bit for bit, but for those before
    any learning. Time per row: O(features), and O(window) at a row where an end leaves the window.

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
    Of a feature that has not been learnt, 0.0 is emitted, where river's emits NaN, or raises with a
    window. A missing value (NaN, None, no key) is not learnt and not emitted.

    Examples
    --------
    >>> from olearn import preprocessing
    >>> scaler = preprocessing.MinMaxScaler()
    >>> for x in (1.0, 3.0, 2.0):
    ...     scaler.learn_one({"x": x})
    ...     print(scaler.transform_one({"x": x}))
    {'x': 0.0}
    {'x': 1.0}
    {'x': 0.5}

    """

    _absolute = False

    window_size: PositiveInt | None = None

    @property
    def min(self) -> dict[Any, float]:
        """Least value of each feature; infinite where none has come."""
        return self._end(LOW)

    @property
    def max(self) -> dict[Any, float]:
        """Largest value of each feature; minus infinity where none has come."""
        return self._end(HIGH)
