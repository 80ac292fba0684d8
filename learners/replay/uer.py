"""Unbiased experience replay: the stream by cosines, the memory by whole dot products."""

from collections.abc import Collection, Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any

from river.base.typing import ClfTarget, FeatureName
from torch import Tensor

from olearn.core.parameters import (
    Above,
    OneOf,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.learners.replay.learner import Precision, RehearsalClassifier, Rule, Trunk, Widths
from olearn.learners.replay.objective import Batch, Objective, Outputs, View
from olearn.learners.replay.optimiser import SGD
from olearn.learners.replay.softmax import softmax_loss

__all__ = ["UERClassifier"]

INFERENCES = ("dot", "cos")


@dataclass(frozen=True)
class UER(Objective):
    """Cross-entropy of cosines for the stream, of dot products for the memory; one head, no bias.

    Parameters
    ----------
    temperature
        Divides the cosines; positive.
    inference
        `"dot"` or `"cos"`: the scores of a prediction.

    """

    temperature: float = 0.09
    inference: str = "dot"

    def terms(self, out: Outputs, batch: Batch) -> dict[str, Tensor]:
        terms = {"stream": softmax_loss(out["stream.plain"].cos / self.temperature, batch.y)}
        if batch.replayed is not None:
            terms["memory"] = softmax_loss(out["memory.plain"].dot, batch.replayed.y)
        return terms

    def scores(self, view: View) -> Tensor:
        return view.dot if self.inference == "dot" else view.cos / self.temperature


@with_parameters
class UERClassifier(RehearsalClassifier):
    r"""Unbiased experience replay: only replayed samples shape the norms[^1].

    A logit is $\|f\| \|w_c\| \cos(f, w_c)$. What prefers the classes of the current batch sits
    mainly in the angle, so the stream is learnt by the angle alone and the memory by the whole:
    $CE(\cos / \tau, y)$ of the stream, plus $CE(f W^T, y)$ of the memory, with one W and no bias.
    The term of the stream has no gradient along $f$ or $w_c$: it changes norms to second order
    only. All else is as in `ERClassifier`.

    Parameters
    ----------
    lr
        Step size of gradient descent; positive.
    memory_size
        Number of samples kept; at least 1.
    batch_size
        Samples of the stream that a step learns; at least 1. Samples wait until there are so many.
    replay_size
        Samples of the memory that a step learns; at least 1.
    temperature
        Divides the cosines of the stream; positive.
    inference
        Scores of a prediction: `"dot"`, the whole dot product, or `"cos"`.
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
        Labels known in advance, in code order. They enter the softmax from the start, and are
        predicted once a sample of them has been learnt.
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
    ValueError
        If a parameter is outside its range, a feature is infinite, images differ in shape, or a
        weight is not whole.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    Images, rows, weights and answers are as in `ERClassifier`. The loss is that of the paper's
    abstract, the temperature that of the authors' programs. Ours are the softmax over the classes
    known so far, the predictions by the whole dot product, and no augmentation. The check
    `check_memory_is_bounded` is skipped: it takes long, and what is kept is kept by `ERClassifier`.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("image_segments").blocks(2_310))
    >>> model = learners.UERClassifier(seed=1)
    >>> predicted = model.test_then_train_many(X, y)
    >>> print(f"{(predicted == y).mean():.1%}")
    88.5%

    References
    ----------
    [^1]: Lin, H., Feng, S., Zhang, B., Qiao, H., Li, X., Ye, Y. (2023). UER: a heuristic bias
        addressing approach for online continual learning. arXiv 2309.04081.

    """

    lr: Annotated[float, Above(0.0)] = 0.1
    memory_size: PositiveInt = 200
    batch_size: PositiveInt = 10
    _: KW_ONLY
    replay_size: PositiveInt = 10
    temperature: Annotated[float, Above(0.0)] = 0.09
    inference: Annotated[str, OneOf(*INFERENCES)] = "dot"
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
        self._start(UER(self.temperature, self.inference), SGD(self.lr))

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"memory_size": 50, "batch_size": 32, "hidden": (16,), "seed": 1}

    def _unit_test_skips(self) -> set[str]:
        return {"check_memory_is_bounded"}
