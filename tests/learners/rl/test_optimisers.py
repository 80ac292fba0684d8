"""Tests of ObGD, adaptive ObGD and the plain step."""

import numpy as np
import pytest

from olearn.learners.rl import AdaptiveObGD, ObGD, PlainSGD

CONFIGURATIONS = {
    "obgd": (ObGD(), 0.8),
    "obgd_k3_l0": (ObGD(kappa=3.0), 0.0),
    "obgd_smallstep": (ObGD(alpha=0.01), 0.8),
    "adaptive": (AdaptiveObGD(), 0.8),
    "adaptive_k3": (AdaptiveObGD(alpha=0.5, kappa=3.0), 0.8),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_golden_steps(golden, name):
    """40 updates equal the authors' to 1e-12; their gradients have the opposite sign."""
    data, (rule, lambda_) = golden("optim"), CONFIGURATIONS[name]
    weights = data["w0"].copy()
    memory = rule.start(weights)
    for i, (gradient, delta, reset) in enumerate(
        zip(data["grads"], data["deltas"], data["resets"], strict=True)
    ):
        step = rule.step(weights, -gradient, delta, memory, decay=0.99 * lambda_, reset=bool(reset))
        np.testing.assert_allclose(weights, data[f"{name}/w"][i], rtol=0, atol=1e-12)
        assert step.step_size == pytest.approx(data[f"{name}/step_size"][i], rel=1e-12)


@pytest.mark.parametrize("kappa", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("seed", range(5))
def test_update_has_a_budget(seed, kappa):
    """The L1 norm of a change is at most min(|delta|, 1) / kappa, and equal where M > 1."""
    rng = np.random.default_rng(seed)
    active = 0
    for _ in range(300):
        gradient = rng.normal(size=30) * 10 ** rng.uniform(-4, 3)
        delta = float(rng.choice([-1, 1]) * 10 ** rng.uniform(-6, 6))
        changes = []
        for alpha in (1.0, 10.0):
            rule, weights = ObGD(alpha, kappa), np.zeros(30)
            step = rule.step(weights, gradient, delta, rule.start(weights), decay=0.8)
            changes.append(weights)
            budget = min(abs(delta), 1.0) / kappa
            assert np.abs(weights).sum() <= budget * (1 + 1e-9)
            if step.bound > 1.0:
                assert np.abs(weights).sum() == pytest.approx(budget, rel=1e-9)
        if alpha == 10.0 and step.bound > 10.0:  # active for both: the step size cancels
            np.testing.assert_allclose(*changes, rtol=1e-9)
            active += 1
    assert 50 < active < 300


def overshoots(rule, rng, kappa, lambda_):
    """Count linear values whose error after an update leaves the range that ObGD promises."""
    bad = 0
    for _ in range(5000):
        n = 8
        x = rng.uniform(-1, 1, n)
        x_next = np.zeros(n) if lambda_ == 0 else rng.uniform(-1, 1, n)
        x_next *= min(1.0, (1.0 - np.abs(x).max()) / 0.99)  # |x - gamma x'| <= 1
        weights = rng.normal(size=n)
        memory = rule.start(weights)
        memory.trace[:] = rng.normal(size=n) * 10 ** rng.uniform(-1, 2)
        reward = rng.normal() * 10 ** rng.uniform(-1, 2)
        before = reward + (0.99 * x_next - x) @ weights
        rule.step(weights, x, before, memory, decay=0.99 * lambda_)
        ratio = (reward + (0.99 * x_next - x) @ weights) / before
        high = 1.0 if lambda_ == 0 else 1.0 + 1.0 / kappa
        bad += not 1.0 - 1.0 / kappa - 1e-9 <= ratio <= high + 1e-9
    return bad


@pytest.mark.parametrize("lambda_", [0.0, 0.8])
def test_no_update_overshoots(lambda_):
    """ObGD leaves between 1 - 1/kappa and 1 + 1/kappa of a linear error; a plain step does not."""
    assert overshoots(ObGD(kappa=2.0), np.random.default_rng(1), 2.0, lambda_) == 0
    assert overshoots(PlainSGD(alpha=1.0), np.random.default_rng(1), 2.0, lambda_) > 100


def test_zero_error_changes_nothing():
    """A TD error of 0 leaves the weights as they are, bit for bit, with every rule."""
    for rule in (ObGD(), AdaptiveObGD(), PlainSGD()):
        weights = np.linspace(-1, 1, 5)
        rule.step(weights, np.ones(5), 0.0, rule.start(weights), decay=0.5)
        assert weights.tolist() == np.linspace(-1, 1, 5).tolist()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ObGD(alpha=0.0), "alpha"),
        (lambda: ObGD(kappa=float("nan")), "kappa"),
        (lambda: AdaptiveObGD(beta2=1.0), "beta2"),
        (lambda: AdaptiveObGD(epsilon=0.0), "epsilon"),
        (lambda: PlainSGD(alpha=-1.0), "alpha"),
    ],
)
def test_bad_parameters(make, message):
    """A parameter outside its range is named."""
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("gradient", "delta", "decay", "message"),
    [
        (np.ones(3), 1.0, 0.5, "shape"),
        (np.array([1.0, np.nan]), 1.0, 0.5, "finite"),
        (np.ones(2), np.inf, 0.5, "finite"),
        (np.ones(2), 1.0, 1.5, "decay"),
    ],
)
def test_bad_steps_change_nothing(gradient, delta, decay, message):
    """A bad gradient or error raises before trace and weights move."""
    rule, weights = ObGD(), np.ones(2)
    memory = rule.start(weights)
    with pytest.raises(ValueError, match=message):
        rule.step(weights, gradient, delta, memory, decay=decay)
    assert weights.tolist() == [1.0, 1.0]
    assert memory.trace.tolist() == [0.0, 0.0]
