"""Streaming deep reinforcement learning: each transition is learnt once, when it arrives.

No replay buffer, no batch, no target network. Agents have `act(observation)` and
`learn_one(observation, action, reward, next_observation, ...)`; `StreamTDRegressor` predicts
discounted sums on any data stream and is a river regressor.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from olearn.learners.rl.initialise import sparse_uniform as sparse_uniform
    from olearn.learners.rl.networks import LayerNormMLP as LayerNormMLP
    from olearn.learners.rl.normalise import ObservationTrace as ObservationTrace
    from olearn.learners.rl.normalise import RewardScaler as RewardScaler
    from olearn.learners.rl.normalise import RunningNorm as RunningNorm
    from olearn.learners.rl.normalise import TimeFeature as TimeFeature
    from olearn.learners.rl.optimisers import AdaptiveObGD as AdaptiveObGD
    from olearn.learners.rl.optimisers import ObGD as ObGD
    from olearn.learners.rl.optimisers import PlainSGD as PlainSGD
    from olearn.learners.rl.stream_ac import StreamAC as StreamAC
    from olearn.learners.rl.stream_q import StreamQ as StreamQ
    from olearn.learners.rl.stream_q import StreamSARSA as StreamSARSA
    from olearn.learners.rl.td import StreamTDRegressor as StreamTDRegressor
    from olearn.learners.rl.torch_agents import TorchStreamAC as TorchStreamAC
    from olearn.learners.rl.torch_agents import TorchStreamQ as TorchStreamQ
    from olearn.learners.rl.vector import VectorAgents as VectorAgents

# where each public name lives: its file is loaded at first use, so that importing this is cheap
_FILES = {
    "AdaptiveObGD": "optimisers",
    "LayerNormMLP": "networks",
    "ObGD": "optimisers",
    "ObservationTrace": "normalise",
    "PlainSGD": "optimisers",
    "RewardScaler": "normalise",
    "RunningNorm": "normalise",
    "StreamAC": "stream_ac",
    "StreamQ": "stream_q",
    "StreamSARSA": "stream_q",
    "StreamTDRegressor": "td",
    "TimeFeature": "normalise",
    "TorchStreamAC": "torch_agents",
    "TorchStreamQ": "torch_agents",
    "VectorAgents": "vector",
    "sparse_uniform": "initialise",
}

__all__ = [
    "AdaptiveObGD",
    "LayerNormMLP",
    "ObGD",
    "ObservationTrace",
    "PlainSGD",
    "RewardScaler",
    "RunningNorm",
    "StreamAC",
    "StreamQ",
    "StreamSARSA",
    "StreamTDRegressor",
    "TimeFeature",
    "TorchStreamAC",
    "TorchStreamQ",
    "VectorAgents",
    "sparse_uniform",
]


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_FILES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_FILES})
