"""What a kernel is made of, as one short text: its own code and all it calls or freezes.

Numba compiles into a kernel the kernels that it calls and the values of the globals that it reads,
wherever these are defined. Its own cache looks at the file of the kernel only, and runs the old
code after an edit elsewhere. Here the byte code of everything that is reached is read instead; no
file is opened, an edit of a comment or of a docstring compiles nothing again, and a package that
was moved finds its cache.
"""

import enum
import hashlib
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
from numba.core import types

_OUTSIDE = ("numpy", "numba", "math", "builtins")  # their versions are in the key, not their code
# options that a kernel is given for one compilation: they do not change what it computes
WRAPPERS = ("no_cpython_wrapper", "no_cfunc_wrapper")
_PLAIN = (bool, int, float, complex, str, bytes, type(None), np.generic, np.dtype)


def kernel_digest(dispatcher: Any) -> str:
    """Return 16 hexadecimal digits that change when what the kernel is compiled from changes."""
    return _Walk().digest(dispatcher)


def describe_type(kind: Any) -> str:
    """Return a text that tells two numba types apart, also in another process.

    The name of a named tuple's type lacks the names of its fields, and that of a kernel, passed as
    an argument, holds an address.
    """
    if isinstance(kind, types.BaseTuple):
        parts: Any = kind
        fields = getattr(kind, "fields", range(len(kind)))
        named = zip(fields, map(describe_type, parts), strict=True)
        inside = ", ".join(f"{name}={part}" for name, part in named)
        return f"{kind.name.split('(')[0]}({inside})"
    if isinstance(kind, types.Dispatcher):
        return kernel_digest(kind.dispatcher)
    return str(kind)


class _Walk:
    """One visit to all that a kernel reaches, each function once."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=8)
        self._functions: list[Any] = []
        self._numbers: dict[int, int] = {}  # id of a function -> its place among them
        self._opened: set[tuple[int, tuple[str, ...]]] = set()

    def digest(self, dispatcher: Any) -> str:
        self._find(dispatcher)
        for function in self._functions:  # grows meanwhile
            self._read_function(function)
        return self._hash.hexdigest()

    def _note(self, *texts: object) -> None:
        for text in texts:
            self._hash.update(f"{text}\0".encode())

    def _find(self, function: Any) -> None:
        """Note which function stands here; it is read later, once, so that recursion ends."""
        if id(function) not in self._numbers:
            self._numbers[id(function)] = len(self._functions)
            self._functions.append(function)
        self._note("function", self._numbers[id(function)])

    def _read_function(self, function: Any) -> None:
        if hasattr(function, "targetoptions"):  # a kernel
            for name, value in sorted(function.targetoptions.items()):
                if name not in WRAPPERS:
                    self._note(name)
                    self._read_value(value, ())
            function = function.py_func
        self._note(function.__module__, function.__qualname__)
        self._read_value(function.__defaults__, ())
        for cell in function.__closure__ or ():
            self._read_value(cell.cell_contents, ())
        self._read_code(function.__code__, function.__globals__, function.__doc__)

    def _read_code(self, code: CodeType, names: dict[str, Any], doc: str | None) -> None:
        self._note(code.co_code.hex(), code.co_names, code.co_varnames, code.co_freevars)
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                self._read_code(constant, names, None)
            elif constant is not doc:
                self._read_value(constant, ())
        for name in code.co_names:
            if name in names:
                self._read_value(names[name], code.co_names)

    def _read_value(self, value: Any, attributes: tuple[str, ...]) -> None:
        """Note a value; of a module or a class, those of the named attributes that it has."""
        if isinstance(value, (*_PLAIN, enum.Enum)):
            self._note(type(value).__name__, repr(value))
        elif isinstance(value, np.ndarray):
            self._note(value.dtype, value.shape, value.tobytes().hex())
        elif isinstance(value, enum.EnumType):
            self._note(value.__name__, list(map(repr, value)))
        elif isinstance(value, set | frozenset):
            self._note("set", sorted(map(repr, value)))
        elif isinstance(value, tuple | list):
            self._note(type(value).__name__, len(value))
            for part in value:
                self._read_value(part, attributes)
        elif hasattr(value, "targetoptions"):
            self._find(value)
        elif hasattr(value, "_defn"):  # an intrinsic
            self._read_value(value._defn, attributes)
        elif isinstance(value, types.Type):
            self._note(describe_type(value))
        elif _is_outside(value):
            self._note(getattr(value, "__name__", type(value).__name__))
        elif isinstance(value, FunctionType):
            self._find(value)
        elif isinstance(value, ModuleType | type):
            self._note(value.__name__, getattr(value, "_fields", ()))
            self._open(value, attributes)
        else:
            self._note(type(value).__module__, type(value).__qualname__)

    def _open(self, holder: ModuleType | type, attributes: tuple[str, ...]) -> None:
        if (id(holder), attributes) in self._opened:
            return
        self._opened.add((id(holder), attributes))
        for name in attributes:
            if name in vars(holder):
                self._note(name)
                self._read_value(vars(holder)[name], attributes)


def _is_outside(value: Any) -> bool:
    module = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
    return (module or "").split(".")[0] in _OUTSIDE
