"""Which folders compiled kernels are read from and written to.

What is read is unpickled, which runs whatever it says: only folders that the user named, that hold
the code itself, or that nobody else can write to are ever looked into.
"""

import contextlib
import functools
import os
import stat
import tempfile
from pathlib import Path

from numba.core import config

from olearn.core.data_home import cache_folder


def kernel_folders(source: str) -> list[Path | None]:
    """Return the folders to read the kernels of a source file from, the one to write to last.

    These are `$NUMBA_CACHE_DIR`, if set, else `__pycache__` beside the file and the user's cache;
    then a folder for temporary files. The first that can be written to is the last one looked
    into: before it stand those that somebody else may have filled, as in the image of a container.
    The last is None if none can be written to.
    """
    return list(_folders(os.path.dirname(source), config.CACHE_DIR))  # type: ignore[attr-defined]


@functools.cache
def _folders(beside: str, named: str) -> tuple[Path | None, ...]:
    found: list[Path | None] = []
    for folder, is_shared in _candidates(beside, named):
        try:
            is_writable = _can_write(folder, is_shared)
        except OSError:
            is_writable = False
        if is_writable or not is_shared:
            found.append(folder)
        if is_writable:
            return tuple(found)
    return (*found, None)


def _candidates(beside: str, named: str) -> list[tuple[Path, bool]]:
    """Return folders and whether they lie where others might have made them."""
    found = []
    if named:
        found.append((Path(named) / "olearn", False))
    elif os.path.isdir(beside):  # else code typed in, or in a zip file
        found.append((Path(beside) / "__pycache__", False))
    with contextlib.suppress(RuntimeError):  # no home
        found.append((cache_folder() / "kernels", True))
    try:
        temporary = tempfile.gettempdir()
    except FileNotFoundError:
        return found
    if temporary != os.getcwd():  # Python's last resort, but no place to leave things in
        user = os.getuid() if hasattr(os, "getuid") else "user"
        found.append((Path(temporary) / f"olearn-kernels-{user}", True))
    return found


def _can_write(folder: Path, is_shared: bool) -> bool:
    """Make a folder if need be; whether we can write to it and, in a shared place, only we."""
    if is_shared:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if hasattr(os, "getuid"):
            facts = folder.lstat()
            others = facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid() or others:
                return False
    else:
        folder.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder).close()
    return True
