"""Gaussian naive Bayes of river as ours."""

import collections
import functools
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from olearn.interop.base import Adapter, NotAdaptedError, check_type, finite, here, not_known
from olearn.learners.bayes.gaussian import GaussianNB


def _make(theirs: Any) -> Any:
    check_type(theirs, "class_counts", collections.Counter)
    check_type(theirs, "gaussians", collections.defaultdict)
    factory = theirs.gaussians.default_factory
    if type(factory) is not functools.partial or factory.func is not collections.defaultdict:
        raise not_known(theirs, "gaussians")
    return GaussianNB()


def _load(theirs: Any, ours: Any) -> None:
    labels = list(theirs.class_counts)
    if not labels:
        return
    for label in labels:
        ours._labels.add(label)
    ours._settle()
    counts = finite(theirs, "class_counts", theirs.class_counts.values())
    if ours._labels.labels != labels or min(counts) <= 0.0:
        raise not_known(theirs, "class_counts")
    ours._counts[:] = counts
    for code, label in enumerate(labels):
        table = theirs.gaussians.get(label, {})
        for name, column in here(ours, table):
            n, mean, squares = _moments(theirs, table[name])
            if n > 0.0:
                slot, sigma = ours._slots.begin[column], math.sqrt(max(squares / n, 0.0))
                ours._table[:, code, slot] = n, mean, squares, sigma
                ours._seen[slot] = 1.0


def _moments(theirs: Any, gaussian: Any) -> list[float]:
    var = gaussian._var
    if set(vars(gaussian)) != {"seed", "_rng", "_var"} or var.ddof != 0:
        raise NotAdaptedError("a distribution of river's GaussianNB is not what it knows")
    return finite(theirs, "gaussians", (var.mean.n, var.mean._mean, var._S))


def _store(ours: Any, theirs: Any, names: Iterable[Any]) -> None:
    columns = here(ours, names)
    for code, label in enumerate(ours._labels.labels):
        theirs.class_counts[label] = int(ours._counts[code])
        for name, column in columns:
            n, mean, squares = ours._table[:3, code, ours._slots.begin[column]].tolist()
            if n > 0.0:
                var = theirs.gaussians[label][name]._var
                var.mean.n, var.mean._mean, var._S = n, mean, squares


def _back(ours: Any) -> Any:
    from river.naive_bayes import GaussianNB as Theirs

    if any(ours._features.categories):
        raise NotAdaptedError("GaussianNB with nominal features cannot become river's")
    if not all(count == int(count) > 0 for count in ours._counts.tolist()):
        raise NotAdaptedError("GaussianNB of weights, or a label not learnt, cannot become river's")
    return Theirs()  # type: ignore[no-untyped-call]


def _known(theirs: Any) -> set[Any]:
    tables = theirs.gaussians.values()
    return {name for table in tables for name, each in table.items() if each.n_samples > 0}


def _is_sound(ours: Any) -> bool:
    return bool(np.isfinite(ours._table).all())


ADAPTERS = {
    "river.naive_bayes.gaussian.GaussianNB": Adapter(
        attributes=frozenset({"class_counts", "gaussians"}),
        make=_make,
        load=_load,
        store=_store,
        names=_known,
        back=_back,
        known=_known,
        is_sound=_is_sound,
    )
}
