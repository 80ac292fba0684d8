"""Linear models of river as ours: weights, and what optimisers keep of each feature."""

import collections
import operator
from collections.abc import Iterable
from inspect import signature
from typing import Any

import numpy as np
from river import base

from olearn.interop.base import (
    LARGEST,
    Adapter,
    NotAdaptedError,
    check_attributes,
    check_type,
    finite,
    here,
)
from olearn.learners.linear import layout as at
from olearn.learners.linear.linear_regression import LinearRegression
from olearn.learners.linear.logistic_regression import LogisticRegression
from olearn.learners.linear.perceptron import Perceptron

_ATTRIBUTES = frozenset(
    {"optimizer", "loss", "l2", "l1", "intercept_init", "intercept", "intercept_lr"}
    | {"clip_gradient", "initializer", "_weights", "_y_name"}
)
_OF_L1 = frozenset({"max_cum_l1", "cum_l1"})  # which are there with l1 only

# What an optimiser holds: its parameters, and where ours has what it keeps of each feature.
_OPTIMIZERS: dict[str, tuple[str, dict[str, int]]] = {
    "sgd.SGD": ("lr", {}),
    "momentum.Momentum": ("lr rho", {"s": at.FIRST}),
    "ada_grad.AdaGrad": ("lr eps", {"g2": at.FIRST}),
    "rms_prop.RMSProp": ("lr rho eps", {"g2": at.FIRST}),
    "adam.Adam": ("lr beta_1 beta_2 eps", {"m": at.FIRST, "v": at.SECOND}),
    "ftrl.FTRLProximal": ("alpha beta l1 l2", {"z": at.FIRST, "n": at.SECOND}),
}
_LOSSES = {
    "losses.Log": "weight_pos weight_neg",
    "losses.Hinge": "threshold",
    "losses.BinaryFocalLoss": "gamma beta",
    "losses.Squared": "",
    "losses.Absolute": "",
    "losses.Huber": "epsilon",
    "losses.Quantile": "alpha",
    "losses.Cauchy": "C",
    "losses.Poisson": "",
}
_RATES = {
    "schedulers.Constant": "learning_rate",
    "schedulers.InverseScaling": "learning_rate power",
    "schedulers.Optimal": "loss alpha t0",
}
_LARGEST_WEIGHT = 1e40  # beyond, a model is lost, and ours stops where river goes on to NaN


# -- river's to ours -------------------------------------------------------------------------------


def _make(made: Any, theirs: Any) -> Any:
    _check_parts(theirs)
    shared = {name: getattr(theirs, name) for name in ("l2", "clip_gradient", "initializer")}
    if not max(shared["clip_gradient"], shared["l2"], theirs.l1) <= LARGEST:
        raise NotAdaptedError(f"river's {type(theirs).__name__} without clip_gradient")
    if made is Perceptron:
        _check_perceptron(theirs)
        return Perceptron(**shared, classes=(False, True))
    how = {"classes": (False, True)} if made is LogisticRegression else {}
    return made(
        optimizer=theirs.optimizer.clone(),
        loss=theirs.loss,
        l1=theirs.l1,
        intercept_init=theirs.intercept_init,
        intercept_lr=theirs.intercept_lr,
        **shared,
        **how,
    )


def _check_parts(theirs: Any) -> None:
    parameters, moments = _known(theirs.optimizer, _OPTIMIZERS)
    check_attributes(theirs.optimizer, {*parameters.split(), "n_iterations", *moments})
    for part, known in ((theirs.loss, _LOSSES), (theirs.intercept_lr, _RATES)):
        check_attributes(part, _known(part, known).split())
    if hasattr(theirs.optimizer, "lr"):
        check_attributes(theirs.optimizer.lr, _known(theirs.optimizer.lr, _RATES).split())
    vector = type(theirs._weights)
    if vector.__qualname__ != "VectorDict":
        raise NotAdaptedError(f"weights of river's {type(theirs).__name__} are not what it knows")
    for name in moments:
        check_type(theirs.optimizer, name, type(None), collections.defaultdict, vector)


def _known(part: Any, known: dict[str, Any]) -> Any:
    kind = f"{type(part).__module__}.{type(part).__qualname__}".removeprefix("river.optim.")
    if kind not in known:
        raise NotAdaptedError(f"{type(part).__name__} in a model of river is not compiled")
    return known[kind]


def _check_perceptron(theirs: Any) -> None:
    parts = (theirs.optimizer, theirs.optimizer.lr, theirs.intercept_lr, theirs.loss)
    kinds = [type(part).__name__ for part in parts]
    if kinds != ["SGD", "Constant", "Constant", "Hinge"] or theirs.l1 or theirs.intercept_init:
        raise NotAdaptedError("river's Perceptron with other parts is not compiled")
    rates = theirs.optimizer.lr.learning_rate, theirs.intercept_lr.learning_rate
    if (*rates, theirs.loss.threshold) != (1, 1, 0.0):
        raise NotAdaptedError("river's Perceptron with other rates is not compiled")


def _load(theirs: Any, ours: Any) -> None:
    names, state, optimizer = ours._features.names, ours._state, theirs.optimizer
    heads = [theirs.intercept, optimizer.n_iterations, getattr(theirs, "max_cum_l1", 0.0)]
    state.heads[0, [at.INTERCEPT, at.STEPS, at.L1_SUM]] = finite(theirs, "intercept", heads)
    tables = {at.WEIGHT: theirs._weights, at.L1_USED: getattr(theirs, "cum_l1", None)}
    for name, row in _known(optimizer, _OPTIMIZERS)[1].items():
        tables[row] = getattr(optimizer, name)
    for row, table in tables.items():
        if table is not None:
            values = [table.get(name, 0.0) for name in names]
            state.slots[0, row, : len(names)] = finite(theirs, "weights", values)
    if not _is_sound(ours):
        raise NotAdaptedError(f"a weight of river's {type(theirs).__name__} is huge")


# -- ours to river's -------------------------------------------------------------------------------


def _back(ours: Any) -> Any:
    from river import linear_model

    name = type(ours).__name__
    if hasattr(ours, "labels") and not set(ours.labels) <= {False, True}:
        raise NotAdaptedError(
            f"{name} of the labels {ours.labels} cannot become river's, which knows False and True"
        )
    parameters = {
        key: value.clone() if isinstance(value, base.Base) else value
        for key in signature(type(ours)).parameters
        if key != "classes"
        for value in [getattr(ours, key)]
    }
    return getattr(linear_model, name)(**parameters)


def _store(ours: Any, theirs: Any, names: Iterable[Any]) -> None:
    state, optimizer, columns = ours._state, theirs.optimizer, here(ours, names)
    moments = _known(optimizer, _OPTIMIZERS)[1]
    steps = int(state.heads[0, at.STEPS])
    if steps == optimizer.n_iterations:
        return
    optimizer.n_iterations = steps
    theirs.intercept = float(state.heads[0, at.INTERCEPT])
    lazy = type(optimizer).__name__ == "FTRLProximal"  # has no weight until it is not 0
    weights = state.slots[0, at.WEIGHT].tolist()
    for name, column in columns:
        if not lazy or weights[column] or name in theirs._weights:
            theirs._weights[name] = weights[column]
    for name, row in moments.items():
        if getattr(optimizer, name) is None:
            setattr(optimizer, name, type(theirs._weights)())
        _put(getattr(optimizer, name), state.slots[0, row], columns)
    if theirs.l1:
        theirs.max_cum_l1 = float(state.heads[0, at.L1_SUM])
        _put(theirs.cum_l1, state.slots[0, at.L1_USED], columns)


def _put(table: Any, values: Any, columns: list[tuple[Any, int]]) -> None:
    for name, column in columns:
        table[name] = float(values[column])


def _is_sound(ours: Any) -> bool:
    state = ours._state
    largest = np.abs(state.slots[0, at.WEIGHT]).max(initial=0.0)
    return bool(state.heads[0, at.TROUBLE] == 0.0 and largest <= _LARGEST_WEIGHT)


def _adapter(made: Any) -> Adapter:
    def make(theirs: Any) -> Any:
        return _make(made, theirs)

    names = operator.attrgetter("weights")
    return Adapter(
        _ATTRIBUTES, make, _load, _store, names, _back, is_sound=_is_sound, at_times=_OF_L1
    )


ADAPTERS = {
    "river.linear_model.log_reg.LogisticRegression": _adapter(LogisticRegression),
    "river.linear_model.lin_reg.LinearRegression": _adapter(LinearRegression),
    "river.linear_model.perceptron.Perceptron": _adapter(Perceptron),
}
