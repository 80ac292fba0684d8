"""Gymnasium wrappers for pictures: channels first, and Atari games as they are usually played."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces, wrappers

from olearn.learners.rl.wrappers import Env, Info, NormaliseObservation, ScaleReward, Step

__all__ = ["ChannelsFirst", "EndAtLostLife"]

_IDLE_STEPS = 30
_HELD_FRAMES = 4
_SIDE = 84
_STACKED = 4


class ChannelsFirst(gymnasium.ObservationWrapper[Any, Any, Any]):
    """Pictures `(height, width, channels)` as `(channels, height, width)`, for convolutions."""

    def __init__(self, env: Env) -> None:
        super().__init__(env)
        space = env.observation_space
        if not isinstance(space, spaces.Box) or len(space.shape) != 3:
            raise ValueError(f"observations must be pictures with channels, got {space}")
        low, high = (np.moveaxis(bound, -1, 0) for bound in (space.low, space.high))
        self.observation_space = spaces.Box(low, high, dtype=space.dtype.type)

    def observation(self, observation: Any) -> Any:
        """Move the channels."""
        return np.moveaxis(observation, -1, 0)


class EndAtLostLife(gymnasium.Wrapper[Any, Any, Any, Any]):
    """A lost life ends an episode of an Atari game; the next one goes on where it was lost.

    A lost life is `terminated`, and `info["lost_life"]` says that the game is not over: the next
    `reset` makes no step. The game itself begins with FIRE where it has that button.
    """

    def __init__(self, env: Env) -> None:
        super().__init__(env)
        meanings = env.get_wrapper_attr("get_action_meanings")()
        self.fire = meanings.index("FIRE") if "FIRE" in meanings else None
        self.lives = 0
        self.last: Any = None  # the observation with which a life was lost

    def reset(self, **kwargs: Any) -> tuple[Any, Info]:
        """Start a game, or go on with it; with a seed, always start."""
        if self.last is not None and kwargs.get("seed") is None:
            observation, self.last = self.last, None
            return observation, {"lives": self.lives}
        self.last = None
        observation, info = self.env.reset(**kwargs)
        if self.fire is not None:
            observation, _, terminated, truncated, info = self.env.step(self.fire)
            if terminated or truncated:
                observation, info = self.env.reset()
        self.lives = info["lives"]
        return observation, info

    def step(self, action: Any) -> Step:
        """Make a step."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        lost = info["lives"] < self.lives and not (terminated or truncated)
        self.lives = info["lives"]
        self.last = observation if lost else None
        return observation, reward, terminated or lost, truncated, info | {"lost_life": lost}


def prepare_atari(env: Env, time_limit: int | None, gamma: float, scale: bool) -> Env:
    """Prepare an Atari game that was made with `frameskip=1`.

    Parameters
    ----------
    env
        The game, with pictures for observations.
    time_limit
        Steps of the longest game; None: the emulator's own.
    gamma
        Discount of the reward scaling.
    scale
        Whether to normalise each picture before it is stacked, and to scale rewards.

    """
    env = wrappers.AtariPreprocessing(
        env, noop_max=_IDLE_STEPS, frame_skip=_HELD_FRAMES, screen_size=_SIDE
    )
    if time_limit is not None:
        env = wrappers.TimeLimit(env, time_limit)
    if scale:
        env = NormaliseObservation(env)
    env = EndAtLostLife(wrappers.FrameStackObservation(env, _STACKED))
    return ScaleReward(env, gamma) if scale else env
