"""Made from the `__all__` of the files by `make readme`."""

from olearn.evaluate.online.anomaly_scores import AnomalyScores as AnomalyScores
from olearn.evaluate.drifts.calibration import Calibration as Calibration
from olearn.evaluate.online.checkpoint import Checkpoint as Checkpoint
from olearn.evaluate.tasks.class_incremental_result import ClassIncrementalResult as ClassIncrementalResult
from olearn.evaluate.online.comparison_result import Comparison as Comparison
from olearn.evaluate.drifts.detection_result import Detection as Detection
from olearn.evaluate.drifts.detection_result import Detections as Detections
from olearn.evaluate.agents.episodes_result import Episodes as Episodes
from olearn.evaluate.drifts.nab import NABScore as NABScore
from olearn.evaluate.online.prequential_result import Result as Result
from olearn.evaluate.drifts.calibration import calibrate as calibrate
from olearn.evaluate.tasks.class_incremental_run import class_incremental as class_incremental
from olearn.evaluate.online.comparison_run import compare as compare
from olearn.evaluate.drifts.detection_run import detect_all as detect_all
from olearn.evaluate.drifts.detection_run import detection as detection
from olearn.evaluate.agents.episodes_run import episodes as episodes
from olearn.evaluate.drifts.nab import nab_score as nab_score
from olearn.evaluate.drifts.nab import nab_table as nab_table
from olearn.evaluate.online.prequential_run import prequential as prequential
from olearn.evaluate.agents.recording import record_episode as record_episode
