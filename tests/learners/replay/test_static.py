"""No step reads a value back from the device, nor makes a tensor elsewhere.

The objectives run on tensors with shapes but no values; whole steps are watched call by call.
"""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from torch._subclasses.fake_tensor import (  # noqa: E402  (after the skip)
    DataDependentOutputException,
    FakeTensorMode,
)
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from torch.utils._pytree import tree_leaves  # noqa: E402

from olearn import learners  # noqa: E402
from olearn.learners.replay.er import ER  # noqa: E402
from olearn.learners.replay.hpcr import HolisticContrast  # noqa: E402
from olearn.learners.replay.objective import Batch, Replayed, View  # noqa: E402
from olearn.learners.replay.onpro import OnlinePrototypes  # noqa: E402
from olearn.learners.replay.pcr import ProxyContrast  # noqa: E402
from olearn.learners.replay.rotations import variant_index  # noqa: E402

OBJECTIVES = {
    "ER": ER,
    "PCR": lambda: ProxyContrast(),
    "PCR with samples": lambda: ProxyContrast(mode="all"),
    "HPCR": lambda: HolisticContrast(
        0.1, 0.5, mode="proxy", min_batch=1, period=500, reset=False
    ),
    "OnPro": lambda: OnlinePrototypes(
        mixing=0.6, base=0.75, gates="twice", similarity=0.5, projection=8, pixel_mean=None,
        pixel_std=None,
    ),
}  # fmt: skip


@pytest.fixture
def no_values():
    """Tensors made inside have no values; the table made inside is forgotten at the end."""
    with FakeTensorMode():
        yield
    variant_index.cache_clear()


def make_batch(phase):
    images, labels = torch.rand(20, 3, 8, 8), torch.arange(20)
    fields = {"logits": torch.rand(20, 4), "features": torch.rand(20, 32)}

    def recall(slots):
        stored = {name: values[slots] for name, values in fields.items()}
        return Replayed(images[slots], labels[slots], stored)

    step = torch.ones(())
    return Batch(
        x=images[:5], y=labels[:5], replayed=recall(torch.arange(6)),
        memory=SimpleNamespace(y=labels, fill=20), recall=recall, n_classes=4, phase=phase,
        task_start=False, step=step, phase_step=step, state={"prototypes": torch.rand(4, 8)},
        generator=torch.Generator(),
    )  # fmt: skip


@pytest.mark.parametrize("phase", [0, 1])
@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.usefixtures("no_values")
def test_steps_need_no_values(name, phase):
    """Views, terms, gradients and payload of each method in both phases."""
    objective, batch = OBJECTIVES[name](), make_batch(phase)
    weights = torch.rand(3 * 8 * 8, 32, requires_grad=True)
    heads = {
        "weight": torch.rand(4, 32, requires_grad=True), "bias": torch.rand(4),
        "projection.weight": torch.rand(8, 32), "projection.bias": torch.rand(8),
    }  # fmt: skip
    out = {}
    for each in objective.views(batch):
        feat = torch.relu(each.rows.flatten(1) @ weights)
        out |= {part: View(feat[rows], heads) for part, rows in each.parts.items()}
    torch.stack([*objective.terms(out, batch).values()]).sum().backward()
    objective.payload(out, batch)
    assert weights.grad.shape == weights.shape


@pytest.mark.usefixtures("no_values")
def test_reading_a_value_would_be_found():
    """The means of the test above: a value read from such a tensor raises."""
    with pytest.raises(DataDependentOutputException):
        torch.rand(3).sum().item()


class Watch(TorchDispatchMode):
    """Notes calls that read a value, copy a constant, or make a tensor without saying where."""

    READ = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "lift_fresh")

    def __init__(self):
        super().__init__()
        self.n_calls = 0
        self.bad = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = func.name().removeprefix("aten::").partition(".")[0]
        leaves = tree_leaves((args, kwargs))
        tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        by_mask = name in ("index", "index_put_") and torch.bool in {t.dtype for t in tensors[1:]}
        nowhere = "meta" in {str(t.device) for t in tensors} | {str(kwargs.get("device"))}
        if name in self.READ or by_mask or nowhere:
            self.bad.append(name)
        self.n_calls += 1
        return func(*args, **kwargs)


def watched(watch, body, *tensors):
    """Call; what is made without a device is made on the one where nothing else is."""
    with watch, torch.device("meta"):
        body(*tensors)


@pytest.mark.parametrize("kind", ["images", "rows"])
@pytest.mark.parametrize("name", ["ER", "UER", "PCR", "HPCR", "OnPro"])
def test_whole_steps_stay_on_the_device(name, kind):
    """Inputs, passes, gradients, optimiser and memory of a step, in the second phase, memory full.

    On a CUDA device a call that is noted here would wait, and could not be part of a CUDA graph.
    """
    later = {"warm_batches": 1} if name in ("HPCR", "OnPro") else {}
    model = getattr(learners, f"{name}Classifier")(
        batch_size=4, replay_size=4, memory_size=8, width=2, hidden=(16,), device="cpu", seed=1,
        **later,
    )  # fmt: skip
    rng = np.random.default_rng(1)
    shape = (24, 3, 10, 10) if kind == "images" else (24, 5)
    X = rng.integers(0, 256, shape).astype(np.uint8 if kind == "images" else np.float64)
    model.learn_many(X[:20], np.arange(20) // 10)
    engine = model._engine
    assert engine.clock.phase == (1 if later else 0)
    engine.inputs._said = True  # that a value is wild, for which only a CPU looks
    watch = Watch()
    engine._body = partial(watched, watch, engine._body)
    model.learn_many(X[20:], [1, 1, 1, 1])
    assert watch.n_calls > 50
    assert watch.bad == []


def test_calls_that_wait_are_noted():
    """The means of the test above: a value read, a constant copied, a tensor made nowhere."""
    x = torch.rand(3)
    for call in (
        lambda: x.sum().item(), lambda: bool(x[0] > 0), lambda: x[x > 0.5],
        lambda: torch.tensor([1.0], device=x.device), lambda: -torch.tensor(1.0),
        lambda: torch.arange(3),
    ):  # fmt: skip
        watch = Watch()
        watched(watch, call)
        assert watch.bad
    watch = Watch()
    watched(watch, lambda: x[torch.arange(3, device=x.device)] + 1.0)
    assert not watch.bad
