"""Models of river in `prequential`: in arrays, with the answers and the state of river's loop."""

import collections
import math

import numpy as np
import pytest
from river import compose, metrics, naive_bayes, optim, preprocessing
from river import linear_model as lm
from river_rows import check_same, late, rows_of, state, stream_of, table, targets

from olearn import evaluate
from olearn.interop.table import ADAPTERS

OPTIMIZERS = [
    optim.SGD(0.05),
    optim.Momentum(0.01),
    optim.AdaGrad(),
    optim.RMSProp(),
    optim.Adam(),
    optim.FTRLProximal(l1=0.1),
    optim.SGD(optim.schedulers.InverseScaling(0.1)),
    optim.SGD(optim.schedulers.Optimal(optim.losses.Log())),
]

MODELS = {
    **{
        f"logistic {k}": (
            lambda each=each: preprocessing.StandardScaler() | lm.LogisticRegression(each.clone()),
            "bools",
        )
        for k, each in enumerate(OPTIMIZERS)
    },
    **{
        f"linear {k}": (
            lambda each=each: preprocessing.StandardScaler() | lm.LinearRegression(each.clone()),
            "numbers",
        )
        for k, each in enumerate(OPTIMIZERS)
    },
    **{
        type(loss).__name__: (
            lambda loss=loss: preprocessing.MaxAbsScaler() | lm.LinearRegression(loss=loss.clone()),
            "numbers",
        )
        for loss in (
            optim.losses.Absolute(),
            optim.losses.Huber(),
            optim.losses.Quantile(0.3),
            optim.losses.Cauchy(),
            optim.losses.Poisson(),
        )
    },
    "hinge": (lambda: lm.LogisticRegression(loss=optim.losses.Hinge()), "bools"),
    "focal": (lambda: lm.LogisticRegression(loss=optim.losses.BinaryFocalLoss()), "bools"),
    "l1": (lambda: preprocessing.StandardScaler() | lm.LogisticRegression(l1=0.001), "bools"),
    "l2": (lambda: preprocessing.StandardScaler() | lm.LogisticRegression(l2=0.01), "bools"),
    "raw": (lambda: lm.LogisticRegression(), "bools"),
    "centred": (lambda: preprocessing.StandardScaler(with_std=False) | lm.Perceptron(), "bools"),
    "ranges": (lambda: preprocessing.MinMaxScaler() | lm.Perceptron(l2=0.01), "bools"),
    "range of numbers": (lambda: preprocessing.MinMaxScaler() | lm.LinearRegression(), "numbers"),
    "discard": (
        lambda: compose.Discard("b", "z") | preprocessing.StandardScaler() | lm.Perceptron(),
        "bools",
    ),
    "bayes": (naive_bayes.GaussianNB, "words"),
    "scaled bayes": (lambda: preprocessing.StandardScaler() | naive_bayes.GaussianNB(), "words"),
}


@pytest.mark.parametrize("delay", [None, 7, late], ids=["once", "7", "each"])
@pytest.mark.parametrize(("make", "kind"), MODELS.values(), ids=MODELS)
def test_answers_and_state_are_those_of_rivers_loop(make, kind, delay):
    """Bit for bit, with gaps, a late column and labels that come when they do."""
    X, full = table(900)
    check_same(make, X, targets(full, kind), delay=delay)


def test_labels_that_never_come_change_nothing():
    """The answers are those of the start, and so is the state."""
    X, full = table(900)
    model = preprocessing.StandardScaler() | lm.LogisticRegression()
    for x, t in rows_of(X[:99], targets(full, "bools")[:99].copy()):
        model.learn_one(x | {"e": 1.0}, t)
    before = state(model)
    check_same(lambda: model, X, targets(full, "bools"), metrics.LogLoss(), math.inf)
    assert state(model) == before


@pytest.mark.parametrize("delay", [None, 7, late], ids=["once", "7", "each"])
@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("logistic 0", metrics.LogLoss()),
        ("l2", metrics.ROCAUC()),
        ("discard", metrics.LogLoss()),
        ("scaled bayes", metrics.CrossEntropy()),
    ],
)
def test_probabilities_are_those_of_rivers_loop(name, metric, delay):
    """Bit for bit; of naive Bayes within rounding, whose sums river leaves to SciPy."""
    make, kind = MODELS[name]
    X, full = table(900)
    check_same(make, X, targets(full, kind), metric, delay, exact=kind == "bools")


def test_selected_features_come_in_the_order_of_rivers_set():
    """The sum over features is taken in the order in which river hands them on."""
    _, full = table()
    full[:, 4] *= 1e8  # so that the order shows in the last bits

    def make():
        return (
            compose.Select("e", "a", "c", "b")
            | preprocessing.StandardScaler()
            | lm.LogisticRegression()
        )

    check_same(make, full, targets(full, "bools"), metrics.LogLoss())


# -- models that have learnt before ----------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_what_was_learnt_by_rows_goes_on(name):
    """An object seen half way, whose features came in another order, and more of them."""
    make, kind = MODELS[name]
    X, full = table(700)
    y = targets(full, kind)

    def half():
        model = make()
        for x, t in rows_of(X[:200], y[:200]):
            turned = {key: x[key] for key in reversed(x)} | {"gone": 1.5}
            model.predict_one(turned)
            model.learn_one(turned, t)
        return model

    check_same(half, X[200:], y[200:])


def test_a_second_run_goes_on_where_the_first_ended():
    """Two runs in place are one; tables stay of river's classes."""
    X, full = table()
    y = targets(full, "bools")
    twice = preprocessing.StandardScaler() | lm.LogisticRegression(optim.Adam())
    once = twice.clone()
    for rows in (slice(0, 333), slice(333, None)):
        evaluate.prequential(stream_of(X[rows], y[rows]), twice)
    evaluate.prequential(stream_of(X, y), once)
    assert state(twice) == state(once)
    scaler = twice["StandardScaler"]
    assert type(scaler.counts) is collections.Counter
    assert type(scaler.means) is type(scaler.vars) is collections.defaultdict
    assert all(type(n) is int for n in scaler.counts.values())
    assert type(twice["LogisticRegression"].optimizer.n_iterations) is int


# -- what stops a run ------------------------------------------------------------------------------


def test_a_run_that_stops_has_learnt_whole_blocks():
    """Where the stream raises, the model has learnt what was read before."""

    X, full = table(1000)
    y = targets(full, "bools")
    model = preprocessing.StandardScaler() | lm.LogisticRegression()
    other = model.clone()
    stream = stream_of(X, y)
    blocks = stream.blocks

    def broken(size):
        for k, block in enumerate(blocks(size)):
            if k == 2:
                raise OSError("gone")
            yield block

    stream.blocks = broken
    with pytest.raises(OSError, match="gone"):
        evaluate.prequential(stream, model, block_size=300)
    evaluate.prequential(rows_of(X[:600], y[:600]), other)
    assert state(model) == state(other)


def test_checkpoints_hold_what_was_learnt(tmp_path):
    """A run that was killed between two blocks goes on to the same state and figures."""
    X, full = table()
    y = targets(full, "bools")

    def run(model, rows, folder):
        kept = evaluate.Checkpoint(tmp_path / folder, every=250, resume=True)
        how = {"max_samples": rows, "delay": 40, "metrics": metrics.LogLoss(), "window": 200}
        return evaluate.prequential(stream_of(X, y), model, checkpoint=kept, block_size=100, **how)

    def make():
        return preprocessing.StandardScaler() | lm.LogisticRegression(optim.Adam())

    run(make(), 700, "killed")
    ended = make()
    resumed, whole = run(ended, 1500, "killed"), run(make(), 1500, "whole")
    plain = make()
    evaluate.prequential(rows_of(X, y), plain, delay=40)
    assert state(ended) == state(plain)
    assert resumed.values == whole.values
    assert resumed.windows == whole.windows


# -- what river does itself ------------------------------------------------------------------------


def test_values_that_overflow_are_left_to_river():
    """Infinities and huge numbers do to river's objects what they always did, and it is said."""
    X, full = table(900)
    y = targets(full, "bools")
    for value in (np.inf, 1e200):
        X[500, 1] = value
        with np.errstate(all="ignore"):
            found = check_same(
                lambda: preprocessing.StandardScaler() | lm.LogisticRegression(), X, y
            )
        assert "beyond 1e+100" in found.why


def test_a_model_that_diverges_is_left_to_river():
    """Weights that leave the range of floats become what they become in river."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 5)) * 1e3

    def make():
        return lm.LinearRegression(optim.SGD(0.1), clip_gradient=1e99)

    found = check_same(make, X, X[:, 0] * 1.0)
    assert "river learnt rows itself" in found.why


def test_a_name_that_is_missing_raises_as_in_river():
    """river's Select wants all its names in each row."""
    X, full = table(300)
    model = compose.Select("a", "b") | lm.LogisticRegression()
    with pytest.raises(KeyError):
        evaluate.prequential(stream_of(X, targets(full, "bools")), model)


class Scaler(preprocessing.StandardScaler):
    """A class of a user's."""


class Bayes(naive_bayes.GaussianNB):
    """A class of a user's."""


def scaler_with(name, value):
    scaler = preprocessing.StandardScaler()
    setattr(scaler, name, value)
    return scaler | lm.LogisticRegression()


def learning_as_it_predicts():
    model = preprocessing.StandardScaler() | lm.LogisticRegression()
    model._LEARN_UNSUPERVISED_DURING_PREDICT = True
    return model


def with_optimizer(**attributes):
    optimizer = optim.SGD()
    vars(optimizer).update(attributes)
    return lm.LogisticRegression(optimizer)


def shared():
    scaler = preprocessing.StandardScaler()
    return compose.Pipeline(scaler, ("again", scaler), lm.LogisticRegression())


NOT_ADAPTED = {
    "subclass": (lambda: Scaler() | lm.LogisticRegression(), "step 1, Scaler, is not compiled"),
    "sole subclass": (Bayes, "Bayes is not compiled"),
    "attribute": (lambda: scaler_with("more", 1), "'more' of river's StandardScaler is not"),
    "table": (
        lambda: scaler_with("means", collections.defaultdict(int)),
        "'means' of river's StandardScaler is not",
    ),
    "part": (lambda: with_optimizer(more=1), "'more' of river's SGD is not"),
    "window": (
        lambda: preprocessing.StandardScaler(window_size=9) | lm.Perceptron(),
        "river's StandardScaler with a window",
    ),
    "optimizer": (lambda: lm.LogisticRegression(optim.Nadam()), "Nadam in a model of river"),
    "step": (
        lambda: preprocessing.RobustScaler() | lm.Perceptron(),
        "step 1, RobustScaler, is not compiled",
    ),
    "learns as it predicts": (learning_as_it_predicts, "unsupervised steps learn as they predict"),
    "initializer": (
        lambda: lm.LogisticRegression(initializer=optim.initializers.Normal(seed=1)),
        "river's LogisticRegression is not compiled: initializer must be Zeros",
    ),
    "twice": (shared, "a step of the pipeline is there twice"),
}


@pytest.mark.parametrize(("make", "why"), NOT_ADAPTED.values(), ids=NOT_ADAPTED)
def test_what_is_not_known_goes_row_by_row(make, why):
    """Subclasses, further attributes, other parameters: river runs itself, and `why` says so."""
    _, full = table(60)
    found = evaluate.prequential(stream_of(full, targets(full, "bools")), make())
    assert found.path == "rows"
    assert why in found.why


def test_labels_that_river_takes_for_others_go_row_by_row():
    """A linear model of river's knows 0 and 1 alone; words are its own error."""
    X, full = table(60)
    model = preprocessing.StandardScaler() | lm.LogisticRegression()
    y = targets(full, "bools") + 1
    found = evaluate.prequential(stream_of(full, y), model)
    assert (found.path, found.why) == (
        "rows",
        "river's LogisticRegression learns the labels False and True, or 0 and 1",
    )
    check_same(lambda: model.clone(), X, y - 1, metrics.LogLoss())


def test_probabilities_of_a_fresh_min_max_scaler_go_row_by_row():
    """river makes NaN of the first row, which is a figure there and no gap."""
    _, full = table(60)
    model = preprocessing.MinMaxScaler() | lm.LogisticRegression()
    found = evaluate.prequential(stream_of(full, targets(full, "bools")), model, metrics.LogLoss())
    assert (found.path, math.isnan(found.values["LogLoss"])) == ("rows", True)
    assert "makes NaN" in found.why


PINNED = {
    "StandardScaler": preprocessing.StandardScaler,
    "MinMaxScaler": preprocessing.MinMaxScaler,
    "MaxAbsScaler": preprocessing.MaxAbsScaler,
    "Select": compose.Select,
    "Discard": compose.Discard,
    "LogisticRegression": lm.LogisticRegression,
    "LinearRegression": lm.LinearRegression,
    "Perceptron": lm.Perceptron,
    "GaussianNB": naive_bayes.GaussianNB,
}


@pytest.mark.parametrize("name", ADAPTERS)
def test_attributes_are_those_of_the_version_of_river_at_hand(name):
    """Where river adds an attribute or moves a class, this fails, and users go row by row."""
    made = PINNED[name.rsplit(".", 1)[-1]]()
    assert name == f"{type(made).__module__}.{type(made).__qualname__}"
    assert set(vars(made)) == ADAPTERS[name].attributes


# -- other doors -----------------------------------------------------------------------------------


def test_compare_runs_models_of_river_in_place():
    """What `prequential` can, `compare` does."""
    X, full = table(300)
    model = preprocessing.StandardScaler() | lm.LogisticRegression()
    found = evaluate.compare({"m": model}, {"s": stream_of(X, targets(full, "bools"))})
    assert found.results[0].path == "blocks"
