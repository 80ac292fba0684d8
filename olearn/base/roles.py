"""What some learners, and their parts, can do by the methods they have."""

import inspect
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from olearn.core.tables import ColumnKinds, Names
from olearn.core.types import Codes, Rows

__all__ = ["CountsDrifts", "EncodesRows", "RoutesExperts", "gives_intervals", "takes_blocks"]


class EncodesRows(Protocol):
    """Turns what a learner is given into rows of float64; `FeatureIndex` is the usual one.

    A learner that takes other features, or none, has an encoder of its own instead of writing the
    methods of its base class again.
    """

    @property
    def names(self) -> list[Any]:
        """Features in the order of their columns."""

    def __len__(self) -> int:
        """Return the number of columns."""

    def expect(self, kinds: ColumnKinds) -> None:
        """Take over what the source of the rows knows of their columns, before the first one."""

    def quick(self, x: Any) -> Rows | None:
        """Encode a row in which nothing is new and all is in order; else return None."""

    def learn_one(self, x: Any) -> Rows:
        """Check a row, then encode it, adding columns and categories."""

    def encode_one(self, x: Any) -> Rows:
        """Check and encode a row; changes nothing."""

    def check_many(self, X: Any, names: Names = None) -> Any:
        """Check many rows and return them as a table; changes nothing.

        A table has a length, and gives some of its rows by a slice.
        """

    def arrivals(self, table: Any, room: Callable[[int], int]) -> list[int]:
        """Return the rows of a checked table that bring columns, or categories to make room for.

        `room` gives the number of categories there will be room for, of the number that there are.
        """

    def learn_many(self, table: Any) -> Rows:
        """Encode a checked table, adding columns and categories."""

    def encode_many(self, table: Any) -> Rows:
        """Encode a checked table; changes nothing."""


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


def takes_blocks(model: Any) -> bool:
    """Tell whether a model takes whole blocks: 2-D arrays, and `names` of their columns.

    Those of olearn do, and any other that has an attribute `takes_blocks = True` beside its
    `learn_many`, `predict_many` and, to be run on a stream, `test_then_train_many`. River's own
    take frames instead, and so does a pipeline, also one that ends in a learner of ours.
    """
    return getattr(model, "takes_blocks", False) is True


def gives_intervals(model: Any) -> bool:
    """Tell whether a regressor predicts intervals: `predict_one(x, with_interval=True)`."""
    predict = getattr(type(model), "predict_one", None)
    return predict is not None and "with_interval" in inspect.signature(predict).parameters
