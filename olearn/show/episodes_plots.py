"""Pictures of agents: learning curves over the seeds."""

from typing import TYPE_CHECKING

from olearn.show.plots import COLOURS, grid, theme

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from olearn.evaluate.agents.episodes_result import Episodes


def plot_episodes(result: "Episodes", n_windows: int, *, dark: bool = False) -> "Figure":
    """Draw each seed faintly, their mean by window, its interval, and known drifts."""
    curve = result.curve(n_windows)
    with theme(dark) as colours:
        figure, (ax,) = grid(1, 1, row_height=3.4)
        for run in result.runs:
            ax.plot(run.ends, run.returns, color=colours["faint"], lw=0.5)
        ax.fill_between(curve[:, 0], curve[:, 2], curve[:, 3], color=COLOURS[0], alpha=0.2)
        ax.plot(curve[:, 0], curve[:, 1], color=COLOURS[0], label="mean over seeds")
        for position in result.drift_positions:
            ax.axvline(position, color=COLOURS[1], ls="--", lw=1)
        ax.set_title(f"{result.agent} in {result.environment}")
        ax.set_xlabel("steps")
        ax.set_ylabel("return of an episode")
        ax.legend()
    return figure
