"""Random features: a fixed random linear map, then ReLU."""

import copy
from typing import Annotated, Any

import numpy as np

from olearn.base.transformer import ColumnsOut, StatelessTransformer
from olearn.core.parameters import Above, PositiveInt, Seed, check_parameters, with_parameters
from olearn.core.types import Rows
from olearn.learners._row_products import products
from olearn.learners.analytic._columns import Columns, uniform_row

__all__ = ["RandomReLU"]


class RandomLift:
    """The map of `RandomReLU` over expanded rows; one row of its table for each column.

    Parameters
    ----------
    seed
        With the key of a column, it sets the column's weights.
    n_features
        Number of random features.
    scale
        Bound of the weights; None: 1 / sqrt(number of features known at the first `follow`).

    """

    def __init__(self, seed: int, n_features: int, scale: float | None = None) -> None:
        self.seed = seed
        self.n_features = n_features
        self.scale = scale
        self._table = np.zeros((0, n_features))
        self._known = 0

    def follow(self, columns: Columns, n_inputs: int) -> None:
        """Draw the weights of new columns."""
        if self.scale is None and n_inputs:
            self.scale = n_inputs**-0.5
        if len(self._table) < columns.width:
            more = columns.width - len(self._table)
            self._table = np.pad(self._table, ((0, more), (0, 0)))
        for key in columns.keys[self._known :]:
            assert self.scale is not None, "a column comes with a feature"
            drawn = uniform_row(self.seed, key, self.n_features)
            self._table[self._known] = self.scale * drawn
            self._known += 1

    def rows(self, X: Rows) -> Rows:
        """Lift rows, each with the same floats whatever rows come with it."""
        Z = products(X, self._table)
        return np.maximum(Z, 0.0, out=Z)

    def block(self, X: Rows, ops: Any) -> Any:
        """Lift a block with the backend."""
        return ops.lift(X, self._table)


class NoLift:
    """Takes the rows as they are: linear ridge regression."""

    scale: float | None = 1.0

    def follow(self, columns: Columns, n_inputs: int) -> None:
        """Nothing to draw."""

    def rows(self, X: Rows) -> Rows:
        """Return the rows."""
        return X

    def block(self, X: Rows, ops: Any) -> Any:
        """Return the rows as a block of the backend."""
        return ops.array(X)


@with_parameters
class RandomReLU(StatelessTransformer):
    r"""Random features $\max(P x, 0)$ with a fixed random P[^1].

    The weights of a feature are drawn from a generator seeded with `seed` and the feature's name.
    They do not depend on the order in which features arrive; new ones may come at any time, a
    missing one counts as 0, and a category of a nominal feature is a feature of its own.

    Parameters
    ----------
    n_features
        Number of random features; at least 1.
    scale
        Weights are uniform on [-scale, scale); positive. The features are proportional to it.
    seed
        Seed; None draws one. Results do not depend on the number of threads.

    Raises
    ------
    ValueError
        If a parameter is outside its range, or a feature is infinite.
    TypeError
        If a parameter or a feature has the wrong type.

    Examples
    --------
    >>> from olearn import learners
    >>> lift = learners.RandomReLU(3, seed=1)
    >>> lift.transform_one({"a": 1.0, "b": -2.0})
    {0: 1.146939, 1: 0.0, 2: 0.0}

    References
    ----------
    [^1]: Huang, G.-B., Zhu, Q.-Y., Siew, C.-K. (2006). Extreme learning machine: theory and
        applications. Neurocomputing 70, 489-501.

    """

    n_features: PositiveInt = 512
    scale: Annotated[float, Above(0.0)] = 1.0
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._drawn_seed = drawn_seed(self.seed)
        self._start_encoding()
        self._columns = Columns()
        self._draw()

    def _draw(self) -> None:
        self._lift = RandomLift(self._drawn_seed, self.n_features, float(self.scale))
        self._twin: RandomReLU | None = None  # which knows features that were not learnt

    @property
    def _columns_out(self) -> ColumnsOut:
        return range(self.n_features), [None] * self.n_features

    def _grow(self) -> None:
        self._columns.follow(self._features)
        self._lift.follow(self._columns, len(self._features))
        self._twin = None

    def _expecting(self, given: Any) -> "RandomReLU":
        if self._twin is None:
            self._twin = copy.deepcopy(self)
        self._twin._make_room_for(given)
        return self._twin

    def _transform_rows(self, X: Rows) -> Rows:
        return self._lift.rows(self._columns.expand(self._features, X))

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the weights: they follow from the seed and the names."""
        return {k: v for k, v in super().__getstate__().items() if k not in ("_lift", "_twin")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "_columns" not in vars(self):  # version 0.1 forgot the names too
            self._start_encoding()
            self._columns = Columns()
        self._draw()
        self._lift.follow(self._columns, len(self._features))


def drawn_seed(seed: int | None) -> int:
    """Return the seed, or a fresh one for None."""
    if seed is not None:
        return int(seed)
    return int(np.random.SeedSequence().generate_state(1)[0])
