"""Arrays of one or several agents, and the handle by which kernels find them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import carray  # type: ignore[attr-defined]
from numpy.typing import NDArray

from olearn.core.handles import Handle, handle_of, kinds_of
from olearn.core.jit import njit
from olearn.core.kernel_arrays import pointer


class Net(NamedTuple):
    """One network of each of b agents; p parameters, c entries of a cache."""

    sizes: NDArray[np.int64]
    w: NDArray[np.floating]  # (b, p)
    z: NDArray[np.floating]  # (b, p), traces
    v: NDArray[np.floating]  # (b, p), second moments; (b, 0) where the rule has none
    cache: NDArray[np.floating]  # (b, 2, c): of the current observation, and of the next one
    scratch: NDArray[np.floating]  # (2, c): for the backward pass, and slopes of the outputs
    info: NDArray[np.float64]  # (b, 4), of the last update
    rule: NDArray[np.float64]


class AgentState(NamedTuple):
    """All else that each of b agents keeps, and the settings they share."""

    signals: NDArray[np.float64]  # (b, SIGNAL_ROWS, d)
    reward: NDArray[np.float64]  # (b, REWARD_SIZE)
    counters: NDArray[np.float64]  # (b, COUNTERS_SIZE)
    rng: NDArray[np.uint64]  # (b, 4)
    draws: NDArray[np.float64]  # (b, k): actions drawn, before they are clipped
    low: NDArray[np.float64]  # (k,)
    high: NDArray[np.float64]  # (k,); k = 0 where actions are discrete
    conf: NDArray[np.float64]


class Exchange(NamedTuple):
    """What passes between Python and the kernels."""

    X: NDArray[np.float64]  # (b, d), observations
    X2: NDArray[np.float64]  # (b, d), next observations
    rewards: NDArray[np.float64]  # (b,)
    ends: NDArray[np.int64]  # (b,): 0 = no end, 1 = terminated, 2 = truncated, -1 = skip
    given: NDArray[np.int64]  # (b,), next actions for SARSA, -1 where the agent draws them
    actions: NDArray[Any]  # (b,) int64; of policies (b, 1), or (b, k) where continuous, float64


N_NET, N_STATE = len(Net._fields), len(AgentState._fields)
AT_ACTIONS = Exchange._fields.index("actions")


def agent_handle(nets: Sequence[Net], state: AgentState, exchange: Exchange) -> Handle:
    """Return the handle of all arrays: of the state, of the exchange, and of each network."""
    arrays = [*state, *exchange, *(array for net in nets for array in net)]
    kinds = [*kinds_of(AgentState), *kinds_of(Exchange), *kinds_of(Net) * len(nets)]
    return handle_of(arrays, kinds)


@njit(forceinline=True)
def state_at(handle: Handle) -> AgentState:
    """Open the `AgentState` of a handle; references to its arrays are not counted."""
    b, k = handle[0, 1], handle[5, 1]
    return AgentState(
        carray(pointer(handle[0, 0]), (b, handle[0, 2], handle[0, 3]), np.float64),
        carray(pointer(handle[1, 0]), (b, handle[1, 2]), np.float64),
        carray(pointer(handle[2, 0]), (b, handle[2, 2]), np.float64),
        carray(pointer(handle[3, 0]), (b, handle[3, 2]), np.uint64),
        carray(pointer(handle[4, 0]), (b, k), np.float64),
        carray(pointer(handle[5, 0]), (k,), np.float64),
        carray(pointer(handle[6, 0]), (k,), np.float64),
        carray(pointer(handle[7, 0]), (handle[7, 1],), np.float64),
    )


@njit(forceinline=True)
def exchange_at(handle: Handle, actions: NDArray[Any]) -> Exchange:
    """Open the `Exchange` of a handle, whose actions have been opened already."""
    b, d = handle[N_STATE, 1], handle[N_STATE, 2]
    return Exchange(
        carray(pointer(handle[N_STATE, 0]), (b, d), np.float64),
        carray(pointer(handle[N_STATE + 1, 0]), (b, d), np.float64),
        carray(pointer(handle[N_STATE + 2, 0]), (b,), np.float64),
        carray(pointer(handle[N_STATE + 3, 0]), (b,), np.int64),
        carray(pointer(handle[N_STATE + 4, 0]), (b,), np.int64),
        actions,
    )


@njit(forceinline=True)
def choices_at(handle: Handle) -> NDArray[np.int64]:
    """Open the actions of agents that value actions, `(b,)`."""
    row = handle[N_STATE + AT_ACTIONS]
    return carray(pointer(row[0]), (row[1],), np.int64)


@njit(forceinline=True)
def draws_at(handle: Handle) -> NDArray[np.float64]:
    """Open the actions of policies, `(b, k)`."""
    row = handle[N_STATE + AT_ACTIONS]
    return carray(pointer(row[0]), (row[1], row[2]), np.float64)


@njit(forceinline=True)
def net_at(handle: Handle, k: int, like: NDArray[Any]) -> Net:
    """Open network `k` of a handle, whose numbers are of the type of the array `like`."""
    at = N_STATE + AT_ACTIONS + 1 + k * N_NET
    b, p, c = handle[at + 1, 1], handle[at + 1, 2], handle[at + 4, 3]
    return Net(
        carray(pointer(handle[at, 0]), (handle[at, 1],), np.int64),
        carray(pointer(handle[at + 1, 0]), (b, p), like.dtype),
        carray(pointer(handle[at + 2, 0]), (b, p), like.dtype),
        carray(pointer(handle[at + 3, 0]), (b, handle[at + 3, 2]), like.dtype),
        carray(pointer(handle[at + 4, 0]), (b, 2, c), like.dtype),
        carray(pointer(handle[at + 5, 0]), (2, c), like.dtype),
        carray(pointer(handle[at + 6, 0]), (b, handle[at + 6, 2]), np.float64),
        carray(pointer(handle[at + 7, 0]), (handle[at + 7, 1],), np.float64),
    )
