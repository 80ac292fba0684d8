"""Tests of what is installed: versions, declared packages, links, lazy imports, the wheel."""

import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

import olearn
from olearn import learners, registry
from olearn.core.lazy import shown_names

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PARTS = ("detectors", "learners", "streams")
PUBLIC = tuple(registry.packages())
# what is itself made of torch or Gymnasium, or checks with river's own data sets
NEED_MORE = ("olearn.checks", "olearn.learners.rl")
HEAVY = ("torch", "matplotlib", "pandas", "gymnasium", "numba", "sklearn")


def python(code, cwd):
    """Run code in a fresh interpreter, in another folder, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy so that the working tree stays as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("olearn", *PARTS):
        shutil.copytree(
            ROOT / name,
            source / name,
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder]
    done = subprocess.run([*command, source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder with the wheel installed in it and nothing else."""
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, "--target", target, wheel], check=True, capture_output=True)
    return target


def test_version_is_that_of_the_project():
    """`olearn.__version__` equals the version in pyproject.toml."""
    assert olearn.__version__ == PROJECT["project"]["version"]


def test_every_folder_with_code_is_a_package():
    """A folder without `__init__.py` would be missing in wheels."""
    for part in ("olearn", *PARTS):
        for file in (ROOT / part).rglob("*.py"):
            assert (file.parent / "__init__.py").exists(), file.parent


@pytest.mark.parametrize("part", PARTS)
def test_parts_are_links_and_mapped(part):
    """Each part stands at the root, reached by a relative link and by the setuptools table."""
    link = ROOT / "olearn" / part
    assert link.is_symlink()
    assert os.readlink(link) == f"../{part}"
    assert PROJECT["tool"]["setuptools"]["package-dir"][f"olearn.{part}"] == part


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_exist_and_are_listed(name):
    """`__all__` is sorted, `dir` shows it, every name can be had, and an unknown one cannot."""
    module = importlib.import_module(name)
    assert sorted(module.__all__) == list(module.__all__)
    assert set(module.__all__) <= set(dir(module))
    for public in module.__all__:
        assert getattr(module, public) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        module.no_such_name  # noqa: B018


@pytest.mark.parametrize("name", PUBLIC)
def test_no_public_name_is_that_of_a_module(name):
    """Else the one would hide the other, by which of them was imported last."""
    module = importlib.import_module(name)
    inside = {info.name for info in pkgutil.iter_modules(module.__path__)}
    assert inside & set(module.__all__) == set()


@pytest.mark.parametrize("name", [*sorted(set(PUBLIC) - {"olearn.checks"}), "olearn.registry"])
def test_importing_a_part_loads_nothing_heavy(name, tmp_path):
    """Heavy libraries are loaded by the names that need them, not by the package."""
    code = f"import sys, {name}; print([m for m in {HEAVY} if m in sys.modules])"
    assert python(code, tmp_path) == "[]\n"


@pytest.mark.parametrize("kind", ["HoeffdingTree", "HoeffdingAdaptiveTree", "ARF", "DriftMoE"])
def test_trees_load_nothing_heavy(kind, tmp_path):
    """The first answer would come a second later, for parts of river that few hand over."""
    code = (
        f"import sys; from olearn import learners; model = learners.{kind}Classifier()\n"
        "heavy = ('pandas', 'sklearn', 'scipy.stats', 'pyarrow', 'torch')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    assert python(code, tmp_path) == "[]\n"


def test_public_names_load_nothing_of_the_extras(tmp_path):
    """With every public name loaded, what only the extras bring still is not.

    Pandas is left out: scikit-learn, which river loads, loads it where it is installed; so are the
    rehearsal learners, which are networks of torch.
    """
    shown = shown_names(learners.__file__)
    rehearsal = {name for name, module in shown.items() if ".replay." in module}
    code = (
        "import sys, importlib\n"
        f"for name in {sorted(set(PUBLIC) - set(NEED_MORE))}:\n"
        "    module = importlib.import_module(name)\n"
        f"    for public in set(module.__all__) - {rehearsal}: getattr(module, public)\n"
        f"print([m for m in ('torch', 'matplotlib', 'gymnasium') if m in sys.modules])"
    )
    assert python(code, tmp_path) == "[]\n"


def test_a_name_that_needs_torch_says_so(tmp_path):
    """Without torch, asking for a rehearsal learner tells what to install."""
    code = (
        "import sys\n"
        "sys.modules['torch'] = None\n"
        "from olearn import learners\n"
        "try: learners.ERClassifier\n"
        "except ModuleNotFoundError as error: print(error)"
    )
    assert python(code, tmp_path) == "ERClassifier needs torch: pip install 'olearn[neural]'\n"


def test_wheel_holds_olearn_and_nothing_beside(wheel):
    """The parts land inside `olearn`, never at the top; the type marker and licence are in."""
    names = zipfile.ZipFile(wheel).namelist()
    metadata = f"olearn-{olearn.__version__}.dist-info"
    assert {name.split("/")[0] for name in names} == {"olearn", metadata}
    assert "olearn/py.typed" in names
    assert "olearn/learners/rl/__init__.pyi" in names
    assert f"{metadata}/licenses/LICENSE" in names
    tracked = [file for part in ("olearn", *PARTS) for file in (ROOT / part).rglob("*.py")]
    for file in tracked:
        inside = file.relative_to(ROOT).as_posix().removeprefix("olearn/")
        assert f"olearn/{inside}" in names


def test_installed_wheel_works_from_another_folder(installed, tmp_path):
    """Every public name is imported from the installed wheel, with no checkout in sight."""
    assert not any((installed / part).exists() for part in PARTS)
    # -S leaves out the environment's own packages, an editable olearn among them: its folder of
    # dependencies is added after the wheel, so that olearn can only come from the wheel
    code = (
        f"import sys\nsys.path += {[str(installed), sysconfig.get_path('purelib')]}\n"
        "import importlib, olearn\n"
        f"assert olearn.__file__.startswith({str(installed)!r}), olearn.__file__\n"
        f"for name in {PUBLIC}:\n"
        "    module = importlib.import_module(name)\n"
        f"    assert module.__file__.startswith({str(installed)!r}), module.__file__\n"
        "    for public in module.__all__: getattr(module, public)\n"
        "print('done')\n"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
    assert (installed / "bin" / "olearn").exists()
