"""Wrong input is refused in words that a user understands: what, what is allowed, what came."""

import gzip
import inspect

import numpy as np
import pytest
from river.drift import PageHinkley
from typer.testing import CliRunner

from olearn import detectors, evaluate, learners, streams
from olearn.cli.main import app
from olearn.detectors import htm

TREE = learners.HoeffdingTreeClassifier
SEA = streams.load("sea", seed=1, n_samples=100)
SIGNAL = streams.signal("noise_mean1", seed=1)
ROWS = np.zeros((2, 2))

ONE = inspect.Parameter.POSITIONAL_OR_KEYWORD
NEEDED = {  # arguments without a default
    "X": ROWS, "y": [0, 1], "X_test": ROWS, "y_test": [0, 1], "n_tasks": 2, "minimum": 0.0,
    "maximum": 1.0, "base": SEA, "concepts": [SEA], "positions": [], "resolution": 0.5,
    "active_bits": 3, "n_bits": 40, "size": 40,
}  # fmt: skip

CALLS = {
    "a name for a list of names": (
        lambda: TREE(nominal_attributes="colour"),
        r"nominal_attributes must be a list of names, got 'colour'",
    ),
    "a number for names": (
        lambda: learners.AnalyticRidgeRegressor(nominal_attributes=5),
        "nominal_attributes must be a list of names, got 5",
    ),
    "lists as names": (
        lambda: TREE(nominal_attributes=[["a"]]),
        r"nominal_attributes must hold names, got \['a'\]",
    ),
    "a text for classes": (
        lambda: learners.ARFClassifier(classes="abc"),
        "classes must be a list of names, got 'abc'",
    ),
    "a name for a detector": (
        lambda: learners.AnalyticRidgeClassifier(drift_detector="ddm"),
        "drift_detector must be a drift detector, got 'ddm'",
    ),
    "a class for a detector": (
        lambda: learners.OrthogonalDictionaryLearner(drift_detector=PageHinkley),
        r"drift_detector must be a drift detector, .*; PageHinkley\(\) makes one",
    ),
    "no row": (lambda: TREE().predict_one(None), "x must be a dict of features, got None"),
    "a list for a row": (lambda: TREE().learn_one(["a"], 1), "x must be a dict of features"),
    "a number for labels": (
        lambda: TREE().learn_many(ROWS, 5),
        "y must be an array, list or series of labels, got 5",
    ),
    "a name twice": (
        lambda: TREE().learn_many(ROWS, [0, 1], names=["a", "a"]),
        r"names must differ, got \['a', 'a'\]",
    ),
    "the name of a learner": (
        lambda: evaluate.prequential(SEA, "arf"),
        "model must be an estimator of river or olearn, got 'arf'",
    ),
    "a class of learners": (
        lambda: evaluate.prequential(SEA, TREE),
        r"model must be .*; HoeffdingTreeClassifier\(\) makes one",
    ),
    "the name of a stream": (
        lambda: evaluate.prequential("sea", TREE()),
        r"stream must be a stream, such as streams.load\('sea'\), got a string",
    ),
    "the name of a detector": (
        lambda: evaluate.prequential(SEA, TREE(), detector="adwin"),
        "detector must be a drift detector, got 'adwin'",
    ),
    "one model to compare": (
        lambda: evaluate.compare(TREE(), {"sea": SEA}),
        "models must be a dict of names and models",
    ),
    "one stream to compare on": (
        lambda: evaluate.compare({"tree": TREE()}, SEA),
        "streams must be a dict of names and streams",
    ),
    "a list for a signal": (
        lambda: evaluate.detection(detectors.ADWIN(), [0.1, 0.2]),
        "signal must be a Signal, such as",
    ),
    "a class of detectors": (
        lambda: evaluate.detection(detectors.ADWIN, SIGNAL),
        r"detector must be a drift detector, .*; ADWIN\(\) makes one",
    ),
    "a part of a row": (lambda: SEA.take(2.5), "k must be an integer, got 2.5"),
    "fewer than no rows": (lambda: SEA.take(-1), r"k must be in \[0, inf\], got -1"),
    "a folder for a file": (
        lambda: streams.from_file("."),
        "path must be a file, got the folder '.'",
    ),
}

FILES = {
    "empty.csv": b"",
    "header.csv": b"a,label\n",
    "ragged.csv": b"a,label\n1,x\n2,y,3\n",
    "bytes.csv": b"a,label\n\xff\xfe,x\n",
    "plain.csv.gz": b"a,label\n1,x\n",
    "half.csv.gz": gzip.compress(b"a,label\n" + b"1,x\n" * 500)[:-20],
    "junk.parquet": b"junk",
    "picture.png": b"\x89PNG\r\n\0\1",
    "fine.csv": b"a,label\n1,x\n2,y\n",
    "folder/inner.csv": b"a,label\n1,x\n",
}

COMMANDS = {
    "run arf nothing.csv": "no such file: nothing.csv",
    "run arf folder": "folder is a folder; name a file in it",
    "run adwin folder": "folder is a folder; name a file in it",
    "run arf empty.csv": "empty.csv must have a header line, is empty",
    "run arf header.csv": "header.csv must have at least one row of data, has none",
    "run arf ragged.csv": "ragged.csv must have 2 cells in every row, has 3 in row 1 (from 0)",
    "run arf bytes.csv": "bytes.csv must be text in UTF-8",
    "run arf plain.csv.gz": "plain.csv.gz must be compressed by gzip",
    "run arf half.csv.gz": "half.csv.gz must be compressed by gzip",
    "run arf junk.parquet": "junk.parquet must be a Parquet file",
    "run arf picture.png": "path must be delimited text, ARFF, JSON lines, Parquet",
    "run arf fine.csv --target nope": "target must be a column of fine.csv: 'a', 'label'",
    "run arf fine.csv --set stream.nose=1": "unexpected keyword argument 'nose'",
    "run arf sea --target label": "--target is for files, got 'label' with sea",
    "run arf sea --set stream.function=9": "function must be in [1, 4], got 9",
    "run arf sea --set n_models=0": "n_models must be in [1, inf], got 0",
    "run arf river:Nope": "river.datasets has no 'Nope'",
    "run adwin fine.csv --column label": "column must name a column of numbers",
    "run adwin empty.csv --column a": "empty.csv must have a header line, is empty",
    "compare arf --streams sea --jobs 0": "--jobs must be -1 or at least 1, got 0",
    "compare arf --streams sea --target label": "--target is for files, got 'label' with sea",
}


def flags():
    """Every flag of every public class, with what its class needs."""
    for module in (detectors, htm, learners, streams):
        for name in module.__all__:
            public = getattr(module, name)
            if inspect.isclass(public):
                parameters = inspect.signature(public).parameters.values()
                needed = [p.name for p in parameters if p.default is p.empty and p.kind is ONE]
                for p in parameters:
                    if p.annotation in (bool, "bool"):
                        yield pytest.param(public, needed, p.name, id=f"{name}-{p.name}")


@pytest.mark.parametrize(("public", "needed", "flag"), list(flags()))
def test_flags(public, needed, flag):
    """A flag is True or False, not a word for one."""
    given = {name: NEEDED[name] for name in needed}
    with pytest.raises(TypeError, match=f"{flag} must be True or False, got 'no' of type str"):
        public(**given, **{flag: "no"})


@pytest.mark.parametrize("what", CALLS)
def test_calls(what):
    """A function names the argument, what it takes and what it got."""
    call, message = CALLS[what]
    with pytest.raises((TypeError, ValueError, OSError), match=rf"(?s){message}"):
        call()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with files of which most cannot be read."""
    path = tmp_path_factory.mktemp("files")
    for name, content in FILES.items():
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_bytes(content)
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_commands(command, folder, monkeypatch):
    """Exit code 2 and one clear sentence, no traceback."""
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, command.split(), env={"COLUMNS": "200"})
    words = " ".join(done.stderr.replace("│", " ").split())
    assert COMMANDS[command] in words
    assert "Traceback" not in done.output
    assert done.exit_code == 2
