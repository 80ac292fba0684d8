#!/usr/bin/env bash
# numba 0.68.1: a kernel kept by cache=True calls one of another module. After that module is renamed
# and the import in the caller's module follows, a caller that stands in a third, untouched file is
# still read from the cache, and every call ends in ModuleNotFoundError for the old name. Numba does
# not compile anew: only deleting the cache by hand helps. (A file that fails to load counts neither
# as stale nor as missing.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet numba==0.68.1 numpy==2.4.6
mkdir "$folder/kernels"
cd "$folder"
touch kernels/__init__.py
cat > kernels/ground.py <<'PY'
from numba import njit


@njit(cache=True)
def twice(x):
    return 2 * x
PY
echo 'from kernels.ground import twice' > kernels/names.py
cat > kernels/top.py <<'PY'
from numba import njit

from kernels.names import twice


@njit(cache=True)
def run(x):
    return twice(x) + 1
PY
call='from kernels.top import run; print(run(20))'
before=$(venv/bin/python -c "$call")
mv kernels/ground.py kernels/base.py
echo 'from kernels.base import twice' > kernels/names.py
after=$(venv/bin/python -c "$call" 2>&1 || true)
again=$(venv/bin/python -c "$call" 2>&1 || true)
find kernels -name '*.nb?' -delete
cleared=$(venv/bin/python -c "$call")
printf 'before: %s\nafter the rename: %s\nonce more: %s\ncache deleted: %s\n' \
  "$before" "${after##*$'\n'}" "${again##*$'\n'}" "$cleared"
[ "$before" = 41 ]
[ "${after##*$'\n'}" = "ModuleNotFoundError: No module named 'kernels.ground'" ]
[ "$again" = "$after" ]
[ "$cleared" = 41 ]
echo "as stated"
