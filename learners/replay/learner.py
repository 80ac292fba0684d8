"""The rehearsal classifier: rows and images in, one step of its engine for each batch."""

from collections.abc import Collection
from typing import Annotated, Any

import numpy as np
import torch
from river.base.typing import ClfTarget, FeatureName
from torch import nn

from olearn.base import ArrayClassifier
from olearn.core.features import FeatureIndex
from olearn.core.memory import memory_bytes
from olearn.core.parameters import OneOf
from olearn.core.types import Codes, Rows
from olearn.core.validate import (
    check_integer,
    check_kind,
)
from olearn.learners.analytic.random_relu import drawn_seed
from olearn.learners.replay.engine import RehearsalSettings, ReplayEngine
from olearn.learners.replay.images import as_tensor
from olearn.learners.replay.memory import RULES
from olearn.learners.replay.network import PRECISIONS
from olearn.learners.replay.objective import Objective
from olearn.learners.replay.optimiser import SGD, Adam
from olearn.learners.replay.samples import SampleEncoder

_MOST_REPETITIONS = 10_000


def check_widths(name: str, value: Any) -> None:
    """Raise unless `value` holds the widths of layers, at least one."""
    check_kind(name, value, tuple | list, "a tuple of widths")
    for units in value:
        check_integer(name, units, 1)
    if not value:
        raise ValueError(f"{name} must have at least one width, got none")


def check_trunk(name: str, value: Any) -> None:
    """Raise unless `value` is a module of torch or None."""
    check_kind(name, value, nn.Module | None, "a torch module")


Rule = Annotated[str, OneOf(*RULES)]
Precision = Annotated[str, OneOf(*PRECISIONS)]
Trunk = Annotated[nn.Module | None, check_trunk]
Widths = Annotated[tuple[int, ...], check_widths]


class RehearsalClassifier(ArrayClassifier):
    """Learns each batch with a batch from a memory; a subclass has parameters and an `Objective`.

    A sample is a row, as of any `ArrayClassifier`, or an image: a uint8 array or tensor of shape
    `(channels, height, width)`, many of them `(n, channels, height, width)`. The first sample
    decides which. Samples wait until there are `batch_size`; so a stream gives the same
    parameters in whatever pieces it comes. Predictions use the weights as they stand.
    """

    # trees, ridge and others ask theirs for more than an encoder has, hence the index in the base
    _features: SampleEncoder  # type: ignore[assignment]
    memory_size: int
    batch_size: int
    replay_size: int
    rule: str
    trunk: nn.Module | None
    width: int
    hidden: tuple[int, ...]
    device: str
    precision: str
    compile: bool
    seed: int | None

    nominal_attributes: Collection[FeatureName] | None
    classes: Collection[ClfTarget] | None

    def _start(
        self,
        objective: Objective,
        optimiser: SGD | Adam,
        *,
        pool: int | None = 4,
        warm_batches: int = 50,
    ) -> None:
        """Begin, with parameters that are checked."""
        self._start_encoding(self.nominal_attributes, self.classes)
        device = device_of(self.device)
        if self.compile and not device.startswith("cuda"):
            raise ValueError(f"compile must be False without a CUDA device, got True on {device!r}")
        precision = self.precision
        if precision == "auto":
            precision = "bfloat16" if device.startswith("cuda") else "float32"
        self._settings = RehearsalSettings(
            objective=objective, optimiser=optimiser, memory_size=self.memory_size,
            batch_size=self.batch_size, replay_size=self.replay_size, rule=self.rule,
            warm_batches=warm_batches, trunk=self.trunk, width=self.width, pool=pool,
            hidden=tuple(self.hidden), device=device, precision=precision,
            compile=self.compile, seed=drawn_seed(self.seed),
        )  # fmt: skip
        self._features = SampleEncoder(FeatureIndex(self.nominal_attributes), self._settings)
        self._engine: ReplayEngine | None = None  # made by the first sample
        self._task_waits = False

    # -- what river does not know ----------------------------------------------------------------

    def flush(self) -> None:
        """Learn the samples that wait for their batch to fill, as a smaller batch."""
        if self._engine is not None:
            self._engine.flush()

    def begin_task(self) -> None:
        """Say that a new task begins, for methods that change after the first; first `flush`.

        Without it such methods go by the classes: a new one after a quiet time begins a phase.
        """
        self.flush()
        if self._engine is None:
            self._task_waits = True
        else:
            self._engine.clock.begin_task()

    @property
    def n_batches(self) -> int:
        """Number of batches learnt."""
        return 0 if self._engine is None else self._engine.clock.step

    @property
    def _raw_memory_usage(self) -> int:
        rest = {name: value for name, value in vars(self).items() if name != "_engine"}
        return memory_bytes(rest) + (0 if self._engine is None else self._engine.n_bytes)

    # -- rows and images --------------------------------------------------------------------------

    def _grow(self, n_classes: int) -> None:
        if not self._features.begun:
            return
        if self._engine is None:
            self._engine = ReplayEngine(self._settings, self._features.shape)
            if self._task_waits:
                self._engine.clock.begin_task()
        self._engine.grow(n_classes, self._features.index)

    def _check_weights(self, w: Rows) -> None:
        bad = (w != np.floor(w)) | (w > _MOST_REPETITIONS)
        if bad.any():
            raise ValueError(
                f"w must be a whole number up to {_MOST_REPETITIONS}, as often as a sample is "
                f"learnt, got {w[bad][0]}"
            )

    def _learn_rows(self, X: Rows, y: Codes, w: Rows) -> None:
        if self._engine is None or self._engine.network is None:
            # nothing was new in the first row, or the trunk did not fit the one before
            self._grow(len(self._labels))
        assert self._engine is not None, "made by _grow"
        if (w != 1.0).any():
            repeated = np.repeat(np.arange(len(y)), w.astype(np.int64))
            X, y = X[repeated], y[repeated]
        self._engine.learn(as_tensor(X), y)

    def _proba_rows(self, X: Rows) -> Rows:
        if self._engine is None or self._engine.network is None:
            return np.full((len(X), len(self._labels)), 1.0 / len(self._labels))
        return self._engine.proba(as_tensor(X))

    def _test_then_train_rows(self, X: Rows, y: Codes) -> Codes:
        assert self._engine is not None, "grown before it learns"
        out = np.empty(len(y), np.int64)
        start = 0
        while start < len(y):  # up to the next step, all are predicted by the same weights
            part = slice(start, start + self._engine.room())
            out[part] = self._codes_rows(X[part])
            self._engine.learn(as_tensor(X[part]), y[part])
            start = part.stop
        return out

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if isinstance(self._features, FeatureIndex):  # of a file of version 0.1
            self._features = SampleEncoder(self._features, self._settings)
            if self._engine is not None:
                self._features.begun, self._features.shape = True, self._engine.shape


def device_of(name: str) -> str:
    """Return the device of a name; `"auto"` is CUDA where there is a device."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=name)
    except (AssertionError, RuntimeError) as error:
        raise ValueError(f"device must be 'auto' or one that is there, got {name!r}") from error
    return name
