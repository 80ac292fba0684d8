"""Checks of your own learners, detectors and streams: those that all of olearn pass.

They stand on top of river's `river.checks`: what river asks of any estimator comes from there, what
olearn promises beyond it (the array door, exact continuation, refusals without a trace, bounded
memory) from here.

    from olearn import checks

    checks.check_estimator(MyLearner())  # all, stops at the first failure
    checks.check_stream(MyStream())

With pytest, parametrise over `checks.yield_checks(model)` and `checks.yield_river_checks(model)`;
each is a function of one untrained model, which it clones, and raises AssertionError. A class may
name checks it cannot pass in `_unit_test_skips`, with the reason in its docstring.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any

from river import base as river_base
from river import checks as river_checks

from olearn.base import (
    ArrayAnomalyDetector,
    ArrayClassifier,
    ArrayDetector,
    ArrayRegressor,
    ArrayTransformer,
)
from olearn.checks.anomaly import ANOMALY_CHECKS, RARE_ROWS
from olearn.checks.array_equals_row import ARRAY_CHECKS
from olearn.checks.detectors import DETECTOR_CHECKS
from olearn.checks.inputs import INPUT_CHECKS
from olearn.checks.parameters import PARAMETER_CHECKS
from olearn.checks.regressors import REGRESSOR_CHECKS
from olearn.checks.stages import STAGE_CHECKS
from olearn.checks.streams import check_stream
from olearn.checks.text_columns import REGRESSOR_TEXT_CHECKS, TEXT_CHECKS
from olearn.checks.transformers import TRANSFORMER_CHECKS

Check = Callable[[Any], None]

__all__ = ["check_estimator", "check_stream", "yield_checks", "yield_river_checks"]


Model = (
    ArrayClassifier
    | ArrayRegressor
    | ArrayAnomalyDetector
    | ArrayDetector
    | river_base.MiniBatchTransformer
)


def check_estimator(model: Model) -> None:
    """Run river's checks and ours on clones of a model, without those that its class skips."""
    skips = skipped(model)
    for check in (*yield_river_checks(model), *yield_checks(model)):
        if check.__name__ not in skips:
            check(model.clone())


def yield_checks(model: Model) -> Iterator[Check]:
    """Yield olearn's checks for this kind of model; the names begin with `check_`."""
    if isinstance(model, ArrayDetector):
        yield from (*DETECTOR_CHECKS, *PARAMETER_CHECKS)
    elif isinstance(model, ArrayClassifier):
        yield from (*ARRAY_CHECKS, *INPUT_CHECKS, *TEXT_CHECKS, *PARAMETER_CHECKS)
    elif isinstance(model, ArrayRegressor):
        yield from (*REGRESSOR_CHECKS, *REGRESSOR_TEXT_CHECKS, *PARAMETER_CHECKS)
    elif isinstance(model, ArrayAnomalyDetector):
        yield from (*ANOMALY_CHECKS, *PARAMETER_CHECKS)
    elif isinstance(model, river_base.MiniBatchTransformer):
        yield from TRANSFORMER_CHECKS
        if isinstance(model, ArrayTransformer):
            yield from (*STAGE_CHECKS, *PARAMETER_CHECKS)
    elif not isinstance(model, river_base.Wrapper):  # of which river's checks are all that apply
        raise TypeError(
            "model must be an ArrayClassifier, ArrayRegressor, ArrayAnomalyDetector, ArrayDetector "
            "or a transformer of batches, "
            f"got {type(model).__name__}"
        )


def yield_river_checks(model: Model) -> Iterator[Check]:
    """Yield the checks of river that apply to the model."""
    estimator: Any = model  # river's hint leaves out detectors, for which all but the tags work
    for check in river_checks.yield_checks(estimator):
        # a detector of river is no Estimator and has no tags
        if isinstance(model, ArrayDetector) and check.__name__ == "check_tags":
            continue
        if isinstance(model, ArrayAnomalyDetector) and isinstance(check, functools.partial):
            # river's rows for anomaly detectors would be downloaded
            check = functools.wraps(check)(functools.partial(check, dataset=RARE_ROWS))
        yield check


def skipped(model: Any) -> set[str]:
    """Return the names of the checks that the model's class skips; detectors have none."""
    return set() if isinstance(model, ArrayDetector) else set(model._unit_test_skips())
