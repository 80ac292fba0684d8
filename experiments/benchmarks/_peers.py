"""The models compared, each as a function from rows to a `Trial` with a fresh model."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _timing import Rows, Trial
from numpy.typing import NDArray
from river import forest, tree

from olearn import learners


@dataclass(frozen=True)
class TreeSettings:
    """Settings that all trees of a comparison share."""

    name: str
    grace_period: int = 200
    delta: float = 1e-7
    tau: float = 0.05


FOREST = TreeSettings("forest", grace_period=50, delta=0.01)  # the trees of a forest split early
N_MODELS = 10


def subspace(n_features: int) -> int:
    """Return how many features a leaf of a forest looks at: MOA's square root plus one."""
    return min(n_features, round(n_features**0.5) + 1)


def on_arrays(make: Callable[[Rows], Any]) -> Callable[[Rows], Trial]:
    """Test-then-train over whole arrays, in one call."""

    def prepare(rows: Rows) -> Trial:
        model = make(rows)
        names = rows.schema.names
        return Trial(lambda: model.test_then_train_many(rows.X, rows.y, names=names))

    return prepare


def on_dicts(make: Callable[[Rows], Any]) -> Callable[[Rows], Trial]:
    """Test-then-train one dict at a time; the dicts are made before the clock starts."""

    def prepare(rows: Rows) -> Trial:
        model = make(rows)
        pairs = rows.pairs()

        def run() -> list[Any]:
            answers = []
            for x, y in pairs:
                answers.append(model.predict_one(x))
                model.learn_one(x, y)
            return answers

        # before the first label the answer is None, which is wrong
        return Trial(run, lambda answers: np.array([-1 if a is None else a for a in answers]))

    return prepare


def our_tree(rows: Rows, s: TreeSettings) -> Any:
    """Make our tree."""
    return learners.HoeffdingTreeClassifier(
        s.grace_period, delta=s.delta, tau=s.tau, nominal_attributes=rows.schema.nominal
    )


def river_tree(rows: Rows, s: TreeSettings) -> Any:
    """Make river's tree."""
    return tree.HoeffdingTreeClassifier(
        s.grace_period, delta=s.delta, tau=s.tau, nominal_attributes=list(rows.schema.nominal)
    )


def our_forest(rows: Rows, seed: int) -> Any:
    """Make our adaptive random forest."""
    return learners.ARFClassifier(
        N_MODELS,
        grace_period=FOREST.grace_period,
        delta=FOREST.delta,
        tau=FOREST.tau,
        max_features=subspace(rows.schema.n_features),
        nominal_attributes=rows.schema.nominal,
        seed=seed,
    )


def river_forest(rows: Rows, seed: int) -> Any:
    """Make river's adaptive random forest."""
    return forest.ARFClassifier(
        N_MODELS,
        grace_period=FOREST.grace_period,
        delta=FOREST.delta,
        tau=FOREST.tau,
        max_features=subspace(rows.schema.n_features),
        nominal_attributes=list(rows.schema.nominal),
        seed=seed,
    )


# -- CapyMOA, where it and Java are installed ----------------------------------------------------


def has_capymoa() -> bool:
    """Return whether CapyMOA and Java can be used."""
    try:
        import capymoa.evaluation  # noqa: F401
    except Exception as error:  # its import also starts Java, which fails in ways of its own
        print(f"CapyMOA is left out: {error}")
        return False
    return True


def moa_tree(schema: Any, s: TreeSettings) -> Any:
    """Make MOA's tree."""
    from capymoa.classifier import HoeffdingTree

    return HoeffdingTree(
        schema, grace_period=s.grace_period, confidence=s.delta, tie_threshold=s.tau
    )


def moa_forest(schema: Any, seed: int) -> Any:
    """Make MOA's adaptive random forest; its trees have the settings `FOREST` by default."""
    from capymoa.classifier import AdaptiveRandomForestClassifier

    features = subspace(schema.get_num_attributes())
    return AdaptiveRandomForestClassifier(
        schema, random_seed=seed, ensemble_size=N_MODELS, max_features=features
    )


def moa_majority(schema: Any) -> Any:
    """Make MOA's majority class: what it costs to hand the rows over and to score answers."""
    from capymoa.classifier import MajorityClass

    return MajorityClass(schema)


def in_java(make: Callable[[Any], Any]) -> Callable[[Rows], Trial]:
    """MOA's own test-then-train loop, run inside Java over rows that lie in Java's memory.

    The rows are written to an ARFF file, read back by MOA and kept as its instances before the
    clock starts, so that no parsing is timed. MOA scores within its loop; the predictions it keeps
    are scored once more as all others are.
    """

    def prepare(rows: Rows) -> Trial:
        from capymoa.evaluation import ClassificationEvaluator
        from moa.evaluation import EfficientEvaluationLoops

        stream, schema = _java_stream(rows)
        model = make(schema).moa_learner
        evaluator = ClassificationEvaluator(schema=schema).moa_basic_evaluator

        def run() -> Any:
            return EfficientEvaluationLoops.PrequentialEvaluation(
                stream, model, evaluator, None, -1, len(rows), False, True
            )

        return Trial(run, lambda answer: np.array([int(code) for code in answer.predictions]))

    return prepare


_held: dict[
    tuple[str, int], tuple[Any, Any]
] = {}  # streams and schemas in Java, by stream and number


def _java_stream(rows: Rows) -> tuple[Any, Any]:
    key = rows.name, len(rows)
    if key not in _held:
        _held[key] = _to_java(rows)
    return _held[key]


def _to_java(rows: Rows) -> tuple[Any, Any]:
    from capymoa.stream import Schema
    from com.yahoo.labs.samoa.instances import Instances
    from moa.streams import ArffFileStream, CachedInstancesStream

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.arff"
        path.write_text(arff_text(rows))
        reader = ArffFileStream(str(path), -1)
        reader.prepareForUse()
        held = Instances(reader.getHeader(), len(rows))
        while reader.hasMoreInstances():
            held.add(reader.nextInstance().getData())
    schema = Schema(moa_header=reader.getHeader())
    return CachedInstancesStream(held), schema


def arff_text(rows: Rows) -> str:
    """Return rows as an ARFF file; nominal values and labels are written as their codes."""
    lines = [f"@relation {rows.name}"]
    for j, name in enumerate(rows.schema.names):
        kind = "numeric"
        if name in rows.schema.nominal:
            kind = _codes(int(rows.X[:, j].max()) + 1)
        lines.append(f"@attribute {name} {kind}")
    lines += [f"@attribute class {_codes(rows.schema.n_classes)}", "@data"]
    table: list[NDArray[Any]] = [rows.X[:, j] for j in range(rows.X.shape[1])]
    for j, name in enumerate(rows.schema.names):
        if name in rows.schema.nominal:
            table[j] = table[j].astype(np.int64)
    columns = [column.tolist() for column in (*table, rows.y)]
    lines += [",".join(map(repr, values)) for values in zip(*columns, strict=True)]
    return "\n".join(lines) + "\n"


def _codes(n: int) -> str:
    return "{" + ",".join(map(str, range(n))) + "}"
