"""Tests of the engine and its doors: queue, growth, images and rows, copies, refusals."""

import dataclasses
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from olearn.learners.replay.er import ERClassifier  # noqa: E402  (after the skip)
from olearn.learners.replay.uer import UERClassifier  # noqa: E402


def images(n, n_classes=4, seed=1, pixels=16):
    """Images whose mean says the class, and labels in order of appearance 'c0', 'c1', ..."""
    rng = np.random.default_rng(seed)
    y = np.minimum(rng.integers(0, n_classes, n), np.arange(n) // 3)
    X = rng.integers(0, 60, (n, 3, pixels, pixels)) + 45 * y[:, None, None, None]
    return X.astype(np.uint8), [f"c{code}" for code in y]


def small(cls=ERClassifier, **options):
    return cls(**{"width": 4, "memory_size": 12, "replay_size": 6, "seed": 3, **options})


def tensors_of(model):
    """All tensors of a model, by name, as arrays."""
    out = {}

    def walk(value, path):
        if isinstance(value, dict):
            for key, item in value.items():
                walk(item, f"{path}.{key}")
        elif isinstance(value, list):
            for i, item in enumerate(value):
                walk(item, f"{path}[{i}]")
        elif isinstance(value, np.ndarray):
            out[path] = value

    walk(model._engine.__getstate__()["tensors"], "")
    return out


def assert_same(a, b):
    left, right = tensors_of(a), tensors_of(b)
    assert left.keys() == right.keys()
    for name, value in left.items():
        np.testing.assert_array_equal(value, right[name], err_msg=name)


# -- the queue -----------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [ERClassifier, UERClassifier])
def test_any_pieces_give_the_same_parameters(cls):
    """One by one, in odd pieces, as arrays or tensors: the same bits, waiting samples included."""
    X, y = images(87)
    whole, single, pieces = small(cls), small(cls), small(cls)
    whole.learn_many(X, y)
    for image, label in zip(X, y, strict=True):
        single.learn_one(torch.from_numpy(image), label)
    for a, b in ((0, 4), (4, 15), (15, 15), (15, 70), (70, 87)):
        pieces.learn_many(torch.from_numpy(X[a:b]), y[a:b])
    assert whole.n_batches == 8
    assert_same(whole, single)
    assert_same(whole, pieces)


def test_test_then_train_is_the_loop():
    """Predictions of a block are those of the loop, and so is what is learnt."""
    X, y = images(64)
    loop, block = small(), small()
    expected = []
    for image, label in zip(X, y, strict=True):
        expected.append(loop.predict_one(image))
        loop.learn_one(image, label)
    got = [*block.test_then_train_many(X[:33], y[:33]), *block.test_then_train_many(X[33:], y[33:])]
    assert got == expected
    assert_same(loop, block)


def test_flush_learns_what_waits():
    """`flush` takes a step with fewer samples; a second one has nothing to do."""
    X, y = images(13)
    model = small()
    model.learn_many(X, y)
    assert model.n_batches == 1
    model.flush()
    assert model.n_batches == 2
    before = tensors_of(model)
    model.flush()
    assert model.n_batches == 2
    for name, value in tensors_of(model).items():
        np.testing.assert_array_equal(value, before[name])


def test_weights_repeat_samples():
    """A sample of weight 2 is learnt as two; one of weight 0 is not."""
    X, y = images(30)
    w = np.arange(30) % 3
    weighted, repeated = small(), small()
    weighted.learn_many(X, y, w)
    for image, label, times in zip(X, y, w, strict=True):
        repeated.learn_one(image, label, w=float(times))
    chosen = np.repeat(np.arange(30), w)
    by_hand = small(classes=weighted.labels)
    by_hand.learn_many(X[chosen], [y[i] for i in chosen])
    assert_same(weighted, repeated)
    assert weighted.n_batches == by_hand.n_batches == 3


# -- passes, statistics, purity ------------------------------------------------------------------


def test_stream_and_memory_have_statistics_of_their_own():
    """A step updates running means twice, by the stream and then by the memory."""
    X, y = images(20)
    model = small(memory_size=10, replay_size=10)
    model.learn_many(X[:10], y[:10])  # now the memory is these ten
    trunk = model._engine.network.trunk
    before, weight = trunk.norm.running_mean.clone(), trunk.conv.weight.detach().clone()
    model.learn_many(X[10:], y[10:])
    means = [
        torch.conv2d(torch.from_numpy(part) / 255.0, weight, padding=1).mean(dim=(0, 2, 3))
        for part in (X[10:], X[:10])
    ]
    twice = 0.9 * (0.9 * before + 0.1 * means[0]) + 0.1 * means[1]
    jointly = 0.9 * before + 0.1 * (means[0] + means[1]) / 2
    got = trunk.norm.running_mean
    torch.testing.assert_close(got, twice, rtol=1e-4, atol=1e-6)
    assert (got - jointly).abs().max() > 1e-3


def test_predictions_change_nothing():
    """Weights, statistics, memory and generators are as they were after predictions."""
    X, y = images(45)
    model = small()
    model.learn_many(X, y)
    before = pickle.dumps(model)
    model.predict_many(X)
    model.predict_proba_one(X[0])
    assert pickle.dumps(model) == before
    twin = pickle.loads(before)
    for each in (model, twin):
        each.learn_many(X, y)
    assert_same(model, twin)


@pytest.mark.parametrize("width", [4, 20])
def test_asked_alone_or_together(width):
    """An image has the same probabilities, bit for bit, whatever is asked with it."""
    X, y = images(40, pixels=32)
    model = small(width=width)
    model.learn_many(X, y)
    together = model.predict_proba_many(X)
    alone = np.array([[*model.predict_proba_one(image).values()] for image in X[:7]])
    np.testing.assert_array_equal(together[:7], alone)
    np.testing.assert_array_equal(together[::-1], model.predict_proba_many(X[::-1]))


def test_any_seed_will_do():
    """A seed of more than 64 bits is taken; another seed gives another network."""
    X, y = images(12)
    models = [small(seed=seed) for seed in (2**70, 2**70, 5)]
    for model in models:
        model.learn_many(X, y)
    assert_same(models[0], models[1])
    assert (models[0].predict_proba_many(X) != models[2].predict_proba_many(X)).any()


def test_global_generators_are_left_alone():
    """Neither torch's nor NumPy's global generator is used."""
    X, y = images(30)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002  (is read only)
    small().learn_many(X, y)
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()  # noqa: NPY002


# -- classes, memory, learning -------------------------------------------------------------------


def test_rows_of_the_head_do_not_depend_on_growth():
    """A head that grows starts its rows as one that has them all; labels come back as given."""
    X, y = images(80)
    growing, fixed = small(), small(classes=["c0", "c1", "c2", "c3"])
    growing.learn_many(X[:1], y[:1])
    fixed.learn_many(X[:1], y[:1])
    rows = [m._engine.network.heads["weight"].detach().clone() for m in (growing, fixed)]
    assert (len(rows[0]), len(rows[1])) == (1, 4)
    assert torch.equal(rows[0][0], rows[1][0])
    growing._engine.grow(4, growing._features.index)
    assert torch.equal(growing._engine.network.heads["weight"], rows[1])


def test_classes_never_learnt_are_never_predicted():
    """Labels given in advance have probability 0 until a step has learnt them."""
    X, y = images(40)
    model = small(classes=["z", "c0", "c1", "c2", "c3"])
    assert model.predict_proba_one(X[0]) == {label: 0.2 for label in model.labels}
    model.learn_many(X, y)
    proba = model.predict_proba_many(X)
    assert (proba[:, 0] == 0.0).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1.0)
    assert "z" not in set(model.predict_many(X))


def test_it_learns_images():
    """Four classes told apart by their brightness are learnt in one pass."""
    X, y = images(600)
    model = small(memory_size=60, replay_size=10, seed=1)
    model.learn_many(X, y)
    assert (model.predict_many(X) == np.array(y)).mean() > 0.8


def test_what_is_kept_stops_growing():
    """Once the memory is full, the state has a fixed size, which the model tells."""
    X, y = images(100)
    model = small()
    sizes = []
    for _ in range(6):
        model.learn_many(X, y)
        sizes.append(len(pickle.dumps(model)))
    assert max(sizes[1:]) - min(sizes[1:]) < 100
    assert model._raw_memory_usage == pytest.approx(sizes[-1], rel=0.3)


@pytest.mark.parametrize("cut", [3, 10, 47])
def test_pickle_in_the_middle(cut):
    """A copy goes on bit for bit: weights, memory, queue, clock and generators."""
    X, y = images(90)
    model = small()
    model.learn_many(X[:cut], y[:cut])
    twins = [pickle.loads(pickle.dumps(model)), model.clone(include_attributes=True)]
    model.learn_many(X[cut:], y[cut:])
    for twin in twins:
        twin.learn_many(X[cut:], y[cut:])
        assert_same(model, twin)
        assert twin.n_batches == model.n_batches


@pytest.mark.skipif(torch.cuda.is_available(), reason="the device that is missing is here")
def test_saved_on_a_device_that_is_not_here():
    """What was learnt on CUDA predicts and learns on a CPU."""
    X, y = images(40)
    model = small()
    model.learn_many(X, y)
    state = model._engine.__getstate__()
    settings = dataclasses.replace(state["settings"], device="cuda", precision="bfloat16")
    twin = model.clone(include_attributes=True)
    twin._engine.__setstate__(state | {"settings": settings})
    assert np.array_equal(twin.predict_proba_many(X), model.predict_proba_many(X))
    twin.learn_many(X, y)
    assert twin.n_batches == 8


# -- trunks and options --------------------------------------------------------------------------


class Means(torch.nn.Module):
    """A user's trunk: channel means through a dense layer."""

    def __init__(self):
        super().__init__()
        self.dense = torch.nn.Linear(3, 6)

    def forward(self, x):
        return torch.relu(self.dense(x.mean(dim=(2, 3))))


def test_a_trunk_of_the_users():
    """Any module from images to features is trained as a copy; the one given stays."""
    X, y = images(60)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        trunk = Means()
    before = trunk.dense.weight.detach().clone()
    model = small(trunk=trunk)
    model.learn_many(X, y)
    assert torch.equal(trunk.dense.weight, before)
    assert not torch.equal(model._engine.network.trunk.dense.weight, before)
    assert_same(model, pickle.loads(pickle.dumps(model)))


def test_bfloat16_is_near_float32():
    """The trunk in half precision gives nearly the same first predictions, heads are float32."""
    X, y = images(40)
    answers = []
    for precision in ("float32", "bfloat16"):
        model = small(precision=precision, lr=1e-6)
        model.learn_many(X, y)
        answers.append(model.predict_proba_many(X))
        assert model._engine.network.heads["weight"].dtype == torch.float32
    np.testing.assert_allclose(answers[0], answers[1], atol=0.02)
    assert (answers[0] != answers[1]).any()


@pytest.mark.filterwarnings("ignore:nominal_attributes names")  # of a column that comes later
@pytest.mark.filterwarnings("ignore:no column of X has been learnt before")
def test_features_that_come_while_rows_wait():
    """Rows that wait or are stored lack a feature that is heard of later; nominal ones too."""
    X, y = np.random.default_rng(3).normal(size=(27, 2)), [0, 1, 2] * 9
    model = ERClassifier(hidden=(8,), nominal_attributes=["colour"], seed=1)
    model.learn_many(X, y, names=["a", "b"])
    model.learn_many(np.zeros((0, 2)), [], names=["c", "colour"])
    twin = pickle.loads(pickle.dumps(model))
    for each in (model, twin):
        each.flush()
        each.learn_one({"c": 1.0, "colour": "red"}, 1)
        each.flush()
        assert each.n_batches == 4
    assert_same(model, twin)


# -- refusals ------------------------------------------------------------------------------------


def test_bad_images_change_nothing():
    """Wrong kinds, shapes, labels and weights raise and leave no trace."""
    X, y = images(20)
    model = small()
    model.learn_many(X, y)
    before = pickle.dumps(model)
    cases = [
        (lambda: model.learn_one(X[0] / 255.0, "c0"), "x must be uint8.*float64"),
        (lambda: model.learn_one(X[:2], "c0"), r"\(channels, height, width\), got.*\(2, 3, 16"),
        (lambda: model.learn_many(X[0], y[:1]), r"X must be uint8 of shape \(n, channels"),
        (lambda: model.learn_one(X[0, :, 1:], "c0"), r"\(3, 16, 16\), as the first was.*15"),
        (lambda: model.predict_many(X[:, :1]), r"x must be an image of shape \(3, 16, 16\)"),
        (lambda: model.predict_one({"a": 1.0}), "got a row of features"),
        (lambda: model.learn_one({"a": 1.0}, "c0"), "got a row of features"),
        (lambda: model.learn_many(np.zeros((2, 3)), y[:2]), "got a row of features"),
        (lambda: model.learn_many(X, y[:3]), "y must have one label a row, got 3 for 20"),
        (lambda: model.learn_many(X, [*y[:19], None]), "y must be a label"),
        (lambda: model.learn_one(X[0], float("nan")), "y must be a label"),
        (lambda: model.learn_one(X[0], "c0", w=0.5), "w must be a whole number up to.*0.5"),
        (lambda: model.learn_one(X[0], "c0", w=1e9), "w must be a whole number up to 10000"),
        (lambda: model.learn_many(X, y, np.full(20, 1.5)), "w must be a whole number up to.*1.5"),
    ]
    for call, message in cases:
        with pytest.raises(ValueError, match=message):
            call()
        assert pickle.dumps(model) == before


def test_images_after_rows_are_refused():
    """The first sample decides whether rows or images are learnt."""
    model = ERClassifier(hidden=(4,), seed=1)
    model.learn_one({"a": 1.0}, 0)
    with pytest.raises(ValueError, match=r"x must be a row of features.*got an image of shape"):
        model.learn_one(np.zeros((3, 16, 16), np.uint8), 0)


def test_images_too_small_for_the_network():
    """Pictures whose last maps would be single values are refused before they are learnt."""
    model = small()
    with pytest.raises(ValueError, match=r"at least 9 pixels.*got.*8"):
        model.learn_one(np.zeros((3, 8, 8), np.uint8), 0)
    assert model.labels == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"memory_size": 0}, "memory_size"),
        ({"replay_size": 0}, "replay_size"),
        ({"lr": 0.0}, "lr must be in"),
        ({"rule": "oldest"}, "rule must be one of 'exact', 'reference', got 'oldest'"),
        ({"precision": "half"}, "precision must be one of"),
        ({"hidden": ()}, "hidden must have at least one width"),
        ({"device": "cuda:99"}, "device must be 'auto' or one that is there, got 'cuda:99'"),
        ({"device": "cpu", "compile": True}, "compile must be False without a CUDA device"),
    ],
)
def test_bad_parameters(options, message):
    """A parameter out of range is named, with what was got."""
    with pytest.raises(ValueError, match=message):
        small(**options)


def test_a_trunk_that_is_none():
    """Only a torch module can be a trunk, its features must be rows; widths are a tuple."""
    with pytest.raises(TypeError, match="trunk must be a torch module, got 'resnet'"):
        small(trunk="resnet")
    with pytest.raises(TypeError, match="hidden must be a tuple of widths, got 3"):
        small(hidden=3)
    model = small(trunk=torch.nn.Conv2d(3, 4, 3))
    with pytest.raises(ValueError, match=r"trunk must give features \(n, width\), got shape"):
        model.learn_one(np.zeros((3, 16, 16), np.uint8), 0)
    assert model.labels == []


# -- CUDA ----------------------------------------------------------------------------------------


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("cls", [ERClassifier, UERClassifier])
def test_graphs_do_what_steps_do(cls):
    """Steps replayed as CUDA graphs give nearly the parameters of steps run one by one."""
    X, y = images(400)
    models = [small(cls, device="cuda", precision="float32", compile=c) for c in (False, True)]
    for model in models:
        model.learn_many(X, y)
    left, right = map(tensors_of, models)
    for name, value in left.items():
        np.testing.assert_allclose(value, right[name], rtol=1e-3, atol=1e-4, err_msg=name)
