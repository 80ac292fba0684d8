"""Fetching the original of a table, and turning it into the prepared form."""

import gzip
import hashlib
import os
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from olearn.streams._table_facts import Table
from olearn.streams.base import Block
from olearn.streams.files import from_file

_TIMEOUT = 20  # seconds without an answer


def download(table: Table, path: Path, check: Callable[[Table, Path], None]) -> Path:
    """Fetch and convert a table's original and put it at `path`, if it passes `check`.

    Else nothing is left there.

    Raises
    ------
    OSError
        If the source cannot be reached.
    ValueError
        If the original or what it holds is not what it must be.

    """
    source = table.download
    assert source is not None, "only tables with a known source get here"
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        original = Path(folder) / source.filename
        fetch(source.url, original, f"downloading {table.name}")
        _check_sha256(original, source.sha256, source.url)
        prepared = Path(folder) / path.name
        X, y, names = _CONVERT[source.convert](table, original)
        np.savez_compressed(prepared, X=_compact(X), y=y.astype(np.uint8), feature_names=names)
        check(table, prepared)
        os.replace(prepared, path)
    return path


def fetch(url: str, path: Path, what: str) -> None:
    """Copy a URL into a file, with a progress bar where someone watches."""
    from rich.console import Console
    from rich.progress import wrap_file

    try:
        answer = urllib.request.urlopen(url, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()  # it holds the connection
        raise
    with answer as response, path.open("wb") as file:
        total = int(response.headers.get("Content-Length") or 0)
        console = Console(stderr=True)
        hidden = not sys.stderr.isatty()
        with wrap_file(
            response, total, description=what, console=console, transient=True, disable=hidden
        ) as body:
            shutil.copyfileobj(body, file)


def _check_sha256(path: Path, sha256: str | None, url: str) -> None:
    if sha256 is None:
        return  # unknown: the content is checked after the conversion
    got = hashlib.sha256(path.read_bytes()).hexdigest()
    if got != sha256:
        raise ValueError(
            f"{url} must have the sha256 checksum {sha256}, got {got}; nothing was kept"
        )


Converted = tuple[NDArray[np.float64], NDArray[np.int64], list[str]]


def from_table_file(table: Table, path: Path) -> Converted:
    """Convert a CSV or ARFF file, or a zip archive with one inside."""
    if path.suffix == ".zip":
        path = _unzipped(path)
    stream = from_file(path)
    X, y = _joined(stream.blocks(10_000))
    if set(stream.schema.labels) != set(table.labels):
        raise ValueError(
            f"{path.name} must have the labels {table.labels}, got {stream.schema.labels}"
        )
    codes = np.array([table.labels.index(label) for label in stream.schema.labels])
    return X, codes[y], list(stream.schema.names)


def from_covtype(table: Table, path: Path) -> Converted:
    """Convert UCI's covtype.data.gz: 54 columns and the cover type 1 to 7, without a header."""
    rows = np.loadtxt(path, delimiter=",", dtype=np.float64)
    names = [*_COVTYPE_NUMERIC, *(f"Wilderness_Area{k}" for k in range(1, 5))]
    names += [f"Soil_Type{k}" for k in range(1, 41)]
    return rows[:, :-1], rows[:, -1].astype(np.int64) - 1, names


def from_kdd99(table: Table, path: Path) -> Converted:
    """Convert the KDD Cup's file: 41 columns and the label with a full stop, without a header.

    Categories are coded in alphabetical order.
    """
    with gzip.open(path, "rt", encoding="ascii") as file:
        columns = list(zip(*(line.rstrip().split(",") for line in file), strict=True))
    labels = {label + ".": code for code, label in enumerate(table.labels)}
    y = np.array([labels[label] for label in columns.pop()])
    X = np.empty((len(y), len(columns)))
    for j, column in enumerate(columns):
        try:
            X[:, j] = np.array(column, np.float64)
        except ValueError:
            X[:, j] = np.unique(column, return_inverse=True)[1]
    return X, y, _KDD99_NAMES


_CONVERT: dict[str, Callable[[Table, Path], Converted]] = {
    "from_table_file": from_table_file,
    "from_covtype": from_covtype,
    "from_kdd99": from_kdd99,
}

_COVTYPE_NUMERIC = [
    "Elevation",
    "Aspect",
    "Slope",
    "Horizontal_Distance_To_Hydrology",
    "Vertical_Distance_To_Hydrology",
    "Horizontal_Distance_To_Roadways",
    "Hillshade_9am",
    "Hillshade_Noon",
    "Hillshade_3pm",
    "Horizontal_Distance_To_Fire_Points",
]

_KDD99_NAMES = [
    *("duration", "protocol_type", "service", "flag", "src_bytes", "dst_bytes", "land"),
    *("wrong_fragment", "urgent", "hot", "num_failed_logins", "logged_in", "num_compromised"),
    *("root_shell", "su_attempted", "num_root", "num_file_creations", "num_shells"),
    *("num_access_files", "num_outbound_cmds", "is_host_login", "is_guest_login", "count"),
    *("srv_count", "serror_rate", "srv_serror_rate", "rerror_rate", "srv_rerror_rate"),
    *("same_srv_rate", "diff_srv_rate", "srv_diff_host_rate", "dst_host_count"),
    *("dst_host_srv_count", "dst_host_same_srv_rate", "dst_host_diff_srv_rate"),
    *("dst_host_same_src_port_rate", "dst_host_srv_diff_host_rate", "dst_host_serror_rate"),
    *("dst_host_srv_serror_rate", "dst_host_rerror_rate", "dst_host_srv_rerror_rate"),
]


def _unzipped(path: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        members = [m for m in archive.namelist() if m.lower().endswith((".arff", ".csv"))]
        members = [m for m in members if not m.startswith("__MACOSX")]
        if len(members) != 1:
            raise ValueError(f"{path.name} must hold one ARFF or CSV file, has {members}")
        unpacked = path.parent / Path(members[0]).name
        with archive.open(members[0]) as source, unpacked.open("wb") as file:
            shutil.copyfileobj(source, file)
    return unpacked


def _joined(blocks: Iterable[Block]) -> Block:
    pairs = list(blocks)
    return np.concatenate([X for X, _ in pairs]), np.concatenate([y for _, y in pairs])


def _compact(X: NDArray[np.float64]) -> NDArray[np.float64] | NDArray[np.int16]:
    """Return X as int16 where that loses nothing, which makes large integer tables small."""
    if np.isfinite(X).all() and np.abs(X).max() <= np.iinfo(np.int16).max:
        small = X.astype(np.int16)
        if np.array_equal(small, X):
            return small
    return X
