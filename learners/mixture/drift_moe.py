"""DriftMoE: Hoeffding trees as experts, and a neural router trained with them."""

import itertools
from collections.abc import Collection, Iterator
from dataclasses import KW_ONLY
from typing import Annotated, Any, Self

import numpy as np
from river.base.typing import ClfTarget, FeatureName

from olearn.base import ArrayClassifier
from olearn.core.parameters import (
    Above,
    AtLeast,
    In,
    OneOf,
    OpenFraction,
    PositiveInt,
    Seed,
    check_parameters,
    with_parameters,
)
from olearn.core.rng import kernel_state
from olearn.core.types import Codes, Rows
from olearn.detectors._adwin_kernels import adwin_size, adwin_start
from olearn.learners.mixture import data_kernels as kernels
from olearn.learners.mixture import task_kernels
from olearn.learners.mixture.data_kernels import Experts
from olearn.learners.mixture.router import Router
from olearn.learners.mixture.router_kernels import RouterArrays
from olearn.learners.trees import layout as at
from olearn.learners.trees.interleave import interleaved
from olearn.learners.trees.pool import TreePool, category_room, category_rooms, settings_of
from olearn.learners.trees.single_tree import GracePeriod, LeafPrediction, SplitCriterion

__all__ = ["DriftMoEClassifier"]

_VARIANTS = {
    "data": kernels.run_data,
    "task": task_kernels.run_task,
    "task_mlp": task_kernels.run_mlp,
}
_PLUS: dict[str, Any] = {
    "n_experts": 12,
    "readout": "mixture",
    "poisson": 6.0,
    "expert_features": 0.6,
    "drift_delta": 0.001,
    "standardize": True,
    "untrained": "abstain",
    "fallback": "proba",
    "delta": 0.01,
}


@with_parameters
class DriftMoEClassifier(ArrayClassifier):
    r"""DriftMoE: a mixture of Hoeffding trees with a router trained online[^1].

    A small perceptron sees the row and scores the experts; the best-scored expert predicts and the
    `top_k` best-scored learn the row. The router learns, by binary cross-entropy on blocks of
    rows, which experts were right. There is no drift detector: after a drift the router moves
    traffic to the experts that are right now. Time per row: one pass through the router, a vote of
    every expert and `top_k` tree updates.

    Parameters
    ----------
    variant
        `"data"`: experts share the data, as above. `"task"`: one binary tree a class; the class
        with the largest router gate times P(class) of its tree wins. `"task_mlp"`: the router
        alone, one step a row and dropout also in prediction, which is what the authors' MoE-Task
        program computes.
    n_experts
        Number of trees of `"data"`; at least 1. The other variants have one a class.
    top_k
        Number of experts trained on a row of `"data"`; at least 1, cut to `n_experts`.
    hidden
        Units of the router's first hidden layer, at least 2; the second has half as many.
    lr
        Step size of the router's Adam; positive.
    batch_size
        Rows of one router step; at least 1. `"task_mlp"` takes one row a step.
    dropout
        Dropout of `"task_mlp"`; in [0, 1). The other variants never drop units.
    grace_period
        Weight a leaf sees between split attempts; positive.
    delta
        Split confidence of the trees; in (0, 1).
    tau
        Tie threshold of the trees; not negative.
    max_depth
        Depth at which no leaf is split any more, at least 1; None for no limit.
    split_criterion
        `"info_gain"`, `"gini"` or `"hellinger"`, see `HoeffdingTreeClassifier`.
    leaf_prediction
        `"mc"`, `"nb"` or `"nba"`, see `HoeffdingTreeClassifier`.
    fallback
        Which expert counts as right where none is: the one with the largest `"raw"` vote for the
        true class (the reference) or the largest `"proba"`.
    untrained
        Whether an expert that has learnt nothing may `"vote"` for the first class (the reference)
        or must `"abstain"`, so that the router is never taught to call it.
    readout
        Prediction of `"data"`: by the `"router"`'s best expert, or by a `"mixture"`: of four
        read-outs (router's expert, gated top k, all experts by faded accuracy, by both) the one
        that was right most often lately.
    poisson
        None trains the `top_k`; a number in (0, 30] trains every expert on each row with a Poisson
        weight of this mean (online bagging), so that none starves.
    expert_features
        Share of the features that each leaf looks at, in (0, 1]; 1 is all.
    drift_delta
        Confidence, in (0, 0.1), of an ADWIN on each expert's errors: when they rise, a tree grown
        since the warning (at ten times this delta) replaces the expert. None: never.
    standardize
        Whether the router gets features standardized by running mean and deviation.
    nominal_attributes
        Names of the nominal features; the router sees their codes.
    max_size
        Bound of the memory of all trees, MiB; positive.
    classes
        Labels known in advance, in code order; None: in order of first appearance.
    seed
        Seed of the router's weights and all draws. Results do not depend on the number of threads.

    Raises
    ------
    ValueError
        If a parameter is outside its range, a feature is infinite, or a string is given for a
        numeric feature.
    TypeError
        If a parameter or a feature has the wrong type.

    Notes
    -----
    Order of a row: score, predict, mask, router, experts; so nothing has learnt the row when it is
    predicted. The accuracies published for MoE-Data fit a program that trained before it tested:
    they exceed the Bayes rate of its LED stream, and an honest run cannot reach them. Naive Bayes
    works with logarithms. A missing value enters the router as 0. A weight scales what trees
    learn; the router counts a row once, and not at all where the weight is 0.

    Skips river's `check_shuffle_features_no_impact`: the router's initial weights are drawn by
    column, so the order of the first row's features matters.

    Examples
    --------
    >>> from olearn import learners, streams
    >>> X, y = next(streams.load("led_a_mini", seed=42).blocks(10_000))
    >>> model = learners.DriftMoEClassifier(nominal_attributes=range(24), seed=1)
    >>> predicted = model.test_then_train_many(X, y)
    >>> print(model.expert_usage.sum())
    10000

    References
    ----------
    [^1]: Aspis, Cajas Ordóñez, Suárez-Cetrulo, Simón Carbajo (2025). DriftMoE: A Mixture of
        Experts Approach to Handle Concept Drifts. arXiv 2507.18464.

    """

    variant: Annotated[str, OneOf(*_VARIANTS)] = "data"
    n_experts: PositiveInt = 12
    top_k: PositiveInt = 3
    _: KW_ONLY
    hidden: Annotated[int, AtLeast(2)] = 256
    lr: Annotated[float, Above(0.0)] = 2e-3
    batch_size: PositiveInt = 256
    dropout: Annotated[float, In(0.0, 1.0, "[)")] = 0.2
    grace_period: GracePeriod = 50
    delta: OpenFraction = 1e-7
    tau: Annotated[float, AtLeast(0.0)] = 0.05
    max_depth: PositiveInt | None = None
    split_criterion: SplitCriterion = "info_gain"
    leaf_prediction: LeafPrediction = "nba"
    fallback: Annotated[str, OneOf("raw", "proba")] = "raw"
    untrained: Annotated[str, OneOf("vote", "abstain")] = "vote"
    readout: Annotated[str, OneOf("router", "mixture")] = "router"
    poisson: Annotated[float, In(0.0, 30.0, "(]")] | None = None
    expert_features: Annotated[float, In(0.0, 1.0, "(]")] = 1.0
    drift_delta: Annotated[float, In(0.0, 0.1, "()")] | None = None
    standardize: bool = False
    nominal_attributes: Collection[FeatureName] | None = None
    max_size: Annotated[float, Above(0.0)] = 200.0
    classes: Collection[ClfTarget] | None = None
    seed: Seed = None

    def __post_init__(self) -> None:
        check_parameters(self)
        self._start_encoding(self.nominal_attributes, self.classes)
        self._pool = TreePool(
            settings_of(self), self.max_size, rng=kernel_state(self.seed, stream=1)
        )
        n_start = self.n_experts if self.variant == "data" else 0
        self._experts = self._start_experts(n_start)
        rows = 1 if self.variant == "task_mlp" else self.batch_size
        self._router = Router(0, n_start, hidden=self.hidden, batch_size=rows, seed=self.seed)
        self._grow(len(self._labels))

    @property
    def _mutable_attributes(self) -> set[str]:
        return {"grace_period", "delta", "tau", "lr"}

    def _apply_parameters(self) -> None:
        self._pool.arrays.conf[:] = settings_of(self)
        self._experts.conf[kernels.LR] = self.lr

    @classmethod
    def _unit_test_params(cls) -> Iterator[dict[str, Any]]:
        yield {"seed": 1}
        yield {"seed": 1, "variant": "task"}
        yield {**_PLUS, "seed": 1, "n_experts": 4}

    @classmethod
    def plus(cls, **parameters: Any) -> Self:
        """Make the stronger variant `DriftMoE+`; `parameters` override its settings.

        Every expert learns every row with a Poisson(6) weight, looks at 60 % of the features, and
        is replaced when its errors rise; the prediction is a mixture chosen by recent accuracy.
        """
        return cls(**{**_PLUS, **parameters})

    @property
    def expert_usage(self) -> Codes:
        """How often the router put each expert first in the rows learnt, shape `(n_experts,)`."""
        return self._experts.usage.copy()

    @property
    def n_drifts(self) -> int:
        """Number of experts replaced after a drift."""
        return int(self._experts.count[kernels.N_DRIFTS])

    def _start_experts(self, n_experts: int) -> Experts:
        conf = np.zeros(kernels.CONF_SIZE)
        conf[kernels.TOP_K] = self.top_k
        conf[kernels.LR] = self.lr
        conf[kernels.BY_PROBA] = self.fallback == "proba"
        conf[kernels.ABSTAIN] = self.untrained == "abstain"
        conf[kernels.MIXTURE] = self.readout == "mixture"
        conf[kernels.LAMBDA] = self.poisson or 0.0
        conf[kernels.DRIFT_DELTA] = self.drift_delta or 0.0
        conf[kernels.WARNING_DELTA] = 10.0 * (self.drift_delta or 0.0)
        conf[kernels.DECAY] = 0.99  # the accuracy of an expert is that of about the last 100 rows
        conf[kernels.STANDARDIZE] = self.standardize
        conf[kernels.DROPOUT] = self.dropout
        n_watched = n_experts if self.drift_delta is not None else 0
        adwin = np.zeros((n_watched, 2, adwin_size()))
        for state in itertools.chain.from_iterable(adwin):
            adwin_start(state)
        return Experts(
            roots=np.array([self._pool.add_tree() for _ in range(n_experts)], np.int64),
            spare=np.full(n_experts, -1, np.int64),
            usage=np.zeros(n_experts, np.int64),
            faded=np.zeros(n_experts),
            readout=np.zeros(kernels.N_READOUTS),
            adwin=adwin,
            scale=np.zeros((3, 0)),
            count=np.zeros(2, np.int64),
            conf=conf,
        )

    def _grow(self, n_classes: int) -> None:
        n_features = len(self._features)
        self._pool.grow(
            category_rooms(self._features.widths), 2 if self.variant == "task" else n_classes
        )
        if self.expert_features < 1.0:
            size = max(1, round(self.expert_features * n_features))
            self._pool.subspace = size
        if self.variant != "data" and n_classes > len(self._experts.usage):
            self._add_class_experts(n_classes - len(self._experts.usage))
        if self.standardize and n_features > self._experts.scale.shape[1]:
            scale = np.zeros((3, n_features))
            scale[:, : self._experts.scale.shape[1]] = self._experts.scale
            self._experts = self._experts._replace(scale=scale)
        self._router.grow(n_features, len(self._experts.usage))

    def _add_class_experts(self, n_more: int) -> None:
        """Add experts for new classes; until now "no" would have been right for them."""
        e = self._experts
        trees = n_more if self.variant == "task" else 0
        roots = [self._pool.add_tree() for _ in range(trees)]
        self._experts = e._replace(
            roots=np.concatenate([e.roots, np.array(roots, np.int64)]),
            usage=np.concatenate([e.usage, np.zeros(n_more, np.int64)]),
        )
        self._router.grow(len(self._features), len(self._experts.usage))
        if trees:
            self._router.mark_waiting(n_more, 1.0)

    def _state(self) -> tuple[Codes, Experts, RouterArrays]:
        return self._pool.handle, self._experts, self._router.arrays()

    def _run(self, X: Rows, y: Codes, w: Rows, *, proba: bool = False) -> Any:
        """Predict, then learn each row of weight >= 0; return codes, or class probabilities."""
        out = np.empty(len(y), np.int64)
        odds = np.empty((len(y) if proba else 0, len(self._labels)))
        run = _VARIANTS[self.variant]
        row = run(*self._state(), X, y, w, out, odds, 0)
        while row < len(y):
            self._pool.make_room(2 * max(len(self._experts.roots), 1))
            row = run(*self._state(), X, y, w, out, odds, row)
        return odds if proba else out

    def _room(self, n_categories: int) -> int:
        return category_room(n_categories)

    def _learn_rows(self, X: Rows, y: Codes, w: Rows) -> None:
        self._run(X, y, w)

    def _stage_rows(
        self, A: Rows, B: Rows, y: Codes, w: Rows, upto: Codes, proba: bool
    ) -> Codes | Rows:
        X, codes, weights, rows = interleaved(A, B, y, w, upto)
        answers: Any = self._run(X, codes, weights, proba=proba)[rows]
        return answers

    def _proba_rows(self, X: Rows) -> Rows:
        return self._only_predict(X, proba=True)

    def _codes_rows(self, X: Rows) -> Codes:
        return self._only_predict(X, proba=False)

    def _only_predict(self, X: Rows, *, proba: bool) -> Any:
        return self._run(
            X, np.zeros(len(X), np.int64), np.full(len(X), at.ONLY_PREDICT), proba=proba
        )

    def _unit_test_skips(self) -> set[str]:
        return {"check_shuffle_features_no_impact"}
