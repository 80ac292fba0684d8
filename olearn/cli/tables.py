"""Options of the `olearn` command for tables in files: those of `olearn.streams.from_file`."""

import csv
import functools
import inspect
import re
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

_LIST = "may be repeated, or several between commas"
_PANEL: dict[str, Any] = {"rich_help_panel": "Tables in files"}

_OPTIONS: dict[str, Any] = {
    "target_text": Annotated[
        bool | None,
        typer.Option(
            "--target-text", help="Take labels as text: 01 and 1 differ, NA is one.", **_PANEL
        ),
    ],
    "nominal": Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES", help=f"Nominal columns of numbers or codes; {_LIST}.", **_PANEL
        ),
    ],
    "numeric": Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES", help=f"Columns of numbers that look otherwise; {_LIST}.", **_PANEL
        ),
    ],
    "drop": Annotated[
        list[str] | None,
        typer.Option(metavar="NAMES", help=f"Columns to leave out; {_LIST}.", **_PANEL),
    ],
    "time": Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMES",
            help=f"Columns of times to read as month, weekday and hour; {_LIST}.",
            **_PANEL,
        ),
    ],
    "missing": Annotated[
        list[str] | None,
        typer.Option(
            metavar="CELL",
            help="A cell that means missing, beside the usual; may be repeated.",
            **_PANEL,
        ),
    ],
    "no_default_missing": Annotated[
        bool | None,
        typer.Option(
            "--no-default-missing",
            help="Of the usual marks only empty cells are missing.",
            **_PANEL,
        ),
    ],
    "inf": Annotated[
        str | None,
        typer.Option(metavar="raise|missing", help="What infinite cells do.", **_PANEL),
    ],
    "unlabelled": Annotated[
        str | None,
        typer.Option(metavar="raise|drop", help="What rows without a label do.", **_PANEL),
    ],
    "header": Annotated[
        bool | None,
        typer.Option(
            "--header/--no-header", help="Whether the first line holds the names.", **_PANEL
        ),
    ],
    "names": Annotated[
        list[str] | None,
        typer.Option(metavar="NAMES", help=f"Names of all columns; {_LIST}.", **_PANEL),
    ],
    "sep": Annotated[
        str | None,
        typer.Option(metavar="CHARACTER", help="What separates cells; default: found.", **_PANEL),
    ],
    "comment": Annotated[
        str | None,
        typer.Option(metavar="CHARACTER", help="What begins a comment.", **_PANEL),
    ],
    "decimal": Annotated[
        str | None, typer.Option(metavar="CHARACTER", help="The decimal point.", **_PANEL)
    ],
    "thousands": Annotated[
        str | None,
        typer.Option(metavar="CHARACTER", help="What separates groups of three digits.", **_PANEL),
    ],
    "encoding": Annotated[str | None, typer.Option(help="Of the text, such as latin-1.", **_PANEL)],
}
_LISTS = ("nominal", "numeric", "drop", "time", "names")
_OF_COLUMNS = ("target_text", "nominal", "numeric", "drop", "time", "inf", "unlabelled")


# options of `from_file` that messages name as Python spells them: drop=['id'], header=False
_SPELLED = re.compile(
    rf"\b({'|'.join([*_OPTIONS, 'na_values', 'target'])})="
    r"(\[(?:'[^']*'|\"[^\"]*\"|\.\.\.)\]|'[^']*'|True|False|(?=\s))"
)

_NO_TEXT = re.compile(  # what Python can put in front, the command cannot
    r"(feature '([^']*)' is numeric, got .*; )put preprocessing.OneHotEncoder in front.*"
)
_OF_NUMBERS = "learners of numbers"


def as_options(message: str) -> str:
    """Return a message with the parameters of `from_file` in it as options of the command.

    Examples
    --------
    >>> from olearn.cli.tables import as_options
    >>> as_options("drop=['my id'] leaves it out, header=False reads it as a row")
    "--drop 'my id' leaves it out, --no-header reads it as a row"

    """
    learner = "a learner of numbers, such as linear-regression,"
    message = message.replace("task='regression'", learner).replace(f", for {_OF_NUMBERS}", "")
    takers = r"\1drop=['\2'] leaves it out, learners such as arf and knn-regressor take text"
    message = _NO_TEXT.sub(takers, message)
    return _SPELLED.sub(_as_option, message)


def _as_option(found: re.Match[str]) -> str:
    name, value = found[1].replace("na_values", "missing").replace("_", "-"), found[2]
    if value in ("True", "False"):
        return f"--{name}" if value == "True" else f"--no-{name}"
    text = value.strip("[]")
    return f"--{name} {text if text == '...' else shlex.quote(text[1:-1])}" if text else f"--{name}"


def takes_tables(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of tables; those given come as its argument `table`."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        given = {name: kwargs.pop(name) for name in _OPTIONS}
        command(*args, **kwargs, table=_meant(given))

    signature = inspect.signature(command)
    kept = [p for name, p in signature.parameters.items() if name != "table"]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in _OPTIONS.items()
    ]
    run.__signature__ = signature.replace(parameters=[*kept, *added])  # type: ignore[attr-defined]
    run.__annotations__ = {
        **{name: kind for name, kind in command.__annotations__.items() if name != "table"},
        **_OPTIONS,
    }
    return run


def is_file(name: str) -> bool:
    """Tell whether a stream is a table in a file, or comes by standard input."""
    return name == "-" or Path(name).is_file()


def check_files(given: Mapping[str, Any], names: Sequence[str]) -> None:
    """Refuse options of tables where no stream is one."""
    if given and not any(map(is_file, names)):
        option, value = next(iter(given.items()))
        shown = option.replace("_", "-").replace("na-values", "missing")
        raise typer.BadParameter(f"--{shown} is for files, got {value!r} with {', '.join(names)}")


def refuse_columns(
    given: Mapping[str, Any], why: str, names: Collection[str] = _OF_COLUMNS
) -> None:
    """Refuse the options of columns, or those named."""
    for name in names:
        if name in given:
            raise typer.BadParameter(f"--{name.replace('_', '-')} cannot be used: {why}")


def _meant(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given, as `from_file` names and takes it."""
    found = {name: value for name, value in given.items() if value not in (None, [])}
    for name in _LISTS:
        if name in found:
            found[name] = [part for text in found[name] for part in next(csv.reader([text]))]
    if "missing" in found:
        found["na_values"] = found.pop("missing")
    if found.pop("no_default_missing", False):
        found["keep_default_na"] = False
    if "sep" in found:
        found["sep"] = {"\\t": "\t", "tab": "\t"}.get(found["sep"], found["sep"])
    return found
