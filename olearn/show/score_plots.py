"""Pictures and lists of anomaly scores: by window, alarms at a budget, known anomalies."""

from typing import TYPE_CHECKING

from olearn.core.words import count
from olearn.show.plots import COLOURS, grid, legend, rows_axis, theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from olearn.evaluate.online.anomaly_scores import AnomalyScores
    from olearn.evaluate.online.prequential_result import Result

_LONGEST = 1000  # lines of a list


def plot_scores(result: "Result", *, dark: bool = False) -> "Figure":
    """One panel: highest and median score by window, threshold, alarms and known anomalies."""
    with theme(dark) as colours:
        figure, axes = grid(1, 1, row_height=3.2)
        draw_scores(axes[0], result, colours)
        axes[0].set_title(f"{result.model} on {result.stream}")
        axes[0].set_xlabel("rows seen")
    return figure


def draw_scores(ax: "Axes", result: "Result", colours: dict[str, str]) -> None:
    """Draw the scores of an anomaly detector into a panel."""
    scores = result.scores
    assert scores is not None
    ends = result.ends
    ax.plot(ends, scores.highest, color=COLOURS[0], lw=0.9, label="highest of a window")
    ax.plot(ends, scores.median, color=colours["ink"], lw=0.9, label="median of a window")
    share = f"threshold, {scores.budget:.3g} of rows"
    ax.plot(ends, scores.threshold, color=COLOURS[4], lw=1.1, ls="--", label=share)
    ax.plot(
        scores.alarms, scores.alarm_scores, ".", color=COLOURS[1], ms=3, label="alarm", zorder=1.5
    )
    if scores.known:
        given = (scores.known, scores.known_scores)
        ax.plot(*given, "x", color=COLOURS[2], ms=5, label="known anomaly", zorder=3)
    ax.set_ylabel("score")
    rows_axis(ax)
    legend(ax)


def score_lines(result: "Result") -> list[str]:
    """Say in words how many alarms there were, and which anomalies they found."""
    scores = result.scores
    if scores is None:
        return []
    highest = sorted(zip(scores.alarm_scores, scores.alarms, strict=True), reverse=True)[:8]
    rows = ", ".join(f"{row:,}" for row in sorted(row for _, row in highest))
    which = "" if not highest else f"; the highest at rows {rows}"
    line = f"alarms, {scores.budget:.3g} of rows allowed: {len(scores.alarms):,}{which}"
    if scores.known is None:
        return [line]
    known = count(len(scores.known), "known anomaly", "known anomalies")
    return [line, f"{known}: {scores.n_found:,} raised an alarm"]


def score_heads(scores: "AnomalyScores") -> list[str]:
    """Return the headings of `score_rows`."""
    return ["row", "score", "what"] if scores.known is not None else ["row", "score"]


def score_rows(scores: "AnomalyScores") -> list[list[str]]:
    """Return alarms and known anomalies in order; after the first 1,000 how many there are."""
    alarms = dict(zip(scores.alarms, scores.alarm_scores, strict=True))
    known = dict(zip(scores.known or (), scores.known_scores, strict=True))
    lines = []
    for row, score in sorted((alarms | known).items()):
        what = "alarm" if row not in known else "known anomaly, no alarm"
        if row in known and row in alarms:
            what = "alarm, a known anomaly"
        lines.append([f"{row:,}", f"{score:.6g}", what][: len(score_heads(scores))])
    if len(lines) > _LONGEST:
        rest = ["...", f"{len(lines) - _LONGEST:,} more", ""]
        lines[_LONGEST:] = [rest[: len(lines[0])]]
    return lines
