"""Recorded series by name: each row is an hour, and a column of it is to be predicted."""

import hashlib

import numpy as np

from olearn.core.data_home import data_places
from olearn.core.validate import check_choice
from olearn.streams._series_facts import SERIES
from olearn.streams.ahead import Ahead
from olearn.streams.arrays import ArrayStream
from olearn.streams.base import Schema

__all__ = ["load_series"]


def load_series(name: str, *, target: str | None = None, steps: int = 1) -> Ahead:
    """Return a recorded series by its name: rows of measurements, one of them later as the target.

    It is looked for in `$OLEARN_DATA`, then in the user's cache (`$XDG_CACHE_HOME/olearn`, by
    default `~/.cache/olearn`), and its sha256 is checked. Columns without any value are left out.

    Parameters
    ----------
    name
        One of `olearn.streams._series_facts.SERIES`.
    target
        Column to predict; None takes the one that the title names.
    steps
        Hours ahead, at least 1.

    Raises
    ------
    FileNotFoundError
        If the series is in none of the places.
    ValueError
        If the name or the column is unknown, or the file has the wrong checksum.

    Examples
    --------
    >>> from olearn import streams
    >>> stream = streams.load("etth1")  # doctest: +SKIP
    >>> stream.n_samples, stream.column  # doctest: +SKIP
    (17419, 'OT')

    """
    check_choice("name", name, SERIES)
    series = SERIES[name]
    places = [place for place in data_places(series.file) if place.is_file()]
    if not places:
        looked = " and ".join(map(str, data_places(series.file)))
        raise FileNotFoundError(
            f"the series {name!r} is not here; looked for {looked}. Put the prepared file, with "
            f"sha256 {series.sha256}, into one of these places (set OLEARN_DATA to use another "
            "folder)"
        )
    if hashlib.sha256(places[0].read_bytes()).hexdigest() != series.sha256:
        raise ValueError(f"{places[0]} is damaged or not the series {name!r}; remove it")
    with places[0].open("rb") as file, np.load(file) as arrays:
        values = arrays[series.values].astype(np.float64)
        numbers = range(values.shape[1])
        columns = arrays[series.columns].tolist() if series.columns else numbers
        names = [str(c) if series.columns else f"sensor{c}" for c in columns]
    there = ~np.isnan(values).all(axis=0)
    schema = Schema(tuple(n for n, kept in zip(names, there, strict=True) if kept), (), None)
    rows = ArrayStream(schema, values[:, there], np.full(len(values), np.nan))
    rows.title = name
    return Ahead(rows, series.target if target is None else target, steps)
