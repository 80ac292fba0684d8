"""One answer for one stream: blocks, rows, pipelines and the command line, whatever the columns."""

import random

import numpy as np
import pytest
from river import compose, dummy, linear_model, naive_bayes, preprocessing, stats, tree
from typer.testing import CliRunner

import olearn
from olearn import evaluate, learners, registry, streams
from olearn.cli.main import app
from olearn.evaluate import Checkpoint
from olearn.evaluate.columns import why_no_blocks
from olearn.evaluate.online.prequential_result import Result
from olearn.streams.base import Schema

SMALL = {
    "arf": {"n_models": 3, "max_size": 1.0},  # the bound is reached: growth is part of the answer
    "hoeffding-tree": {"max_size": 0.1},
    "hoeffding-adaptive-tree": {},
    "driftmoe": {"n_experts": 3},
    "analytic-ridge": {},
    "aef-ocl": {"n_features": 32},
}


def write_log(path, n=600):
    """A log of machines: ids, quoted commas, many categories, gaps, and labels by the event."""
    rnd = random.Random(3)
    nodes = [f"R{rnd.randrange(64):02d}-N{rnd.randrange(16):x}" for _ in range(120)]
    with path.open("w") as file:
        print("Line,Node,Component,Level,Content,Event,Label", file=file)
        for i in range(n):
            event = min(int(rnd.expovariate(0.1)), 90)
            node = rnd.choice(nodes) if rnd.random() < 0.93 else ""
            component = rnd.choice(["APP", "KERNEL", ""] if i else ["APP"])
            alert = (event * 7 + (i > n // 2)) % 5 == 0
            cells = i, node, component, rnd.choice(["INFO", "FATAL"]), event, f"E{event}"
            line, *texts, content, name = cells
            print(line, *texts, f'"msg {content}, at {i % 4}"', name, sep=",", end=",", file=file)
            print("alert" if alert else "-", file=file)
    return path


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return write_log(tmp_path_factory.mktemp("log") / "log.csv")


def imputed():
    return preprocessing.StatImputer(("x0", stats.Mean()))


def run(source, model, **options):
    return evaluate.prequential(source, model, progress=False, keep_predictions=True, **options)


@pytest.mark.parametrize("name", SMALL)
def test_every_door_gives_the_same_predictions(log, name):
    """Blocks, rows of the stream, rows of any iterable and the command line: one answer."""
    stream = streams.from_file(log)
    settings = SMALL[name]

    def model():
        return registry.make_learner(name, seed=1, options=settings)

    wanted = run(stream, model())
    assert wanted.path == "blocks"
    for source, options in ((stream, {"delay": 0}), (iter(stream), {}), (list(stream), {})):
        found = run(source, model(), **options)
        assert found.path == ("blocks" if options else "rows")
        assert list(found.predictions) == list(wanted.predictions)
    listed = [word for k, v in settings.items() for word in ("--set", f"{k}={v}")]
    called = CliRunner().invoke(app, ["run", name, str(log), *listed, "--json"])
    assert Result.from_json(called.stdout).values == wanted.values
    comparison = evaluate.compare({"m": model()}, {"log": stream}, progress=False)
    assert comparison.results[0].values == wanted.values


def test_codes_are_categories_too():
    """Nominal whole numbers reach trees as categories: agrawal in Python as with the list given."""
    stream = streams.load("agrawal", seed=1)
    given = learners.HoeffdingTreeClassifier(nominal_attributes=stream.schema.nominal)
    wanted = run(stream, given, max_samples=5000)
    for options in ({}, {"delay": 0}):
        model = learners.HoeffdingTreeClassifier()
        assert run(stream, model, max_samples=5000, **options).values == wanted.values
        assert model.nominal_attributes is None
        assert repr(model) == repr(learners.HoeffdingTreeClassifier())


def test_the_users_list_wins_but_text_is_text():
    """With an empty list codes are numbers again; text stays text, as it does in dicts."""
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 8, 2000)
    stream = streams.from_arrays(codes[:, None], np.isin(codes, [1, 4, 6]), nominal=["x0"])
    numeric = run(stream, learners.HoeffdingTreeClassifier(nominal_attributes=[]))
    plain = streams.from_arrays(codes[:, None], np.isin(codes, [1, 4, 6]))
    assert numeric.values == run(plain, learners.HoeffdingTreeClassifier()).values
    assert numeric.values != run(stream, learners.HoeffdingTreeClassifier()).values
    rows = [({"c": "abcdefgh"[code], "n": 1}, bool(code in (1, 4, 6))) for code in codes.tolist()]
    text = streams.from_iterable(rows)
    model = learners.HoeffdingTreeClassifier(nominal_attributes=["n"])
    assert run(text, model).values == run(rows, model.clone()).values


def test_a_model_of_blocks_answers_dicts(log):
    """What blocks of codes have taught is known under the texts, also after saving and loading."""
    rows = [({"c": c}, c in "ace") for c in random.Random(1).choices("abcdef", k=500)]
    model = learners.HoeffdingTreeClassifier()
    run(streams.from_iterable(rows), model)
    olearn.save(model, log.parent / "model.safetensors")
    for each in (model, olearn.load(log.parent / "model.safetensors")):
        assert [each.predict_one({"c": c}) for c in "abcdef"] == [c in "ace" for c in "abcdef"]


def test_another_stream_numbers_its_texts_otherwise():
    """A model that goes on with another stream knows a text again, whatever its code is there."""
    rows = [({"c": c}, c in "ace") for c in "abcdef" * 60]
    model = learners.HoeffdingTreeClassifier()
    run(streams.from_iterable(rows), model)
    again = run(streams.from_iterable(rows[::-1]), model)
    assert again.values["Accuracy"] == 1.0


def test_resumed_runs_are_equal(log, tmp_path):
    """A run on text that was stopped and went on, from the kinds that its file holds."""
    stream = streams.from_file(log)
    whole = run(stream, learners.HoeffdingTreeClassifier())
    for delay in (None, 0):
        folder = tmp_path / str(delay)
        run(stream, learners.HoeffdingTreeClassifier(), max_samples=250, delay=delay,
            checkpoint=Checkpoint(folder))  # fmt: skip
        rest = run(stream, learners.HoeffdingTreeClassifier(), delay=delay,
            checkpoint=Checkpoint(folder, resume=True))  # fmt: skip
        assert list(rest.predictions) == list(whole.predictions)


def test_a_number_that_the_model_knows_is_not_text():
    """A column that was numeric refuses text in blocks as it does in dicts."""
    model = learners.HoeffdingTreeClassifier()
    model.learn_one({"c": 1.0}, True)
    with pytest.raises(ValueError, match="feature 'c' is numeric, got 'a'"):
        run(streams.from_iterable([({"c": "a"}, True), ({"c": "b"}, False)]), model)


def test_codes_must_be_positions():
    """A number beyond the texts is refused by name."""
    schema = Schema(("c",), ("c",), ("no", "yes"), {"c": ("a", "b")})
    for bad in (2.0, -1.0, 0.5, np.inf):
        with pytest.raises(ValueError, match="feature 'c' must hold positions in its 2 categories"):
            learners.HoeffdingTreeClassifier().learn_many(
                [[bad]] * np.ones((1, 1)), [True], names=schema
            )


# -- pipelines and models of river ---------------------------------------------------------------


def test_pipelines_hand_on_what_they_leave_alone():
    """Behind steps that leave codes alone they are categories; a scaled code is a number."""
    stream = streams.load("agrawal", seed=1)
    alone = run(stream, learners.HoeffdingTreeClassifier(), max_samples=3000)
    through = compose.Discard("nothing") | learners.HoeffdingTreeClassifier()
    assert list(run(stream, through, max_samples=3000).predictions) == list(alone.predictions)
    scaled = preprocessing.StandardScaler() | learners.HoeffdingTreeClassifier()
    run(stream, scaled, max_samples=3000)
    assert not any(scaled["HoeffdingTreeClassifier"]._features.widths)


def test_other_models_of_blocks_get_no_codes_of_text(log):
    """A model that takes blocks but no schema gets the rows of a stream with text."""

    class Blocks:
        takes_blocks = True

    assert why_no_blocks(streams.from_file(log), Blocks(), plain=True)
    assert not why_no_blocks(streams.load("agrawal", seed=1), Blocks(), plain=True)


@pytest.mark.parametrize("name", ["river-hoeffding-tree", "river-hat", "river-arf"])
def test_river_reads_gaps_in_text(log, name):
    """river's trees take a stream in which categories are missing, by every door."""
    stream = streams.from_file(log)
    model = registry.make_learner(name, nominal=stream.schema.nominal, seed=1)
    found = run(stream, model, max_samples=300)
    called = CliRunner().invoke(app, ["run", name, str(log), "--rows", "300", "--json"])
    assert Result.from_json(called.stdout).values == found.values
    by_hand = tree.HoeffdingTreeClassifier(grace_period=20)
    for x, y in stream.take(300):
        by_hand.predict_one(x)
        by_hand.learn_one(x, y)


def test_a_missing_category_has_no_name(log):
    """What a step of river's is given: every value there, a gap nowhere."""
    seen = []

    def look(x):
        seen.append(dict(x))
        return x

    model = (
        compose.FuncTransformer(look) | preprocessing.OneHotEncoder() | naive_bayes.BernoulliNB()
    )
    run(streams.from_file(log), model)
    assert any("Node" not in x for x in seen)
    assert all(v is not None and v == v for x in seen for v in x.values())


def with_gaps(share):
    """A number that decides the label, and one that does not; a share of the first is missing."""
    rng = np.random.default_rng(5)
    X = rng.normal(20.0, 5.0, size=(2000, 2))
    y = X[:, 0] > 20.0
    X[rng.random(2000) < share, 0] = np.nan
    return streams.from_arrays(X, y)


@pytest.mark.parametrize(
    "make",
    [
        naive_bayes.GaussianNB,
        tree.HoeffdingTreeClassifier,
        lambda: preprocessing.StandardScaler() | learners.HoeffdingTreeClassifier(),
        lambda: imputed() | preprocessing.StandardScaler() | linear_model.LogisticRegression(),
    ],
)
def test_a_missing_number_does_not_spoil_what_river_computes(make):
    """NaN in a mean stays: without one number in fifty, the rest must be worth as much."""
    full, gaps = (run(with_gaps(share), make()).values["Accuracy"] for share in (0.0, 0.02))
    assert full > 0.9
    assert gaps > full - 0.05


def test_imputers_of_river_find_gaps():
    """They look for None, where others of river must find no name."""
    seen = []

    def look(x):
        seen.append(dict(x))
        return x

    end = compose.FuncTransformer(look) | naive_bayes.GaussianNB()
    run(with_gaps(0.1), compose.FuncTransformer(look) | imputed() | naive_bayes.GaussianNB())
    assert any(x["x0"] is None for x in seen)
    assert all(v is None or v == v for x in seen for v in x.values())
    seen.clear()
    run(with_gaps(0.1), end)
    assert any("x0" not in x for x in seen)


def test_text_is_refused_in_words(log):
    """A model of river that computes with numbers: column, value, and what to do."""
    model = preprocessing.StandardScaler() | naive_bayes.GaussianNB()
    for each in (naive_bayes.GaussianNB(), model):
        with pytest.raises(ValueError, match=r"cannot learn text, such as 'R.*'Node'.*OneHotEnc"):
            run(streams.from_file(log), each)
    called = CliRunner().invoke(app, ["run", "naive-bayes", str(log)])
    assert (called.exit_code, "cannot learn text" in called.output) == (1, True)


@pytest.mark.parametrize(
    "make",
    [
        lambda: tree.HoeffdingTreeClassifier(),
        lambda: naive_bayes.GaussianNB(),
        lambda: compose.Pipeline(preprocessing.StandardScaler(), naive_bayes.GaussianNB()),
        lambda: tree.HoeffdingTreeClassifier(nominal_attributes=["car", "zipcode"]),
    ],
)
def test_who_reads_codes_as_numbers_is_told(make):
    """A stream without texts has codes for categories: river's models are told, which they are."""
    stream = streams.load("agrawal", seed=1)
    with pytest.warns(UserWarning, match="of river reads the codes .* 'elevel'") as told:
        evaluate.prequential(stream, make(), max_samples=20)
    assert len(told) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: compose.Pipeline(preprocessing.OneHotEncoder(), naive_bayes.GaussianNB()),
        lambda: tree.HoeffdingTreeClassifier(nominal_attributes=["elevel", "car", "zipcode"]),
        lambda: compose.Pipeline(compose.Select("age", "loan"), naive_bayes.GaussianNB()),
        lambda: learners.HoeffdingTreeClassifier(),
        lambda: dummy.PriorClassifier(),
    ],
)
def test_nobody_else_is_told_of_codes(make):
    """Encoded, named, left out, known from the stream, or never looked at."""
    evaluate.prequential(streams.load("agrawal", seed=1), make(), max_samples=20)
