"""Stream TD(lambda) as a river regressor: discounted sums of a signal on any data stream."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY
from typing import Annotated, Any

import numpy as np
from river.base.typing import FeatureName

from olearn.base import ArrayRegressor
from olearn.core.features import FeatureIndex
from olearn.core.locked import locked
from olearn.core.memory import memory_bytes
from olearn.core.parameters import (
    Fraction,
    OneOf,
    OpenFraction,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.core.rng import kernel_state
from olearn.core.tables import ColumnKinds, Names, Table
from olearn.core.types import Rows
from olearn.core.validate import check_in_range
from olearn.learners.rl import _agent_kernels as kernels
from olearn.learners.rl._agent_kernels import COUNTERS_SIZE
from olearn.learners.rl._agent_layout import AgentState, Net
from olearn.learners.rl._engine import make_net
from olearn.learners.rl._network_kernels import L1, STEP
from olearn.learners.rl._signal_kernels import REWARD_SIZE, SIGNAL_ROWS
from olearn.learners.rl._td_kernels import BETA, TD_CONF_SIZE, learn_rows, predict_rows
from olearn.learners.rl.initialise import n_zeros
from olearn.learners.rl.networks import DTYPES, Layers, check_hidden, layers_of
from olearn.learners.rl.optimisers import ObGD, Optimiser, check_optimiser

__all__ = ["StreamTDRegressor"]


@with_parameters
class StreamTDRegressor(ArrayRegressor):
    r"""Predict the discounted sum of what is to come, learnt by TD(lambda) on a stream[^1].

    `predict_one(x)` estimates $G = \sum_k \gamma^k y_{k+1}$, the targets of the rows after x; so
    `gamma=0` forecasts the next target, 0.99 about a hundred of them. Nothing is stored for that:
    `learn_one(x, y)` moves the value of the row before towards $y + \gamma v(x)$, along a trace,
    by no more than ObGD allows. Time: O(weights) a row.

    Parameters
    ----------
    gamma
        Discount, in [0, 1].
    lambda_
        Decay of the trace beside the discount, in [0, 1].
    hidden
        Widths of the hidden layers, at least one; 10 or more with the default sparsity.
    optimiser
        Update rule; None: `ObGD(kappa=2)`.
    sparsity
        Share of weights that start at zero, in [0, 1].
    observation_trace
        Decay of an exponential average that takes the place of the features, in (0, 1); it hides
        what changes fast. None: the features themselves.
    normalise
        Whether features are normalised by their running mean and deviation.
    scale_target
        Whether targets are divided by the deviation of their discounted sum, inside.
    dtype
        `"float32"` or `"float64"`, of network and trace.
    seed
        Seed of the first weights; None draws one. Results do not depend on the number of threads.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or a feature or target is not a finite number.
    TypeError
        If a parameter, a feature or a target has the wrong type.

    Notes
    -----
    A missing feature counts as average. A new one gets weights by the sparse rule and no trace.
    Strings are refused: put `preprocessing.OneHotEncoder` before. To score predictions, compare
    them with discounted sums computed afterwards. The rows of one sequence have no weights: `w`
    must be 1, so `check_regressor_weights_match_loop` is skipped.

    Examples
    --------
    >>> import math
    >>> from olearn import learners
    >>> model = learners.StreamTDRegressor(gamma=0.5, hidden=(32,), seed=1)
    >>> for t in range(3000):  # 1 every fourth row
    ...     x = {"sin": math.sin(t * math.pi / 2), "cos": math.cos(t * math.pi / 2)}
    ...     model.learn_one(x, float(t % 4 == 0))
    >>> round(1 / (1 - 0.5**4), 1)  # expected in the row before that one
    1.1
    >>> round(model.predict_one({"sin": -1.0, "cos": 0.0}), 1)
    1.1

    References
    ----------
    [^1]: Elsayed, M., Vasan, G., Mahmood, A. R. (2024). Streaming deep reinforcement learning
        finally works. arXiv 2410.14606, Algorithm 7.

    """

    gamma: Fraction = 0.99
    lambda_: Fraction = 0.8
    hidden: tuple[int, ...] = (128, 128)
    _: KW_ONLY
    optimiser: Annotated[Optimiser | None, check_optimiser] = None
    sparsity: Fraction = 0.9
    observation_trace: OpenFraction | None = None
    normalise: bool = True
    scale_target: bool = True
    dtype: Annotated[str, OneOf(*DTYPES)] = "float32"
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        check_hidden(self.hidden, self.sparsity)
        self._features = NumericFeatures(FeatureIndex(()))
        self._rng = np.random.default_rng(self.seed)
        self._net: Net | None = None
        self._state = self._make_state()

    @property
    def _mutable_attributes(self) -> set[str]:
        return {"gamma", "lambda_"}

    def _apply_parameters(self) -> None:
        self._state.conf[kernels.GAMMA] = self.gamma
        self._state.conf[kernels.LAMBDA] = self.lambda_

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"hidden": (16, 16), "seed": 1}
        yield {"gamma": 0.0, "hidden": (16,), "observation_trace": 0.5, "seed": 1}

    def _unit_test_skips(self) -> set[str]:
        return {"check_regressor_weights_match_loop"}

    # one option more than the base class has: the discount of this step alone
    @locked
    def learn_one(
        self,
        x: Mapping[FeatureName, Any],
        y: float,
        w: float = 1.0,
        *,
        gamma: float | None = None,
    ) -> None:
        """Learn that row x came, and the target y with it.

        `gamma` is the discount of this step where it is not that of the model: 0 where the sum
        ends with y. `w` must be 1: the rows of one sequence have no weights.
        """
        if gamma is not None:
            check_in_range("gamma", gamma, 0.0, 1.0)
        row, target, _ = self._encode_learning_one(x, y, w)
        discount = self.gamma if gamma is None else gamma
        self._learn_steps(row[None], np.array([target]), np.array([discount], np.float64))

    @locked
    def reset(self) -> None:
        """Cut the stream: the next row follows nothing, the trace starts anew."""
        self._state.counters[0, kernels.HAS_CURRENT] = 0.0
        if self._net is not None:
            self._net.z[:] = 0.0

    @property
    def td_error(self) -> float:
        """The last TD error, in scaled targets; feed it to a drift detector."""
        return float(self._state.counters[0, kernels.TD_ERROR])

    @property
    def trace_l1(self) -> float:
        """L1 norm of the trace that the last update used."""
        return 0.0 if self._net is None else float(self._net.info[0, L1])

    @property
    def step_size(self) -> float:
        """Step size of the last update."""
        return 0.0 if self._net is None else float(self._net.info[0, STEP])

    @property
    def layers(self) -> Layers:
        """Matrices `(units, inputs)` and biases; views. Empty before the first row."""
        return [] if self._net is None else layers_of(self._net.sizes, self._net.w[0])

    # -- rows ------------------------------------------------------------------------------------

    def _check_weights(self, w: Rows) -> None:
        if (w != 1.0).any():
            raise ValueError(
                f"w must be 1: rows of one sequence have no weights, got {w[w != 1.0][0]}"
            )

    def _learn_rows(self, X: Rows, y: Rows, w: Rows) -> None:
        self._learn_steps(X, y, np.full(len(X), float(self.gamma)))

    def _learn_steps(self, X: Rows, y: Rows, discounts: Rows) -> None:
        if self._net is not None:  # else no feature has come yet
            learn_rows(self._net, self._state, X, y, discounts)

    def _predict_rows(self, X: Rows) -> Rows:
        out = np.zeros(len(X))
        if self._net is not None:
            predict_rows(self._net, self._state, X, out)
        return out

    def _make_state(self) -> AgentState:
        conf = np.zeros(TD_CONF_SIZE)
        conf[kernels.GAMMA] = self.gamma
        conf[kernels.LAMBDA] = self.lambda_
        conf[kernels.NORMALISE] = self.normalise
        conf[kernels.SCALE] = self.scale_target
        conf[BETA] = self.observation_trace or 0.0
        none = np.zeros(0)
        return AgentState(
            signals=np.zeros((1, SIGNAL_ROWS, 0)),
            reward=np.zeros((1, REWARD_SIZE)),
            counters=np.zeros((1, COUNTERS_SIZE)),
            rng=kernel_state(0)[None],  # never drawn from: kernels of agents have one
            draws=np.zeros((1, 0)),
            low=none,
            high=none.copy(),
            conf=conf,
        )

    def _grow(self) -> None:
        """Make the network, or append inputs to it, until every feature has one."""
        n_old, n_new = self._state.signals.shape[2], len(self._features)
        if n_old == n_new:
            return
        signals = np.zeros((1, SIGNAL_ROWS, n_new))
        signals[:, :, :n_old] = self._state.signals
        self._state = self._state._replace(signals=signals)
        rule = self.optimiser if self.optimiser is not None else ObGD(kappa=2.0)
        sizes = (n_new, *self.hidden, 1)
        if self._net is None:
            self._net = make_net(sizes, rule, self.sparsity, self.dtype, [self._rng])
            return
        old, self._net = self._net, None
        net = make_net(sizes, rule, 1.0, self.dtype, [self._rng])  # all weights zero
        at = n_old * self.hidden[0]  # the matrix (inputs, units) of the first layer comes first
        shift = (n_new - n_old) * self.hidden[0]
        for mine, before in ((net.w, old.w), (net.z, old.z), (net.v, old.v)):
            if mine.size:
                mine[:, :at] = before[:, :at]
                mine[:, at + shift :] = before[:, at:]
        net.w[0, at : at + shift] = self._new_inputs(n_new, shift)
        net.cache[0, 0, :n_old] = old.cache[0, 0, :n_old]  # the current row; new features: average
        net.info[:] = old.info
        self._net = net

    def _new_inputs(self, n_inputs: int, n: int) -> Rows:
        """Weights of new inputs, of which as many are zero as the sparse rule has on average."""
        limit = 1.0 / math.sqrt(n_inputs)
        keep = self._rng.random(n) >= n_zeros(n_inputs, self.sparsity) / n_inputs
        return self._rng.uniform(-limit, limit, n) * keep

    @property
    @locked
    def _raw_memory_usage(self) -> int:
        parts = {"_net": list(self._net or ()), "_state": list(self._state), "_rng": None}
        return memory_bytes(vars(self) | parts)

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if "_mind" in state:  # of a file of version 0.1
            self._state = vars(self).pop("_mind")
        if isinstance(self._features, FeatureIndex):  # likewise
            self._features = NumericFeatures(self._features)


class NumericFeatures:
    """Encodes features that are numbers; new ones get columns in the order of their names.

    So it makes no difference in which order a row gives them. Text is refused.

    Parameters
    ----------
    index
        Where the columns are kept.

    """

    def __init__(self, index: FeatureIndex) -> None:
        self._index = index

    @property
    def names(self) -> list[Any]:
        """Features in the order of their columns."""
        return self._index.names

    def __len__(self) -> int:
        return len(self._index)

    def expect(self, kinds: ColumnKinds) -> None:
        """Leave it: codes are numbers here, and text is refused when it comes."""

    def arrivals(self, table: Table, room: Callable[[int], int]) -> list[int]:
        """Return the rows of a checked table that bring columns."""
        return [] if set(self.names).issuperset(table.names) else [0]

    def quick(self, x: Any) -> Rows | None:
        """Encode a row in which nothing is new and all is in order; else return None."""
        return self._index.quick(x)

    def learn_one(self, x: Any) -> Rows:
        """Check a row, then encode it, adding columns."""
        _refuse_text(x)
        return self._index.learn_one(_in_order(x, self.names))

    def encode_one(self, x: Any) -> Rows:
        """Check and encode a row; changes nothing."""
        _refuse_text(x)
        return self._index.encode_one(x)

    def check_many(self, X: Any, names: Names = None) -> Table:
        """Check a frame or 2-D array and split it into named columns; changes nothing."""
        table = self._index.check_many(X, names)
        for name, texts in table.categories.items():
            _refuse_text({name: texts[0]})
        if table.matrix is None:
            for name, column in zip(table.names, table.columns(), strict=True):
                for value in column:
                    _refuse_text({name: value})
        return table

    def learn_many(self, table: Table) -> Rows:
        """Encode a checked table, adding columns."""
        if self.names != table.names:
            self._index.learn_one(_in_order(dict.fromkeys(table.names), self.names))
        return self._index.learn_many(table)

    def encode_many(self, table: Table) -> Rows:
        """Encode a checked table; changes nothing."""
        return self._index.encode_many(table)


def _in_order(x: Mapping[Any, Any], known: Sequence[Any]) -> dict[Any, Any]:
    """Sort the features that are new, so that the order in which they are given does not matter."""
    first = {name: x[name] for name in known if name in x}
    new = sorted((name for name in x if name not in first), key=lambda n: (str(type(n)), str(n)))
    return first | {name: x[name] for name in new}


def _refuse_text(x: Any) -> None:
    if not isinstance(x, Mapping):
        raise TypeError(f"x must be a dict of features, got {x!r} of type {type(x).__name__}")
    for name, value in x.items():
        if isinstance(value, str):
            raise ValueError(
                f"feature {name!r} must be a number, got {value!r}; "
                "put preprocessing.OneHotEncoder before"
            )
