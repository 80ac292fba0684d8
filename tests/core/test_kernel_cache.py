"""Tests of the cache of compiled kernels: what it sees, where it lies, how it survives damage."""

import importlib
import os
import pickle
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import numba
import pytest

from olearn.core import jit, kernel_cache
from olearn.core.kernel_digest import describe_type, kernel_digest

ROOT = Path(__file__).resolve().parents[2]
NEEDS_JIT = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
pytestmark = NEEDS_JIT

LAYOUT = """
from collections import namedtuple
from enum import IntEnum
import numpy as np
from numba.core import types
from numba.extending import intrinsic

FACTOR = 3
SHIFT = 100
TABLE = np.array([1, 2])
fields = ['a', 'b']
Pair = namedtuple("Pair", fields)

class Side(IntEnum):
    LEFT = 0
    RIGHT = 1

@intrinsic
def same(context, value):
    return value(value), generate

def generate(context, builder, signature, args):
    return args[0]
"""
CALLEE = """
from olearn.core.jit import njit

@njit
def scale(x, by=2):
    \"\"\"Scale.\"\"\"
    return 2 * x if by else x

@njit
def unused(x):
    return -x
"""
CALLER = """
from olearn.core.jit import njit
from toy import layout as at
from toy.callee import scale

@njit
def answer(x):
    result = scale(x) * at.FACTOR
    pair = at.Pair(x, 2 * x)
    for _ in range(2):
        result += at.TABLE[0] - at.Side.RIGHT + pair.b - 2 * at.same(x)
    return result
"""
PRINT = """
import sys
from toy.caller import answer
print(answer(1), answer.stats.cache_hits.total(), answer.stats.cache_misses.total())
"""


@pytest.fixture
def toy(tmp_path):
    """A package whose kernel calls a kernel of another file and reads a constant of a third."""
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "layout.py").write_text(LAYOUT)
    (folder / "callee.py").write_text(CALLEE)
    (folder / "caller.py").write_text(CALLER)
    return folder


def run(folder, code=PRINT, **variables):
    """Run code in a fresh process beside the package; return its words and what stderr holds.

    Whether compiling takes so long that it is announced depends on the machine: it is not.
    """
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    inherited["OLEARN_QUIET"] = "1"
    done = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=folder.parent,
        env=inherited
        | {"PYTHONPATH": os.pathsep.join([str(folder.parent), str(ROOT)])}
        | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split(), done.stderr


def edit(file, old, new):
    """Replace a text, keeping size and times of the file."""
    text = file.read_text()
    assert old in text
    facts = file.stat()
    file.write_text(text.replace(old, new))
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def test_second_process_compiles_nothing(toy):
    """What one process compiled, beside the package, the next one reads; stderr stays empty."""
    assert run(toy) == (["6", "0", "1"], "")
    assert run(toy) == (["6", "1", "0"], "")
    assert list((toy / "__pycache__").glob("toy.caller.answer-*.kernel"))


def test_an_edited_callee_is_seen(toy):
    """A kernel of another file is edited: the old answer is not given, nor its file kept."""
    run(toy)
    edit(toy / "callee.py", "2 * x", "5 * x")
    assert run(toy) == (["15", "0", "1"], "")
    assert len(list((toy / "__pycache__").glob("toy.caller.answer-*.kernel"))) == 1


def digest_of(folder):
    """The digest of the package's kernel, imported anew."""
    for name in [name for name in sys.modules if name.split(".")[0] == "toy"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    return kernel_digest(importlib.import_module("toy.caller").answer)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("callee.py", "2 * x", "5 * x"),
        ("callee.py", "x, by=2", "x, by=3"),
        ("callee.py", "@njit\ndef scale", '@njit(error_model="numpy")\ndef scale'),
        ("layout.py", "FACTOR = 3", "FACTOR = 4"),
        ("layout.py", "FACTOR = 3", "FACTOR = 3.0"),
        ("layout.py", "[1, 2]", "[1, 3]"),
        ("layout.py", "RIGHT = 1", "RIGHT = 2"),
        ("layout.py", "fields = ['a', 'b']", "fields = ['b', 'a']"),
        ("layout.py", "value(value)", "value(types.int8)"),
        ("layout.py", "return args[0]", "return args[-1]"),
        ("caller.py", "* at.FACTOR", "- at.FACTOR"),
        ("caller.py", "range(2)", "range(3)"),
    ],
)
def test_digest_sees_all_that_is_compiled_in(toy, monkeypatch, file, old, new):
    """Callees, defaults, options, numbers, arrays, enumerations, tuples and intrinsics."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(toy.parent))
    before = digest_of(toy)
    edit(toy / file, old, new)
    assert digest_of(toy) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("callee.py", '"""Scale."""', '"""Scale, doubled."""'),
        ("callee.py", "return -x", "return +x"),
        ("layout.py", "SHIFT = 100", "SHIFT = 200"),
        ("caller.py", "\n@njit", "\n\n# a comment\n@njit"),
    ],
)
def test_digest_leaves_out_what_is_not(toy, monkeypatch, file, old, new):
    """Docstrings, comments, other kernels of a file and other constants compile nothing again."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(toy.parent))
    before = digest_of(toy)
    edit(toy / file, old, new)
    assert digest_of(toy) == before


def test_named_tuples_are_told_apart_by_their_fields():
    """Numba names both types alike, but code compiled for one reads the fields of the other."""
    one = numba.typeof(namedtuple("Pair", "a b")(1, 2.0))
    other = numba.typeof(namedtuple("Pair", "b a")(1, 2.0))
    assert str(one) == str(other)
    assert describe_type(one) != describe_type(other)
    inside = numba.types.Tuple([one, numba.int8]), numba.types.Tuple([other, numba.int8])
    assert describe_type(inside[0]) != describe_type(inside[1])


def test_a_moved_package_finds_its_cache(toy, tmp_path):
    """The cache holds no path: an image or a copy of the package compiles nothing again."""
    run(toy)
    moved = tmp_path / "elsewhere" / "toy"
    moved.parent.mkdir()
    toy.rename(moved)
    assert run(moved) == (["6", "1", "0"], "")


def test_damaged_files_are_compiled_and_written_again(toy):
    """A file cut short and one with a wrong byte are replaced; the process after reads them."""
    both = f"{PRINT}from toy.callee import scale; scale(1.0)"
    run(toy, both, OLEARN_QUIET="1")
    files = sorted((toy / "__pycache__").glob("*.kernel"))
    assert len(files) == 2
    content = [file.read_bytes() for file in files]
    files[0].write_bytes(content[0][:-1] + bytes([content[0][-1] ^ 1]))
    files[1].write_bytes(content[1][:200])
    assert run(toy, both, OLEARN_QUIET="1") == (["6", "0", "1"], "")
    assert run(toy, both, OLEARN_QUIET="1") == (["6", "1", "0"], "")
    assert files == sorted((toy / "__pycache__").glob("*.kernel"))


@pytest.mark.parametrize("size", [0, 10, 16, 200])
def test_a_file_cut_short_is_never_unpickled(tmp_path, size):
    """Wherever a file ends early, that is noticed before anything of it is run."""
    file = tmp_path / "a.kernel"
    kernel_cache._write(file, pickle.dumps(list(range(500))))
    assert kernel_cache._read(file) == list(range(500))
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(ValueError, match="damaged"):
        kernel_cache._read(file)


def test_named_folder_takes_all(toy, tmp_path):
    """`NUMBA_CACHE_DIR` is where everything is kept; nothing is written beside the package."""
    named = tmp_path / "named"
    run(toy, NUMBA_CACHE_DIR=str(named))
    assert list(named.rglob("toy.caller.answer-*.kernel"))
    assert not (toy / "__pycache__").exists()
    assert run(toy, NUMBA_CACHE_DIR=str(named)) == (["6", "1", "0"], "")


def block(folder):
    """Put a file where a folder is to be made: even root cannot write there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("")


def test_without_room_beside_the_package_the_user_s_cache_is_used(toy, tmp_path):
    """Second choice: `$XDG_CACHE_HOME/olearn/kernels`."""
    block(toy / "__pycache__")
    cache = tmp_path / "cache"
    run(toy, XDG_CACHE_HOME=str(cache))
    assert list((cache / "olearn" / "kernels").glob("toy.caller.answer-*.kernel"))
    assert run(toy, XDG_CACHE_HOME=str(cache)) == (["6", "1", "0"], "")


def test_without_a_home_a_private_temporary_folder_is_used(toy, tmp_path):
    """Third choice: a folder of this user's in the one for temporary files."""
    block(toy / "__pycache__")
    block(tmp_path / "home")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    places = {"XDG_CACHE_HOME": str(tmp_path / "home"), "TMPDIR": str(temporary)}
    run(toy, **places)
    (made,) = temporary.iterdir()
    assert made.stat().st_mode & 0o777 == 0o700
    assert run(toy, **places) == (["6", "1", "0"], "")

    made.chmod(0o777)  # now anybody could have put files into it
    words, errors = run(toy, **places, OLEARN_QUIET="0")
    assert words == ["6", "0", "1"]
    assert "NUMBA_CACHE_DIR" in errors


def test_without_any_folder_it_works_and_says_so_once(toy, tmp_path):
    """No place at all: the answer comes all the same, with one line that names the remedy."""
    block(toy / "__pycache__")
    block(tmp_path / "home")
    block(tmp_path / "tmp")
    places = {"XDG_CACHE_HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp")}
    code = (
        "import tempfile; tempfile._candidate_tempdir_list = lambda: []\n"  # /tmp is writable
        f"{PRINT}"
    )
    words, errors = run(toy, code, **places, OLEARN_QUIET="0")
    assert words == ["6", "0", "1"]
    (line,) = errors.splitlines()
    assert "NUMBA_CACHE_DIR" in line
    assert run(toy, code, **places) == (["6", "0", "1"], "")


def test_a_read_only_cache_is_read(toy, tmp_path):
    """An image's warm cache serves where nothing can be written: files are looked for first."""
    named = tmp_path / "named"
    run(toy, NUMBA_CACHE_DIR=str(named))
    code = (
        "from pathlib import Path\n"
        "from olearn.core import kernel_folders as f\n"
        "can = f._can_write\n"
        f"f._can_write = lambda folder, *a: {str(named)!r} not in str(folder) and can(folder, *a)\n"
        f"{PRINT}"
    )
    cache = tmp_path / "cache"
    places = {"NUMBA_CACHE_DIR": str(named), "XDG_CACHE_HOME": str(cache)}
    assert run(toy, code, **places) == (["6", "1", "0"], "")
    for file in named.rglob("*.kernel"):
        file.unlink()
    assert run(toy, code, **places) == (["6", "0", "1"], "")
    assert list(cache.rglob("toy.caller.answer-*.kernel"))


def test_a_folder_that_vanishes_or_a_full_disk_does_not_fail(toy, tmp_path):
    """Keeping what was compiled may fail at any moment; the call does not."""
    named = tmp_path / "named"
    code = (
        "import shutil, toy.caller\n"
        "from pathlib import Path\n"
        "from toy.callee import scale\n"
        f"scale(1); shutil.rmtree({str(named)!r}); print(toy.caller.answer(1))\n"
        "def full(*a): raise OSError(28, 'No space left on device')\n"
        "Path.write_bytes = full\n"
        "print(toy.caller.answer(1.0))"
    )
    assert run(toy, code, NUMBA_CACHE_DIR=str(named)) == (["6", "6.0"], "")
    assert not list(named.rglob("*.kernel*"))


def test_processes_that_compile_at_once_agree(toy):
    """Several processes start on an empty cache: all answer, and whole files remain."""
    python = [sys.executable, "-B", "-c", PRINT]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(toy.parent), str(ROOT)])}
    env.pop("NUMBA_CACHE_DIR", None)
    started = [subprocess.Popen(python, env=env, stdout=subprocess.PIPE) for _ in range(3)]
    assert [p.communicate()[0].split()[0] for p in started] == [b"6"] * 3
    assert run(toy) == (["6", "1", "0"], "")
    assert all(file.suffix == ".kernel" for file in (toy / "__pycache__").iterdir())


@jit.njit
def _double(x):
    return 2.0 * x


def test_file_names_tell_processors_and_versions_apart(monkeypatch):
    """Code for another processor, or by another Numba, is never found, so never run."""

    class Codegen:
        triple = ("x86_64", "skylake", "+avx2")

        def magic_tuple(self):
            return self.triple

    signature = (numba.float64,)
    names = {_double._cache._name(signature, Codegen())}
    monkeypatch.setattr(Codegen, "triple", ("x86_64", "znver4", "+avx2"))
    names.add(_double._cache._name(signature, Codegen()))
    monkeypatch.setattr(Codegen, "triple", ("x86_64", "znver4", "+avx512f"))
    names.add(_double._cache._name(signature, Codegen()))
    monkeypatch.setattr(kernel_cache.numba, "__version__", "0.0")
    names.add(_double._cache._name(signature, Codegen()))
    names.add(_double._cache._name((numba.int64,), Codegen()))
    assert len(names) == 5


def test_inner_kernel_gets_no_machine_code_and_no_file(toy):
    """What only kernels call is part of these; once Python calls it, it is compiled in full."""
    code = (
        "from toy.caller import answer\n"
        "from toy.callee import scale\n"
        "answer(1)\n"
        "inner = [type(c.library).__name__ for c in scale.overloads.values()]\n"
        "print(*inner, scale(1), *{type(c.library).__name__ for c in scale.overloads.values()})"
    )
    words = ["InnerLibrary", "2", "JITCodeLibrary"]
    assert run(toy, code)[0] == words
    names = [file.name.split("-")[0] for file in (toy / "__pycache__").glob("*.kernel")]
    assert sorted(names) == ["toy.callee.scale", "toy.caller.answer"]
