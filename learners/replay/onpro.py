"""Online prototype learning: equilibrium of prototypes, rotated images, prototypical feedback."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY
from typing import Annotated, Any

import torch
from river.base.typing import ClfTarget, FeatureName
from torch import Tensor
from torch.nn import functional

from olearn.core.parameters import (
    Above,
    Fraction,
    OneOf,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.core.validate import check_in_range
from olearn.learners.replay.augment import crop_view
from olearn.learners.replay.feedback import GATES, Mixed, PrototypeFeedback
from olearn.learners.replay.learner import Precision, RehearsalClassifier, Rule, Trunk, Widths
from olearn.learners.replay.memory import ReplayMemory
from olearn.learners.replay.objective import Batch, Objective, Outputs, Pass, View
from olearn.learners.replay.optimiser import Adam
from olearn.learners.replay.prototypes import (
    class_means,
    instance_contrast,
    instance_similarity,
    prototype_equilibrium,
)
from olearn.learners.replay.rotations import expand_variants, variant_labels
from olearn.learners.replay.softmax import mixed_softmax_loss, softmax_loss

__all__ = ["OnProClassifier"]

_CIFAR_MEAN = (125.3 / 255, 123.0 / 255, 113.9 / 255)
_CIFAR_STD = (63.0 / 255, 62.1 / 255, 66.7 / 255)
_PER_CLASS = 7  # replayed samples for each class known, from the second phase on


class OnlinePrototypes(Objective):
    """The losses of OnPro.

    Parameters
    ----------
    mixing, base, gates
        As of `PrototypeFeedback`.
    similarity
        Factor of the similarities of images from phase 1 on, positive; 1 before.
    projection
        Width of the projections.
    pixel_mean, pixel_std
        Of pixels / 255, as of `OnProClassifier`.

    """

    bias = True

    def __init__(
        self,
        *,
        mixing: float,
        base: float,
        gates: str,
        similarity: float,
        projection: int,
        pixel_mean: Sequence[float] | None,
        pixel_std: Sequence[float] | None,
    ) -> None:
        self.similarity = similarity
        self.projection = projection
        for value in pixel_std or ():
            check_in_range("pixel_std", value, 0.0, open_low=True)
        self.pixel_mean = pixel_mean
        self.pixel_std = pixel_std
        self.feedback = PrototypeFeedback(mixing, base, gates)

    def pixel_scale(self, n_channels: int) -> tuple[Sequence[float], Sequence[float]]:
        """Return what the user gave, else constants of CIFAR for colours and 0.5 for others."""
        coloured = n_channels == 3
        mean = self.pixel_mean or (_CIFAR_MEAN if coloured else (0.5,))
        std = self.pixel_std or (_CIFAR_STD if coloured else (0.5,))
        for name, values in (("pixel_mean", mean), ("pixel_std", std)):
            if len(values) not in (1, n_channels):
                raise ValueError(f"{name} must have 1 or {n_channels} numbers, got {values!r}")
        return mean, std

    def n_replayed(self, wanted: int, n_classes: int, phase: int) -> int:
        """Return `wanted` in the first phase, later seven a class at most."""
        return wanted if phase == 0 else min(wanted, _PER_CLASS * n_classes)

    def grown(
        self,
        heads: Mapping[str, Tensor],
        memory: ReplayMemory,
        state: dict[str, Tensor],
        n_before: int,
    ) -> None:
        """Give new classes a prototype of zeros: none yet."""
        weight = heads["projection.weight"]
        prototypes = weight.new_zeros(len(heads["weight"]), len(weight))
        prototypes[:n_before] = state.get("prototypes", prototypes[:n_before])
        state["prototypes"] = prototypes

    def views(self, batch: Batch) -> list[Pass]:
        """Return all variants and views in one pass; then labelled and seen samples.

        The labelled ones come last in the first phase, where they are those of the stream, and
        before the seen ones later, where they are the mixed ones of the memory.
        """
        stream = self._expanded(batch.x, batch)
        seen = []
        if batch.replayed is not None:
            x = batch.replayed.x
            seen = [Pass.of_two("seen", x, crop_view(x, batch.generator))]
        if batch.phase == 0 or batch.replayed is None:
            labelled = Pass(crop_view(batch.x, batch.generator), {"labelled": slice(None)})
            return [Pass(stream, {"stream": slice(None)}), *seen, labelled]
        mixed = self._mixed(batch)
        batch.notes.update(vars(mixed))
        both = torch.cat([stream, self._expanded(mixed.x, batch)])
        parts = {"stream": slice(0, len(stream)), "mixed": slice(len(stream), None)}
        labelled = Pass(crop_view(mixed.x, batch.generator), {"labelled": slice(None)})
        return [Pass(both, parts), labelled, *seen]

    def terms(self, out: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Return the contrast of images, the equilibria of prototypes and the softmax loss."""
        stream, n = out["stream"], len(batch.x)
        half = len(stream.feat) // 2
        scale = self.similarity if batch.phase > 0 else 1.0
        terms = {"stream": self._images(stream, batch.y, "stream", scale, batch)}
        new = View(stream.feat[:n], stream.heads), View(stream.feat[half : half + n], stream.heads)
        terms["new"] = self._equilibrium(*new, batch.y, batch.n_classes)[0]
        if "mixed" in out:
            mixed = Mixed(**batch.notes)
            terms["mixed"] = self._images(out["mixed"], mixed.labels(), "memory", scale, batch)
            terms["labels"] = mixed_softmax_loss(
                out["labelled"].dot, mixed.first, mixed.second, mixed.share
            )
        else:
            terms["labels"] = softmax_loss(out["labelled"].dot, batch.y)
        if batch.replayed is not None:
            views = out["seen.plain"], out["seen.aug"]
            terms["seen"], means = self._equilibrium(*views, batch.replayed.y, batch.n_classes)
            batch.state["prototypes"].copy_(means.detach())
        return terms

    def scores(self, view: View) -> Tensor:
        """Return the logits of the linear head."""
        return view.dot

    def _expanded(self, x: Tensor, batch: Batch) -> Tensor:
        """Return all variants, and a random view of each."""
        variants = expand_variants(x)
        return torch.cat([variants, crop_view(variants, batch.generator)])

    def _mixed(self, batch: Batch) -> Mixed:
        assert batch.replayed is not None
        if batch.task_start:
            return Mixed.plain(batch.replayed)
        return self.feedback.mix(batch, batch.state["prototypes"])

    def _images(self, view: View, labels: Tensor, form: str, scale: float, batch: Batch) -> Tensor:
        """Return the contrast of images, those of a class and variant being alike."""
        begin = slice_start(view, batch.generator)
        similarity = instance_similarity(view.proj, view.feat, begin, scale)
        return instance_contrast(similarity, variant_labels(labels, len(view.feat) // 2), form)

    def _equilibrium(
        self, first: View, second: View, y: Tensor, n_classes: int
    ) -> tuple[Tensor, Tensor]:
        """Return the equilibrium of prototypes, and their means over the two views."""
        (means_1, present), (means_2, _) = (
            class_means(functional.normalize(view.proj, dim=1), y, n_classes)
            for view in (first, second)
        )
        return prototype_equilibrium(means_1, means_2, present), 0.5 * (means_1 + means_2)


def slice_start(view: View, generator: torch.Generator) -> Tensor:
    """Draw where the slice of the features begins that is compared with the projections."""
    spare = view.feat.shape[1] - view.proj.shape[1]
    return torch.randint(max(1, spare), (), generator=generator, device=view.feat.device)


@with_parameters
class OnProClassifier(RehearsalClassifier):
    r"""Online prototype learning: classes are learnt as a whole, not by shortcuts[^1].

    The prototype of a class is the mean of the projections of its samples in a batch. A step adds
    up the softmax loss; the contrast of all images of a class in sixteen variants (halves turned,
    then the whole) and two random views; and the equilibrium of the prototypes of two views, for
    the stream and for the memory. Classes whose prototypes are close are replayed more, mixed with
    each other (adaptive prototypical feedback).

    Until a second phase begins, the softmax loss is that of the stream; from then on that of the
    memory, so that new classes reach the classifier through the memory only.

    Parameters
    ----------
    lr
        Step size of Adam (betas 0.9 and 0.99, weight decay 1e-4); positive.
    memory_size
        Number of samples kept; at least 1.
    batch_size
        Samples of the stream that a step learns; at least 1. Samples wait until there are so many.
    mixing
        Probability p of mixing, in [0, 1]; 0.6 for Split CIFAR-10, else 0.2 in the authors'
        program.
    base
        Share of the replayed samples that are drawn uniformly, in [0, 1], the others by feedback;
        0.75 for Split CIFAR-10, else 0.9 in the authors' program.
    gates
        `"twice"`: samples drawn uniformly are mixed with probability $p^2$, as the authors' program
        does; `"once"`: with probability p.
    similarity
        Factor of the similarities of images from the second phase on, positive; 0.5 for Split
        CIFAR-10, else 1 in the authors' program.
    projection
        Width of the projections; at least 1.
    pixel_mean
        Mean of pixels / 255: a number for each channel, or one for all; None: that of CIFAR for
        colours, 0.5 for others.
    pixel_std
        Standard deviation likewise, positive.
    warm_batches
        The second phase begins with the first new class after at least so many batches without
        one, or with the second `begin_task`; at least 1.
    replay_size
        Samples of the memory that a step learns, at most; at least 1.
    rule
        `"exact"`: the memory is a uniform sample; `"reference"`: as in the papers' programs, whose
        early samples are forgotten somewhat faster.
    trunk
        A `torch.nn.Module` from images `(n, channels, height, width)`, normalised, or from
        standardised rows, to features `(n, width)`, not negative; a copy is trained. None: the
        reduced ResNet-18 for images, dense layers for rows.
    width
        Channels of the first stage of the ResNet; at least 1.
    hidden
        Widths of the dense layers; at least one.
    nominal_attributes
        Names of the nominal features. A feature whose first value is a string is nominal too.
    classes
        Labels known in advance, in code order. They enter the softmax from the start.
    device
        `"cpu"`, `"cuda"`, ...; `"auto"`: CUDA if there is a device.
    precision
        Of the trunk: `"float32"`, `"bfloat16"`, or `"auto"`: bfloat16 on CUDA only. All else is
        float32.
    compile
        Replay steps as CUDA graphs once the memory is full; needs a CUDA device.
    seed
        Seed of weights and draws; None draws one. Results do not depend on the number of threads,
        on rows and on images up to 32 x 32 pixels with `width=16`.

    Raises
    ------
    ValueError, TypeError
        As of `olearn.learners.ERClassifier`, or if a parameter above is outside its range.

    Notes
    -----
    A step maps up to 2,560 images: this method is for GPUs, or for small trunks and
    `replay_size`. Images that are not square have eight variants, rows of a table only one; the
    random view of a row adds a tenth of the difference of two rows. `replay_size` is a bound:
    from the second phase on there are seven replayed samples a class at most. The check
    `check_memory_is_bounded` is skipped: it takes long, and what is kept is kept by
    `ERClassifier`.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("image_segments").blocks(2_310))
    >>> model = learners.OnProClassifier(seed=1)
    >>> predicted = model.test_then_train_many(X, y)
    >>> print(f"{(predicted == y).mean():.1%}")
    79.9%

    References
    ----------
    [^1]: Wei, Y., Ye, J., Huang, Z., Zhang, J., Shan, H. (2023). Online prototype learning for
        online continual learning. ICCV. arXiv 2308.00301.

    """

    lr: Annotated[float, Above(0.0)] = 5e-4
    memory_size: PositiveInt = 200
    batch_size: PositiveInt = 10
    _: KW_ONLY
    mixing: Fraction = 0.6
    base: Fraction = 0.75
    gates: Annotated[str, OneOf(*GATES)] = "twice"
    similarity: Annotated[float, Above(0.0)] = 0.5
    projection: PositiveInt = 128
    pixel_mean: Sequence[float] | None = None
    pixel_std: Sequence[float] | None = None
    warm_batches: PositiveInt = 50
    replay_size: PositiveInt = 64
    rule: Rule = "exact"
    trunk: Trunk = None
    width: PositiveInt = 64
    hidden: Widths = (128, 128)
    nominal_attributes: Collection[FeatureName] | None = None
    classes: Collection[ClfTarget] | None = None
    device: str = "auto"
    precision: Precision = "auto"
    compile: bool = False
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        objective = OnlinePrototypes(
            mixing=self.mixing, base=self.base, gates=self.gates, similarity=self.similarity,
            projection=self.projection, pixel_mean=self.pixel_mean, pixel_std=self.pixel_std,
        )  # fmt: skip
        self._start(objective, Adam(self.lr), pool=None, warm_batches=self.warm_batches)

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"memory_size": 50, "batch_size": 64, "replay_size": 8, "hidden": (16,), "seed": 1}

    def _unit_test_skips(self) -> set[str]:
        return {"check_memory_is_bounded"}
