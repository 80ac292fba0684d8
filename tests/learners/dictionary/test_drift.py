"""The sparsity detector alone, and the drift study: abrupt change, slow rotation, no change."""

import math

import numpy as np
import pytest

from olearn.learners import OrthogonalDictionaryLearner
from olearn.learners.dictionary import SparsityDrift, recovery_error

N, THETA, BATCH = 10, 0.3, 10


def batches(D, count, rng):
    for _ in range(count):
        yield (rng.random((BATCH, N)) < THETA) * rng.normal(size=(BATCH, N)) @ D.T


def orthogonal(rng):
    return np.linalg.qr(rng.normal(size=(N, N)))[0]


def learner(seed=1, **options):
    return OrthogonalDictionaryLearner(batch_size=BATCH, seed=seed, **options)


def test_alarm_and_reset():
    """A jump by ten deviations is told within a few values; the next value starts afresh."""
    rng = np.random.default_rng(1)
    detector = SparsityDrift(warm_up=50)
    xs = np.r_[rng.normal(size=200), 10.0 + rng.normal(size=20)]
    alarms = []
    for t, x in enumerate(xs):
        detector.update(x)
        if detector.drift_detected:
            alarms.append(t)
    assert len(alarms) == 1
    assert 200 <= alarms[0] <= 205


def test_falling_values_are_no_alarm():
    """Codes that become sparser are learning, not drift."""
    detector = SparsityDrift(warm_up=20)
    for t in range(300):
        detector.update(-0.01 * t)
        assert not detector.drift_detected


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_refuses_what_is_not_finite(bad):
    """The message names the argument."""
    with pytest.raises(ValueError, match="x must be"):
        SparsityDrift().update(bad)


def test_abrupt_change_is_followed():
    """A new dictionary after 600 batches is told and learnt; without the detector it is not."""
    errors = {}
    for name, detector in (("with", SparsityDrift()), ("without", None)):
        rng = np.random.default_rng(2)
        model = learner(drift_detector=detector)
        for D in (orthogonal(rng), orthogonal(rng)):
            for X in batches(D, 600, rng):
                model.learn_many(X)
        errors[name] = recovery_error(model.components, D)
        assert model.n_drifts == (name == "with")
    assert errors["with"] < 0.01
    assert errors["without"] > 0.1


@pytest.mark.parametrize("method", ["frank_wolfe", "annealed"])
def test_both_methods_restart(method):
    """The annealed method becomes hot again at an alarm, and follows too."""
    rng = np.random.default_rng(3)
    model = learner(method=method, drift_detector=SparsityDrift())
    for D in (orthogonal(rng), orthogonal(rng)):
        for X in batches(D, 500, rng):
            model.learn_many(X)
    assert model.n_drifts == 1
    assert recovery_error(model.components, D) < 0.01


def test_detector_can_be_any():
    """A detector of river reads the same signal; the one given stays untrained."""
    from river import drift

    rng = np.random.default_rng(4)
    given = drift.ADWIN()
    model = learner(drift_detector=given)
    for D in (orthogonal(rng), orthogonal(rng)):
        for X in batches(D, 600, rng):
            model.learn_many(X)
    assert model.n_drifts >= 1
    assert given.width == 0


def rotation_error(rate, seed, **options):
    """Error after 2000 batches of a dictionary that turns by `rate` radians a batch."""
    rng = np.random.default_rng(seed)
    D, model = orthogonal(rng), learner(**options)
    K = np.triu(rng.normal(size=(N, N)), 1)
    K -= K.T
    values, vectors = np.linalg.eigh(1j * K / np.linalg.norm(K, 2))
    turn = (vectors * np.exp(-1j * rate * values)) @ vectors.conj().T
    for _ in range(2000):
        for X in batches(D, 1, rng):
            model.learn_many(X)
        D = D @ turn.real
    return recovery_error(model.components, D)


def test_floors_follow_slow_rotation():
    """At 0.001 rad a batch floors keep the error below 0.01, which falling steps do not."""
    floors = {"rho_min": 0.1, "gamma_min": 0.05}
    assert rotation_error(1e-3, 5, **floors) < 0.01
    assert rotation_error(1e-3, 5) > 0.01


@pytest.mark.slow
def test_no_alarm_without_change():
    """Five stationary runs of 2000 batches: no alarm."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        D, model = orthogonal(rng), learner(seed, drift_detector=SparsityDrift())
        for X in batches(D, 2000, rng):
            model.learn_many(X)
        assert model.n_drifts == 0
