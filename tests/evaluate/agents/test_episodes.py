"""Tests of `evaluate.episodes`: returns, curves, files to go on from."""

import json

import numpy as np
import pytest

from olearn.evaluate import Episodes, episodes
from olearn.evaluate.agents.episodes_result import EpisodeRun


class Corridor:
    """Episodes of 7 steps, reward 1 a step; the last of them is not in the raw units."""

    drift_positions = (11,)

    def __init__(self):
        self.closed = False
        self.at = 0

    def reset(self, seed=None):
        self.at = 0
        return np.zeros(2), {}

    def step(self, action):
        self.at += 1
        return np.full(2, self.at), 0.5, self.at == 7, False, {"reward": 1.0}

    def close(self):
        self.closed = True


class Idle:
    """Counts what it is asked."""

    def __init__(self, log):
        self.log = log

    def act(self, observation):
        return 0

    def learn_one(self, *transition):
        self.log.append(transition)


def test_returns_and_ends():
    """Every whole episode is counted with its raw return; every step is learnt."""
    log = []
    result = episodes(lambda env, seed: Idle(log), Corridor, steps=20, seeds=[4], progress=False)
    (run,) = result.runs
    assert (run.seed, run.steps, run.ends, run.returns) == (4, 20, [7, 14], [7.0, 7.0])
    assert len(log) == 20
    assert [t[4] for t in log].count(True) == 2
    assert result.drift_positions == (11,)


def test_curve_is_the_mean_over_seeds():
    """Windows hold means of episodes that end in them, or the last value; then over seeds."""
    runs = [
        EpisodeRun(1, 40, ends=[5, 10, 35], returns=[1.0, 3.0, 8.0]),
        EpisodeRun(2, 40, ends=[10, 20, 40], returns=[4.0, 6.0, 10.0]),
    ]
    curve = Episodes("a", "e", runs).curve(4)
    assert curve[:, 0].tolist() == [10, 20, 30, 40]
    assert curve[:, 1].tolist() == [3.0, 4.0, 4.0, 9.0]
    half = 1.0 * 12.706204736  # deviation sqrt(2) over sqrt(2), Student's with one degree
    np.testing.assert_allclose(curve[0, 2:], [3.0 - half, 3.0 + half], rtol=1e-6)
    assert np.isnan(Episodes("a", "e", runs[:1]).curve(4)[:, 2]).all()


def test_goes_on_from_a_file(tmp_path):
    """Seeds in the file are not run again; another run's file is refused."""
    path, log = tmp_path / "runs.json", []
    arguments = {"agent": "idle", "environment": "corridor", "file": path, "progress": False}
    first = episodes(lambda env, seed: Idle(log), Corridor, 20, seeds=2, **arguments)
    assert len(log) == 40
    both = episodes(lambda env, seed: Idle(log), Corridor, 20, seeds=3, **arguments)
    assert len(log) == 60
    assert both.runs[:2] == first.runs
    assert Episodes.from_json(path.read_text()) == both
    with pytest.raises(ValueError, match="file must be of the same run"):
        episodes(lambda env, seed: Idle(log), Corridor, 30, **arguments)


def test_table_and_picture():
    """The table has a line a seed; the picture shows the drifts."""
    runs = [EpisodeRun(1, 40, [10, 40], [1.0, 2.0], 0.5), EpisodeRun(2, 40, [], [], 0.5)]
    result = Episodes("idle", "corridor", runs, (11,))
    text = str(result.table())
    assert "idle in corridor" in text
    assert "80" in text  # steps a CPU second
    pytest.importorskip("matplotlib")
    figure = Episodes("idle", "corridor", runs[:1], (11,)).plot(2)
    (ax,) = figure.axes
    assert any(list(line.get_xdata()) == [11, 11] for line in ax.lines)
    assert json.loads(result.to_json())["runs"][0]["seed"] == 1


@pytest.mark.parametrize("kwargs", [{"steps": 0}, {"steps": 5, "seeds": 0}])
def test_bad_arguments(kwargs):
    """Numbers below 1 are refused by name."""
    with pytest.raises(ValueError, match=r"steps|seeds"):
        episodes(lambda env, seed: Idle([]), Corridor, **kwargs)
