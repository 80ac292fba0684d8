"""Tests of `olearn.streams.drift`: which concept gives which row."""

import copy
import math
import pickle

import numpy as np
import pytest

from olearn import streams
from olearn.streams._java_random import java_state, next_double


def numbered(tag, n, drift_positions=()):
    """A table whose rows say which table and row they are."""
    X = np.column_stack([np.full(n, tag), np.arange(n)])
    y = np.arange(n) % 2
    return streams.from_arrays(X, y, labels=[0, 1], drift_positions=drift_positions)


def rows(stream, size=1000):
    return np.concatenate([X for X, _ in stream.blocks(size)])


def naive_choices(positions, widths, n_rows):
    """MOA's nested ConceptDriftStream, row by row, each level with its own generator."""
    states = [java_state(1) for _ in positions]
    counts = [0] * len(positions)
    for _ in range(n_rows):
        concept = 0
        for k in reversed(range(len(positions))):
            counts[k] += 1
            x = -4 * (counts[k] - positions[k]) / widths[k]
            if next_double(states[k]) <= 1 / (1 + math.exp(min(x, 700))):
                concept = k + 1
                break
        yield concept


@pytest.mark.parametrize(
    ("positions", "widths"), [([500, 1000, 1500], [50, 50, 50]), ([300, 400, 500], [400, 900, 200])]
)
def test_choices_equal_the_slow_oracle(positions, widths):
    """Nested levels draw and count as in MOA, also where transitions overlap."""
    stream = streams.DriftStream([numbered(k, 2000) for k in range(4)], positions, widths)
    chosen = rows(stream)[:, 0]
    assert len(chosen) >= 2000
    np.testing.assert_array_equal(chosen[:2000], list(naive_choices(positions, widths, 2000)))


def test_abrupt_drift_is_at_its_position():
    """At width 0, row p is the first of the new concept."""
    stream = streams.DriftStream([numbered(k, 50) for k in range(3)], [10, 25])
    got = rows(stream)
    assert got[:, 0].tolist() == [0] * 10 + [1] * 15 + [2] * 50
    assert stream.drift_positions == (10, 25)


def test_only_the_chosen_concept_advances():
    """A concept begins at its own row 0 when it is first chosen, and skips none."""
    got = rows(streams.DriftStream([numbered(0, 900), numbered(1, 900)], [500], 200))
    for tag in (0, 1):
        of_tag = got[got[:, 0] == tag, 1]
        np.testing.assert_array_equal(of_tag, np.arange(len(of_tag)))


def test_gradual_drift_follows_the_sigmoid():
    """The share of the new concept near the middle is that of the sigmoid."""
    n, p, w = 200_000, 100_000, 40_000
    stream = streams.DriftStream([numbered(0, n), numbered(1, n)], [p], w)
    chosen = rows(stream, 50_000)[:, 0]
    for row in (80_000, 95_000, 100_000, 110_000, 120_000):
        expected = 1 / (1 + math.exp(-4 * (row - p) / w))
        assert chosen[row - 1000 : row + 1000].mean() == pytest.approx(expected, abs=0.06)


def test_recurring_concept_goes_on_where_it_stopped():
    """The same object twice is one concept that comes back, and repeats no row."""
    first, second = numbered(0, 100), numbered(1, 100)
    got = rows(streams.DriftStream([first, second, first], [30, 50]))
    assert got[:, 0].tolist() == [0] * 30 + [1] * 20 + [0] * 70
    assert got[got[:, 0] == 0, 1].tolist() == list(range(100))


def test_equal_objects_replay_instead():
    """Two equal streams are two concepts: the second starts anew, as MOA's do."""
    got = rows(streams.DriftStream([numbered(0, 40), numbered(1, 40), numbered(0, 40)], [30, 50]))
    assert got[got[:, 0] == 0, 1].tolist() == [*range(30), *range(40)]


@pytest.mark.parametrize("width", [0, 30, 300])
def test_length_is_counted_exactly(width):
    """`n_samples` of finite concepts is the number of rows that come."""
    stream = streams.DriftStream([numbered(0, 120), numbered(1, 77)], [100], width)
    assert len(rows(stream, 13)) == stream.n_samples
    assert stream.n_samples == 177 or width > 0


def test_ends_where_a_chosen_concept_ends():
    """A concept that runs out before the drift ends the stream, the drift left out."""
    stream = streams.DriftStream([numbered(0, 60), numbered(1, 77)], [100])
    assert (stream.n_samples, stream.drift_positions) == (60, ())
    assert len(rows(stream)) == 60


def test_endless_when_the_last_concept_is():
    """Only what is used to its end counts; an endless last concept gives an endless stream."""
    finite, endless = streams.SEA(n_samples=1000), streams.SEA(2)
    assert streams.DriftStream([finite, endless], [500]).n_samples is None
    assert streams.DriftStream([endless, finite], [500]).n_samples == 1500
    assert streams.DriftStream([endless], []).n_samples is None
    assert streams.DriftStream([endless], [], n_samples=7).n_samples == 7
    assert streams.DriftStream([finite], []).n_samples == 1000


def test_aligned_concepts_keep_row_numbers():
    """With `aligned`, row t of the stream is row t of the chosen concept, and true drifts stay."""
    concepts = [numbered(0, 100, [20, 80]), numbered(1, 90, [20, 80])]
    stream = streams.DriftStream(concepts, [50], 30, aligned=True)
    got = rows(stream, 7)
    np.testing.assert_array_equal(got[:, 1], np.arange(90))
    assert got[0, 0] == 0
    assert set(got[35:65, 0]) == {0, 1}
    assert stream.drift_positions == (20, 50, 80)


def test_recurring_views_of_one_table():
    """A view that comes and goes leaves the labels and the order of a real table alone."""
    table = numbered(5, 60)
    swapped = streams.ConceptView(table, swap_features=[("x0", "x1")])
    stream = streams.DriftStream([table, swapped, table], [20, 40], aligned=True)
    got = rows(stream, 11)
    assert got[10].tolist() == [5, 10]
    assert got[30].tolist() == [30, 5]
    assert got[50].tolist() == [5, 50]


def test_pickles_and_copies_keep_recurrence():
    """A pickled or copied stream gives the same rows, a recurring concept included."""
    first, second = numbered(0, 100), numbered(1, 100)
    stream = streams.DriftStream([first, second, first], [30, 50], 4)
    expected = rows(stream)
    for other in (pickle.loads(pickle.dumps(stream)), copy.deepcopy(stream)):
        np.testing.assert_array_equal(rows(other), expected)


def test_nested_drift_streams():
    """A drift stream is a stream, so it can be a concept too."""
    inner = streams.DriftStream([numbered(0, 20), numbered(1, 20)], [10])
    got = rows(streams.DriftStream([inner, numbered(2, 20)], [15]))
    assert got[:, 0].tolist() == [0] * 10 + [1] * 5 + [2] * 20


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"concepts": []}, ValueError, "concepts must be at least one stream"),
        ({"concepts": [streams.SEA(), 3]}, TypeError, "concepts must be streams, got int at 1"),
        ({"concepts": [streams.SEA(), streams.LED()]}, ValueError, "must have equal schemas"),
        ({"positions": []}, ValueError, "positions must be 1, one fewer"),
        ({"positions": [-5]}, ValueError, "positions must be in"),
        ({"positions": [2.5]}, TypeError, "positions must be an integer, got 2.5"),
        ({"widths": -1}, ValueError, r"widths must be in \[0.0, inf\), got -1"),
        ({"widths": math.inf}, ValueError, "widths must be in"),
        ({"widths": [1, 2]}, ValueError, "widths must be one number or 1"),
        ({"seed": -1}, ValueError, "seed must be in"),
        ({"n_samples": -1}, ValueError, "n_samples must be in"),
    ],
)
def test_bad_arguments_are_named(options, error, message):
    """An argument out of range raises at once, with its name, range and value."""
    good = {"concepts": [streams.SEA(), streams.SEA(2)], "positions": [100]}
    with pytest.raises(error, match=message):
        streams.DriftStream(**(good | options))


def test_positions_must_increase():
    """Drifts come one after the other."""
    with pytest.raises(ValueError, match=r"positions must be increasing, got \[20, 20\]"):
        streams.DriftStream([streams.SEA(k) for k in (1, 2, 3)], [20, 20])


def test_numbers_drift_and_swap_too():
    """Streams of numbers are composed as those of classes are; there are no labels to swap."""
    rows = np.arange(12.0).reshape(6, 2)
    table = streams.from_arrays(rows, rows[:, 0] / 4, target="numbers")
    view = streams.ConceptView(table, swap_features=[("x0", "x1")])
    stream = streams.DriftStream([table, view], [3], aligned=True)
    X, y = next(stream.blocks(6))
    np.testing.assert_array_equal(y, rows[:, 0] / 4)
    np.testing.assert_array_equal(X[:, 0], [0, 2, 4, 7, 9, 11])
    with pytest.raises(ValueError, match="target must be classes"):
        streams.ConceptView(table, swap_labels=[(0, 1)])
    classes = streams.from_arrays(rows, [0, 1] * 3)
    with pytest.raises(ValueError, match="equal schemas"):
        streams.DriftStream([table, classes], [3])
