"""Compiled rules: which cover a row, what they answer, and how they learn, grow and are removed.

`t` are the arrays of the leaves, `r` those of the rules (`rule_pool`).
"""

# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls

import math

import numpy as np

from olearn.core.jit import inner, njit
from olearn.core.kernel_arrays import borrowed
from olearn.detectors._adwin_kernels import adwin_update
from olearn.detectors.page_hinkley import _update as page_hinkley_update
from olearn.learners.linear import layout as linear
from olearn.learners.linear.kernels import learn_at
from olearn.learners.trees import model_tree_layout as at
from olearn.learners.trees import rule_pool as of
from olearn.learners.trees.ebst import SPLIT_SIZE, free_entries, variance
from olearn.learners.trees.model_tree_kernels import (
    add_to_scale,
    limited,
    model_answer,
    model_row,
    observe,
    scaled,
    step_limit,
)
from olearn.learners.trees.model_tree_split import BEST, N_ROWS, free_tree, new_leaf, rank

_MAX = np.finfo(np.float64).max


@inner
def covers(r, rule, X, i):
    """Whether a row fulfils all literals of a rule; a missing value fulfils none."""
    for k in range(r.n_literals[rule]):
        literal = r.literals[rule, k]
        x, kind, value = X[i, int(literal[of.FEATURE])], literal[of.KIND], literal[of.VALUE]
        if x != x:
            return False
        if kind == of.BELOW:
            holds = x <= value
        elif kind == of.ABOVE:
            holds = x > value
        elif kind == of.EQUAL:
            holds = x == value
        else:
            holds = x != value
        if not holds:
            return False
    return True


@inner
def score_of(t, r, rule, X, i):
    """How well a row fits those that a rule has learnt: the mean log odds, by Chebyshev's bound.

    Only features that are more than a standard deviation off their mean count.
    """
    total, hits = 0.0, 0
    for j in range(X.shape[1]):
        x, stat = X[i, j], r.stats[rule, j]
        if x != x or t.nominal[j] == 1:
            continue
        spread = variance(stat[of.TOTAL], stat[of.SQUARES])
        if spread > 0.0:
            off = (x - stat[of.MEAN]) ** t.model[linear.TWO]
            chance = (2.0 * spread) / (spread + off)
            if 0.0 < chance < 1.0:
                total += math.log(chance) - math.log(1.0 - chance)
                hits += 1
    return total / hits if hits > 0 else 0.0


@inner
def _answer(t, r, rule, z):
    """Return what the model of a rule says, and the rule."""
    by_model, mode = 0.0, t.conf[at.LEAF_MODE]
    if mode != at.MEAN_LEAF:
        by_model = model_answer(t, rule, z)
    own = r.own[rule]
    if mode == at.MEAN_LEAF:
        return by_model, own[of.AVERAGE]
    if mode == at.ADAPTIVE_LEAF and own[of.MEAN_OFF] <= own[of.MODEL_OFF]:
        return by_model, own[of.AVERAGE]
    return by_model, by_model


@inner
def _answer_row(t, r, X, i, z):
    """Answer by the first rule that covers a row, or the mean of all; else by the default rule."""
    total, hits = 0.0, 0
    for k in range(r.counts[of.N_RULES]):
        rule = r.order[k]
        if covers(r, rule, X, i):
            total += _answer(t, r, rule, z)[1]
            hits += 1
            if r.settings[of.ORDERED] != 0.0:
                break
    if hits > 0:
        return min(max(total / hits, -_MAX), _MAX)
    return _answer(t, r, r.counts[of.DEFAULT], z)[1]


@inner
def _learn_rule(t, r, rule, by_model, X, i, y, w, z):
    own, node = r.own[rule], t.node_f[rule]
    if t.conf[at.LEAF_MODE] == at.ADAPTIVE_LEAF:
        fading, mean = r.settings[of.FADING], own[of.AVERAGE]
        own[of.MEAN_OFF] = min(fading * own[of.MEAN_OFF] + abs(y - mean), _MAX)
        own[of.MODEL_OFF] = min(fading * own[of.MODEL_OFF] + abs(y - by_model), _MAX)
    own[of.SEEN] += w
    own[of.AVERAGE] += w / own[of.SEEN] * (y - own[of.AVERAGE])
    node[at.N] += w
    before = node[at.MEAN]
    node[at.MEAN] += w / node[at.N] * (y - before)
    node[at.S] += w * (y - before) * (y - node[at.MEAN])
    if t.node_i[rule, at.KIND] == at.LEAF:
        observe(t, rule, X, i, y, w)
    for j in range(X.shape[1]):
        if X[i, j] == X[i, j] and t.nominal[j] == 0:
            x, stat = limited(X[i, j]), r.stats[rule, j]
            stat[of.TOTAL] += w
            before = stat[of.MEAN]
            stat[of.MEAN] += w / stat[of.TOTAL] * (x - before)
            stat[of.SQUARES] = min(stat[of.SQUARES] + w * (x - before) * (x - stat[of.MEAN]), _MAX)
    if t.conf[at.LEAF_MODE] != at.MEAN_LEAF:
        if t.conf[at.NORMALISE] != 0.0:
            y, w = scaled(t, 0, y), min(w, step_limit(t, z))
        learn_at(t.model, t.heads, t.slots, rule, z, 0, y, w)
        if t.heads[rule, linear.TROUBLE] != 0.0:
            t.head[at.DIVERGED] = 1


@inner
def _drifts(r, rule, error):
    """Let the detector of a rule read an error."""
    kind = r.settings[of.DETECTOR]
    if kind == of.ADWIN:
        return adwin_update(r.detectors[rule], limited(error), r.settings[of.DELTA])
    if kind == of.PAGE_HINKLEY:
        return page_hinkley_update(r.detectors[rule], limited(error)) > 0
    return False


@inner
def _forget(t, r, rule):
    """Empty all statistics of a rule; its literals and its predictor stay."""
    for j in range(t.nominal.shape[0]):
        free_entries(t, t.roots[rule, j])
        t.roots[rule, j] = at.NONE
        for k in range(of.STAT_SIZE):
            r.stats[rule, j, k] = 0.0
    for k in (at.N, at.MEAN, at.S, at.N_TRIED):
        t.node_f[rule, k] = 0.0
    for k in range(r.fresh.shape[1]):
        r.detectors[rule, k] = r.fresh[0, k]


@inner
def _new_rule(t, r):
    rule = new_leaf(t, at.NONE, 0)
    _forget(t, r, rule)
    for k in range(of.OWN_SIZE):
        r.own[rule, k] = 0.0
    r.n_literals[rule] = 0
    return rule


@inner
def _remove(t, r, rule):
    """Remove a rule; where the memory bound had stopped growth, there is room again."""
    r.counts[of.N_DRIFTS] += 1
    free_tree(t, rule)
    t.head[at.MAY_GROW] = 1
    default = r.counts[of.DEFAULT]
    if t.node_i[default, at.KIND] == at.ASLEEP:
        t.node_i[default, at.KIND] = at.LEAF
        _forget(t, r, default)


@inner
def _add_literal(r, rule, feature, kind, value):
    """Add a literal; of two bounds of one side the tighter one stays."""
    for k in range(r.n_literals[rule]):
        literal = r.literals[rule, k]
        if literal[of.FEATURE] == feature and literal[of.KIND] == kind and kind <= of.ABOVE:
            if (value < literal[of.VALUE]) == (kind == of.BELOW):
                literal[of.VALUE] = value
            return
    literal = r.literals[rule, r.n_literals[rule]]
    literal[of.FEATURE], literal[of.KIND], literal[of.VALUE] = feature, kind, value
    r.n_literals[rule] += 1
    r.counts[of.MOST] = max(r.counts[of.MOST], r.n_literals[rule])


@inner
def _expand(t, r, rule, work):
    """Add the literal of the best split to a rule, if it is clearly the best; return whether so."""
    feature, second, candidates = rank(t, rule, work, True)
    best = work[BEST]
    bound = math.sqrt(t.conf[at.LOG_INVERSE_DELTA] / (2.0 * t.node_f[rule, at.N]))
    if candidates < 2:
        second = 0.0
    if not (best[0] > 0.0 and (best[0] - second > bound or bound < t.conf[at.TAU])):
        t.node_f[rule, at.N_TRIED] = t.node_f[rule, at.N]
        return False
    n = best[2] + best[5]
    left = best[2] / n * variance(best[2], best[4])
    right = best[5] / n * variance(best[5], best[7])
    kind = of.EQUAL if t.nominal[feature] == 1 else of.BELOW
    _add_literal(r, rule, feature, kind if left <= right else kind + 1, best[1])
    t.node_i[rule, at.DEPTH] += 1
    _forget(t, r, rule)
    return True


@inner
def _is_due(t, rule):
    of_rule = t.node_f[rule]
    awake = t.node_i[rule, at.KIND] == at.LEAF
    return awake and of_rule[at.N] - of_rule[at.N_TRIED] >= t.conf[at.GRACE]


@inner
def _learn_default(t, r, X, i, y, w, z, work):
    """Learn a row in the default rule; once it has a literal, it is a rule like any other."""
    rule = r.counts[of.DEFAULT]
    _learn_rule(t, r, rule, _answer(t, r, rule, z)[0], X, i, y, w, z)
    n_free = t.node_i.shape[0] - t.head[at.NODES_USED] + t.head[at.NODES_FREE]
    if n_free > 0 and _is_due(t, rule) and _expand(t, r, rule, work):
        r.order[r.counts[of.N_RULES]] = rule
        r.counts[of.N_RULES] += 1
        r.counts[of.DEFAULT] = _new_rule(t, r)


@inner
def _learn_row(t, r, X, i, y, w, z, work):
    """Learn a row in the rules that cover it, the first or all of them, or in the default rule."""
    is_covered, n_rules, n_kept = False, r.counts[of.N_RULES], 0
    ordered = r.settings[of.ORDERED] != 0.0
    for k in range(n_rules):
        rule = r.order[k]
        r.order[n_kept] = rule
        n_kept += 1
        if (is_covered and ordered) or not covers(r, rule, X, i):
            continue
        is_warm = t.node_f[rule, at.N] > r.settings[of.WARM_UP]
        if is_warm and score_of(t, r, rule, X, i) < r.settings[of.THRESHOLD]:
            continue
        by_model, answer = _answer(t, r, rule, z)
        if _drifts(r, rule, abs(y - answer)):
            n_kept -= 1
            _remove(t, r, rule)
            continue
        is_covered = True
        _learn_rule(t, r, rule, by_model, X, i, y, w, z)
        if _is_due(t, rule):
            _expand(t, r, rule, work)
    r.counts[of.N_RULES] = n_kept
    if not is_covered:
        _learn_default(t, r, X, i, y, w, z, work)
    if t.conf[at.NORMALISE] != 0.0:
        for j in range(X.shape[1]):
            if t.nominal[j] == 0:
                add_to_scale(t, 1 + j, X[i, j], w)
        add_to_scale(t, 0, y, w)


@inner
def _has_room(t, r):
    """Whether all rules that a row may reach can learn it without more arrays."""
    head, n = t.head, 1
    if r.settings[of.ORDERED] == 0.0:
        n += r.counts[of.N_RULES]
    entries = t.entry_i.shape[0] - head[at.ENTRIES_USED] + head[at.ENTRIES_FREE]
    nodes = t.node_i.shape[0] - head[at.NODES_USED] + head[at.NODES_FREE]
    enough = nodes > n or head[at.MAY_GROW] == 0
    return enough and entries >= n * t.nominal.shape[0] and r.counts[of.MOST] < r.literals.shape[1]


@njit(nogil=True)
def run(handle, rules_handle, X, y, w, out, row):
    """Predict, then learn each row from `row` on; return the first for which there is no room.

    A row of weight 0 or less is only predicted.
    """
    t, r, X = at.pool_at(handle), of.rules_at(rules_handle), borrowed(X)
    z = borrowed(np.empty((1, t.nominal.shape[0])))
    work = borrowed(np.empty((N_ROWS, max(SPLIT_SIZE, t.nominal.shape[0]))))
    for i in range(row, X.shape[0]):
        if w[i] > 0.0 and not _has_room(t, r):
            return i
        model_row(t, X, i, z)
        out[i] = _answer_row(t, r, X, i, z)
        if w[i] > 0.0:
            _learn_row(t, r, X, i, y[i], w[i], z, work)
    return X.shape[0]


@njit
def look(handle, rules_handle, X, covering, scores, answers):
    """Write whether each rule covers the first row of `X`, its score of it, and its answer.

    The default rule comes last.
    """
    t, r = at.pool_at(handle), of.rules_at(rules_handle)
    z = np.empty((1, t.nominal.shape[0]))
    model_row(t, X, 0, z)
    for k in range(covering.shape[0]):
        is_default = k == covering.shape[0] - 1
        rule = r.counts[of.DEFAULT] if is_default else r.order[k]
        covering[k] = covers(r, rule, X, 0)
        scores[k] = score_of(t, r, rule, X, 0)
        answers[k] = _answer(t, r, rule, z)[1]
