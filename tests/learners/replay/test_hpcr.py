"""HPCR: golden terms, temperature, when distillation begins, stored logits, growing heads."""

import copy
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from olearn import learners  # noqa: E402  (after the skip)
from olearn.learners.replay.hpcr import HolisticContrast  # noqa: E402
from olearn.learners.replay.objective import Batch, Replayed, View  # noqa: E402
from olearn.learners.replay.softmax import unit_rows  # noqa: E402

PARTS = {"stream.plain": "f_stream", "stream.aug": "f_stream_aug",
         "memory.plain": "f_mem", "memory.aug": "f_mem_aug"}  # fmt: skip
SMALL = {"memory_size": 60, "hidden": (16,), "device": "cpu", "seed": 1}


def make_objective(alpha=0.01, beta=0.5, **options):
    settings = {"mode": "proxy", "min_batch": 1, "period": 500, "reset": False} | options
    return HolisticContrast(alpha, beta, **settings)


def golden_step(file, case, phase, step, rows=slice(None)):
    """Inputs with gradients, views and batch of a golden case."""
    inputs = {name: file[f"{case}/{name}"].clone().requires_grad_() for name in PARTS.values()}
    inputs["W"] = file[f"{case}/W"].clone().requires_grad_()
    heads = {"weight": inputs["W"]}
    out = {}
    for part, name in PARTS.items():
        taken = rows if name.startswith("f_stream") else slice(None)
        out[part] = View(inputs[name][taken], heads)
    fields = {"logits": file[f"{case}/old_logits"], "features": file[f"{case}/old_feats"]}
    none = torch.zeros((), dtype=torch.float64)
    batch = Batch(
        x=None, y=file[f"{case}/y_stream"][rows],
        replayed=Replayed(None, file[f"{case}/y_mem"], fields), memory=SimpleNamespace(fill=10),
        recall=None, n_classes=10, phase=phase, task_start=False, step=none + step,
        phase_step=none, state={}, generator=None,
    )  # fmt: skip
    return inputs, out, batch


def assert_golden(file, prefix, loss, inputs):
    torch.testing.assert_close(loss.detach(), file[f"{prefix}_loss"], rtol=1e-6, atol=0)
    loss.backward()
    for name, value in inputs.items():
        expected = file.get(f"{prefix}_grad_{name}", value.grad)  # some are trimmed
        torch.testing.assert_close(value.grad, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("case", "AB")
def test_total_is_golden(golden, case):
    """Step 0 of a later task, alpha 0.01, beta 0.5: the sum of the terms and all gradients."""
    file = golden("pcr_hpcr")
    inputs, out, batch = golden_step(file, case, 1, 0)
    loss = sum(make_objective().terms(out, batch).values())
    assert_golden(file, f"{case}/hpcr_total_step0_a001_b05", loss, inputs)


@pytest.mark.parametrize("step", [0, 2])
def test_steps_are_golden(golden, step):
    """Steps of a later task, alpha 0.1: the temperature goes with the step."""
    file = golden("pcr_hpcr")
    inputs, out, batch = golden_step(file, "C", 1, step, file[f"C/step{step}_stream_idx"])
    loss = sum(make_objective(alpha=0.1).terms(out, batch).values())
    assert_golden(file, f"C/step{step}", loss, inputs)


def test_first_phase_has_no_distillation(golden):
    """In the first task the loss is 0.5625 times that of PCR, and nothing else."""
    file = golden("pcr_hpcr")
    _, out, batch = golden_step(file, "A", 0, 0)
    terms = make_objective().terms(out, batch)
    assert set(terms) == {"contrast"}
    torch.testing.assert_close(terms["contrast"].detach(), file["A/hpcr_task0_step0_loss"])
    torch.testing.assert_close(terms["contrast"].detach(), 0.5625 * file["A/pcr_loss"])


def test_temperature_scales_the_contrast_only(golden):
    """At step 250 the contrast is 1.8 times PCR's, the distillations are what they were."""
    file, terms = golden("pcr_hpcr"), {}
    for step in (0, 250, 500):
        _, out, batch = golden_step(file, "A", 1, step)
        terms[step] = make_objective(1.0, 1.0).terms(out, batch)
        scale = 1.8 if step == 250 else 0.5625
        torch.testing.assert_close(terms[step]["contrast"], scale * file["A/pcr_loss"])
        torch.testing.assert_close(terms[step]["proxies"], file["A/hpcr_pcd_loss"])
        torch.testing.assert_close(terms[step]["samples"], file["A/hpcr_scd_loss"])
    again = make_objective(1.0, 1.0, reset=True).terms(out, batch)  # step 0 of its phase
    torch.testing.assert_close(again["contrast"], 0.5625 * file["A/pcr_loss"])


def test_contrast_with_samples_from_a_size_on(golden):
    """The mode holds for joint batches of `min_batch` rows and more."""
    file = golden("pcr_hpcr")
    for min_batch, name in ((40, "pcr_mode_all"), (41, "pcr")):
        _, out, batch = golden_step(file, "A", 0, 250)
        terms = make_objective(mode="all", min_batch=min_batch).terms(out, batch)
        torch.testing.assert_close(terms["contrast"].detach(), 1.8 * file[f"A/{name}_loss"])


def blocks(n_classes, per_class, seed=1):
    """Noisy class means in eight columns, two classes after two."""
    rng = np.random.default_rng(seed)
    means = 2.0 * rng.standard_normal((n_classes, 8))
    y = np.concatenate([rng.permutation(np.repeat([c, c + 1], per_class))
                        for c in range(0, n_classes, 2)])  # fmt: skip
    return means[y] + rng.standard_normal((len(y), 8)), y


def test_stored_logits_are_those_before_the_step():
    """Logits and features of the plain rows, of the network as it was before it learnt them."""
    X, y = blocks(2, 20)
    model = learners.HPCRClassifier(**SMALL)
    model.learn_many(X[:30], y[:30])
    before = copy.deepcopy(model._engine.network)
    model.learn_many(X[30:], y[30:])
    memory, slots = model._engine.memory, torch.arange(30, 40)
    raw, labels, fields = memory.read(slots)
    assert labels.tolist() == [model.labels.index(label) for label in y[30:]]
    with torch.no_grad():
        view = before(model._engine.inputs(raw), training=True)
        torch.testing.assert_close(fields["features"], view.feat)
        torch.testing.assert_close(fields["logits"], view.cos / 0.09)
        now = model._engine.network(model._engine.inputs(raw), training=True)
        assert (fields["logits"] - now.cos / 0.09).abs().max() > 1e-3


def test_growing_head_equals_fixed_head():
    """200 steps with classes coming up give what rows known from the start give, stored logits too.

    The rest is rounding: products of matrices differ with their shapes.
    """
    X, y = blocks(8, 250)
    learnt = []
    for classes in (None, list(dict.fromkeys(y.tolist()))):
        model = learners.HPCRClassifier(classes=classes, alpha=0.1, **SMALL)
        for start in range(0, len(X), 500):
            model.begin_task()
            model.learn_many(X[start : start + 500], y[start : start + 500])
        assert model.n_batches == 200
        assert model._engine.clock.phase == 3
        learnt.append(model._engine)
    grown, fixed = learnt
    for a, b in zip(grown.network.parameters(), fixed.network.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    a, b = (engine.memory.fields["logits"] for engine in learnt)
    assert a.shape == b.shape
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


def test_new_columns_are_filled_up_with_new_proxies():
    """When a class comes up, stored logits get its cosines with the stored features."""
    X, y = blocks(4, 20)
    model = learners.HPCRClassifier(**SMALL)
    model.learn_many(X[:40], y[:40])
    before = model._engine.memory.fields["logits"].clone()
    model.learn_many(X[40:41], y[40:41])  # waits for its batch
    fields, heads = model._engine.memory.fields, model._engine.network.heads
    assert torch.equal(fields["logits"][:, :2], before)
    expected = unit_rows(fields["features"]) @ unit_rows(heads["weight"][2:].detach()).T / 0.09
    torch.testing.assert_close(fields["logits"][:, 2:], expected)


def test_distillation_begins_by_itself():
    """Without the hook it begins at the first new class after `warm_batches` batches without."""
    X, y = blocks(4, 100)
    model = learners.HPCRClassifier(warm_batches=5, **SMALL)
    phases = []
    for start in range(0, len(X), 10):
        model.learn_many(X[start : start + 10], y[start : start + 10])
        phases.append(model._engine.clock.phase)
    assert phases == [0] * 20 + [1] * 20


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": -1.0}, "alpha must be in"),
        ({"beta": float("nan")}, "beta must be a number"),
        ({"period": 0}, "period must be in"),
        ({"contrast_min_batch": 0}, "contrast_min_batch must be in"),
        ({"contrast": "none"}, "contrast must be one of"),
    ],
)
def test_bad_arguments(options, message):
    """Each parameter outside its range is refused by name."""
    with pytest.raises(ValueError, match=message):
        learners.HPCRClassifier(**options)


@pytest.mark.parametrize("name", ["PCRClassifier", "HPCRClassifier", "OnProClassifier"])
def test_what_is_kept_does_not_grow(name):
    """Once the memory is full and all classes are known, further samples need no more bytes."""
    X, y = blocks(4, 100)
    order = np.random.default_rng(2).permutation(len(y))
    model = getattr(learners, name)(**SMALL)
    sizes = []
    for start in range(0, 400, 100):
        part = order[start : start + 100]
        model.learn_many(X[part], y[part])
        sizes.append(model._raw_memory_usage)
    assert sizes[1:] == [sizes[0]] * 3
