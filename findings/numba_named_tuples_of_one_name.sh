#!/usr/bin/env bash
# numba 0.68.1: the types of two named tuples of one name and the same kinds of values print alike even
# where their fields stand in another order. They are different types, for which a kernel is compiled
# twice and rightly; but whoever keeps something by `str(type)` or by the signature's text, as a cache
# of one's own is tempted to, reads one tuple's fields with the other one's code.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet numba==0.68.1 numpy==2.4.6
cd "$folder"
cat > tuples.py <<'PY'
from collections import namedtuple

import numba

one, other = namedtuple("Point", "x y")(1.0, 2.0), namedtuple("Point", "y x")(1.0, 2.0)


@numba.njit
def first(point):
    return point.x


print(str(numba.typeof(one)) == str(numba.typeof(other)), numba.typeof(one) == numba.typeof(other))
print(first(one), first(other), len(first.signatures), len({str(s) for s in first.signatures}))
PY
found=$(venv/bin/python tuples.py)
echo "$found"
[ "$found" = "True False
1.0 2.0 2 1" ]
echo "as stated"
