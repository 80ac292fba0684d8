"""Public names that load their file at first use, so that importing a package is cheap."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, files: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` of a package.

    Parameters
    ----------
    package
        Its `__name__`.
    files
        The module below the package where each public name lives.

    Examples
    --------
    >>> from olearn.core.lazy import lazy_names
    >>> find, names = lazy_names("olearn", {"ArrayClassifier": "base"})
    >>> find("ArrayClassifier").__module__
    'olearn.base.classifier'

    """

    def find(name: str) -> Any:
        if name not in files:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            value = getattr(import_module(f"{package}.{files[name]}"), name)
        except ModuleNotFoundError as error:
            if error.name != "torch":
                raise
            hint = f"{name} needs torch: pip install olearn[neural]"
            raise ModuleNotFoundError(hint, name="torch") from error
        setattr(sys.modules[package], name, value)  # found at once from now on
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *files})

    return find, names
