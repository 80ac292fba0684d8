"""What the command says on stderr of a failure or a warning: one line, no traceback."""

import functools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer

from olearn.cli.tables import as_options

_FAILURES = (ValueError, TypeError, OSError, ImportError, RuntimeError)


def reports_failures(command: Callable[..., None]) -> Callable[..., None]:
    """Turn an expected failure into one line on stderr and exit code 1; warnings into lines."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            with _warnings_as_lines():
                command(*args, **kwargs)
        except _FAILURES as error:
            message = as_options(" ".join(str(error).split())) or type(error).__name__
            if isinstance(error, ModuleNotFoundError):
                message += "; pip install 'olearn[all]' brings the optional packages"
            typer.echo(f"olearn: {message}", err=True)
            raise typer.Exit(1) from error

    return run


@contextmanager
def _warnings_as_lines() -> Iterator[None]:
    """Print each warning to users once, as a line on stderr without the place in our code."""
    shown: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        line = as_options(" ".join(str(message).split()))
        if line not in shown:
            shown.add(line)
            typer.echo(f"olearn: {line}", err=True)

    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield
