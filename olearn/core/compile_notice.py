"""One line on stderr while kernels are compiled for longer than a second.

On a terminal it is a spinner that vanishes. `OLEARN_QUIET=1` in the environment keeps it away.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from numba.core import event

from olearn.core.kernel_cache import KernelCache

_PATIENCE = 1.0  # seconds of compilation, of the whole process, before anything is said


@contextlib.contextmanager
def kept_quiet() -> Iterator[None]:
    """Say nothing meanwhile: the caller shows progress itself."""
    before, _notice.is_quiet = _notice.is_quiet, True
    try:
        yield
    finally:
        _notice.is_quiet = before


def watch() -> None:
    """Begin to watch what Numba compiles, if that was not done yet."""
    if not _notice.is_watching:
        _notice.is_watching = True
        event.register("numba:compile", _notice)


class _Notice(event.Listener):
    """Told by Numba when it compiles; it does so in one thread at a time, behind its lock."""

    def __init__(self) -> None:
        self.is_watching = False
        self.is_quiet = False
        self._lock = threading.Lock()  # against the timer's thread
        self._depth = 0  # kernels being compiled, each for the one before
        self._since = 0.0
        self._spent = 0.0
        self._is_said = False
        self._timer: threading.Timer | None = None
        self._spinner: Any = None

    def on_start(self, event: Any) -> None:
        """Begin to wait at the outermost kernel."""
        kernel = event.data["dispatcher"]
        if not isinstance(getattr(kernel, "_cache", None), KernelCache):
            return  # somebody else's function
        self._depth += 1
        if self._depth > 1:
            return
        self._since = time.monotonic()
        if self.is_quiet or os.environ.get("OLEARN_QUIET", "0") not in ("", "0"):
            return
        folder = kernel._cache.cache_path
        if folder is None and not self._is_said:
            self._print(_describe(kernel, folder))  # worth a line however fast it is
        wait = _PATIENCE if self._is_said else max(0.0, _PATIENCE - self._spent)
        self._timer = threading.Timer(wait, self._say, (_describe(kernel, folder),))
        self._timer.daemon = True
        self._timer.start()

    def on_end(self, event: Any) -> None:
        """Stop what was begun, also if the compilation failed."""
        if not isinstance(getattr(event.data["dispatcher"], "_cache", None), KernelCache):
            return
        self._depth -= 1
        if self._depth:
            return
        self._spent += time.monotonic() - self._since
        with self._lock:
            timer, self._timer = self._timer, None
            spinner, self._spinner = self._spinner, None
        if timer is not None:
            timer.cancel()
        if spinner is not None:
            spinner.stop()

    def _say(self, words: str) -> None:
        """Say it, in the timer's thread."""
        from rich.console import Console
        from rich.file_proxy import FileProxy

        console = Console(stderr=True)
        is_free = not isinstance(sys.stderr, FileProxy)  # no progress bar of ours is there
        with self._lock:
            if self._timer is None:  # done meanwhile
                return
            if console.is_terminal and is_free:
                self._spinner = console.status(words)
                self._spinner.start()
            elif not self._is_said:
                self._print(words)
            self._is_said = True

    def _print(self, words: str) -> None:
        print(f"olearn: {words}", file=sys.stderr, flush=True)
        self._is_said = True


def _describe(kernel: Any, folder: str | None) -> str:
    function = kernel.py_func
    what = f"compiling {function.__module__}.{function.__qualname__} and what it calls"
    if folder is None:
        return f"{what}, in every process anew: set NUMBA_CACHE_DIR to a folder that can be written"
    return f"{what}, once: kept in {folder}; 'olearn warm' compiles ahead"


_notice = _Notice()
