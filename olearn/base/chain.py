"""Steps of a pipeline in succession: rows are encoded once and pass on as float64.

A single learner is a chain without steps before it. Blocks are cut where columns, categories or
labels are learnt for the first time, so that all grow at the same rows as in a loop.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from olearn.base.stages import parts
from olearn.core.categories import CategoryIndex
from olearn.core.labels import CodedLabels
from olearn.core.tables import Names, Table
from olearn.core.types import Codes, Rows
from olearn.core.validate import row_targets
from olearn.core.values import is_text

_NUMBERS_AT_ONCE = 32_768  # of rows through all steps: they stay in the processor's cache


class Link:
    """Between two steps: the columns of the first become those of the second."""

    def __init__(self, before: Any, after: Any) -> None:
        self._before = before
        self._after = after
        self._features = after._features
        # kernels of single rows take them as they are, without a look at their kind
        self._is_ours = type(before).__module__.startswith("olearn.")
        self._known = (-1, -1)
        self._take: Codes | None = None
        self._numbers: list[tuple[int, CategoryIndex]] = []

    def follow(self) -> None:
        """Let the second step know all columns of the first."""
        names, categories = self._before._columns_out
        known = len(names), sum(kinds is not None for kinds in categories)
        if known == self._known:
            return
        self._features.follow(names, categories)
        columns = self._features.columns(names)
        same = columns == list(range(len(self._features)))
        self._take = None if same else np.array(columns, np.int64)
        self._numbers = [
            (column, kinds)
            for column, kinds in enumerate(categories)
            if kinds is not None and self._features.only_numbers
        ]
        self._known = known

    def __call__(self, rows: Rows) -> Rows:
        """Return rows of the first step, or one, as the second one takes them."""
        if not self._is_ours:
            rows = np.ascontiguousarray(rows, np.float64)
        if self._numbers:
            rows = self._with_numbers(rows)
        if rows.shape[-1] != self._known[0]:  # the first step has learnt by itself
            self.follow()
            self._after._settle()
        if self._take is None:
            return rows
        out = np.full((*rows.shape[:-1], len(self._features)), np.nan)
        out[..., self._take] = rows
        return out

    def _with_numbers(self, rows: Rows) -> Rows:
        """Return rows with the numbers that codes mean, for a step that takes only numbers."""
        for column, kinds in self._numbers:
            if not kinds.all_own:
                rows, values = rows.copy(), kinds.values()
                codes = np.atleast_1d(rows[..., column]).tolist()
                rows[..., column] = [values.get(code, code) for code in codes]
        return rows


class Chain:
    """Steps that are all stages; the last one answers.

    Parameters
    ----------
    steps
        Transformers, and at the end a classifier, regressor or anomaly detector.
    learns_first
        Whether unsupervised transformers learn a row when it is predicted, before they turn it, and
        not when its label comes.

    """

    def __init__(self, *steps: Any, learns_first: bool = False) -> None:
        *self.steps, self.last = steps
        self._all = steps
        self.reads_targets = any(step._target_is_number for step in self.steps)
        self._links = [Link(*pair) for pair in pairwise(steps)]
        self._linked = list(zip(self.steps, self._links, strict=True))
        self.encoder = steps[0]._features
        self.learns_first = learns_first
        self.learning: Chain | None = None  # of the same steps, which learns first
        if self._links and len(self.encoder):
            self.settle()

    # -- columns ---------------------------------------------------------------------------------

    def room(self, n_categories: int) -> Any:
        """Return the rooms that all steps make for so many categories."""
        return tuple(step._room(n_categories) for step in self._all)

    def settle(self) -> None:
        """Let all steps make room for what the encoder knows."""
        self._all[0]._settle()
        for link, step in zip(self._links, self._all[1:], strict=True):
            link.follow()
            step._settle()

    def expect_row(self, x: Mapping[Any, Any]) -> None:
        """Check the new features of a row, and declare those that are wanted as categories."""
        if self._links and not self.encoder.has(x):
            self._expect(x)

    def expect_table(self, table: Table) -> None:
        """Do as `expect_row` for a table."""
        if not self._links or self.encoder.has(table.names):
            return
        values = {}
        for name, column in zip(table.names, table.columns(), strict=True):
            texts = column if is_text(column) else table.categories.get(name, ())
            values[name] = next((value for value in texts if isinstance(value, str)), None)
        self._expect(values)

    def _expect(self, values: Mapping[Any, Any]) -> None:
        new = [name for name in values if not self.encoder.has((name,))]
        for name in new:
            if isinstance(values[name], str):
                self.refuse_text(name, values[name])
        self.encoder.declare([name for name in new if self.wants_categories(name)])

    def wants_categories(self, name: Any) -> bool:
        """Tell whether a step that is handed a feature wants it as categories."""
        return any(step._wants_categories(name) for step in self._handed(name))

    def refuse_text(self, name: Any, value: Any) -> None:
        """Raise ValueError if text of this feature would reach a step that takes only numbers."""
        for step in self._handed(name):
            step._refuse_text(name, value)

    def hands_on(self, name: Any) -> bool:
        """Tell whether a feature leaves all steps as it came."""
        return all(step._hands_on(name) for step in self._all)

    def _handed(self, name: Any) -> list[Any]:
        """Return the steps that a feature reaches as it came."""
        handed = []
        for step in self._all:
            handed.append(step)
            if not step._hands_on(name):
                break
        return handed

    # -- one row ---------------------------------------------------------------------------------

    def encode_learning(self, x: Mapping[Any, Any]) -> Rows:
        """Encode a row that is to be learnt."""
        row: Rows | None = self.encoder.quick(x)
        if row is None:
            self.encoder.check_one(x)
            self.expect_row(x)
            row = self.encoder.learn_one(x)
            self.settle()
        return row

    def encode(self, x: Mapping[Any, Any]) -> Rows:
        """Encode a row that is only predicted."""
        row: Rows | None = self.encoder.quick(x)
        return self.encoder.encode_one(x) if row is None else row

    def transform_row(self, row: Rows) -> Rows:
        """Hand a row through the steps before the last."""
        for step, link in self._linked:
            row = link(step._transform_row(row))
        return row

    def learn_row(self, row: Rows, y: Any, w: float) -> Rows:
        """Let the steps before the last learn a row one after the other; return what they make."""
        if self.learns_first:
            return self._learn_some(row, y, w, supervised=True)
        for step, link in self._linked:
            row = link(step._learn_and_transform_row(row, y, w))
        return row

    def learn_and_transform(self, x: Mapping[Any, Any]) -> Rows:
        """Let unsupervised steps learn a row that is predicted, before each turns it."""
        return self._learn_some(self.encode_learning(x), None, 1.0, supervised=False)

    def _learn_some(self, row: Rows, y: Any, w: float, *, supervised: bool) -> Rows:
        for step, link in self._linked:
            learns = step._supervised == supervised
            turned = (
                step._learn_and_transform_row(row, y, w) if learns else step._transform_row(row)
            )
            row = link(turned)
        return row

    # -- many rows -------------------------------------------------------------------------------

    def transform_rows(self, rows: Rows) -> Rows:
        """Hand rows through the steps before the last."""
        for step, link in self._linked:
            rows = link(step._transform_rows(rows))
        return rows

    def transform_table(self, X: Any, names: Names) -> Rows:
        """Encode rows that are only predicted, and hand them through the steps before the last."""
        return self.transform_rows(self.encoder.encode_many(self.encoder.check_many(X, names)))

    def stage_rows(self, A: Rows, B: Rows, y: Any, w: Rows, upto: Codes) -> tuple[Rows, Rows]:
        """Hand a block through the steps before the last; see `olearn.base.stages`."""
        for step, link in self._linked:
            if self.learns_first and not step._supervised:
                A, B = _learning_first(step, A, B, upto)
            else:
                A, B = step._stage_rows(A, B, y, w, upto)
            A, B = link(A), link(B)
        return A, B

    def run(
        self,
        A: Table,
        B: Table,
        upto: Codes,
        y: Any = None,
        w: Rows | None = None,
        **how: Any,
    ) -> list[Any]:
        """Answer the rows of `A`, learning those of `B` in between.

        Parameters
        ----------
        A, B
            Checked tables: the rows that are predicted, and those that are learnt, in their order.
        upto
            As in a `Schedule`.
        y, w
            Codes or targets, and weights, of `B`; no `w` is ones.
        how
            For `_answers` of the last step.

        Returns
        -------
        list
            What the last step answers, in consecutive parts.

        """
        values = y
        if self.reads_targets and "labels" in how:
            values = numbers_of(how["labels"])[y]
        if self.learns_first:
            self._learn_columns(A)
        self.expect_table(B)
        cuts = self.encoder.arrivals(B, self.room) if len(B) else []
        out = []
        for part in parts(cuts, upto, len(B)):
            due, lead, seen = part.due, part.lead, None
            learnt = np.empty((0, len(self.encoder)))
            if due.stop > due.start:
                learnt = self.encoder.learn_many(B if not cuts else B[due])
                self.settle()
            y_due, read, w_due = _cut(y, due), _cut(values, due), _cut(w, due)
            if lead:
                first = slice(lead)
                given = _cut(y_due, first), _cut(read, first), _cut(w_due, first)
                self._learn(learnt[:lead], *given, how)
            rest = slice(lead, None)
            y_due, read, w_due = (_cut(each, rest) for each in (y_due, read, w_due))
            if part.rows.stop > part.rows.start:
                same = A is B and part.rows == slice(due.start + lead, due.stop)
                seen = learnt[rest] if same else self.encoder.encode_many(A[part.rows])
                rows = seen, learnt[rest] if not same else seen
                out += self._through(*rows, part.upto, y_due, read, w_due, how)
        return out

    def _learn_columns(self, table: Table) -> None:
        """Make room for all columns of rows that are learnt as they are predicted."""
        self.expect_table(table)
        if any(self.encoder.arrivals(table, self.room)[1:]):
            raise ValueError(
                "X must bring no new category after its first row while unsupervised steps learn "
                "as they predict: give rows one by one"
            )
        self.encoder.learn_many(table)
        self.settle()

    def learn(self, table: Table, y: Any, w: Rows, **how: Any) -> None:
        """Learn the rows of a checked table in order, predicting none."""
        self.run(table[:0], table, np.empty(0, np.int64), y, w, **how)

    def _learn(self, B: Rows, y: Any, read: Any, w: Rows | None, how: dict[str, Any]) -> None:
        weights = np.ones(len(B)) if w is None else w
        _, learnt = self.stage_rows(B[:1], B, read, weights, np.array([len(B)]))
        list(self.last._answers(None, learnt, None, y, w, **how))

    def _through(
        self, A: Rows, B: Rows, upto: Codes, y: Any, read: Any, w: Rows | None, how: dict[str, Any]
    ) -> list[Any]:
        if not self.steps:
            return list(self.last._answers(A, B, upto, y, w, **how))
        out = []
        learnt = 0
        at_once = max(_NUMBERS_AT_ONCE // max(A.shape[1], 1), 1)
        for start in range(0, len(A), at_once):
            rows = slice(start, start + at_once)
            plan = upto[rows] - learnt
            due = slice(learnt, learnt + int(plan[-1]))
            learnt = due.stop
            a, b, y_due, w_due = A[rows], B[due], _cut(y, due), _cut(w, due)
            weights = np.ones(len(b)) if w_due is None else w_due
            a, b = self.stage_rows(a, b, _cut(read, due), weights, plan)
            out += self.last._answers(a, b, plan, y_due, w_due, **how)
        return out

    def classify(
        self,
        A: Any,
        B: Any,
        y: Any,
        upto: Codes | None,
        names: Names,
        proba: bool,
        w: Rows | None = None,
    ) -> CodedLabels | Rows:
        """Do as `run` for a classifier, of what is given; see `ArrayClassifier._run_schedule`."""
        seen, learnt = self._tables(A, B, names)
        codes, labels = self.last._plan(y, len(learnt))
        how = {"labels": labels, "proba": proba}
        out = self.run(seen, learnt, _plan(upto, learnt), codes, w, **how)
        known = self.last.labels
        if not proba:
            return CodedLabels(np.concatenate([np.empty(0, np.int64), *out]), known)
        probabilities = np.full((len(seen), len(known)), np.nan)
        row = 0
        for part in out:
            probabilities[row : row + len(part), : part.shape[1]] = part
            row += len(part)
        return probabilities

    def regress(self, A: Any, B: Any, y: Any, upto: Codes | None, names: Names) -> Rows:
        """Do as `run` for a regressor, of what is given; see `ArrayRegressor._run_schedule`."""
        seen, learnt = self._tables(A, B, names)
        targets = row_targets(y, len(learnt))
        return np.concatenate([np.empty(0), *self.run(seen, learnt, _plan(upto, learnt), targets)])

    def score(self, A: Any, B: Any, y: Any, upto: Codes | None, names: Names) -> Rows:
        """Do as `run` for an anomaly detector; `y` is for steps that read labels."""
        seen, learnt = self._tables(A, B, names)
        return np.concatenate([np.empty(0), *self.run(seen, learnt, _plan(upto, learnt), y)])

    def _tables(self, A: Any, B: Any, names: Names) -> tuple[Any, Any]:
        learnt = self.encoder.check_many(B, names)
        return learnt if A is B else self.encoder.check_many(A, names), learnt


def _learning_first(step: Any, A: Rows, B: Rows, upto: Codes) -> tuple[Rows, Rows]:
    """Stage rows of which those predicted are learnt, right before, and the others only turned.

    The step's own stage does it with the roles exchanged: it turns the next of `B`, then learns and
    turns what comes of `A`.
    """
    n, weights = len(A), np.ones(len(A))
    # rows of `A` that come before each of `B`
    before = np.searchsorted(upto, np.arange(len(B)), side="right") + 1
    lead = int(before[0]) if len(B) else n
    _, first = step._stage_rows(A[:1], A[:lead], None, weights[:lead], np.array([lead]))
    plan = np.append(before[1:], n) - lead if len(B) else np.empty(0, np.int64)
    turned, rest = step._stage_rows(B, A[lead:], None, weights[lead:], plan)
    return np.concatenate([first, rest]), turned


def numbers_of(labels: Sequence[Any]) -> Rows:
    """Return labels as the numbers that they are, for steps that read targets."""
    for label in labels:
        if not isinstance(label, bool | int | np.bool_ | np.integer):
            raise ValueError(
                f"y must be numbers or truth values, got the label {label!r}: a step of the "
                "pipeline reads the target as a number"
            )
    return np.array(labels, np.float64)


def _plan(upto: Codes | None, learnt: Any) -> Codes:
    return np.arange(1, len(learnt) + 1) if upto is None else upto


def _cut(values: Any, rows: slice) -> Any:
    return None if values is None else values[rows]
