"""Every public metric, found by discovery: river's conventions, arrays, copies, reverting."""

import inspect
import itertools
import pickle

import numpy as np
import pytest
from river import checks, linear_model, naive_bayes

import olearn
from olearn import metrics
from olearn.metrics import update_many

# those of labels; the others, which read scores, are in tests/metrics/test_auc.py
OURS = [
    found
    for name in metrics.__all__
    if inspect.isclass(found := getattr(metrics, name))
    and getattr(found(), "requires_labels", False)
]
FORGETFUL = {"FadingAccuracy"}  # they forget by themselves and cannot revert


def rows(seed=1, n=300):
    """Labels with runs, and predictions right in most rows."""
    rng = np.random.default_rng(seed)
    labels = np.array(["b", "a", "d", "c"])
    true = np.repeat(labels[rng.integers(0, 4, n)], rng.integers(1, 4, n))[:n]
    return true, np.where(rng.random(n) < 0.6, true, labels[rng.integers(0, 4, n)])


def loop(metric, y_true, y_pred):
    for pair in zip(y_true.tolist(), y_pred.tolist(), strict=True):
        metric.update(*pair)
    return metric


@pytest.mark.parametrize("metric", OURS)
def test_empty_is_zero(metric):
    """Before the first row, and after no rows, the value is 0."""
    fresh = metric()
    assert fresh.get() == 0.0
    update_many(fresh, [], [])
    update_many(fresh, np.array([], dtype=int), np.array([], dtype=int))
    assert fresh.get() == 0.0


@pytest.mark.parametrize(
    ("metric", "check"),
    [
        (metric, check)
        for metric in OURS
        for check in checks.yield_checks(metric())
        if check.__name__ != "check_tags"
    ],
    ids=lambda value: value.__name__,
)
def test_river_checks(metric, check):
    """river's checks of any object hold (metrics have no tags)."""
    check(metric())


@pytest.mark.parametrize("metric", OURS)
def test_conventions(metric):
    """Bigger is better, classifiers only, a percentage, a clone that forgets."""
    used = loop(metric(), *rows())
    assert used.bigger_is_better
    assert used.requires_labels
    assert used.works_with(naive_bayes.GaussianNB())
    assert not used.works_with(linear_model.LinearRegression())
    assert repr(used).splitlines()[0] == f"{metric.__name__}: {used.get():.2%}"
    assert used.clone().get() == 0.0
    assert used.update("a", "a") is None


@pytest.mark.parametrize("kind", [list, np.array], ids=["list", "array"])
@pytest.mark.parametrize("metric", OURS)
def test_arrays_equal_the_loop(metric, kind):
    """Whatever the cuts, arrays give the value of the loop over the rows."""
    y_true, y_pred = rows()
    many, one = metric(), metric()
    for part in (slice(0, 1), slice(1, 1), slice(1, 130), slice(130, 300)):
        update_many(many, kind(y_true[part].tolist()), kind(y_pred[part].tolist()))
        loop(one, y_true[part], y_pred[part])
        assert many.get() == pytest.approx(one.get(), rel=1e-12)
        assert 0.0 < many.get() < 1.0 or part.stop == 1


@pytest.mark.parametrize("copied", ["pickle", "save"])
@pytest.mark.parametrize("metric", OURS)
def test_copies_go_on(metric, copied, tmp_path):
    """A metric pickled or saved mid-stream continues as the original does."""
    y_true, y_pred = rows()
    used = loop(metric(), y_true[:100], y_pred[:100])
    if copied == "save":
        olearn.save(used, tmp_path / "metric.safetensors")
        twin = olearn.load(tmp_path / "metric.safetensors")
    else:
        twin = pickle.loads(pickle.dumps(used))
    for each in (used, twin):
        loop(each, y_true[100:], y_pred[100:])
    assert twin.get() == used.get()
    assert repr(twin) == repr(used)


@pytest.mark.parametrize("metric", [m for m in OURS if m.__name__ not in FORGETFUL])
def test_reverting_undoes_the_oldest(metric):
    """Rows that are taken back, the oldest first, leave the counts of the later ones."""
    y_true, y_pred = rows()
    used = loop(metric(), y_true, y_pred)
    for pair in zip(y_true[:200].tolist(), y_pred[:200].tolist(), strict=True):
        used.revert(*pair)
    late = loop(metric(), y_true[200:], y_pred[200:])
    assert used.cm.n_samples == 100
    for t, p in itertools.product("abcd", repeat=2):
        assert used.cm[t][p] == late.cm[t][p]


@pytest.mark.parametrize("metric", [m for m in OURS if m.__name__ in FORGETFUL])
def test_metrics_that_forget_say_why_they_cannot_revert(metric):
    """`river.utils.Rolling` is no use for them."""
    with pytest.raises(NotImplementedError, match=f"{metric.__name__} forgets by itself"):
        metric().revert(1, 1)
