"""Which classes a saved state may name, and how they are found again.

A class of olearn is `olearn:Name`, wherever its file lies, so that a file outlives any move; all
others are `module:qualified.name`. Only classes of the packages below are found, and a few of
Python and NumPy that their states refer to; importing their modules runs no code but theirs. What
stands above this package says so itself: a class marked `kept_in_files` is found once its module is
imported.
"""

import collections
import copy
import functools
import importlib
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

_CLASS = re.compile(r"^class (\w+)", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
# folders of olearn whose classes are found by their bare names, which are unique there
_OURS = ("base", "core", "detectors", "learners", "metrics", "preprocessing")
_MARKED: dict[str, type] = {}  # by `kept_in_files`
_Class = TypeVar("_Class", bound=type)
_RENAMED = {  # names of version 0.1
    "olearn.learners.analytic.engine:Settings": "RidgeSettings",
    "olearn.learners.replay.engine:Settings": "RehearsalSettings",
    "olearn.learners.rl._agent_layout:Desk": "Exchange",
    "olearn.learners.rl._agent_layout:Mind": "AgentState",
}
_PACKAGES = ("river", "statistics", "torch.nn.modules", "torch.optim")
_SHUT = ("river.datasets", "river.stream")  # which can download and open files

_PLAIN_CLASSES: tuple[type, ...] = (
    *(bool, int, float, str, bytes, list, tuple, dict, set, frozenset),
    *(collections.deque, collections.Counter, collections.OrderedDict, collections.defaultdict),
    *(np.float64, np.float32, np.int64, np.int32, np.uint8, np.bool_, random.Random),
)
_PLAIN_FUNCTIONS: tuple[Callable[..., Any], ...] = (copy.copy, copy.deepcopy, np.ones, np.array)
# classes that make their copies by calling themselves with plain arguments
CALLED = ("river._river_rust.vectordict:VectorDict",)
# functions that models of river keep among their values; no other function is found
_RIVER_FUNCTIONS = frozenset(
    f"river.{name}"
    for name in (
        "_river_rust.vectordict:euclidean_distance_dict",
        "_river_rust.vectordict:euclidean_distance_tuple",
        "feature_extraction.vectorize:strip_accents_unicode",
        "forest.online_extra_trees:ExtraTrees._detection_mode_all",
        "forest.online_extra_trees:ExtraTrees._detection_mode_drop",
        "forest.online_extra_trees:ExtraTrees._detection_mode_off",
        "metrics.mutual_info:_average_arithmetic",
        "metrics.mutual_info:_average_geometric",
        "naive_bayes.gaussian:GaussianNB._make_gaussian",
        "tree.splitter.ebst_splitter:EBSTNode._update_estimator_multivariate",
        "tree.splitter.ebst_splitter:EBSTNode._update_estimator_univariate",
        "tree.splitter.nominal_splitter_reg:NominalSplitterReg._update_estimator_multivariate",
        "tree.splitter.nominal_splitter_reg:NominalSplitterReg._update_estimator_univariate",
        "utils.math:minkowski_distance",
    )
)


def kept_in_files(cls: _Class) -> _Class:
    """Let files name a class of a part above this one; for use as a decorator."""
    _MARKED[cls.__qualname__] = cls
    return cls


def name_of(value: Any) -> str:
    """Return the name of a class or function; raise TypeError if it would not be found again."""
    name = _full_name(value)
    if isinstance(value, type) and value.__module__.startswith("olearn."):
        name = f"olearn:{value.__qualname__}"
    try:
        found = find(name)
    except ValueError as error:
        why = error if isinstance(value, type) else "it is a function, and a file holds no code"
        raise TypeError(f"cannot save {name}: {why}") from None
    if found is not value and not _was_reloaded(value, found):
        raise TypeError(f"cannot save {name}: something else has that name")
    return name


def _was_reloaded(value: Any, found: Any) -> bool:
    """Tell whether two classes are of the same lines: their module was loaded twice."""
    return (
        isinstance(value, type)
        and isinstance(found, type)
        and (value.__module__, value.__qualname__) == (found.__module__, found.__qualname__)
    )


def find(name: Any) -> Any:
    """Return the class or function that a name stands for; raise ValueError if it may be none."""
    if name in _PLAIN:
        return _PLAIN[name]
    return _find(name) if name in _RIVER_FUNCTIONS else find_class(name)


@functools.cache
def find_class(name: Any) -> type:
    """Return a class of the packages above by its name; raise ValueError if it is none of them."""
    module, _, path = name.partition(":") if isinstance(name, str) else ("", "", "")
    if _inside(module, ("olearn",)):
        return _own_class(name)
    if not (_NAME.fullmatch(module) and _NAME.fullmatch(path)) or "__main__" in module:
        raise ValueError(f"{name!r} is not the name of a class")
    if not _inside(module, _PACKAGES) or _inside(module, _SHUT):
        raise ValueError(
            f"{name!r} is no class of learners, detectors or metrics of olearn or river"
        )
    found = _find(name)
    if not isinstance(found, type) or _full_name(found) != name:
        raise ValueError(f"{name!r} is not the name of a class")
    return found


def _own_class(name: str) -> type:
    """Return a class of olearn; `name` may be of version 0.1, which wrote the module too."""
    bare = _RENAMED.get(name, name.partition(":")[2])
    if bare in own_classes():
        found: type = getattr(importlib.import_module(own_classes()[bare]), bare)
        return found
    if bare in _MARKED:
        return _MARKED[bare]
    raise ValueError(f"{name!r} is no class of olearn whose objects are kept in files")


@functools.cache
def own_classes() -> dict[str, str]:
    """Return the modules of our classes that may be stored, by class name, without importing."""
    found: dict[str, str] = {}
    root = Path(__file__).parents[1]
    for part in _OURS:
        for file in sorted((root / part).rglob("*.py")):
            module = ".".join(("olearn", *file.relative_to(root).with_suffix("").parts))
            for name in _CLASS.findall(file.read_text(encoding="utf-8")):
                if name in found:
                    raise ValueError(f"{module} and {found[name]} have a class {name} each")
                found[name] = module
    return found


def _find(name: str) -> Any:
    module, _, path = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in path.split("."):
            found = vars(found)[part]
    except (ImportError, KeyError, TypeError) as error:
        raise ValueError(f"there is no {name!r} here") from error
    return found.__func__ if isinstance(found, staticmethod) else found


def _inside(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _full_name(value: Any) -> str:
    return f"{value.__module__}:{value.__qualname__}"


_PLAIN = {_full_name(value): value for value in (*_PLAIN_CLASSES, *_PLAIN_FUNCTIONS)}
