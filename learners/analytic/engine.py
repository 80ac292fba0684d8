"""Analytic ridge regression over rows of numbers: queue, state, lift, weights, balanced head.

Rows wait in a queue and are learnt in blocks cut at fixed places of the stream, so that any
chunking of the calls leaves the same bits. Weights between two blocks are derived from the last
block and the waiting rows and never stored: asking for them changes nothing that is learnt.
"""

import copy
import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from olearn.core.types import Rows
from olearn.learners._row_products import products
from olearn.learners.analytic._columns import Columns, capacity
from olearn.learners.analytic.backends import make_backend
from olearn.learners.analytic.heads import ClassState, pseudo_feature_head, weighted_head
from olearn.learners.analytic.moments import ClassMoments
from olearn.learners.analytic.pending import PendingWeights
from olearn.learners.analytic.random_relu import NoLift, RandomLift, drawn_seed
from olearn.learners.analytic.ridge_core import STATES, SUB_BLOCK, CovarianceState

_TARGET_STEP = 8  # room for targets grows by so many
_SHARED_FROM = 5_000  # numbers of a matrix below which BLAS multiplies a vector on one thread


@dataclass(frozen=True)
class RidgeSettings:
    """What does not change: see the parameters of `AnalyticRidgeClassifier`."""

    n_features: int | None
    gamma: float
    seed: int
    forgetting: float = 1.0
    form: str = "auto"
    balance: str = "none"
    noise: float = 1.0
    block: int | None = None
    refresh: int = 1
    scale: float | None = None
    backend: str = "numpy"
    device: str = "cpu"
    dtype: str = "float64"
    one_hot: bool = True

    @classmethod
    def of(cls, model: Any, **others: Any) -> Self:
        """Return the parameters of a model that bear these names; a seed of None is drawn."""
        shared = {field.name for field in fields(cls)} & {field.name for field in fields(model)}
        given = {name: getattr(model, name) for name in shared}
        return cls(**given | others | {"seed": drawn_seed(model.seed)})

    @property
    def rows_per_block(self) -> int:
        """Rows learnt at a time.

        Where single rows are asked for in between, `auto` needs one inversion (n^3) a block and
        4 n^2 a row: n / 4 rows make the two alike, and cost nothing where nobody asks.
        """
        if self.block is not None:
            return self.block
        if self.form in ("auto", "information") and self.n_features is not None:
            return max(SUB_BLOCK, capacity(self.n_features // 4, SUB_BLOCK))
        return SUB_BLOCK

    @property
    def follows_rows(self) -> bool:
        """Whether weights between blocks come from recursive least squares."""
        plain = self.balance == "none" and self.forgetting == 1.0
        return self.form == "covariance" or (self.form == "auto" and plain)


class RidgeEngine:
    """See the module; rows come in expanded by `Columns`, targets as codes or numbers.

    Parameters
    ----------
    settings
        What does not change.

    """

    def __init__(self, settings: RidgeSettings) -> None:
        self.settings = settings
        self.columns = Columns()
        self.n_targets = 0
        n = settings.n_features
        self.lift: Any = NoLift() if n is None else RandomLift(settings.seed, n, settings.scale)
        self.moments = ClassMoments()
        self.seen = np.zeros(0)  # weight learnt of each class, waiting rows included
        self.n_learnt = 0  # rows, waiting ones included
        self._n_held = 0  # the same, since the last reset
        size = settings.rows_per_block
        self._X, self._t, self._w = np.zeros((size, 0)), np.zeros(size), np.zeros(size)
        self._n_waiting = 0
        self._open_backend()
        self._make_state()

    def _open_backend(self) -> None:
        s = self.settings
        self._ops: Any = make_backend(s.backend, s.dtype, s.device)
        self._drop_derived()

    def _drop_derived(self) -> None:
        self._pending: PendingWeights | None = None
        self._head: tuple[Any, Rows] | None = None

    def _make_state(self) -> None:
        s = self.settings
        kind = ClassState if s.balance == "weights" else STATES[s.form]
        self._state: Any = kind(self._ops, self.n_inner, self._target_room, s.gamma)

    # -- sizes -----------------------------------------------------------------------------------

    @property
    def n_inner(self) -> int:
        """Number of features after the lift, as allocated."""
        n = self.settings.n_features
        return self.columns.width if n is None else n

    def _threads(self, rows: int) -> AbstractContextManager[None]:
        """Return the context for products of so many rows and a matrix of `n_inner` by itself."""
        return self._ops.threads(float(rows) * self.n_inner**2)

    @property
    def _target_room(self) -> int:
        return capacity(self.n_targets, _TARGET_STEP)

    def grow(self, n_targets: int, n_inputs: int) -> None:
        """Make room for all of `columns` and for targets."""
        self.n_targets = n_targets
        width = self.columns.width
        self.lift.follow(self.columns, n_inputs)
        if self._X.shape[1] != width:
            self._X = np.pad(self._X, ((0, 0), (0, width - self._X.shape[1])))
            self._drop_derived()
        if len(self.seen) != n_targets:
            self.seen = np.pad(self.seen, (0, n_targets - len(self.seen)))
            self._drop_derived()
        self.moments.grow(n_targets, width)
        self._state.grow(self.n_inner, self._target_room)

    # -- learning --------------------------------------------------------------------------------

    def learn_rows(self, X: Rows, targets: Any, w: Rows) -> None:
        """Queue rows in order; every full block is learnt. Rows of weight 0 leave no trace."""
        if not w.all():
            kept = w > 0.0
            X, targets, w = X[kept], targets[kept], w[kept]
        size, start = len(self._X), 0
        if self.settings.one_hot:
            self.seen += np.bincount(targets, w, minlength=self.n_targets)
        while start < len(w):
            count = min(size - self._n_waiting, len(w) - start)
            into = slice(self._n_waiting, self._n_waiting + count)
            rows = slice(start, start + count)
            self._X[into], self._t[into], self._w[into] = X[rows], targets[rows], w[rows]
            self._n_waiting += count
            self.n_learnt += count
            self._n_held += count
            start += count
            if self._n_waiting == size:
                self.flush()

    def flush(self) -> None:
        """Learn the waiting rows as a block now."""
        q = self._n_waiting
        if q == 0:
            return
        with self._threads(q):
            self._learn_waiting(self._state, self.moments, q)
        self._n_waiting = 0
        self._X[:] = self._t[:] = self._w[:] = 0.0
        self._drop_derived()

    def _learn_waiting(self, state: Any, moments: ClassMoments, q: int) -> None:
        """Let a state and moments learn the first q waiting rows."""
        if q == 0:
            return
        decay = self.settings.forgetting
        state.learn(*self._block(0, q), decay**q)
        if self.settings.balance == "pfg":
            codes = self._t[:q].astype(np.int64)
            w = self._w[:q] * decay ** np.arange(q - 1, -1, -1)
            moments.learn(self._X[:q], codes, w, decay**q)

    def _block(self, start: int, stop: int) -> tuple[Any, Any]:
        """Return features and targets of waiting rows, times the roots of their weights."""
        ages = np.arange(stop - start - 1, -1, -1)
        root = np.sqrt(self._w[start:stop] * self.settings.forgetting**ages)
        Phi = self.lift.block(self._X[start:stop], self._ops)
        Y = self._targets(self._t[start:stop])
        if (root != 1.0).any():
            Phi, Y = Phi * self._ops.array(root[:, None]), Y * root[:, None]
        return Phi, self._ops.array(Y)

    def _targets(self, t: Rows) -> Rows:
        Y = np.zeros((len(t), self._target_room))
        if self.settings.one_hot:
            Y[np.arange(len(t)), t.astype(np.int64)] = 1.0
        else:
            Y[:, 0] = t
        return Y

    def reset(self) -> None:
        """Forget all rows; columns, targets and the lift stay."""
        self._n_waiting = self._n_held = 0
        self._X[:] = self._t[:] = self._w[:] = 0.0
        self.seen[:] = 0.0
        self.moments = ClassMoments()
        self.moments.grow(self.n_targets, self.columns.width)
        self._drop_derived()
        self._make_state()

    # -- forgetting rows and merging -------------------------------------------------------------

    def forget_rows(self, X: Rows, targets: Any, w: Rows) -> None:
        """Take rows away as if they had never been learnt."""
        self.flush()
        root = np.sqrt(w)[:, None]
        Y = self._ops.array(self._targets(np.asarray(targets, float)) * root)
        with self._threads(len(w)):
            Phi = self.lift.block(X, self._ops) * self._ops.array(root)
            self._state.forget(Phi, Y)
        if self.settings.one_hot:
            self.seen = np.maximum(self.seen - np.bincount(targets, w, self.n_targets), 0.0)
        if self.settings.balance == "pfg":
            self.moments.forget(X, np.asarray(targets), w)
        self.n_learnt -= len(w)
        self._n_held -= len(w)
        self._drop_derived()

    def merge(self, other: "RidgeEngine", targets: NDArray[np.int64]) -> None:
        """Add what another engine has learnt; its target i is `targets[i]` here.

        All columns and targets of the other must be known here.
        """
        self.flush()
        place = {key: i for i, key in enumerate(self.columns.keys)}
        columns = np.array([place[key] for key in other.columns.keys], dtype=np.int64)
        twin = other.twin()
        twin.flush()
        inner = columns if self.settings.n_features is None else np.arange(self.n_inner)
        k, m = len(inner), len(targets)
        with self._threads(self.n_inner):
            S, Q = self._state.information()
            S_b, Q_b = twin._state.information()
            S[np.ix_(inner, inner)] += S_b[:k, :k]
            Q[np.ix_(inner, targets)] += Q_b[:k, :m]
            self._state.restore(S, Q)
        if self.settings.balance == "weights":
            sums, counts = self._state.class_sums(), self._state.counts.copy()
            for i, S_c in enumerate(twin._state.class_sums()[:m]):
                sums[targets[i]][np.ix_(inner, inner)] += S_c[:k, :k]
            np.add.at(counts, targets, twin._state.counts[:m])
            self._state.restore_classes(sums, counts)
        self.moments.merge(twin.moments, targets, columns)
        if self.settings.one_hot:
            np.add.at(self.seen, targets, twin.seen[:m])
        self.n_learnt += twin.n_learnt
        self._n_held += twin._n_held
        self._drop_derived()

    # -- weights ---------------------------------------------------------------------------------

    def weights(self) -> Rows:
        """Return the weights after all rows learnt, shape `(n_inner, n_targets)`.

        With `refresh` above 1, those of a row up to `refresh - 1` rows ago where the form has to
        solve for them. The result belongs to the engine: do not write to it.
        """
        q = self._n_waiting
        if not self.settings.follows_rows and self._n_held >= self.settings.refresh:
            q -= q % self.settings.refresh
        if self._head is None or self._head[0] != q:
            if self.settings.follows_rows and q:
                W = self._followed(q)
            else:
                with self._threads(self.n_inner):
                    W = self._solved(q)
            self._head = q, self._ops.numpy(W)[:, : self.n_targets].copy()
        return self._head[1]

    def _followed(self, q: int) -> Any:
        if self._pending is None or self._pending.position > q:
            with self._threads(self.n_inner):
                self._pending = PendingWeights(self._base(), self._ops)
        pending, decay = self._pending, self.settings.forgetting
        while q - pending.n_rows >= SUB_BLOCK:
            start = pending.n_rows
            with self._threads(SUB_BLOCK):
                rows = self._block(start, start + SUB_BLOCK)
                pending.learn_block(*rows, decay**SUB_BLOCK)
        shared = self.n_inner**2 >= _SHARED_FROM
        with self._threads(1) if shared else nullcontext():
            for i in range(pending.position, q):
                root = math.sqrt(self._w[i])
                phi = root * self.lift.rows(self._X[i : i + 1])[0]
                y = root * self._targets(self._t[i : i + 1])[0]
                pending.learn_row(self._ops.array(phi), self._ops.array(y), decay)
        return pending.W

    def _base(self) -> CovarianceState:
        """Return a state that the waiting rows may change: a copy, unless none of them will."""
        state, size = self._state, len(self._X)
        if isinstance(state, CovarianceState):
            return state if size <= SUB_BLOCK else state.twin()
        return CovarianceState.of(state)

    def _solved(self, q: int) -> Any:
        balance, state, moments = self.settings.balance, self._state, self.moments
        if q:
            state, moments = state.twin(), moments.twin()
            self._learn_waiting(state, moments, q)
        if balance == "weights":
            return weighted_head(state)
        if balance == "none" or not moments.n.any():
            return state.weights()
        start = self.n_learnt - self._n_waiting + q
        # the draws do not depend on the order in which features came
        by_name = sorted(range(len(self.columns)), key=lambda i: repr(self.columns.keys[i]))

        def draw(code: int, n: int, d: int) -> Rows:
            rng = np.random.default_rng([self.settings.seed, start, code])
            normal = np.zeros((n, d))
            normal[:, by_name] = rng.standard_normal((n, len(by_name)))
            return normal

        return pseudo_feature_head(
            state, moments, self.settings.noise, lambda X: self.lift.block(X, self._ops), draw
        )

    def scores(self, X: Rows) -> Rows:
        """Return `(n, n_targets)` scores, each row the same floats whatever rows come with it."""
        W = self.weights()
        if self._ops.rowwise:
            return products(self.lift.rows(X), W)
        with self._ops.threads(float(len(X)) * self.n_inner * (X.shape[1] + W.shape[1])):
            return self._ops.numpy(self.lift.block(X, self._ops) @ self._ops.array(W))

    # -- copies ----------------------------------------------------------------------------------

    def twin(self) -> "RidgeEngine":
        """Return a copy that learns on its own."""
        return copy.deepcopy(self)

    @property
    def n_bytes(self) -> int:
        """Memory of the state that is held outside NumPy arrays."""
        return sum(self._ops.n_bytes(a) for a in vars(self._state).values() if hasattr(a, "shape"))

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is derived, and the device: arrays travel as NumPy's."""
        kept = {k: v for k, v in vars(self).items() if k not in ("_ops", "_pending", "_head")}
        kept["_state"] = self._state.exported()
        return kept

    def __setstate__(self, kept: dict[str, Any]) -> None:
        vars(self).update(kept)
        self._open_backend()
        exported = self._state
        self._make_state()
        self._state.imported(exported)
