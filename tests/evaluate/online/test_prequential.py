"""The test-then-train loop: order, windows, its two paths, detectors and arguments."""

import io
import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console
from river import (
    cluster,
    compose,
    drift,
    linear_model,
    metrics,
    naive_bayes,
)
from river import preprocessing as river_preprocessing
from river.datasets import synth
from toys import Above, Blobs, Centroids, LastLabel, rows_of

from olearn import detectors, evaluate, learners, preprocessing, registry, streams
from olearn.evaluate import progress
from olearn.evaluate.online import paths


def same_figures(result):
    """Everything in a result that must not depend on the path taken."""
    fields = vars(result).copy()
    for name in ("path", "why", "seconds", "cpu_seconds", "memory", "environment"):
        del fields[name]
    return fields


# -- order, windows, figures ---------------------------------------------------------------------


def test_each_row_is_predicted_before_it_is_learnt():
    """Requirement: predict row t, then learn row t, for every row in order."""
    model = LastLabel()
    evaluate.prequential(rows_of("aab"), model, metrics.Accuracy())
    assert model.log == [(call, row) for row in range(3) for call in ("predict", "learn")]


def test_windows_and_curves_by_hand():
    """Requirement: a window holds rows [i w, (i+1) w); rows without a prediction have no score."""
    result = evaluate.prequential(rows_of("aabbb"), LastLabel(), metrics.Accuracy(), window=2)
    # predictions: none a a b b; right: - 1 0 1 1
    assert result.ends == [2, 4, 5]
    assert result.windows == {"Accuracy": [1.0, 0.5, 1.0]}
    assert result.curves == {"Accuracy": pytest.approx([1.0, 2 / 3, 0.75])}
    assert result.values == {"Accuracy": 0.75}
    assert (result.n, result.n_scored, result.path) == (5, 4, "rows")


def test_empty_stream_gives_an_empty_result():
    """Requirement: no rows, no windows, and no division by zero."""
    result = evaluate.prequential([], LastLabel(), metrics.Accuracy())
    assert (result.n, result.ends, result.windows) == (0, [], {"Accuracy": []})
    assert math.isnan(result.values["Accuracy"])
    assert math.isnan(result.rows_per_second)


@pytest.mark.parametrize("delay", [100, math.inf])
def test_nothing_scored_is_no_figure(delay, tmp_path):
    """Requirement: where no label came in time, values are NaN and null, tables say `-` and why."""
    rows = [({"a": float(i)}, "x") for i in range(50)]
    model = learners.HoeffdingTreeClassifier()
    chosen = [metrics.Accuracy(), metrics.CrossEntropy(), metrics.MacroF1()]
    result = evaluate.prequential(rows, model, chosen, delay=delay, window=20)
    assert (result.n, result.n_scored) == (50, 0)
    for values in (result.values, *({n: v[-1] for n, v in result.windows.items()},)):
        assert all(math.isnan(value) for value in values.values())
    assert json.loads(result.to_json())["values"] == dict.fromkeys(result.values)
    again = type(result).from_json(result.to_json())
    assert [*map(math.isnan, again.values.values())] == [True] * 3
    text = " ".join(str(result).split())
    assert "0.00" not in text
    assert "no row is scored: the model had no prediction" in text
    result.to_html(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "no row is scored" in page
    assert "<td>-</td>" in page


def test_rows_before_any_label_are_apart():
    """Requirement: they count for no metric, window by window, and the table says how many."""
    rows = [({"a": float(i)}, "x") for i in range(50)]
    model = learners.HoeffdingTreeClassifier()
    result = evaluate.prequential(rows, model, metrics.Accuracy(), delay=29, window=20)
    assert result.n_scored == 20
    assert result.values == {"Accuracy": 1.0}
    assert math.isnan(result.windows["Accuracy"][0])
    assert result.windows["Accuracy"][1:] == [1.0, 1.0]
    assert "30 rows are not scored" in str(result)
    assert "scored" not in str(evaluate.prequential(rows, model.clone(), metrics.Accuracy()))


def test_a_comparison_without_figures():
    """Requirement: a model that was never scored has a dash and no rank."""
    rows = [({"a": float(i)}, "x") for i in range(50)]
    late = learners.HoeffdingTreeClassifier()
    scored = evaluate.prequential(rows, late.clone(), metrics.Accuracy())
    unscored = evaluate.prequential(rows, late, metrics.Accuracy(), delay=60)
    both = evaluate.Comparison([replace(scored, model="now"), replace(unscored, model="never")])
    assert both.ranks() == {"now": 1.0}
    assert both.table().lines == [["now", "100.00%", "1.00"], ["never", "-", "-"]]


def test_max_samples_and_predictions():
    """Requirement: the first rows only, and every prediction made, when asked for."""
    result = evaluate.prequential(
        rows_of("aabbb"), LastLabel(), metrics.Accuracy(), max_samples=4, keep_predictions=True
    )
    assert (result.n, result.predictions) == (4, [None, "a", "a", "b"])


def test_clock_runs_for_the_model_alone(monkeypatch):
    """Requirement: time spent in the stream and in the metrics is not the model's."""
    now = itertools.count()
    clock = {"now": 0.0}

    class Slow(LastLabel):
        def learn_one(self, x, y):
            clock["now"] += 1.0
            super().learn_one(x, y)

    def rows():
        for i in now:
            clock["now"] += 100.0
            yield {"row": i}, "a"

    monkeypatch.setattr(paths.time, "perf_counter", lambda: clock["now"])
    monkeypatch.setattr(paths.time, "process_time", lambda: 2 * clock["now"])
    result = evaluate.prequential(rows(), Slow(), metrics.Accuracy(), max_samples=50)
    assert (result.seconds, result.cpu_seconds) == (50.0, 100.0)
    assert (result.rows_per_second, result.rows_per_cpu_second) == (1.0, 0.5)


# -- the path of blocks -------------------------------------------------------------------------


@pytest.mark.parametrize(("window", "block_size"), [(100, 10_000), (100, 33), (64, 64), (1000, 7)])
@pytest.mark.parametrize("max_samples", [None, 431])
def test_blocks_and_rows_give_the_same_result(window, block_size, max_samples):
    """Requirement: the path of blocks changes no figure, whatever the block and window sizes."""
    settings = {"window": window, "max_samples": max_samples, "keep_predictions": True}
    settings["detector"] = drift.ADWIN(delta=0.5)
    stream = Blobs()
    by_block = evaluate.prequential(stream, Centroids(), block_size=block_size, **settings)
    stream_of_rows = Blobs()
    model = compose.Pipeline(Centroids())  # a pipeline has no array door
    by_row = evaluate.prequential(stream_of_rows, model, **settings)
    assert (by_block.path, by_row.path) == ("blocks", "rows")
    assert same_figures(by_block) == same_figures(by_row)
    assert by_block.n == (max_samples or 555)


@pytest.mark.parametrize("stream", ["led", "rbf"])
@pytest.mark.parametrize("name", ["hoeffding-tree", "hoeffding-adaptive-tree", "arf", "driftmoe"])
def test_real_learners_give_the_same_result_both_ways(name, stream):
    """Requirement: our learners score alike by blocks and by dicts, nominal features included."""
    source = streams.load(stream, seed=3)
    settings = {"max_samples": 2_500, "window": 700, "keep_predictions": True}
    by_block, by_row = (
        evaluate.prequential(
            source,
            wrap(registry.make_learner(name, nominal=source.schema.nominal, seed=2)),
            **settings,
        )
        for wrap in (lambda model: model, compose.Pipeline)
    )
    assert (by_block.path, by_row.path) == ("blocks", "rows")
    assert same_figures(by_block) == same_figures(by_row)


def test_usage_and_drifts_by_window():
    """Requirement: expert usage and the model's own drifts are differences between windows."""
    result = evaluate.prequential(Blobs(), Centroids(), window=100)
    assert np.sum(result.expert_usage, axis=1).tolist() == [100] * 5 + [55]
    assert result.model_drifts == [1, 1, 2, 1, 2, 0]
    assert result.drift_positions == [300]


def test_drifts_beyond_the_rows_read_are_left_out():
    """Requirement: true drifts that were not reached are not reported."""
    assert evaluate.prequential(Blobs(), Centroids(), max_samples=300).drift_positions == []


def test_warm_up_leaves_the_model_alone():
    """Requirement: the run leaves the model as the plain loop over the rows does."""
    model, plain = Centroids(), Centroids()
    evaluate.prequential(Blobs(), model, window=64)
    for x, y in Blobs():
        plain.learn_one(x, y)
    np.testing.assert_array_equal(model._sums, plain._sums)


def some_delay(i, x, y):
    return None if i % 5 == 0 else (i * 7) % 90 + (next(iter(x.values())) > 0) + (y == 0)


SETTINGS = {
    "late": {"delay": 3},
    "very late": {"delay": 140},
    "at once": {"delay": 0},
    "never": {"delay": np.inf},
    "each its own": {"delay": some_delay},
    "probabilities": {"metrics": metrics.CrossEntropy()},
    "both": {"metrics": [metrics.CrossEntropy(), metrics.Accuracy()], "delay": some_delay},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("block_size", [7, 10_000])
def test_late_labels_and_probabilities_are_the_same_both_ways(settings, block_size):
    """Blocks give the figures of rows, whatever labels come when, and what metrics read."""
    settings = {"window": 100, "keep_predictions": True, **settings}
    by_block = evaluate.prequential(Blobs(), Centroids(), block_size=block_size, **settings)
    by_row = evaluate.prequential(Blobs(), compose.Pipeline(Centroids()), **settings)
    assert (by_block.path, by_block.why) == ("blocks", "")
    assert (by_row.path, by_row.why) == ("rows", "the pipeline is river's own: join its steps by |")
    assert_same(same_figures(by_block), same_figures(by_row))


def assert_same(first, second):
    """Compare figures of which some are NaN."""
    assert json.dumps(first, default=str) == json.dumps(second, default=str)


@pytest.mark.parametrize("block_size", [50, 10_000])
def test_pipelines_run_in_blocks(block_size):
    """A compiled pipeline gives the figures of the same steps in river's pipeline."""
    source = streams.load("image_segments")
    settings = {"metrics": [metrics.CrossEntropy(), metrics.Accuracy()], "delay": 60, "window": 100}

    def steps():
        return preprocessing.StandardScaler(), registry.make_learner("hoeffding-tree")

    scaler, tree = steps()
    by_block = evaluate.prequential(source, scaler | tree, block_size=block_size, **settings)
    by_row = evaluate.prequential(source, compose.Pipeline(*steps()), **settings)
    assert (by_block.path, by_row.path) == ("blocks", "rows")
    for result in (by_block, by_row):
        result.model_parameters = ""
    assert_same(same_figures(by_block), same_figures(by_row))


def test_what_keeps_a_run_from_blocks_is_said():
    """Each reason names the step or the model."""
    source = streams.load("sea", seed=1)
    tree = registry.make_learner("hoeffding-tree")
    theirs = river_preprocessing.StandardScaler() | tree.clone()
    cases = [
        (source, theirs, "step 1, StandardScaler, is not compiled"),
        (list(source.take(50)), tree, "the stream gives single rows, not blocks"),
        (source, naive_bayes.BernoulliNB(), "BernoulliNB is not compiled"),
    ]
    for stream, model, why in cases:
        result = evaluate.prequential(stream, model, max_samples=50)
        assert (result.path, result.why) == ("rows", why)


# -- detectors -----------------------------------------------------------------------------------


def test_detector_sees_the_errors_of_scored_rows():
    """Requirement: alarms stand at the rows whose error raised them; the detector is cloned."""
    detector = Above()
    result = evaluate.prequential(
        rows_of("aabba"), LastLabel(), metrics.Accuracy(), detector=detector, window=2
    )
    assert (result.alarms, result.detector) == ([2, 4], "Above")
    assert not detector.drift_detected


@pytest.mark.parametrize(
    "detector",
    [drift.ADWIN(delta=0.5), detectors.ADWIN(delta=0.5), drift.binary.DDM(30, 1.0, 1.5)],
    ids=["row by row", "arrays", "binary"],
)
def test_alarms_as_in_a_plain_loop(detector):
    """Requirement: river's detectors signal where a loop over the errors says."""
    result = evaluate.prequential(Blobs(), Centroids(), detector=detector, keep_predictions=True)
    alarms = []
    for i, ((_, y), y_pred) in enumerate(zip(Blobs(), result.predictions, strict=True)):
        if y_pred is not None:
            detector.update(y != y_pred)
            if detector.drift_detected:
                alarms.append(i)
    assert result.alarms == alarms
    assert alarms


def test_detector_of_a_regressor_sees_absolute_errors():
    """Requirement: for numbers the error is |y - prediction|."""
    result = evaluate.prequential(
        [({}, 0.2), ({}, 5.0), ({}, 0.1)],
        linear_model.LinearRegression(intercept_lr=1e-9),
        detector=Above(),
    )
    assert result.alarms == [1]


def test_binary_detector_of_a_regressor():
    """Requirement: a detector of yes and no is refused for numbers."""
    with pytest.raises(ValueError, match="detector must take numbers for a regressor"):
        evaluate.prequential([], linear_model.LinearRegression(), detector=drift.binary.DDM())


# -- arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"window": 0}, ValueError, "window"),
        ({"max_samples": 0}, ValueError, "max_samples"),
        ({"block_size": 2.5}, TypeError, "block_size"),
        ({"metrics": []}, ValueError, "metrics must name at least one"),
        ({"metrics": ["Accuracy"]}, TypeError, "metrics must be river metrics, got 'Accuracy'"),
        ({"metrics": metrics.MAE()}, ValueError, "MAE does not work with"),
        ({"metrics": metrics.ClassificationReport()}, ValueError, "ClassificationReport"),
        ({"detector": "adwin"}, TypeError, "detector must be a drift detector, got 'adwin'"),
    ],
)
def test_bad_arguments_are_refused_before_any_row(settings, error, words):
    """Requirement: the message names the argument; the model has seen nothing."""
    model = LastLabel()
    with pytest.raises(error, match=words):
        evaluate.prequential(rows_of("ab"), model, **settings)
    assert model.log == []


@pytest.mark.parametrize("stream", [Blobs(n_samples=None), synth.SEA(seed=1)])
def test_endless_streams_need_a_limit(stream):
    """Requirement: an endless stream without `max_samples` is refused, not run for ever."""
    with pytest.raises(ValueError, match="max_samples must be given for an endless stream"):
        evaluate.prequential(stream, naive_bayes.GaussianNB())


def test_model_without_usual_metrics():
    """Requirement: where no metrics are usual, the message asks for them."""
    with pytest.raises(ValueError, match="metrics must be given"):
        evaluate.prequential([], cluster.KMeans())


# -- progress ------------------------------------------------------------------------------------


def test_progress_function_is_told_how_far(capsys):
    """Requirement: a function gets the rows done and words; nothing is drawn off a terminal."""
    calls = []
    evaluate.prequential(
        Blobs(), Centroids(), window=100, progress=lambda n, words: calls.append((n, words))
    )
    evaluate.prequential(Blobs(), Centroids(), progress=True)
    assert [n for n, _ in calls] == [100, 200, 300, 400, 500, 555]
    assert calls[-1][1].startswith("Accuracy ")
    assert capsys.readouterr() == ("", "")


def on_a_terminal(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(
        progress, "Console", lambda stderr: Console(file=screen, force_terminal=True, width=120)
    )
    return screen


def test_bars_on_a_terminal(monkeypatch):
    """Requirement: on a terminal a bar names the model, its rows and how it goes."""
    screen = on_a_terminal(monkeypatch)
    evaluate.prequential(Blobs(), Centroids(), window=100, progress=True)
    drawn = screen.getvalue()
    assert [w for w in ("Centroids", "/555", "Accuracy", "%") if w not in drawn] == []


@pytest.mark.parametrize("wanted", [None, False])
def test_short_and_silent_runs_draw_nothing(monkeypatch, wanted):
    """Requirement: a run shorter than a second flashes no bar unless asked to."""
    screen = on_a_terminal(monkeypatch)
    evaluate.prequential(Blobs(), Centroids(), window=100, progress=wanted)
    assert screen.getvalue() == ""


# -- numbers as targets --------------------------------------------------------------------------


def numeric_stream(n=400):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(n, 3))
    y = X @ [1.0, -2.0, 0.5] + rng.normal(size=n) / 10
    return streams.from_arrays(X, y, target="numbers")


@pytest.mark.parametrize(
    "make",
    [
        learners.AnalyticRidgeRegressor,
        lambda: learners.StreamTDRegressor(gamma=0.0, hidden=(16,), seed=1),
    ],
    ids=["ridge", "td"],
)
def test_regressors_give_the_same_result_both_ways(make):
    """Blocks of numbers give the figures of the rows, and those of river's own loop."""
    stream = numeric_stream()
    options = {"window": 150, "detector": drift.PageHinkley(), "keep_predictions": True}
    blocks = evaluate.prequential(stream, make(), block_size=70, **options)
    rows = evaluate.prequential(list(stream), make(), **options)
    assert (blocks.path, rows.path) == ("blocks", "rows")
    assert blocks.predictions == rows.predictions
    assert blocks.alarms == rows.alarms
    assert blocks.windows == rows.windows
    metric, model = metrics.MAE() + metrics.RMSE(), make()
    for x, y in stream:
        metric.update(y, model.predict_one(x))
        model.learn_one(x, y)
    assert [blocks.values["MAE"], blocks.values["RMSE"]] == pytest.approx(metric.get(), rel=1e-12)


def test_targets_that_do_not_suit_the_model_are_refused():
    """A classifier learns no numbers, by blocks or by rows; without a target nothing is scored."""
    for model in (learners.HoeffdingTreeClassifier(), naive_bayes.GaussianNB()):
        with pytest.raises(ValueError, match=r"it has Numbers\(\): give a regressor"):
            evaluate.prequential(numeric_stream(), model)
    bare = streams.from_arrays(np.ones((3, 1)), None)
    with pytest.raises(ValueError, match="stream must have a target"):
        evaluate.prequential(bare, learners.AnalyticRidgeRegressor())
