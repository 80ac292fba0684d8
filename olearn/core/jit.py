"""`njit` of this project: Numba's, with a cache that is never stale and a line while it compiles.

Kernels are compiled at their first call. What is compiled is kept (`kernel_cache`) and read by
later processes; whoever waits for longer than a second is told why (`compile_notice`).
"""

import contextlib
import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast, overload

from numba import typeof
from numba.core import config, sigutils, types
from numba.core.compiler import Compiler, Flags
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import CPUDispatcher

from olearn.core import compile_notice
from olearn.core.kernel_cache import KernelCache
from olearn.core.kernel_library import InnerCompiler, set_environments


@overload
def njit(function: Callable[..., Any], /, **options: Any) -> Any: ...
@overload
def njit(function: None = None, /, **options: Any) -> Callable[[Callable[..., Any]], Any]: ...
def njit(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Compile a function to machine code at its first call, once for all processes.

    Parameters
    ----------
    function
        Function over arrays and numbers.
    options
        Those of `numba.njit`, such as `forceinline` and `nogil`; what is compiled is always kept.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn.core.jit import njit

    >>> @njit
    ... def total(x):
    ...     result = 0.0
    ...     for value in x:
    ...         result += value
    ...     return result
    >>> total(np.arange(5.0))
    10.0

    """
    if function is None:
        return lambda decorated: njit(decorated, **options)
    if config.DISABLE_JIT:  # type: ignore[attr-defined]
        return function
    # explicit, lest they be those of the kernel that happens to call this one first
    own = {
        **{"nopython": True, "boundscheck": None, "_nrt": True, "error_model": "python"},
        "forceinline": False,  # else all that an inlined kernel calls is inlined wherever it is
    }
    return Kernel(function, targetoptions=own | options)


def inner(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Do as `njit` for what only kernels call, with less for the compiler to do.

    No references are counted, so it must neither make an array nor return a view of one; and no
    division is checked, so a divisor must not be 0 where infinity is not meant.
    """
    return njit(function, **{"_nrt": False, "error_model": "numpy", **options})


def in_python(kernel: Any) -> Callable[..., Any]:
    """Return a kernel's function as Python runs it, for calls too rare to be worth compiling."""
    return getattr(kernel, "py_func", kernel)


def direct(kernel: Any, *args: Any) -> Callable[..., Any]:
    """Return a kernel as a call that takes arguments of these types and does not look at them.

    That saves half of the time of a call. Arguments of other types would be misread, so it is for a
    caller that knows its own.
    """
    if config.DISABLE_JIT:  # type: ignore[attr-defined]
        return cast(Callable[..., Any], kernel)
    return cast(Callable[..., Any], kernel.compile(tuple(map(typeof, args))))


class Kernel(CPUDispatcher):
    """A compiled function; see `njit`.

    What only other kernels call is compiled without machine code of its own, which saves half of
    the time to compile a tree, and not kept; it is compiled again, in full, if Python calls it
    after all.
    """

    _compiler: Any

    def __init__(self, py_func: Any, *args: Any, **options: Any) -> None:
        super().__init__(py_func, *args, **options)
        self.targetoptions["no_cfunc_wrapper"] = True  # for callers in C: there are none
        self._compiler._customize_flags = KernelFlags
        self._bare: set[Any] = set()  # argument types compiled for other kernels only
        self._cache = KernelCache(self)
        compile_notice.watch()

    def get_call_template(self, args: Any, kws: Any) -> Any:
        """Compile for a kernel that calls this one, once for all constants that it may pass."""
        args = tuple(map(types.unliteral, args))
        kws = {name: types.unliteral(kind) for name, kind in dict(kws).items()}
        before, _caller.is_kernel = _caller.is_kernel, True
        try:
            return super().get_call_template(args, kws)
        finally:
            _caller.is_kernel = before

    def compile(self, sig: Any) -> Any:
        """Compile for argument types, or read what was compiled before."""
        with global_compiler_lock:
            args = tuple(sigutils.normalize_signature(sig)[0])
            if not _caller.is_kernel and args in self._bare:
                self._bare.remove(args)
                self.overloads.pop(args, None)
            before = self.targetoptions.get("no_cpython_wrapper", False)
            self.targetoptions["no_cpython_wrapper"] = _caller.is_kernel
            self._compiler.pipeline_class = InnerCompiler if _caller.is_kernel else Compiler
            try:
                with _no_garbage():
                    return super().compile(sig)
            finally:
                self.targetoptions["no_cpython_wrapper"] = before

    def add_overload(self, cres: Any) -> None:
        """Take what was compiled; without a wrapper it is out of Python's reach."""
        if self.targetoptions["no_cpython_wrapper"]:
            args = tuple(cres.signature.args)
            self._bare.add(args)
            self.overloads[args] = cres
        else:
            set_environments(cres)
            super().add_overload(cres)


class KernelFlags(Flags):
    """The options of one compilation, compared by those that were set.

    Numba looks them up among the options of everything compiled before, for each call in a kernel,
    and compares all forty, defaults too: a tenth of the time to compile a tree.
    """

    def __eq__(self, other: object) -> bool:
        if isinstance(other, KernelFlags):
            return self is other or self._values == other._values
        equal: bool = super().__eq__(other)  # type: ignore[no-untyped-call]
        return equal

    __hash__ = Flags.__hash__


@contextlib.contextmanager
def _no_garbage() -> Iterator[None]:
    """Collect no garbage meanwhile: what a compiler allocates lives on, and to search it again and
    again takes a sixth of its time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Caller(threading.local):
    is_kernel = False  # whether a kernel that calls another one is being compiled in this thread


_caller = _Caller()
