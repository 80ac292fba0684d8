"""The temporal-difference error, by hand."""

import math

from olearn.learners.rl._signal_kernels import td_error_of


def test_td_error():
    """`r + discount v' - v`; where a sequence ends the next value is not looked at."""
    assert td_error_of(1.0, 0.5, 4.0, 2.0) == 1.0
    assert td_error_of(1.0, 0.0, math.inf, 2.0) == -1.0
