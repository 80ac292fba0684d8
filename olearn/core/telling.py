"""Warnings that point at the user's line, however deep in olearn or river they arise."""

import sys
import warnings

_OURS = ("olearn", "river")  # river's pipelines and loops call learners of olearn


def tell(message: str) -> None:
    """Give a `UserWarning` whose place is the line outside olearn and river that led here."""
    level, frame = 1, sys._getframe()  # 1 is this function, as `warnings.warn` counts
    while frame.f_back is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in _OURS:
            break
        level, frame = level + 1, frame.f_back
    warnings.warn(message, UserWarning, stacklevel=level)
