"""Experience replay: the batch and a batch from memory, each by softmax cross-entropy."""

from collections.abc import Collection, Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Any

from river.base.typing import ClfTarget, FeatureName
from torch import Tensor

from olearn.core.parameters import Above, PositiveInt, Seed, check_parameters, with_parameters
from olearn.learners.replay.learner import Precision, RehearsalClassifier, Rule, Trunk, Widths
from olearn.learners.replay.objective import Batch, Objective, Outputs, View
from olearn.learners.replay.optimiser import SGD
from olearn.learners.replay.softmax import softmax_loss

__all__ = ["ERClassifier"]


@dataclass(frozen=True)
class ER(Objective):
    """Two means of cross-entropies, of the stream and of the memory, each in its own pass."""

    bias = True

    def terms(self, out: Outputs, batch: Batch) -> dict[str, Tensor]:
        terms = {"stream": softmax_loss(out["stream.plain"].dot, batch.y)}
        if batch.replayed is not None:
            terms["memory"] = softmax_loss(out["memory.plain"].dot, batch.replayed.y)
        return terms

    def scores(self, view: View) -> Tensor:
        return view.dot


@with_parameters
class ERClassifier(RehearsalClassifier):
    r"""Experience replay: a neural network learns each batch with a batch of earlier samples[^1].

    The loss of a step is $CE(o_{stream}, y) + CE(o_{memory}, y)$, two means of softmax
    cross-entropies over dot products with a bias. The memory is a uniform sample of all that came.
    It is the baseline of rehearsal: simple, and biased to the classes of the current batch.

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
    Images are uint8 arrays or tensors, `(channels, height, width)`. The features of rows are
    standardised by running means and deviations and cut at 10 deviations, which is said once where
    a value lies beyond 1,000 (not on a GPU, which would have to wait); a missing value is the mean;
    columns of zeros fill them up to a multiple of 16, the width that a `trunk` gets. A sample of
    weight `w` is learnt `w` times. Equal images get equal answers, asked alone or together: inputs
    are mapped in blocks of one size, so asking for one costs as much as four.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("image_segments").blocks(2_310))
    >>> model = learners.ERClassifier(seed=1)
    >>> predicted = model.test_then_train_many(X, y)
    >>> print(f"{(predicted == y).mean():.1%}")
    87.7%

    References
    ----------
    [^1]: Chaudhry, A., Rohrbach, M., Elhoseiny, M., Ajanthan, T., Dokania, P. K., Torr, P. H. S.,
        Ranzato, M. (2019). On tiny episodic memories in continual learning. arXiv 1902.10486.

    """

    lr: Annotated[float, Above(0.0)] = 0.1
    memory_size: PositiveInt = 200
    batch_size: PositiveInt = 10
    _: KW_ONLY
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
        self._start(ER(), SGD(self.lr))

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"memory_size": 50, "batch_size": 32, "hidden": (16,), "seed": 1}
