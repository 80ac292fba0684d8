"""Made from the `__all__` of the files by `make readme`."""

from olearn.detectors.adwin import ADWIN as ADWIN
from olearn.detectors.cusum import CUSUM as CUSUM
from olearn.detectors.ewma_chart import EWMAChart as EWMAChart
from olearn.detectors.glr import GeneralizedLikelihoodRatio as GeneralizedLikelihoodRatio
from olearn.detectors.htm_columns import HTMColumnsClassifier as HTMColumnsClassifier
from olearn.detectors.htm.htm_sprt import HTMSPRT as HTMSPRT
from olearn.detectors.rank_test import RankTest as RankTest
from olearn.detectors.sprt import SPRT as SPRT
from olearn.detectors.value_channel import ValueChannel as ValueChannel
from olearn.detectors.windowed import WindowedKS as WindowedKS
from olearn.detectors.windowed import WindowedPSI as WindowedPSI
from olearn.detectors.windowed import WindowedWasserstein as WindowedWasserstein
