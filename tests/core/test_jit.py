"""Tests of compiled kernels: what of them Python and other kernels may call, and their options."""

import gc
from pathlib import Path

import numba
import numpy as np
import pytest
from numba.core.compiler import Flags

from olearn.core import jit

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")


@jit.njit
def _double(x):
    return 2.0 * x


@jit.njit
def _quadruple(x):
    return _double(_double(x))


def test_inner_kernel_can_be_called_from_python_too():
    """Compiled for another kernel first, without Python's wrapper, it still answers Python."""
    assert _quadruple(1.5) == 6.0
    assert _double(1.5) == 3.0
    assert _quadruple(np.float32(1.5)) == 6.0
    assert len(_quadruple.signatures) == 2
    assert len(_double.signatures) == len(set(_double.signatures))


@jit.njit
def _raises(x):
    if x < 0:
        raise ValueError("x must not be negative")
    return x


@jit.njit
def _may_raise(x):
    print(x)
    return _raises(x) + 1


def test_inner_kernel_may_raise(capsys):
    """An error inside an inner kernel reaches Python with its message."""
    assert _may_raise(1) == 2
    with pytest.raises(ValueError, match="must not be negative"):
        _may_raise(-1)


def test_garbage_is_collected_again_after_a_compilation():
    """It is held up while a kernel compiles, also when that fails."""

    @jit.njit
    def wrong(x):
        return x.no_such_attribute

    with pytest.raises(numba.TypingError):
        wrong(1)
    assert gc.isenabled()
    gc.disable()
    try:
        _double(np.int8(1))
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_options_reach_numba():
    """An option of Numba's is passed on; an unknown one is refused."""

    @jit.njit(error_model="numpy")
    def divide(x):
        return 1.0 / x

    assert divide(0.0) == np.inf

    @jit.njit(no_such_option=True)
    def never(x):
        return x

    with pytest.raises(KeyError, match="no_such_option"):
        never(1.0)


@jit.inner
def _odd(x):
    return x % 2 == 1


@jit.inner(forceinline=True)
def _odd_half(x):
    return x // 2 if _odd(x) else 0


def test_options_stay_with_the_kernel_that_sets_them():
    """A kernel called by one that is always inlined is not for that always inlined itself."""
    _odd_half.get_call_template((numba.int64,), {})  # as a kernel that calls it does
    for kernel, inlined in ((_odd_half, True), (_odd, False)):
        (compiled,) = kernel.overloads.values()
        assert ("alwaysinline" in compiled.library.get_llvm_str()) is inlined


def test_flags_are_equal_where_numba_s_are():
    """They compare by what was set, with each other; with Numba's own as these do."""
    flags = Flags()
    flags.nrt = True
    ours, same, other = jit.KernelFlags(flags), jit.KernelFlags(flags), jit.KernelFlags(flags)
    other.error_model = "numpy"
    assert ours == same == ours.copy()
    assert hash(ours) == hash(same)
    assert ours == flags
    assert ours != other
    assert ours != "flags"


def product_files():
    """All files of the product, beside their lines."""
    parts = ("olearn", "detectors", "learners", "streams")
    files = {file.resolve() for part in parts for file in (ROOT / part).rglob("*.py")}
    assert len(files) > 100
    return {str(file.relative_to(ROOT)): file.read_text().splitlines() for file in files}


def test_kernels_of_the_product_are_compiled_by_our_decorator():
    """No file of the product takes Numba's own `njit`, whose cache goes stale."""
    starts = ("from numba import", "import numba")
    taken = {
        name: line
        for name, lines in product_files().items()
        for line in lines
        if line.startswith(starts) and ("jit" in line or line == "import numba")
    }
    assert list(taken) == ["olearn/core/kernel_cache.py"]  # asks for the version


def test_only_kernels_go_untyped():
    """What leaves types to Numba has kernels in it; all other files are checked strictly."""
    untyped = [lines for lines in product_files().values() if any("# mypy: " in x for x in lines)]
    assert len(untyped) > 10
    for lines in untyped:
        assert any(line.startswith("from olearn.core.jit import ") for line in lines)
