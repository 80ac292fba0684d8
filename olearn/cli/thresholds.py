"""The thresholds of detectors on the command line: in which unit, and found on quiet rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from warnings import warn

import numpy as np
import typer

from olearn.core.words import count

if TYPE_CHECKING:
    from olearn.evaluate import Detection
    from olearn.streams.signals import Signal

_MOST_ALARMS = 0.1  # of the rows
_SMALL = 0.1  # deviations below which ADWIN's bound, for values in [0, 1], is slow


@dataclass(frozen=True)
class Threshold:
    """The parameter that makes a detector more or less sensitive.

    Parameters
    ----------
    name
        Of the parameter.
    sensitive, strict
        Ends of the interval that is searched.
    in_units
        Whether it is in the unit of the values; the ends are deviations of the quiet rows then.

    """

    name: str
    sensitive: float
    strict: float
    in_units: bool = False


THRESHOLDS = {
    "adwin": Threshold("delta", 0.5, 1e-15),
    "cusum": Threshold("h", 0.5, 1000.0),
    "ewma-chart": Threshold("width", 0.5, 100.0),
    "glr": Threshold("threshold", 1.0, 1000.0),
    "sprt": Threshold("alpha", 0.5, 1e-12),
    "windowed-ks": Threshold("alpha", 0.5, 1e-15),
    "windowed-psi": Threshold("threshold", 0.01, 1000.0),
    "windowed-wasserstein": Threshold("threshold", 0.01, 1000.0, in_units=True),
    "kswin": Threshold("alpha", 0.1, 1e-15),
    "page-hinkley": Threshold("threshold", 0.1, 100_000.0, in_units=True),
}


def warn_of_units(name: str, given: Mapping[str, Any], signal: "Signal") -> None:
    """Warn where a threshold that was not given is in the unit of the values, or supposes one."""
    deviation = _deviation(signal)
    threshold = THRESHOLDS.get(name)
    if threshold is not None and threshold.in_units and threshold.name not in given:
        warn(
            f"the {threshold.name} of {name} is in the unit of the values, which deviate by "
            f"{deviation:.3g} here: --calibrate ROWS finds it on the first rows, --set "
            f"{threshold.name}= gives it",
            stacklevel=2,
        )
    elif name == "adwin" and deviation < _SMALL:
        warn(
            f"the bound of adwin supposes values that span about 1, these deviate by "
            f"{deviation:.3g}: it finds changes late, or none; scale the values up",
            stacklevel=2,
        )


def warn_of_alarms(name: str, detector: Any, found: "Detection") -> None:
    """Warn where so many rows are alarms that they cannot be as many drifts."""
    if len(found.alarms) <= _MOST_ALARMS * found.n:
        return
    remedies = []
    if getattr(detector, "restart", None) is False:
        remedies.append("--set restart=True begins afresh after an alarm")
    if name in THRESHOLDS:
        remedies.append("--calibrate ROWS finds the threshold on the first rows")
    warn(
        f"{name} alarms in {len(found.alarms):,} of {count(found.n, 'row')}, which are not as many "
        f"drifts{': ' if remedies else ''}{', '.join(remedies)}",
        stacklevel=2,
    )


def calibrated(
    name: str, make: Callable[[dict[str, Any]], Any], given: Mapping[str, Any], signal: "Signal"
) -> tuple[dict[str, Any], str]:
    """Return the arguments with the threshold that suits a quiet series, and a line about it.

    It is the most sensitive one with at most one alarm in the series.
    """
    threshold = THRESHOLDS.get(name)
    if threshold is None:
        raise typer.BadParameter(
            f"--calibrate cannot be used: {name} has no threshold to calibrate; those that have: "
            f"{', '.join(THRESHOLDS)}"
        )
    if threshold.name in given:
        raise typer.BadParameter(f"--calibrate finds {threshold.name}, which --set gives too")
    from olearn.evaluate import calibrate

    unit = _deviation(signal) if threshold.in_units else 1.0
    if not unit > 0.0:
        raise typer.BadParameter(
            f"--calibrate needs values that differ, the first {len(signal):,} rows have none"
        )
    found = calibrate(
        lambda value: make({**given, threshold.name: value}),
        [signal],
        len(signal),
        sensitive=threshold.sensitive * unit,
        strict=threshold.strict * unit,
        n_steps=16,
    )
    alarms = f"{found.n_false} alarm" + "s" * (found.n_false != 1)
    said = f"{threshold.name}={found.threshold:.4g}: {alarms} in the first {len(signal):,} rows"
    if not found.reached:
        raise ValueError(f"{name} cannot be calibrated: even {said}")
    return {**given, threshold.name: found.threshold}, said


def _deviation(signal: "Signal") -> float:
    finite = signal.values[np.isfinite(signal.values)]
    return float(finite.std()) if len(finite) else 0.0
