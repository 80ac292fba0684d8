"""Data frames as streams: kinds by what the frame says, the same whatever library it is of."""

import datetime
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from river import linear_model, preprocessing
from river import tree as river_tree

from olearn import evaluate, learners, streams
from olearn.checks import check_stream

N = 300
RNG = np.random.default_rng(4)
NUMBERS = [None if i % 11 == 3 else float(v) for i, v in enumerate(RNG.normal(size=N))]
COLOURS = [None if i % 7 == 2 else "rgb"[k] for i, k in enumerate(RNG.integers(0, 3, N))]
FLAGS = [bool(k) for k in RNG.integers(0, 2, N)]
LABELS = [
    "up" if c == "r" or (v or 0.0) > 0.8 else "down" for c, v in zip(COLOURS, NUMBERS, strict=True)
]
DATA = {"x": NUMBERS, "colour": COLOURS, "flag": FLAGS, "label": LABELS}

FRAMES = {
    "pandas": pd.DataFrame(DATA),
    "pandas, nullable": pd.DataFrame(DATA).convert_dtypes(),
    "pandas, categories": pd.DataFrame(DATA).astype({"colour": "category", "label": "category"}),
    "pandas, objects": pd.DataFrame(DATA).astype(object),
    "polars": pl.DataFrame(DATA),
    "polars, categories": pl.DataFrame(DATA).cast({"colour": pl.Categorical}),
    "arrow": pa.table(DATA),
    "arrow, dictionaries": pa.table({**DATA, "label": pa.array(LABELS).dictionary_encode()}),
}


def without_label(frame):
    if isinstance(frame, pd.DataFrame):
        return frame.drop(columns="label")
    return frame.drop("label") if isinstance(frame, pl.DataFrame) else frame.drop_columns("label")


def equal(a, b):
    (X, y), (U, v) = next(a.blocks(N)), next(b.blocks(N))
    return np.array_equal(X, U, equal_nan=True) and np.array_equal(y, v) and a.schema == b.schema


@pytest.mark.parametrize("name", FRAMES)
def test_kinds_are_those_of_the_rows(name):
    """Text, truth values and categories are nominal; the rows of dicts make the same stream."""
    frame = FRAMES[name]
    stream = streams.from_frame(frame, "label")
    check_stream(stream)
    assert stream.schema.nominal == ("colour", "flag")
    assert stream.schema.labels == ("down", "up")
    rows = [
        ({"x": x, "colour": c, "flag": f}, y) for x, c, f, y in zip(*DATA.values(), strict=True)
    ]
    assert equal(stream, streams.from_iterable(rows))
    assert equal(stream, pickle.loads(pickle.dumps(stream)))


@pytest.mark.parametrize("name", FRAMES)
def test_evaluations_take_frames(name):
    """A pair `(X, y)`, the stream and its rows: one result, also beside a file of the frame."""
    frame = FRAMES[name]
    model = learners.HoeffdingTreeClassifier(grace_period=20)
    wanted = evaluate.prequential(streams.from_frame(frame, "label"), model.clone())
    features = without_label(frame)
    for y in (frame["label"], LABELS, np.array(LABELS)):
        found = evaluate.prequential((features, y), model.clone())
        assert (found.values, found.path) == (wanted.values, "blocks")
        assert equal(streams.from_arrays(features, y), streams.from_frame(features, y))
    compared = evaluate.compare({"tree": model}, {"pair": (features, LABELS)}, progress=False)
    assert compared.results[0].values == wanted.values
    rows = evaluate.prequential(streams.from_frame(frame, "label"), model.clone(), delay=0)
    assert rows.values == wanted.values


def test_a_file_of_the_frame_is_the_same_stream(tmp_path):
    """Parquet and CSV of a frame read as the frame itself."""
    FRAMES["pandas"].to_parquet(tmp_path / "t.parquet")
    stream = streams.from_frame(FRAMES["pandas"], "label")
    assert equal(stream, streams.from_file(tmp_path / "t.parquet", target="label"))


@pytest.mark.parametrize("values", [[3, 1, 3, 7] * 5, [0.5, 2.0, 0.5, 0.25] * 5])
def test_categories_that_are_numbers_are_nominal_in_files_too(tmp_path, values):
    """A column that was made categorical stays so in Parquet and Feather."""
    frame = pd.DataFrame(
        {"zone": pd.Categorical(values), "x": np.arange(20.0), "label": ["a", "b"] * 10}
    )
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_feather(tmp_path / "t.feather")
    wanted = streams.from_frame(frame, "label")
    assert wanted.schema.nominal == ("zone",)
    for name in ("t.parquet", "t.feather"):
        assert equal(wanted, streams.from_file(tmp_path / name))
        numbers = streams.from_file(tmp_path / name, numeric=["zone"])
        assert next(numbers.blocks())[0][:, 0].tolist() == values


def test_arrays_as_a_pair():
    """`(X, y)` of arrays: classes for classifiers, numbers for regressors, river's models too."""
    X = RNG.normal(size=(200, 2))
    y = X[:, 0] > 0
    found = evaluate.prequential((X, y), learners.HoeffdingTreeClassifier())
    stream = streams.from_arrays(X, y)
    wanted = evaluate.prequential(stream, learners.HoeffdingTreeClassifier())
    assert found.values == wanted.values
    assert evaluate.prequential((X, y), river_tree.HoeffdingTreeClassifier()).n == 200
    for model in (
        learners.AnalyticRidgeRegressor(),
        preprocessing.StandardScaler() | linear_model.LinearRegression(),
    ):
        assert evaluate.prequential((X, X[:, 1] + 0.5), model).values["MAE"] < 0.7
    rows = ({"a": 1.0}, 1), ({"a": 2.0}, 0)  # two rows are no such pair
    assert evaluate.prequential(rows, learners.HoeffdingTreeClassifier()).n == 2


def test_targets_of_numbers_and_none():
    """Numbers for regressors, and rows without a target."""
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["u", "v"]})
    assert next(streams.from_frame(frame, "a", target="numbers").blocks())[1].tolist() == [1.0, 2.0]
    bare = streams.from_frame(frame, None)
    assert bare.schema.target is None
    assert list(bare) == [({"a": 1.0, "b": "u"}, None), ({"a": 2.0, "b": "v"}, None)]


def test_names_and_index_of_pandas():
    """Names of any kind are kept, the index is no column, and whole numbers can be nominal."""
    frame = pd.DataFrame({0: [5, 6, 5], 1: [1.0, 2.0, 3.0]}, index=[7, 8, 9])
    stream = streams.from_frame(frame, [1, 0, 1], nominal=[0])
    assert (stream.schema.names, stream.schema.nominal) == ((0, 1), (0,))
    by_name = streams.from_frame(frame, 0)
    assert (by_name.schema.names, by_name.schema.labels) == ((1,), (5, 6))
    levels = pd.DataFrame(np.eye(2), columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    assert streams.from_frame(levels, ("a", "y")).schema.names == (("a", "x"),)


def test_what_cannot_be_read_is_said():
    """Times and lists are left out with a word; mixtures, gaps and unknown names raise."""
    times = [datetime.datetime(2024, 1, k) for k in (1, 2)]
    for make in (pd.DataFrame, pl.DataFrame, pa.table):
        with pytest.warns(UserWarning, match=r"'t' is left out: it holds times.*such as its hour"):
            stream = streams.from_frame(make({"t": times, "a": [1, 2], "y": [0, 1]}), "y")
        assert stream.schema.names == ("a",)
    with pytest.warns(UserWarning, match="'l' is left out"):
        streams.from_frame(pl.DataFrame({"l": [[1], [2]], "a": [1, 2]}), [0, 1])
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["u", 1.0], "y": ["p", None]})
    cases = [
        (frame, "y", "feature 'b' must hold numbers or text, got both"),
        (frame[["a", "y"]], "y", "y must hold a label in every row"),
        (frame[["a"]], "z", r"y must be a column of \['a'\] or the labels, got 'z'"),
        (frame[["a"]], ["p"], "y must have one value a row, got 1 for 2"),
        (frame[["a"]], [0.5, 1.5], "target='numbers' makes a stream of numbers"),
        (frame[["a"]][:0], [], "at least one row"),
        (frame[["a"]], "a", "at least one column of features"),
    ]
    for bad, y, message in cases:
        with pytest.raises(ValueError, match=message):
            streams.from_frame(bad, y)
    with pytest.raises(TypeError, match="X must be a data frame"):
        streams.from_frame([[1.0]], [0])
    with pytest.raises(ValueError, match="names must be None for a frame"):
        streams.from_arrays(frame[["a"]], [0, 1], names=["b"])
