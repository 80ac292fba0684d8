"""Which classes a saved state may name, and how they are found again.

A name is `module:qualified.name`. Only classes of the packages below are found, and a few of Python
and NumPy that their states refer to; importing their modules runs no code but theirs. A new part of
olearn whose objects hold what was learnt must be named here.
"""

import collections
import copy
import functools
import importlib
import random
import re
from collections.abc import Callable
from typing import Any

import numpy as np

_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_PACKAGES = (
    *("olearn.base", "olearn.detectors", "olearn.features", "olearn.labels", "olearn.learners"),
    *("olearn.metrics", "olearn._kappa", "olearn._label_pairs"),
    *("olearn.evaluate.recorder", "olearn.evaluate.scoring"),  # of a run that goes on
    *("river", "statistics", "torch.nn.modules", "torch.optim"),
)
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


def name_of(value: Any) -> str:
    """Return the name of a class or function; raise TypeError if it would not be found again."""
    name = _full_name(value)
    try:
        found = find(name)
    except ValueError as error:
        why = error if isinstance(value, type) else "it is a function, and a file holds no code"
        raise TypeError(f"cannot save {name}: {why}") from None
    if found is not value:
        raise TypeError(f"cannot save {name}: something else has that name")
    return name


def find(name: Any) -> Any:
    """Return the class or function that a name stands for; raise ValueError if it may be none."""
    if name in _PLAIN:
        return _PLAIN[name]
    return _find(name) if name in _RIVER_FUNCTIONS else find_class(name)


@functools.cache
def find_class(name: Any) -> type:
    """Return a class of the packages above by its name; raise ValueError if it is none of them."""
    module, _, path = name.partition(":") if isinstance(name, str) else ("", "", "")
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
