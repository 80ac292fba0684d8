"""What an agent did in an environment over several seeds: returns of episodes, learning curves."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from olearn.core.validate import check_integer
from olearn.evaluate.intervals import means_and_half_widths
from olearn.evaluate.json_files import as_numbers
from olearn.evaluate.measured import Measured
from olearn.show.episodes_plots import plot_episodes
from olearn.show.plots import save
from olearn.show.tables import TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Episodes"]


@dataclass
class EpisodeRun:
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
class Episodes(Measured):
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
    runs: list[EpisodeRun]
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

    def plot(self, path: str | Path | int | None = None, n_windows: int = 20) -> "Figure":
        """Draw the learning curve: each seed, their mean, its interval, and known drifts.

        Parameters
        ----------
        path
            Where to save the picture (its suffix gives the format), or None.
        n_windows
            Windows of the mean, at least 1, as in `curve`.

        """
        if isinstance(path, int):  # plot(n_windows), as it was called in version 0.1
            return self.plot(None, path)
        return save(self._draw(n_windows), path)

    def _draw(self, n_windows: int = 20) -> "Figure":
        return plot_episodes(self, n_windows)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Self:
        """Build it from the parsed JSON."""
        runs = [{**run, "returns": as_numbers(run["returns"])} for run in fields["runs"]]
        drifts = tuple(fields["drift_positions"])
        given = {**fields, "runs": [EpisodeRun(**run) for run in runs], "drift_positions": drifts}
        return cls(**given)


def _by_window(run: EpisodeRun, edges: NDArray[np.float64]) -> NDArray[np.float64]:
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
