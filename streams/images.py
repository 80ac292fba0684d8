"""Images as class-incremental streams, found on this machine or downloaded."""

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.data_home import cache_folder, data_places
from olearn.core.validate import check_choice
from olearn.streams._image_facts import IMAGE_SETS, ImageSet
from olearn.streams._image_files import READERS, Arrays, read_prepared
from olearn.streams.class_incremental import ClassIncremental

__all__ = ["image_names", "split_images"]

_FORMAT = 1  # of the decoded copies; another number ignores older ones
_PARTS = ("X_train", "y_train", "X_test", "y_test")


def image_names() -> list[str]:
    """Return the names that `split_images` knows, sorted.

    Examples
    --------
    >>> from olearn import streams
    >>> streams.image_names()[:3]
    ['cifar10', 'cifar100', 'cifar10_mini']

    """
    return sorted(IMAGE_SETS)


def split_images(name: str, n_tasks: int | None = None, **options: Any) -> ClassIncremental:
    """Return a set of images as a class-incremental stream, such as Split CIFAR-10.

    The images are looked for in `$OLEARN_DATA`, then in the user's cache (`$XDG_CACHE_HOME/olearn`,
    by default `~/.cache/olearn`), and then downloaded where a public source with a checksum is
    known. They are decoded once and kept in the cache as `.npy` files, which are mapped.

    Parameters
    ----------
    name
        One of `image_names`: cifar10, cifar100, mnist, fashion_mnist, tiny_imagenet; or a smaller
        set, prepared from one of these, that cannot be downloaded.
    n_tasks
        Number of tasks; None is the usual one: 5, of CIFAR-100 10, of Tiny ImageNet 100.
    options
        Of `ClassIncremental`: `seed`, `class_order`, `blurry`, `imbalance`, `train_per_class`,
        `test_per_class`, `flat`.

    Raises
    ------
    ValueError
        If the name is unknown or a file is not what it must be.
    FileNotFoundError
        If the images are nowhere; the message says how to provide them.
    ModuleNotFoundError
        If they are JPEG and Pillow, the extra `images`, is not installed.

    Notes
    -----
    A prepared copy of CIFAR-10 is JPEG-compressed: figures differ a little from those on the
    original. The stream's `name` says which of the two it is.

    Examples
    --------
    >>> from olearn import streams
    >>> stream = streams.split_images("mnist", seed=1)  # doctest: +SKIP
    >>> X, y = next(stream.blocks(10))  # doctest: +SKIP
    >>> X.shape, X.dtype, stream.tasks[0]  # doctest: +SKIP
    ((10, 1, 28, 28), dtype('uint8'), (4, 8))

    """
    check_choice("name", name, IMAGE_SETS)
    facts = IMAGE_SETS[name]
    images = load_images(facts)
    X, y, X_test, y_test = (images.arrays[part] for part in _PARTS)
    return ClassIncremental(
        X,
        y,
        X_test,
        y_test,
        n_tasks=facts.n_tasks if n_tasks is None else n_tasks,
        labels=images.labels,
        name=images.title,
        **options,
    )


@dataclass(frozen=True)
class LoadedImages:
    """Arrays `X_train`, `y_train`, `X_test`, `y_test` (codes), labels, and what they are."""

    arrays: dict[str, NDArray[Any]]
    labels: tuple[Any, ...]
    title: str


def load_images(facts: ImageSet) -> LoadedImages:
    """Return a set of images, decoded and put into the cache if need be."""
    places = []
    if facts.prepared is not None:
        assert facts.sha256 is not None, "prepared files have a checksum"
        kept = _kept_folder(facts, facts.sha256)
        places = data_places(facts.prepared)
        if not kept.is_dir():
            for path in filter(Path.is_file, places):
                _check(path, facts.sha256, "sha256")
                _keep(facts, kept, read_prepared(path))
                break
        if kept.is_dir():
            return _opened(facts, kept, f"{facts.name}, prepared file {Path(facts.prepared).name}")
    if facts.original is None:
        raise FileNotFoundError(
            f"the images {facts.name!r} ({facts.title}) are not here; looked for "
            f"{' and '.join(map(str, places))}. They cannot be downloaded: put the file there, or "
            "set OLEARN_DATA to the folder that has it"
        )
    kept = _kept_folder(facts, facts.original.md5[0])
    if not kept.is_dir():
        _keep(facts, kept, _download(facts, places))
    return _opened(facts, kept, f"{facts.name}, original")


def _kept_folder(facts: ImageSet, checksum: str) -> Path:
    return cache_folder() / "images" / f"{facts.name}-{checksum[:12]}-{_FORMAT}"


def _download(facts: ImageSet, places: list[Path]) -> Arrays:
    from olearn.streams._download import fetch

    original = facts.original
    assert original is not None, "asked for sets that have one only"
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for url, md5 in zip(original.urls, original.md5, strict=True):
            path = Path(folder) / url.rsplit("/", 1)[1]
            try:
                fetch(url, path, f"downloading {facts.name}")
            except OSError as error:
                looked = "".join(f"; looked for {place}" for place in places)
                raise FileNotFoundError(
                    f"the images {facts.name!r} ({facts.title}) are not here{looked}; and the "
                    f"download from {url} failed ({error}). Smaller prepared sets and other names: "
                    f"{', '.join(image_names())}"
                ) from error
            _check(path, md5, "md5", url)
            paths.append(path)
        return READERS[original.read](paths)


def _check(path: Path, checksum: str, kind: str, source: str | None = None) -> None:
    with path.open("rb") as file:
        got = hashlib.file_digest(file, kind).hexdigest()
    if got != checksum:
        raise ValueError(f"{source or path} must have the {kind} checksum {checksum}, got {got}")


def _keep(facts: ImageSet, folder: Path, arrays: Arrays) -> None:
    """Check the decoded images and put them into the cache, whole or not at all."""
    labels = facts.labels or tuple(arrays["labels"].tolist())
    for part, n in (("train", facts.n_train), ("test", facts.n_test)):
        X, y = arrays[f"X_{part}"], arrays[f"y_{part}"]
        classes = np.unique(y)
        for what, want, got in (
            ("shape", (n, *facts.shape), X.shape),
            ("number of labels", n, len(y)),
            ("number of classes", facts.n_classes, len(classes)),
            ("highest class", facts.n_classes - 1, int(classes.max())),
            ("number of class names", facts.n_classes, len(set(labels))),
        ):
            if want != got:
                raise ValueError(
                    f"the {part} part of {facts.name}: {what} must be {want}, got {got}"
                )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        whole = Path(made) / "whole"
        whole.mkdir()
        for part in _PARTS:
            array = arrays[part].astype(np.int64) if part.startswith("y") else arrays[part]
            np.save(whole / f"{part}.npy", np.ascontiguousarray(array))
        (whole / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
        try:
            whole.rename(folder)
        except OSError:  # another process was first
            if not folder.is_dir():
                raise


def _opened(facts: ImageSet, folder: Path, title: str) -> LoadedImages:
    arrays = {part: np.load(folder / f"{part}.npy", mmap_mode="r") for part in _PARTS}
    labels = tuple(json.loads((folder / "labels.json").read_text(encoding="utf-8")))
    return LoadedImages(arrays, labels, title)
