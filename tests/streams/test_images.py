"""Tests of `olearn.streams.images`, the files made here, the server on this machine."""

import dataclasses
import gzip
import hashlib
import io
import os
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from olearn import streams
from olearn.streams import _image_facts, _image_files, images

DATA = os.environ.get("OLEARN_DATA")
RNG = np.random.default_rng(0)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder of the cache, empty, and no other data."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("OLEARN_DATA", raising=False)
    return tmp_path / "cache" / "olearn"


def digest(path, kind):
    return hashlib.new(kind, path.read_bytes()).hexdigest()


def facts_of(name, monkeypatch, **changes):
    """Put facts of a small set in the place of real ones."""
    small = dataclasses.replace(_image_facts.IMAGE_SETS[name], **changes)
    monkeypatch.setitem(images.IMAGE_SETS, name, small)
    return small


def offered(served, files):
    """Put files on the server; return their addresses and checksums."""
    folder, url = served
    for name, content in files.items():
        (folder / name).write_bytes(content)
    md5 = tuple(digest(folder / name, "md5") for name in files)
    return tuple(url + name for name in files), md5


def jpeg(image):
    """One image (height, width, 3) or (height, width) as JPEG bytes."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=95)
    return out.getvalue()


def tar_gz(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def idx(array):
    shape = np.array(array.shape, ">i4").tobytes()
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + shape + array.tobytes())


def test_prepared_jpeg_is_decoded_once(cache, tmp_path, monkeypatch):
    """JPEG bytes become uint8 (n, 3, height, width) in the cache; later the file is not needed."""
    pictures = [np.full((8, 8, 3), 20 * k, np.uint8) for k in range(6)]
    pictures[5] = pictures[5][:, :, 0]  # a grey file becomes RGB
    pieces = [jpeg(picture) for picture in pictures]
    ends = np.cumsum([0, *map(len, pieces)]).astype(np.uint32)
    data = np.frombuffer(b"".join(pieces), np.uint8)
    path = tmp_path / "data" / "small" / "small.npz"
    path.parent.mkdir(parents=True)
    parts = {}
    for part in ("train", "test"):
        parts |= {f"{part}_jpeg": data, f"{part}_offsets": ends}
        parts[f"{part}_labels"] = np.arange(6, dtype=np.uint8) % 2
    np.savez(path, **parts, class_names=np.array(["owl", "elk"]))
    facts_of(
        "tiny_imagenet_mini",
        monkeypatch,
        shape=(3, 8, 8), n_train=6, n_test=6, n_classes=2,
        prepared="small/small.npz", sha256=digest(path, "sha256"),
    )  # fmt: skip
    monkeypatch.setenv("OLEARN_DATA", str(tmp_path / "data"))
    stream = streams.split_images("tiny_imagenet_mini", 2, class_order=None, seed=3)
    assert stream.tasks == (("owl",), ("elk",))
    X, y = next(stream.blocks(100))
    assert X.shape == (6, 3, 8, 8)
    assert sorted(X[y == 0][:, 0, 0, 0].tolist()) == pytest.approx([0, 40, 80], abs=3)
    assert sorted(X[y == 1][:, 2, 4, 4].tolist()) == pytest.approx([20, 60, 100], abs=3)
    path.unlink()
    again = streams.split_images("tiny_imagenet_mini", 2, class_order=None, seed=3)
    np.testing.assert_array_equal(next(again.blocks(100))[0], X)
    (kept,) = (cache / "images").iterdir()
    assert {file.name for file in kept.iterdir()} == {
        *("X_train.npy", "y_train.npy", "X_test.npy", "y_test.npy", "labels.json")
    }


def test_wrong_prepared_file_is_refused(cache, tmp_path, monkeypatch):
    """Another content than the recorded one is named, and nothing is kept."""
    path = tmp_path / _image_facts.IMAGE_SETS["mnist"].prepared
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no")
    monkeypatch.setenv("OLEARN_DATA", str(tmp_path))
    with pytest.raises(ValueError, match="must have the sha256 checksum 1f48bb8d"):
        streams.split_images("mnist")
    assert not (cache / "images").exists()


def cifar_files(fine):
    """Archives as Toronto's, of few records, and the images in them."""
    X = RNG.integers(0, 256, (12, 3, 32, 32)).astype(np.uint8)
    y = np.arange(12, dtype=np.uint8) % 3
    heads = np.column_stack([y * 0 + 9, y]) if fine else y[:, None]
    records = np.hstack([heads.astype(np.uint8), X.reshape(12, -1)])
    if fine:
        files = {"train.bin": records[:10], "test.bin": records[9:]}
        names = ("coarse_label_names.txt", "fine_label_names.txt")
    else:
        files = {f"data_batch_{k + 1}.bin": records[2 * k : 2 * k + 2] for k in range(5)}
        files["test_batch.bin"] = records[9:]
        names = ("batches.meta.txt",)
    content = {f"cifar/{name}": rows.tobytes() for name, rows in files.items()}
    content |= {f"cifar/{name}": b"apple\nbear\ncrab\n\n" for name in names}
    return tar_gz(content), X


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_cifar_is_downloaded_and_kept(name, cache, served, monkeypatch):
    """The binary archive is fetched, checked and read; the second time no server is asked."""
    archive, X = cifar_files(name == "cifar100")
    urls, md5 = offered(served, {"c.tar.gz": archive})
    original = _image_facts.Original("read_cifar", urls, md5)
    facts_of(
        name, monkeypatch, n_train=10, n_test=3, n_classes=3, labels=None, original=original
    )  # fmt: skip
    stream = streams.split_images(name, 3, class_order=None)
    assert stream.tasks == (("apple",), ("bear",), ("crab",))
    assert stream.name == f"{name}, original"
    assert stream.n_samples == 10
    np.testing.assert_array_equal(stream.test_set(2)[0], X[[11]])
    (served[0] / "c.tar.gz").unlink()
    assert streams.split_images(name, 3).n_samples == 10


def test_idx_files(cache, served, monkeypatch):
    """Four compressed IDX files become images of one channel."""
    X, y = RNG.integers(0, 256, (8, 28, 28)).astype(np.uint8), np.arange(8, dtype=np.uint8) % 4
    files = {"a.gz": idx(X), "b.gz": idx(y), "c.gz": idx(X[4:]), "d.gz": idx(y[4:])}
    original = _image_facts.Original("read_idx", *offered(served, files))
    changes = {"n_train": 8, "n_test": 4, "n_classes": 4, "labels": (0, 1, 2, 3)}
    facts_of("fashion_mnist", monkeypatch, original=original, **changes)
    stream = streams.split_images("fashion_mnist", 1, class_order=None)
    assert next(stream.blocks(8))[0].shape == (8, 1, 28, 28)
    np.testing.assert_array_equal(stream.test_set(0)[0][:, 0], X[4:])


def test_tiny_imagenet_archive(tmp_path):
    """Classes by the first name of their wnid; the validation images are the test set."""
    pictures = [jpeg(np.full((8, 8, 3), 40 * k, np.uint8)) for k in range(4)]
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        root = "tiny-imagenet-200/"
        archive.writestr(root + "wnids.txt", "n2\nn1\n")
        archive.writestr(root + "words.txt", "n1\towl, bird of Minerva\nn2\telk\nn3\tape\n")
        for k, wnid in enumerate(("n1", "n2")):
            archive.writestr(f"{root}train/{wnid}/images/{wnid}_0.JPEG", pictures[k])
            archive.writestr(f"{root}val/images/val_{k}.JPEG", pictures[2 + k])
        archive.writestr(
            root + "val/val_annotations.txt", "val_1.JPEG\tn1\t0\t0\nval_0.JPEG\tn2\t1\t1\n"
        )
    found = _image_files.read_tiny_imagenet([path])
    assert found["labels"].tolist() == ["elk", "owl"]
    assert found["y_train"].tolist() == [1, 0]
    assert found["y_test"].tolist() == [1, 0]
    assert found["X_test"][:, 0, 0, 0].tolist() == pytest.approx([120, 80], abs=3)


def test_wrong_checksum_keeps_nothing(cache, served, monkeypatch):
    """A changed original is refused by its address."""
    urls, _ = offered(served, {"c.tar.gz": b"changed"})
    original = _image_facts.Original("read_cifar", urls, ("0" * 32,))
    facts_of("cifar100", monkeypatch, original=original)
    with pytest.raises(ValueError, match=r"c.tar.gz must have the md5 checksum 0{32}, got"):
        streams.split_images("cifar100")
    assert not (cache / "images").exists()


def test_wrong_content_keeps_nothing(cache, served, monkeypatch):
    """Another number of images than there must be is refused."""
    archive, _ = cifar_files(fine=True)
    original = _image_facts.Original("read_cifar", *offered(served, {"c.tar.gz": archive}))
    facts_of("cifar100", monkeypatch, original=original)
    with pytest.raises(ValueError, match=r"shape must be \(50000, 3, 32, 32\), got \(10, 3"):
        streams.split_images("cifar100")
    assert not (cache / "images").exists()


def test_nowhere_to_be_had(cache, served, monkeypatch):
    """The message names the places, the address, and other sets."""
    original = _image_facts.Original("read_cifar", (served[1] + "gone.tar.gz",), ("0" * 32,))
    facts_of("cifar10", monkeypatch, original=original)
    with pytest.raises(FileNotFoundError) as caught:
        streams.split_images("cifar10")
    for part in (str(cache / "cifar10"), "gone.tar.gz", "404", "cifar10_mini"):
        assert part in str(caught.value)
    with pytest.raises(FileNotFoundError, match="cannot be downloaded: put the file there"):
        streams.split_images("cifar10_mini")


def test_without_pillow(monkeypatch):
    """The message says what to install."""
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'olearn\[images\]'"):
        _image_files.decode([b""], "decoding")


def test_names_are_those_that_can_be_split():
    """Sorted, each with facts of its own."""
    assert streams.image_names() == sorted(images.IMAGE_SETS)
    assert {"cifar10", "cifar100", "tiny_imagenet"} <= set(streams.image_names())


def test_unknown_name():
    """The nearest names are offered."""
    with pytest.raises(ValueError, match="did you mean 'cifar10'"):
        streams.split_images("cifar")


def test_facts_are_whole():
    """Every set can be had somehow: a checksum beside each file, a reader for each original."""
    for facts in _image_facts.IMAGE_SETS.values():
        assert facts.prepared or facts.original
        assert (facts.prepared is None) == (facts.sha256 is None)
        if facts.labels is not None:
            assert len(set(facts.labels)) == facts.n_classes
        if facts.original is not None:
            assert facts.original.read in _image_files.READERS
            assert [len(md5) for md5 in facts.original.md5] == [32] * len(facts.original.urls)


@pytest.mark.parametrize("name", ["cifar10_mini", "fashion_mnist_12k"])
def test_real_images(name, cache, monkeypatch):
    """The prepared sets have their sizes, classes and usual tasks."""
    facts = _image_facts.IMAGE_SETS[name]
    if DATA is None or not (Path(DATA) / facts.prepared).is_file():
        pytest.skip(f"{name} is not in $OLEARN_DATA")
    monkeypatch.setenv("OLEARN_DATA", DATA)
    stream = streams.split_images(name, seed=1)
    X, y = next(stream.blocks(facts.n_train))
    assert X.shape == (facts.n_train, *facts.shape)
    assert np.bincount(y).tolist() == [facts.n_train // 10] * 10
    assert [len(task) for task in stream.tasks] == [2] * 5
    assert 40 < X.mean() < 160
