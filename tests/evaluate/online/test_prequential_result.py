"""What a `Result` keeps, and how it prints, plots and travels."""

import copy
import math

import pytest
from river import datasets, drift, forest

from olearn import evaluate
from olearn.evaluate.online.prequential_result import Result


@pytest.fixture(scope="module")
def result():
    """A run of a forest over 1,250 rows; its experts and the true drift are made up."""
    model = forest.ARFClassifier(n_models=2, seed=7)
    run = evaluate.prequential(
        datasets.Phishing(),
        model,
        window=100,
        detector=drift.ADWIN(delta=0.99),
        keep_predictions=True,
    )
    run.drift_positions = [500]
    run.expert_usage = [[60, 40]] * 12 + [[20, 30]]
    run.model_drifts = [0, 1] + [0] * 11
    return run


def test_json_round_trip(result, tmp_path):
    """Requirement: JSON keeps everything, NaN included, as text and as a file."""
    changed = copy.deepcopy(result)
    changed.windows["Accuracy"][0] = changed.values["Accuracy"] = math.nan
    text = changed.to_json(tmp_path / "result.json")
    assert "NaN" not in text
    for source in (text, tmp_path / "result.json", str(tmp_path / "result.json")):
        back = Result.from_json(source)
        assert math.isnan(back.values["Accuracy"])
        assert math.isnan(back.windows["Accuracy"][0])
        assert repr(back) == repr(changed)


def test_json_of_something_else(result):
    """Requirement: JSON that is no result is refused by naming what differs."""
    with pytest.raises(ValueError, match=r"fields that differ.*'extra'"):
        Result.from_json(result.to_json().replace("{", '{"extra": 1,', 1))


def test_printing_shows_the_figures(result):
    """Requirement: `print(result)` is a table with the name, the rows and the values."""
    text = str(result)
    assert "ARFClassifier" in text
    assert "1,250" in text
    assert f"{result.values['Accuracy']:.2%}" in text
    assert "\x1b" not in text


def test_result_knows_how_it_came_about(result):
    """Requirement: seed, parameters, versions, memory and path are kept."""
    assert (result.seed, result.path, result.delay) == (7, "rows", "none")
    assert "seed = 7" in result.model_parameters
    assert {"olearn", "river", "numpy", "python", "cpus"} <= set(result.environment)
    assert result.memory > 0


def test_parameters_of_an_ensemble(result):
    """Requirement: parameters are shown, not trained members, which river's `repr` would."""
    assert "n_models = 2" in result.model_parameters
    assert "drift_detector = ADWIN\n    delta = 0.001" in result.model_parameters
    assert len(result.model_parameters) < 2_000


def test_value_at_a_prefix(result):
    """Requirement: the value over the first rows comes from the last window end before them."""
    assert result.value_at("Accuracy", 250) == result.curves["Accuracy"][1]
    assert math.isnan(result.value_at("Accuracy", 99))


def test_plot_marks_drifts_and_experts(result, tmp_path):
    """Requirement: the picture has a metric panel and an expert panel, and is saved."""
    figure = result.plot(tmp_path / "result.png")
    metric_panel, expert_panel = figure.axes
    labels = [text.get_text() for text in metric_panel.get_legend().get_texts()]
    assert {"true drift", "ADWIN alarm", "drift the model found", "so far"} <= set(labels)
    assert expert_panel.get_ylim() == (0, 100)
    assert (tmp_path / "result.png").stat().st_size > 5_000
