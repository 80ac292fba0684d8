"""Tests of stream Q, SARSA and actor-critic: golden replays, traces, contract."""

import pickle

import numpy as np
import pytest

from olearn.learners.rl import ObGD, PlainSGD, StreamAC, StreamQ, StreamSARSA

RAW = {"normalise": False, "scale_reward": False, "compat": "reference", "seed": 1}
BOX = {"low": (-9.0,) * 3, "high": (9.0,) * 3}
AGENTS = {
    "q": lambda **kw: StreamQ(3, (16, 16), seed=1, **kw),
    "sarsa": lambda **kw: StreamSARSA(3, (16, 16), seed=1, **kw),
    "ac": lambda **kw: StreamAC(3, (16, 16), seed=1, **kw),
    "ac_box": lambda **kw: StreamAC(None, (16, 16), low=(-1.0,), high=(1.0,), seed=1, **kw),
}


def started(agent, observation):
    """Make the networks without counting an observation."""
    agent._start(observation)
    return agent


def transitions(data):
    keys = ("in/s", "in/a", "in/r", "in/s_next", "in/done")
    yield from enumerate(zip(*(data[key] for key in keys), strict=True))


def live(agent, n, seed=0, d=4, end=17):
    """Let an agent act on noise, whose episodes end every `end` steps; returns its actions."""
    rng = np.random.default_rng(seed)
    here, actions = rng.normal(size=d), []
    for i in range(1, n + 1):
        action = agent.act(here)
        actions.append(np.asarray(action).tolist())
        there, over = rng.normal(size=d), i % end == 0
        agent.learn_one(here, action, float(rng.normal()), there, over and i % 2 == 0, over)
        here = rng.normal(size=d) if over else there
    return actions


def weights(agent):
    return np.concatenate([part.ravel() for net in agent.layers for pair in net for part in pair])


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 1e-4)])
@pytest.mark.parametrize("name", ["stream_q", "stream_sarsa"])
def test_golden_values(golden, name, dtype, tolerance):
    """50 CartPole transitions: TD errors, trace norms, steps and weights equal the authors'."""
    data, kind = golden(name), "f64" if dtype == "float64" else "f32"
    make = StreamQ if name == "stream_q" else StreamSARSA
    agent = started(make(2, dtype=dtype, **RAW), data["in/s"][0])
    golden.fill(agent.layers[0], data["in/w_init"])
    for i, (s, a, r, s_next, done) in transitions(data):
        given = {} if name == "stream_q" else {"next_action": int(data["in/a_next"][i])}
        agent.learn_one(s, int(a), float(r), s_next, bool(done), **given)
        assert agent.td_error == pytest.approx(data[f"{kind}/td_error"][i], abs=tolerance)
        assert agent.trace_l1 == pytest.approx(data["f64/trace_l1"][i], rel=tolerance)
        assert agent.step_size == pytest.approx(data["f64/step_size"][i], rel=tolerance)
    got = golden.flat(agent.layers[0])
    np.testing.assert_allclose(got, data["f64/w_t50"], rtol=0, atol=tolerance / 10)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-9), ("float32", 1e-4)])
@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("stream_ac_discrete", 32),
        ("stream_ac_continuous", 32),
        ("stream_ac_continuous_h128", 128),
    ],
)
def test_golden_actor_critic(golden, name, width, dtype, tolerance):
    """50 transitions of CartPole or Hopper: both networks follow the authors'."""
    data, box = golden(name), "continuous" in name
    kind = "f64" if dtype == "float64" or "f32/actor_w_t50" not in data else "f32"
    kwargs = BOX if box else {"n_actions": 2}
    agent = started(StreamAC(hidden=(width,) * 2, dtype=dtype, **kwargs, **RAW), data["in/s"][0])
    at = golden.fill(agent.layers[0], data["in/w_init"], box)
    golden.fill(agent.layers[1], data["in/w_init"][at:])
    for i, (s, a, r, s_next, done) in transitions(data):
        policy = agent.policy(s)
        expected = [data["f64/mu"][i], data["f64/std"][i]] if box else data["f64/probs_s"][i]
        np.testing.assert_allclose(policy, expected, rtol=0, atol=tolerance)
        agent.learn_one(s, a if box else int(a), float(r), s_next, bool(done))
        assert agent.td_error == pytest.approx(data["f64/critic_td_error"][i], abs=tolerance)
        assert agent.trace_l1 == pytest.approx(data["f64/critic_trace_l1"][i], rel=tolerance)
    for k, net in enumerate(("actor", "critic")):
        got = golden.flat(agent.layers[k], box and k == 0)
        if width == 128:  # kept in float32, every 16th
            got, expected = got[::16], data[f"f64/{net}_w_t50[::16]"]
            np.testing.assert_allclose(got, expected, rtol=0, atol=max(tolerance / 10, 1e-7))
        else:
            expected = data[f"{kind}/{net}_w_t50"]
            np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance / 10)


def test_epsilon_schedule():
    """Random actions fall off linearly to the last rate, counted by choices."""
    agent = StreamQ(50, (16,), epsilon=(1.0, 0.1), epsilon_steps=2000, seed=2)
    rng = np.random.default_rng(3)
    greedy = []
    for _ in range(4000):
        x = rng.normal(size=3)
        greedy.append(agent.act(x) == 0)  # all values are 0 at first: the first is the greatest
    shares = np.add.reduceat(greedy, [0, 1000, 2000]) / [1000, 1000, 2000]
    random = 1 - shares  # 49 of 50 random actions are others
    np.testing.assert_allclose(random / 0.98, [0.775, 0.325, 0.1], atol=0.04)


@pytest.mark.parametrize("cut", ["after", "before", "never"])
def test_trace_cuts(cut):
    """An action that is not greedy ends the trace after, before or not at all."""
    agent = StreamQ(3, (16,), trace_cut=cut, normalise=False, scale_reward=False, seed=4)
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(6, 12))
    for i in range(4):
        agent.learn_one(rows[i], int(np.argmax(agent.values(rows[i]))), 1.0, rows[i + 1])
    trace = agent._engine.nets[0].z[0]
    before = trace.copy()
    assert before.any()
    worst = int(np.argmin(agent.values(rows[4])))
    assert worst != int(np.argmax(agent.values(rows[4])))
    fresh = StreamQ(3, (16,), normalise=False, scale_reward=False, seed=4, trace_cut="never")
    started(fresh, rows[4])._engine.nets[0].w[:] = agent._engine.nets[0].w
    fresh.learn_one(rows[4], worst, 1.0, rows[5])
    alone = fresh._engine.nets[0].z[0]  # the gradient of that pair
    agent.learn_one(rows[4], worst, 1.0, rows[5])
    expected = {"after": 0 * alone, "before": alone, "never": 0.99 * 0.8 * before + alone}[cut]
    np.testing.assert_allclose(trace, expected, atol=1e-5)
    if cut == "after":
        assert agent.trace_l1 > np.abs(alone).sum()  # the update itself used all of it


@pytest.mark.parametrize("name", AGENTS)
@pytest.mark.parametrize("end", ["terminated", "truncated", "left"])
def test_no_trace_outlives_its_episode(name, end):
    """After an end, or where another observation follows, the trace starts from zero."""
    agent = AGENTS[name]()
    live(agent, 10, end=100)
    rng = np.random.default_rng(6)
    here, there = rng.normal(size=(2, 4))
    action = agent.act(here)  # not the current observation: the episode was left
    if end == "left":
        assert not any(net.z.any() for net in agent._engine.nets)
        return
    flags = {end: True}
    agent.learn_one(here, action, 1.0, there, **flags)
    assert not any(net.z.any() for net in agent._engine.nets)


@pytest.mark.parametrize("name", AGENTS)
def test_truncation_is_no_termination(name):
    """What could have followed counts where an episode is truncated, unless as the reference."""
    errors = {}
    for compat in (None, "reference"):
        for flags in ((True, False), (False, True)):
            agent = AGENTS[name](compat=compat)
            live(agent, 30, end=100)
            here, there = np.random.default_rng(7).normal(size=(2, 4))
            agent.learn_one(here, agent.act(here), 1.0, there, *flags)
            errors[compat, flags[0]] = agent.td_error
    assert errors[None, True] != errors[None, False]
    assert errors["reference", True] == errors["reference", False] == errors[None, True]


def test_sarsa_takes_the_action_it_learnt_with():
    """The action drawn by `learn_one` is the one that `act` returns, however often."""
    agent = StreamSARSA(40, (16,), seed=8)  # always random: a second draw would differ
    rng = np.random.default_rng(9)
    here = rng.normal(size=3)
    agent.act(here)
    for _ in range(10):
        there = rng.normal(size=3)
        agent.learn_one(here, 0, 1.0, there)
        choices = agent._engine.state.counters[0].copy()
        assert agent.act(there) == agent.act(there)
        assert agent._engine.state.counters[0].tolist()[4] == choices[4]  # nothing was drawn
        here = there


def test_sarsa_as_the_reference():
    """With compat, the first action of an episode is the one drawn at the end of the last."""
    drawn = {}
    for compat in (None, "reference"):
        same = []
        for seed in range(30):
            agent = StreamSARSA(40, (16,), compat=compat, seed=seed)
            first, last, new = np.random.default_rng(seed).normal(size=(3, 3))
            agent.learn_one(first, 0, 1.0, last, terminated=True)
            pending = agent._engine.state.counters[0, 2]
            same.append(agent.act(new) == pending)
        drawn[compat] = np.mean(same)
    assert drawn == {None: 0.0, "reference": 1.0}


@pytest.mark.parametrize("box", [False, True])
def test_entropy_is_pushed_up_whatever_the_error(box):
    """The entropy's part of an update points along its gradient for either sign of the error."""
    for reward in (-5.0, 5.0):
        moved = []
        for entropy in (0.0, 10.0):
            kwargs = {"low": (-1.0,), "high": (1.0,)} if box else {"n_actions": 3}
            plain = {"normalise": False, "scale_reward": False, "lambda_": 0.0, "gamma": 0.0}
            agent = StreamAC(
                hidden=(16, 16),
                entropy=entropy,
                actor_optimiser=PlainSGD(1e-6),
                seed=3,
                **plain,
                **kwargs,
            )
            x, x2 = np.random.default_rng(10).normal(size=(2, 12))
            rng = np.random.default_rng(11)
            net = started(agent, x)._engine.nets[0]
            net.w[:] = rng.normal(size=net.w.shape)
            before = spread_of(agent.policy(x), box)
            agent.learn_one(x, np.array([0.3]) if box else 1, reward, x2)
            moved.append(spread_of(agent.policy(x), box) - before)
        assert moved[1] > moved[0] + 1e-6


def spread_of(policy, box):
    """Entropy of a policy, up to a constant."""
    return np.log(policy[1]).sum() if box else -(policy * np.log(policy)).sum()


@pytest.mark.parametrize("name", AGENTS)
def test_zero_error_leaves_the_weights(name):
    """With nothing to learn the weights stay as they are, bit for bit."""
    agent = AGENTS[name](gamma=0.0, scale_reward=False)
    x, x2 = np.random.default_rng(11).normal(size=(2, 4))
    started(agent, x)
    before = weights(agent)
    agent.learn_one(x, agent.act(x), 0.0, x2)  # values are 0 at first
    assert agent.td_error == 0.0
    assert weights(agent).tolist() == before.tolist()


@pytest.mark.parametrize("name", AGENTS)
def test_every_observation_counts_once(name):
    """Statistics count first, next and last observations once each, however they come."""
    agent = AGENTS[name]()
    live(agent, 100, end=10)
    counts = agent._engine.state.signals[0, 1]
    assert counts.tolist() == [110.0] * 4  # 100 next ones and the first of 10 episodes


@pytest.mark.parametrize("name", AGENTS)
def test_time_feature_lags(name):
    """The time is appended as -0.5, -0.5, then a limit's share more each step."""
    agent = AGENTS[name](time_limit=4)
    rows = np.random.default_rng(12).normal(size=(6, 4))
    times = []
    for i in range(4):
        action = agent.act(rows[i])
        times.append(float(agent._engine.nets[0].cache[0, 0, 4]))
        agent.learn_one(rows[i], action, 0.0, rows[i + 1], truncated=i == 2)
    assert times == [-0.5, -0.5, -0.25, -0.5]


@pytest.mark.parametrize("name", AGENTS)
def test_greedy_actions_change_nothing(name):
    """`explore=False` and the values of any observation leave the state as it was."""
    agent = AGENTS[name](time_limit=50)
    live(agent, 40)
    before = pickle.dumps(agent)
    for x in np.random.default_rng(13).normal(size=(5, 4)):
        agent.act(x, explore=False)
        agent.value(x) if name.startswith("ac") else agent.values(x)
    assert pickle.dumps(agent) == before


@pytest.mark.parametrize("name", AGENTS)
def test_clone_forgets(name):
    """A clone has the parameters and nothing learnt."""
    agent = AGENTS[name](time_limit=9)
    live(agent, 20)
    twin = agent.clone()
    assert repr(twin) == repr(agent)
    assert twin.layers == []
    assert live(twin, 50) == live(AGENTS[name](time_limit=9), 50)


@pytest.mark.parametrize("name", AGENTS)
def test_size_is_constant(name):
    """Memory does not grow with the steps."""
    agent = AGENTS[name]()
    live(agent, 100)
    before = len(pickle.dumps(agent)), agent._raw_memory_usage
    live(agent, 3000)
    assert abs(len(pickle.dumps(agent)) - before[0]) < 200
    assert agent._raw_memory_usage == before[1]


@pytest.mark.parametrize("name", AGENTS)
@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("observation", np.array([1.0, np.nan, 0.0, 0.0]), "observation"),
        ("observation", np.ones(3), "observation must have shape"),
        ("reward", np.inf, "reward must be finite, got inf"),
        ("reward", "much", "reward"),
        ("next_observation", np.array([1.0, np.inf, 0.0, 0.0]), "next_observation"),
        ("next_observation", np.ones((1, 4)), "next_observation must have shape"),
        ("action", 7.5, "action"),
        ("action", np.array([np.nan]), "action"),
    ],
)
def test_bad_transitions_change_nothing(name, place, value, message):
    """A transition that cannot be learnt raises, names its cause, and leaves no trace."""
    agent, twin = AGENTS[name](), AGENTS[name]()
    live(agent, 30)
    live(twin, 30)
    x, x2 = np.random.default_rng(14).normal(size=(2, 4))
    good = {"observation": x, "action": np.zeros(1) if name == "ac_box" else 1, "reward": 1.0}
    with pytest.raises((ValueError, TypeError), match=message):
        agent.learn_one(**(good | {"next_observation": x2} | {place: value}))
    assert live(agent, 30, seed=1) == live(twin, 30, seed=1)
    assert weights(agent).tolist() == weights(twin).tolist()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: StreamQ(1), "n_actions"),
        (lambda: StreamQ(2, hidden=()), "hidden"),
        (lambda: StreamQ(2, hidden=(0,)), "hidden"),
        (lambda: StreamQ(2, hidden=(9,)), "hidden must be wider"),
        (lambda: StreamQ(2, sparsity=1.0), "hidden must be wider"),
        (lambda: StreamQ(2, gamma=1.5), "gamma"),
        (lambda: StreamQ(2, lambda_=-0.1), "lambda_"),
        (lambda: StreamQ(2, epsilon=(1.0, 2.0)), "epsilon"),
        (lambda: StreamQ(2, epsilon_steps=0), "epsilon_steps"),
        (lambda: StreamQ(2, trace_cut="often"), "trace_cut"),
        (lambda: StreamQ(2, optimiser="obgd"), "optimiser"),
        (lambda: StreamQ(2, compat="paper"), "compat"),
        (lambda: StreamQ(2, dtype="float16"), "dtype"),
        (lambda: StreamQ(2, time_limit=0), "time_limit"),
        (lambda: StreamQ(2, seed=-1), "seed"),
        (lambda: StreamAC(), "low and high"),
        (lambda: StreamAC(2, low=(0.0,), high=(1.0,)), "low and high"),
        (lambda: StreamAC(low=(0.0,), high=(0.0,)), "high"),
        (lambda: StreamAC(2, entropy=-1.0), "entropy"),
    ],
)
def test_bad_parameters(make, message):
    """A parameter outside its range is named."""
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_optimisers_are_plugged_in():
    """Each network takes the update rule it is given."""
    agent = StreamAC(2, (16,), actor_optimiser=PlainSGD(0.01), critic_optimiser=ObGD(kappa=7.0))
    live(agent, 5)
    actor, critic = agent._engine.nets
    assert actor.info[0, 3] == 0.01
    assert critic.info[0, 3] == pytest.approx(1.0 / critic.info[0, 2])
    assert critic.rule[2] == 7.0
