"""Tests of the torch backend: convolutions, golden replays, agreement with the compiled one."""

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from olearn.learners.rl import (  # noqa: E402  (after the skip)
    AdaptiveObGD,
    ObGD,
    PlainSGD,
    StreamAC,
    StreamQ,
    TorchStreamAC,
    TorchStreamQ,
)
from olearn.learners.rl.torch_backend import ATARI, MINATAR, TorchNetwork  # noqa: E402


def layers_of(network, agent=0):
    """Matrices and biases of one agent, as NumPy views."""
    parts = [p.detach()[agent] for p in network.parameters]
    flat = [(w.flatten(1).numpy(), b.numpy()) for w, b in zip(parts[::2], parts[1::2], strict=True)]
    return flat


def copy_layers(source, target):
    for (w_from, b_from), (w_to, b_to) in zip(source, target, strict=True):
        w_to[:], b_to[:] = w_from, b_from


def pictures(rows):
    return np.moveaxis(rows, -1, -3)  # (.., height, width, channels) to (.., c, h, w)


def test_golden_convolution(golden):
    """Outputs and a gradient of the MinAtar network equal the authors' to 1e-9."""
    data = golden("networks")
    net = TorchNetwork(
        (4, 10, 10), 3, convolutions=MINATAR, hidden=(8,), dtype="float64", seeds=[1]
    )
    assert golden.fill(layers_of(net), data["conv/w"]) == data["conv/w"].size
    x = torch.as_tensor(pictures(data["conv/x_hwc"]).copy())[None]
    out = net(x)
    np.testing.assert_allclose(out[0].detach(), data["conv/out"], atol=1e-9)
    gradients = torch.autograd.grad(out[0, 1], net.parameters)
    flat = np.concatenate([g.numpy().ravel() for g in gradients])
    np.testing.assert_allclose(flat[::8], data["conv/dout1_dw[::8]"], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 1e-4)])
def test_golden_minatar(golden, dtype, tolerance):
    """25 MinAtar transitions: TD errors, trace norms and weights equal the authors'."""
    data = golden("stream_q_minatar")
    agent = TorchStreamQ((4, 10, 10), 3, convolutions=MINATAR, hidden=(8,), dtype=dtype, seed=1)
    golden.fill(layers_of(agent.network), data["in/w_init"])
    for i in range(25):
        agent.learn_many(
            pictures(data["in/s"][i])[None],
            data["in/a"][i : i + 1],
            data["in/r"][i : i + 1],
            pictures(data["in/s_next"][i])[None],
            data["in/done"][i : i + 1],
        )
        assert agent.td_errors.item() == pytest.approx(data["f64/td_error"][i], abs=tolerance)
        assert agent.trace.l1.item() == pytest.approx(data["f64/trace_l1"][i], rel=tolerance)
    got = golden.flat(layers_of(agent.network))[::8]
    expected = data["f64/w_t25[::8]"]  # kept in float32
    np.testing.assert_allclose(got, expected, rtol=0, atol=max(tolerance / 10, 1e-7))


@pytest.mark.parametrize("rule", [ObGD(), AdaptiveObGD(), PlainSGD(1e-3)], ids=str)
@pytest.mark.parametrize("cut", ["after", "before", "never"])
def test_q_agrees_with_the_compiled_one(rule, cut):
    """Three agents in torch follow three compiled ones over 60 steps to 1e-5."""
    n = 3
    settings = {"normalise": False, "scale_reward": False, "trace_cut": cut, "optimiser": rule}
    compiled = [StreamQ(3, (16, 16), seed=k, **settings) for k in range(n)]
    together = TorchStreamQ((12,), 3, n, hidden=(16, 16), trace_cut=cut, optimiser=rule, seed=1)
    rng = np.random.default_rng(2)
    here = rng.normal(size=(n, 12))
    for k, agent in enumerate(compiled):
        agent._start(here[k])
        copy_layers(agent.layers[0], layers_of(together.network, k))
    for _ in range(60):
        actions, rewards = rng.integers(0, 3, n), rng.normal(size=n)
        there, (stop, broken) = rng.normal(size=(n, 12)), rng.random((2, n)) < 0.1
        together.learn_many(here, actions, rewards, there, stop, broken)
        for k, agent in enumerate(compiled):
            agent.learn_one(here[k], actions[k], rewards[k], there[k], stop[k], broken[k])
            assert together.td_errors[k].item() == pytest.approx(agent.td_error, abs=1e-5)
        here = there
    for k, agent in enumerate(compiled):
        for (w, b), (w2, b2) in zip(agent.layers[0], layers_of(together.network, k), strict=True):
            np.testing.assert_allclose(w, w2, rtol=0, atol=1e-5)
            np.testing.assert_allclose(b, b2, rtol=0, atol=1e-5)


@pytest.mark.parametrize("continuous", [False, True])
def test_actor_critic_agrees_with_the_compiled_one(continuous):
    """Both networks in torch follow the compiled ones over 60 steps to 1e-5."""
    box = {"low": (-9.0,) * 2, "high": (9.0,) * 2} if continuous else {"n_actions": 2}
    agent = StreamAC(hidden=(16, 16), normalise=False, scale_reward=False, seed=1, **box)
    twin = TorchStreamAC((12,), 2, continuous=continuous, hidden=(16, 16), seed=1)
    rng = np.random.default_rng(3)
    here = rng.normal(size=12)
    agent._start(here)
    nets = (twin.actor, twin.critic)
    for source, target in zip(agent.layers, nets, strict=True):
        copy_layers(source, layers_of(target))
    for _ in range(60):
        action = rng.normal(size=2) if continuous else int(rng.integers(2))
        reward, there, stop = float(rng.normal()), rng.normal(size=12), bool(rng.random() < 0.1)
        agent.learn_one(here, action, reward, there, stop)
        twin.learn_many(here[None], np.array([action]), [reward], there[None], [stop])
        assert twin.td_errors.item() == pytest.approx(agent.td_error, abs=1e-5)
        here = there
    for source, target in zip(agent.layers, nets, strict=True):
        for (w, b), (w2, b2) in zip(source, layers_of(target), strict=True):
            np.testing.assert_allclose(w, w2, rtol=0, atol=1e-5)
            np.testing.assert_allclose(b, b2, rtol=0, atol=1e-5)


def make_agents(kind, **kwargs):
    if kind == "q":
        return TorchStreamQ((5,), 3, 4, hidden=(16,), seed=7, **kwargs)
    return TorchStreamAC((5,), 3, 4, hidden=(16,), continuous=kind == "box", seed=7, **kwargs)


def live(agents, n, seed=0):
    rng = np.random.default_rng(seed)
    here, out = rng.normal(size=(4, 5)), []
    for _ in range(n):
        actions, there = agents.act(here), rng.normal(size=(4, 5))
        agents.learn_many(here, actions, rng.normal(size=4), there)
        out.append(actions.tolist())
        here = there
    return out


def test_agents_share_nothing():
    """A transition of one agent leaves the gradient of the others at what it was."""
    agents = make_agents("q", trace_cut="never")
    live(agents, 30)  # all weights of so few inputs start at zero
    X, X2 = np.random.default_rng(4).normal(size=(2, 4, 5))
    other = X.copy()
    other[0] += 1.0
    twin = copy.deepcopy(agents)
    agents.learn_many(X, np.zeros(4), np.ones(4), X2)
    twin.learn_many(other, np.zeros(4), np.ones(4), X2)
    for z, z2 in zip(agents.trace.z, twin.trace.z, strict=True):
        assert torch.equal(z[1:], z2[1:])
    assert not torch.equal(agents.trace.z[0][0], twin.trace.z[0][0])


def test_atari_layers():
    """Three convolutions bring 84 x 84 pictures to 256 numbers."""
    net = TorchNetwork((4, 84, 84), 6, convolutions=ATARI, hidden=(256,), seeds=[1])
    assert net.parameters[6].shape == (1, 256, 256)
    assert net(torch.zeros(1, 4, 84, 84)).shape == (1, 6)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_cuda_agrees_with_the_cpu():
    """On a GPU the same steps give the same weights to 1e-4."""
    rng = np.random.default_rng(5)
    agents = [make_agents("q", device=device) for device in ("cpu", "cuda")]
    for _ in range(20):
        X, X2 = rng.normal(size=(2, 4, 5))
        actions, rewards = rng.integers(0, 3, 4), rng.normal(size=4)
        for each in agents:
            each.learn_many(X, actions, rewards, X2)
    for p, p2 in zip(*(each.network.parameters for each in agents), strict=True):
        np.testing.assert_allclose(p.detach(), p2.detach().cpu(), atol=1e-4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TorchStreamQ((4,), 1), "n_actions"),
        (lambda: TorchStreamQ((4,), 2, 0), "n_agents"),
        (lambda: TorchStreamQ((4,), 2, convolutions=MINATAR), "observation_shape"),
        (lambda: TorchStreamQ((4, 2, 2), 2, convolutions=MINATAR), "observation_shape"),
        (lambda: TorchStreamQ((4,), 2, trace_cut="often"), "trace_cut"),
        (lambda: TorchStreamAC((4,), 2, entropy=-1.0), "entropy"),
        (lambda: make_agents("q").act(np.ones((4, 6))), "observations must have shape"),
        (
            lambda: make_agents("box").learn_many(
                np.ones((4, 5)), np.ones(4), np.ones(4), np.ones((4, 5))
            ),
            "actions must have shape",
        ),
    ],
)
def test_bad_arguments(make, message):
    """Parameters out of range and arrays of other shapes are refused by name."""
    with pytest.raises(ValueError, match=message):
        make()
