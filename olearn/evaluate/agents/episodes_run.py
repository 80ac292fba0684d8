"""Agents in environments: let them act and learn, seed after seed."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from olearn.core.validate import check_integer, one_number
from olearn.evaluate.agents.episodes_result import EpisodeRun, Episodes
from olearn.evaluate.agents.recording import check_renders, record_episode
from olearn.evaluate.progress import Bars, OnProgress

__all__ = ["episodes"]

_REPORT_EVERY = 500  # steps


def episodes(
    make_agent: Callable[[Any, int], Any],
    make_environment: Callable[[], Any],
    steps: int,
    *,
    seeds: int | Sequence[int] = 1,
    agent: str = "agent",
    environment: str = "environment",
    file: str | Path | None = None,
    video: str | Path | None = None,
    progress: bool | None = None,
) -> Episodes:
    """Let an agent act and learn in an environment, one seed after the other.

    Parameters
    ----------
    make_agent
        Makes an agent of an environment and a seed, such as
        `lambda env, seed: rl.make_agent("stream-q", env, seed=seed)`.
    make_environment
        Makes the environment, such as `lambda: rl.make("CartPole-v1")`.
    steps
        Steps of each seed, at least 1.
    seeds
        Number of seeds, which are 1, 2, ..., or the seeds.
    agent, environment
        Names for tables and pictures.
    file
        JSON file, written after each seed; seeds that it has already are not run again.
    video
        GIF or PNG file of one more episode of the last seed that is run, by `record_episode`; the
        environment then has to be made with `render_mode="rgb_array"`.
    progress
        Whether to draw a progress bar; None: if it takes longer than a second.

    Raises
    ------
    ValueError
        If an argument is outside its range, or the file belongs to another run.

    Examples
    --------
    >>> from olearn.evaluate import episodes
    >>> from olearn.learners import rl
    >>> result = episodes(
    ...     lambda env, seed: rl.make_agent("stream-q", env, seed=seed),
    ...     lambda: rl.make("CartPole-v1"),
    ...     steps=1000,
    ...     seeds=2,
    ... )
    >>> [run.steps for run in result.runs], result.curve(4).shape
    ([1000, 1000], (4, 4))

    """
    check_integer("steps", steps, 1)
    if isinstance(seeds, int):
        check_integer("seeds", seeds, 1)
        seeds = range(1, seeds + 1)
    path = None if file is None else Path(file)
    result = Episodes(agent, environment, [])
    if path is not None and path.exists():
        result = _resumed(path, agent, environment, steps)
    done = {run.seed for run in result.runs}
    missing = [seed for seed in seeds if seed not in done]
    with Bars(progress) as bars:
        for seed in missing:
            env = make_environment()
            if video is not None:
                check_renders(env, Path(video))
            on_progress = bars.add(f"{agent} in {environment}, seed {seed}", steps)
            actor = make_agent(env, seed)
            result.runs.append(_run(actor, env, seed, steps, on_progress))
            result.drift_positions = _drifts(env)
            if path is not None:
                result.to_json(path)
            if video is not None and seed == missing[-1]:
                record_episode(actor, env, video)
            env.close()
    result.runs = [run for run in result.runs if run.seed in set(seeds)]
    return result


def _run(agent: Any, env: Any, seed: int, steps: int, on_progress: OnProgress) -> EpisodeRun:
    run, total = EpisodeRun(seed, steps), 0.0
    start = time.process_time()
    observation, _ = env.reset(seed=seed)
    for step in range(1, steps + 1):
        action = agent.act(observation)
        following, reward, terminated, truncated, info = env.step(action)
        reward = one_number("reward", reward)
        agent.learn_one(observation, action, reward, following, terminated, truncated)
        total += info.get("reward", reward)  # the raw one, where it is scaled
        observation = following
        if terminated or truncated:
            if not info.get("lost_life"):  # an Atari game goes on over its lives
                run.ends.append(step)
                run.returns.append(total)
                total = 0.0
            observation, _ = env.reset()
        if step % _REPORT_EVERY == 0:
            last = f"return {run.returns[-1]:,.0f}" if run.returns else ""
            on_progress(step, last)
    run.cpu_seconds = time.process_time() - start
    return run


def _drifts(env: Any) -> tuple[int, ...]:
    """Positions of the drifts of the outermost wrapper that has any."""
    while env is not None:
        if "drift_positions" in dir(type(env)):
            return tuple(env.drift_positions)
        env = getattr(env, "env", None)
    return ()


def _resumed(path: Path, agent: str, environment: str, steps: int) -> Episodes:
    found = Episodes.from_json(path)
    asked = (agent, environment, {steps})
    kept = (found.agent, found.environment, {run.steps for run in found.runs} or {steps})
    if asked != kept:
        raise ValueError(f"file must be of the same run, got {kept} for {asked} in {path}")
    return found
