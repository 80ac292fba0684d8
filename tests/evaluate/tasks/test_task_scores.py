"""Tests of `olearn.evaluate.tasks.task_scores`."""

from pathlib import Path

import numpy as np
import pytest

from olearn.evaluate.intervals import mean_and_half_width
from olearn.evaluate.tasks import task_scores
from olearn.evaluate.tasks.class_incremental_result import SCORES

GOLDEN = Path(__file__).parents[2] / "golden" / "replay" / "metrics.npz"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("end accuracy", "avg_end_acc"),
        ("forgetting", "avg_end_fgt"),
        ("incremental accuracy", "avg_acc"),
        ("BWT+", "avg_bwtp"),
        ("FWT", "avg_fwt"),
    ],
)
def test_golden_vectors(name, key):
    """Means and half widths over three runs are those of the reference programs."""
    with np.load(GOLDEN) as file:
        found = mean_and_half_width(SCORES[name](file["acc"]))
        np.testing.assert_allclose(found, file[key], rtol=1e-6, atol=1e-12)


def naive_scores(a):
    """The definitions, as loops."""
    n = len(a)
    pairs = [(t, k) for t in range(n) for k in range(t)]
    gain = sum(a[t][k] - a[k][k] for t, k in pairs) / len(pairs)
    return {
        "end accuracy": sum(a[-1]) / n,
        "forgetting": sum(max(row[k] for row in a) - a[-1][k] for k in range(n)) / n,
        "incremental accuracy": sum(sum(a[t][: t + 1]) / (t + 1) for t in range(n)) / n,
        "BWT+": max(gain, 0.0),
        "FWT": sum(a[k][t] for t, k in pairs) / len(pairs),
    }


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n_tasks", [2, 5])
def test_definitions(seed, n_tasks):
    """Full matrices, as blurry streams give them, follow the definitions; runs keep apart."""
    rng = np.random.default_rng(seed)
    a = rng.random((3, n_tasks, n_tasks)) ** rng.choice([0.3, 3.0])
    for name, score in SCORES.items():
        expected = [naive_scores(run.tolist())[name] for run in a]
        np.testing.assert_allclose(score(a), expected, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(score(a[0]), expected[0], rtol=1e-12, atol=1e-15)


def test_last_task_counts_in_forgetting():
    """The mean is over all tasks, of which the last cannot be forgotten."""
    assert task_scores.forgetting([[1.0, 0.0], [0.5, 0.7]]) == pytest.approx(0.25)


def test_single_task():
    """One task has nothing to forget and nothing to transfer."""
    values = {name: float(score([[0.4]])) for name, score in SCORES.items()}
    expected = {"end accuracy": 0.4, "incremental accuracy": 0.4}
    assert values == pytest.approx(dict.fromkeys(SCORES, 0.0) | expected)


@pytest.mark.parametrize("a", [[0.1, 0.2], np.zeros((2, 3)), np.zeros((0, 0))])
def test_no_matrix(a):
    """Anything but square matrices is refused."""
    with pytest.raises(ValueError, match=r"a must have shape \(..., T, T\)"):
        task_scores.forgetting(a)
