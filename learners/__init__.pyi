"""Made from the `__all__` of the files by `make readme`."""

from olearn.learners.analytic.aef_ocl import AEFOCLClassifier as AEFOCLClassifier
from olearn.learners.trees.arf import ARFClassifier as ARFClassifier
from olearn.learners.analytic.ridge import AnalyticRidgeClassifier as AnalyticRidgeClassifier
from olearn.learners.analytic.regressor import AnalyticRidgeRegressor as AnalyticRidgeRegressor
from olearn.learners.mixture.drift_moe import DriftMoEClassifier as DriftMoEClassifier
from olearn.learners.replay.er import ERClassifier as ERClassifier
from olearn.learners.bayes.gaussian import GaussianNB as GaussianNB
from olearn.learners.replay.hpcr import HPCRClassifier as HPCRClassifier
from olearn.learners.anomaly.half_space_trees import HalfSpaceTrees as HalfSpaceTrees
from olearn.learners.trees.hoeffding_adaptive_tree import HoeffdingAdaptiveTreeClassifier as HoeffdingAdaptiveTreeClassifier
from olearn.learners.trees.hoeffding_tree import HoeffdingTreeClassifier as HoeffdingTreeClassifier
from olearn.learners.neighbours.knn_classifier import KNNClassifier as KNNClassifier
from olearn.learners.neighbours.knn_regressor import KNNRegressor as KNNRegressor
from olearn.learners.anomaly.loda import LODA as LODA
from olearn.learners.linear.linear_regression import LinearRegression as LinearRegression
from olearn.learners.linear.logistic_regression import LogisticRegression as LogisticRegression
from olearn.learners.replay.onpro import OnProClassifier as OnProClassifier
from olearn.learners.dictionary.learner import OrthogonalDictionaryLearner as OrthogonalDictionaryLearner
from olearn.learners.linear.passive_aggressive import PAClassifier as PAClassifier
from olearn.learners.linear.passive_aggressive import PARegressor as PARegressor
from olearn.learners.replay.pcr import PCRClassifier as PCRClassifier
from olearn.learners.linear.perceptron import Perceptron as Perceptron
from olearn.learners.analytic.random_relu import RandomReLU as RandomReLU
from olearn.learners.linear.softmax_regression import SoftmaxRegression as SoftmaxRegression
from olearn.learners.rl.td import StreamTDRegressor as StreamTDRegressor
from olearn.learners.replay.uer import UERClassifier as UERClassifier
