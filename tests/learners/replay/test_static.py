"""No step reads a value back from the device: it runs on tensors with shapes but no values."""

from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from torch._subclasses.fake_tensor import (  # noqa: E402  (after the skip)
    DataDependentOutputException,
    FakeTensorMode,
)

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
