"""Random pipelines of ours and of river's: blocks cut anywhere answer as a loop over rows does."""

from functools import reduce
from operator import or_

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from river import compose, linear_model, metrics, naive_bayes, optim
from river import preprocessing as theirs
from river_rows import NAMES, rows_of, state, stream_of, table, targets

from olearn import evaluate, learners, preprocessing
from olearn.checks.tools import snapshot

FEW = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

STEPS = {
    "ours": [
        preprocessing.StandardScaler,
        lambda: preprocessing.StandardScaler(window_size=5),
        preprocessing.MinMaxScaler,
        preprocessing.MaxAbsScaler,
        lambda: preprocessing.Discard("d"),
        lambda: preprocessing.Select("a", "c", "e"),
        lambda: preprocessing.MaxAbsScaler() | preprocessing.StandardScaler(),
    ],
    "river's": [
        theirs.StandardScaler,
        lambda: theirs.StandardScaler(with_std=False),
        theirs.MaxAbsScaler,
        lambda: compose.Discard("d"),
    ],
}
ENDS = {
    "ours": [
        learners.LogisticRegression,
        lambda: learners.LogisticRegression(optim.Adam()),
        lambda: learners.HoeffdingTreeClassifier(grace_period=20),
        learners.GaussianNB,
    ],
    "river's": [
        lambda: linear_model.LogisticRegression(optim.Momentum()),
        linear_model.Perceptron,
        naive_bayes.GaussianNB,
    ],
}
NEVER = None


@pytest.mark.parametrize("side", STEPS)
@FEW
@given(data=st.data())
def test_blocks_answer_as_a_loop_does(side, data):
    """Any steps, any cuts, labels that come late or never, gaps: equal answers and state."""
    chosen = data.draw(st.lists(st.sampled_from(range(len(STEPS[side]))), min_size=1, max_size=3))
    end = data.draw(st.sampled_from(ENDS[side]))
    size = data.draw(st.sampled_from([1, 2, 7, 40, 300]))
    waits = data.draw(st.lists(st.sampled_from([0, 1, 5, 60, NEVER]), min_size=1, max_size=4))
    X, full = table(150, seed=data.draw(st.integers(0, 99)))
    y = targets(full, "bools")

    def run(stream):
        steps = [STEPS[side][k]() for k in chosen]
        model = reduce(or_, [*steps, end()])
        result = evaluate.prequential(
            stream,
            model,
            metrics.Accuracy(),
            delay=lambda t, x, label: waits[t % len(waits)],
            block_size=size,
            keep_predictions=True,
        )
        return result.path, list(result.predictions), model

    blocks, found, ours = run(stream_of(X, y))
    single = rows_of(X, y)
    if side == "ours":  # a gap is NaN, so that all columns are there from the start
        full_rows = zip(X.tolist(), y.tolist(), strict=True)
        single = [(dict(zip(NAMES, x, strict=True)), t) for x, t in full_rows]
    rows, wanted, other = run(single)
    assert (blocks, rows) == ("blocks", "rows")
    assert found == wanted
    if side == "ours":
        assert snapshot(ours) == snapshot(other)
    elif NEVER not in waits:  # river notes columns that it was only asked for
        assert state(ours) == state(other)
