"""Made from the `__all__` of the files by `make readme`."""

from olearn.metrics.auc import AUC as AUC
from olearn.metrics.brier import Brier as Brier
from olearn.metrics.intervals import Coverage as Coverage
from olearn.metrics.fading import FadingAccuracy as FadingAccuracy
from olearn.metrics.intervals import IntervalScore as IntervalScore
from olearn.metrics.intervals import IntervalWidth as IntervalWidth
from olearn.metrics.kappa import KappaM as KappaM
from olearn.metrics.kappa import KappaT as KappaT
from olearn.metrics.pr_auc import PRAUC as PRAUC
from olearn.metrics.per_class_recall import PerClassRecall as PerClassRecall
from olearn.metrics.alarm_budget import PrecisionAtBudget as PrecisionAtBudget
from olearn.metrics.alarm_budget import RecallAtBudget as RecallAtBudget
from olearn.metrics.auc import WindowedAUC as WindowedAUC
from olearn.metrics.pr_auc import WindowedPRAUC as WindowedPRAUC
from olearn.metrics.arrays import update_many as update_many
from olearn.metrics.arrays import values_many as values_many
