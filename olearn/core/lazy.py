"""Public names that load their file at first use, so that importing a package is cheap.

What a package shows is written once, in its `__init__.pyi`, which type checkers read, and which
`make readme` makes of the `__all__` of its files.
"""

import re
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

_IMPORT = re.compile(r"^from (\S+) import (\w+) as \2$", re.MULTILINE)


def shown_names(init: str) -> dict[str, str]:
    """Return the module of each public name of a package, by the path of its `__init__.py`.

    Examples
    --------
    >>> from olearn import base
    >>> from olearn.core.lazy import shown_names
    >>> shown_names(base.__file__)["ArrayClassifier"]
    'olearn.base.classifier'

    """
    text = Path(init).with_suffix(".pyi").read_text(encoding="utf-8")
    return {name: module for module, name in _IMPORT.findall(text)}


def lazy_names(
    package: str, modules: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return the `__getattr__`, `__dir__` and `__all__` of a package.

    A name whose file needs torch is listed with and without it; without, to take it raises
    `ModuleNotFoundError`, which says what to install, also from `hasattr`: an `AttributeError`
    would make `from olearn.learners import ERClassifier` lose these words.

    Parameters
    ----------
    package
        Its `__name__`.
    modules
        The module where each public name lives, such as `shown_names(__file__)`.

    Examples
    --------
    >>> from olearn.core.lazy import lazy_names
    >>> find, _, names = lazy_names("olearn", {"ArrayClassifier": "olearn.base.classifier"})
    >>> names, find("ArrayClassifier").__module__
    (['ArrayClassifier'], 'olearn.base.classifier')

    """

    def find(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            value = getattr(import_module(modules[name]), name)
        except ModuleNotFoundError as error:
            if error.name != "torch":
                raise
            hint = f"{name} needs torch: pip install 'olearn[neural]'"
            raise ModuleNotFoundError(hint, name="torch") from error
        setattr(sys.modules[package], name, value)  # found at once from now on
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *modules})

    return find, names, sorted(modules)
