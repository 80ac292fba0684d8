"""Half-space trees beside river's, and what they say."""

import numpy as np
import pytest
from river import anomaly

from olearn import learners, streams

ROWS, COLUMNS = 1_200, 6


def rows(seed=1, width=COLUMNS):
    rng = np.random.default_rng(seed)
    X = np.clip(rng.normal(0.5, 0.1, (ROWS, width)), 0.0, 1.0)
    X[::60] = rng.random((len(X[::60]), width))
    return X


def dicts(X, names):
    return [{k: v for k, v in zip(names, row, strict=True) if v == v} for row in X.tolist()]


def loop(model, given):
    scores = []
    for x in given:
        scores.append(model.score_one(x))
        model.learn_one(x)
    return scores


CASES = {
    "default": {},
    "small": {"n_trees": 3, "height": 2, "window_size": 20},
    "one window a row": {"n_trees": 2, "height": 4, "window_size": 1},
    "limits": {"limits": {"b": (-1.0, 2.0), "e": (0.4, 0.6)}, "window_size": 50},
}


@pytest.mark.filterwarnings("ignore:feature .* has values outside its limits:UserWarning")
@pytest.mark.parametrize("options", CASES.values(), ids=CASES)
@pytest.mark.parametrize("gaps", [False, True])
def test_scores_are_rivers(options, gaps):
    """Same seed, same scores: by rows and as an array, with keys absent and columns that vanish."""
    names = list("fbadce")
    X = rows()
    if gaps:
        X[1:][np.random.default_rng(2).random((ROWS - 1, COLUMNS)) < 0.1] = np.nan
        X[600:, 2] = np.nan
    given = dicts(X, names)
    expected = loop(anomaly.HalfSpaceTrees(seed=7, **options), given)
    ours = learners.HalfSpaceTrees(seed=7, **options)
    assert loop(ours, given) == expected
    blocks = learners.HalfSpaceTrees(seed=7, **options)
    assert blocks.test_then_train_many(X, names=names).tolist() == expected
    assert len(set(expected)) > 10


@pytest.mark.parametrize("delay", [0, 30])
@pytest.mark.parametrize("gap", [None, 700])
def test_blocks_of_all_sizes_are_the_loop(delay, gap):
    """Long blocks count leaves and short ones all nodes; rows with gaps come in between."""
    X = rows()
    if gap is not None:
        X[gap, 3] = np.nan
    options = {"n_trees": 3, "height": 3, "window_size": 50, "seed": 7}
    one, blocks = learners.HalfSpaceTrees(**options), learners.HalfSpaceTrees(**options)
    expected = []
    for t, row in enumerate(X):
        expected.append(one.score_one(dict(enumerate(row))))
        if t >= delay:
            one.learn_one(dict(enumerate(X[t - delay])))
    got, learnt = [], 0
    for start, end in ((0, 1), (1, 8), (8, 130), (130, 131), (131, 600), (600, 660), (660, ROWS)):
        upto = np.maximum(np.arange(start + 1, end + 1) - delay, 0) - learnt
        due = X[learnt : learnt + upto[-1]]
        A = X[start:end]
        got += blocks._run_schedule(A, A if delay == 0 else due, None, upto).tolist()
        learnt += upto[-1]
    assert got == expected
    assert (one._masses == blocks._masses).all()


def test_many_rows_before_the_first_is_learnt():
    """A long block scores 0 where there is no tree yet."""
    model = learners.HalfSpaceTrees(n_trees=50, height=2, window_size=500, seed=1)
    assert model.score_many(rows()).tolist() == [0.0] * ROWS
    assert model._status.tolist() == [0, 0]


def test_masses_are_rivers():
    """The masses of each node are those that river counts."""
    X = rows()
    theirs = anomaly.HalfSpaceTrees(n_trees=2, height=3, window_size=100, seed=3)
    loop(theirs, dicts(X, range(COLUMNS)))
    ours = learners.HalfSpaceTrees(n_trees=2, height=3, window_size=100, seed=3)
    ours.learn_many(X)
    for tree, nodes in enumerate(theirs._tree_nodes):
        want = sorted((node.r_mass, node.l_mass) for node in nodes)
        masses = ours._masses[tree]
        assert sorted(zip(masses[:, 1].tolist(), masses[:, 0].tolist(), strict=True)) == want


def test_values_outside_the_limits_are_told_once():
    """The warning names the feature and the remedy, and comes once."""
    model = learners.HalfSpaceTrees(seed=1)
    model.learn_one({"x": 0.5, "size": 0.1})
    with pytest.warns(UserWarning, match=r"'size' .*\(0, 1\).*MinMaxScaler\(\) in front") as seen:
        model.learn_one({"x": 0.5, "size": 40.0})
    model.learn_one({"x": 0.5, "size": 50.0})
    assert len(seen) == 1


def test_features_that_come_later_are_told_once():
    """They are not looked at, and the warning says which."""
    model = learners.HalfSpaceTrees(seed=1)
    model.learn_one({"x": 0.5})
    with pytest.warns(UserWarning, match="first row it learnt, hence not at 'y'") as seen:
        model.learn_one({"x": 0.5, "y": 0.1})
    model.learn_one({"x": 0.5, "z": 0.1})
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ([0, 1], "limits"),
        ({"a": 1.0}, "pairs .* of 'a'"),
        ({"a": (1.0, 1.0)}, "of 'a' must be finite and rising"),
        ({"a": (0.0, np.inf)}, "of 'a' must be finite"),
        ({"a": ("0", 1.0)}, "of 'a'"),
    ],
)
def test_limits_are_checked(limits, words):
    """What are no limits is refused by name."""
    with pytest.raises((TypeError, ValueError), match=words):
        learners.HalfSpaceTrees(limits=limits)


def test_rare_rows_stand_out():
    """The mean score of rows that lie apart is far above that of the others."""
    rng = np.random.default_rng(5)
    X = np.clip(rng.normal(0.3, 0.03, (3_000, 4)), 0.0, 1.0)
    rare = rng.random(len(X)) < 0.01
    X[rare] = 0.9
    scores = learners.HalfSpaceTrees(seed=1).test_then_train_many(X)[500:]
    assert scores[rare[500:]].min() > scores[~rare[500:]].mean() + 0.3


def test_a_stream_is_scored_by_its_schema():
    """Blocks with their schema and dicts of the same rows give the same scores."""
    stream = streams.load("sea", seed=1)
    X, _ = next(stream.blocks(500))
    by_block = learners.HalfSpaceTrees(seed=1, limits={n: (0.0, 10.0) for n in stream.schema.names})
    by_rows = by_block.clone()
    expected = loop(by_rows, [x for x, _ in stream.take(500)])
    assert by_block.test_then_train_many(X, names=stream.schema).tolist() == expected
