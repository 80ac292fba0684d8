"""Agents in environments: returns of episodes, learning curves over seeds, steps per second."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.validate import check_integer
from olearn.evaluate.agents.recording import check_renders, record_episode
from olearn.evaluate.intervals import means_and_half_widths
from olearn.evaluate.progress import Bars, Report
from olearn.show.tables import TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_REPORT_EVERY = 500  # steps


@dataclass
class Run:
    """What one seed did.

    Parameters
    ----------
    seed
        Of agent and environment.
    steps
        Steps made.
    ends
        Number of steps made at the end of each episode.
    returns
        Undiscounted sum of the environment's rewards of each episode.
    cpu_seconds
        Of the whole loop, environment included.

    """

    seed: int
    steps: int
    ends: list[int] = field(default_factory=list)
    returns: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0


@dataclass
class Episodes:
    """Runs of one agent in one environment, a seed each.

    Parameters
    ----------
    agent
        Name of the agent.
    environment
        Name of the environment.
    runs
        One a seed.
    drift_positions
        Steps at which the environment changed, where it says so.

    """

    agent: str
    environment: str
    runs: list[Run]
    drift_positions: tuple[int, ...] = ()

    def curve(self, n_windows: int = 20) -> NDArray[np.float64]:
        """Mean return by window of steps, `(n_windows, 4)`: end, mean, 95 % interval.

        A seed's value is the mean over the episodes that end in the window, the previous one where
        none does. The interval is Student's, over seeds; NaN with one seed.
        """
        check_integer("n_windows", n_windows, 1)
        steps = min(run.steps for run in self.runs)
        edges = np.linspace(0, steps, n_windows + 1)
        by_seed = np.array([_by_window(run, edges) for run in self.runs])
        mean, half = means_and_half_widths(by_seed)
        return np.column_stack([edges[1:], mean, mean - half, mean + half])

    def table(self) -> TextTable:
        """One line a seed: episodes, mean return of the first and last fifth, best, speed."""
        table = TextTable(f"{self.agent} in {self.environment}")
        headings = ("seed", "steps", "episodes", "first fifth", "last fifth", "best", "steps/CPU s")
        for heading in headings:
            table.add_column(heading, justify="right")
        for run in self.runs:
            fifths = _by_window(run, np.linspace(0, run.steps, 6))
            best = max(run.returns, default=np.nan)
            cells = (f"{len(run.returns):,}", *(f"{v:,.1f}" for v in (fifths[0], fifths[-1], best)))
            speed = run.steps / max(run.cpu_seconds, 1e-9)
            table.add_row(str(run.seed), f"{run.steps:,}", *cells, f"{speed:,.0f}")
        return table

    def plot(self, n_windows: int = 20) -> "Figure":
        """Draw the learning curve: each seed, their mean, its interval, and known drifts."""
        from olearn.show.plots import COLOURS, grid, theme

        curve = self.curve(n_windows)
        with theme(dark=False) as colours:
            figure, (ax,) = grid(1, 1, row_height=3.4)
            for run in self.runs:
                ax.plot(run.ends, run.returns, color=colours["faint"], lw=0.5)
            ax.fill_between(curve[:, 0], curve[:, 2], curve[:, 3], color=COLOURS[0], alpha=0.2)
            ax.plot(curve[:, 0], curve[:, 1], color=COLOURS[0], label="mean over seeds")
            for position in self.drift_positions:
                ax.axvline(position, color=COLOURS[1], ls="--", lw=1)
            ax.set_title(f"{self.agent} in {self.environment}")
            ax.set_xlabel("steps")
            ax.set_ylabel("return of an episode")
            ax.legend()
        return figure

    def to_json(self) -> str:
        """Return everything as JSON."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Episodes":
        """Read what `to_json` wrote."""
        found = json.loads(text)
        found["runs"] = [Run(**run) for run in found["runs"]]
        found["drift_positions"] = tuple(found["drift_positions"])
        return cls(**found)


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
            report = bars.add(f"{agent} in {environment}, seed {seed}", steps)
            actor = make_agent(env, seed)
            result.runs.append(_run(actor, env, seed, steps, report))
            result.drift_positions = _drifts(env)
            if path is not None:
                path.write_text(result.to_json())
            if video is not None and seed == missing[-1]:
                record_episode(actor, env, video)
            env.close()
    result.runs = [run for run in result.runs if run.seed in set(seeds)]
    return result


def _run(agent: Any, env: Any, seed: int, steps: int, report: Report) -> Run:
    run, total = Run(seed, steps), 0.0
    start = time.process_time()
    observation, _ = env.reset(seed=seed)
    for step in range(1, steps + 1):
        action = agent.act(observation)
        following, reward, terminated, truncated, info = env.step(action)
        agent.learn_one(observation, action, float(reward), following, terminated, truncated)
        total += info.get("reward", float(reward))  # the raw one, where it is scaled
        observation = following
        if terminated or truncated:
            if not info.get("lost_life"):  # an Atari game goes on over its lives
                run.ends.append(step)
                run.returns.append(total)
                total = 0.0
            observation, _ = env.reset()
        if step % _REPORT_EVERY == 0:
            last = f"return {run.returns[-1]:,.0f}" if run.returns else ""
            report(step, last)
    run.cpu_seconds = time.process_time() - start
    return run


def _by_window(run: Run, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean return of the episodes that end in each window; NaN before the first ends."""
    which = np.searchsorted(edges, run.ends, side="left") - 1
    out = np.full(len(edges) - 1, np.nan)
    returns = np.array(run.returns)
    for window in range(len(out)):
        inside = returns[which == window]
        if len(inside):
            out[window] = inside.mean()
        elif window:
            out[window] = out[window - 1]
    return out


def _drifts(env: Any) -> tuple[int, ...]:
    """Positions of the drifts of the outermost wrapper that has any."""
    while env is not None:
        if "drift_positions" in dir(type(env)):
            return tuple(env.drift_positions)
        env = getattr(env, "env", None)
    return ()


def _resumed(path: Path, agent: str, environment: str, steps: int) -> Episodes:
    found = Episodes.from_json(path.read_text())
    asked = (agent, environment, {steps})
    kept = (found.agent, found.environment, {run.steps for run in found.runs} or {steps})
    if asked != kept:
        raise ValueError(f"file must be of the same run, got {kept} for {asked} in {path}")
    return found
