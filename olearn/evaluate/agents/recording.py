"""One episode of an agent as an animation, or as a strip of pictures."""

import copy
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from olearn.core.validate import check_integer, one_number

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["record_episode"]

_SIDE = 240  # longer side of a picture, in pixels
_RATE = 25  # pictures a second of an animation; browsers slow faster ones down
_STRIP = 8  # pictures of a strip
_GAP = 4  # pixels between them


def record_episode(
    agent: Any,
    environment: Any,
    path: str | Path,
    *,
    seed: int | None = None,
    max_steps: int = 1000,
) -> float:
    """Record an episode of an agent, and return the sum of its rewards.

    A copy of the agent acts and learns on, as in `episodes`; the agent itself stays as it is. Its
    environment makes the episode, so that statistics of wrappers there do go on.

    Parameters
    ----------
    agent
        Has `act` and `learn_one`, as those of `olearn.learners.rl`.
    environment
        A Gymnasium environment, made with `render_mode="rgb_array"`; where wrappers normalise
        observations, the one in which the agent learnt.
    path
        `.gif`: an animation; `.png`: a strip of eight pictures, evenly spaced over the episode.
    seed
        Of the episode's start; None: the environment goes on with its own generator.
    max_steps
        Steps after which the episode is broken off, at least 1.

    Raises
    ------
    ValueError
        If the path has another ending or the environment was not made to be drawn.
    RuntimeError
        If the environment fails to draw itself.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from olearn.evaluate import record_episode
    >>> from olearn.learners import rl
    >>> env = rl.make("CartPole-v1", render_mode="rgb_array")
    >>> agent = rl.make_agent("stream-q", env, seed=1)
    >>> with TemporaryDirectory() as folder:
    ...     record_episode(agent, env, f"{folder}/first.gif", seed=1)
    19.0

    """
    check_integer("max_steps", max_steps, 1)
    path = Path(path)
    check_renders(environment, path)
    agent = copy.deepcopy(agent)
    rate = float(environment.metadata.get("render_fps") or _RATE)
    every = math.ceil(rate / _RATE) if path.suffix == ".gif" else 1
    observation, _ = environment.reset(seed=seed)
    pictures, total = [_picture(environment)], 0.0
    for step in range(1, max_steps + 1):
        action = agent.act(observation)
        following, reward, terminated, truncated, info = environment.step(action)
        reward = one_number("reward", reward)
        agent.learn_one(observation, action, reward, following, terminated, truncated)
        total += info.get("reward", reward)
        observation = following
        over = (terminated or truncated) and not info.get("lost_life")
        if step % every == 0 or over:
            pictures.append(_picture(environment))
        if over:
            break
        if terminated:  # a life of a game that goes on
            observation, _ = environment.reset()
    if path.suffix == ".gif":
        first, *others = pictures
        duration = round(1000 * every / rate)
        first.save(path, save_all=True, append_images=others, duration=duration, loop=0)
    else:
        _strip(pictures).save(path)
    return total


def check_renders(environment: Any, path: Path) -> None:
    """Raise unless episodes of the environment can be recorded to the path."""
    if path.suffix not in (".gif", ".png"):
        raise ValueError(f"path must end in .gif or .png, got {path}")
    mode = getattr(environment, "render_mode", None)
    if mode == "rgb_array":
        return
    if "rgb_array" in getattr(environment, "metadata", {}).get("render_modes", ()):
        raise ValueError(
            f"environment must be made with render_mode='rgb_array', got {mode!r}, as in "
            "rl.make('CartPole-v1', render_mode='rgb_array')"
        )
    raise ValueError(f"environment cannot draw itself: {environment} has no mode 'rgb_array'")


def _picture(environment: Any) -> "Image":
    """Draw the environment, in a size for looking at."""
    try:
        from PIL import Image
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("pictures need Pillow: pip install 'olearn[rl]'") from error
    try:
        drawn = np.asarray(environment.render())
    except Exception as error:  # each simulator has its own
        raise RuntimeError(
            f"environment failed to draw itself: {error}. On a machine without a display, "
            "MuJoCo needs MUJOCO_GL=egl in the process's environment."
        ) from error
    if drawn.dtype != np.uint8:  # MinAtar draws in [0, 1]
        drawn = np.round(np.clip(drawn, 0.0, 1.0) * 255).astype(np.uint8)
    picture = Image.fromarray(drawn)
    scale = _SIDE / max(picture.size)
    # a few large pixels stay square, by a whole factor
    scale, way = (scale, Image.Resampling.LANCZOS) if scale < 1 else (int(scale), 0)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    return picture.resize((width, height), way)


def _strip(pictures: "list[Image]") -> "Image":
    """Put pictures, evenly spaced over the episode, beside each other."""
    from PIL import Image

    which = np.linspace(0, len(pictures) - 1, min(_STRIP, len(pictures))).round().astype(int)
    width, height = pictures[0].size
    strip = Image.new("RGB", (len(which) * (width + _GAP) - _GAP, height), "white")
    for place, number in enumerate(which):
        strip.paste(pictures[number], (place * (width + _GAP), 0))
    return strip
