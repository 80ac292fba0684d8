"""Tests of the compiled generators: what each label means, and how often."""

import itertools
import math

import numpy as np
import pytest
from river.datasets import synth

from olearn import streams

N = 20_000


def block(stream, n=N):
    return next(stream.blocks(n))


def assert_rate(hits, probability, n=N):
    """The share is within five standard errors of its probability."""
    error = math.sqrt(probability * (1 - probability) / n)
    assert abs(np.mean(hits) - probability) <= 5 * error


# SEA


@pytest.mark.parametrize(("function", "theta"), [(1, 8.0), (2, 9.0), (3, 7.0), (4, 9.5)])
def test_sea_label_is_the_sum_above_theta(function, theta):
    """Without noise the label is 1 exactly where x0 + x1 > theta."""
    X, y = block(streams.SEA(function, noise=0.0))
    np.testing.assert_array_equal(y, X[:, 0] + X[:, 1] > theta)
    assert X.min() >= 0
    assert X.max() < 10


def test_sea_noise_flips_labels_only():
    """Noise leaves the features alone and flips the stated share of the labels."""
    X, clean = block(streams.SEA(noise=0.0))
    X_noisy, y = block(streams.SEA(noise=0.1))
    np.testing.assert_array_equal(X, X_noisy)
    assert_rate(y != clean, 0.1)


# LED


def test_led_segments_are_those_of_the_digit():
    """Without noise the first seven features tell the digit, the others nothing."""
    X, y = block(streams.LED(noise=0.0))
    displays = {digit: {tuple(row) for row in X[y == digit, :7]} for digit in range(10)}
    assert all(len(shown) == 1 for shown in displays.values())
    assert len(set(map(tuple, displays.values()))) == 10
    assert_rate(X[:, 7:].ravel(), 0.5, N * 17)


def test_led_bayes_accuracy():
    """With 10 % noise the best guess from the segments is right in 74.002 % of the rows."""
    clean, y = block(streams.LED(noise=0.0), 1000)
    shown = np.array([clean[y == digit, :7][0] for digit in range(10)])
    displays = np.array(list(itertools.product([0, 1], repeat=7)))
    flips = np.abs(displays[:, None, :] - shown[None]).sum(axis=2)
    likelihood = 0.1**flips * 0.9 ** (7 - flips)
    assert likelihood.max(axis=1).sum() / 10 == pytest.approx(0.74002, abs=5e-6)
    X, y = block(streams.LED(seed=3), 100_000)
    guess = likelihood.argmax(axis=1)[X[:, :7].astype(int) @ 2 ** np.arange(6, -1, -1)]
    assert_rate(guess == y, 0.74002, 100_000)


@pytest.mark.parametrize("n_swapped", range(8))
def test_led_drift_exchanges_columns(n_swapped):
    """The concept D is the concept 0 with columns i and 7 + i exchanged for i < D."""
    order = np.arange(24)
    order[:n_swapped], order[7 : 7 + n_swapped] = (
        order[7 : 7 + n_swapped].copy(),
        order[:n_swapped].copy(),
    )
    X, y = block(streams.LED(0), 500)
    X_drifted, y_drifted = block(streams.LED(n_swapped), 500)
    np.testing.assert_array_equal(X_drifted, X[:, order])
    np.testing.assert_array_equal(y_drifted, y)


# Random RBF


def test_rbf_labels_are_those_of_the_nearest_cloud():
    """With few, narrow, standing clouds the nearest one-class neighbour is nearly always right."""
    X, y = block(streams.RandomRBF(3, 4, 5, seed=5), 2000)
    distance = np.linalg.norm(X[:, None] - X[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    assert np.mean(y[distance.argmin(axis=1)] == y) > 0.8
    assert set(y) <= {0, 1, 2}


def test_rbf_speed_moves_the_centres_only():
    """At speed s a row differs from the standing stream's by at most s times its number."""
    X, y = block(streams.RandomRBF(seed=1), 300)
    X_fast, y_fast = block(streams.RandomRBF(speed=0.001, seed=1), 300)
    np.testing.assert_array_equal(y, y_fast)
    moved = np.abs(X - X_fast).max(axis=1)
    assert (moved > 0).all()
    assert (moved <= 0.001 * np.arange(1, 301) + 1e-12).all()


def test_rbf_moving_centres_stay_in_the_cube():
    """However far they go, centres bounce off the unit cube, so rows stay near it."""
    stream = streams.RandomRBF(n_features=2, n_centroids=3, speed=0.1, seed=2)
    X, _ = block(stream, 5000)
    assert np.abs(np.median(X, axis=0) - 0.5).max() < 0.3
    assert np.percentile(np.abs(X - 0.5), 99) < 3.5


def test_rbf_can_move_some_centroids_only():
    """Rows of the centroids that stand equal those of the standing stream."""
    X, _ = block(streams.RandomRBF(seed=1), 2000)
    X_some, _ = block(streams.RandomRBF(speed=0.001, n_drift_centroids=10, seed=1), 2000)
    same = (X_some == X).all(axis=1).mean()
    assert 0.6 < same < 0.95  # 40 of 50 centroids, by random weight


def test_rbf_model_seed_fixes_the_clouds():
    """With one model seed, other row seeds draw other rows of the same classes' shares."""
    streams_ = [streams.RandomRBF(model_seed=7, seed=s) for s in (1, 2)]
    (X1, y1), (X2, y2) = map(block, streams_)
    assert not np.array_equal(X1, X2)
    assert y1.mean() == pytest.approx(y2.mean(), abs=0.02)
    np.testing.assert_allclose(X1.mean(axis=0), X2.mean(axis=0), atol=0.05)


# Agrawal

_ARGUMENTS = (
    "salary",
    "commission",
    "age",
    "elevel",
    "car",
    "zipcode",
    "hvalue",
    "hyears",
    "loan",
)


def naive_function_5(age, salary, loan):
    """Group A by the paper's function 5 (river's tests the wrong variable)."""
    if age < 40:
        return 100e3 <= loan <= 300e3 if 50e3 <= salary <= 100e3 else 200e3 <= loan <= 400e3
    if age < 60:
        return 200e3 <= loan <= 400e3 if 75e3 <= salary <= 125e3 else 300e3 <= loan <= 500e3
    return 300e3 <= loan <= 500e3 if 25e3 <= salary <= 75e3 else 100e3 <= loan <= 300e3


@pytest.mark.parametrize("function", [1, 2, 3, 4, 6, 7, 8, 9, 10])
def test_agrawal_label_is_that_of_river(function):
    """The label is river's for the same applicant; of 1 to 6 river calls group A class 1."""
    oracle = getattr(synth.Agrawal, f"_classification_function_{function - 1}")
    X, y = block(streams.Agrawal(function), 3000)
    expected = [oracle(**dict(zip(_ARGUMENTS, row, strict=True))) for row in X.tolist()]
    if function <= 6:
        expected = [1 - label for label in expected]
    np.testing.assert_array_equal(y, expected)
    assert 0 < y.mean() < 1


def test_agrawal_function_5():
    """The fifth function is the paper's."""
    X, y = block(streams.Agrawal(5), 3000)
    groups = [naive_function_5(row[2], row[0], row[8]) for row in X.tolist()]
    np.testing.assert_array_equal(y == 0, groups)


def test_agrawal_features_are_in_their_ranges():
    """Every feature is in its documented range; commission and house value follow their ties."""
    X, _ = block(streams.Agrawal())
    salary, commission, age, elevel, car, zipcode, hvalue, hyears, loan = X.T
    assert ((salary >= 20_000) & (salary < 150_000)).all()
    np.testing.assert_array_equal(commission == 0, salary >= 75_000)
    paid = commission[commission > 0]
    assert ((paid >= 10_000) & (paid < 75_000)).all()
    for column, low, high in (
        (age, 20, 80),
        (elevel, 0, 4),
        (car, 1, 20),
        (zipcode, 0, 8),
        (hyears, 1, 30),
    ):
        assert set(column) == set(range(low, high + 1))
    k = 100_000 * (9 - zipcode)
    assert ((hvalue >= 0.5 * k) & (hvalue <= 1.5 * k)).all()
    assert ((loan >= 0) & (loan < 500_000)).all()
    assert_rate(age < 40, 20 / 61)


def test_agrawal_perturbation_moves_numbers_a_little():
    """Perturbation keeps labels' shares and ranges and moves numeric features only so far."""
    X, _ = block(streams.Agrawal(3, perturbation=0.05), 5000)
    assert X[:, 0].min() >= 20_000
    assert X[:, 0].max() <= 150_000
    assert set(X[:, 2]) <= set(range(20, 81))
    assert X[:, 7].min() >= 1
    # some with a salary below 75,000 moved above it, still with a commission, by at most 6,500
    moved = X[(X[:, 1] > 0) & (X[:, 0] >= 75_000), 0]
    assert 0 < len(moved) < 150
    assert moved.max() <= 75_000 + 0.05 * 130_000


# Hyperplane


def test_hyperplane_without_drift_is_linear():
    """A stationary, noiseless stream is separated by one plane through the cube's middle."""
    X, y = block(streams.Hyperplane(5, mag_change=0.0, noise=0.0, n_drift_features=0), 5000)
    weights = np.zeros(5)
    for _ in range(300):  # a perceptron converges on separable rows
        wrong = ((X - 0.5) @ weights >= 0) != (y == 1)
        weights += ((2 * y - 1)[wrong, None] * (X - 0.5)[wrong]).sum(axis=0) / len(X)
    assert np.mean(wrong) < 0.005
    assert (weights > 0).all()
    assert_rate(y, 0.5, 5000)


def test_hyperplane_noise_is_the_share_of_flips():
    """Noise flips the stated share of labels of the same rows."""
    X, clean = block(streams.Hyperplane(mag_change=0.0, noise=0.0))
    X_noisy, y = block(streams.Hyperplane(mag_change=0.0, noise=0.05))
    np.testing.assert_array_equal(X, X_noisy)
    assert_rate(y != clean, 0.05)


def naive_hyperplane(stream, n):
    """The plane's labels from the published recurrence, with the stream's own features."""
    from olearn.core.rng import kernel_state, next_double

    state = kernel_state(stream.seed)
    d = stream.schema.n_features
    w = np.array([next_double(state) for _ in range(d)])
    direction = np.array([1.0] * stream.n_drift_features + [0.0] * (d - stream.n_drift_features))
    for _ in range(n):
        x = np.array([next_double(state) for _ in range(d)])
        label = int(w @ x >= w.sum() / 2)
        yield x, 1 - label if next_double(state) < stream.noise else label
        w += direction * stream.mag_change
        for j in range(stream.n_drift_features):
            if next_double(state) < stream.sigma:
                direction[j] *= -1


def test_hyperplane_equals_the_slow_oracle():
    """Rows equal a plain loop over the published recurrence, drift and noise included."""
    stream = streams.Hyperplane(4, 3, 0.01, seed=9)
    X, y = block(stream, 2000)
    expected = list(naive_hyperplane(stream, 2000))
    np.testing.assert_array_equal(X, [x for x, _ in expected])
    assert np.mean(y == [label for _, label in expected]) > 0.999  # a row on the plane may round


# Sine


@pytest.mark.parametrize(
    ("function", "oracle"),
    [
        (1, synth.Sine._classification_function_zero),
        (2, synth.Sine._classification_function_one),
        (3, synth.Sine._classification_function_two),
        (4, synth.Sine._classification_function_three),
    ],
)
def test_sine_label_is_that_of_river(function, oracle):
    """The label is river's for the same point, and its share the one that the docstring states."""
    X, y = block(streams.Sine(function))
    np.testing.assert_array_equal(y, [oracle(*row) for row in X.tolist()])
    share = 1 - math.cos(1) if function <= 2 else 0.5 + 1 / (5 * math.pi)
    assert_rate(y, share if function % 2 else 1 - share)


def test_sine_irrelevant_features_have_no_say():
    """Further features are there and the label still follows from the first two."""
    X, y = block(streams.Sine(1, n_irrelevant=2), 2000)
    assert X.shape == (2000, 4)
    np.testing.assert_array_equal(y, X[:, 0] < np.sin(X[:, 1]))


# STAGGER


@pytest.mark.parametrize(
    ("function", "oracle", "share"),
    [
        (1, synth.STAGGER._classification_function_zero, 1 / 9),
        (2, synth.STAGGER._classification_function_one, 5 / 9),
        (3, synth.STAGGER._classification_function_two, 2 / 3),
    ],
)
def test_stagger_label_is_that_of_river(function, oracle, share):
    """The label is river's for the same object, with the share that the docstring states."""
    X, y = block(streams.STAGGER(function))
    np.testing.assert_array_equal(y, [oracle(*row) for row in X.tolist()])
    assert_rate(y, share)
    assert set(np.unique(X)) == {0, 1, 2}


# arguments


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: streams.SEA(0), r"function must be in \[1, 4\], got 0"),
        (lambda: streams.SEA(1.5), "function must be an integer, got 1.5"),
        (lambda: streams.SEA(noise=0.123), "noise must be a whole number of percents"),
        (lambda: streams.SEA(seed=-1), "seed must be in"),
        (lambda: streams.SEA(n_samples=-1), "n_samples must be in"),
        (lambda: streams.LED(8), r"n_swapped must be in \[0, 7\], got 8"),
        (lambda: streams.RandomRBF(1), "n_classes must be in"),
        (lambda: streams.RandomRBF(speed=-0.1), r"speed must be in \[0.0, 1.0\], got -0.1"),
        (lambda: streams.RandomRBF(n_drift_centroids=51), "n_drift_centroids must be in"),
        (lambda: streams.RandomRBF(model_seed=-1), "seed must be in"),
        (lambda: streams.Agrawal(11), r"function must be in \[1, 10\], got 11"),
        (lambda: streams.Agrawal(perturbation=2), "perturbation must be in"),
        (lambda: streams.Hyperplane(2, 3), r"n_drift_features must be in \[0, 2\], got 3"),
        (lambda: streams.Hyperplane(sigma=1.1), "sigma must be in"),
        (lambda: streams.Sine(5), r"function must be in \[1, 4\], got 5"),
        (lambda: streams.Sine(n_irrelevant=-1), "n_irrelevant must be in"),
        (lambda: streams.STAGGER(4), r"function must be in \[1, 3\], got 4"),
    ],
)
def test_bad_arguments_are_named(make, message):
    """An argument out of range raises at once, with its name, range and value."""
    with pytest.raises((ValueError, TypeError), match=message):
        make()
