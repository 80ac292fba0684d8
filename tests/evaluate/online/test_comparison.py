"""Several models, streams and seeds: means, intervals, ranks, and slow models on a prefix."""

import joblib
import numpy as np
import pytest
from joblib.parallel import ThreadingBackend
from river import datasets, dummy, forest, metrics, naive_bayes, preprocessing, tree
from river.datasets import synth
from toys import Blobs

from olearn import evaluate
from olearn.evaluate import Comparison, seeding
from olearn.evaluate.online.prequential_result import Result
from olearn.show.tables import results_table


def run(model, stream, accuracy, n=1000, seed=1, bigger_is_better=True):
    """A result with the fields that a comparison reads."""
    return Result(
        model=model,
        stream=stream,
        model_parameters="",
        stream_parameters="",
        seed=seed,
        n=n,
        n_scored=n,
        window=100,
        values={"Accuracy": accuracy},
        windows={"Accuracy": [accuracy]},
        curves={"Accuracy": [accuracy]},
        ends=[n],
        formats={"Accuracy": ".2%"},
        bigger_is_better={"Accuracy": bigger_is_better},
        drift_positions=[],
        detector=None,
        alarms=[],
        model_drifts=None,
        expert_usage=None,
        seconds=1.0,
        cpu_seconds=1.0,
        memory=None,
        path="rows",
        delay="none",
        environment={},
    )


# -- figures -------------------------------------------------------------------------------------


def test_mean_and_interval_by_hand():
    """Requirement: the half width is t(0.975, n - 1) s / sqrt(n); none for a single run."""
    runs = [run("a", "s", accuracy, seed=i) for i, accuracy in enumerate([0.7, 0.8, 0.9])]
    value, half_width = Comparison(runs).mean("Accuracy", "a", "s")
    assert value == pytest.approx(0.8)
    assert half_width == pytest.approx(4.302652729911275 * 0.1 / np.sqrt(3))  # t table, 2 df
    assert Comparison(runs[:1]).mean("Accuracy", "a", "s") == pytest.approx(
        (0.7, np.nan), nan_ok=True
    )


def test_ranks_share_ties_and_average_over_streams():
    """Requirement: rank 1 is best, ties share their mean rank, streams count equally."""
    results = [run("a", "s", 0.9), run("b", "s", 0.8), run("c", "s", 0.8)]
    results += [run("a", "t", 0.1), run("b", "t", 0.3), run("c", "t", 0.2)]
    assert Comparison(results).ranks() == {"a": 2.0, "b": 1.75, "c": 2.25}


def test_ranks_of_errors_prefer_small_values():
    """Requirement: a metric whose smaller values are better ranks the other way round."""
    results = [run("a", "s", 0.9, bigger_is_better=False), run("b", "s", 0.8)]
    results[1].bigger_is_better = {"Accuracy": False}
    assert Comparison(results).ranks() == {"a": 2.0, "b": 1.0}


def test_a_prefix_has_no_rank_and_says_so():
    """Requirement: a model that saw fewer rows is not ranked, and its cell names the rows."""
    both = Comparison([run("fast", "s", 0.8), run("slow", "s", 0.9, n=500)])
    assert both.ranks() == {"fast": 1.0}
    text = " ".join(str(both).split())
    assert "90.00% (500 rows)" in text
    assert "80.00%" in text
    assert "first rows of s have no rank" in text


def test_first_runs_stand_for_the_others():
    """Requirement: on each stream the first seed of every model, in the order of the models."""
    found = Comparison(
        [run(m, s, 0.5, seed=seed) for s in "st" for m in ("b", "a") for seed in (4, 2)]
    )
    assert by_names(found.first_runs("t")) == [("t", "b", 4), ("t", "a", 4)]


def test_table_compares_on_the_common_prefix():
    """Requirement: where lengths differ, all models are shown at the shortest length too."""
    fast = run("fast", "s", 0.8)
    fast.ends, fast.curves = [500, 1000], {"Accuracy": [0.6, 0.8]}
    table = str(results_table([fast, run("slow", "s", 0.9, n=500)], "s"))
    assert "first 500" in table
    assert "60.00%" in table


# -- running -------------------------------------------------------------------------------------


def by_names(results):
    return [(result.stream, result.model, result.seed) for result in results]


def test_every_model_stream_and_seed_is_run_once():
    """Requirement: order stream, model, seed; what has no seed is run once."""
    found = evaluate.compare(
        {"tree": tree.HoeffdingAdaptiveTreeClassifier(), "prior": dummy.PriorClassifier()},
        {"blobs": Blobs(), "phishing": datasets.Phishing()},
        seeds=2,
        max_samples=50,
    )
    assert by_names(found.results) == [
        ("blobs", "tree", 1),
        ("blobs", "tree", 2),
        ("blobs", "prior", 1),
        ("blobs", "prior", 2),
        ("phishing", "tree", 1),
        ("phishing", "tree", 2),
        ("phishing", "prior", 1),
    ]


def test_seeds_reach_models_and_streams():
    """Requirement: nested `seed` parameters are set, streams re-made, and the models cloned."""
    model = preprocessing.StandardScaler() | forest.ARFClassifier(n_models=2)
    found = evaluate.compare({"arf": model}, {"blobs": Blobs()}, seeds=[5, 6], max_samples=60)
    assert ["seed = 5" in r.model_parameters for r in found.results] == [True, False]
    assert ["seed: 5" in r.stream_parameters for r in found.results] == [True, False]
    assert model["ARFClassifier"].seed is None
    assert len(model["ARFClassifier"]) == 0


def test_functions_of_a_seed_make_models_and_streams():
    """Requirement: a function is called with the seed of each run."""
    seen = []

    def make(seed):
        seen.append(seed)
        return naive_bayes.GaussianNB()

    evaluate.compare(
        {"nb": make}, {"sea": lambda seed: synth.SEA(seed=seed)}, seeds=[3, 9], max_samples=10
    )
    assert seen == [3, 9]


def test_composed_streams_keep_their_seeds():
    """Requirement: a stream made of streams is left as it is, since its parts have seeds too."""
    stream = Blobs(seed=7)

    class Both(Blobs):
        def __init__(self, parts, seed=0):
            super().__init__(seed=seed)
            self.parts = parts

    composed = Both([stream, stream], seed=7)
    assert seeding.reseed_stream(composed, 3) is composed
    assert seeding.reseed_stream(stream, 3).seed == 3


def test_limits_by_model():
    """Requirement: slow models can be given fewer rows, by name."""
    models = {"slow": naive_bayes.GaussianNB(), "fast": dummy.NoChangeClassifier()}
    found = evaluate.compare(
        models, {"phishing": datasets.Phishing()}, max_samples={"slow": 40}, metrics=metrics.MCC()
    )
    assert [result.n for result in found.results] == [40, 1250]
    assert found.metrics == ["MCC"]


def test_processes_give_the_same_figures():
    """Requirement: the number of processes changes no figure; functions travel too."""
    models = {"nb": lambda seed: naive_bayes.GaussianNB(), "prior": dummy.PriorClassifier()}
    one, two = (
        evaluate.compare(models, {"ph": datasets.Phishing()}, max_samples=200, n_jobs=n)
        for n in (1, 2)
    )
    assert [result.values for result in one.results] == [result.values for result in two.results]
    assert by_names(one.results) == by_names(two.results)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"models": {}}, "models must not be empty"),
        ({"streams": {}}, "streams must not be empty"),
        ({"seeds": 0}, "seeds must be in"),
        ({"seeds": []}, "seeds must not be empty"),
        ({"n_jobs": 0}, "n_jobs must be in"),
        ({"max_samples": {"arf": 10}}, r"max_samples must name models in \['nb'\], got \['arf'\]"),
    ],
)
def test_bad_arguments(settings, words):
    """Requirement: the message names the argument and what was got."""
    usual = {"models": {"nb": naive_bayes.GaussianNB()}, "streams": {"blobs": Blobs()}}
    with pytest.raises(ValueError, match=words):
        evaluate.compare(**{**usual, **settings})


# -- output --------------------------------------------------------------------------------------


def test_json_round_trip_and_plot(tmp_path):
    """Requirement: a comparison survives JSON, and draws one panel a stream."""
    found = Comparison([run("a", "s", 0.9), run("a", "t", 0.8)])
    found.to_json(tmp_path / "c.json")
    assert Comparison.from_json(tmp_path / "c.json") == found
    assert [ax.get_title(loc="left") for ax in found.plot().axes] == ["s", "t"]


class AllAtOnce(ThreadingBackend):
    """A backend that, as Ray's, cannot give results one after the other."""

    supports_return_generator = False


def test_backends_that_give_all_results_at_the_end():
    """Requirement: a comparison runs on any backend of joblib, with the same results."""
    models = {"nb": naive_bayes.GaussianNB(), "same": dummy.NoChangeClassifier()}
    joblib.register_parallel_backend("all at once", AllAtOnce)
    with joblib.parallel_config(backend="all at once"):
        found = evaluate.compare(models, {"ph": datasets.Phishing()}, max_samples=200, n_jobs=2)
    wanted = evaluate.compare(models, {"ph": datasets.Phishing()}, max_samples=200)
    assert [r.values for r in found.results] == [r.values for r in wanted.results]
