"""Tests of `olearn run AGENT ENVIRONMENT`."""

import json

import pytest
from typer.testing import CliRunner

pytest.importorskip("gymnasium", reason="the extra `rl` is not installed")

from olearn import play
from olearn.cli import app
from olearn.learners.rl.environments import AGENTS


def olearn(*words):
    return CliRunner().invoke(app, list(words))


def test_runs_an_agent(tmp_path):
    """An agent learns in an environment; the table and the picture are there."""
    pytest.importorskip("matplotlib")
    picture = tmp_path / "curve.png"
    words = ("--rows", "600", "--seed", "3", "--window", "100", "--picture", str(picture))
    done = olearn("run", "stream-q", "CartPole-v1", *words)
    assert done.exit_code == 0, done.output
    assert "stream-q in CartPole-v1" in done.output
    assert picture.stat().st_size > 5000


def test_settings_reach_agent_and_environment():
    """`--set` gives arguments of the agent, `--set stream.` those of the environment."""
    words = ("--set", "epsilon_steps=10", "--set", "stream.time_limit=20", "--json")
    done = olearn("run", "stream-sarsa", "CartPole-v1", "--rows", "300", *words)
    assert done.exit_code == 0, done.output
    (run,) = json.loads(done.stdout)["runs"]
    assert run["steps"] == 300
    assert max(run["returns"]) <= 20
    refused = olearn("run", "stream-q", "CartPole-v1", "--set", "epsilon_steps=0")
    assert refused.exit_code == 1
    assert "epsilon_steps" in refused.stderr


def test_refuses_what_is_not_for_agents():
    """Options of learners, and unknown environments, are refused in words."""
    done = olearn("run", "stream-q", "CartPole-v1", "--delay", "5")
    assert done.exit_code == 2
    assert "agent" in done.stderr
    done = olearn("run", "stream-q", "NoSuchTask-v0")
    assert done.exit_code == 1
    assert "NoSuchTask-v0" in done.stderr


def test_names_are_those_of_the_agents():
    """The command knows every agent that can be made by name."""
    assert list(play.AGENTS) == list(AGENTS)
