"""The `olearn` command: run, compare and list learners, detectors and streams.

Exit codes: 0 = done, 1 = failed while running, 2 = wrong usage. Modules that take time to import
are imported by the commands that need them.
"""

import functools
import json
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

import olearn
from olearn import registry
from olearn.cli import arguments, run_agent, run_detector, run_learner
from olearn.cli import warm as ahead
from olearn.cli.failures import reports_failures
from olearn.cli.tables import check_files, takes_tables

app = typer.Typer(
    name="olearn",
    help="Online learning on drifting data streams.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Kind(StrEnum):
    """What `olearn list` can list."""

    learners = "learners"
    detectors = "detectors"
    streams = "streams"
    agents = "agents"
    metrics = "metrics"


def main() -> None:
    """Entry point of the `olearn` command."""
    app()


def _runnable() -> list[str]:
    return [*registry.LEARNERS, *registry.DETECTORS, *registry.AGENTS]


def _complete(names: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    return lambda incomplete: [name for name in names() if name.startswith(incomplete)]


def _stream_names() -> list[str]:
    from olearn import streams

    return streams.names()


LearnerName = Annotated[
    str,
    typer.Argument(
        help="A name from `olearn list learners`, detectors (to watch numbers) or agents.",
        autocompletion=_complete(_runnable),
    ),
]
StreamName = Annotated[
    str,
    typer.Argument(
        help="A name from `olearn list streams`, or a file: CSV, Parquet, Arrow, ARFF; - is stdin. "
        "For agents: an environment such as CartPole-v1.",
        autocompletion=_complete(_stream_names),
    ),
]
LearnerNames = Annotated[
    list[str],
    typer.Argument(
        help="Names from `olearn list learners`.",
        autocompletion=_complete(lambda: registry.LEARNERS),
    ),
]
StreamNames = Annotated[
    list[str],
    typer.Option(
        help="Names or files, as for `olearn run`; several may follow.",
        autocompletion=_complete(_stream_names),
    ),
]
Seed = Annotated[int, typer.Option(help="Seed of the learner and of a synthetic stream.", min=0)]
Seeds = Annotated[int, typer.Option(min=1, help="Number of seeds: 1, 2, ...")]
Rows = Annotated[
    int | None,
    typer.Option(
        min=1,
        help=f"Rows to read; default: all, or {arguments.ENDLESS_ROWS:,} of an endless stream.",
    ),
]
Limits = Annotated[
    list[str] | None,
    typer.Option(
        metavar="LEARNER=ROWS", help="Let a slow learner see the first rows only; may be repeated."
    ),
]
Window = Annotated[int, typer.Option(min=1, help="Rows a window.")]
Delay = Annotated[
    str | None, typer.Option(help="Rows until a label comes, or 'never'; default: at once.")
]
DetectorName = Annotated[
    str | None,
    typer.Option(
        help="Drift detector to watch the errors with: a name from `olearn list detectors`.",
        autocompletion=_complete(lambda: registry.DETECTORS),
    ),
]
MetricNames = Annotated[
    list[str] | None,
    typer.Option("--metric", help="Metric by name, see `olearn list metrics`; may be repeated."),
]
Positive = Annotated[
    str | None,
    typer.Option(
        help="Label that F1, ROCAUC, ... count as positive; default: True, or the last of two."
    ),
]
Share = Annotated[
    float | None,
    typer.Option(
        "--interval",
        metavar="SHARE",
        help="Intervals that hold this share of the numbers, around those of a regressor.",
    ),
]
Rare = Annotated[
    str | None,
    typer.Option(
        metavar="HOW",
        help="For rare labels: 'balanced' weights, or a threshold for --positive: 'f1', "
        "'budget=SHARE', 'cost=NUMBER'.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Argument of the learner, or of the stream as stream.KEY=VALUE; may be repeated.",
    ),
]
Target = Annotated[str | None, typer.Option(help="Label column, where a stream is a file.")]
Column = Annotated[str | None, typer.Option(help="Column of numbers that a detector watches.")]
Calibrate = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="ROWS",
        help="Find a detector's threshold on so many first rows, which are known to be quiet.",
    ),
]
Picture = Annotated[
    Path | None,
    typer.Option(
        help="Picture of a detector's alarms or an agent's returns; default: named after detector, "
        "series and column with -alarms.png, or after agent and environment."
    ),
]
Video = Annotated[
    Path | None,
    typer.Option(help="An episode of an agent that has learnt: .gif moves, .png is a strip."),
]
Jobs = Annotated[int, typer.Option(help="Processes at once; -1 = one a CPU.", min=-1)]
Report = Annotated[
    Path | None,
    typer.Option(
        help="Write an HTML report on a learner or detector to this file; agents have --picture."
    ),
]
CheckpointFolder = Annotated[
    Path | None,
    typer.Option(
        "--checkpoint", help="Keep the run of a learner in this folder, so that it can go on."
    ),
]
Every = Annotated[
    int | None, typer.Option(min=1, help="Rows between two checkpoints; default: 10,000.")
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on from the checkpoint, if there is one.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"olearn {olearn.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


@app.command()
@reports_failures
@takes_tables
def run(
    learner: LearnerName,
    stream: StreamName,
    rows: Rows = None,
    seed: Seed = 1,
    window: Window = 1000,
    delay: Delay = None,
    detector: DetectorName = None,
    metric: MetricNames = None,
    positive: Positive = None,
    interval: Share = None,
    rare: Rare = None,
    set_: Settings = None,
    target: Target = None,
    column: Column = None,
    calibrate: Calibrate = None,
    picture: Picture = None,
    video: Video = None,
    report: Report = None,
    checkpoint: CheckpointFolder = None,
    every: Every = None,
    resume: Resume = False,
    as_json: AsJson = False,
    *,
    table: dict[str, Any],
) -> None:
    """Run one learner over one stream: predict, score and learn row by row.

    Or run one detector over a column of numbers: print its alarms and draw them. Or let an agent
    (stream-q, stream-sarsa, stream-ac) learn in a Gymnasium environment such as CartPole-v1.
    """
    given = arguments.RunOptions(
        rows=rows,
        seed=seed,
        window=window,
        settings=set_ or [],
        as_json=as_json,
        delay=delay,
        detector=detector,
        metric=metric,
        positive=positive,
        interval=interval,
        rare=rare,
        target=target,
        table=table,
        column=column,
        calibrate=calibrate,
        picture=picture,
        video=video,
        report=report,
        checkpoint=checkpoint,
        every=every,
        resume=resume or None,
    )
    if learner in registry.DETECTORS:
        run_detector.run(learner, stream, given)
    elif learner in registry.AGENTS:
        run_agent.run(learner, stream, given)
    else:
        run_learner.run(learner, stream, given)


@app.command(cls=arguments.SpreadCommand)
@reports_failures
@takes_tables
def compare(
    learners: LearnerNames,
    streams: StreamNames,
    seeds: Seeds = 1,
    rows: Rows = None,
    limit: Limits = None,
    window: Window = 1000,
    metric: MetricNames = None,
    positive: Positive = None,
    target: Target = None,
    jobs: Jobs = 1,
    report: Report = None,
    as_json: AsJson = False,
    *,
    table: dict[str, Any],
) -> None:
    """Compare learners on streams over several seeds: means, 95 % intervals and ranks."""
    for learner in learners:
        arguments.check_name("learner", learner, registry.LEARNERS)
    for stream in streams:
        arguments.check_stream(stream)
    table = table if target is None else {"target": target, **table}
    check_files(table, streams)
    if jobs == 0:
        raise typer.BadParameter("--jobs must be -1 or at least 1, got 0")
    if jobs != 1 and "-" in streams:
        raise typer.BadParameter("--jobs is for files: processes cannot share standard input")
    limits = arguments.parse_limits(limit or [], learners)
    arguments.check_output("--report", report)

    from olearn.evaluate import Comparison
    from olearn.evaluate import compare as run_all
    from olearn.show.tables import print_table

    results = []
    for stream in streams:
        source = arguments.open_stream(stream, 1, table, rows=rows, learners=learners)
        remake = functools.partial(arguments.open_stream, stream, table={})
        longest = arguments.limit_rows(source, rows)
        results += run_all(
            {name: arguments.make_learner(name, source, None, {}) for name in learners},
            {stream: remake if arguments.takes_seed(stream) else source},
            seeds=seeds,
            metrics=arguments.make_metrics(metric),
            pos_label=arguments.find_label(positive, source),
            window=window,
            max_samples={name: limits.get(name, longest) for name in learners},
            n_jobs=jobs,
        ).results
    comparison = Comparison(results)
    if report is not None:
        comparison.to_html(report)
    if as_json:
        typer.echo(comparison.to_json())
        return
    print_table(comparison.table())
    if report is not None:
        typer.echo(f"report: {report.absolute()}")


@app.command()
@reports_failures
def warm(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Learners, detectors, agents and synthetic streams by name; default: all.",
            autocompletion=_complete(ahead.names),
        ),
    ] = None,
) -> None:
    """Compile ahead what learners and detectors need, so that their first answer comes at once.

    What is compiled is kept in $NUMBA_CACHE_DIR, if set, else beside the package, else in the
    user's cache: for later processes of this user, or for an image of a container.
    """
    ahead.run(names or [])


@app.command("list")
@reports_failures
def list_(
    kind: Annotated[Kind, typer.Argument(help="What to list.")],
    as_json: AsJson = False,
) -> None:
    """List the names that the other commands know."""
    known = _described(kind)
    if as_json:
        typer.echo(json.dumps(known, indent=1))
        return
    width = max(map(len, known))
    for name, description in known.items():
        typer.echo(f"{name:{width}}  {description}")


@app.command()
@reports_failures
def demo(
    quick: Annotated[
        bool, typer.Option("--quick", help="Read the first 3,000 rows of each stream.")
    ] = False,
    report: Annotated[Path, typer.Option(help="HTML report to write.")] = Path("report.html"),
) -> None:
    """Run DriftMoE and its peers over a real and a synthetic drifting stream."""
    arguments.check_output("--report", report)
    from olearn.cli.demo import run_demo

    run_demo(report, quick=quick)


def _described(kind: Kind) -> dict[str, str]:
    if kind is Kind.metrics:
        return registry.metrics()
    if kind is Kind.streams:
        entries = registry.streams()
    else:
        entries = {
            Kind.learners: registry.LEARNERS,
            Kind.detectors: registry.DETECTORS,
            Kind.agents: registry.AGENTS,
        }[kind]
    return {name: entry.description for name, entry in entries.items()}
