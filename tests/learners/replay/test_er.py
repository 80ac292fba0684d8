"""Tests of the objectives of ER and UER: golden losses and gradients, and what sets them apart."""

from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from olearn.learners.replay.er import ER, ERClassifier  # noqa: E402  (after the skip)
from olearn.learners.replay.objective import View  # noqa: E402
from olearn.learners.replay.uer import UER, UERClassifier  # noqa: E402


def leaves(values, *names):
    return {name: values[f"er/{name}"].clone().requires_grad_() for name in names}


def terms_of(objective, values, given, heads):
    out = {
        "stream.plain": View(given["f_stream"], heads),
        "memory.plain": View(given["f_mem"], heads),
    }
    replayed = SimpleNamespace(y=values["er/y_mem"])
    return objective.terms(out, SimpleNamespace(y=values["er/y_stream"], replayed=replayed))


def test_golden_er(golden):
    """Losses and all gradients of ER are those of the published program."""
    values = golden("er_uer")
    given = leaves(values, "f_stream", "f_mem", "W", "b")
    terms = terms_of(ER(), values, given, {"weight": given["W"], "bias": given["b"]})
    torch.testing.assert_close(terms["stream"], values["er/loss_stream"], rtol=1e-6, atol=0)
    torch.testing.assert_close(terms["memory"], values["er/loss_mem"], rtol=1e-6, atol=0)
    sum(terms.values()).backward()
    for name, leaf in given.items():
        torch.testing.assert_close(leaf.grad, values[f"er/grad_{name}"], rtol=1e-6, atol=1e-9)


def test_golden_uer(golden):
    """Losses and gradients of UER, term by term, are those derived from its abstract."""
    values = golden("er_uer")
    for term, name, part in (("stream", "f_stream", "stream"), ("memory", "f_mem", "mem")):
        given = leaves(values, "f_stream", "f_mem", "W")
        terms = terms_of(UER(), values, given, {"weight": given["W"]})
        expected = values[f"uer_derived/loss_{part}"]
        torch.testing.assert_close(terms[term], expected, rtol=1e-6, atol=0)
        terms[term].backward()
        for leaf, key in ((given[name], f"grad_{name}"), (given["W"], f"grad_W_from_{part}")):
            expected = values[f"uer_derived/{key}"]
            torch.testing.assert_close(leaf.grad, expected, rtol=1e-6, atol=1e-9)


def radial_share(leaf):
    """Largest |g . v| / (|g| |v|) of the rows of a leaf."""
    along = (leaf.grad * leaf.detach()).sum(dim=1).abs()
    return (along / (leaf.grad.norm(dim=1) * leaf.detach().norm(dim=1))).max()


def test_only_replayed_samples_shape_the_norms(golden):
    """The stream's gradient is at right angles to features and rows, the memory's is not."""
    values = golden("er_uer")
    for term, name, low, high in (("stream", "f_stream", 0.0, 1e-5), ("memory", "f_mem", 1e-2, 1)):
        given = leaves(values, "f_stream", "f_mem", "W")
        terms_of(UER(), values, given, {"weight": given["W"]})[term].backward()
        for leaf in (given[name], given["W"]):
            assert low <= radial_share(leaf) <= high


def test_heads():
    """ER has a bias; UER has one weight matrix, in both of its terms, and no bias."""
    X, y = torch.zeros(20, 3, 16, 16, dtype=torch.uint8), [0, 1] * 10
    for cls, names in ((ERClassifier, {"weight", "bias"}), (UERClassifier, {"weight"})):
        model = cls(width=4, seed=1)
        model.learn_many(X, y)
        assert set(model._engine.network.heads) == names


def test_the_stream_alone_where_the_memory_is_empty(golden):
    """The very first batch has no second term, rather than the mean of nothing."""
    values = golden("er_uer")
    for objective in (ER(), UER()):
        out = {"stream.plain": View(values["er/f_stream"], {"weight": values["er/W"]})}
        batch = SimpleNamespace(y=values["er/y_stream"], replayed=None)
        assert set(objective.terms(out, batch)) == {"stream"}


def test_inference_of_uer(golden):
    """Predictions use whole dot products, or cosines where asked to."""
    values = golden("er_uer")
    view = View(values["er/f_mem"], {"weight": values["er/W"]})
    assert torch.equal(UER().scores(view), view.dot)
    assert torch.equal(UER(inference="cos").scores(view), view.cos / 0.09)
    with pytest.raises(ValueError, match="inference must be one of 'dot', 'cos', got 'sum'"):
        UERClassifier(inference="sum")
