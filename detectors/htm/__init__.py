"""Hierarchical temporal memory: encoders, spatial pooler, temporal memory, and what stands on them.

A number becomes a sparse code, the code a set of active columns, and the columns a sequence that a
memory learns online; the share of columns that it did not expect is the anomaly score.
"""

from typing import TYPE_CHECKING

from olearn.core.lazy import lazy_names

if TYPE_CHECKING:
    from olearn.detectors.htm.anomaly import HTMAnomalyDetector as HTMAnomalyDetector
    from olearn.detectors.htm.composed_encoders import DateEncoder as DateEncoder
    from olearn.detectors.htm.composed_encoders import MultiEncoder as MultiEncoder
    from olearn.detectors.htm.encoders import CategoryEncoder as CategoryEncoder
    from olearn.detectors.htm.encoders import (
        RandomDistributedScalarEncoder as RandomDistributedScalarEncoder,
    )
    from olearn.detectors.htm.encoders import ScalarEncoder as ScalarEncoder
    from olearn.detectors.htm.likelihood import AnomalyLikelihood as AnomalyLikelihood
    from olearn.detectors.htm.spatial_pooler import SpatialPooler as SpatialPooler
    from olearn.detectors.htm.temporal_memory import TemporalMemory as TemporalMemory

# where each public name lives: its file is loaded at first use, so that importing this is cheap
_FILES = {
    "AnomalyLikelihood": "likelihood",
    "CategoryEncoder": "encoders",
    "DateEncoder": "composed_encoders",
    "HTMAnomalyDetector": "anomaly",
    "MultiEncoder": "composed_encoders",
    "RandomDistributedScalarEncoder": "encoders",
    "ScalarEncoder": "encoders",
    "SpatialPooler": "spatial_pooler",
    "TemporalMemory": "temporal_memory",
}

__all__ = [
    "AnomalyLikelihood",
    "CategoryEncoder",
    "DateEncoder",
    "HTMAnomalyDetector",
    "MultiEncoder",
    "RandomDistributedScalarEncoder",
    "ScalarEncoder",
    "SpatialPooler",
    "TemporalMemory",
]

__getattr__, __dir__ = lazy_names(__name__, _FILES)
