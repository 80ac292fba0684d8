"""Adaptive prototypical feedback of OnPro: pairs of classes that look alike are replayed more.

All sizes are fixed by the number of samples drawn and of rows of the heads, and no value is read
back from the device: a class is looked for among random keys of all slots, a pair among the sums
of the counts.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from olearn.learners.replay.objective import Batch, Replayed
from olearn.learners.replay.softmax import one_hot

GATES = ("twice", "once")
_LEAST_DISTANCE = 1e-6  # equal prototypes would have an infinite score
_BASE_SHARE = 0.6  # largest share of the partner within the base
_BETA = 0.4  # both parameters of the shares within pairs
_BETA_PROPOSALS = 10  # 16 % are refused each


@dataclass
class Mixed:
    """Samples mixed in pairs, `(1 - share) first + share second`.

    Parameters
    ----------
    x
        Inputs, as of the samples, shape `(m, ...)`.
    first, second
        Rows of the heads of both, int64, shape `(m,)`.
    share
        Share of the second, in [0, 1], float32, shape `(m,)`.

    """

    x: Tensor
    first: Tensor
    second: Tensor
    share: Tensor

    @classmethod
    def plain(cls, replayed: Replayed) -> "Mixed":
        """Return samples as they are: share 0 of themselves."""
        y = replayed.y
        return cls(replayed.x, y, y, torch.zeros(len(y), device=y.device))

    def labels(self) -> Tensor:
        """Return one code a sample: the class where it is of one, else a negative one of its own.

        Compared are classes and shares: `(1 - share) a + share a` need not be `a` in floats.
        """
        own = -1 - torch.arange(len(self.first), device=self.first.device)
        return torch.where((self.share == 0.0) | (self.first == self.second), self.first, own)


def class_pairs(n_classes: int, device: torch.device) -> Tensor:
    """Return all pairs i < j in lexicographic order, int64, shape `(2, n_pairs)`."""
    return torch.triu_indices(n_classes, n_classes, 1, device=device)


def pair_probabilities(prototypes: Tensor, present: Tensor, pairs: Tensor) -> Tensor:
    r"""Return the softmax of $1 / \lVert a_i - a_j \rVert_2$ over the pairs of classes present.

    Parameters
    ----------
    prototypes
        $a$, shape `(n_classes, d)`.
    present
        Bool, shape `(n_classes,)`; pairs of others have probability 0, all if no two are present.
    pairs
        As of `class_pairs`.

    """
    i, j = pairs
    distances = (prototypes[i] - prototypes[j]).norm(dim=1).clamp_min(_LEAST_DISTANCE)
    scores = torch.where(present[i] & present[j], 1.0 / distances, -torch.inf)
    e = torch.exp(scores - scores.amax().clamp_min(0.0))  # no pair: all are exp(-inf) = 0
    return e / e.sum().clamp_min(torch.finfo(e.dtype).tiny)


def draw_counts(
    probabilities: Tensor, allowed: Tensor, n: int, generator: torch.Generator
) -> Tensor:
    """Share `n` draws out to pairs: rounded expectations, put right by one on random pairs.

    Ones too few go to distinct allowed pairs, ones too many are taken from distinct pairs that have
    draws; as rounding errs by half a draw at most, there are always pairs enough.

    Parameters
    ----------
    probabilities
        Of each pair, shape `(n_pairs,)`.
    allowed
        Pairs of classes present, bool, shape `(n_pairs,)`; if none is, all counts are 0.
    n
        Number of draws.
    generator
        Source of randomness, on the same device.

    """
    counts = torch.round(n * probabilities)  # halves to even
    short = n - counts.sum()
    able = torch.where(short > 0, allowed, counts > 0)
    keys = torch.rand(len(counts), generator=generator, device=counts.device)
    rank = torch.where(able, keys, 2.0).argsort().argsort()
    return counts + torch.where(able & (rank < short.abs()), short.sign(), 0.0)


def draw_of_class(classes: Tensor, y: Tensor, n_classes: int, generator: torch.Generator) -> Tensor:
    """Draw a slot of each class asked for, with replacement, int64, shape `(n,)`.

    Parameters
    ----------
    classes
        Rows of the heads, int64, shape `(n,)`; one without a sample is replaced by a random one
        that has some.
    y
        Rows of the heads of the slots, int64, shape `(slots,)`.
    n_classes
        Number of rows of the heads.
    generator
        Source of randomness, on the same device.

    """
    n, device = len(classes), y.device
    stored = one_hot(y, n_classes).any(dim=0)
    keys = torch.rand((n, n_classes), generator=generator, device=device)
    others = torch.where(stored, keys, -1.0).argmax(dim=1)
    classes = torch.where(stored[classes], classes, others)
    keys = torch.rand((n, len(y)), generator=generator, device=device)
    return torch.where(y == classes[:, None], keys, -1.0).argmax(dim=1)


def draw_beta(n: int, generator: torch.Generator) -> Tensor:
    """Draw from Beta(0.4, 0.4) by Jöhnk's method, with ten proposals each, shape `(n,)`."""
    size = (2, _BETA_PROPOSALS, n)
    powers = torch.rand(size, generator=generator, device=generator.device).pow(1.0 / _BETA)
    sums = powers.sum(dim=0)
    first = (sums <= 1.0).to(torch.uint8).argmax(dim=0, keepdim=True)
    share = powers[0] / sums.clamp_min(torch.finfo(sums.dtype).tiny)
    return share.gather(0, first)[0]


class PrototypeFeedback:
    """Mixes a replayed batch: some with each other, the rest drawn anew from similar classes.

    Parameters
    ----------
    mixing
        Probability p that samples are mixed, in [0, 1].
    base
        Share of the replayed batch that is kept, in [0, 1]; the others are replaced by pairs.
    gates
        `"twice"`: samples of the base are mixed with probability p, in a batch with probability p,
        as in the authors' program; `"once"`: with probability p.

    """

    def __init__(self, mixing: float, base: float, gates: str) -> None:
        self.mixing = mixing
        self.base = base
        self.gates = gates

    def mix(self, batch: Batch, prototypes: Tensor) -> Mixed:
        """Return as many samples as were replayed; those themselves if no two classes are known.

        Parameters
        ----------
        batch
            Its `replayed` samples, at least one, are the base; the others come from its memory.
        prototypes
            Mean projection of each class, zero where none was seen, shape `(n_classes, d)`.

        """
        replayed, y = batch.replayed, batch.memory.y[: batch.memory.fill]
        assert replayed is not None  # the memory is not empty
        plain, m = Mixed.plain(replayed), len(replayed.y)
        if len(prototypes) < 2:
            return plain
        order = torch.rand(m, generator=batch.generator, device=y.device).argsort()
        n_base = int(self.base * m)
        parts = [self._within(replayed, order[:n_base], batch.generator)]
        present = (prototypes != 0.0).any(dim=1)
        if n_base < m:
            pairs = class_pairs(len(prototypes), y.device)
            probabilities = pair_probabilities(prototypes, present, pairs)
            allowed = present[pairs].all(dim=0)
            counts = draw_counts(probabilities, allowed, m - n_base, batch.generator)
            parts.append(self._across(batch, counts, pairs, m - n_base))
        known = present.sum() >= 2
        return Mixed(
            *(
                torch.where(known, torch.cat([getattr(part, name) for part in parts]), kept)
                for name, kept in vars(plain).items()
            )
        )

    def _within(self, replayed: Replayed, rows: Tensor, generator: torch.Generator) -> Mixed:
        """Mix the base with itself, by a permutation."""
        n = len(rows)
        u = torch.rand((4, n), generator=generator, device=rows.device)
        mixes = u[0] < self.mixing
        if self.gates == "twice":
            mixes = mixes & (u[1, :1] < self.mixing)
        share = torch.where(mixes, _BASE_SHARE * u[2], 0.0)
        return _mixed(replayed, rows, replayed, rows[u[3].argsort()], share)

    def _across(self, batch: Batch, counts: Tensor, pairs: Tensor, n: int) -> Mixed:
        """Draw samples of pairs of classes, `counts` of each, and mix them."""
        y, generator = batch.memory.y[: batch.memory.fill], batch.generator
        places = torch.arange(n, device=y.device, dtype=counts.dtype)
        drawn = torch.searchsorted(counts.cumsum(0), places, right=True).clamp_max(len(counts) - 1)
        both = [
            batch.recall(draw_of_class(classes[drawn], y, batch.n_classes, generator))
            for classes in pairs
        ]
        mixes = torch.rand(len(counts), generator=generator, device=y.device) < self.mixing
        share = torch.where(mixes[drawn], draw_beta(n, generator), 0.0)
        rows = torch.arange(n, device=y.device)
        return _mixed(both[0], rows, both[1], rows, share)


def _mixed(a: Replayed, rows: Tensor, b: Replayed, partners: Tensor, share: Tensor) -> Mixed:
    weight = share.view(-1, *(1,) * (a.x.ndim - 1))
    x = a.x[rows]  # as it is, bit for bit, where the share is 0
    return Mixed(x + weight * (b.x[partners] - x), a.y[rows], b.y[partners], share)
