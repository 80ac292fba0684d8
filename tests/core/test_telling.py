"""Warnings point at the line of the user, whatever door the rows came through."""

import warnings

import numpy as np
import pandas as pd
import pytest

from olearn import evaluate, learners, preprocessing, streams


def _file(folder):
    path = folder / "t.csv"
    path.write_text("when,x,class\n" + "2026-01-31,1,a\n2026-02-01,2,b\n" * 9)
    streams.from_file(path)


def _frame(folder):
    times = pd.date_range("2026", periods=3)
    frame = pd.DataFrame({"when": times, "x": range(3), "y": range(3)})
    streams.from_frame(frame, "y")


def _iterable(folder):
    streams.from_iterable([({"a": str(i)}, i % 2) for i in range(9)])


def _stream(folder):
    X = np.random.default_rng(0).normal(50.0, size=(120, 2))
    stream = streams.from_arrays(X, np.arange(120) % 2)
    evaluate.prequential(stream, learners.AnalyticRidgeClassifier(), progress=False)


def _pipeline_of_river(folder):
    model = preprocessing.StandardScaler(with_std=False) | learners.AnalyticRidgeClassifier()
    model.learn_one({"a": 1e12}, 0)
    model.learn_one({"a": -1e12}, 0)


DOORS = [_file, _frame, _iterable, _stream, _pipeline_of_river]


@pytest.mark.parametrize("door", DOORS, ids=[door.__name__ for door in DOORS])
def test_a_warning_points_at_the_line_outside_olearn_and_river(door, tmp_path):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        door(tmp_path)
    assert said
    assert {warning.filename for warning in said} == {__file__}
