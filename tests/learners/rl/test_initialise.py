"""Tests of the sparse initialisation."""

import math

import numpy as np
import pytest
from scipy import stats

from olearn.learners.rl import LayerNormMLP, ObGD, sparse_uniform


def rng_of(seed=1):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("n_inputs", [*range(1, 301), 512, 1024])
def test_zeros_of_every_unit(n_inputs):
    """Each unit has exactly ceil(0.9 n) zeros; with 9 inputs or fewer it has nothing else."""
    weights = sparse_uniform((7, n_inputs), rng=rng_of())
    assert ((weights == 0).sum(axis=1) == math.ceil(0.9 * n_inputs)).all()
    assert np.abs(weights).max() <= 1 / math.sqrt(n_inputs)
    if n_inputs <= 9:
        assert not weights.any()


def test_zeros_of_filters():
    """A filter of a convolution is one unit: 33 of its 4 x 3 x 3 weights are zero."""
    weights = sparse_uniform((16, 4, 3, 3), rng=rng_of())
    assert ((weights.reshape(16, -1) == 0).sum(axis=1) == 33).all()


def test_patterns_differ_and_survivors_are_uniform():
    """Units choose their inputs independently, each input as often; the rest is uniform."""
    weights = sparse_uniform((10_000, 100), rng=rng_of())
    patterns = {tuple(row) for row in (weights != 0)}
    assert len(patterns) > 9_990
    counts = (weights != 0).sum(axis=0)
    assert stats.chisquare(counts).pvalue > 1e-3
    survivors = weights[weights != 0]
    assert stats.kstest(survivors, stats.uniform(-0.1, 0.2).cdf).pvalue > 1e-3


def test_it_is_no_mask():
    """Weights that start at zero learn: after 20 updates hardly any is left; biases start so."""
    net, rule, rng = LayerNormMLP((6, 16, 16, 1), seed=1), ObGD(), rng_of()
    assert not net.layers[0][0].any()
    assert not any(bias.any() for _, bias in net.layers)
    memory = rule.start(net.weights)
    for _ in range(20):
        x = rng.normal(size=6)
        rule.step(net.weights, net.gradient(x, np.ones(1)), 1.0, memory, decay=0.8)
    assert all((matrix != 0).mean() > 0.99 for matrix, _ in net.layers)


@pytest.mark.parametrize(
    ("shape", "sparsity"), [((3,), 0.9), ((3, 0), 0.9), ((3, 3), 1.5), ((3, 3), float("nan"))]
)
def test_bad_arguments(shape, sparsity):
    """Shapes without inputs and sparsities outside [0, 1] are refused."""
    with pytest.raises(ValueError, match=r"shape|sparsity"):
        sparse_uniform(shape, sparsity, rng=rng_of())
