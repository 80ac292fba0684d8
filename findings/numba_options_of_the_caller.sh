#!/usr/bin/env bash
# numba 0.68.1: a function takes options that it does not set from whichever kernel happens to call it
# first. Below, `inverse` divides by zero without an error for good once a kernel with
# `error_model="numpy"` was its first caller, from Python too; its twin, called from Python first,
# raises ZeroDivisionError. `forceinline` is handed down as well: what a forced kernel calls is copied
# into each place of a call, all the way down, which can make code several times as long.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet numba==0.68.1 numpy==2.4.6
cd "$folder"
cat > options.py <<'PY'
import numba


@numba.njit
def inverse(x):
    return 1.0 / x


@numba.njit
def twin(x):
    return 1.0 / x


@numba.njit(error_model="numpy")
def caller(x):
    return inverse(x)


@numba.njit
def odd(k):
    return k % 2 == 1


@numba.njit(forceinline=True)
def odd_half(k):
    return k // 2 if odd(k) else 0


@numba.njit
def total(n):
    result = 0
    for k in range(n):
        result += odd_half(k)
    return result


def outcome(function):
    try:
        return function(0.0)
    except ZeroDivisionError as error:
        return type(error).__name__


print("by the caller:", outcome(caller))
print("from Python afterwards:", outcome(inverse))
print("from Python first:", outcome(twin))
total(6)
(compiled,) = odd.overloads.values()
print("inlined everywhere:", "alwaysinline" in compiled.library.get_llvm_str())
PY
found=$(venv/bin/python options.py)
echo "$found"
[ "$found" = "by the caller: inf
from Python afterwards: inf
from Python first: ZeroDivisionError
inlined everywhere: True" ]
echo "as stated"
