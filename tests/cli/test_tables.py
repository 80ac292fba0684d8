"""The options of `olearn run` and `olearn compare` for tables in files."""

import gzip
import io
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from olearn import evaluate, learners, streams
from olearn.cli.main import app

TABLE = "id;when;temp;zip;kind\n" + "".join(
    f"K{k};2024-01-{k % 28 + 1:02d} {k % 24:02d}:00;{k % 9},5;0{k % 5};{'ab'[k % 9 > 4]}\n"
    for k in range(300)
)
OPTIONS = ("--decimal", ",", "--drop", "id", "--time", "when", "--nominal", "zip")


def call(*args, **options):
    return CliRunner().invoke(app, [str(arg) for arg in args], **options)


def on_one_line(result):
    return re.sub(r"[│\s]+", " ", result.stderr)


def accuracy(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["values"]["Accuracy"]


@pytest.fixture
def table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "rooms.csv"
    path.write_text(TABLE)
    return path


def test_the_command_reads_a_table_as_python_does(table):
    """The options have the names of the parameters."""
    result = call("run", "hoeffding-tree", table, *OPTIONS, "--json")
    stream = streams.from_file(table, decimal=",", drop=["id"], time=["when"], nominal=["zip"])
    model = learners.HoeffdingTreeClassifier(nominal_attributes=["zip"])
    expected = evaluate.prequential(stream, model, progress=False)
    assert accuracy(result) == expected.values["Accuracy"]


def test_what_was_read_is_said_once(table):
    """Target, kinds, gaps and categories on stderr; the result alone on stdout."""
    result = call("run", "no-change", table, *OPTIONS, "--missing", "0,5", "--json")
    assert result.stderr.splitlines() == [
        "rooms.csv: 300 rows; kinds by the first 300; separated by ';'",
        "  kind (target): 2 classes: a, b",
        "  when.month: number",
        "  when.weekday: number",
        "  when.hour: number",
        "  temp: number, 34 missing",
        "  zip: nominal, 5 categories",
    ]


def test_guesses_are_lines(table):
    """Columns left out or taken as text, and ids."""
    result = call("run", "no-change", table, "--decimal", ",")
    said = [line for line in result.stderr.splitlines() if line.startswith("olearn: ")]
    assert [re.search(r"column '(\w+)'", line)[1] for line in said] == ["when", "zip", "id"]


def test_many_columns_are_shortened(tmp_path):
    """A wide table does not flood the terminal."""
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{j}" for j in range(100)) + "\n" + ",".join("1" * 100) + "\n")
    lines = call("run", "no-change", path).stderr.splitlines()
    assert len(lines) == 30
    assert "  ... 72 more columns" in lines


def test_no_header_and_names(tmp_path):
    """A first line of data is refused and read by option."""
    path = tmp_path / "t.data"
    path.write_text("1 2 a\n3 4 b\n" * 20)
    refused = call("run", "no-change", path)
    assert refused.exit_code == 2
    assert "looks like data" in " ".join(refused.stderr.split())
    assert "40 rows" in call("run", "no-change", path, "--no-header").stderr
    named = call("run", "no-change", path, "--names", 'x,"y, z",kind')
    assert "  y, z: number\n" in named.stderr
    assert "kind (target)" in named.stderr


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input(packed, tmp_path):
    """`-` reads a table from a pipe; it may be packed, and `--rows` reads no further."""
    text = TABLE.encode()
    result = call(
        *("run", "hoeffding-tree", "-", *OPTIONS, "--rows", "100", "--json"),
        input=gzip.compress(text) if packed else text,
    )
    assert json.loads(result.stdout)["n"] == 100
    assert result.stderr.startswith("standard input: 100 rows")


def test_a_pipe_without_end(tmp_path):
    """Only what `--rows` needs is read from it."""
    code = "import sys\nwhile True: sys.stdout.write('1,2,a\\n' * 1000)"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as source:
        command = "from olearn.cli.main import main; main()"
        words = ("run", "no-change", "-", "--no-header", "--rows", "50", "--json")
        done = subprocess.run(
            [sys.executable, "-c", command, *words], stdin=source.stdout, capture_output=True
        )
        source.stdout.close()
    assert done.returncode == 0, done.stderr
    assert json.load(io.BytesIO(done.stdout))["n"] == 50


def test_compare_and_detectors(table):
    """The other doors have the same options."""
    compared = call(
        *("compare", "no-change", "--streams", table, *OPTIONS, "--rows", "200", "--json"),
    )
    assert compared.exit_code == 0, compared.output
    found = call("run", "adwin", table, "--column", "temp", "--decimal", ",", "--json")
    values = json.loads(found.stdout)["n"]
    assert values == 300
    signal = streams.signal_from_file(table, "temp", decimal=",", rows=100)
    np.testing.assert_array_equal(signal.values, [k % 9 + 0.5 for k in range(100)])


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("run", "no-change", "sea", "--drop", "x"), "--drop is for files, got ['x'] with sea"),
        (("run", "no-change", "sea", "--missing", "x"), "--missing is for files"),
        (
            ("compare", "no-change", "--streams", "-", "--jobs", "2"),
            "--jobs is for files: processes cannot share standard input",
        ),
        (("run", "adwin", "rooms.csv", "--drop", "x"), "--drop cannot be used: adwin watches"),
        (("run", "stream-q", "CartPole-v1", "--sep", ";"), "--sep cannot be used: stream-q is"),
        (("run", "no-change", "rooms.csv", "--inf", "x"), "inf must be one of 'raise', 'missing'"),
    ],
)
def test_options_that_mean_nothing_are_refused(table, args, words):
    """Wrong usage, exit code 2."""
    result = call(*args)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.replace("│", " ").split())


def test_remedies_are_options_of_the_command(tmp_path):
    """What Python calls header=False or drop=['id'] is named as it is typed, failing or not."""
    path = tmp_path / "t.csv"
    path.write_text("5.1,3.5,a\n4.9,3.0,b\n6.0,2.2,b\n")
    said = on_one_line(call("run", "no-change", path))
    assert "--no-header reads it as a row" in said
    assert "header=" not in said
    path.write_text("when,x,label\n" + "".join(f"2024-01-{d:02},{d},a\n" for d in range(1, 29)))
    assert "--time when" in on_one_line(call("run", "no-change", path))
    path.write_text("x,label\n" + "1,a\n" * 50 + "oops,b\n")
    said = on_one_line(call("run", "no-change", path))
    assert "--missing oops takes it for missing, --nominal x takes" in said
    path.write_text("room,x,label\n" + "A,1,a\nB,2,b\n" * 9)
    said = on_one_line(call("run", "logistic-regression", path))
    assert "'room' is numeric, got 'A'; --drop room leaves it out, learners such as arf" in said
    assert call("run", "logistic-regression", path, "--drop", "room").exit_code == 0


def test_the_learner_says_what_the_target_is(tmp_path):
    """Numbers for a regressor, labels for a classifier; learners of both cannot be compared."""
    path = tmp_path / "energy.csv"
    path.write_text("t,kwh\n" + "".join(f"{t % 7},{t % 5 + 0.5}\n" for t in range(300)))
    result = call("run", "linear-regression", path, "--target", "kwh", "--json")
    expected = evaluate.prequential(
        streams.from_file(path, task="regression"), learners.LinearRegression.scaled()
    )
    assert json.loads(result.stdout)["values"] == expected.values
    assert "  kwh (target): numbers" in result.stderr
    several = call("compare", "knn-regressor", "last-number", "mean-number", "--streams", path)
    assert several.exit_code == 0, several.output
    assert "MAE" in several.stdout
    held = call("run", "knn-regressor", path, "--interval", "0.8", "--json")
    assert abs(json.loads(held.stdout)["values"]["Coverage"] - 0.8) < 0.05
    for args, words in (
        (("run", "arf", "sea", "--interval", "0.9"), "learners of numbers, which arf is none of"),
        (("run", "knn-regressor", path, "--interval", "9"), "between 0 and 1, got 9.0"),
        (("run", "arf", path), "a learner of numbers, such as linear-regression, takes measure"),
        (("compare", "arf", "knn-regressor", "--streams", path), "all for numbers or all for"),
        (("run", "arf", "river:TrumpApproval"), "is for regression, arf for classification"),
        (("run", "knn-regressor", "sea"), "is for classification, knn-regressor for regression"),
    ):
        result = call(*args)
        assert result.exit_code == 2
        assert words in on_one_line(result)
