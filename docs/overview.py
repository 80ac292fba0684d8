"""The table of the README that names what there is: `make readme` writes it anew from the code."""

import importlib
from pathlib import Path

from olearn import learners, streams

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN = "<!-- made from the code by `make readme` -->\n"
END = "<!-- until here -->\n"

# families of `olearn.learners`, by the folder of their file
FAMILIES = {
    "trees": "trees and forests",
    "mixture": "mixtures of experts",
    "analytic": "analytic",
    "dictionary": "dictionaries",
    "replay": "rehearsal",
    "rl": "predictions",
}
MODULES = {
    "olearn.learners.dictionary": "parts of dictionaries",
    "olearn.learners.rl": "streaming reinforcement learning",
    "olearn.detectors": "change detectors",
    "olearn.detectors.htm": "temporal memory",
    "olearn.streams": "streams",
    "olearn.evaluate": "evaluation",
    "olearn.metrics": "metrics",
    "olearn.base": "what a learner or detector of your own inherits",
    "olearn.checks": "checks of your own learners and streams",
    "olearn": "files of models",
}


def table() -> str:
    """Return the table, a row a family or module, every public name in it."""
    rows = ["| module | what | names |", "|---|---|---|"]
    for folder, family in FAMILIES.items():
        found = [name for name in learners.__all__ if _folder(name) == folder]
        rows.append(_row("olearn.learners", family, found))
    for module, what in MODULES.items():
        names = importlib.import_module(module).__all__
        again = learners.__all__ if module.startswith("olearn.learners") else ()
        rows.append(_row(module, what, [name for name in names if name not in again]))
    rows.append(_row("olearn.streams.load", "streams by name", streams.names()))
    return "\n".join([*rows, ""])


def _folder(name: str) -> str:
    """Return the folder of a learner's file below `learners`, empty where there is none."""
    inside = getattr(learners, name).__module__.removeprefix("olearn.learners.").split(".")
    return inside[0] if len(inside) > 1 else ""


def _row(module: str, what: str, names: list[str]) -> str:
    return f"| `{module}` | {what} | {', '.join(f'`{name}`' for name in names)} |"


if __name__ == "__main__":
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    README.write_text(f"{before}{BEGIN}{table()}{END}{after}", encoding="utf-8")
