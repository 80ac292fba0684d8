"""Made from the `__all__` of the files by `make readme`."""

from olearn.detectors.htm.likelihood import AnomalyLikelihood as AnomalyLikelihood
from olearn.detectors.htm.encoders import CategoryEncoder as CategoryEncoder
from olearn.detectors.htm.composed_encoders import DateEncoder as DateEncoder
from olearn.detectors.htm.anomaly import HTMAnomalyDetector as HTMAnomalyDetector
from olearn.detectors.htm.htm_sprt import HTMSPRT as HTMSPRT
from olearn.detectors.htm.composed_encoders import MultiEncoder as MultiEncoder
from olearn.detectors.htm.encoders import RandomDistributedScalarEncoder as RandomDistributedScalarEncoder
from olearn.detectors.htm.encoders import ScalarEncoder as ScalarEncoder
from olearn.detectors.htm.spatial_pooler import SpatialPooler as SpatialPooler
from olearn.detectors.htm.temporal_memory import TemporalMemory as TemporalMemory
