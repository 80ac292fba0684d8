"""What goes wrong is one line on stderr, and so is what users shall know."""

import warnings

import pytest
import typer

from olearn.cli.failures import reports_failures


@reports_failures
def command(fails):
    for _ in range(2):
        warnings.warn("the target\nis 'class'", stacklevel=1)
    if fails:
        raise ValueError("rows must be\n positive")


def test_warnings_are_lines(capsys):
    """Requirement: each text once, on stderr, without a file, a line of code or a break."""
    command(fails=False)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "olearn: the target is 'class'\n")


def test_failures_come_last(capsys):
    """Requirement: a failure is a line too, after the warnings, and exit code 1."""
    with pytest.raises(typer.Exit) as stop:
        command(fails=True)
    assert stop.value.exit_code == 1
    assert capsys.readouterr().err.splitlines()[1:] == ["olearn: rows must be positive"]
