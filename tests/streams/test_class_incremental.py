"""Tests of `olearn.streams.class_incremental`."""

import copy
import pickle

import numpy as np
import pytest

from olearn import learners, streams

N_CLASSES = 6


def make(n=40, n_tasks=3, kind="images", **options):
    """A stream of `n` training and 5 test examples a class; pixel 0 is the row number,
    pixel 16 + code of the class is bright.
    """
    y = np.tile(np.arange(N_CLASSES), n)
    y_test = np.tile(np.arange(N_CLASSES), 5)
    if kind == "images":
        X = np.zeros((len(y), 3, 4, 4), np.uint8)
        X[:, 0, 0, 0] = np.arange(len(y)) % 251
        X.reshape(len(y), -1)[np.arange(len(y)), 16 + y] = 200
        X_test = np.zeros((len(y_test), 3, 4, 4), np.uint8)
        X_test.reshape(len(y_test), -1)[np.arange(len(y_test)), 16 + y_test] = 200
    else:
        X = np.column_stack([np.arange(len(y)), y]).astype(float)
        X_test = np.column_stack([np.arange(len(y_test)), y_test]).astype(float)
    return streams.ClassIncremental(X, y, X_test, y_test, n_tasks, **options)


def whole(stream):
    """All examples and codes."""
    return next(stream.blocks(10_000))


def test_images_come_whole():
    """Blocks hold uint8 images and codes, iterating yields (image, label), the same examples."""
    stream = make(labels="abcdef")
    X, y = whole(stream)
    assert (X.shape, X.dtype, y.dtype) == ((240, 3, 4, 4), np.uint8, np.int64)
    pairs = list(stream)
    assert [label for _, label in pairs] == ["abcdef"[code] for code in y]
    np.testing.assert_array_equal(np.stack([image for image, _ in pairs]), X)


@pytest.mark.parametrize("size", [1, 7, 80, 1000])
def test_same_examples_whatever_the_block_size(size):
    """Blocks of any size and blocks by task give the same sequence, again and again."""
    stream = make(blurry=0.3)
    X, y = whole(stream)
    by_task = [block for k in range(3) for block in stream.task_blocks(k, size)]
    for blocks in (list(stream.blocks(size)), list(stream.blocks(size)), by_task):
        np.testing.assert_array_equal(np.concatenate([b[0] for b in blocks]), X)
        np.testing.assert_array_equal(np.concatenate([b[1] for b in blocks]), y)


def test_tasks_share_no_class_and_lose_no_example():
    """Each example comes once, in the task of its class; boundaries are known to who asks."""
    stream = make()
    X, y = whole(stream)
    assert X[:, 1].reshape(240, 16).argmax(axis=1).tolist() == y.tolist()
    assert len({(int(a), int(b)) for a, b in zip(X[:, 0, 0, 0], y, strict=True)}) == 240
    parts = np.split(y, stream.task_ends[:-1])
    assert [set(part.tolist()) for part in parts] == [set(task) for task in stream.tasks]
    assert stream.drift_positions == stream.task_ends[:-1] == (80, 160)


def test_examples_of_a_task_are_shuffled():
    """Classes mix within a task: the codes of the first task are no two blocks."""
    _, y = whole(make())
    assert np.count_nonzero(np.diff(y[:80])) > 20


def test_seed_draws_order_and_examples():
    """The same seed gives the same stream, another one other classes and another order."""
    same, again, other = (make(seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(whole(same)[0], whole(again)[0])
    assert same.tasks == again.tasks != other.tasks


def test_class_order_can_be_given():
    """None keeps the order of the labels; a sequence is taken as it is."""
    assert make(class_order=None).tasks == ((0, 1), (2, 3), (4, 5))
    assert make(class_order=[5, 3, 1, 0, 2, 4]).tasks == ((5, 3), (1, 0), (2, 4))
    orders = {tuple(whole(make(class_order=None, seed=seed))[1].tolist()) for seed in range(3)}
    assert len(orders) == 3


def test_uneven_tasks_come_first():
    """Six classes in four tasks: two of two classes, then two of one."""
    assert [len(task) for task in make(n_tasks=4).tasks] == [2, 2, 1, 1]


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_blurry_boundaries(share):
    """The share of each task's examples comes in the other tasks, and none is lost."""
    stream = make(blurry=share)
    y = whole(stream)[1]
    parts = np.split(y, stream.task_ends[:-1])
    for k, task in enumerate(stream.tasks):
        inside = np.isin(parts[k], task).sum()
        assert inside == 80 - int(share * 80)
        elsewhere = [np.isin(part, task).sum() for j, part in enumerate(parts) if j != k]
        assert min(elsewhere) > 0
    assert np.bincount(y).tolist() == [40] * N_CLASSES


def test_imbalance_is_a_geometric_tail():
    """Class sizes fall from 40 to a tenth of it by equal factors, whichever class is which."""
    stream = make(imbalance=0.1)
    counts = np.bincount(whole(stream)[1])
    assert sorted(counts.tolist()) == np.geomspace(4, 40, 6).round().astype(int).tolist()
    assert counts.tolist() != sorted(counts.tolist())
    assert [len(stream.test_set(k)[1]) for k in range(3)] == [10, 10, 10]


def test_options_leave_the_class_order_alone():
    """Imbalance and blurring draw from generators of their own."""
    assert make(imbalance=0.5).tasks == make(blurry=0.2).tasks == make().tasks


def test_limits_keep_the_first_examples():
    """The first examples of each class are kept, in training and test."""
    stream = make(train_per_class=3, test_per_class=2)
    X, y = whole(stream)
    assert np.bincount(y).tolist() == [3] * N_CLASSES
    assert sorted(X[:, 0, 0, 0].tolist()) == list(range(18))
    assert sorted(stream.test_set(1)[1].tolist()) == sorted(stream.tasks[1] * 2)


def test_flat_images_are_rows_of_a_table():
    """Pixels in [0, 1], channel by channel; a learner of tables takes them."""
    stream = make(flat=True)
    X, y = whole(stream)
    images = whole(make())[0]
    np.testing.assert_array_equal(X, images.reshape(240, 48) / 255.0)
    assert X.dtype == np.float64
    x, label = next(iter(stream))
    assert x[f"x{16 + y[0]}"] == 200 / 255.0
    assert label == y[0]
    model = learners.AEFOCLClassifier(32, seed=1)
    model.learn_many(X, y)
    X_test, codes = stream.test_set(0)
    assert np.mean(model.predict_many(X_test) == codes) > 0.9


def test_rows_of_a_table():
    """Numbers (n, d) come as float64 rows and as dicts."""
    stream = make(kind="rows")
    X, y = whole(stream)
    assert (X.shape, X.dtype) == ((240, 2), np.float64)
    assert X[:, 1].tolist() == y.tolist()
    assert next(iter(stream)) == ({"x0": X[0, 0], "x1": X[0, 1]}, y[0])


def test_labels_of_any_kind():
    """Text labels are kept; the codes are theirs in sorted order."""
    X = np.eye(4)
    stream = streams.ClassIncremental(X, ["b", "a", "b", "a"], X, ["a", "b", "b", "a"], 2, seed=3)
    assert stream.schema.labels == ("a", "b")
    assert {task for (task,) in stream.tasks} == {"a", "b"}


@pytest.mark.parametrize(
    ("shape", "flat", "images"),
    [((6, 3, 2, 2), False, True), ((6, 3, 2, 2), True, False), ((6, 4), False, False)],
)
def test_images_stay_images_unless_flat(shape, flat, images):
    """Images come as uint8 with their shape, or as rows of numbers in [0, 1]; rows as they are."""
    X = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    stream = streams.ClassIncremental(X, [0, 1] * 3, X, [0, 1] * 3, 2, flat=flat)
    got, _ = next(stream.blocks())
    assert stream.gives_images == images
    assert got.dtype == (np.uint8 if images else np.float64)
    assert got.shape == (shape if images else (6, stream.schema.n_features))
    assert got.max() <= 1.0 if flat else got.max() > 1.0


def test_copies_give_the_same_stream():
    """A pickled and a deep copy, made mid-way, start from the first example again."""
    stream = make()
    next(stream.blocks(5))
    for other in (pickle.loads(pickle.dumps(stream)), copy.deepcopy(stream)):
        np.testing.assert_array_equal(whole(other)[0], whole(stream)[0])


def test_blocks_are_the_callers():
    """Changing a block changes neither the stream nor the data."""
    stream = make()
    before = whole(stream)[0].copy()
    for X, y in stream.blocks(50):
        X[:], y[:] = 7, 7
    X_test, codes = stream.test_set(0)
    X_test[:], codes[:] = 7, 7
    np.testing.assert_array_equal(whole(stream)[0], before)
    assert set(stream.test_set(0)[1].tolist()) == set(stream.tasks[0])


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"n_tasks": 7}, ValueError, r"n_tasks must be in \[1, 6\], got 7"),
        ({"seed": -1}, ValueError, "seed must be in"),
        ({"seed": 1.5}, TypeError, "seed must be an integer"),
        ({"blurry": 1.0}, ValueError, r"blurry must be in \[0.0, 1.0\), got 1.0"),
        ({"imbalance": 0.0}, ValueError, r"imbalance must be in \(0.0, 1.0\], got 0.0"),
        ({"class_order": "sorted"}, ValueError, "class_order must be 'random', None or labels"),
        ({"class_order": [0, 1, 2]}, ValueError, "class_order must hold each of"),
        ({"train_per_class": 0}, ValueError, "train_per_class must be in"),
        ({"test_per_class": 0}, ValueError, "test_per_class must be in"),
        ({"labels": "abc"}, ValueError, "y must hold codes from 0 to 2, got 0 to 5"),
        ({"labels": "abcdefg"}, ValueError, "y must hold every label, 'g' is absent"),
    ],
)
def test_bad_options(options, error, words):
    """An option outside its range is refused by name."""
    with pytest.raises(error, match=words):
        make(**options)


def test_bad_arrays():
    """Arrays that do not fit together are refused by name."""
    image, codes = np.zeros((2, 1, 4, 4), np.uint8), [0, 1]
    good = (image, codes, image, codes, 2)
    for position, value, error, words in (
        (0, image.astype(float), TypeError, "X must be uint8 for images, got float64"),
        (0, image[0], ValueError, r"X must be numbers \(n, d\) or images"),
        (1, [0], ValueError, r"y must have shape \(2,\)"),
        (2, image[:, :, :2], ValueError, r"X_test must have the shape of X, \(1, 4, 4\)"),
        (3, [0, 5], ValueError, "y_test must hold labels of y, got 5"),
        (3, [0, 0], ValueError, "y_test must hold every label, 1 is absent"),
    ):
        arguments = [*good[:position], value, *good[position + 1 :]]
        with pytest.raises(error, match=words):
            streams.ClassIncremental(*arguments)
    with pytest.raises(ValueError, match=r"task must be in \[0, 1\], got 2"):
        streams.ClassIncremental(*good).test_set(2)
    with pytest.raises(ValueError, match=r"size must be in \[1, inf\], got 0"):
        streams.ClassIncremental(*good).task_blocks(0, 0)
