"""A raw table with a target: which columns are features, of what kind, and what the target is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.tasks import ANOMALY, CLASSIFICATION, REGRESSION
from olearn.core.times import time_parts
from olearn.core.validate import check_choice, suggestion
from olearn.core.values import as_floats
from olearn.streams._columns import Chunk, Coded, Values, numbers_of, sorted_labels
from olearn.streams.formats.base import NOMINAL, NUMBER, TIME, UNKNOWN, VERBATIM, RawTable

USUAL_TARGETS = ("class", "target", "label")
TIME_PARTS = ("month", "weekday", "hour")


@dataclass(frozen=True)
class ColumnOptions:
    """What the user says of the columns; the parameters are those of `from_file`."""

    target: str | None = None
    task: str = CLASSIFICATION
    target_text: bool = False
    nominal: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    time: tuple[str, ...] = ()
    inf: str = "raise"
    unlabelled: str = "raise"


class LabelledTable:
    """Splits a raw table into features and labels; an olearn.streams._columns.Source.

    Parameters
    ----------
    table
        Where the rows come from.
    options
        What the user says of its columns.

    """

    def __init__(self, table: RawTable, options: ColumnOptions) -> None:
        check_choice("task", options.task, (CLASSIFICATION, REGRESSION, ANOMALY))
        if options.target_text and options.task == REGRESSION:
            raise ValueError("target_text must be False for regression, got True")
        check_choice("inf", options.inf, ("raise", "missing"))
        check_choice("unlabelled", options.unlabelled, ("raise", "drop"))
        self.table = table
        self._options = options
        self.target: Any = _target(table, options)  # None where rows have none
        self._numeric = options.task == REGRESSION
        if self._numeric and self.target in table.booleans:
            raise ValueError(
                f"target must be a column of numbers for regression, got truth values in "
                f"{self.target!r}{self._other_targets()}"
            )
        features = [name for name in table.columns if name != self.target]
        for argument in ("drop", "nominal", "numeric", "time"):
            for name in getattr(options, argument):
                _check_feature(argument, name, features)
        self.set_aside: dict[str, str] = {}
        self.n_unlabelled = 0  # rows that the last pass left out
        self.kinds = self._kinds()
        self.names = tuple(self._names())
        if not self.names:
            left_out = "".join(f"; {note}" for note in self.notes())
            raise ValueError(
                f"{table.path} must have a target and at least one more column, got "
                f"{table.columns}{left_out}"
            )
        self.nominal = frozenset(n for n, kind in self.kinds.items() if kind == NOMINAL)

    def notes(self) -> list[str]:
        """Return what was guessed and may surprise, in words for the user."""
        said = {*self._options.nominal, *self._options.numeric}
        notes = [f"column {name!r} is left out: {why}" for name, why in self.set_aside.items()]
        rivals = [n for n in self.names if n.lower() in USUAL_TARGETS]
        if self.target is None:
            notes.append(
                f"rows of {self.table.path.name} have no labels, as no column is called "
                f"{', '.join(USUAL_TARGETS[:-1])} or {USUAL_TARGETS[-1]}; target= names the column "
                "that has them"
            )
        elif rivals and self._options.target is None:
            notes.append(
                f"the target is column {self.target!r}, and {rivals[0]!r} a feature: target= says "
                f"which, drop=[{rivals[0]!r}] leaves it out"
            )
        return [
            *notes,
            *(note for n, note in self.table.notes.items() if n in self.kinds and n not in said),
        ]

    def chunks(self) -> Iterator[Chunk]:
        asked = dict(self.kinds)
        if self.target is not None:
            asked[self.target] = self._kind_of_target()
        n_read = n_kept = 0
        for piece in self.table.pieces(asked):
            if self.table.rows is not None:
                piece = [_first(values, self.table.rows - n_read) for values in piece]
            given = np.full(len(piece[0]), np.nan) if self.target is None else piece.pop()
            n_rows = n_read + len(given)
            values = list(self._features(piece, n_read))
            if self._options.unlabelled == "drop" and self.target is not None:
                there = ~_missing(given)
                given, *values = [_chosen(column, there) for column in (given, *values)]
            labels = self._targets(given, n_read)
            n_read, n_kept = n_rows, n_kept + len(labels)
            yield values, labels
            if n_read == self.table.rows:
                break
        self.n_unlabelled = n_read - n_kept
        if not n_kept:
            what = "data" if not n_read else f"data with {self.a_target} in column {self.target!r}"
            raise ValueError(f"{self.table.path} must have at least one row of {what}, has none")

    def labels(self, seen: Iterable[Any]) -> tuple[tuple[Any, ...], dict[Any, int]]:
        declared = self.table.declared.get(self.target)
        if declared is not None and not self._options.target_text:
            return declared, {label: code for code, label in enumerate(declared)}
        listed = list(seen)
        texts = all(isinstance(label, str) for label in listed)
        numbers: Mapping[str, Any] | None = None
        if texts and not self._options.target_text:
            whole = self.target in self.table.integers
            numbers = {text: int(text) for text in listed} if whole else numbers_of(listed)
        meaning = dict(zip(listed, listed, strict=True)) if numbers is None else numbers
        for text, number in meaning.items():
            if isinstance(number, float):
                self._refuse_real(number, self._row_of(text))
        known = sorted_labels(meaning.values())[0]
        code = {label: k for k, label in enumerate(known)}
        return known, {text: code[label] for text, label in meaning.items()}

    def _kinds(self) -> dict[str, str]:
        """Return the kinds of the features that are read, and fill `set_aside`."""
        options, table = self._options, self.table
        told = {
            **dict.fromkeys(options.time, TIME),
            **dict.fromkeys(options.nominal, NOMINAL),
            **dict.fromkeys(options.numeric, NUMBER),
        }
        kinds = {}
        for name in table.columns:
            if name == self.target or name in options.drop:
                continue
            if name in told:
                kinds[name] = told[name]
            elif name in table.set_aside:
                self.set_aside[name] = table.set_aside[name]
            elif table.kinds.get(name) == TIME:
                self.set_aside[name] = (
                    f"it holds times; time=[{name!r}] reads month, weekday and hour, "
                    f"nominal=[{name!r}] takes it as text"
                )
            elif name in table.doubts:
                raise ValueError(table.doubts[name])
            else:
                kinds[name] = table.kinds.get(name, UNKNOWN)
        return kinds

    def _names(self) -> Iterator[str]:
        for name, kind in self.kinds.items():
            if kind == TIME:
                yield from (f"{name}.{part}" for part in TIME_PARTS)
            else:
                yield name

    def _features(self, piece: Sequence[Values], n_read: int) -> Iterator[Values]:
        for (name, kind), values in zip(self.kinds.items(), piece, strict=True):
            if kind == TIME:
                yield from time_parts(np.asarray(values), TIME_PARTS)
            elif isinstance(values, np.ndarray):
                yield self._finite(name, values, n_read)
            else:
                yield values

    def _finite(self, name: str, values: NDArray[Any], n_read: int) -> NDArray[np.float64]:
        infinite = np.isinf(values)
        if infinite.any():
            if self._options.inf == "raise":
                row = int(infinite.argmax())
                cell = self.table.cell(name, n_read + row) or values[row]
                raise ValueError(
                    f"{self.table.path}: column {name!r} must be finite or missing, got {cell} in "
                    f"row {n_read + row} (from 0); inf='missing' takes infinite cells for missing"
                )
            values = np.where(infinite, np.nan, values)
        return values

    @property
    def a_target(self) -> str:
        """What each row has as its target, in words."""
        return "a number" if self._numeric else "a label"

    def _kind_of_target(self) -> str:
        if self._numeric:
            return NUMBER
        return VERBATIM if self._options.target_text else NOMINAL

    def _targets(self, values: Values, n_read: int) -> list[Any] | Coded:
        if self.target is None:
            return [0.0] * len(values)  # numbers that nobody reads
        return self._numbers(values, n_read) if self._numeric else self._labels(values, n_read)

    def _numbers(self, values: Values, n_read: int) -> list[Any]:
        numbers = as_floats(values) if isinstance(values, list) else np.asarray(values)
        for row in np.flatnonzero(~np.isfinite(numbers)).tolist():
            if numbers[row] != numbers[row]:
                self._refuse_missing(n_read + row)
            cell = self.table.cell(self.target, n_read + row) or numbers[row]
            raise ValueError(
                f"{self.table.path}: the target {self.target!r} must be finite, got {cell} in row "
                f"{n_read + row} (from 0){self._other_targets()}"
            )
        return numbers.tolist()

    def _labels(self, values: Values, n_read: int) -> list[Any] | Coded:
        if isinstance(values, Coded):
            if (values.codes < 0).any():
                self._refuse_missing(n_read + int((values.codes < 0).argmax()))
            return values
        listed: list[Any] = values if isinstance(values, list) else values.tolist()
        for row, label in enumerate(listed, n_read):
            if label is None or label != label:
                self._refuse_missing(row)
            if isinstance(label, float) and not label.is_integer():
                self._refuse_real(label, row)
        if not isinstance(values, list):
            boolean = self.target in self.table.booleans
            listed = [bool(v) if boolean else int(v) for v in listed]
        return list(map(str, listed)) if self._options.target_text else listed

    def _refuse_missing(self, row: int) -> None:
        cell = self.table.cell(self.target, row)
        why = ""
        if cell is not None and cell.strip():
            why = f": its cell {cell!r} means missing"
            if not self._numeric:
                why += "; target_text=True keeps such words as labels"
        why += "; unlabelled='drop' leaves such rows out"
        raise ValueError(
            f"{self.table.path} has no {self.a_target[2:]} in row {row} (from 0) of column "
            f"{self.target!r}{why}{self._other_targets()}"
        )

    def _refuse_real(self, number: float, row: int) -> None:
        raise ValueError(
            f"target must be a column of class labels, got the real number {number!r} in row "
            f"{row} of {self.target!r}{self._other_targets()}; task='regression' takes "
            "measurements, for learners of numbers"
        )

    def _other_targets(self) -> str:
        """Say what else could be the target, and how this one was chosen."""
        listed = ", ".join(map(repr, self.table.columns[:50]))
        how = "" if self._options.target is not None else ", taken as no target= was given"
        return f"; columns are {listed}{how}"

    def _row_of(self, text: str) -> int:
        n_read = 0
        for (values,) in self.table.pieces({self.target: NOMINAL}):
            assert isinstance(values, Coded)
            if text in values.values:
                return n_read + int((values.codes == values.values.index(text)).argmax())
            n_read += len(values)
        return n_read


def _check_feature(argument: str, name: str, features: Sequence[str]) -> None:
    if name not in features:
        listed = ", ".join(map(repr, features[:50]))
        raise ValueError(
            f"{argument} must be among the features {listed}; got {name!r}"
            f"{suggestion(name, features)}"
        )


def _target(table: RawTable, options: ColumnOptions) -> str | None:
    left = [n for n in table.columns if n not in table.set_aside and n not in options.drop]
    target = options.target
    if len(table.columns) < 2 - (options.task == ANOMALY) or not left:
        raise ValueError(
            f"{table.path} must have a target and at least one more column, got {table.columns}"
        )
    if target is None:
        usual = [name for name in left if name.lower() in USUAL_TARGETS]
        if options.task == ANOMALY and not usual:
            return None
        return usual[-1] if usual else left[-1]
    if target not in table.columns:
        listed = ", ".join(map(repr, table.columns))
        raise ValueError(
            f"target must be a column of {table.path.name}: {listed}; got {target!r}"
            f"{suggestion(target, table.columns)}"
        )
    return target


def _missing(labels: Values) -> NDArray[np.bool_]:
    if isinstance(labels, Coded):
        return labels.codes < 0
    if isinstance(labels, list):
        return np.array([label is None for label in labels], dtype=bool)
    return np.isnan(labels)


def _chosen(values: Values, rows: NDArray[np.bool_]) -> Values:
    if isinstance(values, Coded):
        return Coded(values.values, values.codes[rows])
    if isinstance(values, list):
        return [value for value, chosen in zip(values, rows.tolist(), strict=True) if chosen]
    return values[rows]


def _first(values: Values, n: int) -> Values:
    """Return the first rows of a piece of a column, at most n."""
    if len(values) <= n:
        return values
    if isinstance(values, Coded):
        return Coded(values.values, values.codes[:n])
    return values[:n]
