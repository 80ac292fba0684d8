"""Learnt thresholds: against all choices tried, by rows and by blocks, budgets that hold."""

import numpy as np
import pytest
from toys import rare_rows

from olearn import evaluate, learners, preprocessing, streams
from olearn.learners.imbalance import kernels


def brute(scores, positive, aim, number):
    """Try all thresholds, and none; the largest of the best."""
    best, most = np.inf, None
    n, total = len(scores), positive.sum()
    for t in (np.inf, *sorted(set(scores), reverse=True)):
        said, hits = (scores >= t).sum(), positive[scores >= t].sum()
        if aim == kernels.BUDGET:
            gain = float(said) if said <= number * n else -1.0
        elif aim == kernels.COST:
            gain = -float((said - hits) + number * (total - hits))
        else:
            below = number**2 * total + said
            gain = float((1 + number**2) * hits / below) if below else 0.0
        if most is None or gain > most:
            best, most = t, gain
    return best


@pytest.mark.parametrize("seed", range(30))
def test_the_best_threshold_of_a_window(seed):
    """With ties and without, for all aims."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 60))
    scores = rng.random(n) if seed % 2 else rng.integers(0, 6, n) / 5
    positive = (rng.random(n) < 0.3).astype(float)
    window = np.vstack([scores, positive])
    for aim, number in ((kernels.F_BETA, 0.5), (kernels.F_BETA, 2.0), (kernels.BUDGET, 0.3),
                        (kernels.COST, 4.0)):  # fmt: skip
        found = kernels.best_threshold(window, n, np.array([aim, number, 1.0]))
        assert found == brute(scores, positive, aim, number)


MODELS = {
    "tree": lambda: learners.HoeffdingTreeClassifier(grace_period=50, delta=0.05),
    "pipeline": lambda: preprocessing.StandardScaler() | learners.LogisticRegression(),
}


@pytest.mark.parametrize("aim", ["f_beta", "budget", "cost"])
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("delay", [None, 40])
def test_blocks_are_rows(name, aim, delay):
    """Labels, thresholds and probabilities, with labels at once and late."""
    X, y = rare_rows()
    stream = streams.from_arrays(X, y)
    dicts = list(stream)
    models = [
        learners.ThresholdClassifier(MODELS[name](), "rare", aim, every=20, window_size=300)
        for _ in range(2)
    ]
    results = [
        evaluate.prequential(rows, model, delay=delay, progress=False)
        for rows, model in zip((stream, dicts), models, strict=True)
    ]
    assert [result.path for result in results] == ["blocks", "rows"]
    # the first rows, of which no label is known, are left out of one and wrong in the other
    right = [result.values["Accuracy"] * result.n for result in results]
    assert right[0] == pytest.approx(right[1], abs=1e-6 * len(X)) or abs(right[0] - right[1]) < 2
    assert models[0].threshold == models[1].threshold
    np.testing.assert_array_equal(models[0]._window, models[1]._window)
    assert [models[0].predict_one(x) for x, _ in dicts] == [
        models[1].predict_one(x) for x, _ in dicts
    ]


def test_a_budget_holds_while_the_rate_changes():
    """Of every 2,000 rows about as many are said as the budget allows."""
    parts = [rare_rows(6000, seed, rate) for seed, rate in ((1, 0.02), (2, 0.2))]
    X, y = (np.concatenate(part) for part in zip(*parts, strict=True))
    scaled = preprocessing.StandardScaler() | learners.LogisticRegression()
    model = learners.ThresholdClassifier(
        scaled, "rare", "budget", budget=0.1, window_size=300, every=10
    )
    said = model.test_then_train_many(X, y) == "rare"
    shares = said[2000:].reshape(-1, 2000).mean(axis=1)
    assert np.abs(shares - 0.1).max() < 0.04, shares


def test_rare_rows_are_found():
    """The threshold of F1 is far below one half where labels are rare."""
    X, y = rare_rows(20_000, rate=0.03)
    model = preprocessing.StandardScaler() | learners.LogisticRegression()
    chosen = learners.ThresholdClassifier(model.clone(), "rare", beta=2.0)
    recall = [
        np.mean(each.test_then_train_many(X, y)[y == "rare"] == "rare") for each in (model, chosen)
    ]
    assert recall[0] < 0.1 < 0.4 < recall[1]
    assert chosen.threshold < 0.3


def test_of_several_labels_the_most_probable_other_is_said():
    """Only the positive one has a threshold."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(2000, 2))
    y = np.where(X[:, 0] > 0.0, "a", np.where(X[:, 1] > 0.0, "b", "c"))
    tree = learners.HoeffdingTreeClassifier()
    never = learners.ThresholdClassifier(tree, "c", "budget", budget=1e-6, every=1)
    told = never.test_then_train_many(X, y)
    assert set(told[100:].tolist()) == {"a", "b"}
    for row in X[:20].tolist():
        x = dict(enumerate(row))
        proba = never.predict_proba_one(x)
        del proba["c"]
        assert never.predict_one(x) == max(proba, key=proba.get)


def test_before_any_label_is_known():
    """None, as every classifier; a lone label is said whatever the threshold."""
    model = learners.ThresholdClassifier(learners.HoeffdingTreeClassifier(), "yes")
    assert model.predict_one({"x": 1.0}) is None
    assert model.test_then_train_many(np.zeros((2, 1)), ["no", "no"]).tolist() == [None, "no"]
    assert model.predict_one({"x": 1.0}) == "no"
    alone = learners.ThresholdClassifier(learners.HoeffdingTreeClassifier(), "yes")
    alone.learn_one({"x": 1.0}, "yes")
    assert alone.predict_one({"x": 1.0}) == "yes"


@pytest.mark.parametrize(
    ("given", "words"),
    [({"aim": "f1"}, "aim"), ({"budget": 1.0}, "budget"), ({"miss_cost": 0.0}, "miss_cost")],
)
def test_refused(given, words):
    """Each says what it must be."""
    with pytest.raises(ValueError, match=words):
        learners.ThresholdClassifier(learners.HoeffdingTreeClassifier(), True, **given)
