"""Tests of the detectors that read errors: river's answers row for row, and MOA's rules."""

import math
import pickle

import numpy as np
import pytest
from river import drift
from river.drift import binary
from scipy import stats

import olearn
from olearn import detectors, evaluate, learners, streams
from olearn.registry import DETECTORS, make_detector

RIVER = [
    (detectors.DDM, binary.DDM, {}),
    (detectors.DDM, binary.DDM, {"warm_start": 3, "drift_threshold": 2.5}),
    (detectors.EDDM, binary.EDDM, {}),
    (detectors.EDDM, binary.EDDM, {"warm_start": 5, "alpha": 0.8, "beta": 0.7}),
    (detectors.HDDMA, binary.HDDMA, {}),
    (detectors.HDDMA, binary.HDDMA, {"two_sided_test": True, "warning_confidence": 0.05}),
    (detectors.HDDMW, binary.HDDMW, {}),
    (detectors.HDDMW, binary.HDDMW, {"two_sided_test": True, "lambda_val": 0.2}),
    (detectors.FHDDM, binary.FHDDM, {}),
    (detectors.FHDDM, binary.FHDDM, {"sliding_window_size": 50, "short_window_size": 10}),
    (detectors.FHDDM, binary.FHDDM, {"short_window_size": 100, "confidence_level": 0.1}),
]
WARN = (detectors.DDM, detectors.EDDM, detectors.HDDMA, detectors.HDDMW)
CLASSES = [*WARN, detectors.FHDDM, detectors.RDDM, detectors.STEPD]


def steps(rng):
    return rng.random(5000) < np.repeat(rng.random(10), 500)


def rare(rng):
    return rng.random(5000) < np.repeat(0.1 * rng.random(5), 1000)


def falling(rng):
    return rng.random(5000) < np.linspace(0.5, 0.02, 5000)


def one_value(rng):
    return np.repeat([False, True, False], 400)


STREAMS = [steps, rare, falling, one_value]


def trajectory(detector, errors):
    """Return drift and warning after each value."""
    rows = []
    for error in errors:
        detector.update(error)
        rows.append((detector.drift_detected, detector.warning_detected))
    return rows


def errors_at(seed, *rates, n=1000):
    return np.random.default_rng(seed).random(n * len(rates)) < np.repeat(rates, n)


# Against river


@pytest.mark.parametrize(("ours", "rivers", "settings"), RIVER, ids=str)
@pytest.mark.parametrize("make", STREAMS)
def test_equals_river(ours, rivers, settings, make):
    """Drifts and warnings after each value are river's, by rows and by arrays."""
    for seed in (1, 2):
        errors = make(np.random.default_rng(seed)).tolist()
        expected = trajectory(rivers(**settings), errors)
        detector = ours(**settings)
        assert trajectory(detector, errors) == expected
        found = ours(**settings).update_many(errors).tolist()
        assert found == [i for i, (is_drift, _) in enumerate(expected) if is_drift]


@pytest.mark.parametrize("cls", CLASSES)
def test_streams_above_do_alarm(cls):
    """The comparisons cover drifts, and warnings where there are any."""
    rows = [row for make in STREAMS for row in trajectory(cls(), make(np.random.default_rng(1)))]
    n_drifts, n_warnings = np.sum(rows, axis=0)
    assert n_drifts > 0
    assert (n_warnings > 0) == (cls is not detectors.FHDDM)


@pytest.mark.parametrize("cls", [drift.binary.FHDDM, detectors.FHDDM])
def test_fhddm_of_river_alarms_when_errors_get_rare(cls):
    """river reads errors as ones, as its docs say, and looks for a fall of their share."""
    worse, better = errors_at(3, 0.1, 0.5), errors_at(3, 0.5, 0.1)
    assert not any(is_drift for is_drift, _ in trajectory(cls(), worse))
    assert any(is_drift for is_drift, _ in trajectory(cls(), better))


def test_fhddm_up_reads_ones_as_errors():
    """Mode "up" is mode "down" of the opposite, and what the command line means."""
    errors = errors_at(4, 0.1, 0.5, 0.1, 0.6)
    found = detectors.FHDDM(mode="up").update_many(errors)
    np.testing.assert_array_equal(found, detectors.FHDDM().update_many(~errors))
    assert len(found) == 2
    assert make_detector("fhddm").mode == "up"


# Against MOA's rules, which river has not


def naive_rddm(errors, warm, warning_at, drift_at, most, stable, limit):
    """The rules of MOA's RDDM over a plain list of the newest predictions."""
    rows, kept, since, began = [], [], None, None
    n, p, low = 0, 0.0, (math.inf, math.inf)
    rebuild = was_drift = False
    for t, x in enumerate(errors):
        if rebuild:
            kept = kept if since is None else kept[-since:]
            n, p = 0, 0.0
            low = (math.inf, math.inf) if was_drift else low
            for old in kept:
                n += 1
                p += (old - p) / n
                s = math.sqrt(p * (1 - p) / n)
                if was_drift and n > warm and p + s < sum(low):
                    low = p, s
            since = began = None
            rebuild = was_drift = False
        kept = [*kept, float(x)][-stable:]
        since = since + 1 if since is not None and since < stable else None
        n += 1
        p += (x - p) / n
        s = math.sqrt(p * (1 - p) / n)
        warning = False
        if n >= warm:
            low = (p, s) if p + s < sum(low) else low
            warning = p + s > low[0] + warning_at * low[1]
            if p + s > low[0] + drift_at * low[1]:
                was_drift = rebuild = True
                kept = kept[-1:] if began is None else kept
            elif warning and began is not None and t - began >= limit:
                was_drift = rebuild = True
                kept, since = kept[-1:], None
            elif warning and began is None:
                began, since = t, 1
            elif not warning:
                began = since = None
                rebuild = n >= most
        rows.append((was_drift, warning and not was_drift))
    return rows


RDDM_SETTINGS = [
    {},
    {"max_concept": 400, "min_stable_concept": 100, "warning_limit": 60},
    {"warm_start": 5, "max_concept": 50, "min_stable_concept": 80, "warning_limit": 200},
    {"warning_threshold": 1.0, "drift_threshold": 4.0, "warning_limit": 20, "warm_start": 30},
]


@pytest.mark.parametrize("settings", RDDM_SETTINGS, ids=str)
@pytest.mark.parametrize("make", STREAMS)
def test_rddm_equals_the_naive_rules(settings, make):
    """Drifts and warnings are those of MOA's rules over a list."""
    errors = make(np.random.default_rng(5))
    detector = detectors.RDDM(**settings)
    expected = naive_rddm(errors, *detector._settings())
    assert trajectory(detector, errors) == expected


def test_rddm_settings_use_all_rules():
    """A long concept, a long warning and a drift without a warning all change what is found."""
    errors = steps(np.random.default_rng(5))
    found = {tuple(detectors.RDDM(**s).update_many(errors).tolist()) for s in RDDM_SETTINGS}
    assert len(found) == len(RDDM_SETTINGS)


def naive_stepd(errors, window, alpha_drift, alpha_warning, *, mended):
    """MOA's rules; mended: a difference below the correction for continuity is none."""
    rows, seen = [], []
    for x in errors:
        seen.append(float(x))
        n_old = len(seen) - window
        value = 1.0
        if n_old >= window:
            old, new = sum(seen[:-window]), sum(seen[-window:])
            shares = 1 / n_old + 1 / window
            p = 1 - (old + new) / len(seen)
            gap = abs(old / n_old - new / window) - shares / 2
            gap = max(gap, 0.0) if mended else gap
            deviation = math.sqrt(p * (1 - p) * shares)
            z = abs(gap) / deviation if deviation else (math.inf if gap else 0.0)
            value = 2 * stats.norm.sf(z)
        is_drift = value < alpha_drift
        rows.append((is_drift, not is_drift and value < alpha_warning))
        seen = [] if is_drift else seen
    return rows


@pytest.mark.parametrize("settings", [{}, {"window_size": 7, "alpha_drift": 0.02}], ids=str)
@pytest.mark.parametrize("make", STREAMS)
def test_stepd_equals_the_naive_rules(settings, make):
    """Drifts and warnings are those of the test of proportions over a list."""
    errors = make(np.random.default_rng(6))[:2500]
    detector = detectors.STEPD(**settings)
    levels = detector.window_size, detector.alpha_drift, detector.alpha_warning
    assert trajectory(detector, errors) == naive_stepd(errors, *levels, mended=True)


def test_stepd_finds_no_drift_among_right_predictions():
    """MOA's rules find one in 60 right predictions; ours none, nor in as many wrong ones."""
    for value in (False, True):
        same = np.full(200, value)
        assert any(is_drift for is_drift, _ in naive_stepd(same, 30, 0.003, 0.05, mended=False))
        assert not len(detectors.STEPD().update_many(same))


# What they share


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("value", [0.5, 2, -1, math.nan, math.inf])
def test_refuses_what_is_no_error(cls, value):
    """A value that is neither 0 nor 1 raises and leaves no trace, by rows and by arrays."""
    detector = cls()
    detector.update_many(errors_at(7, 0.3))
    before = pickle.dumps(detector)
    with pytest.raises(ValueError, match=r"x must be (finite|0 \(right\) or 1 \(wrong\))"):
        detector.update(value)
    with pytest.raises(ValueError, match=r"xs must be .* at position 1"):
        detector.update_many([0.0, value])
    assert pickle.dumps(detector) == before


@pytest.mark.parametrize("cls", CLASSES)
def test_saved_file_goes_on(cls, tmp_path):
    """Saved after any value, a warning or a drift too, it goes on with drifts and warnings."""
    errors = errors_at(8, 0.1, 0.5, 0.05).tolist()
    whole = trajectory(cls(), errors)
    detector = cls()
    for stop in (0, 1013, 1300, 2500):
        detector = cls()
        detector.update_many(errors[:stop])
        olearn.save(detector, tmp_path / "detector")
        loaded = olearn.load(tmp_path / "detector")
        assert trajectory(loaded, errors[stop:]) == whole[stop:]


@pytest.mark.parametrize("cls", CLASSES)
def test_watches_the_errors_of_a_learner(cls):
    """An evaluation hands over arrays of errors, and finds what a loop finds."""
    X, _ = next(iter(streams.SEA(seed=2).blocks(4000)))
    y = np.where(np.arange(4000) < 2000, X[:, 0] > 5.0, X[:, 0] < 5.0).astype(int)
    result = evaluate.prequential((X, y), learners.GaussianNB(), detector=cls(), progress=False)
    predicted = learners.GaussianNB().test_then_train_many(X, y)
    is_scored = [label is not None for label in predicted.tolist()]
    wrong = predicted[is_scored].astype(int) != y[is_scored]
    found = [row for row, (is_drift, _) in enumerate(trajectory(cls(), wrong)) if is_drift]
    assert result.alarms == np.flatnonzero(is_scored)[found].tolist()
    assert result.alarms or cls is detectors.FHDDM


def test_all_have_a_name():
    """The command line and reports know each by its name."""
    ours = {entry.constructor() for entry in DETECTORS.values()}
    assert ours.issuperset(CLASSES)
