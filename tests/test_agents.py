"""Every class of agents, found by discovery, keeps what is promised of agents."""

import copy
import inspect
import pickle

import numpy as np
import pytest

import olearn
from olearn.learners import rl

N_AGENTS = 3  # of those that act for several at once
BOX = {"low": (-1.0,), "high": (1.0,)}

# class -> its kinds: functions of a seed; those of torch are skipped where it is missing
MADE = {
    "SingleTorchAgent": {
        "q": lambda seed: rl.SingleTorchAgent(rl.TorchStreamQ((4,), 3, hidden=(16,), seed=seed))
    },
    "StreamAC": {
        "discrete": lambda seed: rl.StreamAC(3, (16, 16), seed=seed),
        "box": lambda seed: rl.StreamAC(None, (16, 16), **BOX, seed=seed),
    },
    "StreamQ": {"q": lambda seed: rl.StreamQ(3, (16, 16), seed=seed)},
    "StreamSARSA": {"sarsa": lambda seed: rl.StreamSARSA(3, (16, 16), seed=seed)},
    "TorchStreamAC": {
        "discrete": lambda seed: rl.TorchStreamAC((4,), 3, N_AGENTS, hidden=(16,), seed=seed),
        "box": lambda seed: rl.TorchStreamAC(
            (4,), 1, N_AGENTS, hidden=(16,), continuous=True, seed=seed
        ),
    },
    "TorchStreamQ": {"q": lambda seed: rl.TorchStreamQ((4,), 3, N_AGENTS, hidden=(16,), seed=seed)},
    "VectorAgents": {
        "q": lambda seed: rl.VectorAgents(rl.StreamQ(3, (16, 16), seed=seed), N_AGENTS),
        "box": lambda seed: rl.VectorAgents(
            rl.StreamAC(None, (16, 16), **BOX, seed=seed), N_AGENTS
        ),
    },
}


def classes():
    """All public classes that act."""
    found = [getattr(rl, name) for name in rl.__all__ if "Torch" not in name or has_torch()]
    return [cls for cls in found if inspect.isclass(cls) and hasattr(cls, "act")]


def has_torch():
    try:
        import torch  # noqa: F401
    except ImportError:
        return False
    return True


def cases():
    for cls in classes():
        for name, make in MADE[cls.__name__].items():
            yield pytest.param(make, id=f"{cls.__name__}-{name}")


def live(agent, n, seed=0, end=17):
    """Let an agent act on noise, whose episodes end every `end` steps; return its actions."""
    rng = np.random.default_rng(seed)
    alone = hasattr(agent, "learn_one")
    shape = (4,) if alone else (N_AGENTS, 4)
    here, actions = rng.normal(size=shape), []
    for i in range(1, n + 1):
        action = agent.act(here)
        actions.append(np.asarray(action).tolist())
        there, reward = rng.normal(size=shape), rng.normal(size=shape[:-1])
        over = np.full(shape[:-1], i % end == 0)
        if alone:
            agent.learn_one(here, action, float(reward), there, bool(over))
        else:
            agent.learn_many(here, action, reward, there, over)
        here = rng.normal(size=shape) if over.any() else there
    return actions


def errors(agent):
    return np.ravel(agent.td_error if hasattr(agent, "td_error") else agent.td_errors).tolist()


def saved(agent, folder):
    olearn.save(agent, folder / "agent.safetensors")
    return olearn.load(folder / "agent.safetensors")


def test_every_class_is_tried():
    """A new class of agents must be added here."""
    assert {cls.__name__ for cls in classes()} <= set(MADE)
    assert not has_torch() or {cls.__name__ for cls in classes()} == set(MADE)


@pytest.mark.parametrize("make", [*cases()])
def test_seed_decides(make):
    """The same seed gives the same actions and errors, another one others."""
    one, same, other = make(1), make(1), make(2)
    actions = live(one, 60)
    assert live(same, 60) == actions
    assert errors(same) == errors(one)
    assert live(other, 60) != actions


@pytest.mark.parametrize("copied", ["pickle", "deepcopy", "save"])
@pytest.mark.parametrize("make", [*cases()])
def test_copies_go_on(make, copied, tmp_path):
    """A copy made in the middle of an episode goes on as the original, and shares nothing."""
    agent = make(1)
    live(agent, 40)
    ways = {
        "pickle": lambda: pickle.loads(pickle.dumps(agent)),
        "deepcopy": lambda: copy.deepcopy(agent),
        "save": lambda: saved(agent, tmp_path),
    }
    first, second = ways[copied](), ways[copied]()
    expected = live(agent, 40, seed=1)
    for twin in (first, second):
        assert live(twin, 40, seed=1) == expected
        assert errors(twin) == errors(agent)


@pytest.mark.parametrize("make", [*cases()])
def test_acting_leaves_what_it_should(make):
    """The observation stays the caller's; without exploration nothing that follows changes."""
    agent, twin = make(1), make(1)
    live(agent, 30)
    live(twin, 30)
    x = np.full(4 if hasattr(agent, "learn_one") else (N_AGENTS, 4), 0.5)
    if "explore" in inspect.signature(agent.act).parameters:
        agent.act(x, explore=False)
        assert live(agent, 30, seed=1) == live(twin, 30, seed=1)
    learnt = errors(agent)
    agent.act(x)
    assert errors(agent) == learnt
    assert (x == 0.5).all()


@pytest.mark.parametrize("shape", [(5,), (1, 1, 4), ()], ids=str)
@pytest.mark.parametrize("make", [*cases()])
def test_other_observations_are_refused(make, shape):
    """An observation of another shape is refused, and changes nothing that follows."""
    agent, twin = make(1), make(1)
    live(agent, 30)
    live(twin, 30)
    with pytest.raises((ValueError, TypeError), match=r"observations? must have shape"):
        agent.act(np.zeros(shape))
    assert live(agent, 30, seed=1) == live(twin, 30, seed=1)
