"""Tests of every family of environments, each skipped where its package is not installed."""

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium", reason="the extra `rl` is not installed")

from olearn.evaluate import episodes  # noqa: E402  (after the skip)
from olearn.learners import rl  # noqa: E402

# module that must be there, environment, agent, shape of observations, steps a seed
RUNS = [
    ("gymnasium", "MountainCar-v0", "stream-q", (2,), 400),
    ("gymnasium", "MountainCarContinuous-v0", "stream-ac", (2,), 400),
    ("gymnasium", "FrozenLake-v1", "stream-sarsa", (16,), 400),
    ("Box2D", "LunarLander-v3", "stream-q", (8,), 400),
    ("Box2D", "BipedalWalker-v3", "stream-ac", (24,), 400),
    ("mujoco", "Hopper-v5", "stream-ac", (11,), 400),
    ("mujoco", "HalfCheetah-v5", "stream-ac", (17,), 400),
    ("minatar", "MinAtar/Breakout-v1", "stream-q", (4, 10, 10), 150),
    ("minatar", "MinAtar/SpaceInvaders-v1", "stream-ac", (6, 10, 10), 100),
    ("ale_py", "ALE/Breakout-v5", "stream-q", (4, 84, 84), 30),
    ("dm_control", "dm_control/cheetah-run-v0", "stream-ac", (17,), 400),
]


def need(module, name):
    """Skip where a package is missing."""
    if module == "ale_py":
        pytest.importorskip("cv2", reason="the extra `rl-atari` is not installed")
    pytest.importorskip(module, reason=f"the package of {name} is not installed")
    if "/" in name and not name.startswith("dm_control/"):
        pytest.importorskip("torch", reason="the extra `neural` is not installed")


def learn(env, agent, seed, steps):
    """Let an agent learn; return its TD errors."""
    x, _ = env.reset(seed=seed)
    errors = []
    for _ in range(steps):
        action = agent.act(x)
        x2, reward, over, cut, _ = env.step(action)
        agent.learn_one(x, action, float(reward), x2, over, cut)
        errors.append(agent.td_error)
        x = x2 if not (over or cut) else env.reset()[0]
    return np.array(errors)


@pytest.fixture(autouse=True)
def quiet(monkeypatch, tmp_path):
    """MuJoCo writes its log elsewhere."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("module", "name", "agent", "shape", "steps"), RUNS)
def test_agents_learn_in_every_family(module, name, agent, shape, steps):
    """Ten seeds (two with pictures, ten with --slow) stay finite and learn something."""
    need(module, name)
    env = rl.make(name)
    assert env.observation_space.shape == shape
    for seed in range(10 if len(shape) == 1 else 2):
        errors = learn(env, rl.make_agent(agent, env, seed=seed), seed, steps)
        assert np.isfinite(errors).all()
        assert np.abs(errors).sum() > 0
    env.close()


@pytest.mark.slow
@pytest.mark.parametrize(("module", "name", "agent", "shape", "steps"), RUNS)
def test_agents_do_not_diverge(module, name, agent, shape, steps):
    """Ten seeds, ten times as long: the TD errors of the last fifth stay below 30."""
    need(module, name)
    for seed in range(10):
        env = rl.make(name)
        errors = learn(env, rl.make_agent(agent, env, seed=seed), seed, 10 * steps)
        assert np.abs(errors[-2 * steps :]).max() < 30
        env.close()


@pytest.mark.slow
def test_q_learns_from_pictures():
    """MinAtar's Breakout, steps 16,000 to 20,000: mean return above 1.5; 0.5 is chance."""
    need("minatar", "MinAtar/Breakout-v1")
    pytest.importorskip("torch")
    result = episodes(
        lambda env, seed: rl.make_agent("stream-q", env, epsilon_steps=8000, seed=seed),
        lambda: rl.make("MinAtar/Breakout-v1"),
        steps=20_000,
        progress=False,
    )
    first, *_, last = result.curve(5)[:, 1]
    assert first < 1.0
    assert last > 1.5


def test_pictures_have_channels_first():
    """A picture of MinAtar is the raw one with the channels in front; the space says so."""
    need("minatar", "MinAtar/Breakout-v1")
    env = rl.make("MinAtar/Breakout-v1", wrap=False)
    picture, _ = env.reset(seed=1)
    raw = env.unwrapped.game.state()
    assert (picture.shape, raw.shape) == ((4, 10, 10), (10, 10, 4))
    np.testing.assert_array_equal(picture[2], raw[:, :, 2])
    assert env.observation_space.contains(picture)
    with pytest.raises(ValueError, match="pictures with channels"):
        rl.ChannelsFirst(rl.make("CartPole-v1"))


def test_pictures_are_normalised_and_rewards_scaled():
    """By default pictures come normalised: the first is 0, and a constant stays so."""
    need("minatar", "MinAtar/Breakout-v1")
    env = rl.make("MinAtar/Breakout-v1")
    picture, _ = env.reset(seed=1)
    assert not picture.any()
    picture, _, _, _, info = env.step(0)
    assert picture.any()
    assert "reward" in info


def test_atari_as_usual():
    """Four stacked grey pictures; an action is held for four frames; lives end episodes."""
    need("ale_py", "ALE/Breakout-v5")
    env = rl.make("ALE/Breakout-v5", wrap=False, time_limit=500, repeat_action_probability=0.0)
    first, info = env.reset(seed=3)
    assert (first.shape, first.dtype, info["lives"]) == ((4, 84, 84), np.uint8, 5)
    frame = info["frame_number"]
    picture, *_, info = env.step(0)
    assert info["frame_number"] == frame + 4
    np.testing.assert_array_equal(picture[:3], first[1:])
    over = False
    while not over:
        picture, _, over, _, info = env.step(0)
    assert info["lost_life"]
    frame = info["frame_number"]
    again, info = env.reset()
    np.testing.assert_array_equal(again, picture)
    assert env.step(0)[-1]["frame_number"] == frame + 4
    ram = rl.make("ALE/Breakout-v5", obs_type="ram")
    assert ram.observation_space.shape == (128,)


class Game(gymnasium.Env):
    """Three lives of two steps each; observations count the steps of the game."""

    observation_space = gymnasium.spaces.Box(0, 100, (1,), np.float64)
    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, meanings):
        self.meanings = meanings
        self.actions = []

    def get_action_meanings(self):
        return self.meanings

    def reset(self, *, seed=None, options=None):
        self.at = 0
        return np.zeros(1), {"lives": 3}

    def step(self, action):
        self.actions.append(action)
        self.at += 1
        return np.array([self.at]), 1.0, self.at == 6, False, {"lives": 3 - self.at // 2}


def test_a_lost_life_ends_an_episode():
    """Each life is an episode; the game goes on at the observation with which it was lost."""
    env = rl.EndAtLostLife(Game(["NOOP", "UP"]))
    assert env.reset()[0] == 0
    seen = []
    for _ in range(6):
        observation, _, terminated, _, info = env.step(1)
        seen.append((int(observation[0]), terminated, info["lost_life"]))
        if terminated:
            assert env.reset()[0] == observation % 6
    lost, over = (True, True), (True, False)
    on = (False, False)
    assert seen == [(1, *on), (2, *lost), (3, *on), (4, *lost), (5, *on), (6, *over)]
    env.step(0)
    env.step(0)
    assert env.reset(seed=1)[0] == 0  # a seed always starts a game


def test_a_game_begins_with_fire():
    """Where there is a button for it, it is pressed once a game."""
    game = Game(["NOOP", "FIRE"])
    env = rl.EndAtLostLife(game)
    assert env.reset()[0] == 1
    assert game.actions == [1]


def test_observations_become_vectors():
    """Spaces that are neither vectors nor pictures are flattened."""
    assert rl.make("FrozenLake-v1").observation_space.shape == (16,)
    assert rl.make("Blackjack-v1").observation_space.shape == (32 + 11 + 2,)


def test_dm_control_ends_after_1000_steps():
    """The limit that DM Control keeps to itself reaches the agent, for its time feature."""
    need("dm_control", "dm_control/cheetah-run-v0")
    agent = rl.make_agent("stream-ac", rl.make("dm_control/cartpole-swingup-v0"))
    assert (agent.time_limit, agent.low, agent.high) == (1000, (-1.0,), (1.0,))
    env = rl.make("dm_control/cartpole-swingup-v0", time_limit=7)
    env.reset(seed=1)
    ends = [env.step(np.zeros(1))[2:4] for _ in range(7)]
    assert ends == [(False, False)] * 6 + [(False, True)]


def test_agents_refuse_pictures_they_cannot_take():
    """SARSA and continuous actions have no torch backend behind `make_agent`."""
    need("minatar", "MinAtar/Breakout-v1")
    with pytest.raises(ValueError, match="stream-q or stream-ac and actions discrete"):
        rl.make_agent("stream-sarsa", rl.make("MinAtar/Breakout-v1"))
    env = gymnasium.wrappers.ReshapeObservation(rl.make("CartPole-v1"), (2, 2))
    with pytest.raises(ValueError, match="vectors or pictures"):
        rl.make_agent("stream-q", env)


def test_one_torch_agent_is_a_batch_of_one():
    """The single surface gives what the batch gives."""
    pytest.importorskip("torch", reason="the extra `neural` is not installed")
    kwargs = {"observation_shape": (3,), "n_actions": 2, "hidden": (8,), "seed": 1}
    single = rl.SingleTorchAgent(rl.TorchStreamQ(**kwargs))
    batch = rl.TorchStreamQ(**kwargs)
    rng = np.random.default_rng(1)
    for k in range(30):
        x, x2 = rng.normal(size=(2, 3))
        action = single.act(x)
        assert [action] == batch.act(x[None]).tolist()
        single.learn_one(x, action, 1.0, x2, k == 20)
        batch.learn_many(x[None], [action], [1.0], x2[None], [k == 20])
        assert single.td_error == float(batch.td_errors[0])
    with pytest.raises(ValueError, match="single one"):
        rl.SingleTorchAgent(rl.TorchStreamQ((3,), 2, 2))
    with pytest.raises(ValueError, match="discrete actions"):
        rl.SingleTorchAgent(rl.TorchStreamAC((3,), 2, continuous=True))


# environment, its package, an action, and what changes there
DRIFTS = [
    ("Acrobot-v1", "gymnasium", 0, {"LINK_MASS_2": 3.0}),
    ("LunarLander-v3", "Box2D", 2, {"world.gravity": (0.0, -2.0)}),
    ("Hopper-v5", "mujoco", [0.5, -0.5, 0.5], {"model.opt.gravity": (0.0, 0.0, -20.0)}),
    ("HalfCheetah-v5", "mujoco", [0.5] * 6, {"model.opt.viscosity": 0.5, "model.opt.density": 9.0}),
    ("dm_control/cheetah-run-v0", "dm_control", [0.5] * 6,
     {"physics.model.opt.gravity": (0.0, 0.0, -1.0)}),
]  # fmt: skip


def differences(envs, action, steps, **reset):
    """Largest difference of the observations of two environments at each step."""
    found = []
    if reset:
        for env in envs:
            env.reset(**reset)
    for _ in range(steps):
        x, y = (env.step(action)[0] for env in envs)
        found.append(np.abs(x - y).max())
    return found


@pytest.mark.parametrize(("name", "module", "action", "change"), DRIFTS)
def test_dynamics_drift_in_every_family(name, module, action, change):
    """Until the position nothing differs, from it on everything does, after a reset too."""
    need(module, name)
    envs = rl.make(name), rl.DriftingDynamics(rl.make(name), {12: change})
    if not isinstance(action, int):
        action = np.array(action, dtype=np.float32)
    assert differences(envs, action, 12, seed=1) == [0.0] * 12
    assert max(differences(envs, action, 5)) > 1e-4
    assert max(differences(envs, action, 5, seed=2)) > 1e-4


def test_actions_and_rewards_drift_with_pictures():
    """The other two drifts need nothing from the task."""
    need("minatar", "MinAtar/Breakout-v1")
    env = rl.make("MinAtar/Breakout-v1", wrap=False)
    env = rl.PermutedActions(env, {0: (0, 2, 1)})
    env = rl.DriftingReward(env, {1: lambda reward, picture, action: 7.0})
    env.reset(seed=1)
    position = env.unwrapped.game.env.pos
    env.step(1)  # left, now right
    assert env.unwrapped.game.env.pos == position + 1
    assert env.step(0)[1] == 7.0
    assert (env.drift_positions, env.env.drift_positions) == ((1,), (0,))
