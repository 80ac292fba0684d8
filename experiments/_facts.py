"""The head of every file of results: what ran, when, and on what class of machine."""

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


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
