"""OnPro: golden whole steps, which images enter which term, sizes, prototypes, phases."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from torch.nn import functional  # noqa: E402  (after the skip)

from olearn import learners  # noqa: E402
from olearn.learners.replay import onpro  # noqa: E402
from olearn.learners.replay.feedback import Mixed  # noqa: E402
from olearn.learners.replay.objective import Batch, Replayed, View  # noqa: E402
from olearn.learners.replay.rotations import variant_labels  # noqa: E402

TERMS = {"stream": "inst_n", "mixed": "inst_uni", "seen": "ope0", "new": "ope1", "labels": "ce"}
NETWORK = ("A", "P", "pb", "Wc", "cb")


def make_objective(**options):
    return onpro.OnlinePrototypes(
        **{"mixing": 0.6, "base": 0.75, "gates": "twice", "similarity": 0.5, "projection": 8}
        | {"pixel_mean": None, "pixel_std": None}
        | options
    )


def make_batch(file, phase):
    """The batch of a golden step; no mixing unless the test says so."""
    x, y = (file.get(f"{name}_seen", file.get(f"{name}_mem")) for name in ("x", "y"))

    def recall(slots):
        return Replayed(x[slots], y[slots])

    state = {"prototypes": torch.zeros(6, 8, dtype=torch.float64)}
    none = torch.zeros(())
    return Batch(
        x=file["x_stream"], y=file["y_stream"], replayed=Replayed(x, y),
        memory=SimpleNamespace(y=y, fill=len(y)), recall=recall, n_classes=6, phase=phase,
        task_start=False, step=none, phase_step=none, state=state,
        generator=torch.Generator().manual_seed(1),
    )  # fmt: skip


def linear_network(file):
    """The reference's stand-in: parameters with gradients, and a function from a pass to views."""
    parts = {name: file[f"net_{name}"].clone().requires_grad_() for name in NETWORK}
    heads = {
        "weight": parts["Wc"].T, "bias": parts["cb"],
        "projection.weight": parts["P"].T, "projection.bias": parts["pb"],
    }  # fmt: skip

    def run(passes):
        out = {}
        for each in passes:
            feat = functional.relu(each.rows.flatten(1) @ parts["A"])
            out |= {name: View(feat[part], heads) for name, part in each.parts.items()}
        return out

    return parts, run


@pytest.mark.parametrize("case", ["task0", "task1"])
def test_whole_steps_are_golden(golden, monkeypatch, case):
    """Each term, the sum and all gradients of a step equal the reference's, in both phases."""
    prefix = f"step/{case}/"
    file = {k.removeprefix(prefix): v for k, v in golden("onpro").items() if k.startswith(prefix)}
    starts = iter(file["dim_begin"])
    monkeypatch.setattr(onpro, "slice_start", lambda view, generator: next(starts))
    monkeypatch.setattr(onpro, "crop_view", lambda x, generator: x)
    objective, batch = make_objective(), make_batch(file, int(case[-1]))
    if batch.phase:
        first, second, share = file["apf_y_mix"].T
        mixed = Mixed(file["apf_x"], first.long(), second.long(), share)
        monkeypatch.setattr(objective.feedback, "mix", lambda batch, prototypes: mixed)
        codes = variant_labels(mixed.labels(), 96)
        expected = file["inst_uni_labels"]
        assert torch.equal(codes[:, None] == codes, expected[:, None] == expected)
    parts, run = linear_network(file)
    terms = objective.terms(run(objective.views(batch)), batch)
    assert set(terms) == {name for name in TERMS if name != "mixed" or batch.phase}
    for name, value in terms.items():
        torch.testing.assert_close(
            value.detach(), file[f"{TERMS[name]}_loss"], rtol=1e-6, atol=1e-9
        )
    sum(terms.values()).backward()
    for name, value in parts.items():
        torch.testing.assert_close(value.grad, file[f"grad_{name}"], rtol=1e-6, atol=1e-9)


def test_passes_and_their_order(golden):
    """First phase: all variants, seen, labelled stream; later: both parts, labelled mixed, seen."""
    file = {
        k.removeprefix("step/task1/"): v for k, v in golden("onpro").items() if "step/task1/" in k
    }
    objective = make_objective()
    batch = make_batch(file, 0)
    passes = objective.views(batch)
    assert [[*each.parts] for each in passes] == [
        ["stream"], ["seen.plain", "seen.aug"], ["labelled"]
    ]  # fmt: skip
    assert [len(each.rows) for each in passes] == [2 * 16 * 4, 2 * 6, 4]
    assert torch.equal(passes[0].rows[:4], batch.x)
    alone = objective.views(replace(batch, replayed=None))
    assert [[*each.parts] for each in alone] == [["stream"], ["labelled"]]
    passes = objective.views(replace(batch, phase=1, notes={}))
    assert [[*each.parts] for each in passes] == [
        ["stream", "mixed"], ["labelled"], ["seen.plain", "seen.aug"]
    ]  # fmt: skip
    assert [len(each.rows) for each in passes] == [2 * 16 * (4 + 6), 6, 2 * 6]
    assert torch.equal(passes[2].rows[:6], batch.replayed.x)


def test_first_batch_of_a_told_task_is_not_mixed(golden, monkeypatch):
    """With the hook, the first batch of a task takes the replayed samples as they are."""
    file = {
        k.removeprefix("step/task1/"): v for k, v in golden("onpro").items() if "step/task1/" in k
    }
    objective, batch = make_objective(), make_batch(file, 1)
    monkeypatch.setattr(onpro, "crop_view", lambda x, generator: x)
    passes = objective.views(replace(batch, task_start=True))
    assert torch.equal(passes[1].rows, batch.replayed.x)


def test_prototypes_are_those_of_the_seen_samples(golden):
    """After a step a row is the mean unit projection over both views, 0 for absent classes."""
    file = {
        k.removeprefix("step/task0/"): v for k, v in golden("onpro").items() if "step/task0/" in k
    }
    batch = make_batch(file, 0)
    objective, (_, run) = make_objective(), linear_network(file)
    out = run(objective.views(batch))
    objective.terms(out, batch)
    both = [
        functional.normalize(out[f"seen.{kind}"].proj.detach(), dim=1) for kind in ("plain", "aug")
    ]
    for c in range(6):
        mine = batch.replayed.y == c
        expected = torch.cat([view[mine] for view in both]).sum(0) / max(1, 2 * int(mine.sum()))
        torch.testing.assert_close(batch.state["prototypes"][c], expected)


def test_number_of_replayed_samples():
    """The bound in the first phase; later seven a class at most."""
    objective = make_objective()
    assert objective.n_replayed(64, 2, 0) == 64
    assert objective.n_replayed(64, 4, 1) == 28
    assert objective.n_replayed(64, 10, 1) == 64


@pytest.mark.parametrize("channels", [1, 3])
def test_images_in_two_phases(channels):
    """Images of one and three channels, two told tasks: phases, prototypes, probabilities."""
    rng = np.random.default_rng(1)
    X = rng.integers(0, 256, (24, channels, 12, 12), dtype=np.uint8)
    model = learners.OnProClassifier(
        batch_size=6, replay_size=8, memory_size=12, width=2, projection=8, device="cpu", seed=1
    )
    for task in range(2):
        model.begin_task()
        model.learn_many(X[12 * task : 12 * (task + 1)], np.arange(12) % 2 + 2 * task)
    proba = model.predict_proba_many(X[:5])
    assert proba.shape == (5, 4)
    np.testing.assert_allclose(np.asarray(proba).sum(axis=1), 1.0)
    assert model.n_batches == 4


def test_pixel_constants_must_fit_the_channels():
    """One number for each channel or one for all; else an error that names the argument."""
    X = np.zeros((2, 1, 12, 12), dtype=np.uint8)
    model = learners.OnProClassifier(pixel_mean=(0.5, 0.5, 0.5), width=2, device="cpu")
    with pytest.raises(ValueError, match="pixel_mean must have 1 or 1 numbers"):
        model.learn_many(X, [0, 1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mixing": 1.5}, "mixing must be in"),
        ({"base": -0.1}, "base must be in"),
        ({"gates": "thrice"}, "gates must be one of"),
        ({"similarity": 0.0}, "similarity must be in"),
        ({"projection": 0}, "projection must be in"),
        ({"pixel_std": (0.0,)}, "pixel_std must be in"),
        ({"warm_batches": 0}, "warm_batches must be in"),
    ],
)
def test_bad_arguments(options, message):
    """Each parameter outside its range is refused by name."""
    with pytest.raises(ValueError, match=message):
        learners.OnProClassifier(**options)


def test_classes_known_in_advance_do_not_count():
    """Seven samples a class of which one has come, this batch included."""
    model = learners.OnProClassifier(classes=range(9), batch_size=5, hidden=(8,), device="cpu")
    asked = []
    model._settings.objective.n_replayed = lambda *counts: asked.append(counts) or counts[0]
    model.learn_many(np.arange(30.0).reshape(15, 2), [0, 0, 0, 1, 0, 1, 1, 2, 3, 1, 0, 0, 0, 0, 0])
    assert asked == [(64, 2, 0), (64, 4, 0), (64, 4, 0)]
