"""Steps that read the target stand before classifiers: what they read is the number of a label."""

import numpy as np
import pytest
from river import compose, feature_extraction, linear_model, metrics, stats

from olearn import evaluate, learners, preprocessing, streams


def rows(n=400):
    rng = np.random.default_rng(0)
    group, x = rng.integers(0, 5, n), rng.normal(size=n)
    y = (group > 2) ^ (rng.random(n) < 0.1)
    return np.c_[group, x].astype(np.float64), y


def ours():
    means = preprocessing.TargetAgg(by="group") + preprocessing.Select("x")
    return means | learners.LogisticRegression(classes=(False, True))


def rivers():
    means = feature_extraction.TargetAgg(by="group", how=stats.Mean()) + compose.Select("x")
    return means | linear_model.LogisticRegression()


@pytest.mark.parametrize("delay", [None, 9])
@pytest.mark.parametrize("kind", [bool, int])
def test_means_of_labels_are_those_of_river(kind, delay):
    """Labels True and False, or 1 and 0, have the means of river's TargetAgg, both ways."""
    X, y = rows()
    stream = streams.from_arrays(X, y.astype(kind), names=["group", "x"])
    pairs = [({"group": g, "x": x}, t) for (g, x), t in zip(X.tolist(), y.tolist(), strict=True)]
    how = {"metrics": metrics.LogLoss(), "delay": delay}
    blocks = evaluate.prequential(stream, ours(), block_size=70, **how)
    single = evaluate.prequential(pairs, ours(), **how)
    theirs = evaluate.prequential(pairs, rivers(), **how)
    assert (blocks.path, single.path, theirs.path) == ("blocks", "rows", "rows")
    assert blocks.values == single.values
    assert blocks.values["LogLoss"] == pytest.approx(theirs.values["LogLoss"], rel=1e-12)


@pytest.mark.parametrize("by_block", [True, False])
def test_words_have_no_mean(by_block):
    """A label that is no number is refused before anything is learnt."""
    X, _ = rows(4)
    model = preprocessing.TargetAgg(by=0) | learners.GaussianNB()
    learn = model.learn_many if by_block else model.learn_one
    given = (X, ["a"] * 4) if by_block else ({0: 1.0}, "a")
    with pytest.raises(ValueError, match="got the label 'a': a step of the pipeline reads"):
        learn(*given)
    assert model.labels == []
