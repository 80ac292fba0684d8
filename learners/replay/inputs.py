"""From what is stored, pixels or encoded rows, to what a trunk takes."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from olearn.core.features import FeatureIndex
from olearn.core.telling import tell
from olearn.learners.analytic._columns import Columns

_LIMIT = 10.0  # standardised features are cut here: one wild value must not undo what is learnt
_WILD = 1000.0  # deviations from which on it is said; heavy tails reach the limit every day
_ENOUGH = 10  # rows after which deviations say what is wild
_ROW_STATE = ("n_features", "columns", "_source", "_code", "_count", "_mean", "_m2")
_HUGE = 1e100  # larger numbers would overflow when squared


class ImageInputs:
    """Pixels from 0 to 255, uint8 `(n, channels, height, width)`, to float32.

    Parameters
    ----------
    mean, std
        Of pixels / 255: a number for each channel, or one for all.
    device
        Where the images are.

    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], device: torch.device) -> None:
        scale = torch.tensor(list(std), device=device).reshape(-1, 1, 1)
        shift = torch.tensor(list(mean), device=device).reshape(-1, 1, 1)
        self._scale = 1.0 / (255.0 * scale)
        self._shift = shift / scale

    def observe(self, raw: Tensor) -> None:
        """Nothing is learnt of the inputs."""

    def __call__(self, raw: Tensor) -> Tensor:
        x = raw.contiguous(memory_format=torch.channels_last) * self._scale - self._shift
        return x.contiguous(memory_format=torch.channels_last)

    def state(self) -> dict[str, Any]:
        """Return what changes: nothing."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over nothing."""


class RowInputs:
    """Encoded rows, float64 `(n, n_features)`, to standardised columns, float32 `(n, width)`.

    A numeric feature is one column, less its mean and divided by its standard deviation over all
    rows learnt; a category is an indicator. What is missing, and what has not varied yet, is 0: so
    it makes no difference when a feature or category was first heard of.

    Parameters
    ----------
    device
        Where the rows are.

    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._said = False  # that a value is wild
        self.n_features = 0
        self.columns = Columns()
        self._source = torch.zeros(0, dtype=torch.int64, device=device)  # feature of each column
        self._code = torch.zeros(0, dtype=torch.float64, device=device)  # NaN: numeric
        self._count = torch.zeros(0, dtype=torch.float64, device=device)  # rows with a value
        self._mean = self._count.clone()
        self._m2 = self._count.clone()
        self._derive()

    def follow(self, index: FeatureIndex) -> bool:
        """Add columns for what is new in the index; return whether there were any."""
        n_before = len(self.columns)
        self.n_features = len(index)
        self.columns.follow(index)
        if len(self.columns) == n_before:
            return False
        features, codes = self.columns.sources(index)
        count = self._count.cpu().numpy()
        known = dict(zip(self._source.tolist(), count.tolist(), strict=False))
        late = [known.get(feature, 0.0) for feature in features[n_before:].tolist()]
        # a new category of a feature was 0 in all rows that had a value of it
        self._count = self._on_device(np.concatenate([count[:n_before], late]))
        more = self._count.new_zeros(len(late))
        self._mean, self._m2 = torch.cat([self._mean, more]), torch.cat([self._m2, more])
        self._source, self._code = self._on_device(features), self._on_device(codes)
        self._derive()
        return True

    def _derive(self) -> None:
        self._numeric = self._code.isnan()
        self._n_indicators = int((~self._numeric).sum())
        self._scale, self._shift = torch.zeros_like(self._code), torch.zeros_like(self._code)
        self._settle()

    def _on_device(self, a: NDArray[np.generic]) -> Tensor:
        return torch.as_tensor(a, device=self.device)

    def _values(self, raw: Tensor) -> Tensor:
        """Numbers and indicators of all columns, NaN where missing; `(n, n_columns)`."""
        v = raw[:, self._source].clamp(-_HUGE, _HUGE)
        if self._n_indicators:
            indicator = torch.where(v.isnan(), v, (v == self._code).to(v.dtype))
            v = torch.where(self._numeric, v, indicator)
        return v

    def observe(self, raw: Tensor) -> None:
        """Add rows to means and variances (Chan, Golub, LeVeque, 1983).

        Numbers further from the mean than ten deviations of the rows before count as that far: one
        wild value would else be the deviation for good, beside which all others are the same.
        """
        v = self._within_reach(self._values(raw))
        there = ~v.isnan()
        v = v.nan_to_num(0.0)
        n = there.sum(dim=0, dtype=torch.float64)
        mean = v.sum(dim=0) / n.clamp(min=1.0)
        within = ((v - mean).square_() * there).sum(dim=0)
        total = (self._count + n).clamp(min=1.0)
        delta = torch.where(n > 0, mean - self._mean, 0.0)
        share = n / total
        self._m2 += within + delta.square() * (self._count * share)
        self._mean += delta * share
        self._count += n
        self._settle()

    def _within_reach(self, v: Tensor) -> Tensor:
        known = self._numeric & (self._count >= _ENOUGH) & (self._m2 > 0.0)
        deviation = (self._m2 / self._count.clamp(min=1.0)).sqrt()
        reach = torch.where(known, _LIMIT * deviation, math.inf)
        if not self._said and self.device.type == "cpu":  # a look from a GPU would wait for it
            self._say_what_is_wild(v, (v - self._mean).abs() > _WILD / _LIMIT * reach)
        return torch.maximum(torch.minimum(v, self._mean + reach), self._mean - reach)

    def _say_what_is_wild(self, v: Tensor, wild: Tensor) -> None:
        if not wild.any():
            return
        self._said = True
        row, column = wild.nonzero()[0].tolist()
        tell(
            f"feature {self.columns.keys[column][0]!r} has the value {v[row, column]:g}, more than "
            f"{_WILD:g} deviations from its mean of {self._mean[column]:g}: rehearsal learners cut "
            f"features at {_LIMIT:g} deviations; leave it out if it is a time stamp"
        )

    def _settle(self) -> None:
        """Turn the moments into a shift and a factor, in place; no variance gives factor 0."""
        scale = (self._count.clamp(min=1.0) / self._m2).sqrt()
        scale = torch.where(self._numeric, scale, 1.0)
        self._scale.copy_(torch.where(self._m2 > 0.0, scale, 0.0))
        self._shift.copy_(torch.where(self._numeric, self._mean, 0.0))

    def __call__(self, raw: Tensor) -> Tensor:
        v = (self._values(raw) - self._shift) * self._scale
        v = v.clamp_(-_LIMIT, _LIMIT).nan_to_num_(0.0).float()
        return functional.pad(v, (0, self.columns.width - len(self.columns)))

    def state(self) -> dict[str, Any]:
        """Return what changes."""
        return {name: getattr(self, name) for name in _ROW_STATE}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` returned."""
        for name in _ROW_STATE:
            setattr(self, name, state[name])
        self._derive()
