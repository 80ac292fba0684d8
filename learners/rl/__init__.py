"""Streaming deep reinforcement learning: each transition is learnt once, when it arrives.

No replay buffer, no batch, no target network. Agents have `act(observation)` and
`learn_one(observation, action, reward, next_observation, ...)`; `StreamTDRegressor` predicts
discounted sums on any data stream and is a river regressor.
"""

from typing import TYPE_CHECKING

from olearn.core.lazy import lazy_names

if TYPE_CHECKING:
    from olearn.learners.rl.environments import make as make
    from olearn.learners.rl.environments import make_agent as make_agent
    from olearn.learners.rl.initialise import sparse_uniform as sparse_uniform
    from olearn.learners.rl.networks import LayerNormMLP as LayerNormMLP
    from olearn.learners.rl.normalise import ObservationTrace as ObservationTrace
    from olearn.learners.rl.normalise import RewardScaler as RewardScaler
    from olearn.learners.rl.normalise import RunningNorm as RunningNorm
    from olearn.learners.rl.normalise import TimeFeature as TimeFeature
    from olearn.learners.rl.optimisers import AdaptiveObGD as AdaptiveObGD
    from olearn.learners.rl.optimisers import ObGD as ObGD
    from olearn.learners.rl.optimisers import PlainSGD as PlainSGD
    from olearn.learners.rl.picture_wrappers import ChannelsFirst as ChannelsFirst
    from olearn.learners.rl.picture_wrappers import EndAtLostLife as EndAtLostLife
    from olearn.learners.rl.stream_ac import StreamAC as StreamAC
    from olearn.learners.rl.stream_q import StreamQ as StreamQ
    from olearn.learners.rl.stream_q import StreamSARSA as StreamSARSA
    from olearn.learners.rl.td import StreamTDRegressor as StreamTDRegressor
    from olearn.learners.rl.torch_agents import TorchStreamAC as TorchStreamAC
    from olearn.learners.rl.torch_agents import TorchStreamQ as TorchStreamQ
    from olearn.learners.rl.torch_single import SingleTorchAgent as SingleTorchAgent
    from olearn.learners.rl.vector import VectorAgents as VectorAgents
    from olearn.learners.rl.wrappers import AppendTime as AppendTime
    from olearn.learners.rl.wrappers import DriftingDynamics as DriftingDynamics
    from olearn.learners.rl.wrappers import DriftingReward as DriftingReward
    from olearn.learners.rl.wrappers import NormaliseObservation as NormaliseObservation
    from olearn.learners.rl.wrappers import PermutedActions as PermutedActions
    from olearn.learners.rl.wrappers import ScaleReward as ScaleReward

# where each public name lives: its file is loaded at first use, so that importing this is cheap
_FILES = {
    "AdaptiveObGD": "optimisers",
    "AppendTime": "wrappers",
    "ChannelsFirst": "picture_wrappers",
    "DriftingDynamics": "wrappers",
    "DriftingReward": "wrappers",
    "EndAtLostLife": "picture_wrappers",
    "LayerNormMLP": "networks",
    "NormaliseObservation": "wrappers",
    "ObGD": "optimisers",
    "ObservationTrace": "normalise",
    "PermutedActions": "wrappers",
    "PlainSGD": "optimisers",
    "RewardScaler": "normalise",
    "RunningNorm": "normalise",
    "ScaleReward": "wrappers",
    "SingleTorchAgent": "torch_single",
    "StreamAC": "stream_ac",
    "StreamQ": "stream_q",
    "StreamSARSA": "stream_q",
    "StreamTDRegressor": "td",
    "TimeFeature": "normalise",
    "TorchStreamAC": "torch_agents",
    "TorchStreamQ": "torch_agents",
    "VectorAgents": "vector",
    "make": "environments",
    "make_agent": "environments",
    "sparse_uniform": "initialise",
}

__all__ = [
    "AdaptiveObGD",
    "AppendTime",
    "ChannelsFirst",
    "DriftingDynamics",
    "DriftingReward",
    "EndAtLostLife",
    "LayerNormMLP",
    "NormaliseObservation",
    "ObGD",
    "ObservationTrace",
    "PermutedActions",
    "PlainSGD",
    "RewardScaler",
    "RunningNorm",
    "ScaleReward",
    "SingleTorchAgent",
    "StreamAC",
    "StreamQ",
    "StreamSARSA",
    "StreamTDRegressor",
    "TimeFeature",
    "TorchStreamAC",
    "TorchStreamQ",
    "VectorAgents",
    "make",
    "make_agent",
    "sparse_uniform",
]

__getattr__, __dir__ = lazy_names(__name__, _FILES)
