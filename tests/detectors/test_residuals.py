"""Tests of the residuals' scores: the values of an independent implementation."""

from pathlib import Path

import numpy as np
import pytest

from olearn.detectors._residuals import residual_score, residual_size, residual_start

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "htm_sprt" / "sprt_traces.npz")


def scores(observed, predicted, window_size, k=1.0):
    state = np.empty(residual_size(window_size))
    residual_start(state, window_size, k)
    return [residual_score(state, o, p) for o, p in zip(observed, predicted, strict=True)]


@pytest.mark.parametrize(("window_size", "k"), [(15, 1), (25, 1), (35, 1), (25, 2)])
def test_equals_the_reference(window_size, k):
    """Scores are the reference's for all windows of the paper."""
    got = scores(GOLDEN["rs_obs"], GOLDEN["rs_pred"], window_size, float(k))
    np.testing.assert_allclose(got, GOLDEN[f"rs_out_w{window_size}_k{k}"], rtol=0, atol=1e-9)


def test_equal_observations():
    """Where the window has no deviation, a residual of 0 scores 0 and any other 1."""
    got = scores([2.0] * 10, [2.0] * 8 + [2.5, 2.0], 5)
    assert got == [0.0] * 8 + [1.0, 0.0]
