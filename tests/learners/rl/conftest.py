"""Golden vectors, and the order of parameters in them: matrices (out, in), each with its bias.

The numbers come from the authors' program (March 2025, torch 2.13, one thread), and were derived
again by an independent float64 program. A name that ends in `[::n]` holds every n-th value.
"""

from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "golden" / "stream_x"


class Golden:
    """Reads the files and carries parameters between the two layouts."""

    def __call__(self, name):
        return np.load(FOLDER / f"{name}.npz")

    def blocks(self, layers, two_heads):
        """Yield matrices and biases in the golden order; a Gaussian head counts as two."""
        for i, (matrix, bias) in enumerate(layers):
            parts = 2 if two_heads and i == len(layers) - 1 else 1
            for rows in np.split(np.arange(len(bias)), parts):
                yield matrix, rows, bias

    def fill(self, layers, flat, two_heads=False):
        """Write golden parameters into the views of a network; returns how many were read."""
        at = 0
        for matrix, rows, bias in self.blocks(layers, two_heads):
            n = len(rows) * matrix.shape[1]
            matrix[rows] = flat[at : at + n].reshape(len(rows), -1)
            bias[rows] = flat[at + n : at + n + len(rows)]
            at += n + len(rows)
        return at

    def flat(self, layers, two_heads=False):
        """Return the parameters of a network in the golden order."""
        parts = [(m[rows].ravel(), b[rows]) for m, rows, b in self.blocks(layers, two_heads)]
        return np.concatenate([np.concatenate(part) for part in parts])


@pytest.fixture
def golden():
    return Golden()
