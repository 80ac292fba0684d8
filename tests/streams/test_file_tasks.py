"""Tables for anomaly detectors, which need no labels."""

import numpy as np
import pytest

from olearn import streams


@pytest.fixture
def path(tmp_path):
    """A table without a column that is called like a target."""
    path = tmp_path / "t.csv"
    path.write_text("a,b,kind\n1.5,2,x\n2.5,?,y\n0.5,1,x\n")
    return path


def test_a_table_without_labels(path):
    """All columns are features, rows have no target, and both is said."""
    with pytest.warns(UserWarning, match="no labels, as no column is called class, target or"):
        stream = streams.from_file(path, task="anomaly")
    assert stream.schema.names == ("a", "b", "kind")
    assert stream.schema.target is None
    assert [y for _, y in stream] == [None] * 3
    X, y = next(stream.blocks(10))
    assert X[:, 0].tolist() == [1.5, 2.5, 0.5]
    assert np.isnan(y).all()
    assert not any("target" in line for line in stream.facts())


@pytest.mark.parametrize("options", [{"target": "kind"}, {"names": ["a", "b", "Class"]}])
def test_a_table_with_labels(path, options):
    """They are those of the column that is named, or called like a target."""
    header = {"header": True} if "names" in options else {}
    stream = streams.from_file(path, task="anomaly", **options, **header)
    assert stream.schema.labels == ("x", "y")


def test_one_column_is_enough(tmp_path):
    """There need be no other one beside the features."""
    path = tmp_path / "t.csv"
    path.write_text("a\n1.5\n2.5\n")
    with pytest.warns(UserWarning, match="no labels"):
        stream = streams.from_file(path, task="anomaly", unlabelled="drop")
    assert [x["a"] for x, _ in stream] == [1.5, 2.5]
