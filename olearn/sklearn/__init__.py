"""scikit-learn's interface around our learners: `partial_fit`, `predict`, `get_params`."""

from olearn.core.lazy import lazy_names, shown_names

__getattr__, __dir__, __all__ = lazy_names(__name__, shown_names(__file__))
