"""Scores of an anomaly detector over a run: by window, alarms at a budget, known anomalies."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river.metrics.base import Metric

from olearn.core.labels import CodedLabels
from olearn.core.types import Codes
from olearn.metrics.alarm_budget import BudgetMetric, PrecisionAtBudget
from olearn.metrics.newest_scores import NewestScores
from olearn.metrics.one_vs_rest import OneVsRest
from olearn.persist.classes import kept_in_files

__all__ = ["AnomalyScores"]


@dataclass
class AnomalyScores:
    """What is kept of the scores of a run; lists that go by window are as long as its `ends`.

    Parameters
    ----------
    budget, past
        A row raises an alarm if its score is above all but the share `budget` of the scores of the
        `past` rows before it; those of a `PrecisionAtBudget` among the metrics, else its defaults.
    highest, median
        Of the scores of each window; NaN where it has none.
    threshold
        What a score has to exceed for an alarm, at the end of each window; NaN before there is one.
    alarms, alarm_scores
        Rows that raised an alarm, and their scores.
    known, known_scores
        Rows that are labelled as anomalies, and their scores; `known` is None without labels.

    """

    budget: float
    past: int
    highest: list[float] = field(default_factory=list)
    median: list[float] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    alarms: list[int] = field(default_factory=list)
    alarm_scores: list[float] = field(default_factory=list)
    known: list[int] | None = None
    known_scores: list[float] = field(default_factory=list)

    @property
    def n_found(self) -> int:
        """Known anomalies that raised an alarm."""
        return len(set(self.known or ()).intersection(self.alarms))


@kept_in_files
class ScoreWatch:
    """Keeps what `AnomalyScores` holds.

    Parameters
    ----------
    metrics
        Those of the run, which say what is positive and what the budget is.
    labelled
        Whether rows have labels.

    """

    def __init__(self, metrics: Sequence[Metric], labelled: bool) -> None:
        bound = [metric for metric in metrics if isinstance(metric, OneVsRest)]
        inner = [metric.metric if metric in bound else metric for metric in metrics]
        budgets = [metric for metric in inner if isinstance(metric, BudgetMetric)]
        chosen = budgets[0] if budgets else PrecisionAtBudget()
        self._positive = bound[0].pos_label if bound else True
        self._past = NewestScores(chosen.window)
        self._window: list[NDArray[np.float64]] = []
        self._found: dict[str, Any] = {
            **{"budget": chosen.budget, "past": chosen.window, "highest": [], "median": []},
            **{"threshold": [], "alarms": [], "alarm_scores": []},
            **{"known": [] if labelled else None, "known_scores": []},
        }

    def add(self, rows: Codes, y_true: Any, y_pred: Any) -> None:
        """Take in scores of rows, and what they are."""
        scores = np.asarray(y_pred, dtype=np.float64)
        finite = np.isfinite(scores)
        found, known = self._found, self._found["known"]
        if known is not None:
            anomalous = self._are_positive(y_true)
            known += rows[anomalous].tolist()
            found["known_scores"] += scores[anomalous].tolist()
        rows, scores = rows[finite], scores[finite]
        alarms = self._past.alarms(scores, found["budget"])
        found["alarms"] += rows[alarms].tolist()
        found["alarm_scores"] += scores[alarms].tolist()
        self._window.append(scores)

    def close_window(self) -> None:
        """Note what is kept by window, and begin the next one."""
        scores = np.concatenate(self._window) if self._window else np.empty(0)
        self._window = []
        self._found["highest"].append(float(scores.max()) if len(scores) else math.nan)
        self._found["median"].append(float(np.median(scores)) if len(scores) else math.nan)
        past = self._past.in_order(0)
        n_above = int(self._found["budget"] * len(past) + 1e-9)  # as `alarms` rounds it
        self._found["threshold"].append(float(past[-n_above]) if n_above else math.nan)

    def scores(self) -> AnomalyScores:
        """Return what was kept."""
        return AnomalyScores(**self._found)

    def _are_positive(self, y_true: Any) -> NDArray[np.bool_]:
        if isinstance(y_true, CodedLabels):
            codes = [k for k, label in enumerate(y_true.labels) if label == self._positive]
            return np.isin(y_true.codes, codes)
        return np.array([label == self._positive for label in y_true], dtype=np.bool_)
