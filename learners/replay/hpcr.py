"""Holistic proxy-based contrastive replay: with a temperature of the gradient and distillation."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import KW_ONLY
from typing import Annotated, Any

import torch
from river.base.typing import ClfTarget, FeatureName
from torch import Tensor

from olearn.core.parameters import (
    Above,
    AtLeast,
    OneOf,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.learners.replay.contrast import (
    CONTRASTS,
    TEMPERATURE,
    gradient_scale,
    proxy_distillation,
    sample_distillation,
)
from olearn.learners.replay.learner import Precision, RehearsalClassifier, Rule, Trunk, Widths
from olearn.learners.replay.memory import ReplayMemory
from olearn.learners.replay.objective import Batch, Objective, Outputs, Pass, View
from olearn.learners.replay.optimiser import SGD
from olearn.learners.replay.pcr import ProxyContrast, joint_labels
from olearn.learners.replay.softmax import cosine_logits

__all__ = ["HPCRClassifier"]


class HolisticContrast(Objective):
    """`ProxyContrast` by a factor that varies, and from phase 1 on two distillations.

    Parameters
    ----------
    alpha, beta
        Weights of the distillation of proxies and of samples; not negative.
    mode
        One of `CONTRASTS`.
    min_batch
        Rows of the joint batch, both views counted, from which on `mode` holds; `"proxy"` below.
    period
        Batches from one least factor to the next; at least 1.
    reset
        Count the batches of the period from the beginning of the phase.

    """

    def __init__(
        self, alpha: float, beta: float, *, mode: str, min_batch: int, period: int, reset: bool
    ) -> None:
        self.alpha = alpha
        self.beta = beta
        self.min_batch = min_batch
        self.period = period
        self.reset = reset
        self.pcr = ProxyContrast(mode)

    def views(self, batch: Batch) -> list[Pass]:
        """Return those of PCR."""
        return self.pcr.views(batch)

    def terms(self, out: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Return the contrast and, from phase 1 on, the distillations of the replayed samples."""
        if batch.replayed is None:
            return {}
        y = joint_labels(batch)
        mode = self.pcr.mode if len(y) >= self.min_batch else "proxy"
        scale = gradient_scale(batch.phase_step if self.reset else batch.step, self.period)
        terms = {"contrast": scale * self.pcr.contrast(out, y, mode)}
        if batch.phase > 0:
            seen = (out["memory.plain"], out["memory.aug"])
            stored = {name: torch.cat([v, v]) for name, v in batch.replayed.fields.items()}
            logits = torch.cat([self.scores(view) for view in seen])
            features = torch.cat([view.feat for view in seen])
            terms["proxies"] = self.alpha * proxy_distillation(logits, stored["logits"], y)
            terms["samples"] = self.beta * sample_distillation(
                features, stored["features"], TEMPERATURE
            )
        return terms

    def payload(self, out: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Return cosine logits and features of the plain view, to be distilled later."""
        view = out["stream.plain"]
        return {"logits": self.scores(view).detach(), "features": view.feat.detach()}

    def grown(
        self,
        heads: Mapping[str, Tensor],
        memory: ReplayMemory,
        state: dict[str, Tensor],
        n_before: int,
    ) -> None:
        """Fill up stored logits with those of the new rows, which have not been trained yet.

        Proxies of classes never seen do not move, so this is what a head that had had all rows
        from the start would have stored.
        """
        if "logits" in memory.fields:
            new = cosine_logits(memory.fields["features"], heads["weight"][n_before:], TEMPERATURE)
            memory.fields["logits"] = torch.cat([memory.fields["logits"], new.detach()], dim=1)

    def scores(self, view: View) -> Tensor:
        """Return cosines with the proxies by the temperature."""
        return self.pcr.scores(view)


@with_parameters
class HPCRClassifier(RehearsalClassifier):
    r"""Holistic proxy-based contrastive replay: PCR with distillation and a varying gradient[^1].

    $$L = \tau_s L_{PCR} + \alpha L_{PCD} + \beta L_{SCD}$$

    With each sample the memory keeps its cosines with the proxies and its features, as they were
    when it came; the distillations hold a replayed sample to the former ($L_{PCD}$, squares) and
    the similarities between replayed samples to those of the latter ($L_{SCD}$, cross-entropy).
    $\tau_s$, the temperature of the probabilities by that of the gradient, goes between 0.5625
    and 1.8 and back in `period` batches.

    Parameters
    ----------
    lr
        Step size of gradient descent; positive.
    memory_size
        Number of samples kept; at least 1.
    batch_size
        Samples of the stream that a step learns; at least 1. Samples wait until there are so many.
    alpha
        Weight of the distillation of proxies, not negative; 0.01 for Split CIFAR-10, 0.1 for Split
        CIFAR-100 in the authors' program.
    beta
        Weight of the distillation of samples; not negative.
    contrast
        As of `PCRClassifier`.
    contrast_min_batch
        Rows of the joint batch, twice the samples, from which on `contrast` holds, else `"proxy"`;
        at least 1.
    period
        Batches in which the factor of the gradient comes back; at least 1.
    reset_on_task
        Begin the period anew with each phase, as the authors do. At 500 batches a task it makes no
        difference.
    warm_batches
        Distillation begins with the first new class after at least so many batches without one, or
        with the second `begin_task`; at least 1.
    replay_size
        Samples of the memory that a step learns; at least 1.
    rule
        `"exact"`: the memory is a uniform sample; `"reference"`: as in the papers' programs, whose
        early samples are forgotten somewhat faster.
    trunk
        A `torch.nn.Module` from images `(n, channels, height, width)`, pixels / 255, or from
        standardised rows, to features `(n, width)`, not negative; a copy is trained. None: the
        reduced ResNet-18 for images, dense layers for rows.
    width
        Channels of the first stage of the ResNet; at least 1.
    hidden
        Widths of the dense layers; at least one.
    nominal_attributes
        Names of the nominal features. A feature whose first value is a string is nominal too.
    classes
        Labels known in advance, in code order. It makes no difference to what is learnt.
    device
        `"cpu"`, `"cuda"`, ...; `"auto"`: CUDA if there is a device.
    precision
        Of the trunk: `"float32"`, `"bfloat16"`, or `"auto"`: bfloat16 on CUDA only. All else is
        float32.
    compile
        Replay steps as CUDA graphs once the memory is full; needs a CUDA device.
    seed
        Seed of weights and draws; None draws one. Results do not depend on the number of threads,
        on rows and on images up to 32 x 32 pixels with `width=20`.

    Raises
    ------
    ValueError, TypeError
        As of `olearn.learners.ERClassifier`, or if a parameter above is outside its range.

    Notes
    -----
    When classes come up, what is stored is filled up with cosines of the new proxies, which
    have not been trained: so it is what a head that had known all classes would have stored.
    The rest is as of `PCRClassifier`. With less than 250 batches a task, the factor does not
    reach its largest value before the task ends. The check `check_memory_is_bounded` is
    skipped: it takes long, and what is kept is kept by `ERClassifier`.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("image_segments").blocks(2_310))
    >>> model = learners.HPCRClassifier(seed=1)
    >>> predicted = model.test_then_train_many(X, y)
    >>> print(f"{(predicted == y).mean():.1%}")
    88.0%

    References
    ----------
    [^1]: Lin, H., Feng, S., Zhang, B., Li, X., Ye, Y. (2023). HPCR: Holistic proxy-based
        contrastive replay for online continual learning. arXiv 2309.15038.

    """

    lr: Annotated[float, Above(0.0)] = 0.1
    memory_size: PositiveInt = 200
    batch_size: PositiveInt = 10
    _: KW_ONLY
    alpha: Annotated[float, AtLeast(0.0)] = 0.1
    beta: Annotated[float, AtLeast(0.0)] = 0.5
    contrast: Annotated[str, OneOf(*CONTRASTS)] = "proxy"
    contrast_min_batch: PositiveInt = 1
    period: PositiveInt = 500
    reset_on_task: bool = False
    warm_batches: PositiveInt = 50
    replay_size: PositiveInt = 10
    rule: Rule = "exact"
    trunk: Trunk = None
    width: PositiveInt = 20
    hidden: Widths = (128, 128)
    nominal_attributes: Collection[FeatureName] | None = None
    classes: Collection[ClfTarget] | None = None
    device: str = "auto"
    precision: Precision = "auto"
    compile: bool = False
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        objective = HolisticContrast(
            self.alpha, self.beta, mode=self.contrast, min_batch=self.contrast_min_batch,
            period=self.period, reset=self.reset_on_task,
        )  # fmt: skip
        self._start(objective, SGD(self.lr), warm_batches=self.warm_batches)

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"memory_size": 50, "batch_size": 32, "hidden": (16,), "seed": 1}

    def _unit_test_skips(self) -> set[str]:
        return {"check_memory_is_bounded"}
