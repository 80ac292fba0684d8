"""The exact area under the precision-recall curve: scikit-learn is the oracle."""

import math

import numpy as np
import pytest
from river import metrics
from sklearn.metrics import average_precision_score

from olearn.metrics import PRAUC, WindowedPRAUC, update_many

CASES = {
    "spread": lambda rng, n: (rng.random(n) < 0.4, rng.random(n)),
    "ties": lambda rng, n: (rng.random(n) < 0.1, np.round(rng.random(n), 1)),
    "all equal": lambda rng, n: (rng.random(n) < 0.5, np.full(n, 0.25)),
    "all positive": lambda rng, n: (np.ones(n, bool), rng.random(n)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_value_is_scikit_learns(case):
    """Of the newest 50 rows after each row, and of all rows read in arrays."""
    truth, scores = CASES[case](np.random.default_rng(7), 600)
    windowed, whole = WindowedPRAUC(window=50), PRAUC()
    for i in range(len(truth)):
        windowed.update(bool(truth[i]), float(scores[i]))
        part = slice(max(0, i - 49), i + 1)
        if truth[part].any():
            wanted = average_precision_score(truth[part], scores[part])
            assert windowed.get() == pytest.approx(wanted, rel=1e-12)
        else:
            assert math.isnan(windowed.get())
    for part in (slice(0, 1), slice(1, 450), slice(450, 600)):
        update_many(whole, truth[part], scores[part])
    assert whole.get() == pytest.approx(average_precision_score(truth, scores), rel=1e-12)


def test_a_fault_of_river_that_is_not_followed():
    """River joins points by straight lines, which precision does not follow.

    If it mends that, this test tells.
    """
    theirs, ours = metrics.RollingPRAUC(), WindowedPRAUC()
    for truth in (True, False):
        theirs.update(truth, 0.5)
        ours.update(truth, 0.5)
    assert (theirs.get(), ours.get()) == (0.75, 0.5)
