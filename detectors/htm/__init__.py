"""Hierarchical temporal memory: encoders, spatial pooler, temporal memory, and what stands on them.

A number becomes a sparse code, the code a set of active columns, and the columns a sequence that a
memory learns online; the share of columns that it did not expect is the anomaly score.
"""

from olearn.core.lazy import lazy_names, shown_names

__getattr__, __dir__, __all__ = lazy_names(__name__, shown_names(__file__))
