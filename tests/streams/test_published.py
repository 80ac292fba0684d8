"""Tests of `olearn.streams.published` against rows that MOA generated.

Golden rows: `tests/golden/streams_s42.npz`, MOA by way of CapyMOA 0.10.0, seed 42; the LED and SEA
rows reach into the drifts of the mini streams, so they test the nested composition too.
"""

from pathlib import Path

import numpy as np
import pytest

from olearn import streams

GOLDEN = Path(__file__).parents[1] / "golden" / "streams_s42.npz"
NAMES = ["led_a", "led_a_mini", "led_g_mini", "rbf_f", "rbf_m", "sea_a", "sea_g_mini"]


@pytest.mark.parametrize("name", NAMES)
def test_rows_are_those_of_moa(name):
    """LED and SEA are bit-exact, RBF within 1e-15, labels exact, drifts included."""
    with np.load(GOLDEN) as golden:
        start, y_moa = int(golden[f"{name}_start"]), golden[f"{name}_y"]
        if f"{name}_X" in golden:
            X_moa = golden[f"{name}_X"]
        else:
            X_moa = np.unpackbits(golden[f"{name}_Xbits"], axis=1)[:, :24].astype(float)
    X, y = next(streams.load(name, seed=42).blocks(start + len(y_moa)))
    np.testing.assert_array_equal(y[start:], y_moa)
    np.testing.assert_allclose(X[start:], X_moa, rtol=0, atol=1e-15 if "rbf" in name else 0)


@pytest.mark.parametrize(
    ("name", "n_samples", "positions"),
    [
        ("led_a", 1_000_000, (249_975, 499_975, 749_975)),
        ("sea_g", 1_000_000, (225_000, 475_000, 725_000)),
        ("sea_a_mini", 50_000, (12_475, 24_975, 37_475)),
        ("led_g_mini", 50_000, (11_250, 23_750, 36_250)),
        ("rbf_f", 1_000_000, ()),
        ("rbf_m_mini", 50_000, ()),
    ],
)
def test_lengths_and_drifts(name, n_samples, positions):
    """Lengths and the centres of the sigmoids are those of the paper's streams."""
    stream = streams.load(name)
    assert (stream.n_samples, stream.drift_positions) == (n_samples, positions)


def led_pairs(fresh_seeds):
    X, y = next(streams.load("led_a_mini", seed=42, fresh_seeds=fresh_seeds).blocks(14_000))
    swapped = np.arange(24)
    for i in (1, 2):  # concept D = 3 exchanges two more pairs of columns than D = 1
        swapped[[i, 7 + i]] = swapped[[7 + i, i]]
    rows = np.arange(12_518, 13_500)
    return X[rows], X[rows - 12_518 + 43][:, swapped], y[rows], y[rows - 12_518 + 43]


def test_equal_seeds_replay_led():
    """After the first drift LED mini repeats its rows from number 43 on with columns swapped."""
    now, before, y_now, y_before = led_pairs(fresh_seeds=False)
    np.testing.assert_array_equal(now, before)
    np.testing.assert_array_equal(y_now, y_before)


def test_fresh_seeds_end_the_replay_of_led():
    """With a seed per concept the rows after the drift are new."""
    now, before, y_now, y_before = led_pairs(fresh_seeds=True)
    assert (now == before).all(axis=1).mean() < 0.01
    assert (y_now == y_before).mean() == pytest.approx(0.1, abs=0.05)


@pytest.mark.parametrize(("fresh_seeds", "share"), [(False, 1.0), (True, 0.0)])
def test_last_concept_of_sea(fresh_seeds, share):
    """SEA's fourth concept is its first, noise included, unless seeds are fresh."""
    X, y = next(streams.load("sea_a_mini", seed=42, fresh_seeds=fresh_seeds).blocks(50_000))
    first = {(*row, label) for row, label in zip(X[:12_400].tolist(), y.tolist(), strict=False)}
    last = zip(X[37_600:49_000].tolist(), y[37_600:49_000].tolist(), strict=True)
    assert np.mean([(*row, label) in first for row, label in last]) == share


def test_fresh_seeds_keep_the_first_concept():
    """Fresh seeds change concepts after the first only, and depend on the seed."""
    plain, fresh, other = (
        next(streams.load("sea_a_mini", **options).blocks(20_000))[0]
        for options in ({}, {"fresh_seeds": True}, {"fresh_seeds": True, "seed": 2})
    )
    np.testing.assert_array_equal(plain[:12_400], fresh[:12_400])
    assert not (plain[13_000:] == fresh[13_000:]).any()
    assert not (other == fresh).any()


def test_unknown_name():
    """The names are checked, with the nearest suggested."""
    from olearn.streams.published import published

    with pytest.raises(ValueError, match="did you mean 'led_a'"):
        published("led_aa")
