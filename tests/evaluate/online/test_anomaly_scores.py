"""Scores of anomaly detectors over a run: alarms at a budget, known anomalies, no labels."""

import math

import numpy as np
import pytest

from olearn import learners, metrics, preprocessing, streams
from olearn.evaluate import Checkpoint, Result, prequential

BUDGET, PAST = 0.02, 200


@pytest.fixture(scope="module")
def table():
    """Rows, and the few of them that lie elsewhere."""
    rng = np.random.default_rng(1)
    X = np.clip(rng.normal(0.5, 0.1, (2_000, 3)), 0.0, 1.0)
    bad = rng.random(len(X)) < 0.02
    X[bad] = rng.random((bad.sum(), 3))
    return X, bad


def judged_by():
    return [
        metrics.AUC(),
        metrics.PrecisionAtBudget(BUDGET, PAST),
        metrics.RecallAtBudget(BUDGET, PAST),
    ]


def run(stream, **options):
    model = preprocessing.MinMaxScaler() | learners.HalfSpaceTrees(seed=1, window_size=100)
    options = {"metrics": judged_by(), "window": 300, "keep_predictions": True, **options}
    return prequential(stream, model, **options)


def test_alarms_and_known_anomalies(table):
    """They are those of a plain loop, agree with the metrics, and travel as JSON."""
    X, bad = table
    result = run(streams.from_arrays(X, bad))
    given, found = result.predictions, result.scores
    alarms = [
        t
        for t, score in enumerate(given)
        if sum(s >= score for s in given[max(t - PAST, 0) : t]) < int(BUDGET * min(t, PAST) + 1e-9)
    ]
    assert found.alarms == alarms
    assert found.alarm_scores == [given[t] for t in alarms]
    assert found.known == np.flatnonzero(bad).tolist()
    assert found.known_scores == [given[t] for t in found.known]
    assert result.values["PrecisionAtBudget"] == found.n_found / len(alarms)
    assert result.values["RecallAtBudget"] == found.n_found / len(found.known)
    first = np.array(given[:300])
    assert (found.highest[0], found.median[0]) == (first.max(), np.median(first))
    assert len(found.threshold) == len(result.ends)
    assert Result.from_json(result.to_json()) == result


def test_rows_are_blocks(table):
    """The way row by row keeps the same."""
    X, bad = table
    single = ((dict(enumerate(x)), y) for x, y in zip(X.tolist(), bad.tolist(), strict=True))
    result = run(single)
    assert result.path == "rows"
    assert result.scores == run(streams.from_arrays(X, bad)).scores


@pytest.mark.parametrize("delay", [None, 20])
def test_without_labels(table, delay):
    """Scores and alarms are the same; nothing is judged, and the table says why."""
    X, bad = table
    result = run(streams.from_arrays(X, None), delay=delay)
    labelled = run(streams.from_arrays(X, bad), delay=delay)
    assert result.path == "blocks"
    assert result.predictions == labelled.predictions
    assert result.scores.alarms == labelled.scores.alarms
    assert result.scores.known is None
    assert all(math.isnan(value) for value in result.values.values())
    assert "no labels to judge scores by" in str(result)


def test_numbers_as_targets_judge_nothing(table):
    """They tell no anomalies, which is said."""
    X, _ = table
    with pytest.warns(UserWarning, match="a number, which tells no anomalies"):
        result = run(streams.from_arrays(X, X[:, 0] * 3.5, target="numbers"))
    assert result.scores.known is None


def test_a_label_that_is_not_true(table):
    """`pos_label` says which rows are known anomalies."""
    X, bad = table
    stream = streams.from_arrays(X, np.where(bad, "attack", "usual"))
    assert run(stream, pos_label="attack").scores.known == np.flatnonzero(bad).tolist()


def test_a_run_that_goes_on(table, tmp_path):
    """A checkpoint in the middle of a window changes nothing of the scores."""
    X, bad = table
    stream, folder = streams.from_arrays(X, bad), tmp_path / "run"
    run(stream, max_samples=1_000, checkpoint=Checkpoint(folder, every=500))
    result = run(stream, checkpoint=Checkpoint(folder, every=500, resume=True))
    assert result.scores == run(stream).scores


def test_report_draws_scores_and_lists_alarms(table, tmp_path):
    """The page has one picture more, and a line for each alarm and known anomaly."""
    pytest.importorskip("matplotlib")
    X, bad = table
    result = run(streams.from_arrays(X, bad))
    result.to_html(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert page.count("<figure>") == 2
    for row in {*result.scores.alarms, *result.scores.known}:
        assert f"<td>{row:,}</td>" in page
    missed = set(result.scores.known) - set(result.scores.alarms)
    assert page.count("<td>known anomaly, no alarm</td>") == len(missed)
    assert page.count("<td>alarm, a known anomaly</td>") == result.scores.n_found > 0
