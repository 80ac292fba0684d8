"""Tests of the compiled networks: forward passes, gradients, policies."""

import numpy as np
import pytest

from olearn.learners.rl import LayerNormMLP, PlainSGD, StreamQ
from olearn.learners.rl._policy_kernels import (
    slopes_discrete,
    slopes_gaussian,
    softmax,
    softplus,
)


def network(golden, sizes, flat, two_heads=False):
    net = LayerNormMLP(sizes, dtype="float64", seed=1)
    assert golden.fill(net.layers, flat, two_heads) == flat.size
    return net


def in_golden_order(golden, net, gradient, two_heads=False):
    """Return a gradient in the golden order of parameters."""
    twin = LayerNormMLP(net.sizes.tolist(), dtype="float64", seed=1)
    twin.weights[:] = gradient
    return golden.flat(twin.layers, two_heads)


def test_golden_mlp(golden):
    """Outputs and the gradient of each equal the authors' to 1e-12."""
    data = golden("networks")
    net = network(golden, (5, 32, 32, 3), data["mlp/w"])
    np.testing.assert_allclose(net.forward(data["mlp/x"]), data["mlp/out"], atol=1e-12)
    for k in range(2):
        gradient = net.gradient(data["mlp/x"], np.eye(3)[k])
        got = in_golden_order(golden, net, gradient)
        np.testing.assert_allclose(got, data[f"mlp/dout{k}_dw"], rtol=0, atol=1e-12)


def test_golden_gaussian_policy(golden):
    """Mean, deviation, and gradients of log-probability and entropy equal the authors'."""
    data = golden("networks")
    net = network(golden, (6, 16, 16, 4), data["gauss/w"], two_heads=True)
    out = net.forward(data["gauss/x"])
    np.testing.assert_allclose(out[:2], data["gauss/mu"], atol=1e-12)
    spread = [softplus(value) for value in out[2:]]
    np.testing.assert_allclose(spread, data["gauss/std"], atol=1e-12)
    plain, with_entropy = np.zeros(4), np.zeros(4)
    slopes_gaussian(out, data["gauss/a"], 0.0, plain)
    slopes_gaussian(out, data["gauss/a"], 1.0, with_entropy)
    for slopes, name in ((plain, "dlogp_dw"), (with_entropy - plain, "dentropy_dw")):
        got = in_golden_order(golden, net, net.gradient(data["gauss/x"], slopes), two_heads=True)
        np.testing.assert_allclose(got, data[f"gauss/{name}"], rtol=0, atol=1e-11)


def test_golden_softmax_policy(golden):
    """Probabilities, entropy, and gradients of both equal the authors'."""
    data = golden("networks")
    net = network(golden, (5, 16, 16, 3), data["softmax/w"])
    out, p = net.forward(data["softmax/x"]), np.zeros(3)
    assert softmax(out, p) == pytest.approx(float(data["softmax/entropy"]), abs=1e-12)
    np.testing.assert_allclose(p, data["softmax/probs"], atol=1e-12)
    plain, with_entropy = np.zeros(3), np.zeros(3)
    slopes_discrete(out, 1, 0.0, plain)
    slopes_discrete(out, 1, 1.0, with_entropy)
    for slopes, name in ((plain, "dlogp1_dw"), (with_entropy - plain, "dentropy_dw")):
        got = in_golden_order(golden, net, net.gradient(data["softmax/x"], slopes))
        np.testing.assert_allclose(got, data[f"softmax/{name}"], rtol=0, atol=1e-12)


def test_gradient_of_an_empty_first_layer(golden):
    """Where all weights are zero the gradient is finite and large, as the authors' is."""
    data = golden("stream_q")
    net = network(golden, (5, 32, 32, 2), data["in/w_init"])
    assert not net.layers[0][0].any()
    gradient = net.gradient(data["in/s"][0], np.eye(2)[data["in/a"][0]])
    got = in_golden_order(golden, net, gradient)
    np.testing.assert_allclose(got, -data["f64/grad_t1"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("hidden", [(7,), (9, 5), (6, 6, 6)])
def test_gradient_by_differences(hidden):
    """Away from kinks the gradient is the limit of differences, at any depth."""
    rng = np.random.default_rng(3)
    net = LayerNormMLP((4, *hidden, 2), sparsity=0.0, dtype="float64", seed=2)
    net.weights += rng.normal(size=net.weights.size) * 0.3
    x, slopes = rng.normal(size=4), np.array([1.0, -2.0])
    gradient = net.gradient(x, slopes)
    for k in rng.choice(net.weights.size, 40, replace=False):
        kept = net.weights[k]
        ends = []
        for step in (1e-6, -1e-6):
            net.weights[k] = kept + step
            ends.append(net.forward(x) @ slopes)
        net.weights[k] = kept
        assert gradient[k] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-7)


def test_float32_follows_float64():
    """Outputs of a wide network in float32 are those in float64 to 1e-5."""
    rng = np.random.default_rng(4)
    wide = LayerNormMLP((40, 128, 128, 3), dtype="float64", seed=5)
    narrow = LayerNormMLP((40, 128, 128, 3), dtype="float32", seed=5)
    for _ in range(20):
        x = rng.normal(size=40) * 10
        np.testing.assert_allclose(narrow.forward(x), wide.forward(x), atol=1e-5)


@pytest.mark.parametrize(
    ("sizes", "dtype", "message"),
    [((3, 2), "float32", "sizes"), ((3, 0, 2), "float32", "sizes"), ((3, 4, 2), "half", "dtype")],
)
def test_bad_parameters(sizes, dtype, message):
    """Sizes without a hidden layer and other dtypes are refused."""
    with pytest.raises(ValueError, match=message):
        LayerNormMLP(sizes, dtype=dtype)


def test_bad_input():
    """An input of another length is refused."""
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        LayerNormMLP((3, 4, 2), seed=1).forward(np.ones(4))


def test_a_deviation_of_zero_raises_nothing():
    """Where a diverged policy has no deviation left, slopes are NaN; no step ends half-way."""
    slopes = np.zeros(2)
    slopes_gaussian(np.array([0.0, -1000.0]), np.zeros(1), 0.01, slopes)
    assert np.isnan(slopes).any()


def test_without_layer_norm():
    """`layer_norm=False` leaves affine maps and leaky ReLUs: values, and the step along them."""
    rule = PlainSGD(0.5)
    plain = {"normalise": False, "scale_reward": False, "gamma": 0.0, "dtype": "float64"}
    agent = StreamQ(2, (16, 16), layer_norm=False, optimiser=rule, seed=1, **plain)
    rng = np.random.default_rng(2)
    x = rng.normal(size=3)
    net = agent._start(x).nets[0]
    net.w[:] = rng.normal(size=net.w.shape)

    def value():
        h = x
        for matrix, bias in agent.layers[0]:
            u = matrix @ h + bias
            h = np.where(u > 0, u, 0.01 * u)
        return u[1]

    assert agent.values(x)[1] == pytest.approx(value(), rel=1e-12)
    before, slopes = net.w[0].copy(), np.zeros(net.w.shape[1])
    for i in range(len(slopes)):  # by differences
        for sign in (1, -1):
            net.w[0, i] = before[i] + sign * 1e-6
            slopes[i] += sign * value() / 2e-6
        net.w[0, i] = before[i]
    agent.learn_one(x, 1, 1.0, rng.normal(size=3))
    moved = net.w[0] - before
    np.testing.assert_allclose(moved, 0.5 * agent.td_error * slopes, atol=1e-6)
