"""What makes the pages: the reference from the code, the rest from the documents of the project.

Documents keep their place relative to each other, so that their links work here as they do there.
"""

import base64
import functools
import importlib
import inspect
import json
import pkgutil
import re
from html import unescape
from pathlib import Path
from typing import Any

import latex2mathml.converter
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import olearn.core
from olearn import registry

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "experiments/README.md")
FIRST = ("first_stream", "your_own_csv_with_drift")
"""Tutorials that come before the others."""

_FULL = "show_root_full_path: true"
_FORMULA = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.*?)\\[)\]]</\1>', flags=re.S)


def contracts() -> list[str]:
    """Return the modules of the core that authors of a learner need: those with an `__all__`."""
    found = pkgutil.iter_modules(olearn.core.__path__, "olearn.core.")
    names = [info.name for info in found]
    return [name for name in names if hasattr(importlib.import_module(name), "__all__")]


@functools.cache
def reference() -> dict[str, str]:
    """Return the pages of the reference: one a module, one a public name; path to Markdown."""
    pages = {}
    rows = []
    for module in registry.packages():
        part = importlib.import_module(module)
        folder = module.removeprefix("olearn.").replace(".", "/")
        rows.append(f"| [`{module}`]({folder}/index.md) | {first_sentence(part)} |")
        table = []
        for name in part.__all__:
            table.append(f"| [`{name}`]({name}.md) | {first_sentence(getattr(part, name))} |")
            pages[f"reference/{folder}/{name}.md"] = f"::: {module}.{name}\n"
        about = f"::: {module}\n    options:\n      members: false\n      {_FULL}\n\n"
        table = ["| name | what it is |", "|---|---|", *table]
        pages[f"reference/{folder}/index.md"] = about + "\n".join(table)
    for module in contracts():
        path = f"{module.removeprefix('olearn.')}.md"
        pages[f"reference/{path}"] = f"::: {module}\n    options:\n      {_FULL}\n"
        rows.append(f"| [`{module}`]({path}) | {first_sentence(importlib.import_module(module))} |")
    front = ["# Reference", "", "| module | what it holds |", "|---|---|", *rows]
    return {"reference/index.md": "\n".join(front), **pages}


def reference_tree() -> list[Any]:
    """Return the pages of the reference as mkdocs orders them: a section a module."""
    tree: list[Any] = ["reference/index.md"]
    sections: dict[str, list[Any]] = {}
    for path in reference():
        folder, _, file = path.removeprefix("reference/").rpartition("/")
        if folder:
            if folder not in sections:
                sections[folder] = []
                tree.append({folder.replace("/", "."): sections[folder]})
            sections[folder].append(path if file == "index.md" else {file[:-3]: path})
        elif file != "index.md":
            tree.append({file[:-3]: path})
    return tree


def first_sentence(part: Any) -> str:
    """Return the first sentence of a docstring, fit for a cell of a table."""
    text = (inspect.getdoc(part) or "").split("\n\n")[0]
    text = re.sub(r"\[\^\d+\]", "", text).replace("\n", " ").replace("|", r"\|")
    return re.split(r"(?<=\w\.) (?=[A-Z])", text)[0]


def tutorial(path: Path) -> dict[str, str | bytes]:
    """Return the page of a notebook and its pictures; path to content."""
    pages: dict[str, str | bytes] = {}
    lines: list[str] = []
    for k, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            lines += [source.replace(".ipynb)", ".md)"), ""]
            continue
        lines += ["```python", source, "```", ""]
        for output in cell["outputs"]:
            data = output.get("data", {})
            if "image/png" in data:
                picture = f"{path.stem}-{k}.png"
                pages[f"experiments/tutorials/{picture}"] = base64.b64decode(data["image/png"])
                lines += [f"![]({picture})", ""]
            elif text := "".join(output.get("text", data.get("text/plain", ""))):
                lines += ["```text", text.rstrip(), "```", ""]
    pages[f"experiments/tutorials/{path.stem}.md"] = "\n".join(lines)
    return pages


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is made from the code and what lies elsewhere in the project."""
    made: dict[str, Any] = dict(reference())
    for notebook in sorted((ROOT / "experiments/tutorials").glob("*.ipynb")):
        made |= tutorial(notebook)
    shown = [ROOT / name for name in DOCUMENTS]
    for pattern in ("*.py", "*.sh", "benchmarks/*.py", "results/*.md", "results/*.png"):
        shown += sorted((ROOT / "experiments").glob(pattern))
    for path in shown:
        content: str | bytes = path.read_bytes()
        if path.suffix == ".md":
            content = path.read_text(encoding="utf-8").replace(".ipynb)", ".md)")
        made[path.relative_to(ROOT).as_posix()] = content
    for name, content in made.items():
        files.append(File.generated(config, name, content=content))
    return files


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Order the pages; those without a place are reached by links."""
    notebooks = sorted(path.stem for path in (ROOT / "experiments/tutorials").glob("*.ipynb"))
    ordered = sorted(notebooks, key=lambda name: (name not in FIRST, name))
    config.nav = [
        {"Home": "README.md"},
        {"How it works": "concepts.md"},
        {"Tables in files": "files.md"},
        {"Transformers": "preprocessing.md"},
        {"Ensembles of trees": "ensembles.md"},
        {"Rare labels": "imbalance.md"},
        {"Numbers to predict": "regression.md"},
        {"Linear models": "linear.md"},
        {"Nearest neighbours and naive Bayes": "neighbours_and_bayes.md"},
        {"Anomaly detection": "anomaly.md"},
        {"Containers": "containers.md"},
        {"Coming from river": "coming_from_river.md"},
        {"Coming from CapyMOA": "coming_from_capymoa.md"},
        {"Tutorials": [f"experiments/tutorials/{name}.md" for name in ordered]},
        {"Experiments": "experiments/README.md"},
        {"Reference": reference_tree()},
        {"Contributing": "CONTRIBUTING.md"},
        {"Changes": "CHANGELOG.md"},
    ]
    return config


def on_page_content(html: str, **kwargs: Any) -> str:
    """Turn formulas into MathML, which browsers show without a script."""

    def mathml(found: re.Match[str]) -> str:
        display = "block" if found[1] == "div" else "inline"
        return latex2mathml.converter.convert(unescape(found[2]), display=display)

    return _FORMULA.sub(mathml, html)
