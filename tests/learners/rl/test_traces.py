"""Tests of when traces begin and end, beside those of the agents."""

import numpy as np
import pytest

from olearn.learners.rl import StreamAC, StreamQ, StreamSARSA

PLAIN = {"normalise": False, "scale_reward": False, "seed": 1}
AGENTS = {
    "q": lambda: StreamQ(3, (16, 16), **PLAIN),
    "sarsa": lambda: StreamSARSA(3, (16, 16), **PLAIN),
    "ac": lambda: StreamAC(3, (16, 16), **PLAIN),
}


def traces(agent):
    return [net.z.copy() for net in agent._engine.nets]


def test_only_another_action_than_the_best_cuts():
    """An action drawn at random that happens to be the best one leaves the trace alive."""
    agent = StreamQ(2, (16,), epsilon=(1.0, 1.0), **PLAIN)  # every action is drawn
    rng = np.random.default_rng(1)
    here, kept, cut = rng.normal(size=12), 0, 0
    for _ in range(40):
        action, there = agent.act(here), rng.normal(size=12)
        best = action == int(np.argmax(agent.values(here)))
        agent.learn_one(here, action, float(rng.normal()), there)
        assert traces(agent)[0].any() == best
        kept, cut, here = kept + best, cut + (not best), there
    assert min(kept, cut) > 5


@pytest.mark.parametrize("name", AGENTS)
def test_an_episode_begins_with_a_fresh_trace(name):
    """After an end, one transition leaves the trace that an agent with the same weights has."""
    agent = AGENTS[name]()
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(12, 5))
    for i in range(10):
        agent.learn_one(rows[i], agent.act(rows[i]), 1.0, rows[i + 1], terminated=i == 9)
    fresh = AGENTS[name]()
    fresh._start(rows[11])
    for mine, theirs in zip(fresh._engine.nets, agent._engine.nets, strict=True):
        mine.w[:] = theirs.w
    action = int(np.argmax(agent.values(rows[11]))) if name != "ac" else 1
    for learner in (agent, fresh):
        learner.learn_one(rows[11], action, 1.0, rows[0])
    for mine, theirs in zip(traces(agent), traces(fresh), strict=True):
        assert mine.any()
        np.testing.assert_array_equal(mine, theirs)
