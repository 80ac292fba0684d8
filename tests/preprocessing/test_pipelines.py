"""Transformers in pipelines: blocks against loops, late labels, and river's pipelines."""

import datetime
from functools import partial

import numpy as np
import pytest
from river import compose, linear_model, metrics, stats
from river import preprocessing as theirs
from toys import mixed_rows

from olearn import evaluate, learners, streams
from olearn import preprocessing as ours

pandas = pytest.importorskip("pandas")

NAMES = ("heat", "level", "sky", "id")
START = datetime.datetime(2024, 1, 1)
ROWS = [{name: x.get(name) for name in NAMES} for x in mixed_rows()]
LABELS = [(x["heat"] or 0.0) > 0.0 for x in ROWS]
Tree = partial(learners.HoeffdingTreeClassifier, grace_period=20)


def times(rows):
    return [x | {"when": START + datetime.timedelta(hours=i)} for i, x in enumerate(rows)]


def numbers():
    return ours.Select("heat", "level") | ours.MinMaxScaler()


def texts():
    return ours.Select("sky") | ours.OneHotEncoder()


PIPELINES = {
    "one-hot": lambda: ours.OneHotEncoder() | Tree(),
    "ordinal": lambda: ours.OrdinalEncoder() | ours.StandardScaler() | Tree(),
    "union": lambda: (numbers() + texts()) | Tree(),
    "imputed": lambda: (
        ours.StatImputer(("heat", stats.Mean()), ("sky", "none")) | (numbers() + texts()) | Tree()
    ),
    "previous": lambda: ours.PreviousImputer() | ours.FeatureHasher(16) | Tree(),
    "hashed": lambda: ours.FeatureHasher(16) | Tree(),
    "scaled": lambda: ours.Discard("sky", "id") | ours.MaxAbsScaler(9) | Tree(),
    "dates": lambda: ours.DateParts() | (ours.Select("when.hour") | ours.StandardScaler()) | Tree(),
    "random": lambda: learners.RandomReLU(8, seed=1) | Tree(),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_blocks_equal_the_loop(name):
    """Labels at once, over blocks of any size; new texts, ids and gaps inside."""
    rows = times(ROWS) if name == "dates" else ROWS
    frame = pandas.DataFrame(rows)
    loop, block, cut = (PIPELINES[name]() for _ in range(3))
    expected = []
    for x, label in zip(rows, LABELS, strict=True):
        expected.append(loop.predict_one(x))
        loop.learn_one(x, label)
    assert block.test_then_train_many(frame, LABELS).tolist() == expected
    for start in range(0, len(rows), 37):
        part = slice(start, start + 37)
        cut.learn_many(frame[part], LABELS[part])
    after = [loop.predict_proba_one(x) for x in rows]
    for other in (block, cut):
        assert [other.predict_proba_one(x) for x in rows] == after


@pytest.mark.parametrize("delay", [0, 1, 40])
@pytest.mark.parametrize("name", sorted(set(PIPELINES) - {"dates"}))
def test_late_labels_make_no_difference_to_blocks(name, delay):
    """`prequential` runs blocks, and scores what a loop by hand does."""
    stream = streams.from_iterable([*zip(ROWS, LABELS, strict=True)])
    result = evaluate.prequential(
        stream, PIPELINES[name](), metrics.Accuracy(), delay=delay or None, keep_predictions=True
    )
    assert result.path == "blocks"
    model, expected = PIPELINES[name](), []
    model.expect_columns(stream.schema)
    pairs = list(stream)
    for t, (x, _) in enumerate(pairs):
        expected.append(model.predict_one(x))
        if t >= delay:
            model.learn_one(*pairs[t - delay])
    assert list(result.predictions) == expected


RIVERS = {
    "min-max": (ours.MinMaxScaler, theirs.MinMaxScaler),
    "max-abs": (ours.MaxAbsScaler, theirs.MaxAbsScaler),
    "standard, window": (
        partial(ours.StandardScaler, window_size=20),
        partial(theirs.StandardScaler, window_size=20),
    ),
    "hashed": (partial(ours.FeatureHasher, 16, 3), partial(theirs.FeatureHasher, 16, 3)),
    "selected": (partial(ours.Select, 0, 2), partial(compose.Select, 0, 2)),
}


@pytest.mark.parametrize("name", RIVERS)
def test_with_a_linear_model_all_is_rivers(name):
    """Probabilities of the whole pipeline, row by row: rows in the order of the columns."""
    mine, river = RIVERS[name]
    X = np.random.default_rng(2).normal(size=(300, 3)) * [1.0, 20.0, 0.1]
    y = X[:, 0] + X[:, 2] * 5.0 > 0.2
    model = mine() | learners.LogisticRegression()
    other = river() | linear_model.LogisticRegression()
    for x, label in zip((dict(enumerate(row)) for row in X.tolist()), y.tolist(), strict=True):
        model.learn_one(x, label)
        other.learn_one(x, label)
        expected = other.predict_proba_one(x)
        assert model.predict_proba_one(x) == pytest.approx(expected, rel=1e-12, abs=1e-15)
