"""The contract of drift detectors: whole arrays beside river's one value at a time."""

import abc
from typing import Any

from river import base

from olearn.core.parameters import Settable
from olearn.core.types import Codes
from olearn.core.validate import check_kind

__all__ = ["ArrayDetector", "check_detector"]


class ArrayDetector(Settable, base.DriftDetector):
    """A drift detector that also reads a whole array in compiled code."""

    @abc.abstractmethod
    def update_many(self, xs: Any) -> Codes:
        """Read numbers in order; return the positions in `xs` at which a drift was detected.

        Equal to a loop of `update`; the state afterwards is that after the last number.
        """


def check_detector(name: str, value: Any) -> None:
    """Raise TypeError unless `value` is a drift detector, river's or ours."""
    kinds = base.DriftDetector | base.BinaryDriftDetector
    check_kind(name, value, kinds, "a drift detector")
