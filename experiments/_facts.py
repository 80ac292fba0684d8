"""Files of results: the head, that says what ran, when and on what machine, and the runs."""

import json
import os
import platform
import shlex
import sys
from collections.abc import Iterable
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any


def head(packages: Iterable[str]) -> dict[str, Any]:
    """Return the version of olearn and of packages, the command, the date and the machine.

    The machine is given by its processor and the number of its cores, by no name or address.
    """
    return {
        "version": metadata.version("olearn"),
        "command": shlex.join(["python", f"experiments/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        "date": date.today().isoformat(),
        "processor": _processor(),
        "cpu_count": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {package: metadata.version(package) for package in packages},
    }


def write_runs(path: Path, facts: dict[str, Any], runs: Iterable[dict[str, Any]]) -> None:
    """Write the facts, then a run a line; a script that is stopped leaves no half file."""
    opening = json.dumps(facts, indent=1)[:-2]
    body = ",\n  ".join(json.dumps(run) for run in runs)
    part = path.with_suffix(".part")
    part.write_text(f'{opening},\n "runs": [\n  {body}\n ]\n}}\n')
    part.replace(path)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
