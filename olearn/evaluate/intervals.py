"""Means over runs and their 95 % intervals, which are Student's wherever olearn shows any."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit  # scipy.stats.t.ppf without the second that scipy.stats loads

Numbers = NDArray[np.float64]


def t_quantile(degrees_of_freedom: float) -> float:
    """Return the quantile of Student's t below which 97.5 % lie.

    The half width of a 95 % interval is so many standard errors.

    Examples
    --------
    >>> from olearn.evaluate.intervals import t_quantile
    >>> t_quantile(2)
    4.3027

    """
    return float(stdtrit(degrees_of_freedom, 0.975))


def mean_and_half_width(values: ArrayLike) -> tuple[float, float]:
    """Return the mean over runs and the half width of its 95 % interval.

    Parameters
    ----------
    values
        One number a run, at least one. With a single run the half width is NaN.

    Examples
    --------
    >>> from olearn.evaluate.intervals import mean_and_half_width
    >>> mean_and_half_width([1.0, 2.0, 3.0])
    (2.0, 2.4841)

    """
    mean, half_width = means_and_half_widths(np.ravel(values))
    return float(mean), float(half_width)


def means_and_half_widths(values: ArrayLike) -> tuple[Numbers, Numbers]:
    """Return means over runs and half widths of many figures at once.

    Parameters
    ----------
    values
        Runs along the first axis, shape `(n_runs, ...)`; both answers have the shape `(...)`.

    """
    sample = np.asarray(values, np.float64)
    n = len(sample)
    mean = np.asarray(sample.mean(axis=0))
    if n < 2:
        return mean, np.full(mean.shape, np.nan)
    return mean, np.asarray(t_quantile(n - 1) * sample.std(axis=0, ddof=1) / np.sqrt(n))
