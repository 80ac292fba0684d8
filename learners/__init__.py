"""Online learners: river estimators that also learn whole arrays in compiled code.

Every class is a river `Classifier`; `learn_many` and its companions run a whole array or frame in
compiled code and give what the same rows give one at a time.
"""

from typing import TYPE_CHECKING

from olearn.core.lazy import lazy_names

if TYPE_CHECKING:
    from olearn.learners.analytic.aef_ocl import AEFOCLClassifier as AEFOCLClassifier
    from olearn.learners.analytic.random_relu import RandomReLU as RandomReLU
    from olearn.learners.analytic.regressor import AnalyticRidgeRegressor as AnalyticRidgeRegressor
    from olearn.learners.analytic.ridge import AnalyticRidgeClassifier as AnalyticRidgeClassifier
    from olearn.learners.dictionary.learner import (
        OrthogonalDictionaryLearner as OrthogonalDictionaryLearner,
    )
    from olearn.learners.mixture.drift_moe import DriftMoEClassifier as DriftMoEClassifier
    from olearn.learners.replay.er import ERClassifier as ERClassifier
    from olearn.learners.replay.hpcr import HPCRClassifier as HPCRClassifier
    from olearn.learners.replay.onpro import OnProClassifier as OnProClassifier
    from olearn.learners.replay.pcr import PCRClassifier as PCRClassifier
    from olearn.learners.replay.uer import UERClassifier as UERClassifier
    from olearn.learners.rl.td import StreamTDRegressor as StreamTDRegressor
    from olearn.learners.trees.arf import ARFClassifier as ARFClassifier
    from olearn.learners.trees.hoeffding_adaptive_tree import (
        HoeffdingAdaptiveTreeClassifier as HoeffdingAdaptiveTreeClassifier,
    )
    from olearn.learners.trees.hoeffding_tree import (
        HoeffdingTreeClassifier as HoeffdingTreeClassifier,
    )

# where each public name lives: its file is loaded at first use, so that importing this is cheap
_FILES = {
    "AEFOCLClassifier": "analytic.aef_ocl",
    "ARFClassifier": "trees.arf",
    "AnalyticRidgeClassifier": "analytic.ridge",
    "AnalyticRidgeRegressor": "analytic.regressor",
    "DriftMoEClassifier": "mixture.drift_moe",
    "ERClassifier": "replay.er",
    "HPCRClassifier": "replay.hpcr",
    "HoeffdingAdaptiveTreeClassifier": "trees.hoeffding_adaptive_tree",
    "HoeffdingTreeClassifier": "trees.hoeffding_tree",
    "OnProClassifier": "replay.onpro",
    "OrthogonalDictionaryLearner": "dictionary.learner",
    "PCRClassifier": "replay.pcr",
    "RandomReLU": "analytic.random_relu",
    "StreamTDRegressor": "rl.td",
    "UERClassifier": "replay.uer",
}

__all__ = [
    "AEFOCLClassifier",
    "ARFClassifier",
    "AnalyticRidgeClassifier",
    "AnalyticRidgeRegressor",
    "DriftMoEClassifier",
    "ERClassifier",
    "HPCRClassifier",
    "HoeffdingAdaptiveTreeClassifier",
    "HoeffdingTreeClassifier",
    "OnProClassifier",
    "OrthogonalDictionaryLearner",
    "PCRClassifier",
    "RandomReLU",
    "StreamTDRegressor",
    "UERClassifier",
]

__getattr__, __dir__ = lazy_names(__name__, _FILES)
