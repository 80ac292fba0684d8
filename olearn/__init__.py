"""olearn: online learning on drifting data streams, with river's API and compiled speed.

Learners, detectors and streams live in `olearn.learners`, `olearn.detectors` and
`olearn.streams`; `olearn.evaluate` runs any of them, and any river estimator, prequentially.
"""

__version__ = "0.1.0"
