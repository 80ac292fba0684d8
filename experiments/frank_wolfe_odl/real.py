"""Real samples of the dictionary experiment: sensors and digits against peers, and an image."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct
from sklearn.datasets import load_digits, load_sample_image
from sklearn.decomposition import IncrementalPCA, MiniBatchDictionaryLearning, SparseCoder

from olearn import learners
from olearn.learners.dictionary import keep_largest, polar

Array = NDArray[np.float64]
Records = list[dict[str, Any]]

_FILES = {
    "PM2.5, Krakow": ("airly_pm25/airly_krakow_pm25.npz", "pm25"),
    "Intel lab, temperature": ("intel_lab/intel_lab_30min.npz", "temperature"),
    "gas sensors": ("gas_sensor/gas_sensor_batches_1-6_8_9.npz", "X"),
}
SETS = (*_FILES, "digits")
SHARES = (0.1, 0.2, 1 / 3, 0.5)  # of the codes that are kept
_LEARN = 0.6  # of the rows, in order of time, are learnt; the rest is held out

OURS: dict[str, dict[str, Any]] = {
    "Frank-Wolfe, 1 pass": {},
    "Frank-Wolfe, 10 passes": {"passes": 10},
    "annealed, 1 pass": {"method": "annealed", "floor": 0.3, "decay": 0.96},
    "annealed after PCA, 1 pass": {
        "method": "annealed", "floor": 0.3, "warm_up": 10, "start_level": 0.3,
    },
}  # fmt: skip
PEERS = (
    "IncrementalPCA", "scikit-learn dictionary, OMP", "batch power method", "batch Procrustes",
    "DCT",
)  # fmt: skip

WITHOUT_CHANCE = ("IncrementalPCA", "DCT")  # one seed is enough


def find_sets() -> tuple[list[str], list[str]]:
    """Return the sets that are there and those that are not."""
    found = [name for name in SETS if name == "digits" or path_of(name).exists()]
    return found, [name for name in SETS if name not in found]


def path_of(name: str) -> Path:
    """Return where a set's file would be."""
    return Path(os.environ.get("OLEARN_DATA", "")) / _FILES[name][0]


def read_set(name: str) -> Array:
    """Return rows in order of time, gaps filled with the row's mean, scaled by the maximum."""
    if name == "digits":
        return np.asarray(load_digits().data, dtype=np.float64) / 16.0
    with np.load(path_of(name)) as file:
        X = file[_FILES[name][1]].astype(np.float64)
    if name.startswith("PM2.5"):
        X = X[:744]  # the hours of the published table
    X = X[~np.isnan(X).all(axis=1)]
    means = np.nanmean(X, axis=1, keepdims=True)
    X = np.where(np.isnan(X), means, X)
    if name == "gas sensors":
        X = X[::3]  # neighbours are near copies
        X = X / np.abs(X[: round(_LEARN * len(X))]).max(axis=0)  # resistances and shares beside it
    return X / np.abs(X).max()


def run_sensor(method: str, name: str, seed: int) -> Records:
    """Learn the first rows, rebuild the others from their largest codes; relative errors."""
    X = read_set(name)
    cut = round(_LEARN * len(X))
    train, held = X[:cut], X[cut:]
    n = X.shape[1]
    counts = [max(1, round(share * n)) for share in SHARES]
    if method in OURS:
        errors = of_basis(our_basis(method, train, seed), held, counts)
    elif method == "IncrementalPCA":
        pca = IncrementalPCA(n_components=n, batch_size=n).fit(train[: len(train) // n * n])
        errors = of_basis(pca.components_, held, counts, pca.mean_)
    elif method == "DCT":
        errors = of_basis(dct_basis(n, square=name == "digits"), held, counts)
    elif method.startswith("batch"):
        errors = of_basis(batch_basis(method, train, counts[1], seed), held, counts)
    else:
        errors = sklearn_errors(train, held, counts, seed)
    return [
        {"study": "sensors", "set": name, "method": method, "seed": seed, "kept": k, "error": e}
        for k, e in zip(counts, errors, strict=True)
    ]


def our_basis(method: str, train: Array, seed: int) -> Array:
    """Return the atoms of one of our methods after its passes."""
    options = dict(OURS[method])
    passes = options.pop("passes", 1)
    model = learners.OrthogonalDictionaryLearner(batch_size=batch_of(train), seed=seed, **options)
    for _ in range(passes):
        model.learn_many(train)
    model.flush()
    return model.components


def batch_of(train: Array) -> int:
    """Return the size of batches, of ours and of scikit-learn's: few rows, small batches."""
    return 8 if train.shape[1] < 100 else 32


def of_basis(A: Array, X: Array, counts: list[int], mean: Any = 0.0) -> list[float]:
    """Return the relative error for each number of largest codes in an orthonormal basis."""
    Z = (X - mean) @ A.T
    rebuilt = [mean + keep_largest(Z, k) @ A for k in counts]
    return [float(np.linalg.norm(X - R) / np.linalg.norm(X)) for R in rebuilt]


def batch_basis(method: str, train: Array, k: int, seed: int) -> Array:
    """Return what a method finds that sees all rows 100 times: powers, or codes and Procrustes."""
    n = train.shape[1]
    A = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0]
    for _ in range(100):
        Z = train @ A.T
        H = Z * abs(Z) if "power" in method else keep_largest(Z, k)
        A = polar(H.T @ train + 1e-9 * A)
    return A


def sklearn_errors(train: Array, held: Array, counts: list[int], seed: int) -> list[float]:
    """Return errors with orthogonal matching pursuit; alpha is the better of two on `held`."""
    n = train.shape[1]
    tried = []
    for alpha in (0.05, 0.2):
        peer = MiniBatchDictionaryLearning(
            n_components=n, alpha=alpha, batch_size=batch_of(train), max_iter=1, fit_algorithm="cd",
            random_state=seed,
        ).fit(train)  # fmt: skip
        D = peer.components_ / np.maximum(np.linalg.norm(peer.components_, axis=1), 1e-12)[:, None]
        errors = []
        for k in counts:
            coder = SparseCoder(D, transform_algorithm="omp", transform_n_nonzero_coefs=k)
            rebuilt = coder.transform(held) @ D
            errors.append(float(np.linalg.norm(held - rebuilt) / np.linalg.norm(held)))
        tried.append(errors)
    return min(tried, key=sum)


def dct_basis(n: int, square: bool) -> Array:
    """Return the cosine basis of a row of sensors, or of a square patch."""
    if square:
        side = round(n**0.5)
        line = dct(np.eye(side), axis=0, norm="ortho")
        return np.kron(line, line)
    return np.asarray(dct(np.eye(n), axis=0, norm="ortho"))


def denoise(sigma: float = 0.1, seed: int = 1, crop: int = 160) -> dict[str, Any]:
    """Denoise an image by patches: the clean, the noisy and the rebuilt ones, and their PSNR."""
    photo = load_sample_image("china.jpg")[80 : 80 + crop, 200 : 200 + crop]
    clean = photo.mean(axis=2) / 255.0
    noisy = clean + sigma * np.random.default_rng(seed).normal(size=clean.shape)
    windows = np.lib.stride_tricks.sliding_window_view(noisy, (8, 8))
    patches = windows.reshape(-1, 64)
    means = patches.mean(axis=1, keepdims=True)
    X = patches - means
    order = np.random.default_rng(seed).permutation(len(X))
    images = {"clean": clean, "noisy": noisy}
    bases = {"DCT": dct_basis(64, square=True)}
    for name, method in (("Frank-Wolfe", "frank_wolfe"), ("annealed", "annealed")):
        model = learners.OrthogonalDictionaryLearner(method, 64, seed=seed)
        model.start_from(bases["DCT"])
        model.learn_many(X[order])
        bases[name] = model.components
    for name, A in bases.items():
        Z = X @ A.T
        rebuilt = (Z * (abs(Z) > 2.7 * sigma)) @ A + means
        images[name] = overlapped(rebuilt.reshape(*windows.shape[:2], 8, 8), clean.shape)
    errors = {k: float(np.mean((v - clean) ** 2)) for k, v in images.items() if k != "clean"}
    psnr = {k: -10.0 * np.log10(error) for k, error in errors.items()}
    return {"images": images, "psnr": psnr, "atoms": bases["annealed"], "sigma": sigma}


def overlapped(patches: Array, shape: tuple[int, ...]) -> Array:
    """Put overlapping patches together by their mean."""
    total, count = np.zeros(shape), np.zeros(shape)
    rows, columns = patches.shape[:2]
    for i in range(8):
        for j in range(8):
            total[i : i + rows, j : j + columns] += patches[:, :, i, j]
            count[i : i + rows, j : j + columns] += 1.0
    return total / count
