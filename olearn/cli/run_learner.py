"""What `olearn run LEARNER STREAM` does: predict, score and learn row by row, and report."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from olearn import registry
from olearn.cli import arguments, wrappers
from olearn.cli.tables import check_files

if TYPE_CHECKING:
    from olearn.evaluate import Checkpoint, Result


def run(learner: str, stream: str, given: arguments.RunOptions) -> None:
    """Run a learner by its name; print a table or JSON, and write the report."""
    only = "they are for detectors, see `olearn list detectors`"
    given.refuse(("column", "calibrate", "picture"), only)
    given.refuse(("video",), "it is for agents, such as stream-q")
    arguments.check_name("learner", learner, registry.LEARNERS)
    arguments.check_stream(stream)
    table = dict(given.table) if given.target is None else {"target": given.target, **given.table}
    check_files(table, [stream])
    if given.detector is not None:
        arguments.check_name("detector", given.detector, registry.DETECTORS)
    arguments.check_output("--report", given.report)
    delay = arguments.parse_delay(given.delay)
    checkpoint = _checkpoint(given)

    from olearn.evaluate import prequential

    # a run that is kept may go on to more rows, with the labels that all of them have
    rows = given.rows if checkpoint is None else None
    source = arguments.open_stream(stream, given.seed, table, given.of_stream, rows, [learner])
    watch = given.detector
    positive = arguments.find_label(given.positive, source)
    model = arguments.make_learner(learner, source, given.seed, given.of_learner)
    model = wrappers.with_rare(learner, model, given.rare, positive)
    usual = wrappers.METRICS_OF_RARE if given.rare and positive is not None else None
    result = prequential(
        source,
        wrappers.with_interval(learner, model, given.interval),
        arguments.make_metrics(given.metric or usual),
        pos_label=positive,
        window=given.window,
        delay=delay,
        detector=None if watch is None else registry.make_detector(watch, seed=given.seed),
        max_samples=arguments.limit_rows(source, given.rows),
        checkpoint=checkpoint,
    )
    result.model, result.stream = learner, stream
    if given.report is not None:
        result.to_html(given.report)
    _show(result, given)


def _checkpoint(given: arguments.RunOptions) -> "Checkpoint | None":
    if given.checkpoint is None:
        given.refuse(("every", "resume"), "they need --checkpoint FOLDER")
        return None
    from olearn.evaluate import Checkpoint

    if given.checkpoint.exists() and not given.checkpoint.is_dir():
        raise typer.BadParameter(f"--checkpoint must be a folder, got {given.checkpoint}")
    every = {} if given.every is None else {"every": given.every}
    return Checkpoint(given.checkpoint, resume=bool(given.resume), **every)


def _show(result: "Result", given: arguments.RunOptions) -> None:
    from olearn.show.score_plots import score_lines
    from olearn.show.tables import print_table

    if given.as_json:
        typer.echo(result.to_json())
        return
    print_table(result.table())
    for line in [*score_lines(result), *_drift_lines(result)]:
        typer.echo(line)
    if given.report is not None:
        typer.echo(f"report: {given.report.absolute()}")


def _drift_lines(result: Any) -> list[str]:
    lines = []
    if result.drift_positions:
        lines.append(f"true drifts at rows {_numbers(result.drift_positions)}")
    if result.detector:
        found = f"at rows {_numbers(result.alarms)}" if result.alarms else "none"
        lines.append(f"{result.detector} alarms: {found}")
    if result.model_drifts is not None:
        lines.append(f"drifts the model found: {sum(result.model_drifts)}")
    return lines


def _numbers(rows: Sequence[int]) -> str:
    shown = ", ".join(f"{row:,}" for row in rows[:8])
    return shown if len(rows) <= 8 else f"{shown}, ... ({len(rows)} in all)"
