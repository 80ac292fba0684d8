"""MOA's learners of numbers, run inside Java by its own test-then-train loop.

The rows are written to an ARFF file, read back by MOA and kept as its instances before the clock
starts. MOA scores in its loop and keeps no predictions of numbers, so that its errors are its own.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]


def moa_tree(schema: Any, seed: int) -> Any:
    """Make MOA's FIMT-DD."""
    from capymoa.regressor import FIMTDD

    return FIMTDD(schema, random_seed=seed)


def moa_forest(schema: Any, seed: int, n_models: int = 10) -> Any:
    """Make MOA's adaptive random forest for numbers."""
    from capymoa.regressor import AdaptiveRandomForestRegressor

    return AdaptiveRandomForestRegressor(schema, random_seed=seed, ensemble_size=n_models)


def moa_soknl(schema: Any, seed: int, n_models: int = 10) -> Any:
    """Make MOA's SOKNL, which reads the label of a row before it chooses how to predict it."""
    from capymoa.regressor import SOKNL

    return SOKNL(schema, random_seed=seed, ensemble_size=n_models)


class JavaRows:
    """Rows that lie in Java's memory; no value may be missing, for MOA's trees fail at gaps."""

    def __init__(self, X: Table, y: Table) -> None:
        from capymoa.stream import Schema
        from com.yahoo.labs.samoa.instances import Instances
        from moa.streams import ArffFileStream, CachedInstancesStream

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.arff"
            path.write_text(_arff(X, y))
            reader = ArffFileStream(str(path), -1)
            reader.prepareForUse()
            held = Instances(reader.getHeader(), len(y))
            while reader.hasMoreInstances():
                held.add(reader.nextInstance().getData())
        self._stream = CachedInstancesStream(held)
        self._schema = Schema(moa_header=reader.getHeader())
        self._rows = len(y)

    def run(self, make: Callable[[Any], Any]) -> dict[str, float]:
        """Predict each row, then learn it, with a fresh model; return RMSE, MAE and R2."""
        from capymoa.evaluation import RegressionEvaluator
        from moa.evaluation import EfficientEvaluationLoops

        self._stream.restart()
        evaluator, model = RegressionEvaluator(schema=self._schema), make(self._schema).moa_learner
        EfficientEvaluationLoops.PrequentialEvaluation(
            self._stream, model, evaluator.moa_basic_evaluator, None, -1, self._rows, False, False
        )
        values = {"RMSE": evaluator.rmse(), "MAE": evaluator.mae(), "R2": evaluator.r2()}
        return {name: float(value) for name, value in values.items()}


def _arff(X: Table, y: Table) -> str:
    lines = ["@relation rows", *(f"@attribute x{j} numeric" for j in range(X.shape[1]))]
    lines += ["@attribute y numeric", "@data"]
    lines += [",".join(map(repr, row)) for row in np.column_stack([X, y]).tolist()]
    return "\n".join(lines) + "\n"
