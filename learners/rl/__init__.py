"""Streaming reinforcement learning: each transition is learnt once, when it arrives, by networks.

No replay buffer, no batch, no target network. Agents have `act(observation)` and
`learn_one(observation, action, reward, next_observation, ...)`; `StreamTDRegressor` predicts
discounted sums on any data stream and is a river regressor.
"""

from olearn.core.lazy import lazy_names, shown_names

__getattr__, __dir__, __all__ = lazy_names(__name__, shown_names(__file__))
