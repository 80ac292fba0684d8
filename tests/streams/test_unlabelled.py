"""Rows of a file without a label: refused with the remedy, or left out with a word."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from olearn import evaluate, learners, streams
from olearn.cli.main import app

LABELS = {"text": ["a", None, "b", None], "integers": [1, None, 2, None]}


def _write(folder, ending, labels):
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "c": list("uvuw"), "class": labels})
    path = folder / f"t{ending}"
    if ending == ".csv":
        frame.to_csv(path, index=False)
    elif ending == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=True)
    return path


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_rows_without_a_label_are_left_out_if_asked_for(tmp_path, ending, labels):
    path = _write(tmp_path, ending, labels)
    with pytest.raises(ValueError, match=r"no label in row 1 .*'class'.*unlabelled='drop' leaves"):
        streams.from_file(path)
    with pytest.warns(UserWarning, match="2 rows without a label in column 'class' left out"):
        stream = streams.from_file(path, unlabelled="drop")
    assert list(stream) == [({"x": 1.0, "c": "u"}, labels[0]), ({"x": 3.0, "c": "u"}, labels[2])]
    assert stream.n_samples == 2
    assert list(stream) == list(stream)


def test_the_limit_of_rows_counts_rows_of_the_file(tmp_path):
    path = _write(tmp_path, ".csv", LABELS["text"])
    with pytest.warns(UserWarning, match="1 row without a label"):
        stream = streams.from_file(path, rows=2, unlabelled="drop")
    assert [y for _, y in stream] == ["a"]


def test_models_learn_what_is_left(tmp_path):
    path = _write(tmp_path, ".csv", LABELS["text"])
    with pytest.warns(UserWarning, match="2 rows without a label"):
        stream = streams.from_file(path, unlabelled="drop")
    result = evaluate.prequential(stream, learners.HoeffdingTreeClassifier(), progress=False)
    assert result.n == 2


def test_a_file_without_any_label_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,class\n1,\n2,\n")
    with pytest.raises(ValueError, match="at least one row of data with a label in column 'class'"):
        streams.from_file(path, target="class", unlabelled="drop")
    with pytest.raises(ValueError, match="unlabelled must be one of 'raise', 'drop', got 'skip'"):
        streams.from_file(path, unlabelled="skip")


def test_the_command_takes_the_option_and_names_it(tmp_path):
    path = str(_write(tmp_path, ".csv", LABELS["text"]))
    refused = CliRunner().invoke(app, ["run", "hoeffding-tree", path], terminal_width=400)
    assert refused.exit_code == 2
    assert "--unlabelled drop" in refused.output
    done = CliRunner().invoke(app, ["run", "hoeffding-tree", path, "--unlabelled", "drop"])
    assert done.exit_code == 0
    assert "2 rows without a label in column 'class' left out" in done.output
