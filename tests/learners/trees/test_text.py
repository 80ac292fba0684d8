"""Hoeffding trees in words and pictures."""

from io import BytesIO

import numpy as np
import pytest

from olearn.learners import HoeffdingTreeClassifier


def colours(n=300, **options):
    """A tree that splits on the string feature "colour" only."""
    tree = HoeffdingTreeClassifier(100, delta=1e-3, **options)
    for i in range(n):
        tree.learn_one({"colour": ("red", "blue")[i % 2], "z": float(i % 5)}, ("no", "yes")[i % 2])
    return tree


def sizes():
    """A tree that splits on the number "size" only, near 0.5."""
    tree = HoeffdingTreeClassifier(100, delta=1e-3)
    for i in range(200):
        tree.learn_one({"size": (i % 2) + 0.01 * (i % 3)}, i % 2)
    return tree


def test_path_over_a_number():
    """The path names feature, side and threshold, then the votes."""
    tree = sizes()
    low, high = (tree.debug_one({"size": size}).splitlines() for size in (0.0, 1.0))
    assert low[0].startswith("size ≤ 0.")
    assert high[0] == low[0].replace("≤", ">")
    assert low[1].endswith(": 0: 1.000, 1: 0.000")
    assert high[1].endswith(": 0: 0.000, 1: 1.000")


def test_path_over_a_category():
    """Categories stand under their own names, at multiway and at one-against-rest splits."""
    x = {"colour": "blue", "z": 2.0}
    assert colours().debug_one(x).splitlines()[0] == "colour = 'blue'"
    first = colours(binary_split=True).debug_one(x).splitlines()[0]
    assert first == "colour ≠ 'red'"


@pytest.mark.parametrize("x", [{"z": 1.0}, {"colour": None}, {"colour": "green"}])
def test_path_that_stops_at_a_split(x):
    """Where the split's feature is missing or new the text says so and gives its votes."""
    lines = colours().debug_one(x).splitlines()
    assert lines == [
        "colour is missing or new: the votes are those of this split",
        "votes by class weights: 'no': 0.500, 'yes': 0.500",
    ]


def test_path_ends_where_the_prediction_comes_from():
    """The highest vote in the text belongs to the label that is predicted, on a deep tree."""
    rng = np.random.default_rng(0)
    X = rng.random((3000, 3))
    y = ((X[:, 0] > 0.5) ^ (X[:, 1] > 0.5)).astype(int)
    tree = HoeffdingTreeClassifier(50, delta=0.3, tau=0.3, classes=[0, 1])
    tree.learn_many(X, y)
    assert tree.height >= 3
    for row in X[:50].tolist():
        x = dict(enumerate(row))
        *conditions, votes = tree.debug_one(x).splitlines()
        assert 1 <= len(conditions) <= tree.height
        for condition in conditions:
            feature, sign, threshold = condition.split()
            assert (x[int(feature)] <= float(threshold)) == (sign == "≤")
        proba = tree.predict_proba_one(x)
        assert votes.endswith(f"0: {proba[0]:.3f}, 1: {proba[1]:.3f}")


def test_text_of_a_tree():
    """One line a node, branches indented below their split; `max_depth` cuts the text off."""
    tree = colours()
    assert tree.to_text().splitlines() == [
        "split on colour",
        "  colour = 'red': 'no' (150 of 150)",
        "  colour = 'blue': 'yes' (150 of 150)",
    ]
    assert tree.to_text(max_depth=0) == "split on colour"
    assert HoeffdingTreeClassifier().to_text() == "nothing seen yet"


@pytest.mark.parametrize("max_depth", [None, 0, 2])
def test_plot_shows_the_nodes(max_depth):
    """The picture has a text for each node and each branch, and can be saved."""
    tree = colours()
    figure = tree.plot(max_depth)
    texts = [text.get_text() for text in figure.axes[0].texts]
    shown = tree.to_text(max_depth).splitlines()
    assert len(texts) == 2 * len(shown) - 1
    assert "split on colour" in texts
    assert ("colour = 'red'" in texts) == (max_depth != 0)
    file = BytesIO()
    figure.savefig(file, format="png")
    assert file.getvalue().startswith(b"\x89PNG")


def test_plot_of_a_fresh_tree():
    """A tree that has learnt nothing is one box."""
    figure = HoeffdingTreeClassifier().plot()
    assert [text.get_text() for text in figure.axes[0].texts] == ["nothing seen yet"]
