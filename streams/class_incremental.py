"""Class-incremental streams: classes arrive task by task, images or rows of a table."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from olearn.core.validate import check_flag, check_in_range, check_integer
from olearn.streams._columns import sorted_labels
from olearn.streams.arrays import checked_codes
from olearn.streams.base import Block, Ints, Reader, Schema, Stream, column_names, read_slices

__all__ = ["ClassIncremental"]

Examples = NDArray[Any]  # uint8 images (n, channels, height, width) or numbers (n, d)


class ClassIncremental(Stream):
    r"""Examples of a few classes at a time, one task after another, each example once[^1].

    The classes are put into an order and dealt out to the tasks; a task's examples come shuffled.
    The stream says nothing of tasks to the learner: `tasks`, `task_ends` (also as
    `drift_positions`) and `test_set` are for who evaluates, such as
    `olearn.evaluate.class_incremental`. Iterating yields `(image, label)`, the image an uint8 array
    `(channels, height, width)`, or `(dict, label)` for rows of a table; blocks are
    `(X, codes of schema.labels)`, images as uint8 `(n, channels, height, width)`.

    Parameters
    ----------
    X
        Training examples: uint8 images `(n, channels, height, width)`, or numbers `(n, d)`. Kept,
        not copied; may be mapped from a file.
    y
        Shape `(n,)`: labels, or codes 0, 1, ... of `labels` if that is given.
    X_test, y_test
        Test examples of the same classes, one at least of each.
    n_tasks
        Number of tasks, from 1 to the number of classes. Where it does not divide the number of
        classes, the first tasks have one class more.
    seed
        Non-negative integer: draws the order of the classes, of the examples, and all else.
    class_order
        `"random"`; None for the order of `labels`; or all labels in the order wanted.
    blurry
        Share of each task's examples that come in another task, drawn for each, in [0, 1): the
        boundaries blur, and every class may come at any time.
    imbalance
        Size of the smallest class divided by that of the largest, in (0, 1]. Below 1 the sizes
        fall geometrically, over the classes in an order of their own; the first examples are kept.
    train_per_class, test_per_class
        Examples of each class to keep, the first ones, at least 1; None keeps all.
    labels
        Class labels in code order; None means those of `y`, sorted.
    flat
        Gives images as rows of pixels in [0, 1] (channel by channel, each row by row), for learners
        of tables.
    name
        What the data are called in tables and reports.

    Raises
    ------
    ValueError, TypeError
        If shapes, labels or a parameter do not fit the above.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from olearn import streams
    >>> X, y = load_digits(return_X_y=True)
    >>> stream = streams.ClassIncremental(X[:1500], y[:1500], X[1500:], y[1500:], n_tasks=5, seed=1)
    >>> stream.tasks
    ((4, 1), (6, 7), (0, 5), (9, 2), (3, 8))
    >>> stream.task_ends
    (299, 599, 902, 1201, 1500)
    >>> X_test, codes = stream.test_set(0)
    >>> X_test.shape, sorted(set(codes.tolist()))
    ((64, 64), [1, 4])

    References
    ----------
    [^1]: Mai, Z. et al. (2022). Online continual learning in image classification: an empirical
        survey. Neurocomputing 469, 28-51. The online class-incremental setting.

    """

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        X_test: ArrayLike,
        y_test: ArrayLike,
        n_tasks: int = 5,
        *,
        seed: int = 0,
        class_order: str | Sequence[Any] | None = "random",
        blurry: float = 0.0,
        imbalance: float = 1.0,
        train_per_class: int | None = None,
        test_per_class: int | None = None,
        labels: Sequence[Any] | None = None,
        flat: bool = False,
        name: str = "class-incremental",
    ) -> None:
        check_integer("seed", seed, 0)
        check_in_range("blurry", blurry, 0.0, 1.0, open_high=True)
        check_in_range("imbalance", imbalance, 0.0, 1.0, open_low=True)
        for what, limit in (
            ("train_per_class", train_per_class),
            ("test_per_class", test_per_class),
        ):
            if limit is not None:
                check_integer(what, limit, 1)
        self.X, self.X_test = _check_examples("X", X), _check_examples("X_test", X_test)
        if self.X.shape[1:] != self.X_test.shape[1:]:
            raise ValueError(
                f"X_test must have the shape of X, {self.X.shape[1:]}, got {self.X_test.shape[1:]}"
            )
        self.y, self.y_test, self.labels = y, y_test, labels
        distinct = sorted_labels(np.asarray(y).tolist())[0] if labels is None else tuple(labels)
        codes = _encode("y", y, len(self.X), distinct, labels is not None)
        check_flag("flat", flat)
        self._test_codes = _encode("y_test", y_test, len(self.X_test), distinct, labels is not None)
        check_integer("n_tasks", n_tasks, 1, len(distinct))
        self.n_tasks, self.seed, self.class_order, self.flat = n_tasks, seed, class_order, flat
        self.blurry, self.imbalance, self.name = blurry, imbalance, name
        self.train_per_class, self.test_per_class = train_per_class, test_per_class
        rows = self._deal_out(codes, distinct)
        self._order = np.concatenate(rows)
        self._codes = codes[self._order]
        self.task_ends = tuple(np.cumsum([len(task) for task in rows]).tolist())
        """Number of examples up to the end of each task."""
        schema = Schema(column_names(math.prod(self.X.shape[1:])), (), distinct)
        super().__init__(schema, len(self._order), self.task_ends[:-1])

    def _deal_out(self, codes: Ints, labels: tuple[Any, ...]) -> list[Ints]:
        """Deal the classes out to the tasks; return the training rows of each in their order."""
        # each thing drawn has a generator of its own, so that an option leaves the others alone
        by_order, by_size, by_row, by_blur = (
            np.random.default_rng(part) for part in np.random.SeedSequence(self.seed).spawn(4)
        )
        classes = _order_classes(self.class_order, labels, by_order)
        tasks = [task.tolist() for task in np.array_split(classes, self.n_tasks)]
        self.tasks = tuple(tuple(labels[code] for code in task) for task in tasks)
        """Labels of each task."""
        tested = _kept_rows(self._test_codes, self.test_per_class)
        self._test_rows = [np.concatenate([tested[code] for code in task]) for task in tasks]
        kept = _long_tail(_kept_rows(codes, self.train_per_class), self.imbalance, by_size)
        rows = [np.concatenate([kept[code] for code in task]) for task in tasks]
        return [by_row.permutation(task) for task in _blur(rows, self.blurry, by_blur)]

    @property
    def gives_images(self) -> bool:
        """Whether examples are images, not rows of a table."""
        return self.X.ndim == 4 and not self.flat

    def test_set(self, task: int) -> Block:
        """Return the test examples of a task's classes and their codes; `task` counts from 0."""
        check_integer("task", task, 0, self.n_tasks - 1)
        rows = self._test_rows[task]
        return self._read(self.X_test, rows), self._test_codes[rows]

    def task_blocks(self, task: int, size: int = 1000) -> Iterator[Block]:
        """Yield a task's examples in blocks as `blocks` does; `task` counts from 0."""
        check_integer("task", task, 0, self.n_tasks - 1)
        check_integer("size", size, 1)
        start, end = (0, *self.task_ends)[task], self.task_ends[task]
        firsts = range(start, end, size)
        return (self._block(slice(first, min(first + size, end))) for first in firsts)

    def _open(self) -> Reader:
        return read_slices(self._block)

    def _block(self, part: slice) -> Block:
        return self._read(self.X, self._order[part]), self._codes[part].copy()

    def _read(self, X: Examples, rows: Ints) -> Examples:
        if self.gives_images:
            return X[rows]
        if self.flat and X.ndim == 4:
            return X[rows].reshape(len(rows), -1) / 255.0
        return X[rows].astype(np.float64)

    def _items(self, X: Examples) -> Iterator[Any]:
        return iter(X) if self.gives_images else super()._items(X)

    @property
    def desc(self) -> str:
        """What comes, in one sentence."""
        kind = f"images of {'x'.join(map(str, self.X.shape[1:]))}" if self.X.ndim == 4 else "rows"
        return f"{self.name}: {kind}, {self.schema.n_classes} classes in {self.n_tasks} tasks."

    @property
    def _repr_content(self) -> dict[str, str]:
        return {**super()._repr_content, "Name": self.name}


def _check_examples(name: str, X: ArrayLike) -> Examples:
    X = np.asarray(X)  # a map of a file is not read yet
    if X.ndim == 4 and X.dtype != np.uint8:
        raise TypeError(f"{name} must be uint8 for images, got {X.dtype}")
    if X.ndim not in (2, 4) or X.dtype.kind not in "biuf" or not X.size:
        raise ValueError(
            f"{name} must be numbers (n, d) or images (n, channels, height, width), at least one, "
            f"got shape {X.shape} of dtype {X.dtype}"
        )
    return X


def _encode(
    name: str, y: ArrayLike, n: int, labels: tuple[Any, ...], are_codes: bool
) -> NDArray[np.int64]:
    given = np.asarray(y)
    if given.shape != (n,):
        raise ValueError(f"{name} must have shape ({n},), one label an example, got {given.shape}")
    if are_codes:
        found = checked_codes(given, len(labels), name)
    else:
        codes = {label: code for code, label in enumerate(labels)}
        try:
            found = np.array([codes[label] for label in given.tolist()], np.int64)
        except KeyError as error:
            raise ValueError(f"{name} must hold labels of y, got {error.args[0]!r}") from error
    counts = np.bincount(found, minlength=len(labels))
    if not counts.all():
        absent = labels[int(counts.argmin())]
        raise ValueError(f"{name} must hold every label, {absent!r} is absent")
    return found


def _order_classes(
    class_order: str | Sequence[Any] | None, labels: tuple[Any, ...], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return the codes in the order in which the classes come."""
    if class_order is None:
        return np.arange(len(labels))
    if isinstance(class_order, str):
        if class_order != "random":
            raise ValueError(f"class_order must be 'random', None or labels, got {class_order!r}")
        return rng.permutation(len(labels))
    given = list(class_order)
    if sorted(map(repr, given)) != sorted(map(repr, labels)):
        raise ValueError(f"class_order must hold each of {labels} once, got {given}")
    return np.array([labels.index(label) for label in given])


def _kept_rows(codes: Ints, limit: int | None) -> list[Ints]:
    """Return the first rows of each class."""
    return [np.flatnonzero(codes == code)[:limit] for code in range(int(codes.max()) + 1)]


def _long_tail(rows: list[Ints], imbalance: float, rng: np.random.Generator) -> list[Ints]:
    """Cut the classes to sizes that fall geometrically from the largest one's."""
    if imbalance == 1.0:
        return rows
    shares = imbalance ** (rng.permutation(len(rows)) / max(len(rows) - 1, 1))
    largest = max(map(len, rows))
    return [
        part[: max(1, round(largest * share))] for part, share in zip(rows, shares, strict=True)
    ]


def _blur(tasks: list[Ints], share: float, rng: np.random.Generator) -> list[Ints]:
    """Move a share of each task's rows, each to another task drawn for it."""
    if not share or len(tasks) == 1:
        return tasks
    parts: list[list[Ints]] = [[] for _ in tasks]
    for k, rows in enumerate(tasks):
        rows = rng.permutation(rows)
        n_moved = int(share * len(rows))
        parts[k].append(rows[n_moved:])
        for row in rows[:n_moved]:
            target = (k + rng.integers(1, len(tasks))) % len(tasks)
            parts[target].append(np.array([row]))
    return [np.concatenate(part) for part in parts]
