"""Parameters that river's trees and forests have, in the terms of ours.

river's own classes are imported where one was given: they take a second to import.
"""

from typing import Any

from olearn.core.validate import check_kind
from olearn.detectors.adwin import ADWIN as OwnADWIN

_ADWIN = {"clock": 32, "max_buckets": 5, "min_window_length": 5, "grace_period": 10}


def check_splitter(name: str, value: Any) -> None:
    """Raise unless `value` is a splitter of river for classes."""
    from river.tree.splitter.base import Splitter

    check_kind(name, value, Splitter, "a splitter of river.tree.splitter")
    if not value.is_target_class:
        raise ValueError(
            f"{name} must be one for classes, as GaussianSplitter, HistogramSplitter or "
            f"ExhaustiveSplitter, got {value!r}, which is for regression"
        )


def is_gaussian(splitter: Any) -> bool:
    """Tell whether a splitter is the one that the kernels have."""
    from river.tree.splitter import GaussianSplitter

    return type(splitter) is GaussianSplitter


def check_metric(name: str, value: Any) -> None:
    """Raise unless `value` is a metric that can weight the members of a forest."""
    from river.metrics.base import MultiClassMetric

    if not isinstance(value, MultiClassMetric):
        kind = f"got {value!r} of type {type(value).__name__}"
        raise TypeError(
            f"{name} must be a metric of several classes, as Accuracy, MacroF1 or CrossEntropy of "
            f"river.metrics, {kind}"
        )


def is_accuracy(metric: Any) -> bool:
    """Tell whether a metric is the one that the kernels have."""
    from river.metrics import Accuracy

    return type(metric) is Accuracy


def is_built_in(detector: Any) -> bool:
    """Tell whether a detector is one that the kernels have: ADWIN, or none."""
    from river.drift import ADWIN, NoDrift

    if isinstance(detector, NoDrift):
        return True
    if not isinstance(detector, ADWIN | OwnADWIN):
        return False
    parameters = detector._get_params()
    return all(parameters[name] == value for name, value in _ADWIN.items())


def check_built_in(name: str, value: Any) -> None:
    """Raise unless `value` is a detector that the kernels have."""
    if not is_built_in(value):
        raise ValueError(
            f"{name} must be ADWIN, of which only delta may be chosen, or NoDrift, got {value!r}"
        )


def check_squared_error(name: str, value: Any) -> None:
    """Raise unless `value` is river's mean squared error."""
    from river.metrics import MSE

    if type(value) is not MSE:
        raise ValueError(f"{name} must be MSE() of river.metrics, got {value!r}")


def delta_of(detector: Any, delta: float) -> float:
    """Return the confidence of a built-in detector: 0 where it never alarms, `delta` for None."""
    if detector is None:
        return delta
    from river.drift import NoDrift

    return 0.0 if isinstance(detector, NoDrift) else float(detector.delta)
