"""Progress bars on stderr that show up late and leave nothing behind."""

import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

OnProgress = Callable[[int, str], None]
"""Called with the number of rows done and a few words on how it goes."""

Words = str | Callable[[], str]

_PATIENCE = 1.0  # seconds of silence, so that short runs never flash a bar
_SECONDS_A_LOOK = 0.1  # between two looks at what takes time to tell


class Bars:
    """A group of progress bars; draws nothing unless stderr is a terminal or a notebook.

    Parameters
    ----------
    show
        True draws at once, None after a second, False never.

    """

    def __init__(self, show: bool | None) -> None:
        console = Console(stderr=True)
        self._seen = show is not False and (console.is_terminal or console.is_jupyter)
        self._from = time.monotonic() + (0.0 if show else _PATIENCE)
        self._started = False
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[status]}"),
            console=console,
            transient=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._started:  # rich would print an empty line for bars that never showed
            self._progress.stop()

    def add(self, description: str, total: int | None) -> "Bar":
        """Add a bar and return the function that moves it."""
        task = self._progress.add_task(description, total=total, status="")
        return Bar(partial(self._move, task))

    def _move(self, task: TaskID, done: int, status: Words) -> None:
        """Move a bar."""
        if self._seen and not self._started and time.monotonic() >= self._from:
            self._progress.start()
            self._started = True
        if self._started:
            words = status if isinstance(status, str) else status()
            self._progress.update(task, completed=done, status=words)


class Bar:
    """A bar of a group: called with what is done and a few words, or with what finds the words.

    Words that must be found are asked for where they are drawn, and not at every call.
    """

    def __init__(self, move: Callable[[int, Words], None]) -> None:
        self._move = move
        self._next = 0.0

    def __call__(self, done: int, status: Words) -> None:
        if not isinstance(status, str):
            now = time.monotonic()
            if now < self._next:
                return
            self._next = now + _SECONDS_A_LOOK
        self._move(done, status)
