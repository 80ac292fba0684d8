"""Tests of the temporal memory: the reference step by step, context, bounds of memory."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from olearn.core.memory import memory_bytes
from olearn.detectors import htm
from olearn.detectors.htm import _memory_layout as at

FOLDER = Path(__file__).parents[2] / "golden" / "htm_sprt"
NAMES = [
    "n_columns",
    "cells_per_column",
    "activation_threshold",
    "initial_permanence",
    "connected",
    "min_threshold",
    "max_new_synapses",
    "increment",
    "decrement",
    "predicted_decrement",
    "max_segments_per_cell",
    "max_synapses_per_segment",
]
WHOLE = {"n_", "ce", "ac", "mi", "ma"}  # how the names of whole numbers begin
# cases of a C++ reference whose trace does not depend on random choices
EXACT = [
    "cycle4",
    "highorder_reset_psd",
    "highorder_reset",
    "highorder_reset_p2",
    "random12",
    "periodic_switch",
    "markov40_cpc1",
]


def golden_run(case, **more):
    """Run a case; return its anomaly scores and numbers of active cells, and the reference's."""
    with np.load(FOLDER / "temporal_memory.npz") as data:
        values = zip(NAMES, data[f"{case}_params"].tolist(), strict=True)
        params = {n: int(v) if n[:2] in WHOLE else v for n, v in values}
        memory = htm.TemporalMemory(**params, seed=1, **more)
        resets = set(data[f"{case}_resets"].tolist())
        scores, n_active = [], []
        for t, symbol in enumerate(data[f"{case}_sequence"]):
            if t in resets:
                memory.reset()
            scores.append(memory.compute(data[f"{case}_symbols"][symbol]))
            n_active.append(len(memory.active_cells))
        return memory, scores, n_active, data[f"{case}_anomaly"][0], data[f"{case}_n_active"][0]


def check_store(memory):
    """Check that segments, synapses and the index by presynaptic cell agree with each other."""
    a = memory._arrays
    head, shift = a[at.HEAD], int(a[at.HEAD][at.SHIFT])
    live = np.flatnonzero(a[at.SEG_CELL] >= 0)
    assert len(live) == memory.n_segments
    assert a[at.SEG_SIZE][live].sum() == memory.n_synapses
    slots = {(s << shift) + j for s in live.tolist() for j in range(a[at.SEG_SIZE][s])}
    indexed = set()
    for cell, (start, room, length, n_segments) in enumerate(a[at.BLOCK].tolist()):
        assert length <= room
        for place, entry in enumerate(a[at.INDEX][start : start + length].tolist()):
            e = entry & at.SLOT
            assert a[at.SYN_PRE][e] == cell
            assert a[at.SYN_PLACE][e] == place
            assert (entry >= at.LINKED) == (a[at.SYN_PERM][e] >= a[at.CONF][at.CONNECTED])
            indexed.add(e)
        chain, s = [], int(a[at.CELL_HEAD][cell])
        while s >= 0:
            chain.append(s)
            s = int(a[at.SEG_NEXT][s])
        assert len(chain) == n_segments
        assert all(a[at.SEG_CELL][s] == cell for s in chain)
    assert indexed == slots
    assert head[at.INDEX_USED] <= len(a[at.INDEX])


def random_columns(rng, n_columns=64, n=6):
    return rng.permutation(n_columns)[:n]


def small_memory(**more):
    arguments = {
        "activation_threshold": 4,
        "min_threshold": 3,
        "max_new_synapses": 5,
        "initial_permanence": 0.3,
        "increment": 0.1,
        "decrement": 0.05,
        "predicted_decrement": 0.01,
        "seed": 1,
    }
    return htm.TemporalMemory(64, 4, **{**arguments, **more})


@pytest.mark.parametrize("case", EXACT)
def test_equals_the_reference(case):
    """Score and number of active cells at every step are the reference's."""
    # this case needs the reference's habit of lifting synapses that growth meets
    lifts = {"raise_existing": True} if case == "markov40_cpc1" else {}
    memory, scores, n_active, expected, expected_active = golden_run(case, **lifts)
    np.testing.assert_allclose(scores, expected, atol=1e-6)
    np.testing.assert_array_equal(n_active, expected_active)
    check_store(memory)


def test_nearly_equals_the_reference_where_draws_matter():
    """Where random choices show, at most 1 % of the steps differ from one seed of the reference."""
    _, scores, _, expected, _ = golden_run("markov40_psd")
    assert np.mean(np.abs(scores - expected) > 1e-6) <= 0.01


@pytest.mark.parametrize(
    ("case", "more", "expected"),
    [
        ("highorder_reset_psd", {}, [0, 1, 0, 1]),
        ("highorder_reset", {}, [0, 0, 0, 1]),
        ("highorder_reset", {"cells_per_column": 1}, [0, 0, 0, 0]),
    ],
)
def test_context(case, more, expected):
    """ABCD against XBCY: cells hold the context, and punishment cleans it up.

    The scores are those of D and Y after ABC, and of Y and D after XBC.
    """
    with np.load(FOLDER / "temporal_memory.npz") as data:
        symbols = data[f"{case}_symbols"]
        values = dict(zip(NAMES, data[f"{case}_params"].tolist(), strict=True))
    params = {n: int(v) if n[:2] in WHOLE else v for n, v in values.items()}
    memory = htm.TemporalMemory(**{**params, **more}, seed=1)
    words = [0, 1, 2, 3], [4, 1, 2, 5]
    for _ in range(40):
        for word in words:
            memory.reset()
            for symbol in word:
                memory.compute(symbols[symbol])
    probes = []
    for word, ends in ((words[0], (3, 5)), (words[1], (5, 3))):
        for end in ends:
            memory.reset()
            for symbol in word[:3]:
                memory.compute(symbols[symbol], learn=False)
            probes.append(memory.score(symbols[end]))
    assert probes == expected


def test_sequence():
    """A-B-C-D is known from its third repeat on; a novel symbol and a reset are surprises."""
    rng = np.random.default_rng(1)
    order = rng.permutation(256)
    words = [order[20 * i : 20 * i + 20] for i in range(5)]
    memory = htm.TemporalMemory(
        256,
        8,
        activation_threshold=8,
        min_threshold=6,
        max_new_synapses=20,
        initial_permanence=0.5,
        seed=1,
    )
    for repeat in range(6):
        for word in words[:4]:
            score = memory.compute(word)
            if repeat >= 2:
                assert score == 0.0
                assert len(memory.active_cells) == len(memory.winner_cells) == 20
                assert len(memory.predicted_columns) >= 20
    assert memory.compute(words[4]) == 1.0
    memory.reset()
    assert len(memory.predicted_columns) == len(memory.active_cells) == 0
    assert memory.compute(words[0]) == 1.0


def test_benchmark_columns():
    """On 4,032 column sets of a real series the scores are those of six seeds of the reference."""
    with np.load(FOLDER / "pipeline.npz") as data:
        memory = htm.TemporalMemory(seed=1)
        scores = [memory.compute(columns) for columns in data["columns"]]
        assert 0.0080 <= np.mean(scores) <= 0.0090
        assert np.corrcoef(scores, data["score"])[0, 1] > 0.99


def test_store_stays_consistent_under_eviction():
    """With few segments, short ones and few a cell, the store agrees with itself throughout."""
    memory = small_memory(max_segments=40, max_segments_per_cell=2, max_synapses_per_segment=6)
    rng = np.random.default_rng(2)
    words = [random_columns(rng) for _ in range(6)]
    full, longest = False, 0
    for t in range(3000):
        noise = rng.integers(0, 64, 3)  # with the known columns, segments learn more than they hold
        memory.compute(np.unique([*words[t % 6][:4], *noise]))
        full |= memory.n_segments == 40
        longest = max(longest, int(memory._arrays[at.SEG_SIZE].max()))
        if t % 100 == 0:
            check_store(memory)
    assert full
    assert longest == 6


def test_arrays_grow():
    """More segments than there is room for at first: the arrays grow, and nothing else changes."""
    memory = small_memory(max_segments=5000)
    rng = np.random.default_rng(3)
    for _ in range(1500):
        memory.compute(random_columns(rng))
    assert 1024 < memory.n_segments <= 5000
    check_store(memory)


def test_memory_is_bounded():
    """On unpredictable input the bytes stop growing once `max_segments` is reached."""
    memory = small_memory(max_segments=300)
    rng = np.random.default_rng(4)
    sizes = []
    for t in range(20_000):
        memory.compute(random_columns(rng))
        if t % 5000 == 4999:
            sizes.append(memory_bytes(vars(memory)))
    assert memory.n_segments == 300
    assert sizes[-1] == sizes[0] < 2_000_000


def test_score_changes_nothing():
    """Scoring columns without learning leaves the run as it is."""
    rng = np.random.default_rng(5)
    words = [random_columns(rng) for _ in range(5)]
    plain, asked = small_memory(), small_memory()
    for t in range(200):
        before = [array.copy() for array in asked._arrays]
        asked.score(words[(t + 2) % 5])
        assert all(np.array_equal(a, b) for a, b in zip(before, asked._arrays, strict=True))
        assert asked.score(words[t % 5]) == plain.score(words[t % 5])
        assert asked.compute(words[t % 5]) == plain.compute(words[t % 5])


def test_without_learning_no_segment_changes():
    """A step without learning moves the context on, and changes no synapse."""
    rng = np.random.default_rng(6)
    words = [random_columns(rng) for _ in range(5)]
    memory = small_memory()
    for t in range(50):
        memory.compute(words[t % 5])
    before = [memory._arrays[i].copy() for i in (at.SYN_PERM, at.SYN_PRE, at.SEG_SIZE)]
    for t in range(10):
        assert memory.compute(words[t % 5], learn=False) == 0.0
    memory.compute(random_columns(rng), learn=False)
    after = [memory._arrays[i] for i in (at.SYN_PERM, at.SYN_PRE, at.SEG_SIZE)]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("seed", [1, 2])
def test_pickle_and_seed(seed):
    """A pickled copy and a twin of the same seed go on alike; the draws use the seed."""
    rng = np.random.default_rng(7)
    steps = [random_columns(rng) for _ in range(20)]
    memory, twin = small_memory(seed=seed), small_memory(seed=seed)
    for t in range(300):
        memory.compute(steps[t * t % 20])
        twin.compute(steps[t * t % 20])
    copied = pickle.loads(pickle.dumps(memory))
    for t in range(100):
        scores = {m.compute(steps[(t * 7 + t % 3) % 20]) for m in (memory, twin, copied)}
        assert len(scores) == 1
    check_store(copied)
    assert memory.n_synapses == copied.n_synapses == twin.n_synapses
    assert memory.clone().n_segments == 0


def test_empty_input():
    """No active columns: score 0, and the next input has no context."""
    memory = small_memory()
    assert memory.compute([]) == 0.0
    assert memory.compute([1, 2, 3, 4]) == 1.0
    assert memory.n_segments == 0
    memory.compute([5, 6, 7, 8])
    assert memory.n_segments == 4


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"connected": 0.0}, r"connected must be in \(0.0, 1.0\], got 0.0"),
        ({"max_synapses_per_segment": 5000}, r"max_synapses_per_segment must be in \[1, 4096\]"),
        ({"max_segments": 0}, r"max_segments must be in \[1, 262144\], got 0"),
        ({"increment": float("nan")}, r"increment must be a number, got nan"),
    ],
)
def test_refuses_arguments(arguments, match):
    """An argument out of range raises; the message names it, the range and the value."""
    with pytest.raises(ValueError, match=match):
        small_memory(**arguments)


def test_refuses_columns():
    """Wrong columns raise and change nothing."""
    memory = small_memory()
    memory.compute([1, 2, 3])
    before = [array.copy() for array in memory._arrays]
    with pytest.raises(ValueError, match=r"columns must be in 0..63, got 64"):
        memory.compute([1, 64])
    assert all(np.array_equal(a, b) for a, b in zip(before, memory._arrays, strict=True))
