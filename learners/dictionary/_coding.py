"""What the dictionary does with what it has learnt: codes, rebuilt samples, scores."""

import abc
from collections.abc import Mapping
from typing import Any

import numpy as np
from river import base
from river.base.typing import FeatureName
from river.utils import dataframe

from olearn.core.features import FeatureIndex
from olearn.core.locked import Locked, locked
from olearn.core.tables import Names, Table
from olearn.core.types import Rows
from olearn.learners._row_products import products
from olearn.learners.dictionary import codes

CODINGS = ("all", "largest", "hard", "soft", "mad")
_KEPT = 8  # of so many codes one is kept where `n_codes` does not say how many


class CodesRows(Locked, base.MiniBatchTransformer):
    """A transformer from features to codes of orthogonal atoms; nothing here learns."""

    coding: str
    n_codes: int | None
    level: float
    _features: FeatureIndex

    @abc.abstractmethod
    def _atoms(self) -> tuple[Rows, Rows]:
        """Return orthonormal atoms in rows, one column a feature, and their transpose."""

    @locked
    def transform_one(self, x: Mapping[FeatureName, Any]) -> dict[FeatureName, float]:
        """Return the code of each atom, numbered from 0; features not learnt yet are left out."""
        return dict(enumerate(self._coded(self._codes_one(x))[0].tolist()))

    @locked
    def transform_many(self, X: Any, *, names: Names = None) -> Any:
        """Return codes: an array `(n, n_atoms)` for an array, a frame for a frame."""
        Z = self._coded(self._codes_many(X, names))
        if isinstance(X, np.ndarray):
            return Z
        columns = {atom: Z[:, atom] for atom in range(Z.shape[1])}
        return dataframe.to_native_frame(columns, like=dataframe.into_frame(X))

    @locked
    def inverse_transform_one(self, z: Mapping[Any, float]) -> dict[FeatureName, float]:
        """Return the sample that codes stand for; atoms that are left out count as 0."""
        row = np.array([float(z.get(atom, 0.0)) for atom in range(len(self._features))])
        return dict(
            zip(
                self._features.names, products(row[None], self._atoms()[0])[0].tolist(), strict=True
            )
        )

    @locked
    def inverse_transform_many(self, Z: Any) -> Rows:
        """Return the samples that rows of codes `(n, n_atoms)` stand for, as an array."""
        rows = Z if isinstance(Z, np.ndarray) else dataframe.to_numpy(dataframe.into_frame(Z))
        if rows.ndim != 2 or rows.shape[1] != len(self._features):
            raise ValueError(f"Z must have one column an atom, got shape {rows.shape}")
        return products(rows, self._atoms()[0])

    @locked
    def denoise_many(self, X: Any, *, names: Names = None) -> Rows:
        """Return the samples rebuilt from the codes that `coding` leaves, as an array.

        Its columns are `feature_names`; with `"largest"` this is compression to `n_codes` numbers
        a sample.
        """
        return products(self._coded(self._codes_many(X, names)), self._atoms()[0])

    @locked
    def score_one(self, x: Mapping[FeatureName, Any]) -> float:
        """Return how badly a sample fits, in [0, 1]: its share outside the `n_codes` largest codes.

        An anomaly score, and the reconstruction error to feed a drift detector with.
        """
        return float(self._residual(self._codes_one(x))[0])

    @locked
    def score_many(self, X: Any, *, names: Names = None) -> Rows:
        """Return `score_one` of each row, as an array."""
        return self._residual(self._codes_many(X, names))

    def _codes_one(self, x: Mapping[FeatureName, Any]) -> Rows:
        row = self._features.quick(x)
        if row is None:
            check_no_text(x)
            row = np.nan_to_num(self._features.encode_one(x), nan=0.0)
        return products(row[None], self._atoms()[1])

    def _codes_many(self, X: Any, names: Names) -> Rows:
        rows = self._features.encode_many(self._check_many(X, names))
        return products(np.where(np.isnan(rows), 0.0, rows), self._atoms()[1])

    @property
    def _n_kept(self) -> int:
        return self.n_codes or max(1, round(len(self._features) / _KEPT))

    def _residual(self, Z: Rows) -> Rows:
        return codes.residual(Z, self._n_kept)

    def _coded(self, Z: Rows) -> Rows:
        if self.coding == "all" or Z.shape[1] == 0:
            return Z
        if self.coding == "largest":
            return codes.keep_largest(Z, self._n_kept)
        if self.coding == "mad":
            return codes.mad_threshold(Z, self.level)
        shrink = codes.soft if self.coding == "soft" else codes.hard
        out: Rows = shrink(Z, self.level)
        return out

    def _check_many(self, X: Any, names: Names) -> Table:
        table = self._features.check_many(X, names)
        for name, texts in table.categories.items():
            check_no_text({name: texts[0]})
        for name, column in zip(table.names, table.columns(), strict=True):
            if isinstance(column, list):
                check_no_text({name: next(v for v in column if isinstance(v, str))})
        return table


def check_no_text(x: Any) -> None:
    """Raise where a feature of a dict is text, which has no place in a sum."""
    for name, value in x.items() if isinstance(x, Mapping) else ():
        if isinstance(value, str):
            raise ValueError(
                f"feature {name!r} must be a number, got {value!r}; encode categories before, "
                "for instance with river.preprocessing.OneHotEncoder"
            )
