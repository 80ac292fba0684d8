"""Policies: probabilities, entropies and their gradients."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import njit


@njit
def argmax(values):
    """The first of the greatest: ties are common, and which one is taken decides trace cuts."""
    best = 0
    for k in range(1, values.size):
        if values[k] > values[best]:
            best = k
    return best


@njit
def softmax(preferences, out):
    """Probabilities into `out`; returns their entropy."""
    top = preferences[argmax(preferences)]
    total = 0.0
    for k in range(preferences.size):
        out[k] = math.exp(preferences[k] - top)
        total += out[k]
    entropy = 0.0
    for k in range(preferences.size):
        p = out[k] / total
        out[k] = p
        if p > 0.0:
            entropy -= p * math.log(p)
    return entropy


@njit
def softplus(x):
    """`log(1 + exp(x))`, linear above 20."""
    return x if x > 20.0 else math.log1p(math.exp(x))


@njit
def slopes_discrete(out, action, entropy_weight, slopes):
    """Gradient of `log p(action) + entropy_weight * entropy` by the preferences."""
    entropy = softmax(out, slopes)
    for k in range(out.size):
        p = slopes[k]
        slope = -p
        if p > 0.0:
            slope -= entropy_weight * p * (math.log(p) + entropy)
        slopes[k] = slope
    slopes[action] += 1


@njit(error_model="numpy")
def slopes_gaussian(out, action, entropy_weight, slopes):
    """Gradient of the same for normal actions, by means and by what softplus makes deviations.

    A deviation of 0, which only a diverged network has, gives NaN and no exception half-way.
    """
    k = action.size
    for i in range(k):
        spread = softplus(np.float64(out[k + i]))
        z = (action[i] - out[i]) / spread
        slopes[i] = z / spread
        inner = 1.0 / (1.0 + math.exp(-np.float64(out[k + i])))
        slopes[k + i] = (z * z - 1.0 + entropy_weight) / spread * inner
