"""Tests of speed: CPU time of compiled agents; the bounds leave room for a busy machine."""

import time

import numpy as np
import pytest

from olearn.learners import rl

pytestmark = pytest.mark.slow


def fastest(run, repeat=5):
    """Return the fewest CPU seconds of several runs, after one that compiles."""
    run()
    spent = []
    for _ in range(repeat):
        start = time.process_time()
        run()
        spent.append(time.process_time() - start)
    return min(spent)


def test_step_of_actor_critic():
    """To act and to learn with two networks of 2 x 128 units takes at most 60 microseconds."""
    agent = rl.StreamAC(hidden=(128, 128), low=(-1.0,) * 3, high=(1.0,) * 3, seed=1)
    rows = np.random.default_rng(1).normal(size=(2001, 11))

    def run():
        for i in range(2000):
            agent.learn_one(rows[i], agent.act(rows[i]), 1.0, rows[i + 1], i % 200 == 199)

    assert fastest(run) / 2000 < 60e-6


def test_loop_of_q_in_cartpole():
    """Environment included, Q learns 50,000 steps a CPU second and more."""
    pytest.importorskip("gymnasium", reason="the extra `rl` is not installed")
    from olearn.evaluate import episodes

    def run():
        episodes(
            lambda env, seed: rl.make_agent("stream-q", env, seed=seed),
            lambda: rl.make("CartPole-v1", time_limit=500),
            steps=5000,
            progress=False,
        )

    assert 5000 / fastest(run) > 50_000
