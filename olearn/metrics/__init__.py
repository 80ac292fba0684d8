"""Metrics that river lacks, in river's form, and updates of any metric from whole arrays."""

from olearn.metrics.arrays import update_many
from olearn.metrics.fading import FadingAccuracy
from olearn.metrics.kappa import KappaM, KappaT
from olearn.metrics.per_class_recall import PerClassRecall

__all__ = ["FadingAccuracy", "KappaM", "KappaT", "PerClassRecall", "update_many"]
