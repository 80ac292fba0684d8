"""How kernels are compiled that only other kernels call: not as far as machine code.

Numba optimises each function and generates machine code for it, then copies it into each of its
callers, and optimises and generates code there again. For kernels made of many small functions that
is most of the time it takes to compile. Here the small functions stay as they were lowered; the
kernel that Python calls is optimised once, with all of them inside.
"""

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler


class InnerLibrary(JITCodeLibrary):
    """Code to be linked into other libraries only."""

    @property
    def codegen(self) -> Any:
        """The code generator, for those who want to tell it where to find what in this library."""
        return _NoCode

    def get_pointer_to_function(self, name: str) -> int:
        """Return 0: there is no machine code."""
        self._ensure_finalized()  # type: ignore[no-untyped-call]
        return 0

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]
        self._finalized = True


class _NoCode:
    @staticmethod
    def set_env(name: str, environment: Any) -> None:
        """Do nothing: `set_environments` does, where the function gets its machine code."""


class InnerCompiler(Compiler):
    """Numba's compiler, whose result is an `InnerLibrary`."""

    def define_pipelines(self) -> Any:
        """Return the usual passes."""
        library: Any = InnerLibrary
        name = self.state.func_id.func_qualname
        self.state.library = library(self.state.targetctx.codegen(), name)
        return super().define_pipelines()  # type: ignore[no-untyped-call]


def set_environments(cres: Any) -> None:
    """Tell the inner functions of a compiled kernel where their Python objects are."""
    for environment in cres._find_referenced_environments():
        cres.library.codegen.set_env(environment.env_name, environment)
