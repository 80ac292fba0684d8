"""Change detectors: each reads one number at a time and says when its distribution moved.

Every class is a river `DriftDetector`; `update_many` runs a whole array in compiled code. The one
classifier, `HTMColumnsClassifier`, reads rows and learns which changes are anomalies.
"""

from olearn.core.lazy import lazy_names, shown_names

__getattr__, __dir__, __all__ = lazy_names(__name__, shown_names(__file__))
