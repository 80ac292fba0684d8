"""Tests of the way from labels to codes and back."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from olearn.core.labels import CodedLabels, LabelIndex

NAN = float("nan")


def test_labels_are_coded_by_first_appearance():
    """Any hashable label; those known in advance come first."""
    index = LabelIndex(["b", "a"])
    assert [index.add(label) for label in ("a", "c", "b", 7, True)] == [1, 2, 0, 3, 4]
    assert index.labels == ["b", "a", "c", 7, True]
    assert index.get("unknown") == -1
    assert len(index) == 5


@pytest.mark.parametrize(
    "y",
    [
        [3, 1, 3, 0, 1],
        np.array([3, 1, 3, 0, 1]),
        np.array([200_000, 5, 200_000]),
        [-1, 0, -1],
        np.array(["u", "v", "u"]),
        np.array([True, False, True]),
        ["u", 1, "u", 2.0],
        pd.Series(["u", "v", "u"]),
        pl.Series([5, 6, 5]),
        pd.Series(["u", "v", "u"], dtype="category"),
        np.array(["u", 1, "u", 6, True], dtype=object),
        [np.int64(7), 6, np.int64(1)],
        np.array([2.0, 1.0, 2.0]),
        np.zeros(0, dtype="U3"),
        [],
    ],
    ids=str,
)
@pytest.mark.parametrize("known", [(), (1, "v", 6)])
def test_a_plan_is_what_adding_one_by_one_gives(y, known):
    """Codes and new labels equal those of the loop, and planning adds nothing."""
    planned, added = LabelIndex(known), LabelIndex(known)
    codes, new = planned.plan(y)
    assert planned.labels == list(known)
    values = y.to_list() if hasattr(y, "to_list") else list(y)
    values = [v.item() if isinstance(v, np.generic) else v for v in values]
    assert codes.tolist() == [added.add(v) for v in values]
    assert codes.dtype == np.int64
    assert [label for _, label in new] == added.labels[len(known) :]
    assert [row for row, _ in new] == [values.index(label) for _, label in new]


def many_texts(n_labels, n=3000):
    labels = [f"{'Ä' * (k % 3)}{'x' * (k % 12)}{k}" for k in range(n_labels)]
    return np.array(labels)[np.random.default_rng(0).integers(0, n_labels, n)]


@pytest.mark.parametrize("make", [str, lambda k: f"\N{SNOWMAN}{k}"], ids=["letters", "symbols"])
@pytest.mark.parametrize("n_labels", [1, 2, 30, 1000])  # of a thousand, some share a slot
def test_arrays_of_text_are_coded_as_their_lists(n_labels, make):
    """Long arrays are coded by a hash, collisions or not: the codes are those of the list."""
    y = np.array([make(text) for text in many_texts(n_labels).tolist()])
    for given in (y, y[::-1], y[::2]):
        codes, new = LabelIndex(["known", given[5].item()]).plan(given)
        expected, also = LabelIndex(["known", given[5].item()]).plan(given.tolist())
        np.testing.assert_array_equal(codes, expected)
        assert new == also
        assert all(type(label) is str for _, label in new)


def test_texts_that_differ_in_spaces_or_accents_are_different_labels():
    """Blanks at the end, capitals, empty text and letters beyond 255 are told apart."""
    kinds = ["a", "a ", "A", "", "á", "\u0101", "a" * 9]
    codes, new = LabelIndex().plan(np.array(kinds * 500))
    assert [label for _, label in new] == kinds
    np.testing.assert_array_equal(codes, np.tile(np.arange(7), 500))


def test_coded_labels_are_planned_as_the_labels_themselves():
    """Codes of a list of labels, not all of which occur, need not become labels first."""
    coded = CodedLabels(np.array([2, 0, 2]), ("a", "b", "c", None))
    assert list(coded) == ["c", "a", "c"]
    codes, new = LabelIndex(["a"]).plan(coded)
    assert codes.tolist() == [1, 0, 1]
    assert new == [(0, "c")]
    with pytest.raises(ValueError, match="y must be a label, got None in row 1"):
        LabelIndex().plan(CodedLabels(np.array([0, 3]), coded.labels))


@pytest.mark.parametrize(
    ("label", "error"), [(None, ValueError), (NAN, ValueError), ([1], TypeError), ({}, TypeError)]
)
def test_what_can_be_no_label_is_refused(label, error):
    """A missing label and one that cannot be hashed raise, one by one and in a plan."""
    index = LabelIndex(["u"])
    for call in (index.get, index.add, lambda bad: index.plan(["u", "w", bad])):
        with pytest.raises(error, match="y must be"):
            call(label)
    assert index.labels == ["u"]


def test_labels_of_two_dimensions_are_refused():
    """One label a row."""
    with pytest.raises(ValueError, match=r"y must be one label a row, got an array of shape"):
        LabelIndex().plan(np.zeros((3, 2), dtype=int))


def test_a_missing_label_is_named_with_its_row():
    """Nothing is planned around a gap."""
    for y in (["a", "b", None], np.array(["a", "b", None], dtype=object), [0.0, 1.0, NAN]):
        with pytest.raises(ValueError, match=r"y must be a label, got (None|nan) in row 2"):
            LabelIndex().plan(y)


@pytest.mark.parametrize(
    ("labels", "kind"), [((3, 5), "i"), ((False, True), "b"), (("a", "b"), "O"), ((0, "a"), "O")]
)
def test_codes_become_labels_again(labels, kind):
    """An array of the labels' own kind, or of objects; with None for -1."""
    decoded = CodedLabels(np.array([1, 0]), labels).decoded()
    assert decoded.dtype.kind == kind
    assert decoded.tolist() == [labels[1], labels[0]]
    assert CodedLabels(np.array([-1, 0]), labels).decoded().tolist() == [None, labels[0]]
