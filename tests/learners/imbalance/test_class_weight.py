"""Weights by label: against slow counts, by rows and by blocks, around ours and river's."""

import pickle

import numpy as np
import pytest
from river import linear_model, naive_bayes
from river import preprocessing as theirs
from toys import rare_rows

import olearn
from olearn import evaluate, learners, preprocessing, streams


class Remembers(linear_model.LogisticRegression):
    """Keeps the weights that it is given."""

    def learn_one(self, x, y, w=1.0):
        vars(self).setdefault("given", []).append(w)
        super().learn_one(x, y == "rare", w)


def test_balanced_weights_are_rows_over_labels_and_faded_counts():
    """By a slow count of all rows so far."""
    X, y = rare_rows(300)
    model = learners.ClassWeightClassifier(Remembers(), fading_factor=0.9, limit=4.0)
    expected, counts = [], {}
    for row, label in zip(X.tolist(), y.tolist(), strict=True):
        counts = {known: 0.9 * count for known, count in counts.items()}
        counts[label] = counts.get(label, 0.0) + 1.0
        balanced = sum(counts.values()) / (len(counts) * counts[label])
        expected.append(min(balanced, 4.0) * 0.5)
        model.learn_one(dict(enumerate(row)), label, w=0.5)
    assert model.classifier.given == pytest.approx(expected, rel=1e-12)
    assert max(expected) == 2.0  # the limit was met


def test_weights_by_label():
    """A label without a weight has 1."""
    model = learners.ClassWeightClassifier(Remembers(), {"rare": 7.0})
    for label in ("rare", "usual", "rare"):
        model.learn_one({"x": 1.0}, label)
    assert model.classifier.given == [7.0, 1.0, 7.0]


MODELS = {
    "tree": learners.HoeffdingTreeClassifier,
    "forest": lambda: learners.ARFClassifier(n_models=3, seed=1),
    "pipeline": lambda: preprocessing.StandardScaler() | learners.LogisticRegression(),
    "bayes": learners.GaussianNB,
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("delay", [None, 30])
def test_blocks_are_rows(name, delay):
    """In an evaluation, with labels at once and late; then both go on alike."""
    X, y = rare_rows()
    stream = streams.from_arrays(X, y)
    dicts = list(stream)
    models = [learners.ClassWeightClassifier(MODELS[name]()) for _ in range(2)]
    results = [
        evaluate.prequential(rows, model, delay=delay, progress=False)
        for rows, model in zip((stream, dicts), models, strict=True)
    ]
    assert results[0].path == "blocks"
    told = [[model.predict_proba_one(x) for x, _ in dicts[:50]] for model in models]
    assert told[0] == told[1]
    assert models[0]._counts == models[1]._counts


def test_rare_rows_are_found():
    """A tree that never says the rare label does, once both weigh alike."""
    X, y = rare_rows(20_000, rate=0.02)
    plain, weighted = (
        model.test_then_train_many(X, y)
        for model in (
            learners.HoeffdingTreeClassifier(leaf_prediction="mc"),
            learners.ClassWeightClassifier(learners.HoeffdingTreeClassifier(leaf_prediction="mc")),
        )
    )
    recall = [np.mean(told[y == "rare"] == "rare") for told in (plain, weighted)]
    assert recall[0] < 0.2 < 0.5 < recall[1]


def test_saved_in_the_middle_it_goes_on(tmp_path):
    """Counts are in the file."""
    X, y = rare_rows()
    model = learners.ClassWeightClassifier(learners.HoeffdingTreeClassifier())
    model.learn_many(X[:700], y[:700])
    olearn.save(model, tmp_path / "weights.safetensors")
    others = olearn.load(tmp_path / "weights.safetensors"), pickle.loads(pickle.dumps(model))
    for each in (model, *others):
        each.learn_many(X[700:], y[700:])
    for other in others:
        assert other._counts == model._counts
        x = {0: 1.0, 1: 0.0, 2: 0.0}
        assert other.predict_proba_one(x) == model.predict_proba_one(x)


def test_rivers_pipelines_are_taken():
    """Row by row, which the result says."""
    X, y = rare_rows(200)
    model = theirs.StandardScaler() | linear_model.LogisticRegression()
    weighted = learners.ClassWeightClassifier(model, {True: 3.0})
    result = evaluate.prequential((X, y == "rare"), weighted, progress=False)
    assert (result.path, result.n) == ("rows", 200)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"class_weight": "even"}, "class_weight must be 'balanced' or a dict"),
        ({"class_weight": {"a": -1.0}}, r"class_weight\['a'\]"),
        ({"fading_factor": 0.0}, "fading_factor"),
        ({"limit": 0.0}, "limit"),
    ],
)
def test_refused(given, words):
    """Each says what it must be."""
    with pytest.raises((TypeError, ValueError), match=words):
        learners.ClassWeightClassifier(learners.HoeffdingTreeClassifier(), **given)


def test_what_cannot_be_weighted_is_refused():
    """A regressor has no labels, and some of river's take no weights."""
    with pytest.raises(TypeError, match="classifier must be a classifier"):
        learners.ClassWeightClassifier(linear_model.LinearRegression())
    with pytest.raises(ValueError, match="learn_one takes a weight w"):
        learners.ClassWeightClassifier(theirs.StandardScaler() | naive_bayes.GaussianNB())


def test_a_row_that_is_refused_is_not_counted():
    """Counts are those of the rows that were learnt."""
    model = learners.ClassWeightClassifier(learners.HoeffdingTreeClassifier())
    model.learn_one({"x": 1.0}, "a")
    with pytest.raises(ValueError, match="x"):
        model.learn_one({"x": float("inf")}, "a")
    with pytest.raises(ValueError, match="inf"):
        model.learn_many(np.array([[np.inf]]), ["a"], names=["x"])
    assert model._counts == {"a": 1.0}
