"""Made from the `__all__` of the files by `make readme`."""

from olearn.metrics.auc import AUC as AUC
from olearn.metrics.fading import FadingAccuracy as FadingAccuracy
from olearn.metrics.kappa import KappaM as KappaM
from olearn.metrics.kappa import KappaT as KappaT
from olearn.metrics.per_class_recall import PerClassRecall as PerClassRecall
from olearn.metrics.auc import WindowedAUC as WindowedAUC
from olearn.metrics.arrays import update_many as update_many
