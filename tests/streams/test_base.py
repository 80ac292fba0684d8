"""Tests of `olearn.streams.base`: the schema, and what a subclass gets for its one method."""

import itertools
import math

import numpy as np
import pytest
from river import metrics, naive_bayes
from river.evaluate import progressive_val_score

from olearn import streams
from olearn.streams.base import read_chunks, read_slices


class Counter(streams.Stream):
    """Rows that count.

    Parameters
    ----------
    n_rows
        How many there are to read.

    """

    def __init__(self, n_rows, n_samples=None, drift_positions=()):
        schema = streams.Schema(("t",), (), ("even", "odd"))
        super().__init__(schema, n_samples, drift_positions)
        self.n_rows = n_rows

    def _open(self):
        t = 0

        def read(n):
            nonlocal t
            rows = np.arange(t, min(t + n, self.n_rows))
            t += n
            return rows[:, None].astype(float), rows % 2

        return read


def test_one_method_is_enough():
    """Dicts, blocks, take and river's evaluation all follow from `_open`."""
    stream = Counter(5, 5)
    assert list(stream.take(2)) == [({"t": 0.0}, "even"), ({"t": 1.0}, "odd")]
    assert [y.tolist() for _, y in stream.blocks(2)] == [[0, 1], [0, 1], [0]]
    metric = progressive_val_score(stream, naive_bayes.GaussianNB(), metrics.Accuracy())
    assert 0 <= metric.get() <= 1


def test_stream_may_end_early():
    """Where the length is unknown, the stream ends with the first incomplete block."""
    assert sum(len(y) for _, y in Counter(2500).blocks(1000)) == 2500
    assert sum(len(y) for _, y in Counter(2000).blocks(1000)) == 2000
    assert len(list(Counter(2500))) == 2500


def test_length_cuts():
    """No more rows come than `n_samples`, whatever could be read."""
    assert [len(y) for _, y in Counter(9999, 25).blocks(10)] == [10, 10, 5]


def test_drifts_past_the_end_are_left_out():
    """Known drifts are sorted and inside the stream."""
    assert Counter(99, 50, [70, 30, 10, 50]).drift_positions == (10, 30)


def test_repr_tells_the_facts():
    """The table of facts names the task, the size and the drifts, for people."""
    shown = repr(Counter(99, 50, [30]))
    assert shown.startswith("Rows that count.")
    for part in ("Binary classification", "Samples  50", "Drifts at  30", "Name  Counter"):
        assert part in shown
    assert Counter(99).desc.strip() == "Rows that count."


@pytest.mark.parametrize("size", [0, -1])
def test_block_size_is_positive(size):
    """A block has at least one row; the error comes at once, not at the first block."""
    with pytest.raises(ValueError, match="size must be in"):
        Counter(5).blocks(size)
    with pytest.raises(TypeError, match="size must be an integer"):
        Counter(5).blocks(2.5)


def test_nominal_values_in_dicts():
    """Codes become ints, or the text of categories; a missing value is NaN, a text None."""
    schema = streams.Schema(("a", "b", "c"), ("a", "b"), (0,), {"b": ("x", "y")})
    rows = list(schema.to_dicts(np.array([[1.0, 1.0, 1.0], [math.nan, math.nan, math.nan]])))
    assert rows[0] == {"a": 1, "b": "y", "c": 1.0}
    assert type(rows[0]["a"]) is int
    assert rows[1]["b"] is None
    assert all(math.isnan(rows[1][name]) for name in "ac")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((), (), (0,)), "names must be at least one and all different"),
        ((("a", "a"), (), (0,)), "names must be at least one and all different"),
        ((("a",), (), ()), "labels must be at least one and all different"),
        ((("a",), (), (0, 0)), "labels must be at least one and all different"),
        ((("a",), ("b",), (0,)), "nominal must be among the features 'a'; got 'b'"),
        ((("a",), (), (0,), {"a": ("x",)}), "categories must be among"),
    ],
)
def test_schema_is_checked(arguments, message):
    """A schema that contradicts itself raises."""
    with pytest.raises(ValueError, match=message):
        streams.Schema(*arguments)


def test_targets_are_classes_numbers_or_none():
    """A tuple of labels stands for classes; only classes have labels."""
    classes = streams.Schema(("a",), (), (0, 1))
    assert classes == streams.Schema(("a",), (), streams.Classes((0, 1)))
    assert (classes.labels, classes.n_classes) == ((0, 1), 2)
    for target in (streams.Numbers(), None):
        schema = streams.Schema(("a",), (), target)
        assert schema.n_classes == 0
        assert schema != classes
        with pytest.raises(ValueError, match="target must be classes, which have labels, got"):
            _ = schema.labels
    with pytest.raises(TypeError, match=r"target must be Classes\(labels\), Numbers\(\) or None"):
        streams.Schema(("a",), (), "numbers")


def test_schemas_compare_and_hash():
    """Equal schemas are equal and hash alike, so they can be dict keys."""
    make = lambda: streams.Schema(("a",), ("a",), (0, 1), {"a": ("x",)})  # noqa: E731
    assert make() == make()
    assert hash(make()) == hash(make())
    with pytest.raises(ValueError, match="got 'z'"):
        make().column("z")


def test_slices_follow_each_other():
    """`read_slices` asks for the rows after those it asked for before; each reader from row 0."""
    asked = []

    def block(part):
        asked.append((part.start, part.stop))
        rows = np.arange(10)[part]
        return rows[:, None].astype(float), rows

    for read in (read_slices(block), read_slices(block)):
        assert [read(n)[1].tolist() for n in (2, 0, 5, 9, 1)] == [[0, 1], [], [2, 3, 4, 5, 6],
                                                                  [7, 8, 9], []]  # fmt: skip
    assert asked == [(0, 2), (2, 2), (2, 7), (7, 16), (16, 17)] * 2


@pytest.mark.parametrize("sizes", [[3, 3, 3], [1] * 9, [9], [4, 0, 5], []])
@pytest.mark.parametrize("n", [1, 2, 4, 20])
def test_chunks_of_any_size_are_read_in_order(sizes, n):
    """`read_chunks` cuts and joins chunks without losing, repeating or aliasing a row."""
    ends = np.cumsum([0, *sizes])
    chunks = [
        (np.arange(a, b, dtype=float)[:, None], np.arange(a, b))
        for a, b in itertools.pairwise(ends)
    ]
    read = read_chunks(iter(chunks), 1)
    got = []
    while True:
        X, y = read(n)
        np.testing.assert_array_equal(X[:, 0], y)
        got += y.tolist()
        X[:] = -1
        if len(y) < n:
            break
    assert got == list(range(sum(sizes)))


def test_a_schema_is_short_to_read():
    """Thousands of names, labels and categories do not flood a terminal."""
    small = streams.Schema(("a", "b"), ("b",), ("no", "yes"), {"b": ("x",)})
    assert repr(small) == (
        "Schema(names=('a', 'b'), nominal=('b',), target=Classes(('no', 'yes')), "
        "categories={'b': ('x',)})"
    )
    names = tuple(f"x{j}" for j in range(3000))
    words = dict.fromkeys(names, tuple(map(str, range(5000))))
    wide = repr(streams.Schema(names, names, tuple(range(200)), words))
    assert len(wide) < 1000
    assert "'x5', ... 2,994 more)" in wide
    assert "target=Classes((0, 1, 2, 3, 4, 5, ... 194 more))" in wide
