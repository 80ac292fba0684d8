"""Online learners: river estimators that also learn whole arrays in compiled code.

Every class is a river `Classifier`; `learn_many` and its companions run a whole array or frame in
compiled code and give what the same rows give one at a time.
"""

from olearn.core.lazy import lazy_names, shown_names

__getattr__, __dir__, __all__ = lazy_names(__name__, shown_names(__file__))
