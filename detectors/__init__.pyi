"""Made from the `__all__` of the files by `make readme`."""

from olearn.detectors.adwin import ADWIN as ADWIN
from olearn.detectors.cusum import CUSUM as CUSUM
from olearn.detectors.ddm import DDM as DDM
from olearn.detectors.eddm import EDDM as EDDM
from olearn.detectors.ewma_chart import EWMAChart as EWMAChart
from olearn.detectors.fhddm import FHDDM as FHDDM
from olearn.detectors.glr import GeneralizedLikelihoodRatio as GeneralizedLikelihoodRatio
from olearn.detectors.hddm_a import HDDMA as HDDMA
from olearn.detectors.hddm_w import HDDMW as HDDMW
from olearn.detectors.htm_columns import HTMColumnsClassifier as HTMColumnsClassifier
from olearn.detectors.htm.htm_sprt import HTMSPRT as HTMSPRT
from olearn.detectors.kswin import KSWIN as KSWIN
from olearn.detectors.page_hinkley import PageHinkley as PageHinkley
from olearn.detectors.rddm import RDDM as RDDM
from olearn.detectors.rank_test import RankTest as RankTest
from olearn.detectors.sprt import SPRT as SPRT
from olearn.detectors.stepd import STEPD as STEPD
from olearn.detectors.value_channel import ValueChannel as ValueChannel
from olearn.detectors.windowed import WindowedKS as WindowedKS
from olearn.detectors.windowed import WindowedPSI as WindowedPSI
from olearn.detectors.windowed import WindowedWasserstein as WindowedWasserstein
