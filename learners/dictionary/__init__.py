"""Orthogonal dictionaries: learnt online; each sample is a combination of few of n directions.

`OrthogonalDictionaryLearner` is a river transformer; `codes` holds what works on its codes,
`polar` the matrix factor that every step solves, and `SparsityDrift` watches for new directions.
"""

from olearn.core.lazy import lazy_names, shown_names

__getattr__, __dir__, __all__ = lazy_names(__name__, shown_names(__file__))
