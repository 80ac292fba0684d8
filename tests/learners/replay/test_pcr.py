"""PCR: views and their passes, the empty memory, absent proxies, contrast modes."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from olearn import learners  # noqa: E402  (after the skip)
from olearn.learners.replay.objective import Batch, Replayed, View  # noqa: E402
from olearn.learners.replay.pcr import ProxyContrast  # noqa: E402

SMALL = {"memory_size": 40, "hidden": (16,), "device": "cpu", "seed": 1}


def rows(n, n_classes, seed=1):
    """Noisy class means in eight columns."""
    rng = np.random.default_rng(seed)
    means = 2.0 * rng.standard_normal((n_classes, 8))
    y = rng.integers(0, n_classes, n)
    return means[y] + rng.standard_normal((n, 8)), y


def proxies(model):
    return model._engine.network.heads["weight"].detach()


def make_batch(x, y, replayed):
    none = torch.zeros(())
    return Batch(
        x=x, y=y, replayed=replayed, memory=SimpleNamespace(fill=0), recall=None, n_classes=3,
        phase=0, task_start=False, step=none, phase_step=none, state={},
        generator=torch.Generator().manual_seed(1),
    )  # fmt: skip


def test_two_passes_of_two_views():
    """Stream first, memory second, each plain then augmented; one pass while there is none."""
    x, old = torch.rand(4, 3, 8, 8), torch.rand(2, 3, 8, 8)
    y, old_y = torch.zeros(4, dtype=torch.int64), torch.ones(2, dtype=torch.int64)
    stream, memory = ProxyContrast().views(make_batch(x, y, Replayed(old, old_y)))
    assert stream.parts == {"stream.plain": slice(0, 4), "stream.aug": slice(4, None)}
    assert memory.parts == {"memory.plain": slice(0, 2), "memory.aug": slice(2, None)}
    assert torch.equal(stream.rows[:4], x)
    assert torch.equal(memory.rows[:2], old)
    assert stream.rows.shape == (8, 3, 8, 8)
    assert not torch.equal(stream.rows[4:], x)
    assert len(ProxyContrast().views(make_batch(x, y, None))) == 1


@pytest.mark.parametrize("mode", ["proxy", "all", "one"])
def test_terms_are_golden(golden, mode):
    """From features of the four parts, the loss of each mode and its gradients."""
    file = golden("pcr_hpcr")
    prefix = "A/pcr" if mode == "proxy" else f"A/pcr_mode_{mode}"
    names = {"stream.plain": "f_stream", "stream.aug": "f_stream_aug",
             "memory.plain": "f_mem", "memory.aug": "f_mem_aug"}  # fmt: skip
    inputs = {name: file[f"A/{name}"].clone().requires_grad_() for name in (*names.values(), "W")}
    out = {part: View(inputs[name], {"weight": inputs["W"]}) for part, name in names.items()}
    batch = make_batch(None, file["A/y_stream"], Replayed(None, file["A/y_mem"]))
    (loss,) = ProxyContrast(mode=mode).terms(out, batch).values()
    torch.testing.assert_close(loss.detach(), file[f"{prefix}_loss"], rtol=1e-6, atol=0)
    loss.backward()
    for name, value in inputs.items():
        torch.testing.assert_close(value.grad, file[f"{prefix}_grad_{name}"], rtol=1e-6, atol=1e-9)


def test_nothing_is_learnt_without_a_memory():
    """The first batch of images moves running statistics and no weight."""
    X = np.random.default_rng(1).integers(0, 256, (20, 3, 12, 12), dtype=np.uint8)
    model = learners.PCRClassifier(width=2, device="cpu", seed=1)
    model.learn_many(X[:9], np.arange(9) % 3)
    network = model._engine.network
    before = {name: value.clone() for name, value in network.trunk.state_dict().items()}
    rows_before = proxies(model).clone()
    model.learn_one(X[9], 0)
    assert model.n_batches == 1
    assert torch.equal(proxies(model), rows_before)
    moved = {n for n, value in network.trunk.state_dict().items() if not value.equal(before[n])}
    assert "norm.running_mean" in moved
    assert moved == {name for name in before if "running" in name or "tracked" in name}
    model.learn_many(X[10:], np.arange(10) % 3)
    assert not torch.equal(proxies(model), rows_before)


@pytest.mark.parametrize("name", ["PCRClassifier", "HPCRClassifier"])
def test_proxies_of_classes_never_seen_stay(name):
    """After 100 steps the rows of classes known in advance but never seen are the same bits."""
    X, y = rows(1010, 3)
    model = getattr(learners, name)(classes=[0, 1, 2, 3, 4], **SMALL)
    model.learn_many(X[:1], y[:1])
    before = proxies(model).clone()
    model.learn_many(X[1:], y[1:])
    assert model.n_batches == 101
    assert torch.equal(proxies(model)[3:], before[3:])
    assert (proxies(model)[:3] != before[:3]).all(dim=1).all()
    assert set(model.predict_many(X)) == {0, 1, 2}


def test_learns_classes_that_come_in_turn():
    """Six classes of rows, two after two: nine tenths right on all at the end."""
    X, y = rows(1500, 6)
    order = np.argsort(y // 2, kind="stable")
    model = learners.PCRClassifier(**SMALL)
    model.learn_many(X[order], y[order])
    assert (model.predict_many(X) == y).mean() > 0.9


def test_bad_contrast():
    """An unknown contrast is refused with the choices."""
    with pytest.raises(ValueError, match="contrast must be one of 'proxy', 'one', 'all'"):
        learners.PCRClassifier(contrast="samples")


@pytest.mark.parametrize("name", ["PCRClassifier", "HPCRClassifier", "OnProClassifier"])
def test_images_one_by_one_or_together(name):
    """Images learnt one at a time, together, or after a pickle in between give the same bits."""
    rng = np.random.default_rng(3)
    X = rng.integers(0, 256, (25, 3, 10, 10), dtype=np.uint8)
    y = np.repeat([0, 1, 2, 3, 4], 5)
    options = {"memory_size": 8, "batch_size": 4, "replay_size": 4, "width": 2, "device": "cpu"}
    options |= {} if name == "PCRClassifier" else {"warm_batches": 1}
    one, many, copied = (getattr(learners, name)(seed=1, **options) for _ in range(3))
    for image, label in zip(X, y.tolist(), strict=True):
        one.learn_one(image, label)
    many.learn_many(X, y)
    copied.learn_many(X[:14], y[:14])
    copied = pickle.loads(pickle.dumps(copied))
    copied.learn_many(X[14:], y[14:])
    expected = np.asarray(one.predict_proba_many(X))
    assert one.n_batches == 6
    assert np.array_equal(np.asarray(many.predict_proba_many(X)), expected)
    assert np.array_equal(np.asarray(copied.predict_proba_many(X)), expected)
