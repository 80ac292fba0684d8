"""Tests of the spatial pooler: the reference bit for bit, sparsity, and an obvious twin."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

from olearn.detectors import htm

# runs of a C++ reference, 400 inputs each with learning; the second has a stimulus threshold of 3,
# the third boosting of 3
GOLDEN = Path(__file__).parents[2] / "golden" / "htm_sprt" / "spatial_pooler.npz"


def golden_pooler(data, j):
    n_inputs, n_columns, k, pct, inc, dec, connected, boost, stimulus, period = data[f"sp{j}_par"]
    pooler = htm.SpatialPooler(
        int(n_inputs),
        int(n_columns),
        int(k),
        potential_pct=pct,
        increment=inc,
        decrement=dec,
        connected=connected,
        boost_strength=boost,
        stimulus_threshold=int(stimulus),
        duty_period=int(period),
        seed=1,
    )
    pooler.permanences = data[f"sp{j}_perm0"]
    return pooler, np.unpackbits(data[f"sp{j}_inputs"], axis=1)[:, : int(n_inputs)]


class NaiveLocalPooler:
    """Winners and radius with local inhibition, by loops over columns and their neighbours."""

    def __init__(self, permanences, connected, density):
        self.connected = permanences >= connected
        self.n_columns, self.n_inputs = permanences.shape
        spans = [np.ptp(np.flatnonzero(row)) + 1 if row.any() else 0 for row in self.connected]
        diameter = np.mean(spans) * self.n_columns / self.n_inputs
        self.radius = max(1, round((diameter - 1) / 2))
        self.density = density

    def winners(self, bits):
        overlap = self.connected[:, bits].sum(axis=1)
        won = []
        for c in range(self.n_columns):
            reach = range(c - self.radius, c + self.radius + 1)
            others = [o % self.n_columns for o in reach if o != c]
            ahead = sum(
                overlap[o] > overlap[c] or (overlap[o] == overlap[c] and o in won) for o in others
            )
            if overlap[c] >= 1 and ahead < int(0.5 + self.density * (len(others) + 1)):
                won.append(c)
        return won


def patterns(rng, n=12, n_inputs=400, n_active=21):
    return [np.sort(rng.permutation(n_inputs)[:n_active]) for _ in range(n)]


@pytest.mark.parametrize("j", range(3))
def test_equals_the_reference(j):
    """Winners at every step, then permanences, boosts and duty cycles, are the reference's."""
    with np.load(GOLDEN) as data:
        pooler, inputs = golden_pooler(data, j)
        for x, expected in zip(inputs, data[f"sp{j}_winners"], strict=True):
            winners = pooler.compute(np.flatnonzero(x))
            np.testing.assert_array_equal(winners, expected[expected >= 0])
        duty = pooler.duty_cycles
        got = {
            "boost": pooler.boosts,
            "overlap_duty": duty["overlap"],
            "active_duty": duty["active"],
            "min_overlap_duty": duty["floor"],
        }
        if j > 0:
            got["perm"] = np.maximum(pooler.permanences, 0.0)
        for name, values in got.items():
            # the same float32 operations in the same order: no rounding is left to differ in
            np.testing.assert_array_equal(values, data[f"sp{j}_{name}_final"], err_msg=name)


def test_local_inhibition_equals_naive():
    """With local inhibition the winners are those of a loop over each column's neighbours."""
    pooler = htm.SpatialPooler(
        90, 60, 6, potential_radius=8, potential_pct=0.9, inhibition="local", seed=3
    )
    naive = NaiveLocalPooler(pooler.permanences, 0.2 - 1e-6, 0.1)
    rng = np.random.default_rng(3)
    for _ in range(50):
        bits = np.flatnonzero(rng.random(90) < 0.2)
        winners = pooler.compute(bits, learn=False)
        assert winners.tolist() == naive.winners(bits)
        assert np.ptp(winners) > 30  # winners all over the ring


def test_local_inhibition_learns():
    """With local inhibition and boosting, a repeated input keeps most of its winners."""
    pooler = htm.SpatialPooler(
        90, 60, 6, potential_radius=8, inhibition="local", boost_strength=1.0, seed=3
    )
    codes = patterns(np.random.default_rng(3), 5, 90, 20)
    before = [set(pooler.compute(c, learn=False).tolist()) for c in codes]
    for i in range(500):
        pooler.compute(codes[i % 5])
    after = [pooler.compute(c, learn=False).tolist() for c in codes]
    assert all(len(before[i] & set(after[i])) >= 2 for i in range(5))
    assert 0.5 < pooler.boosts.min() < pooler.boosts.max() < 2.0


def test_sparsity():
    """Any input with enough bits has exactly n_winners winners, an empty one has none."""
    pooler = htm.SpatialPooler(400, 512, 20, seed=1)
    rng = np.random.default_rng(1)
    for _ in range(2000):
        bits = rng.permutation(400)[: rng.integers(21, 60)]
        winners = pooler.compute(bits)
        assert len(winners) == 20
        assert np.all(np.diff(winners) > 0)
    assert len(pooler.compute([])) == 0


def test_patterns_stay_apart():
    """After 500 repeats of 12 patterns each keeps its winners and shares few with others."""
    pooler = htm.SpatialPooler(400, 2048, 40, seed=2)
    codes = patterns(np.random.default_rng(2))
    for i in range(6000):
        if i == 3000:
            early = [set(pooler.compute(c, learn=False).tolist()) for c in codes]
        pooler.compute(codes[i % 12])
    late = [set(pooler.compute(c, learn=False).tolist()) for c in codes]
    for i in range(12):
        assert len(early[i] & late[i]) >= 38
        assert all(len(late[i] & late[j]) < 8 for j in range(12) if j != i)


def test_without_learning_nothing_changes():
    """Computing without learning repeats itself and leaves what comes later as it was."""
    codes = patterns(np.random.default_rng(4), 30)
    pooler = htm.SpatialPooler(400, 256, 10, boost_strength=2.0, seed=4)
    for c in codes:
        pooler.compute(c)
    twin = copy.deepcopy(pooler)
    before = pooler.permanences, pooler.boosts, pooler.duty_cycles
    first = pooler.compute(codes[3], learn=False)
    np.testing.assert_array_equal(first, pooler.compute(codes[3], learn=False))
    np.testing.assert_equal((pooler.permanences, pooler.boosts, pooler.duty_cycles), before)
    for c in codes[:20]:
        np.testing.assert_array_equal(pooler.compute(c), twin.compute(c))


def test_pickle_continues():
    """A pooler pickled mid-stream goes on as the original does; its arrays are its own."""
    codes = patterns(np.random.default_rng(5), 40)
    pooler = htm.SpatialPooler(400, 256, 10, boost_strength=1.0, seed=5)
    for c in codes:
        pooler.compute(c)
    twin = pickle.loads(pickle.dumps(pooler))
    for c in codes:
        np.testing.assert_array_equal(pooler.compute(c), twin.compute(c))
    np.testing.assert_array_equal(pooler.permanences, twin.permanences)


def test_seed_and_clone():
    """The same seed gives the same pools; a clone starts untrained."""
    a, b = htm.SpatialPooler(50, 32, 4, seed=6), htm.SpatialPooler(50, 32, 4, seed=6)
    other = htm.SpatialPooler(50, 32, 4, seed=7)
    np.testing.assert_array_equal(a.permanences, b.permanences)
    assert not np.array_equal(a.permanences, other.permanences)
    a.compute(range(10))
    np.testing.assert_array_equal(a.clone().permanences, b.permanences)
    assert ((b.permanences >= 0).sum(axis=1) == 40).all()


def test_weak_columns_are_raised():
    """A column that never overlaps gains a tenth of the threshold at each input."""
    pooler = htm.SpatialPooler(20, 10, 2, seed=8)
    values = np.full((10, 20), 0.5, np.float32)
    values[0] = 0.0
    pooler.permanences = values
    for _ in range(60):
        pooler.compute(range(10))
    # the duty floor is set at input 50; raised at 51 to 60, by 0.02 each
    np.testing.assert_allclose(pooler.permanences[0], 0.2, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"n_inputs": 0}, r"n_inputs must be in \[1, inf\], got 0"),
        ({"n_winners": 33}, r"n_winners must be in \[1, 32\], got 33"),
        ({"potential_pct": 0.0}, r"potential_pct must be in \(0.0, 1.0\], got 0.0"),
        ({"connected": 1.0}, r"connected must be in \(0.0, 1.0\), got 1.0"),
        ({"inhibition": "none"}, r"inhibition must be one of 'global', 'local', got 'none'"),
        ({"seed": -1}, r"seed must be in \[0, inf\], got -1"),
    ],
)
def test_refuses_arguments(arguments, match):
    """An argument out of range raises; the message names it, the range and the value."""
    with pytest.raises(ValueError, match=match):
        htm.SpatialPooler(**{"n_inputs": 50, "n_columns": 32, "n_winners": 4, **arguments})


@pytest.mark.parametrize(
    ("bits", "error", "match"),
    [
        ([0, 50], ValueError, r"bits must be in 0..49, got 50"),
        ([-1], ValueError, r"bits must be in 0..49, got -1"),
        ([3, 3], ValueError, r"bits must be distinct, got 3 twice"),
        ([0.5], TypeError, r"bits must be a 1-D sequence of integers, got dtype float64"),
    ],
)
def test_refuses_bits(bits, error, match):
    """Wrong bits raise and change nothing."""
    pooler = htm.SpatialPooler(50, 32, 4, seed=1)
    before = pooler.permanences, pooler.duty_cycles
    with pytest.raises(error, match=match):
        pooler.compute(bits)
    np.testing.assert_equal((pooler.permanences, pooler.duty_cycles), before)


def test_refuses_permanences():
    """Permanences of another shape or out of range raise."""
    pooler = htm.SpatialPooler(5, 4, 2, seed=1)
    with pytest.raises(ValueError, match=r"shape \(4, 5\), got \(5, 4\)"):
        pooler.permanences = np.zeros((5, 4))
    with pytest.raises(ValueError, match=r"\[0, 1\], or -1 for none, got 1.5"):
        pooler.permanences = np.full((4, 5), 1.5)
