"""`ConformalRegressor`: coverage under drift, one answer by rows and blocks, files, refusals."""

import copy
import pickle

import numpy as np
import pytest
from river import conf, dummy, linear_model, stats
from river.conf.interval import Interval

import olearn
from olearn import evaluate, learners, metrics, preprocessing, streams


def scaled(**options):
    regressor = preprocessing.StandardScaler() | learners.LinearRegression()
    return learners.ConformalRegressor(regressor, **options)


def data(n=600, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return X, X @ [1.0, -2.0, 0.5] + rng.normal(size=n)


def by_hand(model, X, y, delay=0):
    """Answers of a loop of rows whose labels come late."""
    rows, answers = [dict(enumerate(row)) for row in X.tolist()], []
    for t, x in enumerate(rows):
        interval = model.predict_one(x, with_interval=True)
        answers.append((model.predict_one(x), interval.lower, interval.upper))
        if t >= delay:
            model.learn_one(rows[t - delay], y[t - delay])
    return answers


def published(errors, coverage, step, window):
    """Half widths by the published rule, with sorting at every row."""
    alpha, widths = 1.0 - coverage, []
    for t, error in enumerate(errors):
        seen = np.sort(errors[max(0, t - window) : t])
        place = int(np.ceil((len(seen) + 1) * (1.0 - alpha)))
        width = np.inf
        if len(seen) and place <= len(seen):
            width = seen[max(place - 1, 0)] if alpha < 1.0 else 0.0
        elif len(seen):
            width = seen[-1] * 2.0 ** (max(-alpha, 0.0) / (10.0 * step * coverage))
        widths.append(width)
        alpha += step * ((1.0 - coverage) - (error > width))
    return widths


@pytest.mark.parametrize(("coverage", "step", "window"), [(0.9, 0.02, 1000), (0.5, 0.3, 20)])
def test_widths_are_those_of_the_published_rule(coverage, step, window):
    """Against a plain program, over errors that grow and shrink."""
    rng = np.random.default_rng(1)
    y = rng.normal(size=800) * np.repeat([1.0, 9.0, 0.1, 3.0], 200)
    model = learners.ConformalRegressor(
        dummy.StatisticRegressor(stats.Shift(0, 0.0)), coverage, step, window
    )
    half = []
    for value in y.tolist():
        interval = model.predict_one({}, with_interval=True)
        half.append(interval.width / 2.0)
        model.learn_one({}, value)
    errors = np.abs(np.diff(y, prepend=0.0))
    np.testing.assert_allclose(half, published(errors, coverage, step, window), rtol=1e-12)


@pytest.mark.parametrize("delay", [0, 1, 30, 2000])
def test_blocks_are_rows(delay):
    """Predictions and ends of intervals, whatever the delay, bit for bit."""
    X, y = data()
    loop, block = scaled(window_size=100), scaled(window_size=100)
    expected = by_hand(loop, X, y, delay)
    upto = np.maximum(np.arange(1, 601) - delay, 0)
    due = slice(int(upto[-1]))
    made = block._run_schedule(X, X[due], y[due], upto, names=(0, 1, 2), intervals=True)
    assert made.tolist() == [list(row) for row in expected]
    np.testing.assert_array_equal(loop._scores, block._scores)
    np.testing.assert_array_equal(loop._state, block._state)


@pytest.mark.parametrize("delay", [None, 20])
@pytest.mark.parametrize("own", [True, False], ids=["ours", "river's"])
def test_prequential_scores_intervals(delay, own):
    """By blocks where the regressor takes them, else by rows, with the figures of a loop."""
    X, y = data()
    inner = learners.PARegressor() if own else linear_model.PARegressor()
    model = learners.ConformalRegressor(inner)
    scores = metrics.IntervalScore(0.9)
    chosen = [metrics.Coverage(), metrics.IntervalWidth(), scores]
    names = (0, 1, 2)
    stream = streams.from_arrays(X, y, target="numbers", names=names)
    result = evaluate.prequential(stream, model.clone(), chosen, delay=delay, window=100)
    assert result.path == ("blocks" if own else "rows")
    for target, (_, lower, upper) in zip(y, by_hand(model, X, y, delay or 0), strict=True):
        for metric in chosen:
            metric.update(target, (lower, upper))
    for metric in chosen:
        assert result.values[type(metric).__name__] == metric.get()
    usual = evaluate.prequential(stream, model.clone())
    assert list(usual.values) == ["MAE", "RMSE", "R2", "Coverage", "IntervalWidth"]


@pytest.mark.parametrize("name", ["friedman_lea", "friedman_gra", "friedman_gsg"])
def test_coverage_is_kept_under_drift(name):
    """Every window of 5,000 rows holds the share asked for, within one point."""
    stream = streams.load(name, n_samples=30_000, seed=3)
    X, y = next(stream.blocks(30_000))
    _, lower, upper = scaled().test_then_train_intervals(X, y, names=stream.schema).T
    inside = np.cumsum(np.concatenate([[0], (lower <= y) & (y <= upper)]))
    share = (inside[5000:] - inside[:-5000]) / 5000
    assert abs(share - 0.9).max() < 0.01
    assert np.isfinite(upper[1:]).all()


def test_rivers_jackknife_is_scored_too():
    """Metrics read the intervals of any regressor that gives them."""
    X, y = data(300)
    model = conf.RegressionJackknife(linear_model.PARegressor(), 0.9, 100)
    result = evaluate.prequential((X, y), model, metrics.Coverage())
    assert 0.8 < result.values["Coverage"] < 1.0
    with pytest.raises(ValueError, match="Coverage does not work with"):
        evaluate.prequential((X, y), learners.PARegressor(), metrics.Coverage())


def test_a_regressor_that_knows_nothing_yet():
    """No number, no interval, and no error of it."""
    model = learners.ConformalRegressor(dummy.StatisticRegressor(stats.Shift(0)))
    assert model.predict_one({}, with_interval=True) is None
    model.learn_one({}, 5.0)
    assert model.predict_one({}, with_interval=True).width == np.inf
    model.learn_one({}, 7.0)
    assert model.predict_one({}, with_interval=True) == Interval(5.0, 9.0)


def test_copies_and_files_go_on(tmp_path):
    """Kept in the middle of a stream, it goes on bit for bit; predicting changes nothing."""
    X, y = data()
    model = scaled(window_size=50)
    model.test_then_train_many(X[:300], y[:300])
    before = pickle.dumps(copy.deepcopy(model))
    model.predict_one(dict(enumerate(X[0].tolist())), with_interval=True)
    assert pickle.dumps(copy.deepcopy(model)) == before
    olearn.save(model, tmp_path / "model.olearn")
    twins = [olearn.load(tmp_path / "model.olearn"), pickle.loads(before), copy.deepcopy(model)]
    expected = model.test_then_train_intervals(X[300:], y[300:]).tolist()
    for twin in twins:
        assert twin.test_then_train_intervals(X[300:], y[300:]).tolist() == expected


def test_arguments_are_checked():
    """Each names what is wrong; a bad target leaves all as it was."""
    with pytest.raises(TypeError, match="regressor must be a regressor"):
        learners.ConformalRegressor(learners.KNNClassifier())
    for name, bad in (("coverage", 1.0), ("step", 0.0), ("window_size", 0)):
        with pytest.raises(ValueError, match=name):
            scaled(**{name: bad})
    model = scaled()
    before = pickle.dumps(copy.deepcopy(model))
    for bad in (None, "1", float("nan")):
        with pytest.raises((TypeError, ValueError), match="y "):
            model.learn_one({"a": 1.0}, bad)
    assert pickle.dumps(copy.deepcopy(model)) == before
