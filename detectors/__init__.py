"""Change detectors: each reads one number at a time and says when its distribution moved.

Every class is a river `DriftDetector`; `update_many` runs a whole array in compiled code. The one
classifier, `HTMColumnsClassifier`, reads rows and learns which changes are anomalies.
"""

from typing import TYPE_CHECKING

from olearn.core.lazy import lazy_names

if TYPE_CHECKING:
    from olearn.detectors.adwin import ADWIN as ADWIN
    from olearn.detectors.cusum import CUSUM as CUSUM
    from olearn.detectors.ewma_chart import EWMAChart as EWMAChart
    from olearn.detectors.glr import GeneralizedLikelihoodRatio as GeneralizedLikelihoodRatio
    from olearn.detectors.htm.htm_sprt import HTMSPRT as HTMSPRT
    from olearn.detectors.htm_columns import HTMColumnsClassifier as HTMColumnsClassifier
    from olearn.detectors.rank_test import RankTest as RankTest
    from olearn.detectors.sprt import SPRT as SPRT
    from olearn.detectors.value_channel import ValueChannel as ValueChannel
    from olearn.detectors.windowed import WindowedKS as WindowedKS
    from olearn.detectors.windowed import WindowedPSI as WindowedPSI
    from olearn.detectors.windowed import WindowedWasserstein as WindowedWasserstein

# where each public name lives: its file is loaded at first use, so that importing this is cheap
_FILES = {
    "ADWIN": "adwin",
    "CUSUM": "cusum",
    "EWMAChart": "ewma_chart",
    "GeneralizedLikelihoodRatio": "glr",
    "HTMColumnsClassifier": "htm_columns",
    "HTMSPRT": "htm.htm_sprt",
    "RankTest": "rank_test",
    "SPRT": "sprt",
    "ValueChannel": "value_channel",
    "WindowedKS": "windowed",
    "WindowedPSI": "windowed",
    "WindowedWasserstein": "windowed",
}

__all__ = [  # noqa: RUF022 - plain order, acronyms among the other names
    "ADWIN",
    "CUSUM",
    "EWMAChart",
    "GeneralizedLikelihoodRatio",
    "HTMColumnsClassifier",
    "HTMSPRT",
    "RankTest",
    "SPRT",
    "ValueChannel",
    "WindowedKS",
    "WindowedPSI",
    "WindowedWasserstein",
]

__getattr__, __dir__ = lazy_names(__name__, _FILES)
