"""Tests of several agents at once."""

import pickle

import numpy as np
import pytest

from olearn.learners.rl import StreamAC, StreamQ, StreamSARSA, VectorAgents

KINDS = {
    "q": StreamQ(3, (16,), seed=5),
    "sarsa": StreamSARSA(3, (16,), seed=5),
    "ac": StreamAC(3, (16,), seed=5),
    "ac_box": StreamAC(None, (16,), low=(-1.0, 0.0), high=(1.0, 2.0), seed=5),
}


@pytest.mark.parametrize("name", KINDS)
def test_equals_single_agents(name):
    """Each agent does bit for bit what a single one with its seed does on its stream."""
    together = VectorAgents(KINDS[name], n_agents=3)
    single = [KINDS[name].clone({"seed": 5 + k}) for k in range(3)]
    rng = np.random.default_rng(1)
    here = rng.normal(size=(3, 4))
    for i in range(60):
        actions = together.act(here)
        alone = [agent.act(x) for agent, x in zip(single, here, strict=True)]
        assert np.array(alone).tolist() == actions.tolist()
        rewards, there = rng.normal(size=3), rng.normal(size=(3, 4))
        terminated, truncated = rng.random((2, 3)) < 0.1
        skip = np.array([i % 7 == 0, False, False])
        together.learn_many(here, actions, rewards, there, terminated, truncated, skip=skip)
        for k, agent in enumerate(single):
            if not skip[k]:
                agent.learn_one(
                    here[k], actions[k], rewards[k], there[k], terminated[k], truncated[k]
                )
            assert agent.td_error == together.td_errors[k]
            assert agent.trace_l1 == together.trace_l1[k]
            assert agent.step_size == together.step_sizes[k]
        here = there
        if i == 30:
            together = pickle.loads(pickle.dumps(together))


def test_bad_arrays_change_nothing():
    """Arrays of other shapes or with bad values are refused before anything is learnt."""
    agents = VectorAgents(StreamQ(2, (16,), seed=1), 2)
    x = np.ones((2, 4))
    agents.learn_many(x, [0, 1], np.ones(2), 2 * x)
    before = pickle.dumps(agents._engine.nets)
    for change, message in (
        ({"rewards": np.ones(3)}, "rewards must have shape"),
        ({"rewards": np.array([1.0, np.nan])}, "rewards must be finite"),
        ({"observations": np.ones((2, 3))}, "observations must have shape"),
        ({"next_observations": np.full((2, 4), np.inf)}, "finite"),
        ({"actions": [0]}, "actions"),
        ({"actions": [0, 2]}, "action"),
    ):
        good = {"observations": 2 * x, "actions": [0, 1], "rewards": np.ones(2)}
        with pytest.raises(ValueError, match=message):
            agents.learn_many(**(good | {"next_observations": x} | change))
        assert pickle.dumps(agents._engine.nets) == before


def test_bad_parameters():
    """A number of agents below 1, and what is no agent, are refused."""
    with pytest.raises(ValueError, match="n_agents"):
        VectorAgents(StreamQ(2), 0)
    with pytest.raises(TypeError, match="agent must be"):
        VectorAgents("stream-q", 2)  # type: ignore[arg-type]
