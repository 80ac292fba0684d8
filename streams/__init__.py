"""Streams: iterables of `(x, y)` that can also hand out blocks of arrays.

Synthetic generators are compiled and bit-reproducible from a seed; real sets load by name, and
any CSV, ARFF, Parquet or Arrow file, array or iterable is a stream too.
"""

from olearn.core.lazy import lazy_names, shown_names

__getattr__, __dir__, __all__ = lazy_names(__name__, shown_names(__file__))
