"""Models of river as ours and back: with what they have learnt, or run in place."""

from olearn.core.lazy import lazy_names, shown_names

__getattr__, __dir__, __all__ = lazy_names(__name__, shown_names(__file__))
