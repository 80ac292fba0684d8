"""Kernels of the encoders: numbers to the positions of active bits."""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import njit

# one row of numbers for each field, of FIELD_SIZE; the bits of a field start at its OFFSET
KIND, OFFSET, N_BITS, WIDTH, RESOLUTION, ORIGIN, SEED, TOP = range(8)
FIELD_SIZE = 8
# KIND; TOP is the largest number of a clipped block's first bit
HASHED, CLIPPED, PERIODIC = range(3)

_LIMIT = 2.0**62  # buckets are clipped here: numbers beyond share the outermost codes


@njit
def encode_field(bits, n, field, value):
    """Write the active bits of a finite number after the first `n` of `bits`; return the count."""
    width = int(field[WIDTH])
    offset = int(field[OFFSET])
    n_bits = int(field[N_BITS])
    place = (value - field[ORIGIN]) / field[RESOLUTION]
    if field[KIND] == HASHED:
        bucket = math.floor(min(max(place, -_LIMIT), _LIMIT))
        return _hash_codes(bits, n, offset, n_bits, width, bucket, int(field[SEED]))
    if field[KIND] == PERIODIC:
        # halves round up, so that every bucket has the same width on the ring
        first = math.floor(place % n_bits + 0.5)
    else:
        first = math.floor(min(max(place, 0.0), field[TOP]) + 0.5)
    for j in range(first, first + width):
        bits[n] = offset + j % n_bits
        n += 1
    return n


@njit
def _hash_codes(bits, n, offset, n_bits, width, bucket, seed):
    """Neighbouring buckets share all but one of their hashed positions; doubles are left out."""
    start = n
    for j in range(width):
        bit = offset + int(_mix(bucket + j, seed) % np.uint64(n_bits))
        i = start
        while i < n and bits[i] != bit:
            i += 1
        if i == n:
            bits[n] = bit
            n += 1
    return n


@njit
def _mix(value, seed):
    """Mix 64 bits (the finaliser of splitmix64: Steele, Lea, Flood, 2014)."""
    z = np.uint64(np.int64(value)) + np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit
def encode_fields(bits, fields, values):
    """Write the active bits of one number a field; return the count. NaN has no active bits."""
    n = 0
    for i in range(len(fields)):
        if not math.isnan(values[i]):
            n = encode_field(bits, n, fields[i], values[i])
    return n
