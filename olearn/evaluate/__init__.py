"""Evaluation: run any river estimator or detector and keep what was measured.

`prequential` tests, then trains, on every row and returns a `Result`; `compare` does so for
several models, streams and seeds and returns a `Comparison`. `class_incremental` learns task after
task and tests on all of them. `detection` matches a detector's alarms with known drifts,
`detect_all` does so for several detectors and series, `calibrate` makes them comparable, and
`nab_score` scores anomaly scores as the Numenta Anomaly Benchmark does.
"""

from olearn.core.lazy import lazy_names, shown_names

__getattr__, __dir__, __all__ = lazy_names(__name__, shown_names(__file__))
