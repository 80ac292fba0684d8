"""Encoders made of others: several fields, and the parts of a time stamp."""

import datetime
from collections.abc import Hashable, Mapping
from dataclasses import KW_ONLY
from typing import Any

import numpy as np

from olearn.core.parameters import PositiveInt, check_parameters, with_parameters
from olearn.core.validate import check_in_range, check_integer
from olearn.detectors.htm.encoders import Encoder, ScalarEncoder
from olearn.detectors.htm.spatial_pooler import Bits

__all__ = ["DateEncoder", "MultiEncoder"]


@with_parameters
class DateEncoder(Encoder):
    """A time stamp as its place in the day, the week and the year.

    Each part is given as (number of active bits, radius); parts that are None are left out. Times
    further apart than the radius share no bits; each part is a ring.

    Parameters
    ----------
    time_of_day
        Width and radius in hours of the time of day.
    weekend
        Number of active bits that tell weekends, which begin on Friday at 18 h, from other days; at
        least 1.
    day_of_week
        Width and radius in days of the day of the week.
    season
        Width and radius in days of the day of the year.

    Raises
    ------
    TypeError, ValueError
        If a width is below 1, a radius not positive, or all parts are None.

    Examples
    --------
    >>> import datetime
    >>> from olearn.detectors import htm

    >>> encoder = htm.DateEncoder(time_of_day=(3, 3.0), weekend=2)
    >>> encoder.size, encoder.encode(datetime.datetime(2025, 4, 24, 22, 30))
    (28, array([ 0,  1, 23, 24, 25]))
    >>> htm.DateEncoder().size
    54

    References
    ----------
    [^1]: Purdy, S. (2016). Encoding data for HTM systems. arXiv 1602.05925. Section 5.

    """

    time_of_day: tuple[int, float] | None = (21, 9.49)
    weekend: PositiveInt | None = None
    day_of_week: tuple[int, float] | None = None
    _: KW_ONLY
    season: tuple[int, float] | None = None

    def __post_init__(self) -> None:
        check_parameters(self)
        parts = {
            "time_of_day": (self.time_of_day, 24.0),
            "day_of_week": (self.day_of_week, 7.0),
            "season": (self.season, 366.0),
        }
        encoders: dict[Hashable, Encoder] = {}
        for name, (part, span) in parts.items():
            if part is not None:
                check_integer(name, part[0], 1)
                check_in_range(name, part[1], 0.0, span, open_low=True)
                encoders[name] = ScalarEncoder(0.0, span, part[0], radius=part[1], periodic=True)
        if self.weekend is not None:
            encoders["weekend"] = ScalarEncoder(0.0, 1.0, self.weekend, n_bits=2 * self.weekend)
        if not encoders:
            raise ValueError("time_of_day or another part must be given, got None for all")
        self._parts = MultiEncoder(encoders)

    @property
    def size(self) -> int:
        """Number of bits of a code."""
        return self._parts.size

    def encode(self, value: datetime.datetime | None) -> Bits:
        """Return the positions of the active bits, ascending; none for None."""
        if value is None:
            return np.empty(0, np.int64)
        if not isinstance(value, datetime.datetime):
            raise TypeError(f"value must be a datetime, got {value!r}")
        hours = value.hour + value.minute / 60.0 + value.second / 3600.0
        day = value.weekday()
        parts = {
            "time_of_day": hours,
            "day_of_week": day,
            "season": value.timetuple().tm_yday - 1,
            "weekend": float(day >= 5 or (day == 4 and hours >= 18.0)),
        }
        return self._parts.encode(parts)


class MultiEncoder(Encoder):
    """Several fields, their codes one after the other.

    Parameters
    ----------
    encoders
        The encoder of each field by its name, at least one, in the order of their bits.

    Raises
    ------
    TypeError, ValueError
        If there is none, or one is not an encoder.

    Examples
    --------
    >>> from olearn.detectors import htm

    >>> encoder = htm.MultiEncoder(
    ...     {
    ...         "load": htm.ScalarEncoder(0.0, 1.0, width=2, n_bits=12),
    ...         "state": htm.CategoryEncoder(("on", "off"), width=2),
    ...     }
    ... )
    >>> encoder.size, encoder.encode({"load": 0.5, "state": "off"}), encoder.encode({"load": 1.0})
    (18, array([ 5,  6, 16, 17]), array([10, 11]))

    """

    def __init__(self, encoders: Mapping[Hashable, Encoder]) -> None:
        if not encoders:
            raise ValueError(f"encoders must name at least one field, got {encoders!r}")
        for name, encoder in encoders.items():
            if not isinstance(encoder, Encoder):
                raise TypeError(f"encoders must hold encoders, got {encoder!r} for {name!r}")
        self.encoders = encoders

    @property
    def size(self) -> int:
        """Number of bits of a code."""
        return sum(encoder.size for encoder in self.encoders.values())

    def encode(self, value: Mapping[Any, Any]) -> Bits:
        """Return the positions of the active bits, ascending; missing fields have none."""
        codes = []
        start = 0
        for name, encoder in self.encoders.items():
            codes.append(encoder.encode(value.get(name)) + start)
            start += encoder.size
        return np.concatenate(codes)
