"""Where the bytes of a table come from: a plain or packed file, or standard input."""

import codecs
import contextlib
import io
import sys
import tempfile
import weakref
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from olearn.core.validate import file_to_read

STANDARD_INPUT = "-"

_PACKED = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".zip": "zip"}
_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip"}


class Opener:
    """A file whose bytes can be read from the start again and again.

    Parameters
    ----------
    path
        The file, which may be packed by gzip, bzip2 or Zstandard, or be a zip archive with one
        file in it; `-` is standard input, which is kept in a temporary file as it is read.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        If there is no such file.
    ValueError
        If an archive holds none or several files.

    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.packing: str | None = None
        self._replay: _Replay | None = None
        self._member = ""
        self.name = self.path.name
        if str(path) == STANDARD_INPUT:
            self._replay, self.path, self.name = _Replay(), Path("standard input"), ""
            self.packing = _packing(self._replay.read(0, 4))
            if self.packing == "zip":
                raise ValueError("standard input must not be a zip archive: unpack it")
            return
        file_to_read(self.path)
        ending = self.path.suffix.lower()
        with self.path.open("rb") as file:
            self.packing = _PACKED.get(ending) or _packing(file.read(4))
        if ending in _PACKED:
            self.name = self.path.stem
        if self.packing == "zip":
            self.name = self._member = self._only_member()

    @property
    def ending(self) -> str:
        """The ending of the name without that of the packing, such as `.csv`; may be empty."""
        return Path(self.name).suffix.lower()

    @property
    def is_plain(self) -> bool:
        """Whether the file itself holds the bytes."""
        return self.packing is None and self._replay is None

    def open(self) -> Any:
        """Open the unpacked bytes from the start: a file object of Arrow or of Python."""
        import pyarrow

        if self._replay is not None:
            file = self._replay.open()
        elif self.packing == "zip":
            return zipfile.ZipFile(self.path).open(self._member)
        else:
            file = pyarrow.OSFile(str(self.path))
        return file if self.packing is None else pyarrow.CompressedInputStream(file, self.packing)

    def head(self, size: int) -> bytes:
        """Return the first bytes."""
        with self.reading(), self.open() as file:
            return bytes(file.read(size))

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Say in words what is wrong with a packed file."""
        try:
            yield
        except (OSError, EOFError, zipfile.BadZipFile) as error:
            if self.packing is None or getattr(error, "errno", None) is not None:
                raise
            raise ValueError(f"{self.path} must be compressed by {self.packing}: {error}") from None

    def _only_member(self) -> str:
        with self.reading(), zipfile.ZipFile(self.path) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
        names = [name for name in names if not name.startswith("__MACOSX/")]
        if "[Content_Types].xml" in names:
            raise ValueError(
                f"{self.path} is a workbook, which cannot be read: save the sheet as CSV"
            )
        if len(names) != 1:
            listed = ", ".join(map(repr, names[:8])) or "none"
            raise ValueError(f"{self.path} must hold one table, has {listed}: unpack it")
        return names[0]


class _Replay:
    """Standard input, kept as far as it was read, so that it can be read again."""

    def __init__(self) -> None:
        self._kept = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this object
        weakref.finalize(self, self._kept.close)
        self._source: IO[bytes] = sys.stdin.buffer

    def open(self) -> IO[bytes]:
        """Return a file that begins at the first byte of the input."""
        return io.BufferedReader(_ReplayReader(self))

    def __reduce__(self) -> Any:
        raise TypeError("a stream of standard input cannot be copied: write it to a file")

    def read(self, position: int, size: int) -> bytes:
        """Return bytes from a position, reading on from the source where there are none yet."""
        end = self._kept.seek(0, io.SEEK_END)
        if position >= end:
            self._kept.write(self._source.read1(size))  # type: ignore[attr-defined]
        self._kept.seek(position)
        return self._kept.read(size)


class _ReplayReader(io.RawIOBase):
    """One reading of a `_Replay`."""

    def __init__(self, replay: _Replay) -> None:
        self._replay = replay
        self._position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._replay.read(self._position, len(buffer))
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)


def _packing(head: bytes) -> str | None:
    """Tell from the first bytes how a file is packed."""
    return next((kind for mark, kind in _MAGIC.items() if head.startswith(mark)), None)


def open_text(opener: Opener, encoding: str = "utf-8") -> IO[str]:
    """Open a file as text; line ends stay as they are, a byte order mark does not."""
    return io.TextIOWrapper(opener.open(), encoding=text_encoding(encoding), newline="")


def text_encoding(encoding: str) -> str:
    """Return the codec that reads a text in an encoding; raise at an unknown one."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise ValueError(
            f"encoding must be one that Python knows, such as 'utf-8' or 'latin-1', "
            f"got {encoding!r}"
        ) from None
    return "utf-8-sig" if name == "utf-8" else name


def no_text(opener: Opener, encoding: str, error: UnicodeDecodeError | None) -> ValueError:
    """Return the error for a text in another encoding, with the line where it shows."""
    number, why = _undecodable_line(opener, encoding)
    where = "" if number is None else f" in line {number}"
    start = opener.head(2)
    other = "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "latin-1"
    return ValueError(
        f"{opener.path} must be text in {encoding.upper()}{where}: {error or why}; "
        f"encoding={other!r} may be the one"
    )


def _undecodable_line(opener: Opener, encoding: str) -> tuple[int | None, str]:
    """Return the first line, from 1, with bytes that the encoding does not have."""
    if "16" in encoding or "32" in encoding:
        return None, "its bytes are of another encoding"  # their lines cannot be told apart
    codec = text_encoding(encoding)
    with io.BufferedReader(opener.open()) as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode(codec)
            except UnicodeDecodeError as error:
                return number, str(error)
    return None, "its bytes are of another encoding"
