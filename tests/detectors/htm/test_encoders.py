"""Tests of the encoders: overlaps, borders, missing values, refusals."""

import datetime
import itertools
import math
import pickle

import numpy as np
import pytest

from olearn.detectors import htm

NOON = datetime.datetime(2025, 4, 24, 12, 0)  # a Thursday
ENCODERS = {
    "scalar": (htm.ScalarEncoder(0.0, 10.0, 5, n_bits=50), 3.0),
    "ring": (htm.ScalarEncoder(0.0, 24.0, 5, radius=4.0, periodic=True), 23.5),
    "hashed": (htm.RandomDistributedScalarEncoder(0.5), -3.0),
    "exact": (htm.RandomDistributedScalarEncoder(0.5, exact=True, n_buckets=60), 3.0),
    "category": (htm.CategoryEncoder(("a", "b"), 4), "b"),
    "date": (htm.DateEncoder((21, 9.49), 5, (3, 1.0), season=(9, 91.5)), NOON),
    "multi": (
        htm.MultiEncoder({"x": htm.ScalarEncoder(0, 1, 3, n_bits=9), "t": htm.DateEncoder()}),
        {"t": NOON, "x": 0.5},
    ),
}


def overlap(encoder, a, b):
    return len(set(encoder.encode(a).tolist()) & set(encoder.encode(b).tolist()))


@pytest.mark.parametrize("name", ENCODERS)
def test_codes_are_distinct_positions(name):
    """A code is ascending, distinct, inside the size, always the same, and after pickling too."""
    encoder, value = ENCODERS[name]
    code = encoder.encode(value)
    assert code.dtype == np.int64
    assert np.all(np.diff(code) > 0)
    assert 0 <= code[0] <= code[-1] < encoder.size
    for twin in (encoder, encoder.clone(), pickle.loads(pickle.dumps(encoder))):
        np.testing.assert_array_equal(twin.encode(value), code)
        assert twin.size == encoder.size


@pytest.mark.parametrize("name", [name for name in ENCODERS if name != "multi"])
def test_missing_values_have_no_bits(name):
    """None has no active bits; nor has NaN where numbers are encoded."""
    encoder, _ = ENCODERS[name]
    assert len(encoder.encode(None)) == 0
    if name != "date":
        assert len(encoder.encode(math.nan)) == 0


def test_scalar_blocks():
    """A block moves by one bit a resolution; numbers outside get the outermost blocks."""
    encoder = htm.ScalarEncoder(0.0, 45.0, 5, n_bits=50)
    for x in range(46):
        np.testing.assert_array_equal(encoder.encode(x), np.arange(x, x + 5))
    np.testing.assert_array_equal(encoder.encode(-1e300), np.arange(5))
    np.testing.assert_array_equal(encoder.encode(1e300), np.arange(45, 50))
    assert overlap(encoder, 10.0, 14.0) == 1
    assert overlap(encoder, 10.0, 15.0) == 0


def test_periodic_ring():
    """On a ring every number has a full code, and overlap depends on the distance around it."""
    encoder = htm.ScalarEncoder(0.0, 24.0, 6, n_bits=24, periodic=True)
    for a, b in itertools.product(range(24), range(24)):
        distance = min((a - b) % 24, (b - a) % 24)
        assert overlap(encoder, a, b) == max(0, 6 - distance)
    np.testing.assert_array_equal(encoder.encode(25.0), encoder.encode(1.0))


def test_hashed_overlaps():
    """Buckets w or more apart share few bits; nearer ones about w minus their distance."""
    encoder = htm.RandomDistributedScalarEncoder(1.0, seed=5)
    sizes = [len(encoder.encode(b)) for b in range(-500, 500)]
    # doubles: 400 bits, 21 hashes leave 20.5 on average
    assert np.mean(sizes) == pytest.approx(400 * (1 - (1 - 1 / 400) ** 21), abs=0.1)
    for distance in (1, 5, 12, 40):
        shared = np.mean([overlap(encoder, b, b + distance) for b in range(-150, 150)])
        assert shared == pytest.approx(max(0, 21 - distance), abs=1.3)


def test_hashed_buckets_do_not_depend_on_sign():
    """Every bucket is one resolution wide, the one around 0 too; huge numbers have a code."""
    encoder = htm.RandomDistributedScalarEncoder(0.5)
    for x in (-1.0, -0.5, 0.0, 0.5):
        assert overlap(encoder, x, x + 0.49) == len(encoder.encode(x))
        assert overlap(encoder, x, x - 0.01) < len(encoder.encode(x))
    assert len(encoder.encode(1e300)) >= 15
    assert len(encoder.encode(-1e300)) >= 15
    assert overlap(encoder, 1e300, -1e300) < 10


def test_exact_overlaps():
    """Exact codes share w minus the distance, or at most 2 bits from w on."""
    encoder = htm.RandomDistributedScalarEncoder(1.0, exact=True, n_buckets=200, seed=2)
    codes = [set(encoder.encode(b).tolist()) for b in range(-100, 100)]
    for i, j in itertools.combinations(range(200), 2):
        shared = len(codes[i] & codes[j])
        assert shared == 21 - (j - i) if j - i < 21 else shared <= 2
    np.testing.assert_array_equal(encoder.encode(1e9), encoder.encode(99.5))
    np.testing.assert_array_equal(encoder.encode(-1e9), encoder.encode(-100.0))
    with pytest.raises(ValueError, match=r"n_bits must be larger for 1000 exact codes, got 50"):
        htm.RandomDistributedScalarEncoder(1.0, 50, 21, exact=True)


def test_date_parts():
    """Time of day, weekend, day of week and season each move their own bits."""
    encoder = htm.DateEncoder((4, 4.0), 3, (2, 1.0), season=(5, 91.5))
    friday = NOON + datetime.timedelta(days=1)
    cases = [
        (NOON + datetime.timedelta(hours=2), (2, 2, 3, 5)),
        (friday, (4, 0, 3, 5)),  # another day of the week
        (friday + datetime.timedelta(hours=7), (0, 0, 0, 5)),  # 19 h: the weekend began
        (NOON + datetime.timedelta(weeks=13), (4, 2, 3, 0)),
    ]
    code = set(encoder.encode(NOON).tolist())
    edges = np.cumsum([0, 24, 14, 20, 6]).tolist()  # day, week, year, weekend
    assert encoder.size == edges[-1]
    for other, (hours, week, weekend, season) in cases:
        shared = code & set(encoder.encode(other).tolist())
        counts = [sum(a <= b < z for b in shared) for a, z in itertools.pairwise(edges)]
        assert counts == [hours, week, season, weekend]


def test_multi_places_fields_one_after_another():
    """Each field has bits of its own; a missing field has none, unknown fields are ignored."""
    encoder = htm.MultiEncoder(
        {"a": htm.CategoryEncoder("xy", 2), "b": htm.ScalarEncoder(0.0, 4.0, 2, n_bits=6)}
    )
    np.testing.assert_array_equal(encoder.encode({"b": 1.0, "a": "x"}), [2, 3, 7, 8])
    np.testing.assert_array_equal(encoder.encode({"b": 1.0, "c": 5}), [7, 8])
    assert len(encoder.encode({})) == 0
    assert encoder.size == 12


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: htm.ScalarEncoder(1.0, 1.0, n_bits=50), r"maximum must be in \(1.0"),
        (lambda: htm.ScalarEncoder(0.0, 1.0), "give one of n_bits and radius, got None and None"),
        (lambda: htm.ScalarEncoder(0.0, 1.0, 5, n_bits=5), r"n_bits must be in \(5, inf\], got 5"),
        (
            lambda: htm.ScalarEncoder(0.0, 1.0, 5, radius=2.0, periodic=True),
            "radius must be below the range 1.0, got 2.0",
        ),
        (
            lambda: htm.RandomDistributedScalarEncoder(0.0),
            r"resolution must be in \(0.0, 1e\+300\], got 0.0",
        ),
        (lambda: htm.CategoryEncoder(("a", "a")), "categories must be distinct"),
        (lambda: htm.CategoryEncoder(()), "categories must be distinct, at least one"),
        (lambda: htm.DateEncoder(None), "time_of_day or another part must be given"),
        (lambda: htm.DateEncoder((21, 25.0)), r"time_of_day must be in \(0.0, 24.0\], got 25.0"),
        (lambda: htm.MultiEncoder({}), "encoders must name at least one field"),
        (lambda: htm.ScalarEncoder(0, 1, 3, n_bits=9).encode(math.inf), "value must be finite"),
    ],
)
def test_refuses(make, match):
    """An argument or a value out of range raises; the message names it, and the value."""
    with pytest.raises(ValueError, match=match):
        make()


@pytest.mark.parametrize(
    ("encoder", "value", "match"),
    [
        (htm.ScalarEncoder(0, 1, 3, n_bits=9), "text", "value must be a number, got 'text'"),
        (htm.DateEncoder(), 3.0, "value must be a datetime, got 3.0"),
    ],
)
def test_refuses_kinds(encoder, value, match):
    """A value of the wrong kind raises."""
    with pytest.raises(TypeError, match=match):
        encoder.encode(value)
