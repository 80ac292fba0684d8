"""Dates and times as the numbers that they consist of.

A time is what its clock shows: of one with a time zone the zone is left aside.
"""

import datetime
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.types import Rows
from olearn.core.values import is_missing

Times = NDArray[np.datetime64]

_EPOCH = datetime.datetime(1970, 1, 1)
_MICROSECONDS = 1_000_000
_HOUR = 3_600 * _MICROSECONDS
_DAY = 24 * _HOUR


def _since(times: Times, unit: str) -> Any:
    """Return whole units since the beginning of the larger unit that they are counted in."""
    larger = {"M": "Y", "D": "M"}[unit]
    start = times.astype(f"datetime64[{larger}]").astype(f"datetime64[{unit}]")
    return (times.astype(f"datetime64[{unit}]") - start).astype(np.int64)


PARTS: dict[str, Callable[[Times], Any]] = {
    "year": lambda times: times.astype("datetime64[Y]").astype(np.int64) + 1970,
    "month": lambda times: times.astype("datetime64[M]").astype(np.int64) % 12 + 1,
    "day": lambda times: _since(times, "D") + 1,
    # the epoch is a Thursday
    "weekday": lambda times: (times.astype("datetime64[D]").astype(np.int64) + 3) % 7,
    "yearday": lambda times: (
        (
            times.astype("datetime64[D]") - times.astype("datetime64[Y]").astype("datetime64[D]")
        ).astype(np.int64)
        + 1
    ),
    "hour": lambda times: (times - times.astype("datetime64[D]")) / np.timedelta64(1, "h"),
    "seconds": lambda times: (times - np.datetime64("1970-01-01")) / np.timedelta64(1, "s"),
}
"""What the parts are: `olearn.preprocessing.DateParts` says it in words."""


def time_parts(times: Times, parts: Sequence[str]) -> Iterator[Rows]:
    """Yield each of the parts of times; NaN where a time is missing."""
    missing = np.isnat(times)
    for part in parts:
        yield np.where(missing, np.nan, PARTS[part](times))


def parts_of(seconds: float, parts: Sequence[str]) -> list[float]:
    """Do as `time_parts` for one time in seconds since 1970, in a tenth of the time."""
    if seconds != seconds:
        return [seconds] * len(parts)
    whole = round(seconds * _MICROSECONDS)
    days, rest = divmod(whole, _DAY)
    date = datetime.date.fromordinal(_EPOCH.toordinal() + days)
    return [float(_PARTS_OF_DATE[part](date, rest, whole)) for part in parts]


_PARTS_OF_DATE: dict[str, Callable[[datetime.date, int, int], float]] = {
    "year": lambda date, rest, whole: date.year,
    "month": lambda date, rest, whole: date.month,
    "day": lambda date, rest, whole: date.day,
    "weekday": lambda date, rest, whole: date.weekday(),
    "yearday": lambda date, rest, whole: date.timetuple().tm_yday,
    "hour": lambda date, rest, whole: rest / _HOUR,
    "seconds": lambda date, rest, whole: whole / _MICROSECONDS,
}


def as_seconds(time: Any) -> float:
    """Return a date, a `datetime` or a `numpy.datetime64` in seconds since 1970; NaN if missing."""
    if is_missing(time):
        return float("nan")
    if isinstance(time, np.datetime64):
        return float(time.astype("datetime64[us]").astype(np.int64)) / _MICROSECONDS
    if not isinstance(time, datetime.datetime):
        time = datetime.datetime(time.year, time.month, time.day)
    return naive_seconds(time.replace(tzinfo=None))


def naive_seconds(time: datetime.datetime) -> float:
    """Do as `as_seconds` for a `datetime` without a time zone."""
    span = time - _EPOCH
    whole = (span.days * 86_400 + span.seconds) * _MICROSECONDS + span.microseconds
    return whole / _MICROSECONDS


def to_seconds(times: Times) -> Rows:
    """Do as `as_seconds` for an array of times."""
    seconds = times.astype("datetime64[us]").astype(np.int64) / _MICROSECONDS
    seconds[np.isnat(times)] = np.nan
    return seconds


def from_seconds(seconds: Rows) -> Times:
    """Return seconds since 1970 as times, to the microsecond; NaN is missing."""
    missing = np.isnan(seconds)
    whole = np.rint(np.where(missing, 0.0, seconds) * _MICROSECONDS).astype(np.int64)
    times = whole.astype("datetime64[us]")
    times[missing] = np.datetime64("NaT")
    return times
