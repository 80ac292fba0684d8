"""The transformer: rows by name in, batches to the method, codes out."""

import math
import sys
import zlib
from collections.abc import Mapping
from dataclasses import KW_ONLY
from typing import Annotated, Any

import numpy as np
from river import base
from river.base.typing import FeatureName

from olearn.base import check_detector
from olearn.core.features import FeatureIndex
from olearn.core.locked import locked
from olearn.core.memory import memory_bytes
from olearn.core.parameters import (
    Above,
    AtLeast,
    Fraction,
    In,
    NonNegativeInt,
    OneOf,
    OpenFraction,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.core.tables import Names, Table
from olearn.core.types import Rows
from olearn.core.validate import (
    check_in_range,
    row_weights,
)
from olearn.learners.dictionary import codes
from olearn.learners.dictionary._coding import CODINGS, CodesRows, check_no_text
from olearn.learners.dictionary._trainer import Trainer
from olearn.learners.dictionary.annealed import AnnealedProcrustes
from olearn.learners.dictionary.frank_wolfe import FrankWolfe
from olearn.learners.dictionary.polar_factor import polar

__all__ = ["OrthogonalDictionaryLearner"]


@with_parameters
class OrthogonalDictionaryLearner(CodesRows):
    r"""Learns an orthogonal dictionary from a stream of samples that are sparse in it[^1].

    Samples are $y = D x$ with an unknown orthogonal $D$ and few entries of $x$ not zero. The
    learner keeps an analysis matrix $A$ whose rows are the atoms, so that $A y$ are the codes and
    $A^T$ decodes. `"frank_wolfe"` is the published method: it maximises the 3-norm of the codes by
    Frank-Wolfe steps on an averaged gradient, $G \leftarrow (1 - \rho_t) G + \rho_t g_t$ and
    $A \leftarrow (1 - \gamma_t) A + \gamma_t \, \mathrm{polar}(G)$, with
    $\rho_t = 4 / \sqrt{t + 1}$ and $\gamma_t = 2 / (t + 2)^{3/4}$. `"annealed"` is ours: codes are
    shrunk by a falling threshold, and $A$ is the polar factor of their averaged product with the
    samples; it needs fewer samples and is exact where there is no noise.

    A batch of $b$ samples with $n$ features costs $4 n^2 b$ operations and one polar factor,
    about $20 n^3$, so choose $b \ge n$ for speed. Memory: two matrices and the samples that wait
    for their batch, whichever way they come in.

    Parameters
    ----------
    method
        `"frank_wolfe"` or `"annealed"`.
    batch_size
        Samples a step, at least 1. Learnt samples wait until a batch is full, or for `flush`.
    coding
        What `transform_one` does with the codes: `"all"` keeps them, `"largest"` the `n_codes` of
        largest absolute value, `"hard"` those above `level`, `"soft"` also moves these towards 0
        by `level`, `"mad"` keeps those above `level` standard deviations of the row's noise, which
        is its median absolute code / 0.6745.
    n_codes
        Number of codes of `"largest"` and of the residual that `score_one` gives, at least 1;
        `None`: an eighth of the features.
    level
        Level of the thresholds above, not negative: in units of the data, for `"mad"` in standard
        deviations.
    p
        Norm of `"frank_wolfe"`, 3 to 4; 3 needs fewer samples.
    start_level
        First threshold of `"annealed"`, in root mean squares of the first batch, positive.
    decay
        Factor of that threshold a batch, in (0, 1); it waits where the atoms still move. Use 0.99
        for batches below 16.
    floor
        Lowest threshold of `"annealed"`, in root mean squares as above, not negative. `None`: four
        medians of the codes' absolute values, which is their noise where most codes are zero. For
        samples that are only compressible, images for instance, 0.3 with a decay of 0.96.
    rho_min
        Floor under $\rho_t$, the weight of the newest batch in both methods, in [0, 1]. 0, the
        published method, stops following in time; 0.1 follows slow rotation.
    gamma_min
        Floor under $\gamma_t$, in [0, 1]; 0.05 goes with the floor above.
    drift_detector
        Detector that reads the negative sparsity of each batch; at its alarm the steps begin anew
        from the atoms of now. `SparsityDrift` was made for it. `None` never begins anew.
    warm_up
        Number of batches, at least 0, after which the principal directions of the samples seen
        become the start. Good for samples that are hardly sparse, such as correlated sensors.
    reproject
        Whether each step of `"frank_wolfe"` ends with an orthogonal matrix. Else it stays within
        the ball of spectral norm 1, which saves time; codes use the nearest orthogonal one.
    refresh
        Steps of `"frank_wolfe"` between polar factors, at least 1; more save time where batches
        are small.
    device
        `None` computes with NumPy; `"cpu"`, `"cuda"`, ... with torch there.
    dtype
        `"float64"` or `"float32"`. Devices and NumPy agree to 1e-6 after 100 batches in float64.
    seed
        Seed of the starting matrix, which depends on the names of the features and not on their
        order. None: a random one. Results do not depend on the number of threads, below 500
        features.

    Raises
    ------
    ValueError
        If a parameter is outside its range; a feature is infinite or text.

    Notes
    -----
    A missing feature counts as 0; a new one adds an atom that points at it, and what was learnt
    stays. Samples are supposed to have mean zero (put a `StandardScaler` in front, or accept
    that the first atom is their mean) and no outliers, since a sample counts with its squared
    length. Step sizes are clipped to 1, and `1e-3` of the present `A` is added to $G$ before its
    polar factor is taken, which makes it unique while few samples are seen; both leave the
    published results as they are. Nothing can be learnt from normal or dense codes (more than
    half not zero): then `sparsity` stays near `gaussian_sparsity`. A frame of one kind gives a
    frame of the same.

    Examples
    --------
    >>> import numpy as np
    >>> from olearn import learners
    >>> from olearn.learners.dictionary import recovery_error

    >>> rng = np.random.default_rng(1)
    >>> D, _ = np.linalg.qr(rng.normal(size=(8, 8)))
    >>> X = (rng.random((4000, 8)) < 0.25) * rng.normal(size=(4000, 8)) @ D.T

    >>> model = learners.OrthogonalDictionaryLearner("annealed", batch_size=16, seed=1)
    >>> model.learn_many(X)
    >>> recovery_error(model.components, D) < 1e-6
    True

    References
    ----------
    [^1]: Xue, Y. and Lau, V. K. N. (2022). Online orthogonal dictionary learning based on
        Frank-Wolfe method. IEEE Transactions on Neural Networks and Learning Systems.

    """

    method: Annotated[str, OneOf("frank_wolfe", "annealed")] = "frank_wolfe"
    batch_size: PositiveInt = 32
    _: KW_ONLY
    coding: Annotated[str, OneOf(*CODINGS)] = "all"
    n_codes: PositiveInt | None = None
    level: Annotated[float, AtLeast(0.0)] = 3.0
    p: Annotated[int, In(3, 4)] = 3
    start_level: Annotated[float, Above(0.0)] = 2.0
    decay: OpenFraction = 0.98
    floor: Annotated[float, AtLeast(0.0)] | None = None
    rho_min: Fraction = 0.0
    gamma_min: Fraction = 0.0
    drift_detector: Annotated[base.DriftDetector | None, check_detector] = None
    warm_up: NonNegativeInt = 0
    reproject: bool = True
    refresh: PositiveInt = 1
    device: str | None = None
    dtype: Annotated[str, OneOf("float64", "float32")] = "float64"
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._features = FeatureIndex(())
        drawn = int(np.random.default_rng().integers(2**62))
        self._root = drawn if self.seed is None else self.seed
        self._trainer = self._make_trainer()
        self._pending = np.zeros((self.batch_size, 0))
        self._weights = np.ones(self.batch_size)
        self._n_pending = 0

    def _make_trainer(self) -> Trainer:
        nothing = np.zeros((0, 0))
        engine: FrankWolfe | AnnealedProcrustes
        if self.method == "annealed":
            engine = AnnealedProcrustes(
                nothing,
                start_level=self.start_level,
                decay=self.decay,
                floor=self.floor,
                rho_min=self.rho_min,
            )
        else:
            engine = FrankWolfe(
                nothing,
                p=self.p,
                rho_min=self.rho_min,
                gamma_min=self.gamma_min,
                reproject=self.reproject,
                refresh=self.refresh,
            )
        detector = None if self.drift_detector is None else self.drift_detector.clone()
        return Trainer(engine, detector, self.warm_up, self.device, self.dtype)

    # -- what is known ---------------------------------------------------------------------------

    @property
    def feature_names(self) -> list[FeatureName]:
        """Names of the features, in the order of the columns of `components`."""
        return list(self._features.names)

    @property
    def components(self) -> Rows:
        """Orthonormal atoms in rows, `float64` array `(n_atoms, n_features)`, square; a copy."""
        return self._trainer.atoms[0].copy()

    @property
    def n_steps(self) -> int:
        """Number of batches learnt."""
        return self._trainer.n_steps

    @property
    def n_pending(self) -> int:
        """Number of samples that wait for their batch to fill."""
        return self._n_pending

    @property
    def n_drifts(self) -> int:
        """Number of times the steps began anew."""
        return self._trainer.n_drifts

    @property
    def sparsity(self) -> float:
        """Fading mean of the codes' sparsity, before each batch was learnt; NaN before the first.

        Compare with `gaussian_sparsity`: near it, nothing has been found.
        """
        return self._trainer.sparsity

    @property
    def gaussian_sparsity(self) -> float:
        """What `sparsity` would be if the samples had no sparse codes, in [0, 1]."""
        n = len(self._features)
        return codes.gaussian_sparsity(n) if n else math.nan

    # -- learning --------------------------------------------------------------------------------

    @locked
    def learn_one(self, x: Mapping[FeatureName, Any], w: float = 1.0) -> None:
        """Keep one sample for the next step, and take the step where it fills the batch.

        `w` is the weight of the sample, finite and not negative.
        """
        if w != 1.0:
            check_in_range("w", w, 0.0, sys.float_info.max)
        row = self._features.quick(x)
        if row is None:
            check_no_text(x)
            row = self._features.learn_one(x)
            self._grow()
        self._take(row[None], np.array([float(w)]))

    @locked
    def learn_many(self, X: Any, w: Any = None, *, names: Names = None) -> None:
        """Learn the rows of a frame or 2-D array as a loop of `learn_one` would, bit for bit.

        `w` holds one weight a row; the columns of an array are the features `names`, 0, 1, ...
        where not given.
        """
        table = self._check_many(X, names)
        weights = row_weights(w, len(table))
        rows = self._features.learn_many(table)
        self._grow()
        self._take(rows, weights)

    @locked
    def flush(self) -> None:
        """Take a step with the samples that wait, though they do not fill a batch."""
        if self._n_pending:
            self._step()

    @locked
    def start_from(self, components: Any, *, names: Names = None) -> None:
        """Begin anew from a dictionary: the nearest orthogonal one to `components`.

        Parameters
        ----------
        components
            Atoms in rows, `(n, n)`, finite, for instance another model's or a wavelet basis.
        names
            The feature of each column, 0, 1, ... where not given; all that are known, at least.

        Raises
        ------
        ValueError
            If the matrix is not square and finite or lacks a feature that is known.

        """
        table = Table(np.asarray(components, dtype=np.float64), names)
        A = np.asarray(components, dtype=np.float64)
        if A.shape[0] != A.shape[1] or not np.isfinite(A).all():
            raise ValueError(f"components must be a finite square matrix, got shape {A.shape}")
        missing = set(self._features.names) - set(table.names)
        if missing:
            raise ValueError(f"names must hold every known feature, got none for {missing}")
        rows = self._features.learn_many(table)
        self._grow()
        self._trainer.begin(polar(rows, "svd"))

    def _atoms(self) -> tuple[Rows, Rows]:
        return self._trainer.atoms

    def _grow(self) -> None:
        n, known = len(self._features), self._trainer.n_features
        if n == known:
            return
        start = np.eye(n) if known else np.stack([self._column(k) for k in self.feature_names], 1)
        self._trainer.grow(start)
        pending = np.zeros((self.batch_size, n))
        pending[:, :known] = self._pending
        self._pending = pending

    def _column(self, name: FeatureName) -> Rows:
        """Draw a feature's column of the start by its name, whatever its place."""
        rng = np.random.default_rng([self._root, zlib.crc32(repr(name).encode())])
        return rng.standard_normal(len(self._features))

    def _take(self, rows: Rows, weights: Rows) -> None:
        start = 0
        while start < len(rows):
            end = min(len(rows), start + self.batch_size - self._n_pending)
            place = slice(self._n_pending, self._n_pending + end - start)
            self._pending[place] = np.where(np.isnan(rows[start:end]), 0.0, rows[start:end])
            self._weights[place] = weights[start:end]
            self._n_pending += end - start
            start = end
            if self._n_pending == self.batch_size:
                self._step()

    def _step(self) -> None:
        n, self._n_pending = self._n_pending, 0
        self._trainer.step(self._pending[:n], self._weights[:n])

    @property
    @locked
    def _raw_memory_usage(self) -> int:
        hidden = sum(a.nbytes for a in vars(self._trainer.engine).values() if hasattr(a, "cpu"))
        return memory_bytes(vars(self)) + hidden
