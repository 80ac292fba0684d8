"""Hoeffding trees for people: paths in words, text and pictures."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from olearn.core.features import FeatureIndex
from olearn.core.labels import LabelIndex
from olearn.core.types import Rows
from olearn.learners.trees import kernels
from olearn.learners.trees import layout as at
from olearn.learners.trees.layout import Pool
from olearn.learners.trees.leaf import make_work


class Visit(NamedTuple):
    """One node met on a walk through a tree."""

    node: int
    depth: int
    condition: str  # of the branch that leads here; empty at the root


def walk(
    t: Pool, root: int, features: FeatureIndex, max_depth: int | None = None
) -> Iterator[Visit]:
    """Yield the nodes of a tree, parents first and branches in order."""
    todo = [Visit(root, 0, "")]
    while todo:
        visit = todo.pop()
        yield visit
        if max_depth is None or visit.depth < max_depth:
            branches = list(_branches(t, visit.node, features))
            todo += [Visit(n, visit.depth + 1, text) for n, text in reversed(branches)]


def tree_shape(t: Pool, root: int) -> tuple[int, int, int]:
    """Return the numbers of nodes and leaves, and the height."""
    visits = list(walk(t, root, FeatureIndex()))
    n_leaves = sum(t.node_i[visit.node, at.KIND] == at.LEAF for visit in visits)
    return len(visits), int(n_leaves), max(visit.depth for visit in visits)


def tree_text(
    t: Pool, root: int, features: FeatureIndex, labels: LabelIndex, max_depth: int | None
) -> str:
    """Return a tree as indented text."""
    lines = []
    for visit in walk(t, root, features, max_depth):
        condition = f"{visit.condition}: " if visit.condition else ""
        lines.append("  " * visit.depth + condition + _describe(t, visit.node, features, labels))
    return "\n".join(lines)


def describe_path(t: Pool, root: int, row: Rows, features: FeatureIndex, labels: LabelIndex) -> str:
    """Return the conditions that a row meets on its way down, and the votes at its end."""
    end = int(kernels.route(t, root, row))
    lines = []
    node = root
    while node != end:
        for child, text in _branches(t, node, features):
            if _leads_to(t, node, child, row):
                lines.append(text)
                node = child
                break
    if t.node_i[end, at.KIND] != at.LEAF:
        name = _name(features, int(t.node_i[end, at.FEATURE]))
        lines.append(f"{name} is missing or new: the votes are those of this split")
    n_classes = int(t.head[at.N_CLASSES])
    if n_classes == 0:
        return "no label seen yet"
    proba = np.empty(n_classes)
    kernels.proba_at(t, end, row, proba, make_work(t))
    by = "naive Bayes" if kernels.uses_bayes(t, end) else "class weights"
    votes = ", ".join(f"{label!r}: {p:.3f}" for label, p in zip(labels.labels, proba, strict=False))
    lines.append(f"votes by {by}: {votes}")
    return "\n".join(lines)


def draw_tree(
    t: Pool, root: int, features: FeatureIndex, labels: LabelIndex, max_depth: int | None
) -> Any:
    """Draw a tree with Matplotlib; return the figure."""
    from matplotlib.figure import Figure

    visits = list(walk(t, root, features, max_depth))
    places = _places(visits)
    width = 1 + max(x for x, _ in places)
    depth = max(visit.depth for visit in visits)
    figure = Figure(figsize=(max(4.0, 1.5 * width), 1.2 + 1.1 * depth), layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    for (x, y), visit, parent in zip(places, visits, _parents(visits), strict=True):
        text = _describe(t, visit.node, features, labels)
        is_leaf = t.node_i[visit.node, at.KIND] == at.LEAF
        box = {"boxstyle": "round", "facecolor": "#dbe9f6" if is_leaf else "#fdeccf"}
        axes.text(x, y, text, ha="center", va="center", fontsize=8, bbox=box, zorder=2)
        if parent is not None:
            px, py = places[parent]
            axes.plot([px, x], [py, y], color="0.6", zorder=1)
            axes.text((px + x) / 2, (py + y) / 2, visit.condition, ha="center", fontsize=7)
    axes.set_xlim(-0.7, width - 0.3)
    axes.set_ylim(-depth - 0.5, 0.5)
    return figure


def tree_table(t: Pool, root: int, features: FeatureIndex, labels: LabelIndex) -> Any:
    """Return a pandas frame of the nodes, or None for a single leaf."""
    import pandas as pd

    visits = list(walk(t, root, features))
    if len(visits) == 1:
        return None
    rows = []
    for visit, parent in zip(visits, _parents(visits), strict=True):
        leaf = t.node_i[visit.node, at.KIND] == at.LEAF
        counts = t.node_f[visit.node, at.COUNTS : at.COUNTS + len(labels)].tolist()
        rows.append(
            {
                "parent": None if parent is None else parent,
                "is_leaf": bool(leaf),
                "depth": visit.depth,
                "feature": None if leaf else _name(features, int(t.node_i[visit.node, at.FEATURE])),
                "condition": visit.condition,
                "stats": dict(zip(labels.labels, counts, strict=True)),
            }
        )
    frame = pd.DataFrame(rows).astype({"parent": "Int64"})
    frame.index.name = "node"
    return frame


def draw_graph(
    t: Pool, root: int, features: FeatureIndex, labels: LabelIndex, max_depth: int | None
) -> Any:
    """Return a tree as a graph of graphviz."""
    try:
        import graphviz
    except ImportError as error:
        raise ImportError(
            "draw needs the package graphviz; plot() needs Matplotlib only"
        ) from error
    graph = graphviz.Digraph(node_attr={"shape": "box"})
    visits = list(walk(t, root, features, max_depth))
    for number, (visit, parent) in enumerate(zip(visits, _parents(visits), strict=True)):
        graph.node(str(number), _describe(t, visit.node, features, labels))
        if parent is not None:
            graph.edge(str(parent), str(number), visit.condition)
    return graph


def _branches(t: Pool, node: int, features: FeatureIndex) -> Iterator[tuple[int, str]]:
    kind = t.node_i[node, at.KIND]
    if kind == at.LEAF:
        return
    feature = int(t.node_i[node, at.FEATURE])
    name, value = _name(features, feature), float(t.node_f[node, at.VALUE])
    left, right = int(t.node_i[node, at.LEFT]), int(t.node_i[node, at.RIGHT])
    if kind == at.NUMERIC:
        yield left, f"{name} ≤ {value:.6g}"
        yield right, f"{name} > {value:.6g}"
    elif kind == at.EQUALS:
        yield left, f"{name} = {_category(features, feature, int(value))}"
        yield right, f"{name} ≠ {_category(features, feature, int(value))}"
    else:
        for code in np.flatnonzero(t.child[left] >= 0).tolist():
            yield int(t.child[left, code]), f"{name} = {_category(features, feature, code)}"


def _leads_to(t: Pool, node: int, child: int, row: Rows) -> bool:
    value = row[t.node_i[node, at.FEATURE]]
    if t.node_i[node, at.KIND] == at.MULTIWAY:
        return bool(t.child[t.node_i[node, at.LEFT], int(value)] == child)
    is_left = child == t.node_i[node, at.LEFT]
    if t.node_i[node, at.KIND] == at.NUMERIC:
        return bool(is_left == (value <= t.node_f[node, at.VALUE]))
    return bool(is_left == (value == t.node_f[node, at.VALUE]))


def _describe(t: Pool, node: int, features: FeatureIndex, labels: LabelIndex) -> str:
    counts = t.node_f[node, at.COUNTS : at.COUNTS + len(labels)]
    if t.node_i[node, at.KIND] != at.LEAF:
        return f"split on {_name(features, int(t.node_i[node, at.FEATURE]))}"
    if not counts.sum() > 0.0:
        return "nothing seen yet"
    label = labels.labels[int(np.argmax(counts))]
    return f"{label!r} ({counts.max():.0f} of {counts.sum():.0f})"


def _name(features: FeatureIndex, column: int) -> str:
    return str(features.names[column]) if column < len(features) else f"feature {column}"


def _category(features: FeatureIndex, column: int, code: int) -> str:
    categories = features.categories[column] if column < len(features) else None
    for value, known in categories.codes.items() if categories else ():
        if known == code:
            return repr(value)
    return str(code)


def _parents(visits: list[Visit]) -> list[int | None]:
    """Position of each node's parent in the walk."""
    last: dict[int, int] = {}
    parents: list[int | None] = []
    for i, visit in enumerate(visits):
        last[visit.depth] = i
        parents.append(last[visit.depth - 1] if visit.depth else None)
    return parents


def _places(visits: list[Visit]) -> list[tuple[float, float]]:
    """Put the outermost nodes side by side and each parent in the middle of its branches."""
    parents = _parents(visits)
    below: list[list[float]] = [[] for _ in visits]
    x = [0.0] * len(visits)
    n_ends = len(set(range(len(visits))) - set(parents))
    for i in reversed(range(len(visits))):
        if below[i]:
            x[i] = sum(below[i]) / len(below[i])
        else:
            n_ends -= 1
            x[i] = float(n_ends)
        parent = parents[i]
        if parent is not None:
            below[parent].append(x[i])
    return [(x[i], float(-visit.depth)) for i, visit in enumerate(visits)]
