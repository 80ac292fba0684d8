"""The alarms and drifts of a run as a list: where, of what kind, how long after the true drift."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from olearn.evaluate.online.prequential_result import Result

_LONGEST = 1000  # lines of a list


def drift_heads(result: "Result") -> list[str]:
    """Return the headings of the list; delays need drifts that are known."""
    return ["row", "what", *["rows after the true drift"][: len(result.drift_positions)]]


def drift_lines(result: "Result") -> list[list[str]]:
    """Return the alarms of the detector and the drifts that the model found, in order.

    The model tells how many drifts it found in a window, not at which row: such a line gives the
    rows of the window. After the first 1,000 lines one says how many there are.
    """
    found = [(row, row, f"alarm of {result.detector}") for row in result.alarms]
    starts = [0, *result.ends]
    for first, end, n in zip(starts, result.ends, result.model_drifts or (), strict=False):
        if n:
            what = "drift the model found" if n == 1 else f"{n:,} drifts the model found"
            found.append((first, end - 1, what))
    found.sort()
    lines = [[_span(first, last), what] for first, last, what in found]
    if result.drift_positions:
        for line, (first, last, _) in zip(lines, found, strict=True):
            line.append(_delay(result.drift_positions, first, last))
    if len(lines) > _LONGEST:
        rest = ["...", f"{len(lines) - _LONGEST:,} more", ""]
        lines[_LONGEST:] = [rest[: len(lines[0])]]
    return lines


def _span(first: int, last: int) -> str:
    return f"{first:,}" if first == last else f"{first:,} to {last:,}"


def _delay(positions: list[int], first: int, last: int) -> str:
    """Return the rows since the last true drift that is not later, a dash before any."""
    before = [position for position in positions if position <= last]
    if not before:
        return "-"
    nearest = max(before)
    return _span(max(first - nearest, 0), last - nearest)
