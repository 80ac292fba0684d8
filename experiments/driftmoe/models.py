"""The streams and models of the DriftMoE experiment, and what each setting is set to."""

import dataclasses
from collections.abc import Iterable
from typing import Any

from olearn import learners


@dataclasses.dataclass(frozen=True)
class Source:
    """A row of the table: stream names by profile, and whether a seed draws it."""

    quick: str
    full: str
    drawn: bool


SOURCES = {
    "Airlines": Source("airlines", "airlines", False),
    "NYC flights": Source("nycflights", "nycflights", False),
    "Electricity": Source("electricity", "electricity", False),
    "CoverType": Source("covtype", "covtype", False),
    "LED_a": Source("led_a_mini", "led_a", True),
    "LED_g": Source("led_g_mini", "led_g", True),
    "SEA_a": Source("sea_a_mini", "sea_a", True),
    "SEA_g": Source("sea_g_mini", "sea_g", True),
    "RBF_f": Source("rbf_f", "rbf_f", True),
    "RBF_m": Source("rbf_m", "rbf_m", True),
}
DATA, PLUS, ARF, TREE = "MoE-Data", "DriftMoE+", "ARF(10)", "Hoeffding tree"
MODELS: tuple[str, ...] = (DATA, "MoE-Task", "MoE-Task as MLP", PLUS, ARF, TREE)

# what DriftMoE+ adds to the published method (setting: published value, new value)
STEPS: dict[str, tuple[Any, Any]] = {
    "readout": ("router", "mixture"),
    "poisson": (None, 6.0),
    "expert_features": (1.0, 0.6),
    "drift_delta": (None, 0.001),
    "standardize": (False, True),
    "untrained": ("vote", "abstain"),
    "fallback": ("raw", "proba"),
    "delta": (1e-7, 0.01),
}
# model -> (its base, the parameters that differ from the base)
CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"MoE-Data, {k}={new}": (DATA, {k: new}) for k, (_, new) in STEPS.items()},
    "MoE-Data, batch_size=64": (DATA, {"batch_size": 64}),
    **{f"DriftMoE+, {k}={old}": (PLUS, {k: old}) for k, (old, _) in STEPS.items()},
    "DriftMoE+, batch_size=64": (PLUS, {"batch_size": 64}),
}


def make_model(name: str, seed: int, nominal: Iterable[Any], n_classes: int) -> Any:
    """Return a model of the table or the ablation, new."""
    known: dict[str, Any] = {"nominal_attributes": tuple(nominal), "classes": range(n_classes)}
    if name in CHANGES:
        base, changes = CHANGES[name]
        make = learners.DriftMoEClassifier.plus if base == PLUS else learners.DriftMoEClassifier
        return make(seed=seed, **changes, **known)
    return {
        DATA: lambda: learners.DriftMoEClassifier("data", seed=seed, **known),
        "MoE-Task": lambda: learners.DriftMoEClassifier("task", seed=seed, **known),
        "MoE-Task as MLP": lambda: learners.DriftMoEClassifier("task_mlp", seed=seed, **known),
        PLUS: lambda: learners.DriftMoEClassifier.plus(seed=seed, **known),
        ARF: lambda: learners.ARFClassifier(n_models=10, seed=seed, **known),
        # the settings of the experts
        TREE: lambda: learners.HoeffdingTreeClassifier(grace_period=50, delta=1e-7, **known),
    }[name]()
