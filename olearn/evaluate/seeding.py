"""Seeds of runs: which there are, and models and streams made anew for each."""

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from river import base

from olearn.core.validate import check_integer
from olearn.streams.base import Stream


def check_seeds(seeds: int | Sequence[int]) -> list[int]:
    """Return the seeds: those given, or 1, 2, ... up to a number of them."""
    if isinstance(seeds, Sequence):
        for seed in seeds:
            check_integer("seeds", seed, 0)
        if not seeds:
            raise ValueError(f"seeds must not be empty, got {seeds!r}")
        return list(seeds)
    check_integer("seeds", seeds, 1)
    return list(range(1, seeds + 1))


def make_model(model: base.Estimator | Callable[[int], Any], seed: int) -> Any:
    """Return a clone of an estimator with its seeds set, or what a function makes of the seed."""
    if isinstance(model, base.Estimator):
        return model.clone(_with_seed(model._get_params(), seed))
    return _made(model, seed)


def _made(make: Callable[..., Any], seed: int) -> Any:
    """Call a function of a seed; a class is made as it comes, with the seed as its `seed`."""
    if not inspect.isclass(make):
        return make(seed)
    settings = {"seed": seed} if "seed" in inspect.signature(make).parameters else {}
    return make(**settings)


def has_seed(model: Any, stream: Any) -> bool:
    """Whether a run can depend on the seed; a function of a seed always may."""
    if isinstance(model, base.Estimator):
        params = model._get_params()
        return _with_seed(params, 0) != _with_seed(params, 1) or _stream_has_seed(stream)
    return (
        not inspect.isclass(model)
        or "seed" in inspect.signature(model).parameters
        or (_stream_has_seed(stream))
    )


def _with_seed(params: dict[str, Any], seed: int) -> dict[str, Any]:
    """Set every parameter named `seed` in what river's `_get_params` gave, nested ones too."""
    changed: dict[str, Any] = {}
    for name, value in params.items():
        if name == "seed":
            changed[name] = seed
        elif isinstance(value, dict):  # a step of a pipeline
            changed[name] = _with_seed(value, seed)
        elif isinstance(value, tuple) and len(value) == 2 and inspect.isclass(value[0]):
            changed[name] = (value[0], _with_seed(value[1], seed))
        else:
            changed[name] = value
    return changed


def _stream_has_seed(stream: Any) -> bool:
    if callable(stream):
        return not inspect.isclass(stream) or "seed" in inspect.signature(stream).parameters
    params = _stream_params(stream)
    composed = any(isinstance(part, Stream) for value in params.values() for part in _parts(value))
    return "seed" in params and not composed


def reseed_stream(stream: Any, seed: int) -> Any:
    """Return the stream with another seed, where it has one; what a function makes of the seed."""
    if callable(stream):
        return _made(stream, seed)
    if not _stream_has_seed(stream):
        return stream
    return type(stream)(**{**_stream_params(stream), "seed": seed})


def _stream_params(stream: Any) -> dict[str, Any]:
    """Return constructor arguments, which streams keep under their own names as river's do."""
    names = inspect.signature(type(stream)).parameters
    return {name: getattr(stream, name) for name in names if hasattr(stream, name)}


def _parts(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list | tuple) else [value]
