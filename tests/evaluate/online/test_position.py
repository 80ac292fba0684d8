"""Tests of `olearn.evaluate.online.position`: going on behind the rows that were read."""

import numpy as np
import pytest

from olearn.evaluate.online.position import Position

X = np.arange(40.0).reshape(20, 2)
Y = np.arange(20) % 3
ROWS = [({"a": float(i)}, i % 3) for i in range(20)]


def blocks(size, X=X, y=Y):
    return [(X[i : i + size], y[i : i + size]) for i in range(0, len(y), size)]


def after_blocks(n, checked=True):
    position = Position(checked)
    for i in range(0, n, 4):  # in other portions than they are read again
        position.add_block(X[i : min(i + 4, n)], Y[i : min(i + 4, n)])
    return position


def after_rows(n, checked=True):
    position = Position(checked)
    position.add_rows(ROWS[: n // 2])
    position.add_rows(ROWS[n // 2 : n])
    return position


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize("size", [1, 3, 20])
@pytest.mark.parametrize("n", [0, 1, 9, 20])
def test_rest_of_blocks(n, size, checked):
    """Whatever the size of the blocks, the rows after the first n come, each once, in order."""
    position = after_blocks(n, checked)
    rest = list(position.rest_of_blocks(blocks(size)))
    assert all(len(y) for _, y in rest)
    np.testing.assert_array_equal(np.concatenate([X[:0], *(x for x, _ in rest)]), X[n:])
    np.testing.assert_array_equal(np.concatenate([Y[:0], *(y for _, y in rest)]), Y[n:])
    assert position.n == n


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize("n", [0, 1, 9, 20])
def test_rest_of_rows(n, checked):
    """The rows after the first n come, each once, in order."""
    assert list(after_rows(n, checked).rest_of_rows(iter(ROWS))) == ROWS[n:]


def test_positions_in_long_streams(monkeypatch):
    """Rows are passed over in portions that do not show."""
    monkeypatch.setattr("olearn.evaluate.online.position._ROWS_AT_ONCE", 4)
    assert list(after_rows(9).rest_of_rows(ROWS)) == ROWS[9:]


@pytest.mark.parametrize("which", [0, 8])
def test_other_rows_before_are_refused(which):
    """A feature or a label that differs among the rows read is found; one behind them is not."""
    others = X.copy()
    others[which, 1] += 1e-9
    with pytest.raises(ValueError, match="its first 9 rows are others"):
        list(after_blocks(9).rest_of_blocks(blocks(3, X=others)))
    labels = np.roll(Y, 1)
    with pytest.raises(ValueError, match="its first 9 rows are others"):
        list(after_blocks(9).rest_of_blocks(blocks(3, y=labels)))
    rows = [*ROWS]
    rows[which] = ({"a": -1.0}, rows[which][1])
    with pytest.raises(ValueError, match="its first 9 rows are others"):
        after_rows(9).rest_of_rows(rows)
    others = X.copy()
    others[9:] = 0.0
    assert sum(len(y) for _, y in after_blocks(9).rest_of_blocks(blocks(3, X=others))) == 11


def test_too_few_rows_are_refused():
    """A stream that ends before the position is told from one that ends there."""
    with pytest.raises(ValueError, match="has read 9 rows of it; this one has 8"):
        list(after_blocks(9).rest_of_blocks(blocks(4, X[:8], Y[:8])))
    with pytest.raises(ValueError, match="has read 9 rows of it; this one has 8"):
        after_rows(9).rest_of_rows(ROWS[:8])
