"""Gymnasium environments for streaming agents, made by name; agents made for environments."""

import importlib
import warnings
from typing import TYPE_CHECKING, Any

from olearn import registry
from olearn.core.validate import check_choice, check_in_range, check_integer

if TYPE_CHECKING:
    from olearn.learners.rl._agent import Agent
    from olearn.learners.rl.torch_single import SingleTorchAgent
    from olearn.learners.rl.wrappers import Env

__all__ = ["make", "make_agent"]

# beginnings of names whose packages register them: what to import, and the extra that brings it
_FAMILIES = {
    "MinAtar/": (("minatar.gym",), "rl"),
    "ALE/": (("cv2", "ale_py"), "rl-atari"),
    "dm_control/": (("dm_control", "shimmy"), "rl-dm-control"),
}
_DM_CONTROL_STEPS = 1000  # of nearly all its tasks, which do not tell Gymnasium


def make(
    name: "str | Env",
    *,
    time_limit: int | None = None,
    wrap: bool | None = None,
    gamma: float = 0.99,
    time_feature: bool = True,
    **options: Any,
) -> "Env":
    """Make an environment by its Gymnasium name, or prepare one that is there.

    Observations become one vector, or a picture `(channels, height, width)`; actions are numbered
    from 0, or float64 in a box, whatever their space begins with or holds. Atari games are
    prepared as usual: up to 30 idle steps at the start, each action held for 4 frames, grey
    pictures of 84 x 84, the last 4 of them, and each lost life ends an episode. How often an action
    sticks is the game's own: 0.1 in MinAtar, 0.25 in `v5` of Atari (`repeat_action_probability`).

    Parameters
    ----------
    name
        Such as `"CartPole-v1"`, `"LunarLander-v3"`, `"Hopper-v5"`, `"MinAtar/Breakout-v1"`,
        `"ALE/Pong-v5"` (extra `rl-atari`), `"dm_control/cheetah-run-v0"` (`rl-dm-control`);
        or an environment.
    time_limit
        Steps of the longest episode; None: the environment's own.
    wrap
        Whether to normalise observations, scale rewards and append the time, as the paper does;
        None: pictures only, as `StreamQ` and its kin do so themselves with vectors, faster.
    gamma
        Discount of the reward scaling, in [0, 1].
    time_feature
        With `wrap`, whether the time is appended; for vectors only.
    options
        Further arguments of `gymnasium.make`, such as `render_mode="rgb_array"`; none with an
        environment that is there.

    Raises
    ------
    ModuleNotFoundError
        If Gymnasium or the package of the environment is not installed; says which to install.
    ValueError
        If there is no such environment, or one is given with options.

    Examples
    --------
    >>> from olearn.learners import rl
    >>> env = rl.make("CartPole-v1", wrap=True)
    >>> observation, info = env.reset(seed=1)
    >>> observation
    array([ 0. ,  0. ,  0. ,  0. , -0.5])

    """
    check_in_range("gamma", gamma, 0.0, 1.0)
    if time_limit is not None:
        check_integer("time_limit", time_limit, 1)
    elif isinstance(name, str) and name.startswith("dm_control/"):
        time_limit = _DM_CONTROL_STEPS
    atari = isinstance(name, str) and name.startswith("ALE/") and options.get("obs_type") != "ram"
    if not isinstance(name, str):
        env = _limited(name, time_limit, options)
    elif atari:
        env = _gymnasium_make(name, {"frameskip": 1} | options)
    else:
        env = _gymnasium_make(name, options | {"max_episode_steps": time_limit})
    from gymnasium.wrappers import FlattenObservation

    from olearn.learners.rl.picture_wrappers import ChannelsFirst, prepare_atari
    from olearn.learners.rl.wrappers import plain_actions, prepare

    if atari:
        return prepare_atari(env, time_limit, gamma, scale=wrap is not False)
    shape = env.observation_space.shape or ()  # of some spaces, such as Dict, None
    picture = len(shape) == 3
    if picture:
        env = ChannelsFirst(env)
    elif len(shape) != 1:
        env = FlattenObservation(env)
    env = plain_actions(env)
    if wrap or (wrap is None and picture):
        env = prepare(env, gamma, time_feature and not picture)
    return env


def make_agent(name: str, env: "Env", **settings: Any) -> "Agent | SingleTorchAgent":
    """Make an agent for the observations and actions of an environment.

    Pictures get the torch backend (extra `neural`) with the authors' convolutions: those of MinAtar
    up to 20 pixels, those of Atari above.

    Parameters
    ----------
    name
        `"stream-q"`, `"stream-sarsa"` or `"stream-ac"`.
    env
        Its actions give the agent's; its time limit, where it has one, the time feature. A time
        limit then ends an episode as in the paper (`compat="reference"`): the agent sees it come.
        With pictures nothing tells the time, and a broken-off episode is bootstrapped.
    settings
        Further arguments of the agent: of `StreamQ`, ..., with pictures of `TorchStreamQ`, ....

    Raises
    ------
    ValueError
        If the agent cannot take the actions or observations of the environment.

    Examples
    --------
    >>> from olearn.learners import rl
    >>> rl.make_agent("stream-q", rl.make("Acrobot-v1")).n_actions
    3

    """
    from gymnasium import spaces

    check_choice("agent", name, registry.AGENTS)
    shape = env.observation_space.shape or ()
    if len(shape) == 3:
        return _agent_for_pictures(name, env, settings)
    if len(shape) != 1:
        raise ValueError(
            f"observations must be vectors or pictures, got the space {env.observation_space}; "
            "`rl.make(env)` gives them this form"
        )
    found: dict[str, Any] = {}
    limit = None if env.spec is None else env.spec.max_episode_steps
    if limit is not None:
        found |= {"time_limit": limit, "compat": "reference"}
    space = env.action_space
    _check_plain(space)
    if isinstance(space, spaces.Discrete):
        found["n_actions"] = int(space.n)
    elif isinstance(space, spaces.Box) and name == "stream-ac" and len(space.shape) == 1:
        found["low"] = tuple(space.low.astype(float).tolist())
        found["high"] = tuple(space.high.astype(float).tolist())
    else:
        raise ValueError(f"{name} cannot take the actions of {space}")
    if isinstance(space, spaces.Box):
        found["hidden"] = (128, 128)  # the authors' width for continuous control
    agent: Agent = registry.AGENTS[name].constructor()(**(found | settings))
    return agent


def _agent_for_pictures(name: str, env: "Env", settings: dict[str, Any]) -> "SingleTorchAgent":
    from gymnasium import spaces

    shape, space = env.observation_space.shape, env.action_space
    _check_plain(space)
    if name == "stream-sarsa" or not isinstance(space, spaces.Discrete):
        raise ValueError(
            "with pictures, an agent must be stream-q or stream-ac and actions discrete, "
            f"got {name} and {space}"
        )
    from olearn.learners.rl.torch_agents import TorchStreamAC, TorchStreamQ
    from olearn.learners.rl.torch_backend import ATARI, MINATAR
    from olearn.learners.rl.torch_single import SingleTorchAgent

    assert shape is not None
    small = max(shape[1:]) <= 20
    found: dict[str, Any] = {
        "convolutions": MINATAR if small else ATARI, "hidden": (128,) if small else (256,)
    }  # fmt: skip
    kind = TorchStreamQ if name == "stream-q" else TorchStreamAC
    return SingleTorchAgent(kind(shape, int(space.n), **(found | settings)))


def _check_plain(space: Any) -> None:
    """Refuse actions that agents do not give: numbers from another than 0, and whole numbers."""
    from gymnasium import spaces

    box = isinstance(space, spaces.Box) and space.dtype is not None and space.dtype.kind != "f"
    if box or (isinstance(space, spaces.Discrete) and space.start != 0):
        raise ValueError(
            f"actions must be numbered from 0 or real, got {space}; `rl.make(env)` gives them this "
            "form"
        )


def _limited(env: "Env", time_limit: int | None, options: dict[str, Any]) -> "Env":
    """Limit the episodes of an environment that is there."""
    if options:
        raise ValueError(f"options are for environments by name, got {sorted(options)} with {env}")
    if time_limit is None:
        return env
    from gymnasium.wrappers import TimeLimit

    return TimeLimit(env, time_limit)


def _gymnasium_make(name: str, options: dict[str, Any]) -> "Env":
    """`gymnasium.make`, whose errors then say what to install."""
    try:
        import gymnasium
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "environments need Gymnasium: pip install 'olearn[rl]'"
        ) from error
    _register(name)
    with warnings.catch_warnings():
        # of Box2D's bindings; where warnings are errors, it would crash the interpreter
        warnings.filterwarnings("ignore", "builtin type .* has no __module__", DeprecationWarning)
        try:
            return gymnasium.make(name, disable_env_checker=True, **options)
        except gymnasium.error.DependencyNotInstalled as error:
            raise ModuleNotFoundError(
                f"{name} needs a package that is not installed: pip install 'olearn[rl]' ({error})"
            ) from error
        except gymnasium.error.Error as error:
            message = f"name must be an environment of Gymnasium, got {name!r}: {error}"
            raise ValueError(message) from error


def _register(name: str) -> None:
    """Let the package of the environment register it, once."""
    for beginning, (modules, extra) in _FAMILIES.items():
        if not name.startswith(beginning):
            continue
        try:
            found = [importlib.import_module(module) for module in modules]
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(
                f"{name} needs {error.name}, which is not installed: pip install 'olearn[{extra}]'"
            ) from error
        import gymnasium

        # the others register when they are imported
        if beginning == "MinAtar/" and not any(
            key.startswith(beginning) for key in gymnasium.registry
        ):
            found[0].register_envs()
