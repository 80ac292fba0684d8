"""LODA beside river's."""

import numpy as np
import pytest
from river import anomaly

from olearn import learners

NAMES = list("fbadce")


def rows(n=800):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n, len(NAMES))) * np.array([1.0, 10.0, 1e-6, 1e9, 1.0, 0.0])
    X[7] = X[6]
    X[::50] = 0.0
    return X


def loop(model, given):
    scores = []
    for x in given:
        scores.append(model.score_one(x))
        model.learn_one(x)
    return scores


CASES = {
    "default": {},
    "few": {"n_bins": 3, "n_random_cuts": 5},
    "one": {"n_bins": 1, "n_random_cuts": 1},
}


@pytest.mark.parametrize("options", CASES.values(), ids=CASES)
@pytest.mark.parametrize("gaps", [False, True])
def test_scores_are_rivers(options, gaps):
    """Same seed, same scores; Python 3.12 sums more exactly than a loop, hence the tolerance."""
    X = rows()
    if gaps:
        X[1:][np.random.default_rng(2).random((len(X) - 1, len(NAMES))) < 0.1] = np.nan
    given = [{k: v for k, v in zip(NAMES, row, strict=True) if v == v} for row in X.tolist()]
    expected = loop(anomaly.LODA(seed=7, **options), given)
    ours = loop(learners.LODA(seed=7, **options), given)
    assert ours == pytest.approx(expected, rel=1e-12)
    blocks = learners.LODA(seed=7, **options).test_then_train_many(X, names=NAMES)
    assert blocks.tolist() == ours


def test_rare_rows_stand_out():
    """Rows that lie apart on all features have the highest scores."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(3_000, 4))
    rare = rng.random(len(X)) < 0.01
    X[rare] += 8.0
    scores = learners.LODA(seed=1).test_then_train_many(X)[500:]
    assert scores[rare[500:]].mean() > np.quantile(scores[~rare[500:]], 0.99)


def test_features_that_come_later_are_told():
    """They are not looked at, and the warning says which."""
    model = learners.LODA(seed=1)
    model.learn_many(np.ones((3, 2)), names=["a", "b"])
    with pytest.warns(UserWarning, match="LODA looks at .* hence not at 'c'"):
        model.learn_many(np.ones((3, 3)), names=["a", "b", "c"])
