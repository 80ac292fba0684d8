"""Tests of how labels become codes."""

import numpy as np
import pytest

from olearn.streams._columns import encode_labels, sorted_labels


@pytest.mark.parametrize(
    ("labels", "distinct", "codes"),
    [
        (["b", "a", "b"], ("a", "b"), [1, 0, 1]),
        ([10, 9, 10, 2], (2, 9, 10), [2, 1, 2, 0]),
        ([True, False], (False, True), [1, 0]),
        ([1.0, 0.0], (0, 1), [1, 0]),
        (["b", 1, "a"], ("b", 1, "a"), [0, 1, 2]),  # no order between them: as they appear
        ([1, True, 1.0], (1,), [0, 0, 0]),  # equal labels are one
        ([], (), []),
    ],
    ids=repr,
)
@pytest.mark.filterwarnings("ignore:labels of two kinds:UserWarning")
def test_labels_are_sorted_where_they_can_be(labels, distinct, codes):
    """Distinct labels in their order, and a code for each row."""
    found, coded = sorted_labels(labels)
    assert found == distinct
    assert [type(a) for a in found] == [type(b) for b in distinct]
    assert coded.dtype == np.int64
    assert coded.tolist() == codes


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", None], "a label in every row, got None"),
        ([1.0, float("nan")], "a label in every row, got nan"),
        ([0.0, 0.5], "class labels, got the real number 0.5"),
    ],
)
def test_what_is_no_label_is_refused(labels, message):
    """A missing label, and a number between two whole ones."""
    with pytest.raises(ValueError, match=message):
        sorted_labels(labels)


def test_later_labels_must_be_known():
    """A label that was not there at first is named, with those that were."""
    assert encode_labels(["b", "a"], {"a": 0, "b": 1}).tolist() == [1, 0]
    with pytest.raises(ValueError, match=r"'c' was not there .* known are 'a', 'b'"):
        encode_labels(["a", "c"], {"a": 0, "b": 1})
