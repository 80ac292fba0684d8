"""Evaluation: run any river estimator over any stream and keep what was measured.

`prequential` tests, then trains, on every row and returns a `Result`; `compare` does so for
several models, streams and seeds and returns a `Comparison`.
"""

from olearn.evaluate.comparison import Comparison, compare
from olearn.evaluate.loop import prequential
from olearn.evaluate.result import Result

__all__ = ["Comparison", "Result", "compare", "prequential"]
