"""Square roots as Python's `** 0.5` rounds them, mostly without its cost, for kernels."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

from olearn.core.jit import inner

_SPLIT = 134217729.0  # 2**27 + 1: halves the digits of a float (Dekker)
_SMALLEST = 1e-280  # below, the product of two halves would lose digits


@inner
def quick_root(v):
    """Return `v ** 0.5` as the C library's `pow` rounds it, or minus a root where it may differ.

    Python's power is `pow`, which is not always rounded right but errs by less than 0.53 units in
    the last place: where the exact root is 0.47 units or less from the rounded one, both are the
    same. How far it is, the remainder `v - root * root` says, taken without rounding. What is not
    above 0 is to be made by `pow` (one value in twenty), with an exponent that the compiler does
    not know: it would make a square root of 0.5.
    """
    root = math.sqrt(v)
    scaled = _SPLIT * root
    high = scaled - (scaled - root)
    low = root - high
    square = root * root
    rest = ((high * high - square) + 2.0 * high * low) + low * low
    off = (v - square - rest) / root  # twice the distance of the exact root
    is_sure = root + 0.532 * off == root and v > _SMALLEST
    return root if is_sure else -root


@inner
def power_root(v, half):
    """Return `v ** half`, where `half` is 0.5."""
    root = quick_root(v)
    return root if root > 0.0 else v**half
