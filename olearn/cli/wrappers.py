"""What `olearn run` puts around a learner: intervals of numbers, and what helps rare labels."""

from typing import Any

import typer

from olearn import registry
from olearn.core.tasks import CLASSIFICATION, REGRESSION

METRICS_OF_RARE = ("F1", "Precision", "Recall", "Accuracy")
_AIMS = {"f1": "beta", "budget": "budget", "cost": "miss_cost"}
_FORMS = "'balanced', 'f1', 'budget=SHARE' or 'cost=NUMBER'"


def with_interval(name: str, learner: Any, share: float | None) -> Any:
    """Return a learner of numbers with intervals that hold a share of them; None: as it is."""
    if share is None:
        return learner
    if registry.LEARNERS[name].task() != REGRESSION:
        raise typer.BadParameter(f"--interval is for learners of numbers, which {name} is none of")
    if not 0.0 < share < 1.0:
        raise typer.BadParameter(f"--interval must be between 0 and 1, got {share}")
    from olearn.learners import ConformalRegressor

    return ConformalRegressor(learner, coverage=share)


def with_rare(name: str, learner: Any, how: str | None, positive: Any) -> Any:
    """Return a classifier with weights or a threshold for rare labels; None: as it is."""
    if how is None:
        return learner
    if registry.LEARNERS[name].task() != CLASSIFICATION:
        raise typer.BadParameter(f"--rare is for learners of labels, which {name} is none of")
    from olearn.learners import ClassWeightClassifier, ThresholdClassifier

    try:
        if how == "balanced":
            return ClassWeightClassifier(learner)
        aim, sign, text = how.partition("=")
        if aim not in _AIMS or bool(sign) == (aim == "f1"):
            raise typer.BadParameter(f"--rare must be {_FORMS}, got {how!r}")
        if positive is None:
            raise typer.BadParameter(f"--rare {how} needs --positive LABEL, the label that is rare")
        number: dict[str, Any] = {_AIMS[aim]: float(text)} if sign else {}
        return ThresholdClassifier(learner, positive, "f_beta" if aim == "f1" else aim, **number)
    except (TypeError, ValueError) as error:
        raise typer.BadParameter(f"--rare {how}: {error}") from error
