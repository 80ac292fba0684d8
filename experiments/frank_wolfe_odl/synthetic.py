"""Synthetic streams of the dictionary experiment: recovery, rate, sizes, and drift.

Each `run_*` measures one seed of one setting and returns records for the report.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import MiniBatchDictionaryLearning

from olearn import learners
from olearn.learners.dictionary import SparsityDrift, polar, recovery_error
from olearn.learners.dictionary.frank_wolfe import FrankWolfe, gradient, objective

Array = NDArray[np.float64]
Records = list[dict[str, Any]]

FW, ANNEALED = "Frank-Wolfe", "annealed"
PUBLISHED, CONVEX, FOURTH = "published steps", "convex steps", "4-norm"
SKLEARN = {f"scikit-learn, alpha {a}": a for a in (0.1, 0.3, 0.5)}

# our methods by their constructor's arguments, variants of the step by the engine's
LEARNERS: dict[str, dict[str, Any]] = {FW: {}, ANNEALED: {"method": "annealed"}}
VARIANTS: dict[str, dict[str, Any]] = {
    PUBLISHED: {"schedule": "published"},
    CONVEX: {"schedule": "convex", "reproject": False},
    FOURTH: {"p": 4},
}
MARKS = (0.01, 0.02, 0.04, 0.1, 0.2, 0.4, 0.7, 1.0)  # shares of the stream at which errors are kept


def orthogonal(rng: np.random.Generator, n: int) -> Array:
    """Draw an orthogonal matrix."""
    return np.linalg.qr(rng.normal(size=(n, n)))[0]


def sparse_samples(
    rng: np.random.Generator, D: Array, n_samples: int, theta: float, noise: float = 0.0
) -> Array:
    """Draw rows D x with Bernoulli-Gaussian x, and normal noise on top."""
    shape = (n_samples, len(D))
    X = (rng.random(shape) < theta) * rng.normal(size=shape) @ D.T
    return X + noise * rng.normal(size=shape)


def engine_of(method: str, start: Array) -> Callable[[Array], Array]:
    """Return a function that learns a batch and gives the atoms."""
    if method in VARIANTS:
        engine = FrankWolfe(start, **VARIANTS[method])

        def step(X: Array) -> Array:
            engine.step(X, None, X @ engine.A.T)
            return engine.A

        return step
    if method in SKLEARN:
        peer = MiniBatchDictionaryLearning(
            n_components=len(start), alpha=SKLEARN[method], dict_init=start, fit_algorithm="cd",
            batch_size=1, random_state=0,
        )  # fmt: skip

        def fit(X: Array) -> Array:
            return peer.partial_fit(X).components_

        return fit

    model: learners.OrthogonalDictionaryLearner | None = None

    def learn(X: Array) -> Array:
        nonlocal model
        if model is None:
            model = learners.OrthogonalDictionaryLearner(
                batch_size=len(X), seed=0, **LEARNERS[method]
            )
            model.start_from(start)
        model.learn_many(X)
        return model._trainer.engine.A

    return learn


def run_recovery(
    method: str, n: int, theta: float, n_samples: int, batch: int, noise: float, seed: int
) -> Records:
    """Follow error and objective over a stream; CPU seconds are those of learning alone."""
    rng = np.random.default_rng(seed)
    D, start = orthogonal(rng, n), orthogonal(rng, n)
    X = sparse_samples(rng, D, n_samples, theta, noise)
    held = sparse_samples(rng, D, 5000, theta, noise)
    learn = engine_of(method, start)
    marks = {max(1, round(share * n_samples / batch)) for share in MARKS}
    curve, cpu = [], 0.0
    for t in range(1, n_samples // batch + 1):
        part = X[(t - 1) * batch : t * batch]
        begin = time.process_time()
        A = learn(part)
        cpu += time.process_time() - begin
        if t in marks:
            curve.append((t * batch, recovery_error(A, D), objective(polar(A), held)))
    return [
        {
            "study": "recovery", "method": method, "n": n, "theta": theta, "batch": batch,
            "noise": noise, "seed": seed, "cpu_seconds": round(cpu, 3),
            "samples": [c[0] for c in curve], "error": [c[1] for c in curve],
            "objective": [round(c[2], 6) for c in curve], "final": curve[-1][1],
        }
    ]  # fmt: skip


def run_rate(reproject: bool, steps: int, seed: int) -> Records:
    """Measure the Frank-Wolfe gap on 50,000 other samples, n = 10, 30 % nonzero, batches of 10."""
    n, batch, theta = 10, 10, 0.3
    rng = np.random.default_rng(seed)
    D = orthogonal(rng, n)
    held = sparse_samples(rng, D, 50_000, theta)
    engine = FrankWolfe(orthogonal(rng, n), reproject=reproject)
    marks = set(np.unique(np.geomspace(10, steps, 25).astype(int)).tolist())
    at, gaps = [], []
    for t in range(1, steps + 1):
        X = sparse_samples(rng, D, batch, theta)
        engine.step(X, None, X @ engine.A.T)
        if t in marks:
            G = gradient(held @ engine.A.T, held, None, 3)
            at.append(t)
            gaps.append(float((G * (polar(G) - engine.A)).sum()))
    lowest = np.minimum.accumulate(gaps)
    late = np.array(at) >= 100  # before, the averages still hold the start
    slope = float(np.polyfit(np.log(np.array(at)[late]), np.log(lowest[late]), 1)[0])
    return [
        {
            "study": "rate", "reproject": reproject, "seed": seed, "steps": at, "gap": gaps,
            "slope": slope,
        }
    ]  # fmt: skip


DRIFT_MODELS: dict[str, dict[str, Any]] = {
    "falling steps": {},
    "floors 0.1, 0.05": {"rho_min": 0.1, "gamma_min": 0.05},
    "detector": {"drift_detector": SparsityDrift()},
    "floors and detector": {
        "rho_min": 0.1, "gamma_min": 0.05, "drift_detector": SparsityDrift()
    },
    "annealed, detector": {"method": "annealed", "drift_detector": SparsityDrift()},
    "restart at the drift (oracle)": {},
}  # fmt: skip
SCENES = ("abrupt", "rotation 0.001", "rotation 0.005", "no drift")
_BEFORE, _AFTER = 1000, 1000


def run_drift(model: str, scene: str, seed: int) -> Records:
    """Mean errors before and after; n = 10, 30 % nonzero, batches of 10, 2000 batches."""
    n, batch = 10, 10
    rng = np.random.default_rng(seed)
    D, other = orthogonal(rng, n), orthogonal(rng, n)
    turn = rotation(rng, n, float(scene.split()[1])) if scene.startswith("rotation") else np.eye(n)
    learner = learners.OrthogonalDictionaryLearner(
        batch_size=batch, seed=seed, **DRIFT_MODELS[model]
    )
    errors, alarms = [], []
    for t in range(_BEFORE + _AFTER):
        if scene == "abrupt" and t == _BEFORE:
            D = other
            if "oracle" in model:
                learner.start_from(learner.components)
        D = D @ turn
        learner.learn_many(sparse_samples(rng, D, batch, 0.3))
        errors.append(recovery_error(learner.components, D))
        if learner.n_drifts > len(alarms):
            alarms.append(t)
    spans = {"900-1000": (900, 1000), "1000-1100": (1000, 1100), "1100-1300": (1100, 1300),
             "1800-2000": (1800, 2000)}  # fmt: skip
    means = {name: float(np.mean(errors[a:b])) for name, (a, b) in spans.items()}
    return [
        {
            "study": "drift", "model": model, "scene": scene, "seed": seed, "alarms": alarms,
            "curve": [round(float(np.mean(errors[i : i + 20])), 6) for i in range(0, 2000, 20)],
            **means,
        }
    ]  # fmt: skip


def rotation(rng: np.random.Generator, n: int, rate: float) -> Array:
    """Return a rotation whose largest angle is `rate` radians."""
    K = np.triu(rng.normal(size=(n, n)), 1)
    K -= K.T
    values, vectors = np.linalg.eigh(1j * K / np.linalg.norm(K, 2))
    return ((vectors * np.exp(-1j * rate * values)) @ vectors.conj().T).real
