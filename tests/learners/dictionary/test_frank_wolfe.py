"""The published method: golden iterates, invariants, recovery."""

import re
from pathlib import Path

import numpy as np
import pytest

from olearn.learners.dictionary.codes import recovery_error
from olearn.learners.dictionary.frank_wolfe import (
    FrankWolfe,
    gradient,
    objective,
    step_sizes,
    with_unique_factor,
)
from olearn.learners.dictionary.polar_factor import polar

FOLDER = Path(__file__).parents[2] / "golden/frank_wolfe_odl"
VARIANTS = {
    "noncvx": {"schedule": "published"},
    "noncvx_clip": {},
    "noncvx_noreproj_clip": {"reproject": False},
    "sfw": {"schedule": "convex", "reproject": False},
}
ITERATES = 1e-7  # the reference's own tolerance


def load(name):
    with np.load(FOLDER / f"{name}.npz") as file:
        return dict(file)


def orthogonal(rng, n):
    return np.linalg.qr(rng.normal(size=(n, n)))[0]


def samples(rng, D, n_samples, theta, noise=0.0):
    """Rows of D x with Bernoulli-Gaussian x."""
    shape = (n_samples, len(D))
    X = (rng.random(shape) < theta) * rng.normal(size=shape) @ D.T
    return X + noise * rng.normal(size=shape)


def run(engine, X, batch, watch=lambda: None):
    for start in range(0, len(X), batch):
        part = X[start : start + batch]
        engine.step(part, None, part @ engine.A.T)
        watch()


def recovery(n, theta, batch, steps, seed, **options):
    """Error after so many steps on a stream without noise."""
    rng = np.random.default_rng(seed)
    D = orthogonal(rng, n)
    engine = FrankWolfe(orthogonal(rng, n), **options)
    run(engine, samples(rng, D, steps * batch, theta), batch)
    return recovery_error(engine.A, D)


def check_iterates(golden, engine, prefix, first):
    """Follow a golden stream from step `first` and compare every iterate that is stored."""
    batch = int(golden["batch_size"])
    offset = (first - int(golden["first"])) * batch
    found = (re.fullmatch(rf"{prefix}A_(\d+)", name) for name in golden)
    stored = {int(match[1]) for match in found if match}
    compared = 0
    for t, start in enumerate(range(offset, golden["Y"].shape[1], batch), first):
        X = np.ascontiguousarray(golden["Y"][:, start : start + batch].T)
        engine.step(X, None, X @ engine.A.T)
        if t in stored:
            np.testing.assert_allclose(engine.A, golden[f"{prefix}A_{t}"], rtol=0, atol=ITERATES)
            np.testing.assert_allclose(engine.G, golden[f"{prefix}G_{t}"], rtol=0, atol=ITERATES)
            compared += 1
    return compared


@pytest.mark.parametrize("name", ["stream_n10_b1_l3", "stream_n16_b16_l3", "stream_n16_b16_l4"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_golden_iterates(name, variant):
    """From the step at which factors are unique on, every stored iterate is the reference's."""
    golden = load(name)
    if f"{variant}_A_start" not in golden:
        pytest.skip("the reference has no such run")
    first = int(golden["start"])
    engine = FrankWolfe(
        golden[f"{variant}_A_start"], p=int(golden["p"]), eps=0.0, **VARIANTS[variant]
    )
    engine.G, engine.t = golden[f"{variant}_G_start"], first
    assert check_iterates(golden, engine, f"{variant}_", first) >= 3


@pytest.mark.parametrize("name", ["stream_n10_b1_l3", "stream_n16_b16_l3"])
def test_golden_iterates_from_the_first_step(name):
    """With the term that makes factors unique, runs agree from the very start."""
    golden = load(name)
    engine = FrankWolfe(golden["A0"], eps=float(golden["eps"]))
    assert check_iterates(golden, engine, "eps_", 0) >= 8


@pytest.mark.parametrize("p", [3, 4])
def test_objective_and_gradient(p):
    """Golden values; the gradient is that of finite differences."""
    golden = load("metric_gradient")
    A, X = golden["A_rand"], golden["Y"].T
    assert objective(A, X, p) == pytest.approx(float(golden[f"f_l{p}"]), rel=1e-12)
    g = gradient(X @ A.T, X, None, p)
    np.testing.assert_allclose(g, golden[f"g_l{p}"], rtol=1e-12)
    h = 1e-5
    for i, j in ((0, 0), (2, 5), (4, 1)):
        step = np.zeros_like(A)
        step[i, j] = h
        slope = (objective(A + step, X, p) - objective(A - step, X, p)) / (2 * h)
        assert g[i, j] == pytest.approx(slope, rel=1e-6, abs=1e-8)


def test_gap_is_that_of_the_reference_and_small_at_a_solution():
    """The gap is nuclear norm minus inner product; a signed permutation has next to none."""
    golden = load("metric_gradient")
    A, X = golden["A_rand"], golden["Y"].T
    G = gradient(X @ A.T, X, None, 3)
    gap = float((G * (polar(G) - A)).sum())
    assert gap == pytest.approx(float(golden["fw_gap_l3"]), rel=1e-9)

    rng = np.random.default_rng(5)
    D = orthogonal(rng, 10)
    X = samples(rng, D, 200_000, 0.3)
    gaps = []
    for start in (orthogonal(rng, 10), D.T[::-1] * rng.choice([-1.0, 1.0], (10, 1))):
        engine = FrankWolfe(start, eps=0.0)
        engine.step(X, None, X @ start.T)
        gaps.append(engine.gap)
    assert 0.0 <= gaps[1] < 0.01 * gaps[0]


def test_step_sizes_are_clipped():
    """The published first steps are 4 and 1.19; clipped, none is above 1, and later all agree."""
    assert step_sizes(0, "published") == pytest.approx((4.0, 2.0 / 2.0**0.75))
    assert step_sizes(0) == (1.0, 1.0)
    assert step_sizes(15) == step_sizes(15, "published")
    assert step_sizes(8, "convex") == pytest.approx((4.0 / 16.0 ** (2 / 3), 2.0 / 16.0))


@pytest.mark.parametrize("reproject", [True, False])
def test_stays_in_the_ball(reproject):
    """At every step the spectral norm is at most 1; re-projected, the matrix is orthogonal."""
    rng = np.random.default_rng(1)
    D = orthogonal(rng, 8)
    engine = FrankWolfe(orthogonal(rng, 8), reproject=reproject)
    norms, distances = [], []

    def watch():
        s = np.linalg.svd(engine.A, compute_uv=False)
        norms.append(s[0])
        distances.append(abs(s - 1.0).max())

    run(engine, samples(rng, D, 3000, 0.3), 3, watch)
    assert max(norms) <= 1.0 + 1e-12
    assert reproject == (max(distances) < 1e-12)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-5)])
def test_orthogonal_after_100_000_updates(dtype, tolerance):
    """The constraint holds for ever: no error builds up over 100,000 single samples."""
    rng = np.random.default_rng(2)
    X = samples(rng, orthogonal(rng, 5), 100_000, 0.3).astype(dtype)
    engine = FrankWolfe(np.eye(5, dtype=dtype))
    run(engine, X, 1)
    assert engine.t == 100_000
    assert engine.A.dtype == dtype
    assert abs(engine.A @ engine.A.T - np.eye(5)).max() < tolerance


def test_rotated_data_give_rotated_iterates():
    """Samples Q y and a start A Q^T give A_t Q^T; so do signs and orders of atoms."""
    rng = np.random.default_rng(3)
    n = 12
    D, Q, start = (orthogonal(rng, n) for _ in range(3))
    X = samples(rng, D, 90 * n, 0.3)
    P = np.eye(n)[rng.permutation(n)] * rng.choice([-1.0, 1.0], n)
    plain, turned, renamed = FrankWolfe(start), FrankWolfe(start @ Q.T), FrankWolfe(P @ start)
    for s in range(0, len(X), n):
        part = X[s : s + n]
        for engine, rows in ((plain, part), (turned, part @ Q.T), (renamed, part)):
            engine.step(rows, None, rows @ engine.A.T)
    np.testing.assert_allclose(turned.A, plain.A @ Q.T, atol=1e-8)
    np.testing.assert_allclose(renamed.A, P @ plain.A, atol=1e-8)


def test_tiny_changes_stay_tiny():
    """A start moved by 1e-12 moves no iterate above 1e-8, though few samples were seen."""
    rng = np.random.default_rng(4)
    D, start = orthogonal(rng, 10), orthogonal(rng, 10)
    X = samples(rng, D, 300, 0.3)
    near = polar(start + 1e-12 * rng.normal(size=start.shape))
    first, second = FrankWolfe(start), FrankWolfe(near)
    for row in X:
        for engine in (first, second):
            engine.step(row[None], None, row[None] @ engine.A.T)
        assert abs(first.A - second.A).max() < 1e-8


def test_zero_samples_change_nothing_and_do_no_harm():
    """All-zero batches, also the first, leave a valid matrix and finite averages."""
    rng = np.random.default_rng(6)
    start = orthogonal(rng, 6)
    engine = FrankWolfe(start)
    run(engine, np.zeros((5, 6)), 1)
    assert np.array_equal(engine.A, start)
    run(engine, samples(rng, start.T, 100, 0.3), 5)
    run(engine, np.zeros((50, 6)), 5)
    assert np.isfinite(engine.G).all()
    np.testing.assert_allclose(engine.A @ engine.A.T, np.eye(6), atol=1e-12)


def test_weights_count_as_repetitions():
    """A weight of two is the sample twice, up to the common scale, which no factor sees."""
    rng = np.random.default_rng(7)
    start = orthogonal(rng, 5)
    X = samples(rng, start.T, 12, 0.4)
    w = np.ones(12)
    w[::3] = 2.0
    twice = np.repeat(X, w.astype(int), axis=0)
    weighted, repeated = FrankWolfe(start), FrankWolfe(start)
    weighted.step(X, w, X @ start.T)
    repeated.step(twice, None, twice @ start.T)
    np.testing.assert_allclose(weighted.A, repeated.A, atol=1e-10)


def test_unique_factor_term():
    """The term is eps times the norm of G, along A; it leaves a zero matrix as it is."""
    A = np.eye(4)
    G = np.arange(16.0).reshape(4, 4)
    scale = 0.1 * np.linalg.norm(G) / 2.0
    np.testing.assert_allclose(with_unique_factor(G, A, 0.1), G + scale * A)
    assert not with_unique_factor(0.0 * G, A, 0.1).any()


def test_recovery_small():
    """n = 10, 30 % nonzero, batches of 10: the median error of 10 seeds at step 1000."""
    errors = [recovery(10, 0.3, 10, 1000, seed) for seed in range(10)]
    assert np.median(errors) < 1.5e-3


def test_recovery_order_of_methods():
    """The 3-norm beats the 4-norm, and the clipped schedule the convex one, at equal steps."""
    seeds = range(5)
    ours = np.median([recovery(50, 0.3, 10, 1000, s) for s in seeds])
    convex = [recovery(50, 0.3, 10, 1000, s, schedule="convex") for s in seeds]
    assert np.median(convex) > 5.0 * ours
    p3, p4 = ([recovery(10, 0.3, 10, 1000, s, p=p) for s in seeds] for p in (3, 4))
    assert np.median(p3) < np.median(p4)


@pytest.mark.slow
def test_recovery_middle():
    """n = 50, 30 % nonzero, batches of 10: the median error at step 3000."""
    assert np.median([recovery(50, 0.3, 10, 3000, seed) for seed in range(5)]) < 4e-3


def test_lazy_factors_recover_as_well():
    """A factor every 8th single sample ends as near as one each."""
    each, lazy = (
        np.median([recovery(10, 0.3, 1, 4000, s, refresh=r) for s in range(5)]) for r in (1, 8)
    )
    assert lazy < 1.5 * each
