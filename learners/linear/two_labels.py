"""The labels of a model of two: which of them is the positive one."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from olearn.core.labels import LabelIndex
from olearn.core.types import Codes


class TwoLabels(LabelIndex):
    """A `LabelIndex` that holds no third label, and knows both truth values once one has come.

    Parameters
    ----------
    owner
        Name of the class that has the labels, for messages.
    labels
        Those known in advance, in code order.

    """

    def __init__(self, owner: str, labels: Iterable[Any] | None = None) -> None:
        self._owner = owner
        self.positive = 1  # the code of the positive label: True or 1, else the second
        super().__init__(labels)

    def get(self, label: Any) -> int:
        """Return the code of a label, or -1 if it is new; raise if there are two others."""
        try:
            return self._code[label]
        except (KeyError, TypeError):  # new, or none at all
            code = super().get(label)
        if code < 0 and len(self.labels) == 2:
            self._refuse([*self.labels, label])
        return code

    def add(self, label: Any) -> int:
        """Return the code of a label, giving it the next one if it is new."""
        if not self.labels and isinstance(label, bool | np.bool_):
            super().add(False)
            super().add(True)
        code = super().add(label)
        self.positive = 0 if self.labels[0] == 1 else 1
        return code

    def with_new(self, labels: list[Any]) -> list[Any]:
        """Return all labels, in code order, once `labels` have been added."""
        if not self.labels and labels and isinstance(labels[0], bool | np.bool_):
            return [False, True]
        return super().with_new(labels)

    def plan(self, y: Any) -> tuple[Codes, list[tuple[int, Any]]]:
        """Code many labels without adding any, as `add` will code them."""
        codes, new = super().plan(y)
        if new and not self.labels and isinstance(new[0][1], bool | np.bool_):
            ahead = TwoLabels(self._owner, (False, True))
            return ahead.plan(y)[0], new[:1]
        known = [*self.labels, *(label for _, label in new)]
        if len(known) > 2:
            self._refuse(known[:3])
        return codes, new

    def _refuse(self, labels: list[Any]) -> None:
        listed = ", ".join(map(repr, labels))
        raise ValueError(
            f"y must be one of two labels, got {listed}: {self._owner} tells two apart, "
            "learners.SoftmaxRegression more"
        )
