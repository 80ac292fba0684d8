"""Warnings that point at the user's line, however deep in olearn or river they arise."""

import sys
import warnings
from collections.abc import Callable, Collection
from itertools import islice
from typing import Any

_OURS = ("olearn", "river")  # river's pipelines and loops call learners of olearn


def tell(message: str) -> None:
    """Give a `UserWarning` whose place is the line outside olearn and river that led here."""
    level, frame = 1, sys._getframe()  # 1 is this function, as `warnings.warn` counts
    while frame.f_back is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in _OURS:
            break
        level, frame = level + 1, frame.f_back
    warnings.warn(message, UserWarning, stacklevel=level)


def few(values: Collection[Any], most: int = 5, show: Callable[[Any], str] = repr) -> str:
    """Return the first values in words, with dots where there are more.

    Examples
    --------
    >>> from olearn.core.telling import few
    >>> few(["a", "b", "c"], most=2)
    "'a', 'b', ..."

    """
    return ", ".join(map(show, islice(values, most))) + (", ..." if len(values) > most else "")
