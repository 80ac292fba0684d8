"""Proxy-based contrastive replay: stream and memory, plain and augmented, against proxies."""

from collections.abc import Collection, Iterator
from dataclasses import KW_ONLY
from typing import Annotated, Any

import torch
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
from olearn.learners.replay.augment import strong_view
from olearn.learners.replay.contrast import CONTRASTS, TEMPERATURE, contrast
from olearn.learners.replay.learner import Precision, RehearsalClassifier, Rule, Trunk, Widths
from olearn.learners.replay.objective import Batch, Objective, Outputs, Pass, View
from olearn.learners.replay.optimiser import SGD
from olearn.learners.replay.softmax import proxy_contrast

__all__ = ["PCRClassifier"]

_PARTS = ("memory.plain", "memory.aug", "stream.plain", "stream.aug")


class ProxyContrast(Objective):
    """Contrast of the joint batch, two views a sample, with the proxies of its classes.

    Parameters
    ----------
    mode
        One of `CONTRASTS`.

    """

    def __init__(self, mode: str = "proxy") -> None:
        self.mode = mode

    def views(self, batch: Batch) -> list[Pass]:
        """Return stream, then memory, each plain and augmented in one pass."""
        pairs = {"stream": batch.x}
        if batch.replayed is not None:
            pairs["memory"] = batch.replayed.x
        return [Pass.of_two(name, x, strong_view(x, batch.generator)) for name, x in pairs.items()]

    def terms(self, out: Outputs, batch: Batch) -> dict[str, Tensor]:
        """Return the contrast; nothing before there is a memory, as in the authors' program."""
        if batch.replayed is None:
            return {}
        return {"contrast": self.contrast(out, joint_labels(batch), self.mode)}

    def contrast(self, out: Outputs, y: Tensor, mode: str) -> Tensor:
        """Return the contrast of the joint batch in a mode."""
        if mode == "proxy":
            logits = torch.cat([out[part].cos for part in _PARTS]) / TEMPERATURE
            return proxy_contrast(logits, y)
        features = torch.cat([out[part].feat for part in _PARTS])
        rows = out["stream.plain"].heads["weight"]
        return contrast(features, rows, y, mode, TEMPERATURE)

    def scores(self, view: View) -> Tensor:
        """Return cosines with the proxies by the temperature."""
        return view.cos / TEMPERATURE


def joint_labels(batch: Batch) -> Tensor:
    """Return the labels of both views of the memory, then of both views of the stream."""
    assert batch.replayed is not None
    return torch.cat([batch.replayed.y, batch.replayed.y, batch.y, batch.y])


@with_parameters
class PCRClassifier(RehearsalClassifier):
    r"""Proxy-based contrastive replay: samples are contrasted with proxies of their classes[^1].

    A proxy is the row of a class in a head of cosines. Of a joint batch, stream and memory, each
    sample plain and augmented, the loss of a step is

    $$\frac{1}{N} \sum_i \Big[ \log \sum_{j=1}^N \exp \frac{\cos(f_i, w_{y_j})}{0.09}
        - \frac{\cos(f_i, w_{y_i})}{0.09} \Big].$$

    The classes of the batch weigh as often as they occur and no other is touched: new data do not
    push the proxies of old classes away. The most similar proxy is predicted.

    Parameters
    ----------
    lr
        Step size of gradient descent; positive.
    memory_size
        Number of samples kept; at least 1.
    batch_size
        Samples of the stream that a step learns; at least 1. Samples wait until there are so many.
    contrast
        `"proxy"`: samples with proxies only. `"one"`: samples with samples and proxies; `"all"`:
        proxies as anchors too.
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
        As of `olearn.learners.ERClassifier`.

    Notes
    -----
    While the memory is empty, in the first batch, nothing is learnt but statistics of the
    inputs. Images are augmented by resized crops, flips, colours and greys; rows of a table by
    a tenth of the difference of two rows. There is neither momentum nor weight decay, so that
    the proxy of a class never seen keeps its first value, bit for bit. The check
    `check_memory_is_bounded` is skipped: it takes long, and what is kept is kept by
    `ERClassifier`.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("image_segments").blocks(2_310))
    >>> model = learners.PCRClassifier(seed=1)
    >>> predicted = model.test_then_train_many(X, y)
    >>> print(f"{(predicted == y).mean():.1%}")
    89.1%

    References
    ----------
    [^1]: Lin, H., Zhang, B., Feng, S., Li, X., Ye, Y. (2023). PCR: Proxy-based contrastive replay
        for online class-incremental continual learning. CVPR. arXiv 2304.04408.

    """

    lr: Annotated[float, Above(0.0)] = 0.1
    memory_size: PositiveInt = 200
    batch_size: PositiveInt = 10
    _: KW_ONLY
    contrast: Annotated[str, OneOf(*CONTRASTS)] = "proxy"
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
        self._start(ProxyContrast(self.contrast), SGD(self.lr))

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"memory_size": 50, "batch_size": 32, "hidden": (16,), "seed": 1}

    def _unit_test_skips(self) -> set[str]:
        return {"check_memory_is_bounded"}
