"""Tests of `olearn.evaluate.class_incremental` and its result."""

import json

import numpy as np
import pytest
from river import base, compose, naive_bayes, preprocessing
from sklearn.datasets import load_digits

from olearn import evaluate, learners, streams
from olearn.evaluate.tasks.class_incremental_result import TaskRun, incremental_table

DIGITS, LABELS = load_digits(return_X_y=True)


def digits(seed=1, n_tasks=5, images=False, **options):
    """The digits as a stream, as rows or as images of one channel."""
    X = DIGITS.reshape(-1, 1, 8, 8).astype(np.uint8) if images else DIGITS
    arrays = (X[:1400], LABELS[:1400], X[1400:], LABELS[1400:])
    return streams.ClassIncremental(*arrays, n_tasks, seed=seed, **options)


class LastTask:
    """Predicts the labels of the task learnt last; notes what is asked of it."""

    takes_blocks = True

    def __init__(self):
        self.calls = []
        self.pending = []
        self.known = None

    def learn_many(self, X, y):
        assert X.ndim == 4
        assert X.dtype == np.uint8
        self.calls.append(len(y))
        self.pending += y.tolist()

    def flush(self):
        self.calls.append("flush")
        self.known, self.pending = set(self.pending), []

    def begin_task(self):
        self.calls.append("begin")

    def predict_many(self, X):
        digit = [int(label) for label in nearest(X)]
        return np.array([d if d in (self.known or ()) else -1 for d in digit])


def nearest(X):
    """The label of the nearest of all images: an oracle."""
    flat = DIGITS.astype(np.uint8)
    found = [np.flatnonzero((flat == x.reshape(-1)).all(axis=1))[0] for x in X]
    return LABELS[found]


def test_matrix_of_a_learner_that_forgets_all():
    """Each row of the matrix has 1 for the task learnt last, and 0 else."""
    result = evaluate.class_incremental(
        lambda seed: digits(seed, images=True), lambda s: LastTask()
    )
    np.testing.assert_array_equal(result.accuracy[0], np.eye(5))
    scores = {name: result.score(name)[0] for name in ("end accuracy", "forgetting")}
    assert scores == pytest.approx({"end accuracy": 0.2, "forgetting": 0.8})


def test_blocks_tasks_and_flushes():
    """Blocks of the size wanted end with their task; what is kept back is flushed before tests."""
    model = LastTask()
    stream = digits(images=True, n_tasks=2, train_per_class=6)
    evaluate.class_incremental(stream, lambda seed: model, block_size=20)
    assert model.calls == [20, 10, "flush"] * 2


def test_tasks_are_announced_only_if_asked():
    """`begin_task` comes before each task, the first too."""
    model = LastTask()
    stream = digits(images=True, n_tasks=2, train_per_class=6)
    evaluate.class_incremental(stream, lambda seed: model, block_size=30, announce_tasks=True)
    assert model.calls == ["begin", 30, "flush"] * 2


def test_array_classifier_on_rows():
    """Analytic ridge learns classes one after another and forgets next to nothing."""
    model = learners.AnalyticRidgeClassifier(300)
    result = evaluate.class_incremental(digits(), model, seeds=2)
    assert [run.seed for run in result.runs] == [1, 2]
    assert result.runs[0].tasks != result.runs[1].tasks
    mean, half = result.score("end accuracy")
    assert mean > 0.9
    assert 0.0 < half < 1.0
    assert result.score("forgetting")[0] < 0.1
    assert result.rows_per_cpu_second > 0
    assert np.triu(result.accuracy[0], 1).max() == 0.0


def test_any_river_classifier_row_by_row():
    """A pipeline of river learns dicts; images go to a learner of single images as they are."""
    model = preprocessing.MinMaxScaler() | naive_bayes.GaussianNB()
    result = evaluate.class_incremental(digits(train_per_class=8, test_per_class=5), model)
    assert result.score("end accuracy")[0] > 0.3  # chance: 0.1

    class Means(base.Classifier):
        def __init__(self):
            self.sums = {}

        def learn_one(self, x, y):
            total, n = self.sums.get(y, (0.0, 0))
            self.sums[y] = (total + x, n + 1)

        def predict_one(self, x):
            return min(
                self.sums, key=lambda y: np.square(x - self.sums[y][0] / self.sums[y][1]).sum()
            )

    images = digits(images=True, train_per_class=20, test_per_class=5)
    assert evaluate.class_incremental(images, Means()).score("end accuracy")[0] > 0.7


def test_rows_and_blocks_agree():
    """The same tree by arrays and through a pipeline of one step, which is asked row by row."""
    stream = digits(train_per_class=30, test_per_class=10)
    tree = learners.HoeffdingTreeClassifier(grace_period=20)
    by_block = evaluate.class_incremental(stream, tree)
    by_row = evaluate.class_incremental(
        stream, compose.Pipeline(learners.HoeffdingTreeClassifier(grace_period=20))
    )
    np.testing.assert_array_equal(by_block.accuracy, by_row.accuracy)


def test_block_size_changes_nothing_for_our_learners():
    """An exact learner has the same matrix whatever the blocks."""
    model = learners.AnalyticRidgeClassifier(100, seed=3)
    matrices = [
        evaluate.class_incremental(digits(), model, block_size=size).accuracy for size in (17, 1000)
    ]
    np.testing.assert_array_equal(*matrices)


def test_curve_is_over_the_labels_seen():
    """Measured at every multiple; on the labels seen so far only."""
    stream = digits(images=True, n_tasks=2, train_per_class=6)
    oracle = LastTask()
    oracle.flush = lambda: None
    oracle.known = set(range(10))
    (run,) = evaluate.class_incremental(stream, lambda s: oracle, anytime=12).runs
    assert run.curve == [(12, 1.0), (24, 1.0), (36, 1.0), (48, 1.0), (60, 1.0)]
    assert run.so_far == run.curve


def test_last_point_of_the_curve_is_the_last_row_of_the_matrix():
    """Both are of the model after the last example, weighted by test examples."""
    stream = digits()
    model = learners.AnalyticRidgeClassifier(60)
    (run,) = evaluate.class_incremental(stream, model, anytime=700).runs
    sizes = [len(stream.test_set(k)[1]) for k in range(5)]
    assert [n for n, _ in run.curve] == [700, 1400]
    assert run.curve[-1][1] == pytest.approx(np.average(run.accuracy[-1], weights=sizes))


def test_testing_changes_nothing():
    """A network learns the same whether it is tested often, seldom, or in other blocks."""
    torch = pytest.importorskip("torch", reason="the learner is a network")
    stream = digits(images=True, n_tasks=2, train_per_class=10, test_per_class=3)

    def make(seed):
        torch.manual_seed(seed)
        layers = torch.nn.Conv2d(1, 8, 3, 2), torch.nn.BatchNorm2d(8), torch.nn.ReLU()
        trunk = torch.nn.Sequential(*layers, torch.nn.Flatten())
        return learners.PCRClassifier(trunk=trunk, device="cpu", seed=seed)

    options = ({}, {"anytime": 7}, {"block_size": 3})
    matrices = [evaluate.class_incremental(stream, make, **o).accuracy for o in options]
    np.testing.assert_array_equal(matrices[0], matrices[1])
    np.testing.assert_array_equal(matrices[0], matrices[2])


def test_curve_without_measurements_is_by_task():
    """The mean accuracy on the tasks so far stands in."""
    run = TaskRun(0, [[0], [1]], [10, 25], [[0.9, 0.0], [0.5, 0.7]], [1.0, 1.0], [1.0, 1.0])
    assert run.so_far == [(10, 0.9), (25, pytest.approx(0.6))]


def test_blurry_tasks_are_tested_as_soon_as_a_label_came():
    """A later task has an accuracy once some of its labels were seen."""
    model = learners.AnalyticRidgeClassifier(200)
    result = evaluate.class_incremental(digits(blurry=0.3), model)
    assert result.accuracy[0][0][1:].min() > 0.3
    assert result.score("FWT")[0] > 0.3


@pytest.mark.filterwarnings("ignore:labels of two kinds")
def test_labels_of_mixed_kinds():
    """Labels that are numbers and text stay what they are."""
    X = np.eye(4)
    stream = streams.ClassIncremental(X, [0, 1, 0, 1], X, [0, 1, 0, 1], 2, labels=[7, "seven"])
    result = evaluate.class_incremental(stream, learners.HoeffdingTreeClassifier())
    assert result.accuracy[0][0].max() == 1.0
    assert {type(label) for run in result.runs for (label,) in run.tasks} == {int, str}


def test_resume_runs_nothing_twice(tmp_path):
    """A seed that has a file is read; the result is that of a whole evaluation."""
    made = []

    def make(seed):
        made.append(seed)
        return learners.AnalyticRidgeClassifier(50, seed=seed)

    stream = digits(train_per_class=20)
    first = evaluate.class_incremental(stream, make, seeds=[3], folder=tmp_path, name="ridge")
    (file,) = tmp_path.iterdir()
    before = file.read_text()
    both = evaluate.class_incremental(stream, make, seeds=[3, 4], folder=tmp_path, name="ridge")
    assert file.read_text() == before
    assert len(list(tmp_path.iterdir())) == 2
    assert both.runs[0] == first.runs[0]


def test_files_of_another_evaluation_are_refused(tmp_path):
    """Runs with other settings are not mixed; the message names what differs."""
    stream = digits(train_per_class=10)
    model = learners.AnalyticRidgeClassifier(50)
    evaluate.class_incremental(stream, model, folder=tmp_path)
    with pytest.raises(ValueError, match="differs in block_size; remove it"):
        evaluate.class_incremental(stream, model, folder=tmp_path, block_size=7)
    with pytest.raises(ValueError, match="differs in stream"):
        evaluate.class_incremental(digits(train_per_class=9), model, folder=tmp_path)
    other = learners.AnalyticRidgeClassifier(51)
    with pytest.raises(ValueError, match="differs in parameters"):
        evaluate.class_incremental(stream, other, folder=tmp_path)


def test_deviation_beside_the_interval():
    """With two runs the half width is t(0.975, 1) / sqrt(2) deviations."""
    runs = [TaskRun(k, [[0]], [1], [[value]], [1.0], [1.0]) for k, value in enumerate((0.2, 0.4))]
    result = evaluate.ClassIncrementalResult("m", "s", runs)
    assert result.deviation("end accuracy") == pytest.approx(0.02**0.5)
    assert result.score("end accuracy")[1] == pytest.approx(12.7062 * 0.1, rel=1e-5)
    assert np.isnan(evaluate.ClassIncrementalResult("m", "s", runs[:1]).deviation("forgetting"))


def test_json_and_back(tmp_path):
    """Everything survives a file; the table shows all figures."""
    stream = digits(train_per_class=20)
    result = evaluate.class_incremental(
        stream, learners.AnalyticRidgeClassifier(50), seeds=2, anytime=50, name="ridge"
    )
    path = tmp_path / "result.json"
    text = result.to_json(path)
    assert json.loads(text)["runs"][0]["settings"]["anytime"] == 50
    again = evaluate.ClassIncrementalResult.from_json(path)
    assert again == result
    printed = str(incremental_table([result, again], "digits"))
    assert "digits, percent, 2 seeds" in printed
    assert printed.count(" ± ") == 10
    assert "ridge" in str(result)


def test_plot(tmp_path):
    """The picture has a matrix and a curve."""
    pytest.importorskip("matplotlib", reason="draws a picture")
    result = evaluate.class_incremental(digits(), learners.AnalyticRidgeClassifier(50), seeds=2)
    figure = result.plot(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 10_000
    matrix, curve = figure.axes
    assert len(matrix.texts) == 15
    rows, shares = curve.lines[0].get_data()
    assert rows[-1] == 1400
    assert shares[-1] == pytest.approx(100 * result.score("end accuracy")[0])


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"seeds": 0}, ValueError, "seeds must be in"),
        ({"seeds": []}, ValueError, "seeds must not be empty"),
        ({"block_size": 0}, ValueError, "block_size must be in"),
        ({"anytime": 0}, ValueError, "anytime must be in"),
        ({"anytime": 1.5}, TypeError, "anytime must be an integer"),
    ],
)
def test_bad_options(options, error, words):
    """An option outside its range is refused by name."""
    with pytest.raises(error, match=words):
        evaluate.class_incremental(digits(), learners.AnalyticRidgeClassifier(), **options)


def test_another_stream_is_refused():
    """Streams without tasks cannot be used."""
    with pytest.raises(TypeError, match="stream must be a ClassIncremental, got SEA"):
        evaluate.class_incremental(streams.SEA(), learners.AnalyticRidgeClassifier())
