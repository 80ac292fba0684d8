"""Pipelines of stages: blocks against loops, and our pipeline against river's."""

import copy
import math
import pickle

import numpy as np
import pandas as pd
import pytest
from river import compose
from river import preprocessing as theirs

import olearn
from olearn import evaluate, learners, preprocessing
from olearn.base import ArrayPipeline, ArrayTransformer, ArrayUnion, Schedule
from olearn.base.pipeline import why_not_learning


class Only(ArrayTransformer):
    """Hands on some of the features."""

    def __init__(self, *names):
        self.names = names
        self._start_encoding()
        self._kept = []

    def clone(self, new_params=None, include_attributes=False):
        return copy.deepcopy(self) if include_attributes else Only(*self.names)

    def _hands_on(self, name):
        return name in self.names

    def _grow(self):
        known = self._features.names
        self._kept += [
            k for k, name in enumerate(known) if name in self.names and k not in self._kept
        ]

    @property
    def _columns_out(self):
        names, categories = self._features.names, self._features.categories
        return [names[k] for k in self._kept], [categories[k] for k in self._kept]

    def _learn_rows(self, X, y, w):
        pass

    def _transform_rows(self, X):
        return X[:, self._kept]


class LabelMean(ArrayTransformer):
    """Hands on all features, and the mean of the codes learnt so far; reads the labels."""

    _supervised = True

    def __init__(self):
        self._start_encoding()
        self.n, self.total = 0, 0.0

    def learn_one(self, x, y):
        with self._lock:
            self._learn_row(self._features.learn_one(x), y, 1.0)

    def _grow(self):
        pass

    @property
    def _columns_out(self):
        return ["mean", *self._features.names], [None, *self._features.categories]

    def _learn_rows(self, X, y, w):
        self.n += len(y)
        self.total += float(np.sum(y))

    def _transform_rows(self, X):
        mean = self.total / self.n if self.n else 0.0
        return np.column_stack([np.full(len(X), mean), X])


class Logged(preprocessing.MinMaxScaler):
    """Writes down what it is asked to do; learns and transforms in two calls."""

    def __init__(self):
        super().__init__()
        self.log = []

    def _learn_row(self, row, y, w):
        self.log.append("learn")
        super()._learn_row(row, y, w)

    def _transform_row(self, row):
        self.log.append("transform")
        return super()._transform_row(row)


def stream(n=900, seed=5):
    """Rows with gaps, a late column, text, and a label that comes late."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3)) * [1.0, 100.0, 0.01]
    X[rng.random(X.shape) < 0.1] = np.nan
    X[:200, 2] = np.nan
    X[0, :2] = 1.0
    days = rng.choice(["mon", "tue", "wed"], n).tolist()
    y = np.where(np.nan_to_num(X[:, 0]) > 0, "up", "down").astype(object)
    y[(np.arange(n) > 500) & (np.nan_to_num(X[:, 1]) > 100)] = "far"
    rows = [dict(zip("abc", row, strict=True)) for row in X.tolist()]
    return rows, days, y.tolist()


def without_gaps(x):
    """A row as river's scaler expects it: what is missing has no key."""
    return {name: value for name, value in x.items() if not math.isnan(value)}


def table(rows):
    """Rows as a matrix of the columns a, b, c."""
    return np.array([[row.get(name, math.nan) for name in "abc"] for row in rows])


def tree(**params):
    return learners.HoeffdingTreeClassifier(grace_period=30, delta=1e-2, tau=0.2, **params)


def forest():
    return learners.ARFClassifier(n_models=3, seed=1, grace_period=30)


PIPELINES = {
    "scaler": lambda: preprocessing.StandardScaler() | tree(),
    "two scalers": lambda: preprocessing.StandardScaler() | preprocessing.StandardScaler() | tree(),
    "union": lambda: (Only("a", "c") | preprocessing.StandardScaler()) + Only("b") | tree(),
    "supervised": lambda: LabelMean() | tree(),
    "forest": lambda: preprocessing.StandardScaler() | forest(),
    "ridge": lambda: preprocessing.StandardScaler() | learners.AnalyticRidgeClassifier(),
}


def loop(model, rows, y, plan):
    """Predict and learn row by row as a schedule says; return the probabilities."""
    answers, learnt = [], 0
    for t, x in enumerate(rows):
        answers.append(model.predict_proba_one(x))
        for q in plan.due[learnt : plan.upto[t]]:
            model.learn_one(rows[q], y[q])
        learnt = plan.upto[t]
    return answers


def as_dicts(labels, proba):
    """Rows of probabilities as dicts; NaN is a label that was not known."""
    return [
        {label: p for label, p in zip(labels, row, strict=True) if p == p} for row in proba.tolist()
    ]


@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.parametrize("delay", [0, 1, 50])
def test_blocks_equal_the_loop(name, delay):
    """Probabilities of a block are those of a loop, labels being at once or late, bit for bit."""
    rows, _, y = stream()
    plan = Schedule.delayed(len(rows), delay)
    by_rows, by_blocks = PIPELINES[name](), PIPELINES[name]()
    assert by_blocks.takes_blocks
    expected = loop(by_rows, rows, y, plan)
    X = table(rows)
    due_y = [y[q] for q in plan.due]
    proba = by_blocks._run_schedule(
        X, X[plan.due], due_y, plan.upto, names=["a", "b", "c"], proba=True
    )
    got = as_dicts(by_blocks.labels, proba)
    differing = [t for t in range(len(rows)) if got[t] != expected[t]]
    assert not differing, (differing[0], got[differing[0]], expected[differing[0]])
    assert by_blocks.predict_proba_one(rows[7]) == by_rows.predict_proba_one(rows[7])


@pytest.mark.parametrize("name", PIPELINES)
def test_arrays_of_any_size_are_learnt_as_a_loop_does(name):
    """Labels predicted by arrays of 1, 2, 7 and more rows, and by a frame, are those of a loop."""
    rows, _, y = stream()
    X, by_rows, by_arrays = table(rows), PIPELINES[name](), PIPELINES[name]()
    expected = []
    for x, label in zip(rows, y, strict=True):
        expected.append(by_rows.predict_one(x))
        by_rows.learn_one(x, label)
    got = []
    for start, end in ((0, 1), (1, 3), (3, 10), (10, 600), (600, 900)):
        part = slice(start, end)
        got += list(by_arrays.test_then_train_many(X[part], y[part], names=["a", "b", "c"]))
    assert got == expected
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    assert [*by_arrays.predict_many(frame)] == [by_rows.predict_one(x) for x in rows]
    assert np.array_equal(
        by_arrays.predict_proba_many(frame).to_numpy(),
        [[*by_rows.predict_proba_one(x).values()] for x in rows],
    )


def test_our_pipeline_answers_as_rivers():
    """River's pipeline of its scaler and our tree gives the probabilities of ours."""
    rows, _, y = stream()
    ours = preprocessing.StandardScaler() | tree()
    river = compose.Pipeline(theirs.StandardScaler(), tree())
    for x, label in zip(map(without_gaps, rows), y, strict=True):
        assert ours.predict_proba_one(x) == river.predict_proba_one(x)
        ours.learn_one(x, label)
        river.learn_one(x, label)


def test_weights_are_those_of_the_loop():
    """Weights reach the learner through the scaler, by rows and by arrays."""
    rows, _, y = stream(300)
    w = np.random.default_rng(1).integers(0, 3, 300).astype(float)
    by_rows, by_arrays = (preprocessing.StandardScaler() | tree() for _ in range(2))
    for x, label, weight in zip(rows, y, w.tolist(), strict=True):
        by_rows.learn_one(x, label, w=weight)
    by_arrays.learn_many(table(rows), y, w, names=["a", "b", "c"])
    assert [by_rows.predict_proba_one(x) for x in rows] == [
        by_arrays.predict_proba_one(x) for x in rows
    ]


def test_text_passes_a_selection_and_stays_out_of_a_scaler():
    """Nominal features reach the tree as categories; a scaler refuses them before any learning."""
    rows, days, y = stream()
    for x, day in zip(rows, days, strict=True):
        x["day"] = day

    def make():
        return (Only("a", "b") | preprocessing.StandardScaler()) + Only("day") | tree()

    by_rows, by_frames = make(), make()
    expected = []
    for x, label in zip(rows, y, strict=True):
        expected.append(by_rows.predict_one(x))
        by_rows.learn_one(x, label)
    frame = pd.DataFrame(rows)
    assert list(by_frames.test_then_train_many(frame, y)) == expected
    kinds = dict(
        zip(by_frames[-1]._features.names, by_frames[-1]._features.categories, strict=True)
    )
    assert kinds["day"] is not None
    assert kinds["a"] is None
    bad = Only("a", "day") | preprocessing.StandardScaler() | tree()
    for learn in (
        lambda: bad.learn_one(rows[0], y[0]),
        lambda: bad.learn_many(frame, y),
    ):
        with pytest.raises(ValueError, match="'day' is numeric"):
            learn()
    assert bad[0]._features.names == []


def test_two_parts_of_a_union_must_not_emit_the_same_feature():
    """In river's the first wins silently."""
    model = Only("a") + Only("a", "b") | tree()
    with pytest.raises(ValueError, match="emit 'a'"):
        model.learn_one({"a": 1.0, "b": 2.0}, "up")


def test_steps_are_called_in_rivers_order():
    """Predicting transforms; learning learns, then transforms."""
    ours = Logged() | tree()
    river = compose.Pipeline(Logged(), tree())
    for model in (ours, river):
        model.learn_one({"a": 2.0}, "up")
        model[0].log.clear()
        model.predict_one({"a": 1.0})
        model.learn_one({"a": 1.0}, "up")
        model.predict_proba_one({"a": 1.0})
    assert ours[0].log == river[0].log == ["transform", "learn", "transform", "transform"]


def test_learn_during_predict():
    """Within river's context, predictions teach the scaler, and learning does not."""
    rows, _, y = stream(200)
    ours = preprocessing.StandardScaler() | tree()
    river = compose.Pipeline(theirs.StandardScaler(), tree())
    with compose.learn_during_predict():
        for x, label in zip(map(without_gaps, rows), y, strict=True):
            assert ours.predict_proba_one(x) == river.predict_proba_one(x)
            ours.learn_one(x, label)
            river.learn_one(x, label)
    assert ours[0].means == dict(river["StandardScaler"].means)


@pytest.mark.parametrize("delay", [0, 1, 40, 2000])
@pytest.mark.parametrize(
    "name", ["scaler", "two scalers", "supervised", "forest", "mixed", "parts"]
)
def test_learn_during_predict_in_blocks(name, delay):
    """Blocks of any size, at any delay, answer and learn as the loop does."""
    pipelines = {
        **PIPELINES,
        "mixed": lambda: preprocessing.StandardScaler() | LabelMean() | tree(),
        "parts": lambda: preprocessing.StandardScaler() | (Only("a") + Only("b")) | tree(),
    }
    rows, _, y = stream()
    X, names = table(rows), ["a", "b", "c"]
    with compose.learn_during_predict():
        single, blocks = pipelines[name](), pipelines[name]()
        answers = loop(single, rows, y, Schedule.delayed(len(rows), delay))
        late, start, got = [], 0, []
        for size in (1, 2, 300, 7, 590):
            here = list(range(start, start + size))
            waiting = [*late, *here]
            upto = np.array([max(0, t + 1 - delay - (start - len(late))) for t in here])
            due, late = waiting[: upto[-1]], waiting[upto[-1] :]
            labels = [y[k] for k in due]
            made = blocks._run_schedule(X[here], X[due], labels, upto, names=names, proba=True)
            known = blocks.labels
            got += [
                {k: p for k, p in zip(known, row, strict=True) if p == p} for row in made.tolist()
            ]
            start += size
        assert got == answers
        assert [single.predict_proba_one(x) for x in rows[:20]] == [
            blocks.predict_proba_one(x) for x in rows[:20]
        ]


def test_what_does_not_learn_during_predict_in_blocks_says_why():
    """Evaluations take rows there, and the result says which step keeps them from blocks."""
    X = np.random.default_rng(1).normal(size=(50, 2))
    models = {
        "in a pipeline inside": (
            (Only(0) | preprocessing.StandardScaler()) + Only(1) | learners.GaussianNB()
        ),
        "beside others in a union": LabelMean() + preprocessing.StandardScaler() | tree(),
        "the last one too": preprocessing.StandardScaler() | learners.HalfSpaceTrees(seed=1),
    }
    with compose.learn_during_predict():
        for words, model in models.items():
            with pytest.raises(ValueError, match="learn as they predict"):
                model._run_schedule(X, X, [True, False] * 25)
            assert words in why_not_learning(model)
        scaled = preprocessing.StandardScaler() | learners.GaussianNB()
        result = evaluate.prequential((X, X[:, 0] > 0), scaled, progress=False)
        assert (result.path, result.why) == ("blocks", "")


def test_learn_during_predict_refuses_categories_that_come_late():
    """They would make room at other rows than in a loop."""
    model = preprocessing.OneHotEncoder() | tree()
    days = np.array([["mon"], ["tue"], ["wed"]], dtype=object)
    with compose.learn_during_predict(), pytest.raises(ValueError, match="give rows one by one"):
        model.test_then_train_many(days, ["a", "b", "a"], names=["day"])


def test_copies_and_files_go_on(tmp_path):
    """Pickled, deep-copied, saved and loaded in the middle, a pipeline goes on as it was."""
    rows, _, y = stream()
    X, names = table(rows), ["a", "b", "c"]
    for make in PIPELINES.values():
        model = make()
        model.learn_many(X[:450], y[:450], names=names)
        copies = [copy.deepcopy(model)]
        if "Only" not in str(model) and "LabelMean" not in str(model):  # a file holds no code
            olearn.save(model, tmp_path / "model.olearn")
            copies += [olearn.load(tmp_path / "model.olearn"), pickle.loads(pickle.dumps(model))]
        expected = model.test_then_train_many(X[450:], y[450:], names=names)
        for other in copies:
            got = other.test_then_train_many(X[450:], y[450:], names=names)
            assert np.array_equal(got, expected)


def test_a_clone_forgets_and_parameters_are_set():
    """Clones begin anew with the same steps; `mutate` reaches a step."""
    rows, _, y = stream(50)
    model = preprocessing.StandardScaler() | tree()
    model.learn_many(table(rows), y, names=["a", "b", "c"])
    twin = model.clone()
    assert type(twin) is ArrayPipeline
    assert twin.labels == []
    model.mutate({"HoeffdingTreeClassifier": {"delta": 0.5}})
    assert model[-1].delta == 0.5


def test_prediction_changes_nothing():
    """Predictions, of unknown features too, leave the state as it was."""
    rows, _, y = stream(100)
    model = preprocessing.StandardScaler() | tree()
    model.predict_one(rows[0])
    model.learn_many(table(rows), y, names=["a", "b", "c"])
    before = pickle.dumps(model)
    model.predict_one({"new": 1.0} | rows[3])
    model.predict_proba_many(table(rows), names=["a", "b", "d"])
    assert pickle.dumps(model) == before


def test_another_step_takes_the_slow_road():
    """A step of river among ours is named, and the pipeline works as river's does."""
    rows, _, y = stream(50)
    model = preprocessing.StandardScaler() | theirs.MinMaxScaler() | tree()
    assert not model.takes_blocks
    assert model.why_not_compiled == "step 2, MinMaxScaler, is not compiled"
    for x, label in zip(rows, y, strict=True):
        model.learn_one(x, label)
    assert model.predict_one(rows[0]) in y
    with pytest.raises(ValueError, match="step 2, MinMaxScaler, is not compiled"):
        model.test_then_train_many(table(rows), y)


def test_a_union_is_a_transformer_by_itself():
    """Rows and arrays through a union are the same."""
    rows, _, _ = stream(100)
    union = (Only("a") | preprocessing.StandardScaler()) + Only("b", "c")
    assert type(union) is ArrayUnion
    for x in rows:
        union.learn_one(x)
    X = union.transform_many(table(rows), names=["a", "b", "c"])
    names = union._columns_out[0]
    assert len(names) == 3
    assert [union.transform_one(x) for x in rows] == as_dicts(names, X)
