"""What two learners must share to be merged, and how their features become one index."""

import copy
import dataclasses
from typing import Any

from olearn.core.features import FeatureIndex
from olearn.learners.analytic.engine import RidgeEngine

_SHARED = ("n_features", "gamma", "forgetting", "balance", "noise")


def check_mergeable(a: Any, b: Any) -> None:
    """Raise unless both are of one class and learn the same problem."""
    if type(a) is not type(b):
        raise TypeError(f"other must be a {type(a).__name__}, got {type(b).__name__}")
    left, right = (dataclasses.asdict(m._engine.settings) for m in (a, b))
    for name in _SHARED:
        if left[name] != right[name]:
            raise ValueError(f"other must have {name}={left[name]}, got {right[name]}")
    if left["forgetting"] != 1.0:
        raise ValueError(
            f"forgetting must be 1 to merge, got {left['forgetting']}: the ages of the rows of two "
            "streams are not comparable"
        )
    if left["n_features"] is None:
        return
    if left["seed"] != right["seed"]:
        raise ValueError("other must have the same seed, else its random features differ")
    scales = [engine.lift.scale for engine in (a._engine, b._engine)]
    if None not in scales and scales[0] != scales[1]:
        raise ValueError(
            f"other must have the same scale of random features, {scales[0]}, got {scales[1]}: "
            "give scale where the first rows have different features"
        )


def joined_features(a: FeatureIndex, b: FeatureIndex) -> FeatureIndex:
    """Return a copy of `a` with all features and categories of `b`."""
    joined = copy.deepcopy(a)
    joined.declare([n for n, c in zip(b.names, b.categories, strict=True) if c is not None])
    for name, categories in zip(b.names, b.categories, strict=True):
        if categories is None:
            joined.learn_one({name: 0.0})
        for value in categories.codes if categories is not None else ():
            joined.learn_one({name: value})
    return joined


def adopt_lift(engine: RidgeEngine, other: RidgeEngine) -> None:
    """Take over the scale of the other's random features where none is fixed yet."""
    if engine.lift.scale is None:
        engine.lift.scale = other.lift.scale
