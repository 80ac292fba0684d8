"""The facts of the image sets: sizes, classes, checksums, and where they come from."""

from dataclasses import dataclass
from typing import Any

_CIFAR = "https://www.cs.toronto.edu/~kriz/"
_MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"


@dataclass(frozen=True)
class Original:
    """Files as they are published, and the function of `_image_files` that reads them.

    `md5` are the checksums that the publisher or torchvision states.
    """

    read: str
    urls: tuple[str, ...]
    md5: tuple[str, ...]


@dataclass(frozen=True)
class ImageSet:
    """The facts of one set of labelled images.

    `prepared` is a file of ours below the data folder and `sha256` its checksum. Classes without
    `labels` here are named by the files.
    """

    name: str
    title: str
    shape: tuple[int, int, int]  # channels, height, width
    n_train: int
    n_test: int
    n_classes: int
    n_tasks: int  # of the usual split
    labels: tuple[Any, ...] | None = None
    prepared: str | None = None
    sha256: str | None = None
    original: Original | None = None


_CIFAR10 = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
_CLOTHES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
_IDX = (
    *("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    *("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
)

IMAGE_SETS = {
    facts.name: facts
    for facts in (
        ImageSet(
            "cifar10",
            "CIFAR-10 (Krizhevsky, 2009)",
            (3, 32, 32),
            *(50_000, 10_000, 10, 5),
            _CIFAR10,
            "cifar10/cifar10_jpeg.npz",
            "59d2715ef6bea2ecf63284f9a92cbe3ec357b2f5e12d0b9d1c89d4aaad39d1a5",
            Original(
                "read_cifar",
                (_CIFAR + "cifar-10-binary.tar.gz",),
                ("c32a1d4ab5d03f1284b67883e8d87530",),
            ),
        ),
        ImageSet(
            "cifar10_mini",
            "the first 200 training and 50 test images a class of CIFAR-10",
            (3, 32, 32),
            *(2_000, 500, 10, 5),
            _CIFAR10,
            "cifar10/cifar10_mini.npz",
            "4471e820b94629a6a48dc129a8f93ad1ead905266c8982fde428e9244496153e",
        ),
        ImageSet(
            "cifar100",
            "CIFAR-100 (Krizhevsky, 2009)",
            (3, 32, 32),
            *(50_000, 10_000, 100, 10),
            original=Original(
                "read_cifar",
                (_CIFAR + "cifar-100-binary.tar.gz",),
                ("03b5dce01913d631647c71ecec9e9cb8",),
            ),
        ),
        ImageSet(
            "mnist",
            "MNIST digits (LeCun, Cortes, Burges)",
            (1, 28, 28),
            *(60_000, 10_000, 10, 5),
            tuple(range(10)),
            "mnist/mnist.npz",
            "1f48bb8d1c857bb9848078c6f2d79c7332d661c30e17929b0b504b88b3b313c7",
            Original(
                "read_idx",
                tuple(_MNIST + file for file in _IDX),
                (
                    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                    "d53e105ee54ea40749a09fcbcd1e9432",
                    "9fb629c4189551a2d022fa330f9573f3",
                    "ec29112dd5afa0611ce80d1b7f02629c",
                ),
            ),
        ),
        ImageSet(
            "fashion_mnist",
            "Fashion-MNIST (Xiao, Rasul, Vollgraf, 2017)",
            (1, 28, 28),
            *(60_000, 10_000, 10, 5),
            _CLOTHES,
            original=Original(
                "read_idx",
                tuple(_FASHION + file for file in _IDX),
                (
                    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                    "25c81989df183df01b3e8a0aad5dffbe",
                    "bef4ecab320f06d8554ea6380940ec79",
                    "bb300cfdad3c16e7a12a480ee83cd310",
                ),
            ),
        ),
        ImageSet(
            "fashion_mnist_12k",
            "the first 1,200 training and 200 test images a class of Fashion-MNIST",
            (1, 28, 28),
            *(12_000, 2_000, 10, 5),
            _CLOTHES,
            "fashion_mnist/fashion_mnist_12k.npz",
            "015a22613a98150212e6a289bcd1c314796a12115cbf744918e978db5bea91ca",
        ),
        ImageSet(
            "tiny_imagenet",
            "Tiny ImageNet (Stanford CS231n, 2009); its validation images are the test set",
            (3, 64, 64),
            *(100_000, 10_000, 200, 100),
            original=Original(
                "read_tiny_imagenet",
                ("http://cs231n.stanford.edu/tiny-imagenet-200.zip",),
                ("90528d7ca1a48142e341f4ef8d21d0de",),
            ),
        ),
        ImageSet(
            "tiny_imagenet_32px",
            "every second class of Tiny ImageNet, shrunk to 32 pixels",
            (3, 32, 32),
            *(50_000, 5_000, 100, 10),
            prepared="tiny_imagenet/tiny_imagenet_32px_100x550.npz",
            sha256="0c61f0abba5518bfab9f3d8a73e617ba1313d0bde28593952a94696862171f7b",
        ),
        ImageSet(
            "tiny_imagenet_mini",
            "50 training and 10 test images a class of Tiny ImageNet",
            (3, 64, 64),
            *(10_000, 2_000, 200, 100),
            prepared="tiny_imagenet/tiny_imagenet_64px_200x60.npz",
            sha256="34da8d25646db099945f23adfe3a4717c3c1f617edeb5d04ba39bd27a7f1ef47",
        ),
    )
}
