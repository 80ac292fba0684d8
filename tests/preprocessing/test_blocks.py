"""Every transformer learns blocks as it learns rows, wherever they are cut, new things inside."""

import copy
import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import stats
from toys import mixed_rows

import olearn
from olearn import learners, preprocessing

pandas = pytest.importorskip("pandas")

NUMBERS, TEXTS = ("heat", "level"), ("sky", "id")
ROWS = mixed_rows()
CASES = {
    "StandardScaler": (lambda: preprocessing.StandardScaler(), NUMBERS),
    "StandardScaler, window": (lambda: preprocessing.StandardScaler(window_size=5), NUMBERS),
    "MinMaxScaler": (lambda: preprocessing.MinMaxScaler(), NUMBERS),
    "MinMaxScaler, window": (lambda: preprocessing.MinMaxScaler(5), NUMBERS),
    "MaxAbsScaler": (lambda: preprocessing.MaxAbsScaler(5), NUMBERS),
    "StatImputer": (
        lambda: preprocessing.StatImputer(("heat", stats.Mean()), ("sky", stats.Mode())),
        NUMBERS + TEXTS,
    ),
    "PreviousImputer": (lambda: preprocessing.PreviousImputer(), NUMBERS + TEXTS),
    "OneHotEncoder": (lambda: preprocessing.OneHotEncoder(), ("level", *TEXTS)),
    "OrdinalEncoder": (lambda: preprocessing.OrdinalEncoder(), ("level", *TEXTS)),
    "Select": (lambda: preprocessing.Select("id", "heat"), NUMBERS + TEXTS),
    "Discard": (lambda: preprocessing.Discard("id"), NUMBERS + TEXTS),
    "FeatureHasher": (lambda: preprocessing.FeatureHasher(8), NUMBERS + TEXTS),
    "DateParts": (lambda: preprocessing.DateParts(), NUMBERS + TEXTS),
    "TargetAgg": (lambda: preprocessing.TargetAgg(["sky", "id"]), TEXTS),
    "Lags": (lambda: preprocessing.Lags([1, 3], ["heat", "sky"]), NUMBERS + TEXTS),
    "Lags of the target": (lambda: preprocessing.Lags([2], of_target=True), NUMBERS),
    "RandomReLU": (lambda: learners.RandomReLU(6, seed=1), NUMBERS + TEXTS),
}


def some(rows, names):
    """Some of the features, all in the row: what is missing is None."""
    return [{name: x.get(name) for name in names} for x in rows]


def learn(model, rows):
    """Learn rows, as one block."""
    targets = [float(len(repr(x))) for x in rows]
    model.learn_many(pandas.DataFrame(rows), *([targets] if model._supervised else []))


def state(model):
    return pickle.dumps(copy.deepcopy(model))


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=5, deadline=None)
@given(cuts=st.lists(st.integers(1, len(ROWS) - 1), unique=True, max_size=6))
def test_cuts_make_no_difference(case, cuts):
    """Rows one by one, all at once, and in blocks of any size leave the same answers."""
    make, names = CASES[case]
    rows = some(ROWS, names)
    by_rows, by_blocks, at_once = make(), make(), make()
    for x in rows:
        if by_rows._supervised:
            by_rows.learn_one(x, float(len(repr(x))))
        else:
            by_rows.learn_one(x)
    edges = [0, *sorted(cuts), len(rows)]
    for start, end in pairwise(edges):
        learn(by_blocks, rows[start:end])
    learn(at_once, rows)
    expected = [list(by_rows.transform_one(x).items()) for x in rows]
    for other in (by_blocks, at_once):
        assert [list(other.transform_one(x).items()) for x in rows] == expected


@pytest.mark.parametrize("case", CASES)
def test_files_and_pickles_go_on(case, tmp_path):
    """Kept in the middle of a stream, a transformer goes on as if it had not been."""
    make, names = CASES[case]
    rows = some(ROWS, names)
    model = make()
    learn(model, rows[:150])
    olearn.save(model, tmp_path / "model.olearn")
    twins = [olearn.load(tmp_path / "model.olearn"), pickle.loads(pickle.dumps(model))]
    twins.append(model.clone(include_attributes=True))  # as unions make it
    for each in (model, *twins):
        learn(each, rows[150:])
    expected = [model.transform_one(x) for x in rows]
    for twin in twins:
        assert [twin.transform_one(x) for x in rows] == expected


@pytest.mark.parametrize("case", CASES)
def test_answers_change_nothing(case):
    """Nor do features and categories that were never learnt."""
    make, names = CASES[case]
    rows = some(ROWS, names)
    model = make()
    learn(model, rows[:100])
    before = state(model)
    for x in (*rows[100:130], {}, {"new": 1.0}, {"heat": 1e9, "level": 77}):
        model.transform_one(x)
    model.transform_many(pandas.DataFrame(rows[100:]))
    assert state(model) == before


@pytest.mark.parametrize("case", CASES)
def test_gaps_are_one_thing(case):
    """None, NaN and an absent key leave the same answers."""
    make, names = CASES[case]
    with_none = some(ROWS, names)
    absent = [{k: v for k, v in x.items() if v is not None} for x in with_none]
    with_nan = [{k: np.nan if v is None else v for k, v in x.items()} for x in with_none]
    answers = []
    for rows in (with_none, absent, with_nan):
        model = make()
        for i, x in enumerate(rows):
            model.learn_one(x, *([float(i)] if model._supervised else []))
        answers.append([model.transform_one(x) for x in rows])
    assert answers[0] == answers[2]
    assert answers[0] == answers[1]
