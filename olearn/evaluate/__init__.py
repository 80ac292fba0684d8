"""Evaluation: run any river estimator or detector and keep what was measured.

`prequential` tests, then trains, on every row and returns a `Result`; `compare` does so for
several models, streams and seeds and returns a `Comparison`. `class_incremental` learns task after
task and tests on all of them. `detection` matches a detector's alarms with known drifts,
`detect_all` does so for several detectors and series, `calibrate` makes them comparable, and
`nab_score` scores anomaly scores as the Numenta Anomaly Benchmark does.
"""

from olearn.evaluate.agents.episodes_result import Episodes
from olearn.evaluate.agents.episodes_run import episodes
from olearn.evaluate.agents.recording import record_episode
from olearn.evaluate.drifts.calibration import Calibration, calibrate
from olearn.evaluate.drifts.detection_result import Detection, Detections
from olearn.evaluate.drifts.detection_run import detect_all, detection
from olearn.evaluate.drifts.nab import NABScore, nab_score, nab_table
from olearn.evaluate.online.checkpoint import Checkpoint
from olearn.evaluate.online.comparison_result import Comparison
from olearn.evaluate.online.comparison_run import compare
from olearn.evaluate.online.prequential_result import Result
from olearn.evaluate.online.prequential_run import prequential
from olearn.evaluate.tasks.class_incremental_result import ClassIncrementalResult
from olearn.evaluate.tasks.class_incremental_run import class_incremental

__all__ = [
    "Calibration",
    "Checkpoint",
    "ClassIncrementalResult",
    "Comparison",
    "Detection",
    "Detections",
    "Episodes",
    "NABScore",
    "Result",
    "calibrate",
    "class_incremental",
    "compare",
    "detect_all",
    "detection",
    "episodes",
    "nab_score",
    "nab_table",
    "prequential",
    "record_episode",
]
