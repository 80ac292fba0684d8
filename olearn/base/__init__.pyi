"""Made from the `__all__` of the files by `make readme`."""

from olearn.base.anomaly import ArrayAnomalyDetector as ArrayAnomalyDetector
from olearn.base.classifier import ArrayClassifier as ArrayClassifier
from olearn.base.detector import ArrayDetector as ArrayDetector
from olearn.base.pipeline import ArrayPipeline as ArrayPipeline
from olearn.base.regressor import ArrayRegressor as ArrayRegressor
from olearn.base.transformer import ArrayTransformer as ArrayTransformer
from olearn.base.union import ArrayUnion as ArrayUnion
from olearn.base.roles import CountsDrifts as CountsDrifts
from olearn.base.roles import EncodesRows as EncodesRows
from olearn.base.roles import RoutesExperts as RoutesExperts
from olearn.base.stages import Schedule as Schedule
from olearn.base.stages import Stage as Stage
from olearn.base.transformer import StatelessTransformer as StatelessTransformer
from olearn.base.detector import check_detector as check_detector
from olearn.base.roles import gives_intervals as gives_intervals
from olearn.base.stages import runs as runs
from olearn.base.roles import takes_blocks as takes_blocks
