"""Gymnasium environments for streaming agents, made by name; agents made for environments."""

import importlib
from typing import TYPE_CHECKING, Any

from olearn.validate import check_choice, check_in_range, check_integer

if TYPE_CHECKING:
    from olearn.learners.rl._agent import Agent
    from olearn.learners.rl.wrappers import Env

AGENTS = {
    "stream-q": "StreamQ",
    "stream-sarsa": "StreamSARSA",
    "stream-ac": "StreamAC",
}
# beginnings of names whose packages register them: what to import, and what to install
_FAMILIES = {
    "MinAtar/": ("minatar.gym", "minatar"),
    "ALE/": ("ale_py", "gymnasium[atari]"),
    "dm_control/": ("shimmy", "shimmy[dm-control]"),
}


def make(
    name: str,
    *,
    time_limit: int | None = None,
    wrap: bool = False,
    gamma: float = 0.99,
    time_feature: bool = True,
    **options: Any,
) -> "Env":
    """Make an environment by its Gymnasium name.

    Parameters
    ----------
    name
        Such as `"CartPole-v1"`, `"Hopper-v5"`, `"MinAtar/Breakout-v1"`, `"ALE/Pong-v5"`.
    time_limit
        Steps of the longest episode; None: the environment's own.
    wrap
        Whether to normalise observations, scale rewards and append the time, as the paper does.
        `StreamQ` and its kin do so themselves, faster; the torch backend needs it.
    gamma
        Discount of the reward scaling, in [0, 1].
    time_feature
        With `wrap`, whether the time is appended; for vectors only.
    options
        Further arguments of `gymnasium.make`, such as `render_mode`.

    Raises
    ------
    ModuleNotFoundError
        If Gymnasium or the package of the environment is not installed; says which to install.
    ValueError
        If there is no such environment.

    Examples
    --------
    >>> from olearn.learners import rl
    >>> env = rl.make("CartPole-v1", wrap=True)
    >>> observation, info = env.reset(seed=1)
    >>> observation
    array([ 0. ,  0. ,  0. ,  0. , -0.5])

    """
    gymnasium = _gymnasium()
    if time_limit is not None:
        check_integer("time_limit", time_limit, 1)
        options["max_episode_steps"] = time_limit
    check_in_range("gamma", gamma, 0.0, 1.0)
    for beginning, (module, package) in _FAMILIES.items():
        if name.startswith(beginning):
            _import(module, package, name)
    try:
        env = gymnasium.make(name, disable_env_checker=True, **options)
    except gymnasium.error.DependencyNotInstalled as error:
        raise ModuleNotFoundError(
            f"{name} needs a package that is not installed ({error}); "
            "pip install 'olearn[rl]' 'gymnasium[classic-control,box2d,mujoco]'"
        ) from error
    except gymnasium.error.Error as error:
        raise ValueError(f"name must be an environment of Gymnasium, got {name!r}: {error}") from (
            error
        )
    return _wrapped(env, gamma, time_feature) if wrap else env


def make_agent(name: str, env: "Env", **settings: Any) -> "Agent":
    """Make an agent for the observations and actions of an environment.

    Parameters
    ----------
    name
        `"stream-q"`, `"stream-sarsa"` or `"stream-ac"`.
    env
        Its actions give the agent's; its time limit, where it has one, the time feature. A time
        limit then ends an episode as in the paper (`compat="reference"`): the agent sees it come.
    settings
        Further arguments of the agent.

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

    from olearn.learners import rl

    check_choice("agent", name, AGENTS)
    shape = env.observation_space.shape
    if shape is None or len(shape) != 1:
        raise ValueError(f"observations must be vectors, got the space {env.observation_space}")
    found: dict[str, Any] = {}
    limit = None if env.spec is None else env.spec.max_episode_steps
    if limit is not None:
        found |= {"time_limit": limit, "compat": "reference"}
    space = env.action_space
    if isinstance(space, spaces.Discrete):
        found["n_actions"] = int(space.n)
    elif isinstance(space, spaces.Box) and name == "stream-ac" and len(space.shape) == 1:
        found["low"] = tuple(space.low.astype(float).tolist())
        found["high"] = tuple(space.high.astype(float).tolist())
    else:
        raise ValueError(f"{name} cannot take the actions of {space}")
    if isinstance(space, spaces.Box):
        found["hidden"] = (128, 128)  # the authors' width for continuous control
    agent: Agent = getattr(rl, AGENTS[name])(**(found | settings))
    return agent


def _wrapped(env: "Env", gamma: float, time_feature: bool) -> "Env":
    from olearn.learners.rl import wrappers

    env = wrappers.NormaliseObservation(wrappers.ScaleReward(env, gamma))
    limit = None if env.spec is None else env.spec.max_episode_steps
    shape = env.observation_space.shape
    if time_feature and limit is not None and shape is not None and len(shape) == 1:
        env = wrappers.AppendTime(env, limit)
    return env


def _gymnasium() -> Any:
    try:
        import gymnasium
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "environments need Gymnasium: pip install 'olearn[rl]'"
        ) from error
    return gymnasium


def _import(module: str, package: str, name: str) -> None:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{name} needs a package that is not installed: pip install 'olearn[rl]' '{package}'"
        ) from error
