"""Tests of StreamTDRegressor: golden replays, discounts, features that come and go, drift."""

import math

import numpy as np
import pytest
from river import stream

from olearn.learners import StreamTDRegressor
from olearn.learners.rl import AdaptiveObGD, LayerNormMLP, ObGD
from olearn.learners.rl._signal_kernels import reward_spread


def rows_of(X):
    return [dict(enumerate(row)) for row in X.tolist()]


def with_weights(golden, model, first, flat):
    """Give the first row, then golden weights."""
    model.learn_one(first, 0.0)
    assert golden.fill(model.layers, flat) == flat.size
    return model


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 1e-4)])
def test_golden_transitions(golden, dtype, tolerance):
    """50 transitions with an end among them: TD errors, traces, weights equal the authors'."""
    data = golden("stream_td")
    model = StreamTDRegressor(normalise=False, scale_target=False, dtype=dtype, seed=1)
    rows = rows_of(np.vstack([data["in/s"][:1], data["in/s_next"]]))
    with_weights(golden, model, rows[0], data["in/w_init"])
    for i, (x, y, done) in enumerate(zip(rows[1:], data["in/r"], data["in/done"], strict=True)):
        model.learn_one(x, float(y), gamma=0.0 if done else None)
        assert model.td_error == pytest.approx(data["f64/td_error"][i], abs=tolerance)
        assert model.trace_l1 == pytest.approx(data["f64/trace_l1"][i], rel=tolerance)
    got, expected = golden.flat(model.layers)[::16], data["f64/w_t50[::16]"]
    np.testing.assert_allclose(got, expected, rtol=0, atol=max(tolerance / 10, 1e-7))


def test_golden_pipeline(golden):
    """From raw rows, with observation trace, normalisation and scaling, as the authors'."""
    data = golden("stream_td_pipeline")
    model = StreamTDRegressor(observation_trace=0.999, dtype="float64", seed=1)
    rows = rows_of(data["raw_x"])
    with_weights(golden, model, rows[0], golden("stream_td")["in/w_init"])
    for i, x in enumerate(rows[1:]):
        cumulant = float(data["raw_cumulant"][i + 1])
        model.learn_one(x, cumulant, gamma=0.0 if i == 399 else None)
        if i % 20 == 0:
            spread = reward_spread(model._state.reward[0], True)
            assert spread == pytest.approx(data["reward_std[::20]"][i // 20], rel=1e-9)
        seen = model._net.cache[0, 0, :7]  # the row in state, as the network sees it
        if i % 20 == 19:
            np.testing.assert_allclose(seen, data["norm_x[::20]"][(i + 1) // 20], atol=1e-10)
        value = LayerNormMLP((7, 128, 128, 1), dtype="float64", seed=1)
        value.weights[:] = model._net.w[0]
        expected = data["pred_after_update"][i]  # of a float32 run
        assert value.forward(seen)[0] == pytest.approx(expected, abs=1e-4)


def oscillators(n, seed, flip):
    """Rows, targets and true drift: three oscillators whose mixture changes its sign."""
    rng = np.random.default_rng(seed)
    t = np.arange(n)[:, None]
    phase = 2 * np.pi * t / rng.uniform(20, 120, 3) + rng.uniform(0, 2 * np.pi, 3)
    size = rng.uniform(0.5, 3.0, 3)
    X = np.hstack([size * np.sin(phase), size * np.cos(phase), rng.normal(size=(n, 1))])
    X += 0.05 * rng.normal(size=X.shape)
    weights = rng.normal(size=3) * np.where(t < flip, 1.0, -1.0)
    y = (np.sin(phase) * weights).sum(axis=1) + 1.0 + 0.1 * rng.normal(size=n)
    return X, y


def returns_of(y, gamma):
    """Discounted sums of the targets after each row."""
    out = np.zeros(len(y))
    for i in range(len(y) - 2, -1, -1):
        out[i] = y[i + 1] + gamma * out[i + 1]
    return out


def nrmse(predictions, truth, first, last):
    part = slice(first, last)
    error = np.sqrt(np.mean((predictions[part] - truth[part]) ** 2))
    return error / truth[part].std()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_follows_a_drift(seed):
    """Sums of a mixture of oscillators are predicted well, and again soon after it flips.

    A copy that stopped learning at the flip fails, as does a constant, whose error is 1.
    """
    X, y = oscillators(30_000, seed, flip=15_000)
    truth, predictions = returns_of(y, 0.9), np.zeros(len(y))
    model = StreamTDRegressor(gamma=0.9, seed=seed)
    for i in range(0, len(y), 10):  # a prediction every 10 rows
        if i == 15_000:
            frozen = model.predict_many(X)
        model.learn_many(X[i : i + 1], y[i : i + 1])
        predictions[i] = model.predict_many(X[i : i + 1])[0]
        model.learn_many(X[i + 1 : i + 10], y[i + 1 : i + 10])
    assert nrmse(frozen, truth, 15_500, 17_000) > 1.0
    predictions, truth = predictions[::10], truth[::10]
    assert nrmse(predictions, truth, 1000, 1500) < 0.25
    assert nrmse(predictions, truth, 1550, 1700) < 0.35
    assert nrmse(predictions, truth, 2400, 2900) < 0.2


def test_predicts_discounted_sums():
    """Where the state is seen, predictions reach the sums computed afterwards."""
    X, y = oscillators(6000, 1, flip=10_000)
    model = StreamTDRegressor(gamma=0.8, hidden=(64, 64), seed=2)
    model.learn_many(X[:5000], y[:5000])
    truth = returns_of(y, 0.8)
    assert nrmse(model.predict_many(X), truth, 5000, 5900) < 0.35
    untrained = StreamTDRegressor(gamma=0.8, seed=2)
    assert untrained.predict_one({0: 1.0}) == 0.0


def test_discount_zero_is_regression():
    """With gamma 0 the prediction is the target that comes next."""
    rng = np.random.default_rng(3)
    model = StreamTDRegressor(gamma=0.0, hidden=(32,), seed=3)
    last = 0.0
    for _ in range(4000):
        x = float(rng.normal())
        model.learn_one({"x": x}, 3.0 * last)
        last = x
    errors = [model.predict_one({"x": x}) - 3.0 * x for x in (-1.0, -0.5, 0.5, 1.0)]
    assert np.abs(errors).max() < 0.8


def test_reset_cuts_the_stream():
    """After a reset the next row completes no transition, and no trace is left."""
    X, y = oscillators(60, 2, flip=100)
    model = StreamTDRegressor(hidden=(16,), seed=1)
    model.learn_many(X[:50], y[:50])
    model.reset()
    before, error = model._net.w.copy(), model.td_error
    model.learn_one(rows_of(X)[50], 1e6)
    assert model.td_error == error
    assert np.array_equal(model._net.w, before)
    assert not model._net.z.any()
    model.learn_one(rows_of(X)[51], 1.0)
    assert model.td_error != error


def test_discount_zero_at_an_event_cuts():
    """A row with gamma 0 takes nothing from what follows and ends the trace."""
    X, y = oscillators(60, 3, flip=100)
    rows = rows_of(X)
    models = [StreamTDRegressor(hidden=(16,), seed=1) for _ in range(2)]
    for model in models:
        model.learn_many(X[:50], y[:50])
    before = models[0].trace_l1
    models[0].learn_one(rows[50], 1.0, gamma=0.0)
    models[1].learn_one({k: 100.0 for k in rows[50]}, 1.0, gamma=0.0)
    assert models[0].td_error == models[1].td_error
    models[0].learn_one(rows[51], 1.0)
    assert 0.0 < models[0].trace_l1 != before


def test_new_and_missing_features():
    """A new feature gets sparse weights and leaves predictions alone; a missing one is average."""
    X, y = oscillators(200, 4, flip=300)
    model = StreamTDRegressor(hidden=(16, 16), seed=1, dtype="float64")
    model.learn_many(X[:150, :5], y[:150])
    x = dict(enumerate(X[150, :5].tolist()))
    before, old = model.predict_one(x), [m.copy() for m, _ in model.layers]
    model._features.learn_one(x | {"new": 1.0, "newer": 2.0})
    model._grow()
    assert model.predict_one(x) == pytest.approx(before, abs=1e-12)
    assert model.layers[0][0].shape == (16, 7)
    np.testing.assert_array_equal(model.layers[0][0][:, :5], old[0])
    np.testing.assert_array_equal(model.layers[1][0], old[1])
    assert not model._net.z[0, 5 * 16 : 7 * 16].any()
    model.learn_one({"new": 1.0}, 0.5)
    assert math.isfinite(model.predict_one({}))
    assert math.isfinite(model.td_error)


def test_wide_new_features_are_sparse():
    """Of a new input's weights about a tenth is not zero, within the bound."""
    model = StreamTDRegressor(hidden=(2000,), seed=1)
    model.learn_one({i: 1.0 for i in range(99)}, 0.0)
    model.learn_one({i: 1.0 for i in range(100)}, 0.0)
    new = model.layers[0][0][:, 99]
    start = StreamTDRegressor(hidden=(2000,), seed=1)
    start.learn_one({i: 1.0 for i in range(99)}, 0.0)
    start._features.learn_one({99: 1.0})
    start._grow()
    new = start.layers[0][0][:, 99]
    assert 0.07 < (new != 0).mean() < 0.13
    assert np.abs(new).max() <= 0.1


@pytest.mark.parametrize("rule", [ObGD(kappa=5.0), AdaptiveObGD()], ids=str)
def test_optimisers_are_plugged_in(rule):
    """The rule given is used, also when features are added."""
    X, y = oscillators(80, 5, flip=100)
    model = StreamTDRegressor(hidden=(16,), optimiser=rule, seed=1)
    model.learn_many(X[:40, :4], y[:40])
    model.learn_many(X[40:], y[40:])
    default = StreamTDRegressor(hidden=(16,), seed=1)
    default.learn_many(X[:40, :4], y[:40])
    default.learn_many(X[40:], y[40:])
    assert np.isfinite(model._net.w).all()
    assert not np.array_equal(model._net.w, default._net.w)


def test_in_a_river_loop():
    """It runs in river's usual loop over dicts."""
    X, y = oscillators(50, 6, flip=100)
    model = StreamTDRegressor(hidden=(16,), seed=1)
    for x, target in stream.iter_array(X, y):
        assert isinstance(model.predict_one(x), float)
        model.learn_one(x, target)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"gamma": 1.1}, "gamma"),
        ({"hidden": ()}, "hidden"),
        ({"hidden": (9,)}, "hidden must be wider"),
        ({"optimiser": 0.1}, "optimiser"),
        ({"observation_trace": 1.0}, "observation_trace"),
        ({"dtype": "int8"}, "dtype"),
    ],
)
def test_bad_parameters(kwargs, message):
    """A parameter outside its range is named."""
    with pytest.raises((ValueError, TypeError), match=message):
        StreamTDRegressor(**kwargs)


def test_strings_and_discounts_are_checked():
    """Strings are refused with what to do; so is a discount outside [0, 1]."""
    model = StreamTDRegressor(hidden=(16,), seed=1)
    with pytest.raises(ValueError, match="OneHotEncoder"):
        model.learn_one({"colour": "red"}, 1.0)
    with pytest.raises(ValueError, match="gamma"):
        model.learn_one({"x": 1.0}, 1.0, gamma=1.5)
    assert model.layers == []
