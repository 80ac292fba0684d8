"""Figures of class-incremental learning, from matrices of accuracies.

A matrix `a` has the accuracy on the test set of task `k` after learning task `t` at `a[..., t, k]`,
shape `(..., T, T)`; axes before are runs. Each function returns one number a run, shape `(...,)`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]


def average_end_accuracy(a: ArrayLike) -> Numbers:
    """Mean over the tasks of their accuracies after the last task[^1].

    Examples
    --------
    >>> from olearn.evaluate.tasks.task_scores import average_end_accuracy
    >>> float(average_end_accuracy([[0.9, 0.0], [0.5, 0.8]]))
    0.65

    References
    ----------
    [^1]: Mai, Z. et al. (2022). Online continual learning in image classification: an empirical
        survey. Neurocomputing 469, 28-51. Section 4.

    """
    return _checked(a)[..., -1, :].mean(axis=-1)


def average_incremental_accuracy(a: ArrayLike) -> Numbers:
    """Mean over the times `t` of the mean accuracy on the tasks up to `t`.

    Examples
    --------
    >>> from olearn.evaluate.tasks.task_scores import average_incremental_accuracy
    >>> float(average_incremental_accuracy([[0.9, 0.0], [0.5, 0.8]]))
    0.775

    """
    so_far = np.tril(a := _checked(a)).sum(axis=-1) / np.arange(1, a.shape[-1] + 1)
    return so_far.mean(axis=-1)


def forgetting(a: ArrayLike) -> Numbers:
    """Mean over all tasks of the best accuracy at any time less that at the end.

    The mean is over all T tasks, the last of which contributes 0, as in the programs of the
    rehearsal methods; some authors divide by T - 1.

    Examples
    --------
    >>> from olearn.evaluate.tasks.task_scores import forgetting
    >>> float(forgetting([[0.9, 0.0], [0.5, 0.8]]))
    0.2

    """
    a = _checked(a)
    return (a.max(axis=-2) - a[..., -1, :]).mean(axis=-1)


def positive_backward_transfer(a: ArrayLike) -> Numbers:
    """Mean gain on a task after it was learnt, over all later times; 0 where it is a loss (BWT+).

    Examples
    --------
    >>> from olearn.evaluate.tasks.task_scores import positive_backward_transfer
    >>> float(positive_backward_transfer([[0.7, 0.0], [0.8, 0.8]]))
    0.1

    """
    a = _checked(a)
    gains = a - np.diagonal(a, axis1=-2, axis2=-1)[..., None, :]
    return np.maximum(_mean_at(gains, np.tril_indices(a.shape[-1], -1)), 0.0)


def forward_transfer(a: ArrayLike) -> Numbers:
    """Mean accuracy on tasks not learnt yet (FWT); 0 where unseen labels are never predicted.

    Examples
    --------
    >>> from olearn.evaluate.tasks.task_scores import forward_transfer
    >>> float(forward_transfer([[0.7, 0.2], [0.8, 0.8]]))
    0.2

    """
    a = _checked(a)
    return _mean_at(a, np.triu_indices(a.shape[-1], 1))


def _checked(a: ArrayLike) -> Numbers:
    matrix = np.asarray(a, np.float64)
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2] or not matrix.shape[-1]:
        raise ValueError(f"a must have shape (..., T, T) with T of at least 1, got {matrix.shape}")
    return matrix


def _mean_at(a: Numbers, where: tuple[NDArray[np.intp], NDArray[np.intp]]) -> Numbers:
    """Mean of some entries; 0 where there are none, as with a single task."""
    picked = a[..., where[0], where[1]]
    return picked.mean(axis=-1) if picked.shape[-1] else np.zeros(a.shape[:-2])
