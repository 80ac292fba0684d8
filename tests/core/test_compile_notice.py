"""Tests of the line that says what a user is waiting for."""

import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import numba
import pytest

from olearn.core import compile_notice, jit

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")

# the patience is shortened, so that a kernel of a second's half is long
CODE = """
from olearn.core import compile_notice
compile_notice._PATIENCE = {patience}
from olearn.core.jit import njit

@njit
def inner(x):
    return x + 1.0

@njit
def outer(x):
    return inner(x) * 2.0

print(outer(1.0), outer(1))
"""


def run(tmp_path, patience=0.0, **options):
    """Run the kernels in a fresh process and keep what they print."""
    script = tmp_path / "script.py"
    script.write_text(CODE.format(patience=patience))
    env = {k: v for k, v in os.environ.items() if k != "OLEARN_QUIET"}
    env |= {"PYTHONPATH": str(ROOT), "TERM": "xterm"} | options.pop("env", {})
    return subprocess.run(
        [sys.executable, str(script)], env=env, text=True, check=True, timeout=300, **options
    )


def test_one_line_when_piped_and_none_from_the_cache(tmp_path):
    """However many kernels are compiled: one line, on stderr; a warm process says nothing."""
    done = run(tmp_path, capture_output=True)
    assert done.stdout == "4.0 4.0\n"
    (line,) = done.stderr.splitlines()
    assert line.startswith("olearn: compiling __main__.outer")
    assert str(tmp_path / "__pycache__") in line
    assert "olearn warm" in line

    done = run(tmp_path, capture_output=True)
    assert (done.stdout, done.stderr) == ("4.0 4.0\n", "")


def test_nothing_is_said_of_short_work_or_when_quiet(tmp_path):
    """A compilation that ends before the second is up is silent, and so is `OLEARN_QUIET=1`."""
    assert run(tmp_path, patience=1000.0, capture_output=True).stderr == ""
    for file in (tmp_path / "__pycache__").iterdir():
        file.unlink()
    assert run(tmp_path, env={"OLEARN_QUIET": "1"}, capture_output=True).stderr == ""


def test_a_terminal_sees_a_spinner_that_vanishes(tmp_path):
    """On a terminal the words are taken away again; standard output has none of them."""
    ours, theirs = pty.openpty()
    done = run(tmp_path, stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.stdout == "4.0 4.0\n"
    assert "compiling __main__.outer" in shown
    assert "\x1b[2K" in shown.rsplit("compiling", 1)[1]  # the line is erased


@pytest.fixture
def notice(monkeypatch):
    """A notice of this test's own, that waits for nothing."""
    monkeypatch.setattr(compile_notice, "_PATIENCE", 0.0)
    monkeypatch.delenv("OLEARN_QUIET", raising=False)
    fresh = compile_notice._Notice()
    monkeypatch.setattr(compile_notice, "_notice", fresh)
    return fresh


class Event:
    """What Numba tells a listener."""

    def __init__(self, kernel):
        self.data = {"dispatcher": kernel}


@jit.njit
def _kernel(x):
    return x


@numba.njit
def _foreign(x):
    return x


def _compile(notice, kernel):
    """Tell the notice of a compilation that lasts until the timer had its turn."""
    notice.on_start(Event(kernel))
    timer = notice._timer
    if timer is not None:
        timer.join()
    notice.on_end(Event(kernel))


def test_a_process_says_it_once_whatever_its_threads_do(notice, capsys):
    """Threads that compile one after another, as Numba lets them, share one line."""
    threads = [threading.Thread(target=_compile, args=(notice, _kernel)) for _ in range(4)]
    for thread in threads:
        thread.start()
        thread.join()
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_functions_of_others_are_not_announced(notice, capsys):
    """What a user compiles with Numba itself is none of our business."""
    _compile(notice, _foreign)
    assert capsys.readouterr().err == ""


def test_progress_of_a_caller_replaces_it(notice, capsys):
    """Whoever shows progress can keep the line away meanwhile."""
    with compile_notice.kept_quiet():
        _compile(notice, _kernel)
    assert capsys.readouterr().err == ""
    _compile(notice, _kernel)
    assert "compiling" in capsys.readouterr().err
