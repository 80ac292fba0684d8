"""Another revision of this repository beside this one: its files, and a script run on them."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NONE = "none"


@contextlib.contextmanager
def checked_out(revision: str) -> Iterator[dict[str, Path]]:
    """Return the trees to measure by name: ours and, in a folder that goes again, a revision's."""
    if revision == NONE:
        yield {"ours": ROOT}
        return
    with tempfile.TemporaryDirectory(prefix="olearn-") as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), revision], check=True)
        try:
            yield {"ours": ROOT, revision: tree}
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def run_on(
    tree: Path, script: str, *arguments: str, cwd: str, env: Mapping[str, str] | None = None
) -> str:
    """Return what a script, given as text, prints in a process that imports a tree's package."""
    fixed = {"PYTHONPATH": str(tree), "OPENBLAS_NUM_THREADS": "1", "OLEARN_QUIET": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=cwd,
        env=os.environ | fixed | dict(env or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} in {tree} failed:\n{done.stderr}")
    return done.stdout
