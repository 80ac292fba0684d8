"""State of one or several agents, as arrays, and the few steps in which agents use it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from olearn.core.rng import kernel_state
from olearn.core.types import AnyArray
from olearn.learners.rl import _agent_kernels as kernels
from olearn.learners.rl._agent_kernels import CONF_SIZE, COUNTERS_SIZE
from olearn.learners.rl._agent_layout import AgentState, Exchange, Net, agent_handle
from olearn.learners.rl._network_kernels import ADAPTIVE, INFO_SIZE, RULE, cache_size
from olearn.learners.rl._signal_kernels import REWARD_SIZE, SIGNAL_ROWS
from olearn.learners.rl.networks import draw_weights
from olearn.learners.rl.optimisers import Optimiser

Bounds = tuple[float, ...]


@dataclass(frozen=True)
class Plan:
    """Everything that agents of one kind share.

    `outputs` and `optimisers` have one entry a network; `settings` are entries of `conf` by their
    numbers; `low` and `high` are empty for discrete actions.
    """

    hidden: tuple[int, ...]
    outputs: tuple[int, ...]
    optimisers: tuple[Optimiser, ...]
    sparsity: float
    dtype: str
    settings: dict[int, float]
    low: Bounds = ()
    high: Bounds = ()

    @property
    def conf(self) -> NDArray[np.float64]:
        """Settings as the kernels read them."""
        conf = np.zeros(CONF_SIZE)
        for entry, value in self.settings.items():
            conf[entry] = value
        return conf


class Engine:
    """Networks, statistics and buffers of `len(seeds)` agents.

    Parameters
    ----------
    plan
        What they share.
    n_values
        Values of an observation.
    seeds
        One an agent; None draws one.

    """

    def __init__(self, plan: Plan, n_values: int, seeds: Sequence[int | None]) -> None:
        b = len(seeds)
        conf = plan.conf
        self.n_values = n_values
        n_in = n_values + (conf[kernels.LIMIT] > 0)
        rngs = [np.random.default_rng(seed) for seed in seeds]
        self.nets = [
            make_net((n_in, *plan.hidden, n_out), rule, plan.sparsity, plan.dtype, rngs)
            for n_out, rule in zip(plan.outputs, plan.optimisers, strict=True)
        ]
        counters = np.zeros((b, COUNTERS_SIZE))
        counters[:, kernels.PENDING] = -1.0
        self.state = AgentState(
            signals=np.zeros((b, SIGNAL_ROWS, n_values)),
            reward=np.zeros((b, REWARD_SIZE)),
            counters=counters,
            rng=np.array([kernel_state(seed, stream=1) for seed in seeds]),
            draws=np.zeros((b, len(plan.low))),
            low=np.array(plan.low, dtype=np.float64),
            high=np.array(plan.high, dtype=np.float64),
            conf=conf,
        )
        self.policy = conf[kernels.METHOD] == kernels.ACTOR_CRITIC
        shape = (b, max(1, len(plan.low))) if self.policy else (b,)
        self.exchange = Exchange(
            X=np.zeros((b, n_values)),
            X2=np.zeros((b, n_values)),
            rewards=np.zeros(b),
            ends=np.zeros(b, dtype=np.int64),
            given=np.full(b, -1),
            actions=np.zeros(shape, dtype=np.float64 if self.policy else np.int64),
        )
        self._open()

    def _open(self) -> None:
        """Find what every step needs, once."""
        self.X, self.X2, self.rewards, self.ends, self.given, self.actions = self.exchange
        self._handle = agent_handle(self.nets, self.state, self.exchange)
        self._act: Any = kernels.act_policy if self.policy else kernels.act_values
        self._learn: Any = kernels.learn_policy if self.policy else kernels.learn_values

    def __getstate__(self) -> dict[str, Any]:
        kept = ("n_values", "nets", "state", "policy", "exchange")
        return {name: getattr(self, name) for name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        of_0_1 = {"mind": "state", "desk": "exchange"}  # names in files of version 0.1
        vars(self).update({of_0_1.get(name, name): value for name, value in state.items()})
        self._open()

    def act(self) -> AnyArray:
        """Choose actions for the observations in `X`; the array is used again."""
        if not self._act(self._handle, self.nets[0].w):
            raise ValueError(f"observation must be finite, got {self.X.tolist()}")
        return self.actions

    def learn(self) -> None:
        """Learn the transitions in the buffers."""
        if not self._learn(self._handle, self.nets[0].w):
            both = f"{self.X.tolist()} and {self.X2.tolist()}"
            raise ValueError(f"observation and next_observation must be finite, got {both}")

    def outputs(self, net: int, X: AnyArray) -> AnyArray:
        """Return outputs of a network for observations `(b, d)`; nothing changes."""
        out = np.empty((len(X), int(self.nets[net].sizes[-1])), self.nets[net].w.dtype)
        if not kernels.outputs_of(self.nets[net], self.state, X, out):
            raise ValueError(f"observation must be finite, got {X.tolist()}")
        return out


def make_net(
    sizes: Sequence[int],
    rule: Optimiser,
    sparsity: float,
    dtype: str,
    rngs: Sequence[np.random.Generator],
) -> Net:
    """Make one network an agent, each from its own generator."""
    layers = np.array(sizes, dtype=np.int64)
    w = np.array([draw_weights(layers, sparsity, dtype, rng) for rng in rngs])
    moments = w.shape[1] if rule.rule[RULE] == ADAPTIVE else 0
    return Net(
        sizes=layers,
        w=w,
        z=np.zeros_like(w),
        v=np.zeros((len(w), moments), dtype),
        cache=np.zeros((len(w), 2, cache_size(layers)), dtype),
        scratch=np.zeros((2, cache_size(layers)), dtype),
        info=np.zeros((len(w), INFO_SIZE)),
        rule=rule.rule,
    )
