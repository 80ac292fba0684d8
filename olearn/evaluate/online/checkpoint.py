"""Runs that are killed and go on: how far a stream was read, and everything else in one file."""

import itertools
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from river import base

from olearn.core.validate import check_integer
from olearn.persist.files import read_header, read_state, write_state
from olearn.streams.base import Block

if TYPE_CHECKING:
    from olearn.evaluate.online.recorder import Recorder

_FILE = "run.safetensors"
_CHUNK = 1000  # rows passed over at a time

Row = tuple[dict[Any, Any], Any]


@dataclass
class Checkpoint:
    """Where a run is kept, so that it can be killed at any row and go on to the same result.

    A file in the folder holds the model, the metrics, the detector, labels on their way, and how
    far the stream was read, each with its random states. It is replaced whole, so that it is never
    half of one. Results are equal but for times and `memory`, which counts room to spare in dicts;
    writing takes about as long as writing that memory to the disk, and no time of the model's.

    Parameters
    ----------
    folder
        Folder of one run; made if it is not there.
    every
        Rows between two writings, at least 1; it is written at the start and at the end too.
    resume
        Whether to go on from what the folder holds. Where it holds nothing, the run begins.

    Raises
    ------
    TypeError
        If an argument is of the wrong kind.
    ValueError
        If `every` is not positive.

    Examples
    --------
    >>> import tempfile
    >>> from olearn import evaluate, learners, streams
    >>> from olearn.evaluate import Checkpoint

    >>> stream = streams.load("sea", seed=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for rows in (3000, 5000):  # the second run goes on where the first ended
    ...         model = learners.HoeffdingTreeClassifier()
    ...         kept = Checkpoint(folder, resume=True)
    ...         result = evaluate.prequential(stream, model, max_samples=rows, checkpoint=kept)
    >>> result.n, result.windows["Accuracy"]
    (5000, [0.846, 0.871, 0.879, 0.851, 0.858])

    """

    folder: str | Path
    every: int = 10_000
    resume: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.folder, str | Path):
            raise TypeError(f"folder must be a path, got {self.folder!r}")
        check_integer("every", self.every, 1)


class Position:
    """How many rows of a stream were read, and checksums that tell them from others.

    Parameters
    ----------
    checked
        Whether to compute the checksums.

    Attributes
    ----------
    n
        Rows read.
    sums
        Checksums of their features and their labels, or of whole rows and nothing.

    """

    def __init__(self, checked: bool) -> None:
        self.n = 0
        self._checked = checked
        self.sums: tuple[int, ...] = (0, 0)

    def add_block(self, X: Any, y: Any) -> None:
        """Count rows of a block, in order."""
        if self._checked:
            self._add(X.tobytes(), np.asarray(y).tobytes())
        self.n += len(y)

    def add_rows(self, rows: list[Row]) -> None:
        """Count rows, in order."""
        if self._checked:
            self._add("".join(map(repr, rows)).encode())
        self.n += len(rows)

    def rest_of_blocks(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Yield what comes after the rows read; raise ValueError if those before are others."""
        before, n = Position(self._checked), self.n
        for X, y in blocks:
            k = min(n - before.n, len(y))
            if k:
                before.add_block(X[:k], y[:k])
                if before.n == n:
                    self._require_same(before)
            if k < len(y):
                yield X[k:], y[k:]
        if before.n < n:
            self._require_same(before)

    def rest_of_rows(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Return what comes after the rows read; raise ValueError if those before are others."""
        before, rest = Position(self._checked), iter(rows)
        while chunk := list(itertools.islice(rest, min(_CHUNK, self.n - before.n))):
            before.add_rows(chunk)
        self._require_same(before)
        return rest

    def _add(self, *contents: bytes) -> None:
        sums = map(zlib.crc32, contents, self.sums)
        self.sums = (*sums, *self.sums[len(contents) :])

    def _require_same(self, before: "Position") -> None:
        if before.n < self.n:
            raise ValueError(
                f"stream must be that of the checkpoint, which has read {self.n:,} rows of it; "
                f"this one has {before.n:,}"
            )
        if before.sums != self.sums:
            raise ValueError(
                f"stream must be that of the checkpoint; its first {self.n:,} rows are others"
            )


class Keeper:
    """The one who writes the file of a run, and reads it.

    Parameters
    ----------
    checkpoint
        Where and how often.
    description
        What the run consists of, in words by topic; a run goes on only with the same.
    model
        The model, whose state is replaced in place when a run goes on.

    """

    def __init__(
        self, checkpoint: Checkpoint, description: dict[str, str], model: base.Estimator
    ) -> None:
        if not isinstance(checkpoint, Checkpoint):
            raise TypeError(f"checkpoint must be a Checkpoint, such as Checkpoint({checkpoint!r})")
        self._path = Path(checkpoint.folder) / _FILE
        self._every = checkpoint.every
        self._resume = checkpoint.resume
        self._description = description
        self._model = model
        self._written = -1

    def open(
        self,
        recorder: "Recorder",
        position: Position,
        late: list[Any],
        max_samples: int | None,
    ) -> tuple["Recorder", Position, list[Any]]:
        """Return where to begin: what is given, after writing it, or what the file holds."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        for left in self._path.parent.glob(f".{_FILE}-*.tmp"):  # by a run that was killed
            left.unlink()
        if not self._path.exists():
            self.write(recorder, position, late)
            return recorder, position, late
        header = read_header(self._path)
        rows = int(header.get("rows", 0))
        if not self._resume:
            raise ValueError(
                f"{self._path.parent} holds a run that has read {rows:,} rows: resume it "
                "(resume=True, --resume) or give another folder"
            )
        if max_samples is not None and max_samples < rows:
            raise ValueError(
                f"max_samples must be at least {rows}, read already, got {max_samples}"
            )
        self._require_same(json.loads(header.get("run", "{}")))
        state = read_state(self._path, reuse=self._model)
        position.n, position.sums = state["position"]
        self._written = position.n
        return state["recorder"], position, state["late"]

    def write(self, recorder: "Recorder", position: Position, late: list[Any]) -> None:
        """Write the file if rows have been read since it was written."""
        if position.n == self._written:
            return
        header = {"run": json.dumps(self._description), "rows": str(position.n)}
        read = (position.n, position.sums)
        state = {"model": self._model, "recorder": recorder, "position": read, "late": late}
        write_state(self._path, state, header, reusable=self._model)
        self._written = position.n

    def write_if_due(self, recorder: "Recorder", position: Position, late: list[Any]) -> None:
        """Write the file at each multiple of `every` rows."""
        if position.n % self._every == 0:
            self.write(recorder, position, late)

    def _require_same(self, kept: dict[str, str]) -> None:
        for topic, now in self._description.items():
            then = kept.get(topic, "")
            if then != now:
                raise ValueError(
                    f"{self._path} is of another run: {topic} was {_differing(then, now)}, not "
                    f"{_differing(now, then)}"
                )


def _differing(words: str, others: str) -> str:
    """The lines that others lack, on one line; all if they differ in order alone."""
    lines, known = words.splitlines(), set(others.splitlines())
    return "; ".join([line.strip() for line in lines if line not in known] or lines) or "nothing"
