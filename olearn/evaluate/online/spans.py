"""Consecutive rows of a run, as the two ways through a stream hand them to the recorder."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

WARM_UP_ROWS = 32  # that a clone learns before the clock runs


@dataclass
class Span:
    """Consecutive rows within one window: labels, predictions, and the model's own time."""

    y_true: Any
    y_pred: Any
    y_proba: Any
    seconds: float
    cpu_seconds: float


def rows_to_cut(n: int, cuts: Sequence[int], max_samples: int | None) -> int:
    """Rows after row `n` up to the nearest multiple of one of `cuts`, or to the end."""
    rows = min((cut - n % cut for cut in cuts), default=sys.maxsize)
    return rows if max_samples is None else min(rows, max_samples - n)
