"""Naive Bayes of counts: river's are the oracle, row by row."""

import math

import numpy as np
import pytest
from oracle_rows import ODD, TABLES, dicts, odd_rows, table
from river import feature_extraction, metrics, naive_bayes

from olearn import evaluate, preprocessing, streams
from olearn.base import ArrayClassifier
from olearn.base.stages import Schedule
from olearn.learners import BernoulliNB, ComplementNB, MultinomialNB

PAIRS = {
    "bernoulli": (BernoulliNB, naive_bayes.BernoulliNB),
    "bernoulli, 0.3": (
        lambda **more: BernoulliNB(0.3, 0.5, **more),
        lambda: naive_bayes.BernoulliNB(0.3, 0.5),
    ),
    "multinomial": (MultinomialNB, naive_bayes.MultinomialNB),
    "multinomial, 0.3": (
        lambda **more: MultinomialNB(0.3, **more),
        lambda: naive_bayes.MultinomialNB(0.3),
    ),
    "complement": (ComplementNB, naive_bayes.ComplementNB),
    "complement, 2": (
        lambda **more: ComplementNB(2.0, **more),
        lambda: naive_bayes.ComplementNB(2),
    ),
}
OURS = [BernoulliNB, MultinomialNB, ComplementNB]


def rows_of(kind):
    X, y = table(kind) if kind in TABLES else odd_rows(kind)
    return np.abs(X), y


def texts(n=300):
    """Rows of a few words each, of ever more words, in any order."""
    rng = np.random.default_rng(4)
    y = rng.integers(0, 3, n)
    rows = []
    for i, label in enumerate(y.tolist()):
        words = rng.integers(0, 5 + i // 3, 6) + 40 * label * (rng.random(6) < 0.3)
        rows.append(dict(sorted({f"w{w}": int(rng.integers(0, 4)) for w in words}.items())))
    return rows, y.tolist()


def nearly(expected):
    """Equal but for the order of sums, which is that of the features as they were learnt."""
    return pytest.approx(expected, rel=1e-12, abs=1e-12)


def assert_equal_to_river(name, rows, y, exact):
    make, make_river = PAIRS[name]
    model, river = make(), make_river()
    for x, label in zip(rows, y, strict=True):
        expected = river.predict_proba_one(x)
        logs, of_river = model.joint_log_likelihood(x), river.joint_log_likelihood(x)
        assert logs == of_river if exact else logs == nearly(of_river)
        assert model.predict_proba_one(x) == pytest.approx(expected, rel=1e-9, abs=1e-12)
        assert not exact or model.predict_one(x) == river.predict_one(x)
        river.learn_one(x, label)
        model.learn_one(x, label)
    assert model.class_counts == dict(river.class_counts)


@pytest.mark.parametrize("kind", [*TABLES, *ODD])
@pytest.mark.parametrize("name", PAIRS)
def test_equals_river(name, kind):
    """Joint logarithms are river's: bit for bit where rows have all their keys."""
    X, y = rows_of(kind)
    if kind == "huge" and "complement" in name:
        X[:, 0] /= 1e145  # else river takes the logarithm of 0: alpha is lost beside such counts
    assert_equal_to_river(name, dicts(X), y.tolist(), exact=not np.isnan(X).any())


@pytest.mark.parametrize("name", PAIRS)
def test_words_that_come_later_equal_river(name):
    """Rows of few of ever more words, also those that no row had yet."""
    assert_equal_to_river(name, *texts(), exact=False)


@pytest.mark.parametrize("name", PAIRS)
def test_attributes_equal_river(name):
    """Counts, totals and shares by river's names."""
    rows, y = texts(100)
    model, river = (make() for make in PAIRS[name])
    for x, label in zip(rows, y, strict=True):
        river.learn_one(x, label)
        model.learn_one(x, label)
    assert model.p_class(1) == river.p_class(1)
    for feature, counts in model.feature_counts.items():
        assert {c: n for c, n in counts.items() if n} == {
            c: n for c, n in river.feature_counts[feature].items() if n
        }
    assert len(model.feature_counts) == len(river.feature_counts)
    for attribute in {"class_totals", "feature_totals", "n_terms"} & set(dir(river)):
        expected = getattr(river, attribute)
        assert getattr(model, attribute) == (expected if attribute == "n_terms" else dict(expected))
    if hasattr(river, "p_feature_given_class"):
        for feature in ("w3", "never"):
            expected = river.p_feature_given_class(feature, 2)
            assert model.p_feature_given_class(feature, 2) == expected


@pytest.mark.parametrize("made", OURS)
@pytest.mark.parametrize("kind", ["image_segments", "absent", "late", "vanished"])
def test_blocks_equal_the_loop(made, kind):
    """Arrays cut anywhere give the answers of single rows, bit for bit."""
    X, y = rows_of(kind)
    loop, labels = made(), []
    for x, label in zip(dicts(X), y.tolist(), strict=True):
        labels.append(loop.predict_one(x))
        loop.learn_one(x, label)
    for size in (1, 2, 7, 1000):
        model = made()
        parts = [slice(i, i + size) for i in range(0, len(X), size)]
        assert [v for p in parts for v in model.test_then_train_many(X[p], y[p])] == labels
        assert model.predict_proba_many(X).tolist() == loop.predict_proba_many(X).tolist()


@pytest.mark.parametrize("made", OURS)
def test_room_doubles(made):
    """Words that come one by one seldom make the tables larger; what was counted stays."""
    model, rooms = made(), set()
    for i in range(300):
        model.learn_one({"w0": 1, f"v{i}": 1}, i % 3)
        rooms.add(len(model._seen))
    assert rooms == {2, 4, 8, 16, 32, 64, 128, 256, 512}
    assert sum(model.feature_counts["w0"].values()) == 300


@pytest.mark.parametrize("made", OURS)
def test_new_words_in_frames_are_those_of_dicts(made):
    """A frame or array asks of features that were never learnt what a dict asks."""
    pandas = pytest.importorskip("pandas")
    model = made()
    for x, label in zip(*texts(60), strict=True):
        model.learn_one(x, label)
    model.learn_one({"late": None, "w1": 1}, 0)  # known, but no value was learnt
    rows = [{"new": 2.0, "w1": 1.0, "late": 3.0}, {"late": 1.0, "newer": 1.0}]
    expected = [list(model.predict_proba_one(x).values()) for x in rows]
    assert model.predict_proba_many(pandas.DataFrame(rows)).to_numpy().tolist() == expected
    names = ["new", "w1", "late", "newer"]
    X = np.array([[x.get(name, math.nan) for name in names] for x in rows])
    assert model.predict_proba_many(X, names=names).tolist() == expected
    assert len(model._features) == len({w for x in texts(60)[0] for w in x} | {"late"})


@pytest.mark.parametrize("delay", [0, 1, 50, 1000])
@pytest.mark.parametrize("made", OURS)
def test_stage_equals_a_loop(made, delay):
    """A block in which labels come late, and rows are learnt in another form, equals a loop."""
    X, y = rows_of("absent")
    plan = Schedule.delayed(len(X), delay)
    B, codes, w = X[plan.due] * 1.5, y[plan.due], np.arange(len(plan.due)) % 3 / 2
    for proba in (False, True):
        answers = []
        for stage in (ArrayClassifier._stage_rows, made._stage_rows):
            model = made(classes=[0, 1, 2])
            model.learn_many(X[:1], y[:1])
            answers.append(stage(model, X, B, codes, w, plan.upto, proba))
        np.testing.assert_array_equal(*answers)


@pytest.mark.parametrize("delay", [None, 30])
@pytest.mark.parametrize("name", ["bernoulli", "multinomial", "complement"])
def test_pipelines_run_blocks_as_river(name, delay):
    """Behind a scaler whole blocks run, with river's accuracy, whatever the delay."""
    make, make_river = PAIRS[name]
    results = [
        evaluate.prequential(
            streams.load("phishing_river"),
            preprocessing.MinMaxScaler() | learner,
            metrics.Accuracy(),
            delay=delay,
        )
        for learner in (make(), make_river())
    ]
    assert [r.path for r in results] == ["blocks", "rows"]
    assert results[0].windows == results[1].windows


@pytest.mark.parametrize("made", OURS)
def test_bag_of_words_in_front(made):
    """River's bag of words feeds ours as it feeds river's."""
    river = getattr(naive_bayes, made.__name__)
    models = [feature_extraction.BagOfWords() | nb() for nb in (made, river)]
    said = [("free offer now", "spam"), ("agenda of the day", "ham"), ("the free day", "ham")]
    for text, label in said:
        expected = models[1].predict_proba_one(text)
        assert models[0].predict_proba_one(text) == pytest.approx(expected)
        for model in models:
            model.learn_one(text, label)


@pytest.mark.parametrize("made", OURS)
def test_weight_counts_the_row_so_often(made):
    """A weight of 2 is the row twice, and one of 0 is no row."""
    X, y = rows_of("absent")
    w = np.arange(60) % 3
    weighted, repeated = made(), made()
    weighted.learn_many(X[:60], y[:60], w.astype(float))
    again = np.repeat(np.arange(60), w)
    repeated.learn_many(X[again], y[again])
    for x in dicts(X[:60]):
        expected = repeated.predict_proba_one(x)
        assert weighted.predict_proba_one(x) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("made", [MultinomialNB, ComplementNB])
def test_negative_frequencies_are_refused(made):
    """At every door, by name, and before anything is learnt; river raises when it is asked.

    Behind another step the row is refused too.
    """
    model = made()
    model.learn_one({"a": 1.0, "b": 2.0}, 0)
    words = r"feature 'b' is a frequency and must not be negative, got -0\.5; put"
    for x in ({"a": 1.0, "b": -0.5}, {"new": 1.0, "b": -0.5}):
        for call in (model.predict_one, lambda x: model.learn_one(x, 1)):
            with pytest.raises(ValueError, match=words):
                call(x)
    X = np.array([[1.0, 1.0], [1.0, -0.5]])
    for call in (model.learn_many, model.test_then_train_many):
        with pytest.raises(ValueError, match=words):
            call(X, [0, 1], names=["a", "b"])
    assert model.labels == [0]
    assert len(model._features) == 2
    pipeline = preprocessing.StandardScaler() | made()
    with pytest.raises(ValueError, match="must not be negative"):
        pipeline.learn_many(np.array([[1.0], [2.0], [0.5]]), [0, 1, 0])


@pytest.mark.parametrize("made", OURS)
def test_text_is_refused(made):
    """Text is no count: as river, but with a remedy."""
    with pytest.raises(ValueError, match="OneHotEncoder"):
        made().learn_one({"colour": "red"}, 0)


def test_without_smoothing():
    """Where river takes the logarithm of 0, a label is impossible, or certain."""
    for made, expected in ((MultinomialNB, {0: 1.0, 1: 0.0}), (ComplementNB, {0: 1.0, 1: 0.0})):
        model = made(alpha=0.0)
        model.learn_one({"a": 1, "b": 1}, 0)
        model.learn_one({"b": 2}, 1)
        assert model.predict_proba_one({"a": 1}) == expected
        assert model.predict_proba_one({"a": 0}) == pytest.approx({0: 0.5, 1: 0.5})


@pytest.mark.parametrize("made", OURS)
def test_enormous_counts_stay_probabilities(made):
    """Counts beyond the largest float leave no NaN, in the state or in an answer."""
    model = made()
    for _ in range(3):
        model.learn_one({"a": 1e308, "b": 1.0}, 0)
        model.learn_one({"a": 1.0, "b": 1e308}, 1)
        for x in ({"a": 1e308}, {"a": 1.0, "b": 2.0}, {"never": 1.0}):
            assert sum(model.predict_proba_one(x).values()) == pytest.approx(1.0)
    assert not np.isnan(model._table).any()


@pytest.mark.parametrize("made", OURS)
def test_answers_do_not_know_the_label(made):
    """The label of a row has no part in the answer to it."""
    X, y = rows_of("image_segments")
    for row in (1, 30, 299):
        hidden = np.append(y[:row], y[0])
        told = made().test_then_train_many(X[: row + 1], y[: row + 1])
        assert told[-1] == made().test_then_train_many(X[: row + 1], hidden)[-1]
