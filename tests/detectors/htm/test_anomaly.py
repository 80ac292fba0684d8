"""Tests of the anomaly detector: the pipeline on real data, purity, missing values, refusals."""

import csv
import datetime
import math
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from river import checks, evaluate, metrics

from olearn.core.memory import memory_bytes
from olearn.detectors import htm

GOLDEN = Path(__file__).parents[2] / "golden" / "htm_sprt" / "pipeline.npz"
START = datetime.datetime(2025, 1, 1)
SMALL = {
    "pooler_options": {"n_columns": 256, "n_winners": 10},
    "memory_options": {
        "cells_per_column": 8,
        "activation_threshold": 6,
        "min_threshold": 4,
        "max_new_synapses": 10,
    },
}


def small(**more):
    return htm.HTMAnomalyDetector(**{**SMALL, "score": "raw", "seed": 1, **more})


def wave(n, seed=1):
    rng = np.random.default_rng(seed)
    return (np.sin(2 * np.pi * np.arange(n) / 24) + rng.normal(0, 0.05, n)).tolist()


def rows(n):
    """Rows of a number, a time stamp and a category, with gaps."""
    kinds = ["on", "off", None]
    return [
        {"x": x if t % 17 else None, "t": START + datetime.timedelta(hours=t), "k": kinds[t % 3]}
        for t, x in enumerate(wave(n))
    ]


def run(detector, xs):
    """Score, then learn each input."""
    scores = []
    for x in xs:
        scores.append(detector.score_one(x))
        detector.learn_one(x)
    return scores


def taxi():
    """The half-hourly taxi passengers of the Numenta Anomaly Benchmark, with their time stamps."""
    path = Path(os.environ.get("OLEARN_DATA", "/nowhere")) / "nab" / "realKnownCause"
    if not path.is_dir():
        pytest.skip("the Numenta Anomaly Benchmark is not in $OLEARN_DATA")
    with open(path / "nyc_taxi.csv", newline="") as file:
        return [
            {"t": datetime.datetime.fromisoformat(row["timestamp"]), "value": float(row["value"])}
            for row in csv.DictReader(file)
        ]


def moving_average(scores):
    return np.convolve(scores, np.full(50, 0.02), "valid")


def test_benchmark_scores():
    """On NYC taxi, with the benchmark's parameters, the scores are those of the reference."""
    data = taxi()
    values = [row["value"] for row in data]
    resolution = 1.4 * (max(values) - min(values)) / 130  # the benchmark looks ahead
    encoders = {
        "value": htm.RandomDistributedScalarEncoder(resolution),
        "t": htm.DateEncoder(),
    }
    detector = htm.HTMAnomalyDetector(
        htm.MultiEncoder(encoders),
        score="raw",
        pooler_options={"stimulus_threshold": 0},
        seed=1,
    )
    scores = run(detector, data)
    assert 0.14 <= np.mean(scores[:1000]) <= 0.21
    assert np.mean(scores[-1000:]) < 0.04
    with np.load(GOLDEN) as golden:
        for reference in golden["nyc_taxi"]:  # three seeds, which correlate 0.975 to 0.995
            expected = moving_average(reference / 40)
            assert np.corrcoef(moving_average(scores), expected)[0, 1] > 0.97


def test_learns_a_pattern():
    """A pattern becomes familiar; a value out of its place and a new one are anomalies."""
    detector = small()
    clean = [math.sin(2 * math.pi * t / 24) for t in range(1500)]
    scores = run(detector, clean)
    assert scores[:200] == [0.0] * 200  # the encoder is not there yet
    assert np.mean(scores[-240:]) < 0.05 < np.mean(scores[200:260])
    assert detector.score_one(0.9) > 0.5  # 0.0 is due
    assert detector.score_one(40.0) > 0.9


@pytest.mark.parametrize("kind", ["raw", "likelihood", "log"])
@pytest.mark.parametrize("make", [wave, rows])
def test_score_changes_nothing(kind, make):
    """Scores asked for in between, of any input, leave all later scores as they are."""
    xs = make(900)
    plain, asked = small(score=kind), small(score=kind)
    for t, x in enumerate(xs):
        asked.score_one(xs[t * 31 % 900])
        expected = plain.score_one(x)
        assert asked.score_one(x) == asked.score_one(x) == expected
        asked.score_one(xs[-1])
        plain.learn_one(x)
        asked.learn_one(x)
    assert 0.0 <= expected <= 1.0


def test_score_is_that_of_learning():
    """The raw score asked for is the one that learning the input gives, scored before or not."""
    detector, twin = small(), small()
    for t, x in enumerate(wave(600)):
        score = detector.score_one(x)
        detector.learn_one(x)
        twin.learn_one(x)
        if t >= 200:
            assert score == detector.raw_score == twin.raw_score


def test_missing_inputs_are_passed_over():
    """None, NaN and rows without known features are not learnt and score as the input before."""
    for missing in (None, math.nan):
        plain, gappy = small(), small()
        for t, x in enumerate(wave(500)):
            plain.learn_one(x)
            gappy.learn_one(x)
            if t % 7 == 3 and t > 200:
                assert gappy.score_one(missing) == gappy.raw_score
                gappy.learn_one(missing)
        assert plain.raw_score == gappy.raw_score
    detector = small()
    for row in rows(300):
        detector.learn_one(row)
    assert detector.score_one({"unknown": 3.0}) == detector.raw_score


def test_rows_of_any_order():
    """The order of the features in a row, from the first on, does not matter."""
    a, b = small(), small()
    for row in rows(600):
        turned = dict(reversed(row.items()))
        assert a.score_one(row) == b.score_one(turned)
        a.learn_one(row)
        b.learn_one(turned)


def test_range_rule():
    """With the range rule a number far outside what was seen scores 1, whatever the likelihood."""
    ruled, plain = small(score="log", range_rule=True), small(score="log")
    for x in wave(300):
        ruled.learn_one(x)
        plain.learn_one(x)
    assert plain.score_one(5.0) == plain.score_one(0.1) < 0.1
    assert ruled.score_one(5.0) == ruled.score_one(-5.0) == 1.0
    assert ruled.score_one(0.1) < 0.1


def test_extreme_numbers():
    """Huge, tiny, whole, negative and constant numbers are learnt; scores stay in [0, 1]."""
    for xs in ([1e300, -1e300, 5, True, 0.0] * 90, [7.25] * 450, [1e-300 * t for t in range(450)]):
        assert all(0.0 <= s <= 1.0 for s in run(small(score="log"), xs))
    constant = small()
    run(constant, [7.25] * 450)
    assert constant.raw_score == 0.0


def test_pickle_and_seed():
    """A copy pickled mid-stream and a twin of the same seed go on alike; a clone starts anew."""
    xs = wave(700)
    detector, twin = small(score="log"), small(score="log")
    run(detector, xs[:400])
    run(twin, xs[:400])
    detector.score_one(xs[400])
    copied = pickle.loads(pickle.dumps(detector))
    expected = run(detector, xs[400:])
    assert run(twin, xs[400:]) == run(copied, xs[400:]) == expected
    assert detector.clone().score_one(xs[0]) == 0.0
    assert run(detector.clone(), xs[:400])[-1] == run(twin.clone(), xs[:400])[-1]


def test_with_river():
    """River's evaluation runs it, on labelled rows, and finds most anomalies."""
    rng = np.random.default_rng(3)
    xs = wave(3000)
    odd = set(rng.choice(np.arange(1000, 3000), 25, replace=False).tolist())
    data = [({"x": 6.0 if t in odd else x}, t in odd) for t, x in enumerate(xs)]
    result = evaluate.progressive_val_score(data, small(range_rule=True), metrics.ROCAUC())
    assert result.get() > 0.95


CHECKED_WITHOUT_DATA = [
    check
    for check in checks.yield_checks(htm.HTMAnomalyDetector())
    # the others download data
    if not hasattr(check, "keywords")
]


@pytest.mark.parametrize("check", CHECKED_WITHOUT_DATA, ids=lambda c: c.__name__)
def test_river_checks(check):
    """River's checks that need no data set hold."""
    check(small())


def test_memory_is_bounded():
    """On unpredictable input memory stops growing when `max_segments` is reached."""
    options = {**SMALL["memory_options"], "max_segments": 500}
    detector = small(memory_options=options)
    sizes = []
    for t, x in enumerate(np.random.default_rng(5).normal(size=15_000).tolist()):
        detector.learn_one(x)
        if t % 5000 == 4999:
            sizes.append(memory_bytes(vars(detector)))
    assert sizes[2] == sizes[1] < 4_000_000


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"encoder": 3}, TypeError, "encoder must be an Encoder or None, got 3"),
        ({"score": "best"}, ValueError, "score must be one of 'raw', 'likelihood', 'log'"),
        ({"range_samples": 0}, ValueError, r"range_samples must be in \[1, inf\], got 0"),
        ({"learning": 9000}, ValueError, r"history must be in \[9100, inf\], got 8640"),
    ],
)
def test_refuses_arguments(arguments, error, match):
    """An argument out of range raises; the message names it, and the value got."""
    with pytest.raises(error, match=match):
        small(**arguments)


@pytest.mark.parametrize("n_learnt", [0, 10, 300])
@pytest.mark.parametrize(
    ("x", "error"), [(math.inf, ValueError), ({None: -math.inf}, ValueError), ("text", TypeError)]
)
def test_refuses_inputs(n_learnt, x, error):
    """Infinite numbers and strings raise before anything is learnt."""
    detector, twin = small(), small()
    xs = wave(400)
    run(detector, xs[:n_learnt])
    run(twin, xs[:n_learnt])
    for method in (detector.score_one, detector.learn_one):
        with pytest.raises(error, match="must be"):
            method(x)
    assert run(detector, xs[n_learnt:]) == run(twin, xs[n_learnt:])
