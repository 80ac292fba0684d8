"""olearn: online learning on drifting data streams, with river's API and compiled speed.

Learners, detectors and streams live in `olearn.learners`, `olearn.detectors` and
`olearn.streams`; `olearn.evaluate` runs any of them, and any river estimator, prequentially.
`save` and `load` keep a trained one in a file.
"""

from typing import TYPE_CHECKING

from olearn.core.lazy import lazy_names

if TYPE_CHECKING:
    from olearn.persist.files import load as load
    from olearn.persist.files import save as save

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_names(
    __name__, {"load": "olearn.persist.files", "save": "olearn.persist.files"}
)
