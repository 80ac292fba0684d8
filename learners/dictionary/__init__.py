"""Orthogonal dictionaries learnt online: each sample is a combination of few of n directions.

`OrthogonalDictionaryLearner` is a river transformer; `codes` holds what works on its codes,
`polar` the matrix factor that every step solves, and `SparsityDrift` watches for new directions.
"""

from olearn.learners.dictionary.codes import (
    keep_largest,
    mad_threshold,
    match_atoms,
    recovery_error,
    residual,
    soft,
    sparsity,
)
from olearn.learners.dictionary.drift import SparsityDrift
from olearn.learners.dictionary.learner import OrthogonalDictionaryLearner
from olearn.learners.dictionary.polar import polar

__all__ = [
    "OrthogonalDictionaryLearner",
    "SparsityDrift",
    "keep_largest",
    "mad_threshold",
    "match_atoms",
    "polar",
    "recovery_error",
    "residual",
    "soft",
    "sparsity",
]
