"""Tests of `olearn run AGENT ENVIRONMENT`."""

import json

import pytest
from typer.testing import CliRunner

pytest.importorskip("gymnasium", reason="the extra `rl` is not installed")

from olearn.cli.main import app


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


def test_records_an_episode(tmp_path):
    """`--video` makes a file that moves; learners have none, and other endings are refused."""
    pytest.importorskip("pygame", reason="CartPole is drawn with it")
    video = tmp_path / "pole.gif"
    words = ("--rows", "300", "--video", str(video), "--json")
    done = olearn("run", "stream-q", "CartPole-v1", *words)
    assert done.exit_code == 0, done.output
    assert video.read_bytes().startswith(b"GIF89a")
    refused = olearn("run", "stream-q", "CartPole-v1", "--video", str(tmp_path / "pole.mp4"))
    assert refused.exit_code == 1
    assert ".gif or .png" in refused.stderr
    refused = olearn("run", "hat", "sea", "--video", str(video))
    assert refused.exit_code == 2
    assert "agents" in refused.stderr


def test_pictures_get_convolutions():
    """With MinAtar the agent is the one for pictures; one that cannot take them says so."""
    pytest.importorskip("minatar", reason="MinAtar is not installed")
    pytest.importorskip("torch", reason="the extra `neural` is not installed")
    done = olearn("run", "stream-q", "MinAtar/Breakout-v1", "--rows", "60", "--json")
    assert done.exit_code == 0, done.output
    (run,) = json.loads(done.stdout)["runs"]
    assert run["steps"] == 60
    assert run["returns"]
    refused = olearn("run", "stream-sarsa", "MinAtar/Breakout-v1")
    assert refused.exit_code == 1
    assert "with pictures" in refused.stderr


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
    for words in (("NoSuchTask-v0",), ("no such task",)):
        done = olearn("run", "stream-q", *words)
        assert done.exit_code == 2
        assert words[0] in " ".join(done.stderr.split())
