"""The composed streams of the drift literature, by name: LED_a, LED_g, SEA_a, SEA_g, RBF_m, RBF_f.

They are the streams of the DriftMoE paper (Aspis et al., 2025, arXiv 2507.18464), as its programs
build them with MOA: "abrupt" is a sigmoid of 50 rows, "gradual" one of 50,000. `*_mini` are our
own twentieths (50,000 rows) of the same concepts.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from olearn.core.validate import check_choice
from olearn.streams._java_random import check_seed
from olearn.streams.base import Stream
from olearn.streams.drift import DriftStream
from olearn.streams.led import LED
from olearn.streams.random_rbf import RandomRBF
from olearn.streams.sea import SEA

_FULL, _MINI = 1_000_000, 50_000


@dataclass(frozen=True)
class _Recipe:
    """Four concepts, each made from a seed, and the three drifts between them."""

    concepts: tuple[Callable[[int], Stream], ...]
    positions: tuple[int, int, int]
    width: int
    n_samples: int


def _led(n_swapped: int) -> Callable[[int], Stream]:
    return lambda seed: LED(n_swapped, seed=seed)


def _sea(function: int) -> Callable[[int], Stream]:
    return lambda seed: SEA(function, seed=seed)


_LED_CONCEPTS = tuple(_led(n_swapped) for n_swapped in (1, 3, 5, 7))
_SEA_CONCEPTS = tuple(_sea(function) for function in (1, 2, 4, 1))

_DRIFTS = {
    "a": ((249_975, 499_975, 749_975), 50, _FULL),
    "g": ((225_000, 475_000, 725_000), 50_000, _FULL),
    "a_mini": ((12_475, 24_975, 37_475), 50, _MINI),
    "g_mini": ((11_250, 23_750, 36_250), 2_500, _MINI),
}

_COMPOSED = {
    f"{family}_{kind}": _Recipe(concepts, *drifts)
    for family, concepts in (("led", _LED_CONCEPTS), ("sea", _SEA_CONCEPTS))
    for kind, drifts in _DRIFTS.items()
}

_MOVING = {  # speed of all 50 centroids and length
    "rbf_m": (0.0001, _FULL),
    "rbf_f": (0.001, _FULL),
    "rbf_m_mini": (0.0001, _MINI),
    "rbf_f_mini": (0.001, _MINI),
}


def published(name: str, *, seed: int = 1, fresh_seeds: bool = False) -> Stream:
    """Return a composed stream of the literature.

    Parameters
    ----------
    name
        `led_a`, `led_g`, `sea_a`, `sea_g` (four concepts, drifts centred near 250,000, 500,000 and
        750,000 of 1,000,000 rows), `rbf_m`, `rbf_f` (continuous drift), or one of these with
        `_mini` (50,000 rows).
    seed
        Non-negative integer.
    fresh_seeds
        In the published streams all concepts share the seed, so that every concept repeats the
        rows of the first, noise included, and SEA's fourth concept replays its first exactly: a
        learner that memorises is over-rewarded. True gives each concept after the first a seed of
        its own. It changes nothing for the RBF streams, which are one concept that moves.

    Examples
    --------
    >>> from olearn import streams
    >>> streams.load("led_a", seed=42).drift_positions
    (249975, 499975, 749975)
    >>> replayed, fresh = (
    ...     streams.load("sea_a_mini", seed=42, fresh_seeds=fresh) for fresh in (False, True)
    ... )
    >>> [len({x["x0"] for x, _ in stream}) for stream in (replayed, fresh)]
    [12528, 50000]

    """
    check_choice("name", name, [*_COMPOSED, *_MOVING])
    check_seed(seed)
    if name in _MOVING:
        speed, n_samples = _MOVING[name]
        return RandomRBF(speed=speed, seed=seed, n_samples=n_samples)
    recipe = _COMPOSED[name]
    seeds = [seed] * 4
    if fresh_seeds:
        seeds[1:] = np.random.SeedSequence(seed).generate_state(3).tolist()
    concepts = [make(s) for make, s in zip(recipe.concepts, seeds, strict=True)]
    return DriftStream(concepts, recipe.positions, recipe.width, n_samples=recipe.n_samples)
