"""Where compiled kernels are kept between processes, and how they are found again.

One file a kernel and signature. Its name holds a digest of all that was compiled into it and of
what compiled it, so that a file is right or is not found: nothing has to be cleared after an edit,
an upgrade, or a move to another processor.
"""

import contextlib
import hashlib
import importlib.util
import pickle
import sys
import uuid
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba.core import config, sigutils
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.errors import NumbaWarning
from numba.core.serialize import dumps

from olearn.core.kernel_digest import WRAPPERS, describe_type, kernel_digest
from olearn.core.kernel_folders import kernel_folders

SUFFIX = ".kernel"
_CHECK_SIZE = 16  # bytes of the digest at the head of a file
_FORMAT = 1


@dataclass
class Usage:
    """What this process read and wrote."""

    n_read: int = 0
    n_written: int = 0
    n_lost: int = 0  # compiled, but not kept
    folders: set[Path] = field(default_factory=set)


usage = Usage()


class KernelCache(_Cache):
    """The files of one kernel; numba's dispatchers ask it before they compile.

    Parameters
    ----------
    dispatcher
        The kernel.

    """

    def __init__(self, dispatcher: Any) -> None:
        self._dispatcher = dispatcher
        self._enabled = True

    @property
    def cache_path(self) -> str | None:
        """Folder that takes new files; None if there is none."""
        folder = kernel_folders(self._source())[-1]
        return None if folder is None else str(folder)

    def enable(self) -> None:
        """Use the files."""
        self._enabled = True

    def disable(self) -> None:
        """Neither read nor write."""
        self._enabled = False

    def flush(self) -> None:
        """Delete the kernel's files."""
        folder = kernel_folders(self._source())[-1]
        if folder is not None:
            for file in folder.glob(f"{self._stem()}-*{SUFFIX}"):
                file.unlink(missing_ok=True)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what was compiled for a signature, or None."""
        if not self._enabled or self._dispatcher.targetoptions.get("no_cpython_wrapper"):
            return None
        target_context.refresh()
        name = self._name(sig, target_context.codegen())
        for folder in filter(None, kernel_folders(self._source())):
            # whatever is wrong with a file, the remedy is to compile and write it again
            with contextlib.suppress(Exception):
                found = CompileResult._rebuild(target_context, *_read(folder / name))
                usage.n_read += 1
                usage.folders.add(folder)
                return found
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled; a full disk or a folder that is gone is no reason to fail.

        What was compiled for other kernels only is part of these, and not kept.
        """
        if not self._enabled or self._dispatcher.targetoptions.get("no_cpython_wrapper"):
            return
        if data.lifted or data.library.has_dynamic_globals:
            where = f"{self._dispatcher.py_func.__module__}.{self._dispatcher.py_func.__qualname__}"
            warnings.warn(f"kernel {where} reads what cannot be kept", NumbaWarning, stacklevel=2)
            return
        folder = kernel_folders(self._source())[-1]
        if folder is None:
            usage.n_lost += 1
            return
        name = self._name(sig, data.codegen)
        try:
            _write(folder / name, dumps(data._reduce()))
        except OSError:
            usage.n_lost += 1
            return
        usage.n_written += 1
        usage.folders.add(folder)
        if folder.name == "__pycache__":  # belongs to one source tree: what is old is of no use
            _delete_older(folder, name)

    def _source(self) -> str:
        return self._dispatcher.py_func.__code__.co_filename

    def _stem(self) -> str:
        function = self._dispatcher.py_func
        stem = f"{function.__module__}.{function.__qualname__}-{sys.implementation.cache_tag}"
        return stem.replace("<", "").replace(">", "")

    def _name(self, sig: Any, codegen: Any) -> str:
        """Return the name of the file: kernel, Python, digest of its code, digest of the rest."""
        args, _ = sigutils.normalize_signature(sig)
        rest = (
            _FORMAT,
            [describe_type(kind) for kind in args],
            [self._dispatcher.targetoptions.get(option) for option in WRAPPERS],
            codegen.magic_tuple(),  # the processor's name and features
            (numba.__version__, np.__version__, importlib.util.MAGIC_NUMBER),
            (config.OPT, config.BOUNDSCHECK),  # type: ignore[attr-defined]
        )
        key = hashlib.blake2b(repr(rest).encode(), digest_size=8).hexdigest()
        return f"{self._stem()}-{kernel_digest(self._dispatcher)}-{key}{SUFFIX}"


def _read(file: Path) -> Any:
    content = file.read_bytes()
    check, body = content[:_CHECK_SIZE], content[_CHECK_SIZE:]
    if hashlib.blake2b(body, digest_size=_CHECK_SIZE).digest() != check:
        raise ValueError(f"{file} is damaged")
    return pickle.loads(body)


def _write(file: Path, body: bytes) -> None:
    """Write a file in one step, so that other processes see all of it or nothing."""
    check = hashlib.blake2b(body, digest_size=_CHECK_SIZE).digest()
    unfinished = file.with_name(f"{file.name}.{uuid.uuid4().hex[:16]}")
    try:
        unfinished.write_bytes(check + body)
        unfinished.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise


def _delete_older(folder: Path, name: str) -> None:
    current = name.rsplit("-", 1)[0]
    kernel = current.rsplit("-", 1)[0]
    with contextlib.suppress(OSError):
        for file in folder.glob(f"{kernel}-*{SUFFIX}"):
            if not file.name.startswith(f"{current}-"):
                file.unlink()
