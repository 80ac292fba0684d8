"""AEF-OCL: analytic, exemplar-free online continual learning."""

from collections.abc import Collection, Iterator
from dataclasses import KW_ONLY
from typing import Annotated, Any

from river.base import DriftDetector
from river.base.typing import ClfTarget, FeatureName

from olearn.base import check_detector
from olearn.core.parameters import (
    Above,
    AtLeast,
    In,
    NonNegativeInt,
    OneOf,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.learners.analytic._classifier import RidgeClassifier
from olearn.learners.analytic.backends import BACKENDS, DTYPES
from olearn.learners.analytic.heads import BALANCES

__all__ = ["AEFOCLClassifier"]


@with_parameters
class AEFOCLClassifier(RidgeClassifier):
    r"""Analytic exemplar-free online continual learning[^1].

    Ridge regression on random features $\max(P x, 0)$ of a row, which is meant to hold the features
    of a frozen network, plus a generator of pseudo-features against imbalance: before predicting,
    every class is filled up to the size of the largest by rows drawn from
    $N(\mu_c, \nu^2 \mathrm{diag}(\sigma_c^2))$, the moments of its rows. What was learnt is not
    touched by that. Time per row: O(n^2) for n features; per refresh of the balanced weights
    O(n^3 + k n^2) for k pseudo-rows.

    Parameters
    ----------
    n_features
        Number n of random features; at least 1. The authors' program has 8192.
    gamma
        Ridge; positive.
    balance
        `"pfg"`: the published generator; `"weights"`: every class weighs as the largest, without
        noise, keeps n^2 numbers a class (try `gamma` of 1 to 10); `"none"`: plain ridge.
    noise
        Factor $\nu$ of the standard deviations; not negative.
    forgetting
        Factor of the weight of all earlier rows, and of the moments, at each row, in (0, 1].
    block
        Rows learnt at a time, at least 1; None: 64, or `n_features / 4` if that is more.
    refresh
        Rows until a prediction makes the balanced weights anew; at least 1.
    temperature
        Divides the scores before the softmax of `predict_proba_one`; positive.
    drift_detector
        Reads whether each prediction was wrong; on its alarm all is forgotten but the last 30
        rows. None: no reset.
    warm_up
        Rows after a (new) start that the detector does not read; not negative.
    scale
        Random weights are uniform on [-scale, scale); positive. None: 1 / sqrt(number of features
        of the first row).
    nominal_attributes
        Names of the nominal features. A feature whose first value is a string is nominal too.
    classes
        Labels known in advance, in code order; one that was never learnt is never predicted.
    backend
        `"numpy"` (LAPACK) or `"torch"`.
    device
        Device of the backend `"torch"`, such as `"cuda"`.
    dtype
        `"float64"` or `"float32"`; sums are float64 in any case.
    seed
        Seed of random features and pseudo-rows; None draws one. Results do not depend on the number
        of threads, below 2,000 features.

    Raises
    ------
    ValueError
        If a parameter is outside its range, a feature is infinite, or a string is given for a
        numeric feature.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    A missing value counts as 0. There is no intercept and nothing is standardised, as published:
    put `olearn.preprocessing.StandardScaler` in front of columns that are no features of a network.
    It is said once where more than a tenth of the columns have a mean more than three deviations
    from 0 in the first 100 rows.

    Departures from the authors' program: moments by Welford's and
    Chan's updates instead of sums of squares; sums and a Cholesky solve instead of a recursion on
    the inverse; only labels that were learnt are predicted; the noise follows from the seed, the
    number of rows and the class, so that predicting twice gives the same answer; features are
    known by name. `merge` and `forget` are ours. On some imbalanced streams the pseudo-features
    cost accuracy; see `experiments/aef_ocl.py`.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("image_segments").blocks(2_310))
    >>> X = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9)
    >>> model = learners.AEFOCLClassifier(n_features=128, seed=1)
    >>> model.learn_many(X[:1_500], y[:1_500])
    >>> print(f"{(model.predict_many(X[1_500:]) == y[1_500:]).mean():.1%}")
    92.3%

    References
    ----------
    [^1]: Zhuang, H., Fang, D., Tong, K., Liu, Y., Zeng, Z., Zhou, X., Chen, C. (2024). Online
        analytic exemplar-free continual learning with large models for imbalanced autonomous
        driving task. IEEE Transactions on Vehicular Technology.

    """

    n_features: PositiveInt = 512
    gamma: Annotated[float, Above(0.0)] = 0.1
    balance: Annotated[str, OneOf(*BALANCES)] = "pfg"
    _: KW_ONLY
    noise: Annotated[float, AtLeast(0.0)] = 1.0
    forgetting: Annotated[float, In(0.0, 1.0, "(]")] = 1.0
    block: PositiveInt | None = None
    refresh: PositiveInt = 1
    temperature: Annotated[float, Above(0.0)] = 0.1
    drift_detector: Annotated[DriftDetector | None, check_detector] = None
    warm_up: NonNegativeInt = 100
    scale: Annotated[float, Above(0.0)] | None = None
    nominal_attributes: Collection[FeatureName] | None = None
    classes: Collection[ClfTarget] | None = None
    backend: Annotated[str, OneOf(*BACKENDS)] = "numpy"
    device: str = "cpu"
    dtype: Annotated[str, OneOf(*DTYPES)] = "float64"
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start()

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"n_features": 24, "refresh": 16, "seed": 1}
        yield {"n_features": 24, "balance": "weights", "gamma": 1.0, "refresh": 16, "seed": 1}
