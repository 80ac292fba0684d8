"""From an object of river to one of ours that has learnt the same, and back."""

from typing import Any

from river.compose import Pipeline

from olearn.base import StatelessTransformer
from olearn.base.pipeline import ArrayPipeline
from olearn.interop.table import ADAPTERS, adapter_of, twin_of

__all__ = ["from_river", "to_river"]


def from_river(model: Any) -> Any:
    """Return one of ours that has learnt what an object of river's has.

    Parameters
    ----------
    model
        river's `StandardScaler`, `MinMaxScaler`, `MaxAbsScaler`, `Select`, `Discard`,
        `LogisticRegression`, `LinearRegression`, `Perceptron` or `GaussianNB`, or its pipeline of
        them; it stays as it is.

    Raises
    ------
    ValueError
        If the object is of another class, a subclass, or has a part that ours lacks.

    Examples
    --------
    >>> from olearn import interop
    >>> from river import linear_model, preprocessing
    >>> theirs = preprocessing.StandardScaler() | linear_model.LinearRegression()
    >>> for t in range(100):
    ...     theirs.learn_one({"x": float(t % 7)}, float(t % 7))
    >>> ours = interop.from_river(theirs)
    >>> ours.predict_one({"x": 3.0}) == theirs.predict_one({"x": 3.0})
    True

    """
    if type(model) is Pipeline:
        named = [name for step in model.steps.values() for name in adapter_of(step).names(step)]
        return ArrayPipeline(*((key, _made(step, named)) for key, step in model.steps.items()))
    return _made(model, [])


def _made(model: Any, named: list[Any]) -> Any:
    """Return one of ours; `named` is what the steps of its pipeline have learnt of."""
    adapter = adapter_of(model)
    ours = twin_of(model)
    names = [*adapter.names(model)]
    if issubclass(type(ours), StatelessTransformer):  # else it would hand on none of them
        names = [*dict.fromkeys(names + named)]
    ours._features.follow(names, [None] * len(names))
    ours._settle()
    adapter.load(model, ours)
    return ours


def to_river(model: Any) -> Any:
    """Return an object of river's that has learnt what one of ours has.

    Parameters
    ----------
    model
        One of the classes that `from_river` gives, or a pipeline of them; it stays as it is.

    Raises
    ------
    ValueError
        If the model is of another class, or has what river's lacks: a window, labels other than 0
        and 1 of a linear model, nominal features or weights of naive Bayes.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import interop, preprocessing
    >>> scaler = preprocessing.StandardScaler()
    >>> scaler.learn_many(np.array([[1.0], [3.0]]))
    >>> interop.to_river(scaler).means[0]
    2.0

    """
    if type(model) is ArrayPipeline:
        return Pipeline(*((name, to_river(step)) for name, step in model.steps.items()))
    kind = type(model)
    ours = kind.__module__.startswith("olearn.")
    found = [ADAPTERS[name] for name in ADAPTERS if name.rsplit(".", 1)[1] == kind.__name__]
    if not ours or not found:
        raise ValueError(f"{kind.__name__} has no equal in river")
    theirs = found[0].back(model)
    found[0].store(model, theirs, model._features.names)
    return theirs
