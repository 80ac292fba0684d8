"""Reading image sets from the files in which they are published or prepared."""

import gzip
import io
import itertools
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

Images = NDArray[np.uint8]
Arrays = dict[str, NDArray[Any]]
"""`X_train`, `X_test` uint8 (n, channels, height, width), `y_train`, `y_test`, maybe `labels`."""


def read_prepared(path: Path) -> Arrays:
    """Read a prepared file: images as arrays, channels last or none, or as JPEG bytes."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    found: Arrays = {}
    if "class_names" in arrays:
        found["labels"] = arrays["class_names"]
    for part in ("train", "test"):
        if f"{part}_jpeg" in arrays:
            data, ends = arrays[f"{part}_jpeg"], arrays[f"{part}_offsets"].astype(np.int64)
            pieces = [data[a:b].tobytes() for a, b in itertools.pairwise(ends)]
            found[f"X_{part}"] = decode(pieces, f"decoding {path.stem}, {part}")
            found[f"y_{part}"] = arrays[f"{part}_labels"]
        else:
            X = arrays[f"X_{part}"]
            X = X[:, None] if X.ndim == 3 else X.transpose(0, 3, 1, 2)
            found[f"X_{part}"] = np.ascontiguousarray(X)
            found[f"y_{part}"] = arrays[f"y_{part}"]
    return found


def read_cifar(paths: Sequence[Path]) -> Arrays:
    """Read CIFAR's archive of binary records: label bytes, then 3,072 pixels channel by channel.

    CIFAR-100 has two label bytes, of which the second is the class.
    """
    with tarfile.open(paths[0]) as archive:
        files = {Path(member.name).name: member for member in archive.getmembers()}

        def content(name: str) -> bytes:
            opened = archive.extractfile(files[name])
            assert opened is not None, "a plain file"
            return opened.read()

        fine = "fine_label_names.txt" in files
        train = ["train.bin"] if fine else [f"data_batch_{k}.bin" for k in range(1, 6)]
        parts = {"train": train, "test": ["test.bin" if fine else "test_batch.bin"]}
        names = content("fine_label_names.txt" if fine else "batches.meta.txt").decode().split()
        found: Arrays = {"labels": np.array(names)}
        for part, members in parts.items():
            raw = np.frombuffer(b"".join(map(content, members)), np.uint8)
            records = raw.reshape(-1, 1 + fine + 3072)
            found[f"X_{part}"] = records[:, 1 + fine :].reshape(-1, 3, 32, 32)
            found[f"y_{part}"] = records[:, int(fine)]
    return found


def read_idx(paths: Sequence[Path]) -> Arrays:
    """Read four compressed IDX files: training images and labels, test images and labels."""
    arrays = []
    for path in paths:
        raw = gzip.decompress(path.read_bytes())
        n_axes = raw[3]  # after two zeros and the code of bytes, 8
        shape = np.frombuffer(raw, ">i4", n_axes, 4)
        arrays.append(np.frombuffer(raw, np.uint8, offset=4 + 4 * n_axes).reshape(shape))
    X_train, y_train, X_test, y_test = arrays
    return {
        "X_train": X_train[:, None],
        "y_train": y_train,
        "X_test": X_test[:, None],
        "y_test": y_test,
    }


def read_tiny_imagenet(paths: Sequence[Path]) -> Arrays:
    """Read the archive of Tiny ImageNet; classes in the order of `wnids.txt`, by first name."""
    with zipfile.ZipFile(paths[0]) as archive:

        def lines(name: str) -> list[str]:
            return archive.read(f"tiny-imagenet-200/{name}").decode().splitlines()

        wnids = [wnid.strip() for wnid in lines("wnids.txt")]
        words = dict(line.split("\t", 1) for line in lines("words.txt"))
        names = [words[wnid].split(",")[0] for wnid in wnids]
        codes = {wnid: code for code, wnid in enumerate(wnids)}
        members = [name for name in archive.namelist() if name.endswith(".JPEG")]
        train = sorted(name for name in members if "/train/" in name)
        val = [line.split("\t")[:2] for line in lines("val/val_annotations.txt")]
        test = [f"tiny-imagenet-200/val/images/{name}" for name, _ in val]
        return {
            "X_train": decode(map(archive.read, train), "decoding Tiny ImageNet", len(train)),
            "y_train": np.array([codes[name.split("/")[2]] for name in train], np.uint8),
            "X_test": decode(map(archive.read, test), "decoding its test images", len(test)),
            "y_test": np.array([codes[wnid] for _, wnid in val], np.uint8),
            "labels": np.array(names if len(set(names)) == len(names) else wnids),
        }


READERS = {"read_cifar": read_cifar, "read_idx": read_idx, "read_tiny_imagenet": read_tiny_imagenet}


def decode(pieces: Iterable[bytes], what: str, total: int | None = None) -> Images:
    """Decode JPEG images to uint8 `(n, 3, height, width)`, with a progress bar; needs Pillow.

    Raises
    ------
    ModuleNotFoundError
        If Pillow is not installed.

    """
    try:
        from PIL import Image
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "the images are JPEG, and Pillow, which reads them, is not installed: "
            "pip install 'olearn[images]'"
        ) from error
    console, hidden = Console(stderr=True), not sys.stderr.isatty()
    rows = [
        np.asarray(Image.open(io.BytesIO(piece)).convert("RGB"))  # some are grey
        for piece in track(pieces, what, total, console=console, transient=True, disable=hidden)
    ]
    return np.ascontiguousarray(np.stack(rows).transpose(0, 3, 1, 2))
