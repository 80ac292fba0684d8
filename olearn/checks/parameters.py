"""The check of `olearn.checks` for parameters that are set on a model that lives already."""

import copy
import dataclasses
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from olearn.base import ArrayAnomalyDetector, ArrayDetector, ArrayRegressor, ArrayTransformer
from olearn.checks.tools import error_bits, fresh, require, require_equal, rows_for
from olearn.core.parameters import OneOf, Parameter, parameters


def check_parameters_set_take_effect_or_are_refused(model: Any) -> None:
    """Set on a model, a parameter acts as in the constructor, or an error says that it cannot.

    Before the first row the model is then that of the constructor; after some rows it goes on, and
    so do its copies. Asked of each parameter that is a field, see `olearn.core.parameters`.
    """
    if not dataclasses.is_dataclass(type(model)):
        return
    for name, value in _other_values(model):
        what = f"{name} set to {value!r}"
        live = fresh(model)
        is_taken = _set(live, name, value)
        trained = fresh(model)
        _answers(trained, first=True)
        require(_set(trained, name, value) == is_taken, f"{what}: taken, but not at all times")
        if is_taken:
            twin = fresh(model.clone({name: value}))
            require_equal(_answers(twin), _answers(live), f"{what} before the first row")
            _require_copies_go_on(trained, name, value)


def _set(model: Any, name: str, value: Any) -> bool:
    """Set a parameter; return whether it was taken."""
    before = getattr(model, name)
    try:
        setattr(model, name, value)
    except AttributeError as error:
        words = str(error)
        told = name in words and "cannot be set" in words
        require(told, f"{name} is refused in these words: {words!r}")
        require(getattr(model, name) is before, f"{name} is refused, and changed all the same")
        return False
    require(getattr(model, name) is value, f"{name} is taken, and does not change")
    return True


def _require_copies_go_on(model: Any, name: str, value: Any) -> None:
    copies = {
        "pickle": pickle.loads(pickle.dumps(model)),
        "deepcopy": copy.deepcopy(model),
    }
    require(getattr(model.clone(), name) == value, f"a clone forgets that {name} was set")
    expected = _answers(model)
    for kind, twin in copies.items():
        require(getattr(twin, name) == value, f"{kind} forgets that {name} was set")
        require_equal(expected, _answers(twin), f"{name} set, then {kind}")


def _answers(model: Any, first: bool = False) -> list[Any]:
    """Answers to the first rows, or the later ones, of a small stream that the model learns."""
    part = slice(0, 300) if first else slice(300, 1500)
    if isinstance(model, ArrayDetector):
        return [model.update_many(error_bits()[part]).tolist()]
    X, y = rows_for(model)
    if isinstance(model, ArrayAnomalyDetector):
        return [model.test_then_train_many(np.clip(np.nan_to_num(X[part]), 0, 1)).tolist()]
    if isinstance(model, ArrayTransformer):
        model.learn_many(X[part], *([np.nan_to_num(X[part, 0])] if model._supervised else []))
        return [np.nan_to_num(model.transform_many(X[-100:]))]
    if isinstance(model, ArrayRegressor):
        return [model.test_then_train_many(X[part], np.nan_to_num(X[part, 0])).tolist()]
    predicted = model.test_then_train_many(X[part], y[part]).tolist()
    return [predicted, model.predict_proba_many(X[-100:]).tolist()]


def _other_values(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield each parameter with a value that it does not have and the constructor takes."""
    for name, parameter in parameters(type(model)).items():
        now = getattr(model, name)
        for value in (*_candidates(parameter, now), copy.deepcopy(now)):
            if _constructs(model, name, value):
                yield name, value
                break


def _candidates(parameter: Parameter, now: Any) -> Iterator[Any]:
    names = next((limit for limit in parameter.limits if isinstance(limit, OneOf)), None)
    if parameter.kinds == {bool}:
        yield not now
    elif names is not None:
        yield from (choice for choice in names.choices if choice != now)
    elif parameter.kinds and parameter.kinds <= {int, float}:
        number = 1 if now is None else now
        for value in (2 * number, number / 2, number + 1, number - 1, 3):
            if value != now:
                yield int(value) if parameter.kinds == {int} else float(value)


def _constructs(model: Any, name: str, value: Any) -> bool:
    try:
        model.clone({name: value})
    except (TypeError, ValueError):
        return False
    return True


PARAMETER_CHECKS: tuple[Callable[[Any], None], ...] = (
    check_parameters_set_take_effect_or_are_refused,
)
