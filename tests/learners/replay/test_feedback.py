"""Adaptive prototypical feedback: golden probabilities, counts, draws, and shares of mixing."""

from types import SimpleNamespace

import pytest
from scipy.stats import beta

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from olearn.learners.replay.feedback import (  # noqa: E402  (after the skip)
    Mixed,
    PrototypeFeedback,
    class_pairs,
    draw_beta,
    draw_counts,
    draw_of_class,
    pair_probabilities,
)
from olearn.learners.replay.objective import Batch, Replayed  # noqa: E402


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def make_batch(y, m, n_classes, generator):
    """A batch that replays the first `m` of a memory whose sample in slot i is the number i."""
    x, y = torch.arange(len(y), dtype=torch.float32)[:, None], torch.as_tensor(y)

    def recall(slots):
        return Replayed(x[slots], y[slots])

    memory = SimpleNamespace(y=torch.cat([y, torch.zeros(1, dtype=y.dtype)]), fill=len(y))
    none = torch.zeros(())
    return Batch(
        x=x[:1], y=y[:1], replayed=recall(torch.arange(m)), memory=memory, recall=recall,
        n_classes=n_classes, phase=1, task_start=False, step=none, phase_step=none, state={},
        generator=generator,
    )  # fmt: skip


@pytest.mark.parametrize("case", ["six_classes", "missing_classes", "close_pair"])
def test_pair_probabilities_are_golden(golden, case):
    """Pairs, their probabilities and rounded counts equal the reference's; absent pairs have 0."""
    file = {key.rpartition("/")[2]: value for key, value in golden("onpro").items() if case in key}
    means, n = file["class_means"], int(file["n_apf"])
    present, pairs = (means != 0).any(dim=1), class_pairs(len(means), means.device)
    assert torch.nonzero(present)[:, 0].tolist() == file["present_classes"].tolist()
    probabilities = pair_probabilities(means, present, pairs)
    allowed = present[pairs].all(dim=0)
    assert torch.equal(pairs[:, allowed].T, file["pairs"])
    expected = torch.zeros(len(allowed), dtype=torch.float64)
    expected[allowed] = file["pair_prob"]
    torch.testing.assert_close(probabilities, expected, rtol=1e-6, atol=1e-12)
    counts = draw_counts(probabilities, allowed, n, seeded(1))[allowed]
    difference = (counts - file["rounded_counts"]).abs()
    assert counts.sum() == n
    assert difference.sum() == abs(n - file["rounded_counts"].sum())
    assert difference.max() <= 1


def test_counts_always_add_up():
    """Over 1000 sets of prototypes: whole, not negative, the sum exact, most to the closest."""
    generator = seeded(2)
    for _ in range(1000):
        n_classes = int(torch.randint(2, 9, (), generator=generator))
        n = int(torch.randint(1, 20, (), generator=generator))
        means = torch.randn((n_classes, 3), generator=generator)
        means[torch.rand(n_classes, generator=generator) < 0.2] = 0.0
        present, pairs = (means != 0).any(dim=1), class_pairs(n_classes, means.device)
        probabilities = pair_probabilities(means, present, pairs)
        allowed = present[pairs].all(dim=0)
        counts = draw_counts(probabilities, allowed, n, generator)
        assert counts.min() >= 0
        assert torch.equal(counts, counts.round())
        assert counts.sum() == (n if allowed.any() else 0)
        assert counts[~allowed].sum() == 0
        assert counts[probabilities.argmax()] >= counts.max() - 1  # but for the correction


def test_equal_prototypes_give_no_nan():
    """Two identical prototypes are the closest pair: all draws, finite probabilities."""
    means = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    pairs = class_pairs(3, means.device)
    probabilities = pair_probabilities(means, torch.ones(3, dtype=torch.bool), pairs)
    torch.testing.assert_close(probabilities, torch.tensor([0.0, 1.0, 0.0]))


def test_slots_are_drawn_from_the_class():
    """Each draw is of its class, all samples of it about as often; an absent one is replaced."""
    y = torch.tensor([0, 1, 0, 2, 0, 2])
    slots = draw_of_class(torch.zeros(3000, dtype=torch.int64), y, 4, seeded(3))
    found, counts = torch.unique(slots, return_counts=True)
    assert found.tolist() == [0, 2, 4]
    assert counts.min() > 900
    replaced = y[draw_of_class(torch.full((3000,), 3), y, 4, seeded(4))]
    assert torch.bincount(replaced, minlength=4)[:3].min() > 900


def test_shares_are_beta():
    """Mean, variance and the mass below 0.1 are those of Beta(0.4, 0.4)."""
    share = draw_beta(50_000, seeded(5)).double()
    assert 0.0 <= share.min() <= share.max() <= 1.0
    assert share.mean().item() == pytest.approx(0.5, abs=0.005)
    assert share.var().item() == pytest.approx(0.25 / 1.8, abs=0.002)
    assert (share < 0.1).double().mean().item() == pytest.approx(beta(0.4, 0.4).cdf(0.1), abs=0.006)


@pytest.mark.parametrize(("gates", "expected"), [("twice", 0.36), ("once", 0.6)])
def test_share_of_the_base_that_is_mixed(gates, expected):
    """p^2 of the base is mixed (p with one gate), by less than 0.6, within the replayed batch."""
    generator, mixed = seeded(6), []
    feedback = PrototypeFeedback(0.6, 1.0, gates)
    batch = make_batch([0, 1] * 8, 16, 2, generator)
    for _ in range(600):
        result = feedback.mix(batch, torch.eye(2))
        assert 0.0 <= result.share.min() <= result.share.max() < 0.6
        assert result.first.bincount().tolist() == [8, 8]
        whole = result.share == 0.0
        assert torch.equal(result.x[whole, 0] % 2, result.first[whole].float())
        mixed.append((~whole).double().mean())
    assert torch.stack(mixed).mean().item() == pytest.approx(expected, abs=0.04)
    untouched = (torch.stack(mixed) == 0.0).double().mean().item()
    assert untouched == pytest.approx(0.4 if gates == "twice" else 0.0, abs=0.06)


def test_pairs_replace_the_rest_of_the_batch():
    """The close pair gets all draws: its classes, from the whole memory, once gated a pair."""
    prototypes = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.99, 0.0], [0.0, 0.0]])
    shares = []
    for seed in range(40):
        batch = make_batch([1] * 8 + [0] * 20 + [2] * 20, 8, 4, seeded(seed))
        result = PrototypeFeedback(0.5, 0.75, "twice").mix(batch, prototypes)
        assert len(result.x) == 8
        assert result.first.tolist() == [1] * 6 + [0] * 2
        assert result.second.tolist() == [1] * 6 + [2] * 2
        assert (result.x[6:] >= 8.0).all()
        shares.append((result.share[6:] > 0.0).tolist())
    assert all(first == second for first, second in shares)
    assert 10 <= sum(first for first, _ in shares) <= 30


def test_without_two_prototypes_the_batch_stays():
    """No mixing before two classes have a prototype, nor while there is one class."""
    feedback = PrototypeFeedback(1.0, 0.5, "once")
    for prototypes in (torch.zeros(3, 2), torch.eye(3)[:, :2] * torch.tensor([1.0, 0.0])):
        batch = make_batch([0, 1, 2, 0], 4, 3, seeded(8))
        result = feedback.mix(batch, prototypes)
        assert torch.equal(result.x, batch.replayed.x)
        assert torch.equal(result.first, batch.replayed.y)
        assert result.share.abs().max() == 0.0
    batch = make_batch([0, 0], 2, 1, seeded(9))
    assert torch.equal(feedback.mix(batch, torch.ones(1, 2)).x, batch.replayed.x)


def test_codes_of_mixed_samples():
    """A sample of one class has its code, a mixed one a code of its own, never by float labels."""
    first, second = torch.tensor([0, 1, 2, 0]), torch.tensor([1, 1, 0, 2])
    mixed = Mixed(torch.zeros(4, 1), first, second, torch.tensor([0.0, 0.3, 0.5, 0.5]))
    codes = mixed.labels().tolist()
    assert codes[:2] == [0, 1]
    assert max(codes[2:]) < 0
    assert codes[2] != codes[3]
