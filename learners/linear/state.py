"""Weights of a linear model: arrays that grow, and the calls of the kernels."""

import numpy as np

from olearn.core.telling import tell
from olearn.core.types import Codes, Rows
from olearn.learners.linear import kernels
from olearn.learners.linear import layout as at

_NO_TARGETS = np.empty(0)


class LinearState:
    """What a linear model has learnt; a subclass of none, and owned by one model.

    Parameters
    ----------
    conf
        Parameters as numbers, see `settings.conf_of`.
    intercept
        Where the intercept starts.

    """

    def __init__(self, conf: Rows, intercept: float = 0.0) -> None:
        self.conf = conf
        self.heads = np.zeros((0, at.N_HEAD))
        self.slots = np.zeros((0, at.N_SLOTS, 0))
        self._start = intercept
        self._is_said = False

    def grow(self, n_columns: int, n_labels: int = 1) -> None:
        """Make room for columns and labels; what is new starts at 0."""
        labels, _, columns = self.slots.shape
        if n_labels > labels:
            heads = np.zeros((n_labels, at.N_HEAD))
            heads[:, at.INTERCEPT] = self._start
            heads[:, at.CLASS_WEIGHT] = 1.0
            heads[:labels] = self.heads
            self.heads = heads
        if n_labels > labels or n_columns > columns:
            room = max(n_columns, 2 * columns) if n_columns > columns else columns
            slots = np.zeros((max(n_labels, labels), at.N_SLOTS, room))
            slots[:labels, :, :columns] = self.slots
            self.slots = slots

    def watch(self, limit: float) -> None:
        """Note in silence a score above `limit` times the largest target."""
        self.conf[at.LIMIT], self._is_said = limit, True

    def weights(self, label: int, n_columns: int) -> Rows:
        """Return a copy of the weights of a label."""
        return self.slots[label, at.WEIGHT, :n_columns].copy()

    # -- two labels, or numbers ------------------------------------------------------------------

    def learn_row(self, row: Rows, y: float, w: float) -> None:
        """Learn one row."""
        trouble = kernels.row_learner()(self.conf, self.heads, self.slots, row, y, w)
        if trouble and not self._is_said:
            self._say(trouble)

    def answer_row(self, row: Rows) -> float:
        """Answer one row: the probability of the positive label, or a number."""
        answer: float = kernels.row_answerer()(self.conf, self.heads, self.slots, row)
        return answer

    def run(self, A: Rows, B: Rows, y: Rows, w: Rows, upto: Codes) -> Rows:
        """Answer the rows of `A`, and learn those of `B` in between; see `kernels.stage`."""
        out = np.empty(len(A))
        trouble = kernels.stage(self.conf, self.heads, self.slots, A, B, y, w, upto, out)
        if trouble and not self._is_said:
            self._say(trouble)
        return out

    def answer(self, X: Rows) -> Rows:
        """Answer rows."""
        return self.run(X, X[:0], _NO_TARGETS, _NO_TARGETS, np.zeros(len(X), np.int64))

    def learn(self, X: Rows, y: Rows, w: Rows) -> None:
        """Learn rows in order."""
        self.run(X[:1], X, y, w, np.array([len(X)]))

    # -- several labels --------------------------------------------------------------------------

    def run_softmax(self, A: Rows, B: Rows, y: Codes, w: Rows, upto: Codes, n_labels: int) -> Rows:
        """Do as `run` for codes `y`; returns probabilities `(n, n_labels)`."""
        out, scratch = np.empty((len(A), n_labels)), np.empty((1, n_labels))
        trouble = kernels.softmax_stage(
            self.conf, self.heads, self.slots, A, B, y, w, upto, out, scratch
        )
        if trouble and not self._is_said:
            self._say(trouble)
        return out

    def _say(self, trouble: float) -> None:
        self._is_said = True
        what = f"reached {trouble:.3g}" if np.isfinite(trouble) else "left the range of floats"
        tell(
            f"the score of a row {what}, so the model diverges: put a StandardScaler in front, or "
            "take a smaller learning rate"
        )
