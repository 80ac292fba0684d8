"""Metrics that river lacks: in its form; any metric is updated from whole arrays too."""

from olearn.core.lazy import lazy_names, shown_names

__getattr__, __dir__, __all__ = lazy_names(__name__, shown_names(__file__))
