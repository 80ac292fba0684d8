"""Tests of recorded episodes."""

import pickle

import numpy as np
import pytest

image = pytest.importorskip("PIL.Image", reason="the extra `rl` is not installed")

from olearn.evaluate import episodes, record_episode  # noqa: E402  (after the skip)


class Lamp:
    """Draws the number of the step as a grey level; an episode has `length` steps."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012  (as Gymnasium)
    render_mode = "rgb_array"

    def __init__(self, length=20, lives=1, dtype=np.uint8):
        self.length, self.lives, self.dtype = length, lives, dtype
        self.at = 0

    def reset(self, seed=None):
        self.at = 0 if self.at == self.length else self.at
        return np.zeros(1), {}

    def step(self, action):
        self.at += 1
        over = self.at == self.length
        lost = self.lives == 2 and self.at == self.length // 2
        return np.zeros(1), 0.5, over or lost, False, {"lost_life": lost}

    def render(self):
        level = self.at / self.length
        return np.full((40, 60, 3), level if self.dtype == float else 255 * level, self.dtype)

    def close(self):
        pass


class Counter:
    """Counts what it learns."""

    learnt = 0

    def act(self, observation):
        return 0

    def learn_one(self, *transition):
        self.learnt += 1


def levels(path):
    """Grey level of each picture of an animation, and their durations."""
    out, durations = [], set()
    with image.open(path) as found:
        for number in range(found.n_frames):
            found.seek(number)
            out.append(found.convert("L").getpixel((30, 20)))
            durations.add(found.info["duration"])
    return out, durations


@pytest.mark.parametrize("dtype", [np.uint8, float])
def test_an_animation_shows_every_step(tmp_path, dtype):
    """A picture a step and one before the first, in order and time; the agent learns nothing."""
    agent = Counter()
    assert record_episode(agent, Lamp(dtype=dtype), tmp_path / "a.gif") == 10.0
    shown, durations = levels(tmp_path / "a.gif")
    expected = [255 * k / 20 for k in range(21)]
    np.testing.assert_allclose(shown, expected, atol=1.0)
    assert durations == {100}
    assert agent.learnt == 0


def test_fast_tasks_skip_pictures(tmp_path):
    """At 50 steps a second every other one is drawn, and the last."""
    lamp = Lamp(length=21)
    lamp.metadata = lamp.metadata | {"render_fps": 50}
    record_episode(Counter(), lamp, tmp_path / "a.gif")
    shown, durations = levels(tmp_path / "a.gif")
    np.testing.assert_allclose(shown, [255 * k / 21 for k in (*range(0, 21, 2), 21)], atol=1.0)
    assert durations == {40}


def test_a_strip_has_eight_pictures(tmp_path):
    """They are evenly spaced from the first to the last, in a size for looking at."""
    record_episode(Counter(), Lamp(length=14), tmp_path / "a.png")
    with image.open(tmp_path / "a.png") as found:
        strip = found.convert("L")
    assert strip.size == (8 * 240 + 7 * 4, 160)
    shown = [strip.getpixel((244 * k + 120, 80)) for k in range(8)]
    np.testing.assert_allclose(shown, [255 * k / 7 for k in range(8)], atol=1.0)


def test_a_game_goes_on_over_its_lives(tmp_path):
    """An episode is broken off at `max_steps`, not at a lost life."""
    assert record_episode(Counter(), Lamp(lives=2), tmp_path / "a.png") == 10.0
    assert record_episode(Counter(), Lamp(), tmp_path / "a.png", max_steps=7) == 3.5


def test_episodes_record_the_last_seed(tmp_path):
    """`episodes` records after the last seed, and refuses before the first step."""
    path = tmp_path / "a.png"
    made = []

    def make_agent(env, seed):
        made.append(Counter())
        return made[-1]

    result = episodes(make_agent, Lamp, 50, seeds=2, video=path, progress=False)
    assert path.exists()
    assert [agent.learnt for agent in made] == [50, 50]
    assert result.runs[0].returns == [10.0, 10.0]
    with pytest.raises(ValueError, match=r"\.gif or \.png"):
        episodes(make_agent, Lamp, 50, video=tmp_path / "a.mp4", progress=False)
    assert len(made) == 2


def test_lives_are_one_episode_of_a_run():
    """Returns are those of whole games."""
    result = episodes(
        lambda env, seed: Counter(), lambda: Lamp(lives=2), 50, seeds=[3], progress=False
    )
    assert result.runs[0].ends == [20, 40]
    assert result.runs[0].returns == [10.0, 10.0]


def test_what_cannot_be_drawn_is_refused(tmp_path):
    """The message says whether another mode would do, or what failed."""
    lamp = Lamp()
    lamp.render_mode = None
    with pytest.raises(ValueError, match="render_mode='rgb_array', got None"):
        record_episode(Counter(), lamp, tmp_path / "a.gif")
    lamp.metadata = {"render_modes": ["human"]}
    with pytest.raises(ValueError, match="cannot draw itself"):
        record_episode(Counter(), lamp, tmp_path / "a.gif")
    lamp = Lamp()
    lamp.render = lambda: [][0]
    with pytest.raises(RuntimeError, match="failed to draw itself: list index"):
        record_episode(Counter(), lamp, tmp_path / "a.gif")


def test_an_agent_at_the_pole(tmp_path):
    """Gymnasium draws CartPole without a display; the agent is as before, bit for bit."""
    pytest.importorskip("pygame", reason="the extra `rl` is not installed")
    rl = pytest.importorskip("olearn.learners.rl")
    env = rl.make("CartPole-v1", render_mode="rgb_array")
    agent = rl.make_agent("stream-q", env, seed=1)
    agent.learn_one(np.zeros(4), 0, 1.0, np.ones(4))
    before = pickle.dumps(agent)
    total = record_episode(agent, env, tmp_path / "pole.gif", seed=2)
    assert pickle.dumps(agent) == before
    shown, durations = levels(tmp_path / "pole.gif")
    assert 1 < len(shown) <= total // 2 + 2
    assert durations == {40}
    env.close()
