"""What every stream promises: the same rows however they are asked for, and nothing kept."""

import copy
import pickle
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from olearn.checks.tools import require

if TYPE_CHECKING:
    from olearn.streams.base import Block, Stream

_N_ROWS = 1200  # of an endless or long stream: more than the dict iterator reads at once


def check_stream(stream: "Stream") -> None:
    """Check a stream of your own; raises AssertionError at the first promise that is broken.

    Its first rows are read several times: in blocks of several sizes, as pairs, by two iterators
    at once, and from copies.

    Examples
    --------
    >>> from olearn import checks, streams
    >>> checks.check_stream(streams.SEA(seed=1))

    """
    for check in STREAM_CHECKS:
        check(stream)


def check_block_size_changes_nothing(stream: "Stream") -> None:
    """Blocks have the size asked for, but for the last, and hold the same rows at any size."""
    expected = _first(stream, _N_ROWS)
    for size in (7, 100, _N_ROWS + 1):
        sizes = [len(y) for _, y in _cut(stream.blocks(size), _N_ROWS)]
        require(
            all(n == size for n in sizes[:-1]), f"blocks({size}) gave blocks of {set(sizes)} rows"
        )
        _require_same(_first(stream, _N_ROWS, size), expected, f"in blocks of {size} rows")
    _require_same(_first(stream, 20, 1), _head(expected, 20), "in blocks of one row")


def check_pairs_are_the_blocks(stream: "Stream") -> None:
    """Iterating gives the rows and targets of the blocks, with labels in place of codes."""
    X, y = _first(stream, _N_ROWS)
    pairs: list[tuple[Any, Any]] = list(stream.take(_N_ROWS))
    require(len(pairs) == len(y), f"{len(pairs)} pairs came, and {len(y)} rows in blocks")
    # targets and values by their text, since NaN is not equal to itself
    targets = [repr(target) for target in stream.schema.to_values(y)]
    require(
        [repr(target) for _, target in pairs] == targets, "pairs have other targets than blocks"
    )
    if X.ndim > 2:  # images come as they are
        same = [np.array_equal(x, image) for (x, _), image in zip(pairs, X, strict=True)]
        require(all(same), "images of pairs differ")
    else:
        rows = [repr(x) for x in stream.schema.to_dicts(X)]
        require([repr(x) for x, _ in pairs] == rows, "pairs have other values than blocks")


def check_starts_anew(stream: "Stream") -> None:
    """Every iteration starts from row 0, also while another one is on its way."""
    expected = _first(stream, _N_ROWS, 50)
    one, other = (_cut(stream.blocks(50), _N_ROWS) for _ in range(2))
    for blocks in zip(*zip(one, other, strict=True), strict=True):  # a block of each by turns
        _require_same(_joined(blocks), expected, "while another iteration is on its way")


def check_copies_start_anew(stream: "Stream") -> None:
    """A pickled and a deep copy, made in the middle, give the rows of the stream."""
    expected = _first(stream, _N_ROWS)
    under_way = stream.blocks(10)
    next(under_way)
    _require_same(_first(pickle.loads(pickle.dumps(stream)), _N_ROWS), expected, "after pickling")
    _require_same(_first(copy.deepcopy(stream), _N_ROWS), expected, "in a deep copy")


def check_blocks_are_the_callers(stream: "Stream") -> None:
    """What a caller does to a block reaches neither the stream nor later blocks."""
    expected = _first(stream, _N_ROWS)
    kept = []
    for X, y in _cut(stream.blocks(100), _N_ROWS):
        kept.append((X.copy(), y.copy()))
        X[...], y[...] = 1, 0
    _require_same(_joined(kept), expected, "while the caller overwrote its blocks")
    _require_same(_first(stream, _N_ROWS), expected, "after the caller overwrote its blocks")


def check_schema_fits(stream: "Stream") -> None:
    """Columns, codes, length and drift positions are as the stream says."""
    X, y = _first(stream, _N_ROWS)
    schema, n = stream.schema, stream.n_samples
    width = int(np.prod(X.shape[1:]))
    require(width == schema.n_features, f"{width} columns came, the schema has {schema.n_features}")
    require(X.dtype == (np.float64 if X.ndim == 2 else np.uint8), f"X must not be {X.dtype}")
    expected = schema.empty_target(0).dtype
    require(y.dtype == expected, f"y must be {expected}, got {y.dtype}")
    if schema.n_classes:
        known = (y >= 0) & (y < schema.n_classes)
        require(bool(known.all()), "codes must be those of the labels")
    else:
        fits = np.isnan(y) if schema.target is None else np.isfinite(y)
        require(bool(fits.all()), "y must be finite numbers, or NaN where there is no target")
    for name in schema.nominal:
        codes = X[:, schema.column(name)]
        codes = codes[~np.isnan(codes)]
        top = len(schema.categories[name]) if name in schema.categories else 10_000
        whole = bool((codes == np.floor(codes)).all())
        require(whole, f"nominal {name!r} must have whole numbers")
        require(bool(((codes >= 0) & (codes < top)).all()), f"{name!r} has codes of no category")
    if n is None or n > _N_ROWS:
        require(len(y) == _N_ROWS, f"the stream ended after {len(y)} rows")
    else:
        rest = sum(len(codes) for _, codes in stream.blocks(_N_ROWS + 1))
        require(rest == n, f"n_samples is {n}, but {rest} rows came")
    drifts = list(stream.drift_positions)
    require(drifts == sorted(drifts), f"drift_positions must ascend, got {drifts}")
    if n is not None:
        require(all(0 <= at < n for at in drifts), f"drift_positions must be below {n}: {drifts}")


STREAM_CHECKS = (
    check_schema_fits,
    check_block_size_changes_nothing,
    check_pairs_are_the_blocks,
    check_starts_anew,
    check_copies_start_anew,
    check_blocks_are_the_callers,
)


def _cut(blocks: Iterator["Block"], n: int) -> Iterator["Block"]:
    """Yield blocks until `n` rows are reached or passed."""
    left = n
    for X, y in blocks:
        yield X, y
        left -= len(y)
        if left <= 0:
            return


def _joined(blocks: Iterable["Block"]) -> "Block":
    blocks = list(blocks)
    require(bool(blocks), "the stream gave no row")
    return np.concatenate([X for X, _ in blocks]), np.concatenate([y for _, y in blocks])


def _head(rows: "Block", n: int) -> "Block":
    return rows[0][:n], rows[1][:n]


def _first(stream: "Stream", n: int, size: int = 1000) -> "Block":
    """Return the first `n` rows, or all where there are fewer."""
    return _head(_joined(_cut(stream.blocks(size), n)), n)


def _require_same(got: "Block", expected: "Block", when: str) -> None:
    n = len(got[1])
    require(n >= len(expected[1]), f"{n} rows came {when}, {len(expected[1])} otherwise")
    X, y = _head(got, len(expected[1]))
    for what, a, b in (("rows", X, expected[0]), ("targets", y, expected[1])):
        same = np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        require(same, f"{what} differ {when}")
