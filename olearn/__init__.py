"""olearn: online learning on drifting data streams, with river's API and compiled speed.

Learners, detectors and streams live in `olearn.learners`, `olearn.detectors` and
`olearn.streams`; `olearn.evaluate` runs any of them, and any river estimator, prequentially.
`save` and `load` keep a trained one in a file.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from olearn.persist import load as load
    from olearn.persist import save as save

__version__ = "0.1.0"

__all__ = ["load", "save"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from olearn import persist

    globals()[name] = value = getattr(persist, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
