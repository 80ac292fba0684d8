"""Runs that are killed and go on: the state of a run, and the file that holds it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from river import base

from olearn.core.validate import check_integer
from olearn.evaluate.online.position import Position
from olearn.evaluate.online.recorder import Recorder
from olearn.persist.files import read_header, read_state, write_state

__all__ = ["Checkpoint"]

_FILE = "run.safetensors"


@dataclass
class Checkpoint:
    """Where a run is kept, so that it can be killed at any row and go on to the same result.

    A file in the folder holds the model, the metrics, the detector, delayed labels, and how
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


@dataclass
class Run:
    """All that a run consists of at a row, hence all that it needs to go on from there.

    Parameters
    ----------
    model
        The model as it has learnt.
    recorder
        What was measured.
    position
        How far the stream was read.
    delayed
        Labels that have not come yet, as a path keeps them.

    """

    model: base.Estimator
    recorder: Recorder
    position: Position
    delayed: list[Any]


class CheckpointWriter:
    """Writes the file of a run, and reads it.

    Parameters
    ----------
    checkpoint
        Where and how often.
    description
        What the run consists of, by topic; a run goes on only with the same.

    """

    def __init__(self, checkpoint: Checkpoint, description: dict[str, str]) -> None:
        if not isinstance(checkpoint, Checkpoint):
            raise TypeError(f"checkpoint must be a Checkpoint, such as Checkpoint({checkpoint!r})")
        self._path = Path(checkpoint.folder) / _FILE
        self._every = checkpoint.every
        self._resume = checkpoint.resume
        self._description = description
        self._written = -1  # rows read when the file was written

    def begin(self, run: Run, max_samples: int | None) -> None:
        """Write the run's file, or let the run go on from the file that is there."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        for left in self._path.parent.glob(f".{_FILE}-*.tmp"):  # by a run that was killed
            left.unlink()
        if self._path.exists():
            self._read(run, max_samples)
        else:
            self.write(run)

    def write(self, run: Run) -> None:
        """Write the file if rows have been read since it was written."""
        n = run.position.n
        if n == self._written:
            return
        header = {"run": json.dumps(self._description), "rows": str(n)}
        state = {
            "model": run.model,
            "recorder": run.recorder,
            "position": (n, run.position.sums),
            "delayed": run.delayed,
        }
        write_state(self._path, state, header, reusable=run.model)
        self._written = n

    def write_if_due(self, run: Run) -> None:
        """Write the file at each multiple of `every` rows."""
        if run.position.n % self._every == 0:
            self.write(run)

    def _read(self, run: Run, max_samples: int | None) -> None:
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
        state = read_state(self._path, reuse=run.model)  # the model's own is replaced in place
        run.recorder = state["recorder"]
        run.position.n, run.position.sums = state["position"]
        run.delayed[:] = state["delayed"]  # in place: the path holds the same list
        self._written = run.position.n

    def _require_same(self, kept: dict[str, str]) -> None:
        for topic, now in self._description.items():
            then = kept.get(topic, "")
            if then != now:
                raise ValueError(
                    f"{self._path} is of another run: {topic} was {_differing(then, now)}, not "
                    f"{_differing(now, then)}"
                )


def _differing(text: str, other: str) -> str:
    """The lines that the other text lacks, on one line; all if they differ in order alone."""
    lines, known = text.splitlines(), set(other.splitlines())
    return "; ".join([line.strip() for line in lines if line not in known] or lines) or "nothing"
