"""The public contract: what a learner or detector writes, and what it gets for it.

Each class is river's, with whole arrays and frames beside one row at a time.
"""

from olearn.base.classifier import ArrayClassifier
from olearn.base.detector import ArrayDetector, check_detector
from olearn.base.regressor import ArrayRegressor
from olearn.base.roles import CountsDrifts, EncodesRows, RoutesExperts, takes_blocks

__all__ = [
    "ArrayClassifier",
    "ArrayDetector",
    "ArrayRegressor",
    "CountsDrifts",
    "EncodesRows",
    "RoutesExperts",
    "check_detector",
    "takes_blocks",
]
