"""Descriptions of models, streams and machines, for tables and reports."""

import functools
import inspect
import os
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from river import base
from river.compose import Pipeline
from river.datasets.base import Dataset

from olearn.streams.base import Stream

_PACKAGES = ("olearn", "river", "numpy", "numba")


def describe_model(model: base.Estimator) -> str:
    """Return a model's parameters, one a line; steps of a pipeline one after the other.

    Unlike `repr`, which for river's ensembles shows the trained members.

    Examples
    --------
    >>> from river import linear_model, optim
    >>> from olearn.evaluate.describe import describe_model
    >>> print(describe_model(linear_model.Perceptron(l2=0.5)))
    Perceptron
      l2 = 0.5
      clip_gradient = 1000000000000.0
      initializer = Zeros

    """
    if isinstance(model, Pipeline):
        return "\n".join(describe_model(step) for step in model.steps.values())
    return "\n".join(_lines(type(model).__name__, model._get_params()))


def _lines(title: str, params: Mapping[str, Any]) -> list[str]:
    lines = [title]
    for name, value in params.items():
        if isinstance(value, tuple) and len(value) == 2 and inspect.isclass(value[0]):
            inner = _lines(f"{name} = {value[0].__name__}", value[1])
        else:
            inner = [f"{name} = {value!r}"]
        lines += [f"  {line}" for line in inner]
    return lines


def name_stream(stream: Any) -> str:
    """Return a data set's own name, or the class of another iterable."""
    if title := getattr(stream, "title", ""):
        return str(title)
    named = isinstance(stream, Dataset)
    return str(stream._repr_content["Name"]) if named else type(stream).__name__


def describe_stream(stream: Any) -> str:
    """Facts about a data set, one a line; the class of another iterable."""
    if not isinstance(stream, Dataset):
        return type(stream).__name__
    facts = {
        "About": stream.desc.strip().splitlines()[0].replace("[^1]", ""),
        **stream._repr_content,
    }
    names = inspect.signature(type(stream)).parameters
    values = {name: getattr(stream, name, None) for name in (*names, "path")}
    plain = {k: v for k, v in values.items() if isinstance(v, int | float | str | Path)}
    return "\n".join(f"{name}: {value}" for name, value in {**facts, **plain}.items())


def describe_run(
    stream: Any,
    model: base.Estimator,
    metrics: Iterable[Any],
    detector: Any,
    settings: Mapping[str, Any],
) -> dict[str, str]:
    """Say by topic what a run consists of, but for the places of its files."""
    facts = describe_stream(stream).splitlines()
    return {
        "learner": describe_model(model),
        "stream": "\n".join(fact for fact in facts if not fact.lower().startswith("path: ")),
        "metrics": "\n".join(map(describe_model, metrics)),
        **_describe_text(stream),
        "detector": "" if detector is None else describe_model(detector),
        **{name: str(value) for name, value in settings.items()},
    }


def _describe_text(stream: Any) -> dict[str, str]:
    """Name the features of text; a run of a version that read their codes cannot go on."""
    texts = stream.schema.categories if isinstance(stream, Stream) else {}
    return {"text": "\n".join(map(repr, texts))} if texts else {}


@functools.cache
def _version(package: str) -> str:
    return version(package)  # reads a file


def describe_environment() -> dict[str, str]:
    """Versions, processor and number of CPUs, as far as they matter for the figures."""
    versions = {name: _version(name) for name in _PACKAGES}
    return {
        "python": platform.python_version(),
        **versions,
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": str(os.cpu_count()),
    }
