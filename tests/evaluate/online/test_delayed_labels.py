"""Labels that come late: when each is learnt, and what is scored."""

import math

import pytest
from river import datasets, metrics, naive_bayes
from river import evaluate as river_evaluate
from toys import LastLabel, rows_of

from olearn import evaluate


def learnt_after(delay, n_rows=6):
    """Pairs (row predicted last, row learnt)."""
    model = LastLabel()
    evaluate.prequential(rows_of("a" * n_rows), model, metrics.Accuracy(), delay=delay)
    pairs, last = [], None
    for call, row in model.log:
        if call == "predict":
            last = row
        else:
            pairs.append((last, row))
    return pairs


def test_constant_delay():
    """Requirement: label t is learnt right after row t + d is predicted; leftovers never."""
    assert learnt_after(2) == [(2, 0), (3, 1), (4, 2), (5, 3)]


def test_zero_delay_is_no_delay():
    """Requirement: a delay of 0 rows is the usual order."""
    assert learnt_after(0) == learnt_after(None)


@pytest.mark.parametrize("never", [math.inf, lambda i, x, y: None, lambda i, x, y: math.inf])
def test_labels_that_never_come(never):
    """Requirement: infinite and None delays teach nothing."""
    assert learnt_after(never) == []


def test_delay_by_row():
    """Requirement: a function gives each label its own delay; the earliest due is learnt first."""
    delays = {0: 3, 1: 1, 2: 1, 3: None, 4: 0, 5: 0}
    assert learnt_after(lambda i, x, y: delays[x["row"]]) == [
        (2, 1),
        (3, 0),
        (3, 2),
        (4, 4),
        (5, 5),
    ]


def test_same_late_figures_as_river():
    """Requirement: a constant delay gives river's accuracy, but for the leftovers it adds."""
    result = evaluate.prequential(
        datasets.Phishing(), naive_bayes.GaussianNB(), metrics.Accuracy(), delay=100
    )
    # river scores when the label comes; the first 100 + 1 rows have no prediction in both
    theirs = river_evaluate.progressive_val_score(
        datasets.Phishing(), naive_bayes.GaussianNB(), metrics.Accuracy(), delay=101
    )
    assert result.values["Accuracy"] == theirs.get()


@pytest.mark.parametrize(
    ("delay", "error"),
    [(-1, ValueError), (1.5, TypeError), (math.nan, TypeError), (True, TypeError)],
)
def test_bad_delay(delay, error):
    """Requirement: a bad delay is refused, constant or from a function, and named."""
    with pytest.raises(error, match="delay"):
        evaluate.prequential(rows_of("ab"), LastLabel(), metrics.Accuracy(), delay=delay)
    with pytest.raises(error, match="delay of row 0"):
        evaluate.prequential(
            rows_of("ab"), LastLabel(), metrics.Accuracy(), delay=lambda i, x, y: delay
        )
