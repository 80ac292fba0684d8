"""Naive Bayes of counts, compiled: three likelihoods made of the same tables.

`table[0, c, j]` is what was counted of feature j in rows of label c, `totals[c]` and
`feature_totals[j]` are its sums, `seen[j]` is 1 where the feature was learnt. A row that is only
predicted may have more columns than the tables: features that were never learnt.
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import inner, njit
from olearn.learners.bayes._base import answer_row

BERNOULLI, MULTINOMIAL, COMPLEMENT = range(3)
KIND, ALPHA, THRESHOLD = range(3)  # of `conf`

_FLOOR = 1e-9  # added to each share of Bernoulli's: one feature cannot rule a label out


@njit(nogil=True)
def run(A, B, y, w, upto, conf, counts, totals, table, feature_totals, seen, answer, codes, out):
    """Answer the rows of A and learn those of B, `upto[t]` of them by the end of row t."""
    logs = np.empty(len(counts))
    q = 0
    for t in range(len(A)):
        if len(codes) + len(out) > t:
            n_rows, n_seen = counts.sum(), seen.sum()
            for c in range(len(counts)):
                if counts[c] == 0.0:
                    logs[c] = -math.inf
                elif conf[KIND] == BERNOULLI:
                    likelihood = _bernoulli(A, t, conf, counts[c], table[0, c], seen)
                    logs[c] = math.log(counts[c] / n_rows) + likelihood
                elif conf[KIND] == MULTINOMIAL:
                    total = totals[c] + conf[ALPHA] * n_seen
                    likelihood = _multinomial(A, t, conf[ALPHA], total, table[0, c], seen)
                    logs[c] = math.log(counts[c] / n_rows) + likelihood
                else:  # without the share of the label, as river's
                    logs[c] = _complement(A, t, conf[ALPHA], table[0, c], feature_totals, seen)
            answer_row(t, logs, answer, codes, out)
        while q < upto[t]:
            if w[q] > 0.0:
                _learn(B, q, y[q], w[q], conf, counts, totals, table, feature_totals, seen)
            q += 1


@njit(nogil=True)
def has_negative(X):
    """Tell whether a value is below 0."""
    for row in X:
        for x in row:
            if x < 0.0:
                return True
    return False


@inner
def _learn(X, t, c, w, conf, counts, totals, table, feature_totals, seen):
    """Count the values of a row of label c that are there."""
    counts[c] += w
    for j in range(X.shape[1]):
        x = X[t, j]
        if x != x:
            continue
        seen[j] = 1.0
        count = w * x
        if conf[KIND] == BERNOULLI:
            count = w if x > conf[THRESHOLD] else 0.0
        table[0, c, j] += count
        totals[c] += count
        feature_totals[j] += count


@inner
def _bernoulli(X, t, conf, n_rows, row, seen):
    """Return the logarithm of the likelihood of all features that were learnt, there or not."""
    likelihood = 0.0
    for j in range(X.shape[1]):
        if j < len(seen) and seen[j]:
            share = _share(row[j] + conf[ALPHA], n_rows + conf[ALPHA] * 2.0)
            there = X[t, j] > conf[THRESHOLD]  # what is missing is not
            likelihood += math.log(_FLOOR + (share if there else 1.0 - share))
    return likelihood


@inner
def _multinomial(X, t, alpha, total, row, seen):
    """Return the logarithm of the likelihood of what is counted in row t."""
    likelihood = 0.0
    for j in range(X.shape[1]):
        x = X[t, j]
        if x > 0.0:  # a count of 0 is no factor, also of what cannot be
            known = j < len(seen) and seen[j]
            likelihood += x * math.log(_share((row[j] if known else 0.0) + alpha, total))
    return likelihood


@inner
def _complement(X, t, alpha, row, feature_totals, seen):
    """Return minus the logarithm of the likelihood of row t under all other labels."""
    total = 0.0
    for j in range(len(seen)):
        if seen[j]:
            total += max(feature_totals[j] + alpha - row[j], 0.0)
    likelihood = 0.0
    for j in range(X.shape[1]):
        x = X[t, j]
        if x > 0.0:
            count = alpha
            if j < len(seen) and seen[j]:
                count = max(feature_totals[j] + alpha - row[j], 0.0)
            likelihood += x * -math.log(_share(count, total))
    return likelihood


@inner
def _share(count, total):
    """Return count / total; counts may be too large for a float, or all be 0."""
    if total == math.inf:
        return 1.0 if count == math.inf else 0.0
    return count / total if total > 0.0 else 0.0
