"""Parameters of linear models as the numbers that kernels read: river's objects, by exact type.

river's classes are imported where one was given: they take time to import.
"""

import math
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

from olearn.core.parameters import In
from olearn.core.types import Rows
from olearn.core.validate import check_in_range
from olearn.learners.linear import layout as at

LARGEST_SCORE = 1e6  # times the largest target, at least 1: beyond, something diverges
Penalty = Annotated[float, In(0.0, math.inf, "[)")]

_LABEL_LOSSES = {
    "Log": (at.LOG, ("weight_pos", "weight_neg")),
    "Hinge": (at.HINGE, ("threshold",)),
    "BinaryFocalLoss": (at.FOCAL, ("gamma", "beta")),
}
_NUMBER_LOSSES = {
    "Squared": (at.SQUARED, ()),
    "Absolute": (at.ABSOLUTE, ()),
    "Huber": (at.HUBER, ("epsilon",)),
    "Quantile": (at.QUANTILE, ("alpha",)),
    "Cauchy": (at.CAUCHY, ("C",)),
    "EpsilonInsensitiveHinge": (at.EPSILON, ("eps",)),
    "Poisson": (at.POISSON, ()),
}
_OPTIMIZERS: dict[str, tuple[int, Sequence[str]]] = {
    "SGD": (at.SGD, ()),
    "Momentum": (at.MOMENTUM, ("rho",)),
    "AdaGrad": (at.ADAGRAD, ("", "eps")),  # an empty place: `eps` is where that of RMSProp is
    "RMSProp": (at.RMSPROP, ("rho", "eps")),
    "Adam": (at.ADAM, ("beta_1", "beta_2", "eps")),
    "FTRLProximal": (at.FTRL, ("alpha", "beta", "l1", "l2")),
}
_RATES = {
    "Constant": (at.CONSTANT, ("learning_rate",)),
    "InverseScaling": (at.INVERSE_SCALING, ("learning_rate", "power")),
    "Optimal": (at.OPTIMAL, ("alpha", "t0")),
}
_SHARES = ("rho", "beta_1", "beta_2")  # parameters that are below 1
_POSITIVE = ("alpha", "C")


def check_optimizer(name: str, value: Any) -> None:
    """Raise unless `value` is an optimiser of river that is built in, and has not learnt yet."""
    import river.optim

    _, parameters = _find(name, value, river.optim, _OPTIMIZERS)
    if value.n_iterations:
        raise ValueError(
            f"{name} must be a fresh one, got {type(value).__name__} after {value.n_iterations} "
            "steps"
        )
    for each in filter(None, parameters):
        below_one = math.nextafter(1.0, 0.0) if each in _SHARES else math.inf
        check_in_range(
            f"{each} of {name}",
            getattr(value, each),
            0.0,
            below_one,
            open_low=each in _POSITIVE,
            open_high=each not in _SHARES,
        )
    if hasattr(value, "lr"):
        check_rate(f"lr of {name}", value.lr)


def check_rate(name: str, value: Any) -> None:
    """Raise unless `value` is a learning rate: a number, or a schedule of river's."""
    from river.optim import base, schedulers

    if not isinstance(value, base.Scheduler):
        check_in_range(name, value, 0.0, math.inf, open_high=True)
        return
    for each in _find(name, value, schedulers, _RATES)[1]:
        check_in_range(f"{each} of {name}", getattr(value, each), 0.0, math.inf, open_high=True)


def check_label_loss(name: str, value: Any) -> None:
    """Raise unless `value` is a loss of two labels."""
    _check_loss(name, value, _LABEL_LOSSES)


def check_number_loss(name: str, value: Any) -> None:
    """Raise unless `value` is a loss of numbers."""
    _check_loss(name, value, _NUMBER_LOSSES)


def check_cross_entropy(name: str, value: Any) -> None:
    """Raise unless `value` is river's `CrossEntropy` with weights that are numbers."""
    _check_loss(name, value, {"CrossEntropy": (at.CROSS_ENTROPY, ())})
    for label, weight in value.class_weight.items():
        check_in_range(f"{name}: the weight of {label!r}", weight, 0.0, math.inf, open_high=True)


def check_initializer(name: str, value: Any) -> None:
    """Raise unless `value` says that weights start at 0."""
    from river.optim import initializers

    if type(value) is not initializers.Zeros:
        raise ValueError(f"{name} must be Zeros(): weights start at 0, got {value!r}")


def conf_of(
    *,
    loss: Sequence[float],
    optimizer: Any = None,
    lr: float = 0.01,
    intercept_lr: Any = 0.0,
    clip_gradient: float = math.inf,
    l2: float = 0.0,
    l1: float = 0.0,
    limit: float = math.inf,
) -> Rows:
    """Return what the kernels read; `loss` is its code and its parameters.

    `lr` is the rate of SGD, where no optimiser is given; `limit` is how many times the largest
    target, at least 1, a score may be before it is said.
    """
    conf = np.zeros(at.N_CONF)
    conf[[at.HALF, at.TWO, at.MINUS_ONE]] = 0.5, 2.0, -1.0
    conf[at.LOSS : at.LOSS + len(loss)] = loss
    conf[[at.CLIP, at.L2, at.L1, at.LIMIT]] = clip_gradient, l2, l1, limit
    _put(conf, at.INTERCEPT_RATE, _rate(intercept_lr))
    if optimizer is None:
        _put(conf, at.RATE, _rate(lr))
        return conf
    code, parameters = _OPTIMIZERS[type(optimizer).__name__]
    values = [float(getattr(optimizer, each)) if each else 0.0 for each in parameters]
    _put(conf, at.OPTIMIZER, [code, *values])
    if hasattr(optimizer, "lr"):
        _put(conf, at.RATE, _rate(optimizer.lr))
    return conf


def loss_of(loss: Any, default: int) -> list[float]:
    """Return the code of a loss, `default` for None, and its parameters."""
    if loss is None:
        return [default, 1.0, 1.0] if default == at.LOG else [default]
    code, parameters = (_LABEL_LOSSES | _NUMBER_LOSSES)[type(loss).__name__]
    return [code, *(float(getattr(loss, each)) for each in parameters)]


def check_penalties(model: Any) -> None:
    """Raise where `l1` is given together with `l2`, or where the optimiser has one of its own."""
    if model.l1 and model.l2:
        raise ValueError(f"l1 and l2 cannot be joined, got {model.l1} and {model.l2}")
    if model.l1 and type(model.optimizer).__name__ == "FTRLProximal":
        raise ValueError(f"l1 must be 0 with FTRLProximal, which has its own l1, got {model.l1}")


def _rate(lr: Any) -> list[float]:
    kind = type(lr).__name__
    if kind not in _RATES:
        return [at.CONSTANT, float(lr)]
    code, parameters = _RATES[kind]
    return [code, *(float(getattr(lr, each)) for each in parameters)]


def _put(conf: Rows, where: int, numbers: Sequence[float]) -> None:
    conf[where : where + len(numbers)] = numbers


def _check_loss(name: str, value: Any, known: dict[str, tuple[int, Any]]) -> None:
    from river.optim import losses

    for each in _find(name, value, losses, known)[1]:
        check_in_range(f"{each} of {name}", getattr(value, each), -math.inf, math.inf)


def _find(
    name: str, value: Any, module: Any, known: dict[str, tuple[int, Any]]
) -> tuple[int, Sequence[str]]:
    """Return what is known of the exact class of an object of river; raise if it is none."""
    for each, found in known.items():
        if type(value) is getattr(module, each):
            return found
    listed = ", ".join(known)
    made = f"; {value.__name__}() makes one" if isinstance(value, type) else ""
    kind = type(value).__name__
    raise TypeError(f"{name} must be one of river's {listed}, got {value!r} of type {kind}{made}")
