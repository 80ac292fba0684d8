"""Scaling by the largest absolute value."""

from typing import Any

from olearn.core.parameters import PositiveInt, with_parameters
from olearn.preprocessing._ranges import HIGH, RangeScaler

__all__ = ["MaxAbsScaler"]


@with_parameters
class MaxAbsScaler(RangeScaler):
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

    _absolute = True

    window_size: PositiveInt | None = None

    @property
    def abs_max(self) -> dict[Any, float]:
        """Largest absolute value of each feature; 0 where none has come."""
        return self._end(HIGH)
