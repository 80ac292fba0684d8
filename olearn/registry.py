"""Names of the command line: what each stands for, and how to make it.

One line a name. Nothing is imported before it is asked for.
"""

import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from olearn.core.validate import check_choice


@dataclass(frozen=True)
class Entry:
    """One name.

    Parameters
    ----------
    path
        `module:attribute`, the attribute possibly dotted: a class, or a method that makes one.
    words
        What it is, in one line.
    options
        Arguments it is always called with.

    """

    path: str
    words: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def constructor(self) -> Callable[..., Any]:
        """Import and return what the path names."""
        module, _, attribute = self.path.partition(":")
        found = importlib.import_module(module)
        for name in attribute.split("."):
            found = getattr(found, name)
        return found  # type: ignore[return-value]


_OURS = "olearn.learners"

LEARNERS: dict[str, Entry] = {
    "hoeffding-tree": Entry(f"{_OURS}:HoeffdingTreeClassifier", "Hoeffding tree (VFDT), compiled"),
    "hoeffding-adaptive-tree": Entry(
        f"{_OURS}:HoeffdingAdaptiveTreeClassifier",
        "Hoeffding tree that replaces branches when their error drifts, compiled",
    ),
    "arf": Entry(
        f"{_OURS}:ARFClassifier", "adaptive random forest: bagged trees with drift detectors"
    ),
    "driftmoe": Entry(
        f"{_OURS}:DriftMoEClassifier",
        "mixture of tree experts behind a neural router; experts compete for rows",
        {"variant": "data"},
    ),
    "driftmoe-task": Entry(
        f"{_OURS}:DriftMoEClassifier", "DriftMoE with one expert a class", {"variant": "task"}
    ),
    "driftmoe-task-mlp": Entry(
        f"{_OURS}:DriftMoEClassifier",
        "DriftMoE with one expert a class, as its authors coded it",
        {"variant": "task_mlp"},
    ),
    "driftmoe-plus": Entry(
        f"{_OURS}:DriftMoEClassifier.plus", "DriftMoE with our improvements to the published method"
    ),
    "analytic-ridge": Entry(
        f"{_OURS}:AnalyticRidgeClassifier",
        "ridge regression on 256 random features, exact after every row",
        {"n_features": 256},
    ),
    "aef-ocl": Entry(
        f"{_OURS}:AEFOCLClassifier",
        "the same, classes balanced by pseudo-features every 64 rows",
        {"n_features": 256, "refresh": 64},
    ),
    "er": Entry(f"{_OURS}:ERClassifier", "neural network that replays a sample of the past"),
    "uer": Entry(
        f"{_OURS}:UERClassifier", "the same, the new by its angles only, which forgets less"
    ),
    "pcr": Entry(
        f"{_OURS}:PCRClassifier", "rehearsal that contrasts two views with proxies of the classes"
    ),
    "hpcr": Entry(
        f"{_OURS}:HPCRClassifier", "the same, held to what the network said of a sample before"
    ),
    "onpro": Entry(
        f"{_OURS}:OnProClassifier", "rehearsal by prototypes, turned images and mixed close classes"
    ),
    "naive-bayes": Entry("river.naive_bayes:GaussianNB", "Gaussian naive Bayes, river's"),
    "no-change": Entry("river.dummy:NoChangeClassifier", "repeats the previous label: the bar"),
    "majority": Entry("river.dummy:PriorClassifier", "names the commonest label so far: the bar"),
    "htm-columns": Entry(
        "olearn.detectors:HTMColumnsClassifier",
        "a temporal memory for each feature, joined by a network trained online",
    ),
    "river-hoeffding-tree": Entry("river.tree:HoeffdingTreeClassifier", "river's Hoeffding tree"),
    "river-hat": Entry(
        "river.tree:HoeffdingAdaptiveTreeClassifier", "river's Hoeffding adaptive tree"
    ),
    "river-arf": Entry("river.forest:ARFClassifier", "river's adaptive random forest"),
}

DETECTORS: dict[str, Entry] = {
    "adwin": Entry(
        "olearn.detectors:ADWIN", "adaptive window: compares the means of newer and older, compiled"
    ),
    "cusum": Entry("olearn.detectors:CUSUM", "cumulative sums of what exceeds an allowance"),
    "ewma-chart": Entry("olearn.detectors:EWMAChart", "moving average outside its control limits"),
    "glr": Entry(
        "olearn.detectors:GeneralizedLikelihoodRatio",
        "likelihood ratio of the best change point of a window",
    ),
    "htm-sprt": Entry(
        "olearn.detectors:HTMSPRT",
        "learns the sequence and tests its surprises: drifts of order, level and spread; anomalies",
    ),
    "rank-test": Entry("olearn.detectors:RankTest", "sequential test of scores in [0, 1] by rank"),
    "sprt": Entry("olearn.detectors:SPRT", "Wald's sequential probability ratio test"),
    "value-channel": Entry(
        "olearn.detectors:ValueChannel", "sequential tests of level and spread by rank"
    ),
    "windowed-ks": Entry(
        "olearn.detectors:WindowedKS", "Kolmogorov-Smirnov test of two adjacent windows"
    ),
    "windowed-psi": Entry(
        "olearn.detectors:WindowedPSI", "population stability index of two adjacent windows"
    ),
    "windowed-wasserstein": Entry(
        "olearn.detectors:WindowedWasserstein", "Wasserstein distance of two adjacent windows"
    ),
    "kswin": Entry("river.drift:KSWIN", "Kolmogorov-Smirnov test on a sliding window"),
    "page-hinkley": Entry("river.drift:PageHinkley", "cumulative sum of deviations from the mean"),
    "ddm": Entry("river.drift.binary:DDM", "error rate above its minimum by 3 deviations"),
    "eddm": Entry("river.drift.binary:EDDM", "distance between errors grows smaller"),
    "fhddm": Entry("river.drift.binary:FHDDM", "Hoeffding bound on a sliding window of hits"),
    "hddm-a": Entry("river.drift.binary:HDDMA", "Hoeffding bound on averages"),
    "hddm-w": Entry("river.drift.binary:HDDMW", "Hoeffding bound on weighted averages"),
}

_DRIFTING = {
    "led": "LED digits, four concepts",
    "sea": "SEA, four concepts",
    "rbf": "radial basis functions that move",
}
_KINDS = {"a": "abrupt drifts", "g": "gradual drifts", "m": "slowly", "f": "fast"}
_SIZES = {"": "1,000,000 rows", "_mini": "50,000 rows"}

SYNTHETIC: dict[str, str] = {
    "agrawal": "synthetic, endless: loan rules over nine features",
    "hyperplane": "synthetic, endless: a rotating hyperplane",
    "kpi4": "synthetic: four indicators of a radio cell, anomalies in their values, 8,000 rows",
    "kpi4t": "synthetic: the same, half of the anomalies in the order of the values",
    "led": "synthetic, endless: noisy digits of seven segments, and noise features",
    "rbf": "synthetic, endless: radial basis functions, at rest or moving",
    "sea": "synthetic, endless: the sum of two of three numbers against a threshold",
    "sine": "synthetic, endless: above or below a sine curve",
    "stagger": "synthetic, endless: boolean rules over size, colour and shape",
    **{
        f"{family}_{kind}{size}": f"synthetic: {_DRIFTING[family]}, {_KINDS[kind]}, {rows}"
        for family, kinds in (("led", "ag"), ("sea", "ag"), ("rbf", "mf"))
        for kind in kinds
        for size, rows in _SIZES.items()
    },
}
"""Generators, which take a seed."""

BUNDLED = {
    "bananas": "comes with river: two banana-shaped clouds",
    "image_segments": "comes with river: patches of outdoor pictures",
    "phishing_river": "comes with river: phishing web sites, 1,250 rows",
    "shuttle": "comes with river: states of the space shuttle, 49,097 rows",
}
"""Real tables that are there wherever river is; the others say themselves what they are."""


def describe_stream(name: str) -> str:
    """Say in one line what a stream of `olearn.streams.names` is."""
    from olearn.streams._table_facts import TABLES

    if name in TABLES:
        return TABLES[name].title
    return {**SYNTHETIC, **BUNDLED}[name]


def make_learner(
    name: str,
    *,
    nominal: Iterable[str] = (),
    seed: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> Any:
    """Make a learner by name.

    Parameters
    ----------
    name
        One of `LEARNERS`.
    nominal
        Nominal features of the stream, for a learner that takes `nominal_attributes`.
    seed
        Seed, for a learner that takes one; None keeps its default.
    options
        Further arguments of its constructor.

    Raises
    ------
    ValueError
        If the name or an option is unknown; the message suggests the nearest.

    Examples
    --------
    >>> from olearn.registry import make_learner
    >>> make_learner("river-arf", seed=3, options={"n_models": 5}).n_models
    5

    """
    check_choice("learner", name, LEARNERS)
    offered = {"nominal_attributes": list(nominal) or None, "seed": seed}
    return _make(LEARNERS[name], offered, options or {})


def make_detector(
    name: str, *, seed: int | None = None, options: Mapping[str, Any] | None = None
) -> Any:
    """Make a drift detector by name, one of `DETECTORS`; the rest is as in `make_learner`."""
    check_choice("detector", name, DETECTORS)
    return _make(DETECTORS[name], {"seed": seed}, options or {})


def make_metric(name: str) -> Any:
    """Make a metric by its class name, ours or river's, upper or lower case."""
    from river import metrics as theirs
    from river.metrics.base import Metric

    from olearn import metrics as ours

    classes = {
        key: value
        for module in (theirs, ours)
        for key, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, Metric) and not key.startswith("_")
    }
    by_lower_case = {key.lower(): value for key, value in classes.items()}
    if name.lower() not in by_lower_case:
        check_choice("metric", name, sorted(classes))
    return by_lower_case[name.lower()]()


def _make(entry: Entry, offered: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    constructor = entry.constructor()
    accepted = _accepted(constructor)
    for name in options:
        check_choice("option", name, accepted)
    fitting = {k: v for k, v in offered.items() if k in accepted and v is not None}
    return constructor(**{**entry.options, **fitting, **options})


def _accepted(constructor: Callable[..., Any]) -> list[str]:
    """Names of the arguments; a method that passes on `**kwargs` accepts its class's too."""
    parameters = inspect.signature(constructor).parameters
    names = [name for name, p in parameters.items() if p.kind is not p.VAR_KEYWORD]
    if len(names) < len(parameters) and inspect.ismethod(constructor):
        names += inspect.signature(cast(type, constructor.__self__)).parameters
    return names
