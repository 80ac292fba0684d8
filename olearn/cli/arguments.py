"""Arguments of the `olearn` command: what a text means, checked before any work begins.

Wrong usage raises `typer.BadParameter`, which the command turns into exit code 2.
"""

import ast
import importlib.util
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from olearn import registry
from olearn.cli.tables import as_options, is_file
from olearn.core.tasks import ANOMALY, CLASSIFICATION, REGRESSION
from olearn.core.telling import few
from olearn.core.validate import suggestion

if TYPE_CHECKING:
    from olearn.streams.base import Stream

_MOST_LINES = 30  # of what was read of a table
ENDLESS_ROWS = 100_000  # read from a stream without end when --rows is not given


@dataclass(frozen=True)
class RunOptions:
    """Options of `olearn run` as they came; those not given are None, but for the usual ones."""

    rows: int | None
    seed: int
    window: int
    settings: Sequence[str]
    as_json: bool
    delay: str | None
    detector: str | None
    metric: list[str] | None
    positive: str | None
    interval: float | None
    rare: str | None
    target: str | None
    table: Mapping[str, Any]
    column: str | None
    calibrate: int | None
    picture: Path | None
    video: Path | None
    report: Path | None
    checkpoint: Path | None
    every: int | None
    resume: bool | None

    @property
    def of_learner(self) -> dict[str, Any]:
        """Arguments of the learner, detector or agent itself."""
        return parse_settings(self.settings)[0]

    @property
    def of_stream(self) -> dict[str, Any]:
        """Arguments of the stream or environment."""
        return parse_settings(self.settings)[1]

    def refuse(self, names: Sequence[str], why: str) -> None:
        """Refuse those of these options that were given though they mean nothing here."""
        refuse({f"--{name}": getattr(self, name) for name in names}, why)


class SpreadCommand(TyperCommand):
    """A command whose `--streams a b c` means `--streams a --streams b --streams c`.

    Learners among them are learners all the same, so that they may also stand last.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the option before each of its values, then parse as usual."""
        spread: list[str] = []
        learners: list[str] = []
        inside = False
        for arg in args:
            if arg.startswith("-"):
                inside = arg == "--streams"
            elif inside and spread[-1] != "--streams":
                if arg in registry.LEARNERS and not is_file(arg):
                    learners.append(arg)
                    continue
                spread.append("--streams")
            spread.append(arg)
        return super().parse_args(ctx, [*spread, *learners])


def check_name(kind: str, name: str, known: Collection[str]) -> None:
    """Refuse an unknown name and suggest the nearest."""
    if name not in known:
        near = suggestion(name, known)
        raise typer.BadParameter(f"unknown {kind} {name!r}{near}; see `olearn list {kind}s`")


def check_output(option: str, path: Path | None) -> None:
    """Refuse a place for pictures before the work, not after it."""
    if path is None:
        return
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise typer.BadParameter(f"{option} must be a file in an existing folder, got {path}")
    if importlib.util.find_spec("matplotlib") is None:
        raise ModuleNotFoundError(f"{option} needs matplotlib")


def refuse(options: Mapping[str, Any], why: str) -> None:
    """Refuse options that were given though they mean nothing here."""
    if given := [name for name, value in options.items() if value is not None]:
        raise typer.BadParameter(f"{', '.join(given)} cannot be used: {why}")


def check_stream(name: str) -> None:
    """Refuse what is neither a known name nor a file."""
    from olearn import streams

    path = Path(name)
    if is_file(name) or name.startswith("river:"):
        return
    if path.is_dir() and name not in streams.names():
        raise typer.BadParameter(f"{name} is a folder; name a file in it")
    if path.suffix or len(path.parts) > 1:
        raise typer.BadParameter(f"no such file: {name}")
    check_name("stream", name, streams.names())


def open_stream(
    name: str,
    seed: int,
    table: Mapping[str, Any],
    options: Mapping[str, Any] | None = None,
    rows: int | None = None,
    learners: Sequence[str] = (),
) -> "Stream":
    """Return the stream of a name or of a file, and say what was read of that.

    The seed is for generators; `table`, the options of `from_file`, and `rows` are for files. What
    the target of a file is read for, and has to be elsewhere, is what the learners predict.
    """
    from olearn import streams
    from olearn.streams._table_facts import TABLES
    from olearn.streams.files import FileStream

    given = dict(options or {})
    task = task_of(learners)
    if takes_seed(name):
        given.setdefault("seed", seed)
    if is_file(name):
        given = {"rows": rows, "task": task, **table, **given}
    try:
        stream = streams.load(name, **given)
    except TypeError as error:
        raise typer.BadParameter(f"{name}: {error}") from error
    except ValueError as error:
        if name in TABLES:  # known, but damaged
            raise
        raise typer.BadParameter(as_options(str(error))) from error
    if learners and {task, stream.schema.task} == {CLASSIFICATION, REGRESSION}:
        raise typer.BadParameter(
            f"{name} is for {stream.schema.task}, {few(learners, 8, str)} for {task}: see "
            "`olearn list learners`"
        )
    if isinstance(stream, FileStream):
        for line in shortened(stream.facts()):
            typer.echo(line, err=True)
    return stream


def task_of(learners: Sequence[str]) -> str:
    """Return what the learners predict; classes, where there is none."""
    tasks = {name: registry.LEARNERS[name].task() for name in learners}
    regressors = [name for name, task in tasks.items() if task == REGRESSION]
    if regressors and len(regressors) < len(tasks):
        others = [name for name in tasks if name not in regressors]
        raise typer.BadParameter(
            f"learners must be all for numbers or all for classes; {', '.join(regressors)} "
            f"predict numbers, {', '.join(others)} do not"
        )
    if tasks and all(task == ANOMALY for task in tasks.values()):
        return ANOMALY
    return REGRESSION if regressors else CLASSIFICATION


def shortened(lines: Sequence[str]) -> list[str]:
    """Leave out the middle of many lines."""
    if len(lines) <= _MOST_LINES:
        return list(lines)
    left = len(lines) - _MOST_LINES + 1
    return [*lines[: _MOST_LINES - 2], f"  ... {left} more columns", lines[-1]]


def takes_seed(stream: str) -> bool:
    """Whether a stream is drawn anew for each seed."""
    known = registry.streams()
    return stream in known and "seed" in known[stream].accepted()


def make_learner(name: str, stream: "Stream", seed: int | None, options: dict[str, Any]) -> Any:
    """Make a learner for a stream; `options` as in `parse_settings`."""
    try:
        return registry.make_learner(
            name, nominal=stream.schema.nominal, seed=seed, options=options
        )
    except (TypeError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error


def make_metrics(names: Sequence[str] | None) -> list[Any] | None:
    """Make metrics from class names; None stays None, which means the usual ones."""
    try:
        return [registry.make_metric(name) for name in names] if names else None
    except (TypeError, ValueError) as error:
        raise typer.BadParameter(str(error)) from error


def find_label(text: str | None, stream: "Stream") -> Any:
    """Return the label of the stream that reads as the text of `--positive`; None stays None."""
    if text is None:
        return None
    labels = stream.schema.labels
    by_text = {str(label): label for label in labels}
    if text not in by_text:
        listed = ", ".join(map(repr, by_text))
        raise typer.BadParameter(f"--positive must be one of the labels {listed}, got {text!r}")
    return by_text[text]


def limit_rows(stream: "Stream", rows: int | None) -> int | None:
    """Return how many rows to read; None means all."""
    return ENDLESS_ROWS if rows is None and stream.n_samples is None else rows


def parse_settings(settings: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split `key=value` texts into arguments of the learner and of the stream."""
    learner: dict[str, Any] = {}
    stream: dict[str, Any] = {}
    for setting in settings:
        key, sign, text = setting.partition("=")
        if not (key and sign):
            raise typer.BadParameter(f"--set must be KEY=VALUE, got {setting!r}")
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            value = text  # a bare word
        into = stream if key.startswith("stream.") else learner
        into[key.removeprefix("stream.")] = value
    return learner, stream


def parse_delay(text: str | None) -> float | None:
    """Turn `--delay` into a number of rows; 'never' is infinite."""
    if text is None:
        return None
    if text == "never":
        return math.inf
    if not text.isdecimal():
        raise typer.BadParameter(f"--delay must be a whole number or 'never', got {text!r}")
    return int(text)


def parse_limits(texts: Sequence[str], learners: Sequence[str]) -> dict[str, int]:
    """Turn `LEARNER=ROWS` texts into a dict."""
    limits = {}
    for text in texts:
        name, _, rows = text.partition("=")
        if name not in learners or not rows.isdecimal() or int(rows) < 1:
            raise typer.BadParameter(
                f"--limit must be LEARNER=ROWS of a learner here, got {text!r}"
            )
        limits[name] = int(rows)
    return limits
