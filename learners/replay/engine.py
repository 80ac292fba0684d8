"""One step of rehearsal on a device: queue, memory, network and objective together."""

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from olearn.core.features import FeatureIndex
from olearn.core.memory import memory_bytes
from olearn.core.threads import threads_for
from olearn.core.types import Codes
from olearn.learners.replay.arrays import exported, imported
from olearn.learners.replay.clock import StepClock
from olearn.learners.replay.graphs import StepGraphs
from olearn.learners.replay.images import Shape
from olearn.learners.replay.inputs import ImageInputs, RowInputs
from olearn.learners.replay.memory import ReplayMemory
from olearn.learners.replay.network import Network
from olearn.learners.replay.objective import Batch, Objective, Replayed, View
from olearn.learners.replay.optimiser import SGD, Adam
from olearn.learners.replay.trunks import ReducedResNet18, RowMLP, make_trunk, torch_seed

# Inputs are mapped in blocks of one size, the last filled up, because products of matrices differ
# in their last bits with the number of rows: so an answer does not depend on what else is asked.
_ROWS_AT_ONCE = 16
_IMAGES_ON_CPU, _IMAGES_ELSEWHERE = 4, 256
_PASSES = 3  # of a step: forward, and backward to the inputs and to the weights


@dataclass(frozen=True)
class RehearsalSettings:
    """Parameters of a `ReplayEngine`; their meaning is that of the classifiers' parameters.

    `pool` is that of `ReducedResNet18`; `device` is one that is there.
    """

    objective: Objective
    optimiser: SGD | Adam
    memory_size: int
    batch_size: int
    replay_size: int
    rule: str
    warm_batches: int
    trunk: nn.Module | None
    width: int
    pool: int | None
    hidden: tuple[int, ...]
    device: str
    precision: str
    compile: bool
    seed: int


class ReplayEngine:
    """Learns samples in batches of one size; those short of a batch wait.

    Parameters
    ----------
    settings
        What the user chose.
    shape
        `(channels, height, width)` of images, or None for rows.

    """

    def __init__(self, settings: RehearsalSettings, shape: Shape | None) -> None:
        self.settings = settings = _placed(settings)
        self.shape = shape
        self.device = torch.device(settings.device)
        self.clock = StepClock(settings.warm_batches)
        self.memory = ReplayMemory(settings.memory_size, settings.rule, self.device)
        self.inputs = self._make_inputs()
        self.network: Network | None = None  # made when the first class is known
        self.counts = np.zeros(0, np.int64)  # rows learnt of each class
        self._state: dict[str, Tensor] = {}
        self._host_rng = np.random.default_rng(settings.seed)
        self._generator = torch.Generator(self.device).manual_seed(torch_seed(settings.seed))
        self._graphs = StepGraphs(self._body, self._generator)
        self._waiting_x: list[Tensor] = []
        self._waiting_y: list[int] = []

    def _make_inputs(self) -> ImageInputs | RowInputs:
        if self.shape is None:
            return RowInputs(self.device)
        return ImageInputs(*self.settings.objective.pixel_scale(self.shape[0]), self.device)

    # -- growth ----------------------------------------------------------------------------------

    def prepare(self, index: FeatureIndex) -> Network:
        """Make the network where there is none."""
        if self.network is None:
            if isinstance(self.inputs, RowInputs):
                self.inputs.follow(index)
            self.network = self._make_network()
        return self.network

    def grow(self, n_classes: int, index: FeatureIndex) -> None:
        """Make room for the features of the index and for `n_classes` classes."""
        network = self.prepare(index)
        if isinstance(self.inputs, RowInputs):
            self._follow(index, self.inputs, network)
        n_before = network.n_rows
        if n_classes > n_before or not n_before:
            network.grow(n_classes)
            self.counts = np.pad(self.counts, (0, n_classes - n_before))
            objective = self.settings.objective
            with torch.no_grad():
                objective.grown(network.heads, self.memory, self._state, n_before)
            self._graphs.forget()

    def _follow(self, index: FeatureIndex, inputs: RowInputs, network: Network) -> None:
        n_before = inputs.n_features
        changed = inputs.follow(index)
        if self.memory.x.dim() == 2:
            self.memory.x = _wider(self.memory.x, inputs.n_features)
        mlp = network.trunk
        weight = mlp.widened(inputs.columns, len(index)) if isinstance(mlp, RowMLP) else None
        if isinstance(mlp, RowMLP) and weight is not None:
            network.replace_first(mlp, weight)
        if changed or inputs.n_features > n_before:  # a nominal feature may have no column yet
            self._graphs.forget()

    def _make_network(self) -> Network:
        s = self.settings
        if s.trunk is not None:
            trunk = copy.deepcopy(s.trunk)
        else:
            build: Callable[[], nn.Module] = partial(RowMLP, s.hidden, s.seed)
            if self.shape is not None:
                build = partial(ReducedResNet18, self.shape[0], s.width, s.pool)
            trunk = make_trunk(build, torch.Generator().manual_seed(torch_seed(s.seed)))
        with threads_for(0.0, self.device.type):  # one sample goes through it
            return Network(
                trunk, self._example(trunk), objective=s.objective, optimiser=s.optimiser,
                device=self.device, precision=s.precision, seed=s.seed,
            )  # fmt: skip

    def _example(self, trunk: nn.Module) -> Tensor:
        """Return the input of one sample, of the width that the trunk has now."""
        if isinstance(self.inputs, RowInputs):
            width = 0 if isinstance(trunk, RowMLP) else self.inputs.columns.width
            return torch.zeros(1, width, device=self.device)
        assert self.shape is not None, "inputs are rows or images"
        return torch.zeros(1, *self.shape, device=self.device)

    # -- learning --------------------------------------------------------------------------------

    def room(self) -> int:
        """Samples that can come before the next step, that one included."""
        return self.settings.batch_size - len(self._waiting_y)

    def learn(self, X: Tensor, y: Codes) -> None:
        """Queue samples, and take a step whenever a batch is full; `X` is copied."""
        start = 0
        while start < len(y):
            stop = start + self.room()
            self._waiting_x.append(X[start:stop].clone())
            self._waiting_y += y[start:stop].tolist()
            start = stop
            if not self.room():
                self.flush()

    def flush(self) -> None:
        """Take a step with the samples that wait, if there are any."""
        if not self._waiting_y:
            return
        y = np.array(self._waiting_y)
        raw = self._joined(self._waiting_x)
        self._waiting_x, self._waiting_y = [], []
        with self._threads(_PASSES * (len(y) + self.settings.replay_size)):
            self._step(raw, y)

    def _joined(self, parts: list[Tensor]) -> Tensor:
        if isinstance(self.inputs, RowInputs):  # features may have come since
            parts = [_wider(part, self.inputs.n_features) for part in parts]
        if any(part.device != parts[0].device for part in parts):  # some given as CUDA tensors
            parts = [self._sent(part) for part in parts]
        return torch.cat(parts)

    def _threads(self, n_samples: int) -> AbstractContextManager[None]:
        """Return the context for passes of so many samples; rows are small in any case."""
        work = 0.0 if self.shape is None else float(n_samples) * self._built().work
        return threads_for(work, self.device.type)

    def _step(self, raw: Tensor, y: Codes) -> None:
        clock, settings = self.clock, self.settings
        if clock.enter(bool((self.counts[y] == 0).any())):
            self._graphs.forget()
        n_seen = len(np.union1d(np.flatnonzero(self.counts), y))
        wanted = settings.objective.n_replayed(settings.replay_size, n_seen, clock.phase)
        slots = self.memory.draw(wanted, self._host_rng)
        places = self.memory.place(len(y), self._host_rng)
        ticks = np.array([clock.step, clock.step - clock.phase_start], np.float32)
        tensors = [self._sent(raw), *(self._sent(torch.from_numpy(a)) for a in (y, slots, places))]
        tensors.append(self._sent(torch.from_numpy(ticks)))
        if self._capturable():
            self._graphs((len(y), len(slots)), *tensors)
        else:
            self._body(*tensors)
        self.memory.count(len(y))
        self.counts += np.bincount(y, minlength=len(self.counts))
        clock.leave()

    def _capturable(self) -> bool:
        """Tell whether all that a step branches on is settled for some time."""
        full = self.memory.fill == self.memory.capacity
        return self.settings.compile and full and not self.clock.task_start

    def _sent(self, a: Tensor) -> Tensor:
        if self.device.type != "cuda":
            return a.to(self.device)  # from a GPU it must be waited for
        if a.device.type == "cpu":
            a = a.pin_memory()  # else the copy would wait
        return a.to(self.device, non_blocking=True)

    def _built(self) -> Network:
        assert self.network is not None, "classes come before samples"
        return self.network

    def _recall(self, slots: Tensor) -> Replayed:
        raw, y, fields = self.memory.read(slots)
        return Replayed(self.inputs(raw), y, fields)

    def _body(self, raw: Tensor, y: Tensor, slots: Tensor, places: Tensor, ticks: Tensor) -> None:
        """Learn a batch on the device, without waiting for it."""
        network, objective = self._built(), self.settings.objective
        self.inputs.observe(raw)
        batch = Batch(
            x=self.inputs(raw), y=y, replayed=self._recall(slots) if len(slots) else None,
            memory=self.memory, recall=self._recall, n_classes=network.n_rows,
            phase=self.clock.phase, task_start=self.clock.task_start, step=ticks[0],
            phase_step=ticks[1], state=self._state, generator=self._generator,
        )  # fmt: skip
        out = {}
        for each in objective.views(batch):
            feat = network(each.rows, training=True).feat
            for name, part in each.parts.items():
                out[name] = View(feat[part], network.heads)
        terms = objective.terms(out, batch)
        with torch.no_grad():
            payload = objective.payload(out, batch)  # of the weights before the step
        network.descend(terms)
        self.memory.write(places, raw, y, payload)

    # -- asking ----------------------------------------------------------------------------------

    def proba(self, X: Tensor) -> NDArray[np.float64]:
        """Probabilities `(n, n_classes)`; 0 for a class not learnt yet."""
        with self._threads(self._at_once()):  # not of X: the same bits for any number
            scores = self._scores(X)
        known = self.counts > 0
        if known.any():
            scores[:, ~known] = -np.inf
        scores -= scores.max(axis=1, keepdims=True)
        proba: NDArray[np.float64] = np.exp(scores)
        return proba / proba.sum(axis=1, keepdims=True)

    def _at_once(self) -> int:
        if self.shape is None:
            return _ROWS_AT_ONCE
        return _IMAGES_ON_CPU if self.device.type == "cpu" else _IMAGES_ELSEWHERE

    @torch.inference_mode()
    def _scores(self, X: Tensor) -> NDArray[np.float64]:
        network, objective = self._built(), self.settings.objective
        size = self._at_once()
        parts = []
        for block in torch.split(X, size):
            raw = block.new_zeros(size, *block.shape[1:])
            raw[: len(block)] = block
            view = network(self.inputs(self._sent(raw)), training=False)
            parts.append(objective.scores(view)[: len(block)])
        scores = torch.cat(parts) if parts else torch.zeros(0, network.n_rows)
        return scores.double().cpu().numpy()

    # -- saving ----------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        """Return plain objects and arrays; of the memory, what is filled."""
        fill = self.memory.fill
        tensors = {
            "waiting": self._joined(self._waiting_x) if self._waiting_x else None,
            "memory": [self.memory.x[:fill], self.memory.y[:fill]],
            "fields": {name: values[:fill] for name, values in self.memory.fields.items()},
            "inputs": self.inputs.state(),
            "network": None if self.network is None else self.network.state(),
            "objective": self._state,
            "generator": self._generator.get_state(),
        }
        return {
            "settings": self.settings, "shape": self.shape, "clock": self.clock,
            "counts": self.counts, "n_seen": self.memory.n_seen,
            "waiting_y": self._waiting_y, "host_rng": self._host_rng, "tensors": exported(tensors),
        }  # fmt: skip

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["settings"], state["shape"])  # type: ignore[misc]
        tensors = imported(state["tensors"], self.device)
        self.clock, self.counts = state["clock"], state["counts"]
        self._waiting_y, self._host_rng = state["waiting_y"], state["host_rng"]
        self._waiting_x = [] if tensors["waiting"] is None else [tensors["waiting"]]
        if self.device == torch.device(state["settings"].device):
            self._generator.set_state(tensors["generator"].cpu())
        else:  # a generator of another kind: its state has no meaning here
            self._generator.manual_seed(torch_seed(self.settings.seed + self.clock.step))
        self._state = tensors["objective"]
        x, y = tensors["memory"]
        self.memory.restore(state["n_seen"], x, y, tensors["fields"])
        self.inputs.restore(tensors["inputs"])
        if tensors["network"] is not None:
            self.network = self._make_network()
            self.network.restore(tensors["network"])

    @property
    def n_bytes(self) -> int:
        """Size of all that is kept."""
        return memory_bytes(self.__getstate__())


def _placed(settings: RehearsalSettings) -> RehearsalSettings:
    """Put what was saved on a CUDA device onto the CPU where there is none."""
    if torch.device(settings.device).type == "cpu" or torch.cuda.is_available():
        return settings
    return replace(settings, device="cpu", precision="float32", compile=False)


def _wider(rows: Tensor, width: int) -> Tensor:
    """Return rows with as many columns, new ones NaN."""
    if rows.shape[1] == width:
        return rows
    return functional.pad(rows, (0, width - rows.shape[1]), value=float("nan"))
