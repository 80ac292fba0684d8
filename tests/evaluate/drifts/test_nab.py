"""The scoring of the Numenta Anomaly Benchmark against a slow one written from its rules."""

import math
import os
from pathlib import Path

import numpy as np
import pytest

from olearn import streams
from olearn.evaluate import NABScore, nab_score, nab_table
from olearn.evaluate.drifts.nab import PROFILES, nab_sigmoid, probation
from olearn.streams.signals import Signal

WEIGHTS = {"standard": (1.0, 0.11, 1.0), "low FP": (1.0, 0.22, 1.0), "low FN": (1.0, 0.11, 2.0)}
PUBLISHED = os.environ.get("OLEARN_NAB_PUBLISHED")  # an npz file: "detector|series|anomaly_score"


def naive_sigma(y):
    return -1.0 if y > 3.0 else 2.0 / (1.0 + math.exp(5.0 * y)) - 1.0


def naive_score(scores, signals, threshold, weights):
    """Row by row, as the rules are stated."""
    w_tp, w_fp, w_fn = weights
    total, n_windows, n_open = 0.0, 0, 0
    for name, signal in signals.items():
        n = len(signal)
        hits = [i for i in range(n) if scores[name][i] >= threshold]
        hits = [i for i in hits if i >= min(math.floor(0.15 * n), 750)]
        for a, b in signal.windows:
            n_windows += 1
            if b < min(math.floor(0.15 * n), 750):
                continue
            n_open += 1
            inside = [naive_sigma(-(b - i + 1) / (b - a + 1)) for i in hits if a <= i <= b]
            total += w_tp * max(inside) / naive_sigma(-1.0) if inside else -w_fn
        for i in hits:
            if any(a <= i <= b for a, b in signal.windows):
                continue
            before = [(a, b) for a, b in signal.windows if b < i]
            if not before:
                total -= w_fp
                continue
            a, b = before[-1]
            total += w_fp * naive_sigma((i - b) / (b - a))
    null, perfect = -w_fn * n_open, w_tp * n_windows
    return 100.0 * (total - null) / (perfect - null)


def random_case(seed, levels):
    """Two series with three windows, one without, and scores of a few levels."""
    rng = np.random.default_rng(seed)
    signals = {
        "a": Signal("a", np.zeros(900), windows=((300, 339), (600, 650))),
        "b": Signal("b", np.zeros(400), windows=((100, 119),)),
        "c": Signal("c", np.zeros(300)),
    }
    scores = {
        name: rng.integers(levels, size=len(signal)) / levels for name, signal in signals.items()
    }
    for name, signal in signals.items():
        for a, b in signal.windows:
            scores[name][a + rng.integers(5) : b : 3] += 0.3
    return scores, signals


def detections_at(rows, signal):
    """Scores of 1 at some rows."""
    scores = np.zeros(len(signal))
    scores[list(rows)] = 1.0
    return {signal.name: scores}


ONE = Signal("one", np.zeros(2000), windows=((1000, 1099), (1500, 1599)))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("profile", PROFILES)
def test_equals_the_slow_scorer_at_any_threshold(seed, profile):
    """Same score as the rule applied row by row, ties and series without windows included."""
    scores, signals = random_case(seed, levels=20)
    for threshold in (0.2, 0.5, 0.9, 1.2):
        found = nab_score(scores, signals, threshold=threshold)[profile]
        assert found.score == pytest.approx(
            naive_score(scores, signals, threshold, WEIGHTS[profile]), abs=1e-9
        )
        assert not found.oracle


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("profile", PROFILES)
def test_oracle_is_the_best_threshold(seed, profile):
    """No threshold, none at all included, scores better than the one chosen."""
    scores, signals = random_case(seed, levels=50)
    found = nab_score(scores, signals)[profile]
    thresholds = np.unique(np.concatenate(list(scores.values())))
    best = max(naive_score(scores, signals, t, WEIGHTS[profile]) for t in [*thresholds, math.inf])
    assert found.score == pytest.approx(best, abs=1e-9)
    assert found.oracle
    again = naive_score(scores, signals, found.threshold, WEIGHTS[profile])
    assert again == pytest.approx(best, abs=1e-9)


def test_perfect_and_null():
    """The first row of each window and nothing else: 100; no detection at all: 0."""
    perfect = nab_score(detections_at([1000, 1500], ONE), {"one": ONE}, threshold=1.0)
    null = nab_score(detections_at([], ONE), {"one": ONE}, threshold=1.0)
    for profile in PROFILES:
        assert perfect[profile].score == pytest.approx(100.0)
        assert null[profile].score == pytest.approx(0.0)
    assert (perfect["standard"].n_found, null["standard"].n_found) == (2, 0)


def test_sigmoid_by_hand():
    """sigma(-1) = 0.98661 (the specification's constant), 0 at the end of the window, then -1."""
    assert nab_sigmoid(-1.0) == pytest.approx(0.98661, abs=5e-6)
    assert nab_sigmoid(0.0) == 0.0
    assert nab_sigmoid(3.0) == pytest.approx(-0.9999994, abs=1e-7)
    assert nab_sigmoid(3.0001) == -1.0


@pytest.mark.parametrize(
    ("row", "cost"),
    [
        (400, 0.11),  # before the first window
        (1104, 0.11 * -(2 / (1 + math.exp(5 * 5 / 99)) - 1)),  # five rows behind the first
        (1450, 0.11),  # far behind it
    ],
)
def test_false_row_costs_by_hand(row, cost):
    """A false row costs 0.11 times the sigmoid of its distance from the last window."""
    clean = nab_score(detections_at([1000, 1500], ONE), {"one": ONE}, threshold=1.0)["standard"]
    rows = [1000, 1500, row]
    spoilt = nab_score(detections_at(rows, ONE), {"one": ONE}, threshold=1.0)["standard"]
    assert clean.score - spoilt.score == pytest.approx(100.0 * cost / 4.0)
    assert (clean.n_false, spoilt.n_false) == (0, 1)


def test_probation_is_not_scored():
    """Rows in the first 15 %, at most 750, count neither way."""
    assert [probation(n) for n in (100, 4032, 5000, 20_000)] == [15, 604, 750, 750]
    with_early = nab_score(detections_at([100, 1000, 1500], ONE), {"one": ONE}, threshold=1.0)
    assert with_early["standard"].score == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({"two": np.zeros(2000)}, "scores must have the names of signals"),
        ({"one": np.zeros(5)}, r"one finite number a row, 2000 of 'one'; .* shape \(5,\)"),
        ({"one": np.full(2000, math.nan)}, "one finite number a row"),
    ],
)
def test_bad_scores(scores, message):
    """Names, lengths and values are checked."""
    with pytest.raises(ValueError, match=message):
        nab_score(scores, {"one": ONE})


def test_window_that_nobody_can_find():
    """One wholly in the rows that are not scored is no miss, but is missing to 100; one that begins
    there counts as any other.
    """
    signal = Signal("one", np.zeros(1000), windows=((20, 40), (500, 599)))
    scores = detections_at([530], signal)
    with pytest.warns(UserWarning, match=r"1 of 2 windows lie wholly .* no score reaches 100"):
        found = nab_score(scores, {"one": signal})
    for profile, weights in WEIGHTS.items():
        wanted = naive_score(scores, {"one": signal}, 1.0, weights)
        assert found[profile].score == pytest.approx(wanted, abs=1e-9)
    hit = naive_sigma(-0.7) / naive_sigma(-1.0)
    assert found["standard"].score == pytest.approx(100.0 * (hit + 1.0) / 3.0)
    assert (found["standard"].n_windows, found["standard"].n_found) == (2, 1)
    with pytest.warns(UserWarning, match="windows lie wholly"):
        silent = nab_score(detections_at([], signal), {"one": signal}, threshold=0.5)
    assert [score.score for score in silent.values()] == [0.0, 0.0, 0.0]
    across = Signal("one", np.zeros(1000), windows=((140, 160), (500, 599)))
    both = nab_score(detections_at([150, 500], across), {"one": across})
    assert both["standard"].score > 96


def test_no_window_at_all():
    """Without any label there is nothing to score."""
    signal = Signal("plain", np.zeros(10))
    with pytest.raises(ValueError, match="at least one window"):
        nab_score({"plain": np.zeros(10)}, {"plain": signal})


def test_score_says_how_it_came_about():
    """Windows, those found, false rows and the threshold, and whether labels chose it."""
    scores = detections_at([1000, 1700, 1701], ONE)  # in a window, and twice behind the last
    given = nab_score(scores, {"one": ONE}, threshold=0.5)["standard"]
    assert given == NABScore(
        given.score, threshold=0.5, oracle=False, n_windows=2, n_found=1, n_false=2
    )
    chosen = nab_score(scores, {"one": ONE})["standard"]
    assert (chosen.threshold, chosen.oracle) == (1.0, True)


def test_table():
    """One line a detector, with the three scores and the threshold, marked where it is chosen."""
    found = nab_score(detections_at([1000], ONE), {"one": ONE})
    text = str(nab_table({"mine": found}, "NAB"))
    line = next(line for line in text.splitlines() if "mine" in line)
    assert line.split() == ["mine", "50.00", "50.00", "50.00", "1", "of", "2", "0", "1", "(oracle)"]


@pytest.mark.skipif(
    PUBLISHED is None or not Path(PUBLISHED).is_file(),
    reason="needs the scores that NAB publishes, in the file $OLEARN_NAB_PUBLISHED",
)
@pytest.mark.parametrize("detector", ["numenta", "numentaTM"])
def test_published_scores(detector):
    """On published scores: our windows are their labels, and every profile agrees with the rule."""
    with np.load(str(PUBLISHED)) as arrays:
        names = [k.split("|")[1] for k in arrays.files if k.startswith(f"{detector}|")]
        signals = {name: streams.load_nab(name) for name in dict.fromkeys(names)}
        scores = {name: arrays[f"{detector}|{name}|anomaly_score"] for name in signals}
        labels = {name: arrays[f"{detector}|{name}|label"] for name in signals}
    for name, signal in signals.items():
        marked = np.zeros(len(signal))
        for a, b in signal.windows:
            marked[a : b + 1] = 1
        np.testing.assert_array_equal(marked, labels[name])
    found = nab_score(scores, signals)
    for profile, weights in WEIGHTS.items():
        wanted = naive_score(scores, signals, found[profile].threshold, weights)
        assert found[profile].score == pytest.approx(wanted, abs=1e-9)
        assert 50.0 < found[profile].score < 100.0
