"""The Brier score: scikit-learn is the oracle."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from olearn.core.labels import CodedLabels, CodedProba
from olearn.metrics import Brier, update_many


def test_the_value_is_scikit_learns():
    """Of rows, of lists, of arrays and of a matrix of probabilities with words for labels."""
    rng = np.random.default_rng(7)
    truth, p = rng.random(1_500) < 0.4, rng.random(1_500)
    found = [Brier(), Brier(), Brier(pos_val="yes")]
    for t, score in zip(truth.tolist(), p.tolist(), strict=True):
        found[0].update(t, score)
    update_many(found[1], truth, p)
    labels = ["no", "yes"]
    coded = CodedLabels(truth.astype(np.int64), labels)
    update_many(found[2], coded, CodedProba(np.column_stack([1 - p, p]), labels))
    assert found[0].get() == found[1].get() == found[2].get()
    assert found[0].get() == pytest.approx(brier_score_loss(truth, p))
    assert not found[0].bigger_is_better


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan"), float("inf")])
def test_what_is_no_probability_is_refused(p):
    """By name, of rows and of arrays."""
    with pytest.raises(ValueError, match=r"y_pred must be in \[0, 1\]"):
        Brier().update(True, p)
    with pytest.raises(ValueError, match=r"y_pred must be in \[0, 1\]"):
        update_many(Brier(), [True], [p])
