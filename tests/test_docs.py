"""The documentation: it builds without a warning, and every example in it is run."""

import ast
import doctest
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from olearn import registry

ROOT = Path(__file__).parent.parent
PARTS = ("detectors", "learners", "streams")
PAGES = sorted((ROOT / "docs/pages").glob("*.md"))


def modules():
    """The name of every module of olearn beside its file."""
    for part in ("olearn", *PARTS):
        for path in sorted((ROOT / part).rglob("*.py")):
            inside = path.relative_to(ROOT).with_suffix("").parts
            if not (part == "olearn" and inside[1] in PARTS):  # reached by a link
                name = ".".join(inside if part == "olearn" else ("olearn", *inside))
                yield name.removesuffix(".__init__"), path


def written(tree, prefix):
    """Qualified names of what has an example in its docstring."""
    if ">>> " in (ast.get_docstring(tree) or ""):
        yield prefix
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield from written(node, f"{prefix}.{node.name}")


EXAMPLES = {
    name: names
    for name, path in modules()
    if (names := set(written(ast.parse(path.read_text(encoding="utf-8")), name)))
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_run(name):
    """The test run finds every example; it would pass over those of compiled functions."""
    found = doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name))
    assert EXAMPLES[name] == {test.name for test in found if test.examples}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_sessions_of_a_page_print_what_they_say(page):
    """The Python sessions of a handwritten page run as they stand."""
    text = page.read_text(encoding="utf-8").replace("```", "")  # the fences would count as output
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    assert doctest.DocTestRunner().run(test) == (0, len(test.examples))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The documentation, built so that a warning is an error."""
    for package in ("mkdocs", "mkdocstrings", "latex2mathml"):
        pytest.importorskip(package, reason="the extra `docs` is not installed")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]  # --quiet hides warnings
    command += ["--config-file", str(ROOT / "docs/mkdocs.yml"), "--site-dir", str(folder)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_public_name_has_a_page(site):
    """A page describes each name of each public package, and a page each contract of the core."""
    for package in registry.packages():
        folder = site / "reference" / package.removeprefix("olearn.").replace(".", "/")
        for public in importlib.import_module(package).__all__:
            page = folder / public / "index.html"
            assert f'id="{package}.{public}"' in page.read_text(encoding="utf-8")
    for name, path in modules():
        if name.startswith("olearn.core.") and "\n__all__ = " in path.read_text(encoding="utf-8"):
            page = site / "reference" / name.removeprefix("olearn.") / "index.html"
            for public in importlib.import_module(name).__all__:
                assert f'id="{name}.{public}"' in page.read_text(encoding="utf-8")


def test_pages_show_formulas_links_and_sources(site):
    """Formulas are MathML, footnotes numbers, and names of the library links."""
    page = (site / "reference/detectors/EWMAChart/index.html").read_text(encoding="utf-8")
    assert "<math" in page
    assert "arithmatex" not in page
    assert "[^" not in page
    front = (site / "reference/learners/HoeffdingTreeClassifier/index.html").read_text()
    assert "[^" not in front
    assert (site / "experiments/tutorials/drift_detection/index.html").exists()
