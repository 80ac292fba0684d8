"""What some learners can do besides, by the methods they have."""

from typing import Protocol, runtime_checkable

from olearn.core.types import Codes


@runtime_checkable
class RoutesExperts(Protocol):
    """A learner that picks one of several experts for each row."""

    @property
    def expert_usage(self) -> Codes: ...


@runtime_checkable
class CountsDrifts(Protocol):
    """A learner that detects drifts itself and says how many it has acted upon."""

    @property
    def n_drifts(self) -> int: ...
