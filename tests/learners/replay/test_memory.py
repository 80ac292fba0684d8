"""Tests of the memory: which samples it keeps, and what it gives back."""

import numpy as np
import pytest
from scipy import stats

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from olearn.learners.replay.memory import ReplayMemory  # noqa: E402  (after the skip)


class Replayed:
    """A generator that gives recorded numbers."""

    def __init__(self, draws, upper):
        self.numbers = (draws + 1e-4) / upper  # float32 draws, rounded down by the program

    def random(self, n):
        assert n == len(self.numbers)
        return self.numbers


def test_golden_reservoir(golden):
    """With the program's draws and rule, the memory holds what the program's held."""
    values = {key: value.numpy() for key, value in golden("reservoir").items()}
    capacity, batch = int(values["capacity"]), int(values["batch"])
    memory = ReplayMemory(capacity, "reference")
    for step, draws in enumerate(values["draws"].astype(np.float64)):
        direct = min(batch, capacity - memory.fill)
        rng = Replayed(draws[: batch - direct], memory.n_seen + direct)
        ids = torch.arange(step * batch, (step + 1) * batch)
        slots = torch.from_numpy(memory.place(batch, rng))
        memory.write(slots, ids[:, None].float(), ids, {"twice": 2.0 * ids})
        memory.count(batch)
        assert memory.fill == values["fill_after"][step]
        assert memory.n_seen == values["n_seen_after"][step]
        kept = values["content_after"][step][: memory.fill]
        assert memory.y[: memory.fill].tolist() == kept.tolist()
        assert memory.x[: memory.fill, 0].tolist() == kept.tolist()
        assert memory.fields["twice"][: memory.fill].tolist() == (2 * kept).tolist()


def times_kept(rule, repetitions, seed):
    """Count how often each of 1000 items is in a memory of 50 at the end."""
    rng = np.random.default_rng(seed)
    counts = np.zeros(1000)
    for _ in range(repetitions):
        memory, content = ReplayMemory(50, rule), np.zeros(51, np.int64)
        for start in range(0, 1000, 10):
            content[memory.place(10, rng)] = np.arange(start, start + 10)
            memory.count(10)
        counts[content[:50]] += 1
    return counts


def test_the_exact_rule_is_uniform():
    """Each item is kept with probability 50 / 1000, by a chi-square test."""
    repetitions, p = 600, 0.05
    counts = times_kept("exact", repetitions, seed=1)
    scale = repetitions * p * (1 - p)
    statistic = 999 / 1000 * ((counts - repetitions * p) ** 2).sum() / scale
    assert stats.chi2(999).sf(statistic) > 1e-3
    assert counts[:50].mean() / (repetitions * p) == pytest.approx(1.0, abs=0.03)


def test_the_rule_of_the_programs_forgets_early_items():
    """The first 50 items have 90 % of their fair share."""
    counts = times_kept("reference", 600, seed=2)
    assert counts[:50].mean() / 30.0 == pytest.approx(0.90, abs=0.03)


def test_a_slot_takes_the_last_of_a_batch():
    """Where samples of a batch fall on one slot, the last is kept; slots are distinct else."""
    memory, rng = ReplayMemory(4), np.random.default_rng(3)
    memory.place(4, rng)
    memory.count(4)
    several = 0
    for _ in range(200):
        slots = memory.place(8, rng)
        kept = slots[slots < 4]
        assert len(set(kept.tolist())) == len(kept)
        several += len(kept) > 1
        memory.n_seen = 4
    assert several > 50


def test_fill_boundary():
    """A batch that is partly appended keeps samples, labels and fields together."""
    memory, rng = ReplayMemory(7), np.random.default_rng(4)
    for start in range(0, 60, 5):
        ids = torch.arange(start, start + 5)
        slots = torch.from_numpy(memory.place(5, rng))
        memory.write(slots, ids[:, None] + 0.5, ids, {"feats": torch.stack([ids, -ids], 1)})
        memory.count(5)
        x, y, fields = memory.read(torch.arange(memory.fill))
        assert (x[:, 0] == y + 0.5).all()
        assert (fields["feats"] == torch.stack([y, -y], 1)).all()


def test_draws_are_distinct_and_uniform():
    """Retrieval is without replacement, and takes all there is if asked for more."""
    memory, rng = ReplayMemory(20), np.random.default_rng(5)
    assert memory.draw(5, rng).tolist() == []
    memory.count(12)
    assert sorted(memory.draw(15, rng).tolist()) == list(range(12))
    counts = np.zeros(12)
    for _ in range(2000):
        slots = memory.draw(3, rng)
        assert len(set(slots.tolist())) == 3
        counts[slots] += 1
    assert stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0,), "memory_size.*got 0"), ((5, "newest"), "rule.*'exact', 'reference'.*got 'newest'")],
)
def test_bad_arguments(arguments, message):
    """Arguments out of range are refused."""
    with pytest.raises(ValueError, match=message):
        ReplayMemory(*arguments)
