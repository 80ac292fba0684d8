"""Tests of `olearn.evaluate.describe`: whether two runs are the same one."""

import pytest
from river import drift, linear_model, metrics, preprocessing

from olearn import streams
from olearn.evaluate.describe import describe_run


def pipeline(l2=0.0):
    return preprocessing.StandardScaler() | linear_model.LogisticRegression(l2=l2)


RUN = {
    "stream": streams.load("sea", seed=1),
    "model": pipeline(),
    "metrics": [metrics.Accuracy()],
    "detector": drift.ADWIN(delta=0.1),
    "settings": {"window": 100, "delay": "none"},
}
CHANGES = {
    "learner": ("model", pipeline(l2=0.5)),
    "stream": ("stream", streams.load("sea", seed=2)),
    "metrics": ("metrics", [metrics.FBeta(beta=2.0)]),
    "detector": ("detector", None),
    "window": ("settings", {"window": 101, "delay": "none"}),
    "delay": ("settings", {"window": 100, "delay": "3 rows"}),
}


def test_topics():
    """A run is its learner, stream, metrics, detector and settings, all of them text."""
    found = describe_run(**RUN)
    assert list(found) == ["learner", "stream", "metrics", "detector", "window", "delay"]
    assert "l2 = 0.0" in found["learner"]
    assert "seed: 1" in found["stream"]
    assert found["detector"].splitlines()[:2] == ["ADWIN", "  delta = 0.1"]
    assert (found["window"], found["delay"]) == ("100", "none")
    assert describe_run(**RUN) == found


@pytest.mark.parametrize(("topic", "change"), CHANGES.items(), ids=CHANGES.keys())
def test_a_change_shows_in_its_topic_alone(topic, change):
    """A parameter of a step, a seed, a metric, a detector, a setting: each changes its topic."""
    before, after = describe_run(**RUN), describe_run(**{**RUN, change[0]: change[1]})
    assert [name for name in before if before[name] != after[name]] == [topic]


def test_what_a_model_has_learnt_does_not_matter():
    """A model that has learnt is the same learner."""
    model = pipeline()
    before = describe_run(**{**RUN, "model": model})
    for i in range(20):
        model.learn_one({"a": float(i)}, i % 2 == 0)
    assert describe_run(**{**RUN, "model": model}) == before


def test_a_file_may_move(tmp_path):
    """The same table in another folder is the same stream; one with more columns is not."""
    found, narrow, wide = [], "x,y\n1,0\n2,1\n", "x,z,y\n1,5,0\n2,5,1\n"
    for folder, table in (("a", narrow), ("b", narrow), ("c", wide)):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "table.csv"
        path.write_text(table)
        found.append(describe_run(**{**RUN, "stream": streams.load(str(path))})["stream"])
    assert found[0] == found[1] != found[2]
