"""Transformers of features with river's names and parameters: whole blocks beside single rows."""

from olearn.core.lazy import lazy_names, shown_names

__getattr__, __dir__, __all__ = lazy_names(__name__, shown_names(__file__))
