"""Made from the `__all__` of the files by `make readme`."""

from olearn.learners.dictionary.learner import OrthogonalDictionaryLearner as OrthogonalDictionaryLearner
from olearn.learners.dictionary.drift import SparsityDrift as SparsityDrift
from olearn.learners.dictionary.codes import keep_largest as keep_largest
from olearn.learners.dictionary.codes import mad_threshold as mad_threshold
from olearn.learners.dictionary.codes import match_atoms as match_atoms
from olearn.learners.dictionary.polar_factor import polar as polar
from olearn.learners.dictionary.codes import recovery_error as recovery_error
from olearn.learners.dictionary.codes import residual as residual
from olearn.learners.dictionary.codes import soft as soft
from olearn.learners.dictionary.codes import sparsity as sparsity
