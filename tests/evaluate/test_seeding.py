"""Tests of `olearn.evaluate.seeding`: how many runs there are, and what a seed changes."""

import pytest
from river import compose, ensemble, forest, naive_bayes, preprocessing, tree
from river.datasets import Phishing, synth

from olearn import evaluate, learners, streams
from olearn.evaluate.seeding import check_seeds, has_seed, make_model, reseed_stream

NO_SEED = [({"a": 1.0}, "x")]
SEEDED = {
    "model": (forest.ARFClassifier(), NO_SEED),
    "step of a pipeline": (preprocessing.StandardScaler() | forest.ARFClassifier(), NO_SEED),
    "model in a model": (ensemble.BaggingClassifier(tree.HoeffdingAdaptiveTreeClassifier()), []),
    "function that makes models": (lambda seed: naive_bayes.GaussianNB(), NO_SEED),
    "stream": (naive_bayes.GaussianNB(), streams.load("sea", seed=1)),
    "stream of river": (naive_bayes.GaussianNB(), synth.SEA()),
    "function that makes streams": (naive_bayes.GaussianNB(), lambda seed: NO_SEED),
}
UNSEEDED = {
    "rows": (naive_bayes.GaussianNB(), NO_SEED),
    "data set": (naive_bayes.GaussianNB(), Phishing()),
    "pipeline": (compose.Pipeline(preprocessing.StandardScaler(), naive_bayes.GaussianNB()), []),
    "composed stream": (
        naive_bayes.GaussianNB(),
        streams.ConceptView(streams.load("sea", seed=1), swap_features=[("x0", "x1")]),
    ),
}


@pytest.mark.parametrize(("model", "stream"), SEEDED.values(), ids=SEEDED.keys())
def test_runs_that_depend_on_a_seed(model, stream):
    """A seed at any depth of the model, of the stream, or a function of one."""
    assert has_seed(model, stream)


@pytest.mark.parametrize(("model", "stream"), UNSEEDED.values(), ids=UNSEEDED.keys())
def test_runs_that_do_not(model, stream):
    """Where neither has a seed one run stands for all, and the stream is left as it is."""
    assert not has_seed(model, stream)
    assert reseed_stream(stream, 7) is stream


def test_seeds_are_set_at_any_depth():
    """In steps of pipelines and in models of models; everything else is as it was."""
    scaled = preprocessing.StandardScaler() | forest.ARFClassifier(n_models=3, seed=1)
    made = make_model(scaled, 7)["ARFClassifier"]
    assert (made.seed, made.n_models) == (7, 3)
    assert scaled["ARFClassifier"].seed == 1
    inner = tree.HoeffdingAdaptiveTreeClassifier(grace_period=77, seed=1)
    bagged = make_model(ensemble.BaggingClassifier(inner, n_models=2, seed=1), 7)
    assert (bagged.seed, bagged.model.seed, bagged.model.grace_period) == (7, 7, 77)


def test_classes_are_made_as_they_come():
    """Their first parameter is no seed: a tree would get a grace period of 1, and say nothing."""
    made = make_model(learners.HoeffdingTreeClassifier, 1)
    assert (type(made), made.grace_period) == (learners.HoeffdingTreeClassifier, 200)
    forest_of_ten = make_model(learners.ARFClassifier, 7)
    assert (forest_of_ten.n_models, forest_of_ten.seed) == (10, 7)
    assert reseed_stream(streams.LED, 7).seed == 7
    assert has_seed(learners.ARFClassifier, NO_SEED)
    assert not has_seed(learners.HoeffdingTreeClassifier, NO_SEED)
    by_class = evaluate.compare(
        {"tree": learners.HoeffdingTreeClassifier}, {"led": streams.LED}, max_samples=500
    )
    by_object = evaluate.compare(
        {"tree": learners.HoeffdingTreeClassifier()}, {"led": streams.LED(seed=1)}, max_samples=500
    )
    assert by_class.results[0].values == by_object.results[0].values


def test_seeds_given():
    """A number means that many; a list, itself."""
    assert check_seeds(3) == [1, 2, 3]
    assert check_seeds((5, 0)) == [5, 0]
