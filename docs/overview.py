"""What is made from the code by `make readme`: the table of the README, and what packages show.

A file says in `__all__` which of its names are public. The nearest package above it that has an
`__init__.pyi` shows them there, to type checkers and at run time (`olearn.core.lazy`).
"""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from olearn import registry
from olearn.core.lazy import shown_names

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
BEGIN = "<!-- made from the code by `make readme` -->\n"
END = "<!-- until here -->\n"

STUB = '"""Made from the `__all__` of the files by `make readme`."""\n\n'
# names of a deeper package that stand in another one too
ALSO = {
    "olearn.detectors.htm.htm_sprt": "olearn.detectors",
    "olearn.learners.dictionary.learner": "olearn.learners",
    "olearn.learners.rl.td": "olearn.learners",
}


def write() -> None:
    """Write the stubs, then the table, which reads them."""
    for path, text in stubs().items():
        path.write_text(text, encoding="utf-8")
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    README.write_text(f"{before}{BEGIN}{table()}{END}{after}", encoding="utf-8")


# -- what packages show --------------------------------------------------------------------------


def stubs() -> dict[Path, str]:
    """Return the `__init__.pyi` of each package that has one, without importing any of it."""
    shown: dict[Path, dict[str, str]] = {}
    for module, file in _files():
        found = re.search(r"^__all__ = (\[.*?\])", file.read_text(encoding="utf-8"), re.M | re.S)
        names = ast.literal_eval(found[1]) if found and file.name != "__init__.py" else []
        nearest = next((p / "__init__.pyi" for p in file.parents if _has_stub(p)), None)
        also = ALSO.get(module)
        for stub in (nearest, also and _FOLDERS[also] / "__init__.pyi"):
            if stub is not None:
                shown.setdefault(stub, {}).update(dict.fromkeys(names, module))
    return {
        stub: STUB + "".join(f"from {names[n]} import {n} as {n}\n" for n in sorted(names))
        for stub, names in shown.items()
    }


_FOLDERS = {"olearn": ROOT / "olearn"} | {
    f"olearn.{part}": ROOT / part for part in ("detectors", "learners", "streams")
}


def _files() -> Iterator[tuple[str, Path]]:
    """Yield the files of the product with their import names."""
    for package, folder in _FOLDERS.items():
        for file in sorted(folder.rglob("*.py")):
            yield ".".join((package, *file.relative_to(folder).with_suffix("").parts)), file


def _has_stub(folder: Path) -> bool:
    return (folder / "__init__.pyi").exists()


# -- the table of the README ---------------------------------------------------------------------


def table() -> str:
    """Return the table, a row a package or family of learners, every public name in it."""
    learners = shown_names(importlib.import_module("olearn.learners").__file__ or "")
    rows = ["| module | what | names |", "|---|---|---|"]
    families = sorted({module.rpartition(".")[0] for module in learners.values()})
    for family in families:
        names = [name for name, module in learners.items() if module.rpartition(".")[0] == family]
        rows.append(_row("olearn.learners", _what(family), names))
    for package in registry.packages():
        parent = importlib.import_module(package.rpartition(".")[0] or package)
        again = set(parent.__all__) if package.count(".") > 1 else set(learners)
        names = [name for name in importlib.import_module(package).__all__ if name not in again]
        if names:
            rows.append(_row(package, _what(package), names))
    rows.append(_row("olearn.streams.load", "streams by name", sorted(registry.streams())))
    return "\n".join([*rows, ""])


def _what(package: str) -> str:
    """Return what a package's docstring says before its first colon or full stop."""
    if package == "olearn":
        package = "olearn.persist"  # whose two functions stand there
    text = inspect.getdoc(importlib.import_module(package)) or ""
    return re.split(r"[:.](?=\s|$)", text)[0]


def _row(module: str, what: str, names: list[str]) -> str:
    return f"| `{module}` | {what} | {', '.join(f'`{name}`' for name in names)} |"


if __name__ == "__main__":
    write()
