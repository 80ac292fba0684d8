"""What every backend does where a matrix has no factor: it tries again with ten times the ridge."""

import logging

RETRIES = 12
_LOG = logging.getLogger("olearn.learners.analytic")


def warn_of_ridge(ridge: float, attempt: int) -> None:
    """Log that a factorisation needed more ridge than was asked for."""
    if attempt:
        _LOG.warning("ridge raised from %g to %g to factorise", ridge, ridge * 10.0**attempt)
