"""Streams whose target is a number: files, river's sets, Friedman's function, series."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
from river import datasets
from river.datasets import synth

from olearn import evaluate, learners, streams
from olearn.streams._series_facts import SERIES
from olearn.streams.base import Numbers, Schema

TABLE = "temp,day,kwh\n" + "".join(f"{t / 4},{t % 7},{t * 0.5}\n" for t in range(40))


def file(tmp_path, text=TABLE, name="energy.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


# -- files ---------------------------------------------------------------------------------------


def test_a_file_of_numbers(tmp_path):
    """The target is read as numbers, in rows and blocks; the schema says so."""
    stream = streams.from_file(file(tmp_path), "kwh", task="regression")
    assert stream.schema.task == "regression"
    assert stream.schema.target == Numbers()
    _, y = next(stream.blocks())
    assert y.dtype == np.float64
    assert y.tolist() == [t * 0.5 for t in range(40)]
    assert [number for _, number in stream] == y.tolist()
    assert "  kwh (target): numbers" in stream.facts()
    result = evaluate.prequential(stream, learners.LinearRegression(), window=20)
    assert result.path == "blocks"


def test_whole_numbers_are_numbers(tmp_path):
    """Where numbers are asked for, each whole number is no class."""
    stream = streams.from_file(file(tmp_path), "day", task="regression")
    assert [y for _, y in stream.take(3)] == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("", "has no number in row 40"),
        ("n/a", "its cell 'n/a' means missing; unlabelled='drop'"),
        ("inf", "must be finite, got inf in row 40"),
        ("much", "'much'"),
    ],
)
def test_what_is_no_number_is_named(tmp_path, cell, words):
    """Missing, infinite and other cells, with their row."""
    path = file(tmp_path, f"{TABLE}1,2,{cell}\n")
    with pytest.raises(ValueError, match="kwh") as caught:
        streams.from_file(path, "kwh", task="regression")
    assert words in str(caught.value)


def test_rows_without_a_number_can_be_left_out(tmp_path):
    """With a word."""
    path = file(tmp_path, f"{TABLE}1,2,\n")
    with pytest.warns(UserWarning, match="1 row without a number in column 'kwh' left out"):
        stream = streams.from_file(path, "kwh", task="regression", unlabelled="drop")
    assert stream.n_samples == 40


def test_real_labels_say_how_to_read_them(tmp_path):
    """A measurement is no class, and the remedy is named; what is no task neither."""
    with pytest.raises(ValueError, match="task='regression' takes measurements"):
        streams.from_file(file(tmp_path), "temp")
    with pytest.raises(ValueError, match="task must be one of"):
        streams.from_file(file(tmp_path), task="forecast")
    with pytest.raises(ValueError, match="target_text must be False"):
        streams.from_file(file(tmp_path), task="regression", target_text=True)
    truths = file(tmp_path, '{"a": 1, "y": true}\n{"a": 2, "y": false}\n', "truths.jsonl")
    with pytest.raises(ValueError, match="got truth values in 'y'"):
        streams.from_file(truths, "y", task="regression")


def test_models_get_the_targets_they_learn(tmp_path):
    """A regressor refuses classes, and a classifier numbers."""
    with pytest.raises(ValueError, match="numbers as its target for a regressor"):
        evaluate.prequential(streams.from_file(file(tmp_path), "day"), learners.KNNRegressor())
    numbers = streams.from_file(file(tmp_path), "day", task="regression")
    with pytest.raises(ValueError, match="classes as its target for a classifier"):
        evaluate.prequential(numbers, learners.KNNClassifier())


def test_tasks_of_schemas():
    """By what the target is."""
    targets = {"classification": ("a", "b"), "regression": Numbers(), "none": None}
    for task, target in targets.items():
        assert Schema(("x",), (), target).task == task


# -- river's -------------------------------------------------------------------------------------


def test_rivers_sets_of_numbers():
    """Their rows and numbers, those of an endless one too."""
    stream = streams.from_river("TrumpApproval")
    assert stream.schema.task == "regression"
    assert [y for _, y in stream.take(50)] == [y for _, y in datasets.TrumpApproval().take(50)]
    endless = streams.from_river(synth.Friedman(seed=1))
    assert endless.n_samples is None
    assert [y for _, y in endless.take(5)] == [y for _, y in synth.Friedman(seed=1).take(5)]


# -- Friedman ------------------------------------------------------------------------------------


def by_river(function, X):
    """What river's generator computes without noise; its 'gra' reads another feature than 'gsg'."""
    if function > 3:
        drift = synth.FriedmanDrift("lea", position=(1, 2, 3))
        return [drift._local_expanding_abrupt_gen(x, function - 3) for x in X.tolist()]
    drift = synth.FriedmanDrift("gsg", position=(1, 2), transition_window=0)
    return [drift._global_and_slow_gradual_gen(x, function - 1, None) for x in X.tolist()]


@pytest.mark.parametrize("function", range(1, 7))
def test_concepts_are_the_published_ones(function):
    """River is the oracle, row by row."""
    X, y = next(streams.Friedman(function, noise=0.0, seed=3).blocks(20_000))
    np.testing.assert_allclose(y, by_river(function, X), rtol=1e-13)
    first = next(streams.Friedman(1, noise=0.0, seed=3).blocks(20_000))[1]
    changed = np.mean(y != first)
    assert changed == pytest.approx(
        {1: 0.0, 2: 1.0, 3: 1.0, 4: 2 * 0.3**4, 5: 2 * 0.3**3, 6: 2 * 0.3**2}[function], abs=0.01
    )


def test_noise_is_normal():
    """Of the standard deviation asked for."""
    quiet = next(streams.Friedman(noise=0.0, seed=3).blocks(20_000))[1]
    rest = next(streams.Friedman(noise=2.0, seed=3).blocks(20_000))[1] - quiet
    assert rest.mean() == pytest.approx(0.0, abs=0.05)
    assert rest.std() == pytest.approx(2.0, abs=0.05)
    with pytest.raises(ValueError, match="noise"):
        streams.Friedman(noise=math.nan)


@pytest.mark.parametrize(("kind", "n"), [("lea", 3), ("gra", 2), ("gsg", 2)])
def test_drifts(kind, n):
    """Each has its concepts in turn, at rows that are known."""
    stream = streams.friedman_drift(kind, seed=2, n_samples=12_000)
    assert stream.drift_positions == tuple(12_000 * k // (n + 1) for k in range(1, n + 1))
    assert stream.n_samples == 12_000
    with pytest.raises(ValueError, match="positions must be"):
        streams.friedman_drift(kind, (1,))
    with pytest.raises(ValueError, match="kind must be one of"):
        streams.friedman_drift("abrupt")


# -- series --------------------------------------------------------------------------------------


def test_ahead_pairs_rows_with_what_comes():
    """Whatever the blocks; rows without a value to come are left out."""
    X = np.column_stack([np.arange(25_000.0), np.arange(25_000) % 3])
    X[7, 0] = np.nan
    source = streams.from_arrays(X, None, names=["load", "phase"], nominal=["phase"])
    stream = streams.Ahead(source, "load", 3)
    assert stream.n_samples == 25_000 - 3 - 1
    for size in (1000, 7000, 30_000):
        blocks = list(stream.blocks(size))
        rows = np.concatenate([rows for rows, _ in blocks])
        y = np.concatenate([y for _, y in blocks])
        assert y.tolist() == [t + 3.0 for t in range(25_000 - 3) if t + 3 != 7]
        assert rows[:4, 0].tolist() == [0.0, 1.0, 2.0, 3.0]
        assert np.isnan(rows[6, 0])
    assert stream.schema.nominal == ("phase",)


def test_ahead_of_an_endless_stream_has_no_end():
    """And its drifts stay where they are."""
    stream = streams.Ahead(streams.Friedman(seed=1), "x0")
    assert stream.n_samples is None
    X, y = next(stream.blocks(50))
    assert y[:-1].tolist() == X[1:, 0].tolist()


def test_ahead_checks_its_arguments():
    """Each is named."""
    source = streams.from_arrays(np.eye(3), None, nominal=["x1"])
    for column, steps, words in (
        ("x9", 1, "x9"),
        ("x1", 1, "nominal"),
        ("x0", 0, "steps"),
        ("x0", 3, "must have a value of 'x0' 3 rows after another"),
    ):
        with pytest.raises(ValueError, match=words):
            streams.Ahead(source, column, steps)


@pytest.mark.parametrize("name", SERIES)
def test_recorded_series(name):
    """Each has its target an hour ahead, and no column without a value."""
    if not (Path(os.environ.get("OLEARN_DATA", "/nowhere")) / SERIES[name].file).is_file():
        pytest.skip(f"the series {name} is not in $OLEARN_DATA")
    stream = streams.load(name)
    assert stream.column == SERIES[name].target
    X, y = next(stream.blocks(10**6))
    assert len(y) == stream.n_samples
    assert not np.isnan(X).all(axis=0).any()
    if name != "air_quality":  # which has gaps in its target
        assert y[:-1].tolist() == X[1:, stream.schema.column(stream.column)].tolist()


def test_a_series_that_is_not_here(tmp_path, monkeypatch):
    """Says where it was looked for; one that is damaged is named."""
    monkeypatch.setenv("OLEARN_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="the series 'etth1' is not here"):
        streams.load("etth1")
    (tmp_path / "etth1").mkdir()
    (tmp_path / "etth1/etth1.npz").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="is damaged or not the series 'etth1'"):
        streams.load("etth1")
