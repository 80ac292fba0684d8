"""Tests of the trunks: the published network, number for number, and the dense one for rows."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from olearn.core.features import FeatureIndex  # noqa: E402  (after the skip)
from olearn.learners.analytic._columns import Columns  # noqa: E402
from olearn.learners.replay.objective import View  # noqa: E402
from olearn.learners.replay.trunks import ReducedResNet18, RowMLP, make_trunk  # noqa: E402


def loaded(values):
    """Return the network of width 4 with the golden weights, which are in our order."""
    trunk = ReducedResNet18(3, 4)
    with torch.no_grad():
        at = 0
        for weight in (p for p in trunk.parameters() if p.dim() > 1):
            weight.copy_(values["weights"][at : at + weight.numel()].reshape(weight.shape))
            at += weight.numel()
    assert at == len(values["weights"])
    return trunk


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_golden_backbone(golden, layout):
    """Features, logits and running statistics are those of the published network."""
    values = golden("backbone_nf4")
    trunk = loaded(values).to(memory_format=layout)
    x = values["x"].contiguous(memory_format=layout)
    for mode in ("train", "eval"):
        feat = trunk.train(mode == "train")(x)
        view = View(feat, {"weight": values["dot"], "bias": values["bias"]})
        cosines = View(feat, {"weight": values["cos"]}).cos / 0.09
        torch.testing.assert_close(feat, values[f"{mode}/feat"], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(view.dot, values[f"{mode}/dot_logits"], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(cosines, values[f"{mode}/cos_logits"], rtol=1e-4, atol=1e-4)
    running = [b.flatten() for b in trunk.buffers() if b.dtype == torch.float32]
    torch.testing.assert_close(torch.cat(running), values["after_train"], rtol=1e-4, atol=1e-5)


def test_size_of_the_published_network():
    """Width 20 has 1.093 million parameters, width 64 has 11.169 million."""
    for width, millions in ((20, 1.093), (64, 11.169)):
        with torch.device("meta"):
            trunk = ReducedResNet18(3, width)
        n = sum(p.numel() for p in trunk.parameters())
        assert n / 1e6 == pytest.approx(millions, abs=1e-3)


@pytest.mark.parametrize(
    ("pixels", "pool", "n"), [(32, 4, 32), (84, 4, 128), (28, 4, 32), (64, None, 32), (16, 4, 32)]
)
def test_width_of_features(pixels, pool, n):
    """The number of features follows from the picture's size and the pooling."""
    trunk = make_trunk(lambda: ReducedResNet18(1, 4, pool), torch.Generator()).eval()
    assert trunk(torch.zeros(1, 1, pixels, pixels)).shape == (1, n)


def test_drawing_weights_leaves_torch_alone():
    """A trunk takes its weights from its own generator; equal seeds give equal weights."""
    before = torch.get_rng_state()
    twins = [
        make_trunk(lambda: ReducedResNet18(3, 4), torch.Generator().manual_seed(3))
        for _ in range(2)
    ]
    assert torch.equal(before, torch.get_rng_state())
    for a, b in zip(twins[0].parameters(), twins[1].parameters(), strict=True):
        assert torch.equal(a, b)
    bound = twins[0].conv.weight[0].numel() ** -0.5
    largest = twins[0].conv.weight.abs().max()
    assert 0.8 * bound < largest <= bound


def test_columns_come_in_any_order():
    """The weights of a column depend on its name and the seed, not on when it came."""
    outputs = []
    for names in (["a", "b", "c"], ["c", "a", "b"]):
        index, columns = FeatureIndex(), Columns()
        mlp = make_trunk(lambda: RowMLP((8, 4), seed=5), torch.Generator().manual_seed(5))
        mlp.bound = 1.0
        x = torch.zeros(1, 16)
        for name in names:
            index.learn_one({name: 1.0})
            columns.follow(index)
            mlp.weight = mlp.widened(columns, len(index))
        for place, (name, _) in enumerate(columns.keys):
            x[0, place] = {"a": 0.5, "b": -1.0, "c": 2.0}[name]
        assert mlp.widened(columns, 3) is None
        outputs.append(mlp(x))
    torch.testing.assert_close(outputs[0], outputs[1])
