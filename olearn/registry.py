"""The one table of names: what each name of a command, a report or a call stands for.

One line a name. Parts are named by text and imported when one is made, so that this file can lie
below all of them, and asking what there is costs nothing. `__all__` of a file, not this table, says
what a package shows (`make readme`).
"""

import ast
import functools
import importlib
import inspect
import numbers
import pkgutil
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast, get_type_hints

from olearn.core.lazy import shown_names
from olearn.core.tasks import ANOMALY, CLASSIFICATION, REGRESSION
from olearn.core.validate import check_choice


@dataclass(frozen=True)
class Entry:
    """One name.

    Parameters
    ----------
    path
        `package:attribute`, the attribute possibly dotted: a class, or a function or method that
        makes what is named.
    text
        What it is, in one line; empty: what the docstring of the class says first.
    options
        Arguments it is always called with.

    """

    path: str
    text: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def description(self) -> str:
        """What it is, in one line; reads the file of a class of ours, but imports none."""
        return self.text or _first_line(*self.path.split(":"))

    def constructor(self) -> Callable[..., Any]:
        """Import and return what the path names."""
        module, _, attribute = self.path.partition(":")
        found = importlib.import_module(module)
        for name in attribute.split("."):
            found = getattr(found, name)
        return found  # type: ignore[return-value]

    def task(self) -> str:
        """What a learner is for: `"classification"`, `"regression"` or `"anomaly"`."""
        roles = importlib.import_module("river.base")
        made: Any = self.constructor()
        if not isinstance(made, type):
            made = getattr(made, "__self__", None) or get_type_hints(made)["return"]
        if issubclass(made, roles.Regressor):
            return REGRESSION
        return CLASSIFICATION if issubclass(made, roles.Classifier) else ANOMALY

    def accepted(self) -> list[str]:
        """Return the names of its arguments; `**kwargs` of a method stand for its class's."""
        constructor = self.constructor()
        parameters = inspect.signature(constructor).parameters
        names = [name for name, p in parameters.items() if p.kind is not p.VAR_KEYWORD]
        if len(names) < len(parameters) and inspect.ismethod(constructor):
            names += inspect.signature(cast(type, constructor.__self__)).parameters
        return names


_FEATURES = {"n_features": 256}

LEARNERS: dict[str, Entry] = {
    "hoeffding-tree": Entry("olearn.learners:HoeffdingTreeClassifier"),
    "hoeffding-adaptive-tree": Entry("olearn.learners:HoeffdingAdaptiveTreeClassifier"),
    "arf": Entry("olearn.learners:ARFClassifier"),
    "srp": Entry("olearn.learners:SRPClassifier"),
    "leveraging-bagging": Entry("olearn.learners:LeveragingBaggingClassifier"),
    "adwin-bagging": Entry("olearn.learners:ADWINBaggingClassifier"),
    "bagging": Entry("olearn.learners:BaggingClassifier"),
    "boosting": Entry("olearn.learners:AdaBoostClassifier"),
    "adwin-boosting": Entry("olearn.learners:ADWINBoostingClassifier"),
    "driftmoe": Entry("olearn.learners:DriftMoEClassifier", options={"variant": "data"}),
    "driftmoe-task": Entry(
        "olearn.learners:DriftMoEClassifier",
        "DriftMoE with one expert a class",
        {"variant": "task"},
    ),
    "driftmoe-task-mlp": Entry(
        "olearn.learners:DriftMoEClassifier",
        "DriftMoE with one expert a class, as its authors coded it",
        {"variant": "task_mlp"},
    ),
    "driftmoe-plus": Entry(
        "olearn.learners:DriftMoEClassifier.plus",
        "DriftMoE with our improvements to the published method",
    ),
    "logistic-regression": Entry(
        "olearn.learners:LogisticRegression.scaled",
        "Logistic regression of two labels, behind a StandardScaler",
    ),
    "softmax-regression": Entry(
        "olearn.learners:SoftmaxRegression.scaled",
        "Logistic regression of any number of labels, behind a StandardScaler",
    ),
    "perceptron": Entry("olearn.learners:Perceptron"),
    "pa-classifier": Entry("olearn.learners:PAClassifier"),
    "analytic-ridge": Entry("olearn.learners:AnalyticRidgeClassifier", options=_FEATURES),
    "aef-ocl": Entry(
        "olearn.learners:AEFOCLClassifier",
        "Analytic ridge whose classes are balanced by pseudo-features every 64 rows",
        _FEATURES | {"refresh": 64},
    ),
    "er": Entry("olearn.learners:ERClassifier"),
    "uer": Entry("olearn.learners:UERClassifier"),
    "pcr": Entry("olearn.learners:PCRClassifier"),
    "hpcr": Entry("olearn.learners:HPCRClassifier"),
    "onpro": Entry("olearn.learners:OnProClassifier"),
    "half-space-trees": Entry(
        "olearn.learners:HalfSpaceTrees.scaled",
        "Half-space trees: few rows of the last window were near; behind a MinMaxScaler",
    ),
    "loda": Entry("olearn.learners:LODA"),
    "one-class-svm": Entry(
        "olearn.learners:OneClassSVM.scaled",
        "Linear one-class support vector machine, behind a StandardScaler",
    ),
    "gaussian-nb": Entry("olearn.learners:GaussianNB"),
    "bernoulli-nb": Entry("olearn.learners:BernoulliNB"),
    "multinomial-nb": Entry("olearn.learners:MultinomialNB"),
    "complement-nb": Entry("olearn.learners:ComplementNB"),
    "knn": Entry("olearn.learners:KNNClassifier"),
    "sam-knn": Entry("olearn.learners:SAMkNNClassifier"),
    "hoeffding-tree-regressor": Entry(
        "olearn.learners:HoeffdingTreeRegressor",
        "Hoeffding tree of numbers with linear models on normalised features in its leaves",
        {"normalise": True},
    ),
    "arf-regressor": Entry("olearn.learners:ARFRegressor"),
    "soknl-regressor": Entry("olearn.learners:SOKNLRegressor"),
    "amrules": Entry(
        "olearn.learners:AMRules",
        "Adaptive model rules of numbers, with linear models on normalised features",
        {"normalise": True},
    ),
    "linear-regression": Entry(
        "olearn.learners:LinearRegression.scaled",
        "Linear regression by gradient steps, behind a StandardScaler",
    ),
    "pa-regressor": Entry("olearn.learners:PARegressor"),
    "knn-regressor": Entry("olearn.learners:KNNRegressor"),
    "analytic-ridge-regressor": Entry("olearn.learners:AnalyticRidgeRegressor", options=_FEATURES),
    "naive-bayes": Entry("river.naive_bayes:GaussianNB", "Gaussian naive Bayes, river's"),
    "no-change": Entry(
        "river.dummy:NoChangeClassifier", "Baseline: the previous label again, river's"
    ),
    "majority": Entry(
        "river.dummy:PriorClassifier", "Baseline: the commonest label so far, river's"
    ),
    "mean-number": Entry(
        "olearn.learners.baselines:mean_number", "Baseline: the mean of the numbers so far, river's"
    ),
    "last-number": Entry(
        "olearn.learners.baselines:last_number", "Baseline: the previous number again, river's"
    ),
    "htm-columns": Entry("olearn.detectors:HTMColumnsClassifier"),
    "river-hoeffding-tree": Entry("river.tree:HoeffdingTreeClassifier", "Hoeffding tree, river's"),
    "river-hat": Entry(
        "river.tree:HoeffdingAdaptiveTreeClassifier", "Hoeffding adaptive tree, river's"
    ),
    "river-arf": Entry("river.forest:ARFClassifier", "Adaptive random forest, river's"),
}

DETECTORS: dict[str, Entry] = {
    "adwin": Entry("olearn.detectors:ADWIN"),
    "cusum": Entry("olearn.detectors:CUSUM"),
    "ewma-chart": Entry("olearn.detectors:EWMAChart"),
    "glr": Entry("olearn.detectors:GeneralizedLikelihoodRatio"),
    "htm-sprt": Entry("olearn.detectors:HTMSPRT"),
    "rank-test": Entry("olearn.detectors:RankTest"),
    "sprt": Entry("olearn.detectors:SPRT"),
    "value-channel": Entry("olearn.detectors:ValueChannel"),
    "windowed-ks": Entry("olearn.detectors:WindowedKS"),
    "windowed-psi": Entry("olearn.detectors:WindowedPSI"),
    "windowed-wasserstein": Entry("olearn.detectors:WindowedWasserstein"),
    "kswin": Entry("olearn.detectors:KSWIN"),
    "ddm": Entry("olearn.detectors:DDM"),
    "eddm": Entry("olearn.detectors:EDDM"),
    "fhddm": Entry(
        "olearn.detectors:FHDDM",
        "Fast Hoeffding drift detection: a sliding window whose share of errors rises",
        {"mode": "up"},
    ),
    "hddm-a": Entry("olearn.detectors:HDDMA"),
    "hddm-w": Entry("olearn.detectors:HDDMW"),
    "page-hinkley": Entry("olearn.detectors:PageHinkley"),
    "rddm": Entry("olearn.detectors:RDDM"),
    "stepd": Entry("olearn.detectors:STEPD"),
}

AGENTS: dict[str, Entry] = {
    "stream-q": Entry("olearn.learners.rl:StreamQ"),
    "stream-sarsa": Entry("olearn.learners.rl:StreamSARSA"),
    "stream-ac": Entry("olearn.learners.rl:StreamAC"),
}

_DRIFTING = {
    "led": "LED digits, four concepts",
    "sea": "SEA, four concepts",
    "rbf": "Radial basis functions that move",
}
_KINDS = {"a": "abrupt drifts", "g": "gradual drifts", "m": "slowly", "f": "fast"}
_SIZES = {"": "1,000,000 rows", "_mini": "50,000 rows"}
_RIVER = "olearn.streams:from_river"

GENERATORS: dict[str, Entry] = {
    "agrawal": Entry("olearn.streams:Agrawal"),
    "friedman": Entry("olearn.streams:Friedman"),
    **{
        f"friedman_{kind}": Entry(
            "olearn.streams:friedman_drift",
            f"Friedman's function, {text}, 100,000 rows",
            {"kind": kind},
        )
        for kind, text in (
            ("lea", "local drifts that expand"),
            ("gra", "a global drift that recurs"),
            ("gsg", "two slow gradual drifts"),
        )
    },
    "hyperplane": Entry("olearn.streams:Hyperplane"),
    "kpi4": Entry("olearn.streams:KPI", options={"temporal": False}),
    "kpi4t": Entry(
        "olearn.streams:KPI",
        "The same, half of the anomalies in the order of the values",
        {"temporal": True},
    ),
    "led": Entry("olearn.streams:LED"),
    "rbf": Entry("olearn.streams:RandomRBF"),
    "sea": Entry("olearn.streams:SEA"),
    "sine": Entry("olearn.streams:Sine"),
    "stagger": Entry("olearn.streams:STAGGER"),
    **{
        f"{family}_{kind}{size}": Entry(
            "olearn.streams.published:published",
            f"{_DRIFTING[family]}, {_KINDS[kind]}, synthetic, {rows}",
            {"name": f"{family}_{kind}{size}"},
        )
        for family, kinds in (("led", "ag"), ("sea", "ag"), ("rbf", "mf"))
        for kind in kinds
        for size, rows in _SIZES.items()
    },
}
"""Synthetic streams, which take a seed."""

BUNDLED: dict[str, Entry] = {
    "bananas": Entry(_RIVER, "Two banana-shaped clouds, river's", {"dataset": "Bananas"}),
    "image_segments": Entry(
        _RIVER, "Patches of outdoor pictures, river's", {"dataset": "ImageSegments"}
    ),
    "phishing_river": Entry(
        _RIVER, "Phishing web sites, 1,250 rows, river's", {"dataset": "Phishing"}
    ),
    "chick_weights": Entry(
        _RIVER, "Weights of chicks by age and diet, 578 rows, river's", {"dataset": "ChickWeights"}
    ),
    "trump_approval": Entry(
        _RIVER, "Approval ratings by polls, 1,001 rows, river's", {"dataset": "TrumpApproval"}
    ),
    "shuttle": Entry(
        _RIVER, "States of the space shuttle, 49,097 rows, river's", {"dataset": "Shuttle"}
    ),
}
"""Real tables that are there wherever river is."""

METRICS: dict[str, Entry] = {
    "Accuracy": Entry(
        "river.metrics:Accuracy", "Share of rows predicted rightly, before they are learnt"
    ),
    "CohenKappa": Entry(
        "river.metrics:CohenKappa",
        "0 is no better than guessing with the same label frequencies, 1 is perfect",
    ),
    "ROCAUC": Entry(
        "river.metrics:ROCAUC",
        "Area under the ROC curve, approximated between 10 thresholds of the probability; 50 % is "
        "chance",
    ),
}
"""What reports say of metrics of river; ours say it in their docstrings, see `describe_metric`."""


def packages() -> list[str]:
    """Return the packages that list public names in `__all__`, sorted."""
    olearn = importlib.import_module("olearn")
    found = pkgutil.walk_packages(olearn.__path__, "olearn.")
    names = ["olearn", *(info.name for info in found if info.ispkg)]
    return sorted(name for name in names if hasattr(importlib.import_module(name), "__all__"))


@functools.cache
def streams() -> dict[str, Entry]:
    """Return all streams that have a name, sorted: those above and the tables to be found."""
    tables: Any = importlib.import_module("olearn.streams._table_facts").TABLES
    load = "olearn.streams.tables:load_table"
    real = {name: Entry(load, table.title, {"name": name}) for name, table in tables.items()}
    series: Any = importlib.import_module("olearn.streams._series_facts").SERIES
    load = "olearn.streams:load_series"
    real |= {name: Entry(load, facts.title, {"name": name}) for name, facts in series.items()}
    return dict(sorted((GENERATORS | BUNDLED | real).items()))


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


@functools.cache
def metrics() -> dict[str, str]:
    """Return what `make_metric` makes and an evaluation can show, sorted, with what it means."""
    return {
        name: describe_metric(name)
        or (inspect.getdoc(found) or "").split("\n")[0].removesuffix(".")
        for name, found in sorted(_metric_classes().items())
        if _gives_one_number(found)
    }


def make_metric(name: str) -> Any:
    """Make a metric by its class name, ours or river's, upper or lower case."""
    classes = _metric_classes()
    by_lower_case = {key.lower(): value for key, value in classes.items()}
    if name.lower() not in by_lower_case:
        check_choice("metric", name, sorted(classes))
    return by_lower_case[name.lower()]()


def describe_metric(name: str) -> str:
    """Say in one line what a metric's value means, by its class name; empty where unknown."""
    if name in METRICS:
        return METRICS[name].description
    return _first_line("olearn.metrics", name) if name in _shown("olearn.metrics") else ""


def _metric_classes() -> dict[str, type]:
    theirs, ours = (importlib.import_module(name) for name in ("river.metrics", "olearn.metrics"))
    role = importlib.import_module("river.metrics.base").Metric
    # river's `__all__` names a class that is not there, so not by that
    found = vars(theirs) | {name: getattr(ours, name) for name in ours.__all__}
    return {n: f for n, f in found.items() if inspect.isclass(f) and issubclass(f, role)}


def _gives_one_number(metric: type) -> bool:
    try:
        return isinstance(metric().get(), numbers.Real)
    except (NotImplementedError, TypeError):  # it only prints, or cannot be made by name alone
        return False


def _make(entry: Entry, offered: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    accepted = entry.accepted()
    for name in options:
        check_choice("option", name, accepted)
    fitting = {k: v for k, v in offered.items() if k in accepted and v is not None}
    return entry.constructor()(**{**entry.options, **fitting, **options})


def _first_line(package: str, name: str) -> str:
    """Return the first line of a class's docstring, without marks of references."""
    tree = ast.parse(_file(_shown(package)[name]).read_text(encoding="utf-8"))
    (found,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    line = (ast.get_docstring(found) or "").split("\n")[0]
    return re.sub(r"\[\^\d+\]", "", line).removesuffix(".")


@functools.cache
def _shown(package: str) -> dict[str, str]:
    return shown_names(str(_file(package)))


def _file(module: str) -> Path:
    spec = find_spec(module)
    assert spec is not None, f"there is no module {module}"
    return Path(str(spec.origin))
