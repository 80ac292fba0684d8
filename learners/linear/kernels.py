"""Kernels of linear models: river's floats, in the order in which river computes them.

A value that is NaN is a key that river's row would not have: neither read, nor is its weight moved.
Nothing that is not finite enters `heads` and `slots`: a step that would is left out, and `TROUBLE`
of the label says so. See `layout` for the arrays.
"""

import functools
import math
from collections.abc import Callable

import numpy as np

from olearn.core.jit import direct, inner, njit
from olearn.core.types import Codes, Rows
from olearn.learners.linear import layout as at

_MAX = np.finfo(np.float64).max
_ARRAYS = (np.empty(1), np.empty((1, 1)), np.empty((1, 1, 1)), np.empty(1))  # kinds of arguments
_TINY, _NEARLY_ONE = 1e-15, 1 - 1e-15  # river keeps probabilities in between


@inner
def _score(heads: Rows, slots: Rows, label: int, X: Rows, row: int) -> float:
    total = 0.0
    for j in range(X.shape[1]):
        x = X[row, j]
        if x == x:
            total += slots[label, at.WEIGHT, j] * x
    return total + heads[label, at.INTERCEPT]


@inner
def _finite(score: float) -> float:
    """Return what to answer from a score: no weight is infinite, but the sum may be."""
    if score != score:
        return 0.0
    return min(max(score, -_MAX), _MAX)


@inner
def _sigmoid(score: float) -> float:
    if score < -30:
        return 0.0
    if score > 30:
        return 1.0
    return 1 / (1 + math.exp(-score))


@inner
def answer_at(conf: Rows, heads: Rows, slots: Rows, label: int, X: Rows, row: int) -> float:
    """Probability of the positive label, or number, by the weights of `label`."""
    score = _score(heads, slots, label, X, row)
    if conf[at.LOSS] == at.ONE_CLASS:
        score -= heads[label, at.INTERCEPT]
    score = _finite(score)
    if conf[at.LOSS] < at.SQUARED:
        return _sigmoid(score)
    if conf[at.LOSS] == at.POISSON:
        return _finite(math.exp(score))
    return score


@inner
def _slope_of_label(conf: Rows, score: float, y: float) -> float:
    """Slope of a loss of the label -1 or 1 by the score."""
    code, margin = conf[at.LOSS], score * y
    if code == at.LOG:
        weight = conf[at.LOSS_A] if y > 0.0 else conf[at.LOSS_B]
        if margin > 18.0:
            return weight * math.exp(-margin) * -y
        if margin < -18.0:
            return weight * -y
        return weight * -y / (math.exp(margin) + 1.0)
    if code == at.HINGE or code == at.ONE_CLASS:
        return -y if margin <= conf[at.LOSS_A] else 0.0
    return y * (_sigmoid(conf[at.LOSS_A] * margin + conf[at.LOSS_B]) - 1)


@inner
def _slope_of_number(conf: Rows, score: float, y: float) -> float:
    """Slope of a loss of a number by the score."""
    code, difference, a = conf[at.LOSS], score - y, conf[at.LOSS_A]
    if code == at.SQUARED:
        return 2 * difference
    if code == at.ABSOLUTE:
        return 1.0 if score > y else -1.0
    if code == at.HUBER:
        return difference if abs(difference) <= a else math.copysign(a, difference)
    if code == at.QUANTILE:
        return (1.0 if y < score else 0.0) - a
    if code == at.CAUCHY:
        return difference / ((difference / a) ** conf[at.TWO] + 1)
    if code == at.EPSILON:
        return 1.0 if score > y + a else (-1.0 if score + a < y else 0.0)
    return math.exp(score) - y


@inner
def _passive_aggressive(conf: Rows, score: float, y: float, X: Rows, row: int) -> float:
    """Minus the step that mends the loss of a row, as far as the mode allows."""
    if conf[at.LOSS] == at.PA_LABEL:
        loss, sign = max(1.0 - y * score, 0.0), y
    else:
        loss, sign = max(abs(score - y) - conf[at.A], 0.0), np.sign(y - score)
    squares = 0.0
    for j in range(X.shape[1]):
        x = X[row, j]
        if x == x:
            squares += x * x
    norm = math.sqrt(squares) ** conf[at.TWO]
    if conf[at.LOSS_B] == 2.0:
        return -(loss / (norm + 0.5 / conf[at.LOSS_A])) * sign
    if not norm > 0.0:
        return 0.0
    tau = loss / norm
    return -(min(conf[at.LOSS_A], tau) if conf[at.LOSS_B] == 1.0 else tau) * sign


@inner
def _rate(conf: Rows, where: int, step: float) -> float:
    if conf[where] == at.CONSTANT:
        return conf[where + 1]
    if conf[where] == at.INVERSE_SCALING:
        return conf[where + 1] / (step + 1.0) ** conf[where + 2]
    return 1.0 / (conf[where + 1] * (conf[where + 2] + step))


@inner
def _move(conf: Rows, slots: Rows, label: int, j: int, g: float, rate: float) -> bool:
    """Move one weight by its gradient; return whether all is finite, else nothing is moved."""
    code, half = conf[at.OPTIMIZER], conf[at.HALF]
    weight, first = slots[label, at.WEIGHT, j], slots[label, at.FIRST, j]
    second = slots[label, at.SECOND, j]
    if code == at.MOMENTUM:
        first = conf[at.A] * first + rate * g
        weight -= first
    elif code == at.ADAGRAD:
        first += g ** conf[at.TWO]
        weight -= rate / (first + conf[at.B]) ** half * g
    elif code == at.RMSPROP:
        first = conf[at.A] * first + (1 - conf[at.A]) * (g * g)
        weight -= rate / (first + conf[at.B]) ** half * g
    elif code == at.ADAM:
        first = conf[at.A] * first + (1 - conf[at.A]) * g
        second = conf[at.B] * second + (1 - conf[at.B]) * (g * g)
        weight -= rate * first / (second**half + conf[at.C])
    else:  # FTRL: the weight is that of the sums before this row
        alpha, l1 = conf[at.A], conf[at.C]
        root = second**half
        if abs(first) > l1:
            scale = ((conf[at.B] + root) / alpha + conf[at.D]) ** conf[at.MINUS_ONE]
            weight = -scale * (first - np.sign(first) * l1)
        square = g ** conf[at.TWO]
        first += g - ((second + square) ** half - root) / alpha * weight
        second += square
    if abs(weight) <= _MAX and abs(first) <= _MAX and abs(second) <= _MAX:
        slots[label, at.WEIGHT, j] = weight
        slots[label, at.FIRST, j] = first
        slots[label, at.SECOND, j] = second
        return True
    return False


@inner
def _step(
    conf: Rows, heads: Rows, slots: Rows, label: int, X: Rows, row: int, slope: float
) -> None:
    """One step of the optimiser: move the weights of the row's columns, no others."""
    steps, l2 = heads[label, at.STEPS], conf[at.L2]
    code, finite = conf[at.OPTIMIZER], True
    rate = _rate(conf, at.RATE, steps)
    if code == at.SGD:
        for j in range(X.shape[1]):  # chooses instead of branching: columns go side by side
            x, weight = X[row, j], slots[label, at.WEIGHT, j]
            g = slope * x + l2 * weight if l2 != 0.0 else slope * x
            moved = weight - rate * g
            fits = abs(moved) <= _MAX
            slots[label, at.WEIGHT, j] = moved if fits else weight
            finite = finite and (fits or x != x)
    else:
        if code == at.ADAM:  # corrects the bias of both moments
            rate = rate * (1 - conf[at.B] ** (steps + 1.0)) ** conf[at.HALF]
            rate /= 1 - conf[at.A] ** (steps + 1.0)
        for j in range(X.shape[1]):
            x = X[row, j]
            if x == x:
                g = slope * x
                if l2 != 0.0:
                    g += l2 * slots[label, at.WEIGHT, j]
                finite = _move(conf, slots, label, j, g, rate) and finite
    heads[label, at.STEPS] = steps + 1.0
    if conf[at.L1] != 0.0:
        _shrink(conf, heads, slots, label, X, row)
    if not finite:
        heads[label, at.TROUBLE] = np.inf


@inner
def _shrink(conf: Rows, heads: Rows, slots: Rows, label: int, X: Rows, row: int) -> None:
    """Pay the penalty l1 that has come together since each weight last paid."""
    heads[label, at.L1_SUM] += conf[at.L1] * _rate(conf, at.RATE, heads[label, at.STEPS])
    due = heads[label, at.L1_SUM]
    for j in range(X.shape[1]):
        if X[row, j] == X[row, j]:
            weight, used = slots[label, at.WEIGHT, j], slots[label, at.L1_USED, j]
            less = weight
            if weight > 0.0:
                less = max(0.0, weight - (due + used))
            elif weight < 0.0:
                less = min(0.0, weight + (due - used))
            slots[label, at.WEIGHT, j] = less
            slots[label, at.L1_USED, j] = used + (less - weight)


@inner
def _watch(conf: Rows, heads: Rows, label: int, score: float) -> None:
    """Note the first score that is out of all proportion to the targets."""
    if heads[label, at.TROUBLE] == 0.0:
        if abs(score) > conf[at.LIMIT] * max(heads[label, at.TOP], 1.0):
            heads[label, at.TROUBLE] = score
        elif score != score:
            heads[label, at.TROUBLE] = np.inf


@inner
def learn_at(
    conf: Rows, heads: Rows, slots: Rows, label: int, X: Rows, row: int, y: float, w: float
) -> None:
    """Move the weights of `label` by a row."""
    score = _score(heads, slots, label, X, row)
    heads[label, at.TOP] = max(heads[label, at.TOP], abs(y))
    _watch(conf, heads, label, score)
    if conf[at.LOSS] == at.PA_LABEL or conf[at.LOSS] == at.PA_NUMBER:
        slope = _passive_aggressive(conf, score, y, X, row)
    elif conf[at.LOSS] < at.SQUARED or conf[at.LOSS] == at.ONE_CLASS:
        slope = _slope_of_label(conf, score, y)
    else:
        slope = _slope_of_number(conf, score, y)
    slope *= w
    slope = max(min(slope, conf[at.CLIP]), -conf[at.CLIP])
    if slope == slope:
        rate = _rate(conf, at.INTERCEPT_RATE, heads[label, at.STEPS])
        step = rate * slope
        if conf[at.LOSS] == at.ONE_CLASS:
            step += 2.0 * rate * conf[at.L2]
        after = heads[label, at.INTERCEPT] - step
        if abs(after) <= _MAX:
            heads[label, at.INTERCEPT] = after
        _step(conf, heads, slots, label, X, row, slope)


@njit
def learn_row(conf: Rows, heads: Rows, slots: Rows, x: Rows, y: float, w: float) -> float:
    """Learn one row; return the trouble, 0 where there is none."""
    learn_at(conf, heads, slots, 0, x.reshape(1, x.size), 0, y, w)
    return heads[0, at.TROUBLE]


@njit
def answer_row(conf: Rows, heads: Rows, slots: Rows, x: Rows) -> float:
    """Answer one row."""
    return answer_at(conf, heads, slots, 0, x.reshape(1, x.size), 0)


@functools.cache
def row_learner() -> Callable[..., float]:
    """Return `learn_row`, compiled."""
    return direct(learn_row, *_ARRAYS, 0.5, 0.5)


@functools.cache
def row_answerer() -> Callable[..., float]:
    """Return `answer_row`, compiled."""
    return direct(answer_row, *_ARRAYS)


@njit(nogil=True)
def stage(
    conf: Rows,
    heads: Rows,
    slots: Rows,
    A: Rows,
    B: Rows,
    y: Rows,
    w: Rows,
    upto: Codes,
    out: Rows,
) -> float:
    """Answer each row of `A` into `out` once `upto` says how many of `B` were learnt before it.

    `y` are -1 and 1, or numbers. Returns the trouble, 0 where there is none.
    """
    learnt = 0
    for t in range(len(A)):
        out[t] = answer_at(conf, heads, slots, 0, A, t)
        while learnt < upto[t]:
            learn_at(conf, heads, slots, 0, B, learnt, y[learnt], w[learnt])
            learnt += 1
    return heads[0, at.TROUBLE]


# -- several labels ------------------------------------------------------------------------------


@inner
def _softmax(heads: Rows, slots: Rows, X: Rows, row: int, out: Rows, t: int) -> float:
    """Write the probabilities of the labels that were learnt; return the largest score."""
    n_labels, largest, total, beyond = out.shape[1], -np.inf, 0.0, 0.0
    for c in range(n_labels):
        out[t, c] = 0.0
        if heads[c, at.STEPS] > 0.0:
            out[t, c] = _finite(_score(heads, slots, c, X, row))
            largest = max(largest, out[t, c])
            beyond = max(beyond, abs(out[t, c]))
    for c in range(n_labels):
        if heads[c, at.STEPS] > 0.0:
            out[t, c] = math.exp(out[t, c] - largest)
            total += out[t, c]
    for c in range(n_labels):
        out[t, c] = out[t, c] / total if total > 0.0 else 1.0 / n_labels
    return beyond


@inner
def _learn_label(
    conf: Rows, heads: Rows, slots: Rows, X: Rows, row: int, y: int, w: float, proba: Rows
) -> None:
    _watch(conf, heads, 0, _softmax(heads, slots, X, row, proba, 0))
    for c in range(proba.shape[1]):
        known = heads[c, at.STEPS] > 0.0
        if known or c == y:
            p = min(max(proba[0, c] if known else 0.0, _TINY), _NEARLY_ONE)
            slope = heads[c, at.CLASS_WEIGHT] * (p - (1.0 if c == y else 0.0))
            _step(conf, heads, slots, c, X, row, slope * w)
            if heads[c, at.TROUBLE] != 0.0:
                heads[0, at.TROUBLE] = heads[c, at.TROUBLE]


@njit(nogil=True)
def softmax_stage(
    conf: Rows,
    heads: Rows,
    slots: Rows,
    A: Rows,
    B: Rows,
    y: Codes,
    w: Rows,
    upto: Codes,
    out: Rows,
    scratch: Rows,
) -> float:
    """Do as `stage` for codes `y`: `out` is `(n, n_labels)`, `scratch` `(1, n_labels)`."""
    learnt = 0
    for t in range(len(A)):
        _softmax(heads, slots, A, t, out, t)
        while learnt < upto[t]:
            _learn_label(conf, heads, slots, B, learnt, y[learnt], w[learnt], scratch)
            learnt += 1
    return heads[0, at.TROUBLE]
