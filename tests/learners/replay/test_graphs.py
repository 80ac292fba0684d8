"""Tests of CUDA graphs: when they are dropped, what they draw; and of samples from two devices."""

import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from olearn.learners.replay.er import ERClassifier  # noqa: E402  (after the skip)
from olearn.learners.replay.graphs import StepGraphs  # noqa: E402
from olearn.learners.replay.rotations import variant_index  # noqa: E402

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def test_graphs_are_dropped_when_a_tensor_is_replaced(monkeypatch):
    """By a class, a column, or a nominal feature that has no category, hence no column, yet."""
    model = ERClassifier(hidden=(4,), nominal_attributes=["colour"], seed=1)
    model.learn_one({"a": 1.0}, 0)
    dropped = []
    monkeypatch.setattr(model._engine._graphs, "forget", lambda: dropped.append(1))
    for x, y, times in (
        ({"a": 2.0}, 0, 0),
        ({"a": 2.0}, 1, 1),
        ({"a": 2.0, "b": 1.0}, 1, 1),
        ({"a": 2.0, "b": 1.0, "colour": None}, 1, 1),
        ({"a": 2.0, "b": 1.0, "colour": "red"}, 1, 1),
        ({"a": 3.0, "b": 1.0, "colour": "red"}, 1, 0),
    ):
        dropped.clear()
        model.learn_one(x, y)
        assert len(dropped) == times


def test_tables_that_graphs_read_stay():
    """The table of variants is the same tensor however many other shapes come."""
    cpu = torch.device("cpu")
    table = variant_index(6, 6, cpu)
    for side in range(7, 40):
        variant_index(side, side, cpu)
    assert variant_index(6, 6, cpu) is table


@needs_cuda
def test_graphs_draw_what_steps_draw():
    """Replayed random numbers are those of calls run one by one, the last of them not replayed."""
    drawn = []
    for n_replayed in (0, 5):
        generator, out = torch.Generator("cuda").manual_seed(1), torch.zeros(3, device="cuda")
        rows = []

        def body(scale, generator=generator, out=out):
            out.copy_(scale * torch.rand(3, generator=generator, device="cuda"))

        graphs = StepGraphs(body, generator)
        for step in range(7):
            scale = torch.tensor(1.0 + step, device="cuda")
            if step < n_replayed:
                graphs("key", scale)
            else:
                body(scale)
            rows.append(out.tolist())
        drawn.append(rows)
    assert drawn[0] == drawn[1]


@needs_cuda
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_images_may_come_from_either_device(device):
    """Images that wait together, from a CUDA device, from memory, or out of a pickle."""
    X = np.random.default_rng(1).integers(0, 256, (30, 3, 12, 12)).astype(np.uint8)
    y = np.arange(30) % 3
    models = [ERClassifier(width=2, device=device, precision="float32", seed=1) for _ in range(2)]
    models[0].learn_many(X, y)
    models[1].learn_many(torch.from_numpy(X[:4]).cuda(), y[:4])
    models[1].learn_many(X[4:15], y[4:15])
    models[1] = pickle.loads(pickle.dumps(models[1]))
    models[1].learn_many(X[15:], y[15:])
    assert models[1].n_batches == 3
    one, two = (model.predict_proba_many(X) for model in models)
    np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-4)
