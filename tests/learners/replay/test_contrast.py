"""Losses of PCR and HPCR: golden values and gradients, absent proxies, multiplicity, schedule."""

import pytest

torch = pytest.importorskip("torch")

from olearn.learners.replay.contrast import (  # noqa: E402 - after the skip
    TEMPERATURE,
    contrast,
    gradient_scale,
    proxy_distillation,
    sample_distillation,
)
from olearn.learners.replay.softmax import cosine_logits, proxy_contrast  # noqa: E402

FEATURES = ("f_stream", "f_stream_aug", "f_mem", "f_mem_aug")


def naive_proxy_contrast(logits, y):
    """The definition: one term of the denominator for each row of the batch, its own included."""
    terms = []
    for i in range(len(y)):
        denominator = sum(torch.exp(logits[i, y[j]]) for j in range(len(y)))
        terms.append(-torch.log(torch.exp(logits[i, y[i]]) / denominator))
    return sum(terms) / len(terms)


def joint(file, case, rows=None):
    """Inputs with gradients, features of the joint batch, and its labels."""
    names = (*FEATURES, "W")
    inputs = {name: file[f"{case}/{name}"].clone().requires_grad_() for name in names}
    take = slice(None) if rows is None else rows
    stream = [inputs["f_stream"][take], inputs["f_stream_aug"][take]]
    memory = [inputs["f_mem"], inputs["f_mem_aug"]]
    y_stream, y_mem = file[f"{case}/y_stream"][take], file[f"{case}/y_mem"]
    return inputs, torch.cat(memory + stream), torch.cat([y_mem, y_mem, y_stream, y_stream])


def hpcr(file, case, inputs, features, y, scale, alpha, beta):
    m = 2 * len(file[f"{case}/y_mem"])
    logits = cosine_logits(features, inputs["W"], TEMPERATURE)
    old_logits, old_feats = (
        file[f"{case}/old_{what}"].repeat(2, 1) for what in ("logits", "feats")
    )
    return (
        scale * proxy_contrast(logits, y)
        + alpha * proxy_distillation(logits[:m], old_logits, y)
        + beta * sample_distillation(features[:m], old_feats, TEMPERATURE)
    )


def assert_golden(file, prefix, loss, inputs):
    torch.testing.assert_close(loss.detach(), file[f"{prefix}_loss"], rtol=1e-6, atol=1e-12)
    loss.backward()
    compared = 0
    for name, tensor in inputs.items():
        key = f"{prefix}_grad_{name}"
        if key in file:  # the trimmed file leaves some out
            got = torch.zeros_like(tensor) if tensor.grad is None else tensor.grad
            torch.testing.assert_close(got, file[key], rtol=1e-6, atol=1e-9)
            compared += 1
    assert compared >= 3


@pytest.mark.parametrize("case", "AB")
def test_proxy_contrast_is_golden(golden, case):
    """PCR's loss and all gradients equal the reference's."""
    file = golden("pcr_hpcr")
    inputs, features, y = joint(file, case)
    loss = proxy_contrast(cosine_logits(features, inputs["W"], TEMPERATURE), y)
    assert_golden(file, f"{case}/pcr", loss, inputs)


@pytest.mark.parametrize("case", "AB")
def test_definition_with_a_term_for_each_row_is_golden(golden, case):
    """The definition, written as loops over rows, gives the same value and gradients."""
    file = golden("pcr_hpcr")
    inputs, features, y = joint(file, case)
    loss = naive_proxy_contrast(cosine_logits(features, inputs["W"], TEMPERATURE), y)
    assert_golden(file, f"{case}/pcr", loss, inputs)


@pytest.mark.parametrize("mode", ["all", "one"])
def test_contrast_with_samples_is_golden(golden, mode):
    """Anchor-to-sample pairs, both modes: value and gradients equal the reference's."""
    file = golden("pcr_hpcr")
    inputs, features, y = joint(file, "A")
    loss = contrast(features, inputs["W"], y, mode, TEMPERATURE)
    assert_golden(file, f"A/pcr_mode_{mode}", loss, inputs)


@pytest.mark.parametrize(
    ("name", "case", "weights"),
    [
        ("hpcr_pcd", "A", (0.0, 1.0, 0.0)),
        ("hpcr_scd", "A", (0.0, 0.0, 1.0)),
        ("hpcr_total_step0_a001_b05", "A", (0.5625, 0.01, 0.5)),
        ("hpcr_total_step0_a001_b05", "B", (0.5625, 0.01, 0.5)),
    ],
)
def test_distillation_is_golden(golden, name, case, weights):
    """Both distillations alone, and HPCR's whole loss, equal the reference's with gradients."""
    file = golden("pcr_hpcr")
    inputs, features, y = joint(file, case)
    assert_golden(file, f"{case}/{name}", hpcr(file, case, inputs, features, y, *weights), inputs)


@pytest.mark.parametrize("step", [0, 2])
def test_hpcr_over_steps_is_golden(golden, step):
    """HPCR at steps 0 and 2 of a task equals the reference's, temperature included."""
    file = golden("pcr_hpcr")
    inputs, features, y = joint(file, "C", file[f"C/step{step}_stream_idx"])
    scale = gradient_scale(torch.tensor(float(step), dtype=torch.float64))
    assert_golden(
        file, f"C/step{step}", hpcr(file, "C", inputs, features, y, scale, 0.1, 0.5), inputs
    )


def test_stored_logits_are_golden(golden):
    """Cosine logits of the plain stream rows are what the reference stores."""
    file = golden("pcr_hpcr")
    order = file["A/hpcr_stored_order"]
    logits = cosine_logits(file["A/f_stream"], file["A/W"], TEMPERATURE)
    torch.testing.assert_close(logits[order], file["A/hpcr_stored_logits"], rtol=1e-6, atol=1e-9)


def test_gradient_scale_is_golden(golden):
    """The schedule equals the formula, and in single precision still after a million steps."""
    file = golden("pcr_hpcr")
    got = gradient_scale(file["tau_s/i"].double())
    torch.testing.assert_close(got, file["tau_s/value"], rtol=1e-12, atol=0)
    ends = gradient_scale(torch.tensor([0.0, 250.0, 500.0, 1_000_250.0]))
    torch.testing.assert_close(ends, torch.tensor([0.5625, 1.8, 0.5625, 1.8]))


def test_absent_proxies_have_no_gradient(golden):
    """Rows of classes absent from the joint batch get exactly zero, the others do not."""
    file = golden("pcr_hpcr")
    inputs, features, y = joint(file, "B")
    proxy_contrast(cosine_logits(features, inputs["W"], TEMPERATURE), y).backward()
    touched = inputs["W"].grad.abs().sum(dim=1) > 0
    assert touched.tolist() == [c in y for c in range(10)]


def test_classes_weigh_as_often_as_they_occur(golden):
    """The gradient of a cosine is (p - 1[own]) / (N tau), p proportional to n_c exp(s)."""
    file = golden("pcr_hpcr")
    _, features, y = joint(file, "B")
    features, y = torch.cat([features, features[:3]]), torch.cat([y, y[:3]])
    cos = (cosine_logits(features, file["B/W"], 1.0)).detach().requires_grad_()
    proxy_contrast(cos / TEMPERATURE, y).backward()
    counts = torch.bincount(y, minlength=10)
    p = counts * torch.exp(cos.detach() / TEMPERATURE)
    p = p / p.sum(dim=1, keepdim=True)
    p[torch.arange(len(y)), y] -= 1.0
    torch.testing.assert_close(cos.grad, p / (len(y) * TEMPERATURE))


def test_half_precision_is_widened():
    """Losses of bfloat16 logits are single precision numbers of those logits."""
    generator = torch.Generator().manual_seed(1)
    logits = (10 * torch.randn(6, 4, generator=generator)).bfloat16()
    y = torch.tensor([0, 1, 2, 0, 1, 2])
    loss = proxy_contrast(logits, y)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, naive_proxy_contrast(logits.float(), y))
