"""Losses of OnPro: golden values and gradients, and what shortcuts would get wrong."""

import pytest

torch = pytest.importorskip("torch")

from olearn.learners.replay.prototypes import (  # noqa: E402 - after the skip
    class_means,
    instance_contrast,
    instance_similarity,
    prototype_equilibrium,
)
from olearn.learners.replay.softmax import mixed_softmax_loss  # noqa: E402

INSTANCES = [
    ("stream_n_lambda05", "stream"),
    ("memory_uni", "memory"),
    ("memory_uni_fractional", "memory"),
]


def close(got, expected):
    torch.testing.assert_close(got.detach(), expected, rtol=1e-6, atol=1e-9)


def equilibrium(z1, z2, y, n_classes):
    means, present = zip(*(class_means(z, y, n_classes) for z in (z1, z2)), strict=True)
    return prototype_equilibrium(*means, present[0])


@pytest.mark.parametrize(
    "case", ["all_present", "some_missing", "new_task_two_classes", "single_class"]
)
def test_prototype_equilibrium_is_golden(golden, case):
    """Class means, loss and gradients equal the reference's, absent classes included."""
    file = golden("onpro")
    z1, z2 = (file[f"ope/{case}/{name}"].requires_grad_() for name in ("z1", "z2"))
    y, expected = file[f"ope/{case}/y"], file[f"ope/{case}/proto1"]
    close(class_means(z1, y, len(expected))[0], expected)
    loss = equilibrium(z1, z2, y, len(expected))
    close(loss, file[f"ope/{case}/loss"])
    loss.backward()
    close(z1.grad, file[f"ope/{case}/grad_z1"])
    close(z2.grad, file[f"ope/{case}/grad_z2"])


def test_equilibrium_of_one_class_or_none_is_zero():
    """One class gives exactly 0 with zero gradients, none 0 too, and neither a NaN."""
    z = torch.randn(4, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
    loss = equilibrium(z, -z, torch.full((4,), 2), 5)
    loss.backward()
    assert loss.item() == 0.0
    assert z.grad.abs().max() == 0.0
    assert equilibrium(z, z, torch.full((4,), -1), 5).item() == 0.0


def test_equilibrium_ignores_order_and_room(golden):
    """The loss does not depend on the order of samples nor on rows kept for later classes."""
    file = golden("onpro")
    z1, z2, y = (file[f"ope/some_missing/{name}"] for name in ("z1", "z2", "y"))
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(2))
    expected = file["ope/some_missing/loss"]
    close(equilibrium(z1[order], z2[order], y[order], 8), expected)
    close(equilibrium(z1, z2, y, 64), expected)


def test_a_new_class_adds_two_nodes():
    """Samples of a class that was absent add its prototype of each view to every sum."""
    eye = torch.eye(3, dtype=torch.float64)
    two = equilibrium(eye[:2], eye[:2], torch.tensor([0, 1]), 3)
    three = equilibrium(eye, eye, torch.tensor([0, 1, 2]), 3)
    e2 = torch.exp(torch.tensor(2.0, dtype=torch.float64))  # a twin: cosine 1 by 0.5
    close(two, torch.log(e2 + 2) - 2)
    close(three, torch.log(e2 + 4) - 2)


def test_gradient_of_a_sample_is_that_of_its_class_by_the_count():
    """All samples of a class get the same gradient, the class mean's divided by their number."""
    z = torch.randn(6, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    y = torch.tensor([0, 0, 0, 1, 1, 2])
    means = class_means(z, y, 3)[0].requires_grad_()
    fixed = class_means(z.flip(1), y, 3)[0]
    prototype_equilibrium(means, fixed, torch.ones(3, dtype=torch.bool)).backward()
    z.requires_grad_()
    prototype_equilibrium(
        class_means(z, y, 3)[0], fixed, torch.ones(3, dtype=torch.bool)
    ).backward()
    close(z.grad, means.grad[y] / torch.bincount(y)[y, None])


@pytest.mark.parametrize(("case", "form"), INSTANCES)
def test_instance_contrast_is_golden(golden, case, form):
    """Similarities, loss and all gradients equal the reference's: both forms, lambda, mixed."""
    file = {key: golden("onpro")[f"inst/{case}/{key}"] for key in
            ("proj", "feat", "labels", "dim_begin", "lambda", "sim", "loss", "grad_proj",
             "grad_feat", "grad_sim")}  # fmt: skip
    proj, feat = file["proj"].requires_grad_(), file["feat"].requires_grad_()
    S = instance_similarity(proj, feat, int(file["dim_begin"]), float(file["lambda"]))
    close(S, file["sim"])
    S.retain_grad()
    loss = instance_contrast(S, file["labels"], form)
    close(loss, file["loss"])
    loss.backward()
    close(S.grad, file["grad_sim"])
    close(proj.grad, file["grad_proj"])
    close(feat.grad, file["grad_feat"])


def test_shortcuts_of_the_instance_loss_are_other_losses(golden):
    """Without the epsilons, or without the diagonal of the label mask, values are far off."""
    file = golden("onpro")
    S, labels = file["inst/memory_uni/sim"], file["inst/memory_uni/labels"].repeat(2)
    alike = (labels[:, None] == labels).double()
    nll = -torch.log_softmax(S / 0.07, dim=1)
    as_log_sum_exp = ((nll * alike).sum(1) / alike.sum(1)).mean()
    assert as_log_sum_exp.item() == pytest.approx(5.8096, abs=1e-4)
    others = alike - torch.eye(len(S))
    E = torch.exp((S - S.amax(1, keepdim=True)) / 0.07)
    nll = -torch.log(E / (E.sum(1, keepdim=True) + 1e-8) + 1e-8)
    without_diagonal = ((nll * others).sum(1) / others.sum(1)).mean()
    assert without_diagonal.item() == pytest.approx(7.4191, abs=1e-4)
    assert instance_contrast(S, labels[: len(S) // 2], "memory").item() == pytest.approx(
        5.6557, abs=1e-4
    )


def test_features_narrower_than_the_projection():
    """The slice is then all of the features, as if zeros stood beside them."""
    generator = torch.Generator().manual_seed(4)
    proj, feat = torch.randn(4, 6, generator=generator), torch.rand(4, 3, generator=generator)
    padded = torch.cat([feat, torch.zeros(4, 3)], dim=1)
    torch.testing.assert_close(
        instance_similarity(proj, feat, 0, 0.5), instance_similarity(proj, padded, 0, 0.5)
    )


def test_mixed_softmax_loss_is_golden(golden):
    """The loss of mixed samples and its gradient equal the reference's."""
    file = golden("onpro")
    logits, y = file["mixup_ce/logits"].requires_grad_(), file["mixup_ce/y"]
    loss = mixed_softmax_loss(logits, y[:, 0].long(), y[:, 1].long(), y[:, 2])
    close(loss, file["mixup_ce/loss"])
    loss.backward()
    close(logits.grad, file["mixup_ce/grad_logits"])
