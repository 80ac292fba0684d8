"""The transformer: doors, batches, features, codes, pipelines, devices."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from river import compose, drift, linear_model, metrics, preprocessing

from olearn import detectors
from olearn.learners import OrthogonalDictionaryLearner
from olearn.learners.dictionary import SparsityDrift, recovery_error, sparsity
from olearn.learners.dictionary.frank_wolfe import FrankWolfe

NAMES = list("abcdefgh")
SETTINGS = [
    {"batch_size": 1},
    {"batch_size": 7, "reproject": False},
    {"batch_size": 7, "method": "annealed", "coding": "largest", "n_codes": 3},
    {"batch_size": 5, "warm_up": 4, "coding": "mad", "p": 4},
    {"batch_size": 4, "refresh": 3, "dtype": "float32", "drift_detector": SparsityDrift()},
]


def sparse_rows(n_rows=400, n=8, theta=0.3, seed=0, D=None, noise=0.0):
    rng = np.random.default_rng(seed)
    if D is None:
        D = np.linalg.qr(rng.normal(size=(n, n)))[0]
    X = (rng.random((n_rows, n)) < theta) * rng.normal(size=(n_rows, n)) @ D.T
    return X + noise * rng.normal(size=X.shape), D


def dicts(X, names=NAMES):
    return [dict(zip(names, row, strict=True)) for row in X.tolist()]


def learner(**options):
    return OrthogonalDictionaryLearner(**{"seed": 1, **options})


@pytest.mark.parametrize("options", SETTINGS, ids=str)
def test_arrays_frames_and_rows_learn_alike(options):
    """Odd chunks of arrays and frames leave the same floats as a loop, weights and gaps too."""
    X, _ = sparse_rows()
    X[np.random.default_rng(1).random(X.shape) < 0.05] = np.nan
    w = np.random.default_rng(2).integers(0, 3, len(X)).astype(float)
    by_rows, by_arrays, by_frames = (learner(**options) for _ in range(3))
    for start, end in ((0, 1), (1, 9), (9, 200), (200, 400)):
        for x, weight in zip(dicts(X[start:end]), w[start:end].tolist(), strict=True):
            by_rows.learn_one(x, w=weight)
        by_arrays.learn_many(X[start:end], w[start:end], names=NAMES)
        by_frames.learn_many(pd.DataFrame(X[start:end], columns=NAMES), w[start:end])
        for other in (by_arrays, by_frames):
            assert np.array_equal(by_rows.components, other.components)
            assert by_rows.n_pending == other.n_pending == end % options["batch_size"]
        codes = [[*by_rows.transform_one(x).values()] for x in dicts(X[:50])]
        assert codes == by_arrays.transform_many(X[:50], names=NAMES).tolist()
        frame = by_frames.transform_many(pd.DataFrame(X[:50], columns=NAMES))
        assert codes == frame.to_numpy().tolist()


def test_learner_follows_the_engine():
    """The transformer adds names and batches to the method, and nothing to its numbers."""
    X, _ = sparse_rows()
    model = learner(batch_size=16)
    model.start_from(np.eye(8), names=NAMES)
    model.learn_many(X, names=NAMES)
    engine = FrankWolfe(np.eye(8))
    for start in range(0, 400, 16):
        part = X[start : start + 16]
        engine.step(part, None, part @ engine.A.T)
    np.testing.assert_allclose(model.components, engine.A, atol=1e-14)
    assert model.n_steps == 25


def test_flush_takes_a_short_batch():
    """Samples wait, are counted, and a flush learns them; a second flush has nothing to do."""
    X, _ = sparse_rows(10)
    waiting, whole = learner(batch_size=32), learner(batch_size=10)
    waiting.learn_many(X)
    assert (waiting.n_pending, waiting.n_steps) == (10, 0)
    waiting.flush()
    waiting.flush()
    whole.learn_many(X)
    assert (waiting.n_pending, waiting.n_steps) == (0, 1)
    assert np.array_equal(waiting.components, whole.components)


@pytest.mark.parametrize("options", SETTINGS, ids=str)
def test_copies_continue(options):
    """Pickled and copied in the middle of a batch, a learner goes on bit for bit."""
    X, _ = sparse_rows()
    model = learner(**options)
    model.learn_many(X[:201])
    twins = [pickle.loads(pickle.dumps(model)), copy.deepcopy(model)]
    for each in (model, *twins):
        each.learn_many(X[201:])
    for twin in twins:
        assert np.array_equal(model.components, twin.components)
        assert twin.n_drifts == model.n_drifts


@pytest.mark.parametrize("method", ["frank_wolfe", "annealed"])
def test_new_feature_keeps_what_was_learnt(method):
    """At sample 500 a ninth feature comes: old atoms stay, a new one points at it."""
    X, D = sparse_rows(2000)
    model = learner(method=method, batch_size=8)
    model.learn_many(X[:504], names=NAMES)
    before = model.components
    model.learn_one(dict(zip(NAMES, X[504], strict=True)) | {"new": 0.5})
    after = model.components
    assert np.array_equal(after[:8, :8], before)
    assert after[8].tolist() == [0.0] * 8 + [1.0]
    assert model.feature_names == [*NAMES, "new"]
    rows = np.c_[X, 0.5 * np.random.default_rng(1).normal(size=len(X))]
    for x in dicts(rows[505:], [*NAMES, "new"]):
        model.learn_one(x)
    wide = np.eye(9)
    wide[:8, :8] = D
    assert recovery_error(model.components, wide) < 0.05


def test_missing_feature_counts_as_zero():
    """NaN, None and an absent key are the mean of the samples, zero."""
    X, _ = sparse_rows()
    model = learner()
    model.learn_many(X, names=NAMES)
    x = dict(zip(NAMES, X[0].tolist(), strict=True))
    zero = model.transform_one(x | {"c": 0.0})
    assert model.transform_one(x | {"c": None}) == zero
    assert model.transform_one(x | {"c": float("nan")}) == zero
    assert model.transform_one({k: v for k, v in x.items() if k != "c"}) == zero
    assert model.transform_one(x | {"unknown": 7.0}) == model.transform_one(x)


@pytest.mark.parametrize("options", SETTINGS, ids=str)
def test_codes_rebuild_the_sample(options):
    """All codes decode to the sample; fewer to the error that the score tells."""
    X, _ = sparse_rows()
    model = learner(**{**options, "coding": "all"})
    model.learn_many(X, names=NAMES)
    tolerance = 1e-12 if options.get("dtype") is None else 1e-5
    x = dict(zip(NAMES, X[0].tolist(), strict=True))
    assert model.inverse_transform_one(model.transform_one(x)) == pytest.approx(x, abs=tolerance)
    Z = model.transform_many(X, names=NAMES)
    np.testing.assert_allclose(model.inverse_transform_many(Z), X, atol=tolerance)

    few = learner(**{**options, "coding": "largest", "n_codes": 2})
    few.learn_many(X, names=NAMES)
    assert ((few.transform_many(X, names=NAMES) != 0.0).sum(axis=1) <= 2).all()
    lost = np.linalg.norm(X - few.denoise_many(X, names=NAMES), axis=1)
    sizes = np.linalg.norm(X, axis=1)
    there = sizes > 0.0
    np.testing.assert_allclose(
        few.score_many(X, names=NAMES)[there], lost[there] / sizes[there], atol=tolerance
    )
    assert few.score_one(x) == few.score_many(X[:1], names=NAMES)[0]


def test_denoising_takes_noise_away():
    """Thresholded codes are nearer to the clean samples than the noisy samples are."""
    X, D = sparse_rows(6000, theta=0.15)
    noisy = X + 0.1 * np.random.default_rng(3).normal(size=X.shape)
    model = learner(method="annealed", batch_size=16, coding="hard", level=0.25)
    model.learn_many(noisy)
    assert recovery_error(model.components, D) < 0.01
    assert np.linalg.norm(model.denoise_many(noisy) - X) < 0.6 * np.linalg.norm(noisy - X)


def test_dictionary_before_a_classifier():
    """In a pipeline a linear model on codes learns a rule over magnitudes of hidden sources."""
    X, D = sparse_rows(3000)
    sources = X @ D
    y = (abs(sources[:, 0]) > 0.3).tolist()
    codes = learner(method="annealed", batch_size=8)
    scores = {}
    for name, front in (("codes", codes), ("raw", preprocessing.StandardScaler())):
        absolute = compose.FuncTransformer(lambda x: {k: abs(v) for k, v in x.items()})
        model = front | absolute | linear_model.LogisticRegression()
        metric = metrics.Accuracy()
        for i, (x, label) in enumerate(zip(dicts(X), y, strict=True)):
            if i >= 1500:
                metric.update(label, model.predict_one(x))
            model.learn_one(x, label)
        scores[name] = metric.get()
    assert codes.n_steps == 3000 // 8
    assert scores["codes"] > 0.85
    assert scores["codes"] > scores["raw"] + 0.05


@pytest.mark.parametrize("make", [detectors.ADWIN, drift.PageHinkley], ids=["ADWIN", "PageHinkley"])
def test_error_is_a_drift_signal(make):
    """The residual of each sample, read by any detector, tells a new dictionary and not before."""
    model = learner(method="annealed", batch_size=8, n_codes=3)
    first, _ = sparse_rows(3000, theta=0.2, seed=1)
    second, _ = sparse_rows(500, theta=0.2, seed=2)
    model.learn_many(first[:2000])
    detector, alarms = make(), []
    for i, x in enumerate([*first[2000:], *second]):
        detector.update(model.score_one(dict(enumerate(x.tolist()))))
        if detector.drift_detected:
            alarms.append(i)
    assert alarms
    assert 1000 <= alarms[0] <= 1200


def test_score_tells_strangers():
    """Samples that are dense in the dictionary score higher than those it was learnt from."""
    X, _ = sparse_rows(3000, theta=0.15, n=16)
    model = learner(method="annealed", batch_size=16, n_codes=4)
    model.learn_many(X)
    strange = np.random.default_rng(5).normal(size=(300, 16))
    assert np.median(model.score_many(strange)) > np.quantile(model.score_many(X), 0.9)
    assert model.score_one({}) == 0.0


def test_normal_samples_are_not_called_sparse():
    """Where nothing can be learnt the sparsity stays at its Gaussian value."""
    rng = np.random.default_rng(6)
    normal, sparse = learner(batch_size=64), learner(batch_size=64)
    normal.learn_many(rng.normal(size=(20_000, 10)))
    X, _ = sparse_rows(20_000, n=10, theta=0.2)
    sparse.learn_many(X)
    assert normal.sparsity == pytest.approx(normal.gaussian_sparsity, abs=0.03)
    assert sparse.sparsity > sparse.gaussian_sparsity + 0.15
    codes = sparse.transform_many(X[-64:])
    assert sparsity(codes) == pytest.approx(sparse.sparsity, abs=0.1)


def test_warm_up_starts_from_principal_directions():
    """After the warm-up the atoms are eigenvectors of the second moments, largest first."""
    X, _ = sparse_rows(40)
    X *= np.arange(8, 0, -1)
    model = learner(batch_size=10, warm_up=4)
    model.learn_many(X)
    moments = model.components @ X.T @ X @ model.components.T
    np.testing.assert_allclose(moments, np.diag(np.sort(np.diag(moments))[::-1]), atol=1e-9)


def test_start_is_by_name():
    """The same seed and names give the same start in any order of the features."""
    x = dict.fromkeys(NAMES, 1.0)
    one, other = learner(), learner()
    one.learn_one(x)
    other.learn_one(dict(reversed(x.items())))
    np.testing.assert_allclose(one.components, other.components[:, ::-1], atol=1e-12)
    third = learner(seed=2)
    third.learn_one(x)
    assert abs(one.components - third.components).max() > 0.01


@pytest.mark.parametrize("options", SETTINGS, ids=str)
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_devices_agree(options, device):
    """torch computes what NumPy computes, 1e-6 apart after 100 batches, and pickles."""
    torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    X, _ = sparse_rows(100 * options["batch_size"], seed=3)
    ours, theirs = learner(**options), learner(**options, device=device)
    ours.learn_many(X)
    theirs.learn_many(X[:50])
    theirs = pickle.loads(pickle.dumps(theirs))
    theirs.learn_many(X[50:])
    tolerance = 1e-6 if options.get("dtype") is None else 2e-2
    np.testing.assert_allclose(theirs.components, ours.components, atol=tolerance)


def test_refused_inputs_leave_no_trace():
    """Text, infinite values and bad weights raise, named, and nothing is learnt."""
    model = learner(batch_size=4)
    X, _ = sparse_rows(6)
    model.learn_many(X, names=NAMES)
    before = pickle.dumps(model)
    bad = X.copy()
    bad[3, 2] = np.inf
    frame = pd.DataFrame(X, columns=NAMES).astype({"c": object})
    frame.loc[2, "c"] = "red"
    for call in (
        lambda: model.learn_one({"c": "red", "new": 1.0}),
        lambda: model.learn_one({"c": np.inf, "new": 1.0}),
        lambda: model.transform_one({"c": "red"}),
        lambda: model.learn_many(bad, names=NAMES),
        lambda: model.learn_many(frame),
    ):
        with pytest.raises(ValueError, match="'c'"):
            call()
    with pytest.raises(ValueError, match=r"w must be"):
        model.learn_one({"new": 1.0}, w=-1.0)
    with pytest.raises(ValueError, match=r"w must"):
        model.learn_many(X, np.ones(3), names=NAMES)
    with pytest.raises(ValueError, match=r"components must be a finite square matrix"):
        model.start_from(np.ones((2, 8)), names=NAMES)
    with pytest.raises(ValueError, match=r"names must hold every known feature"):
        model.start_from(np.eye(2))
    with pytest.raises(ValueError, match=r"Z must have one column an atom"):
        model.inverse_transform_many(np.ones((2, 3)))
    assert pickle.dumps(model) == before


def test_inference_changes_nothing():
    """Codes, scores and rebuilt samples leave the state as it was; none learnt gives no codes."""
    assert learner().transform_one({"a": 1.0}) == {}
    X, _ = sparse_rows()
    model = learner(reproject=False)
    model.learn_many(X, names=NAMES)
    before = pickle.dumps(model)
    model.transform_one({"a": 1.0, "new": 2.0})
    model.score_many(X, names=NAMES)
    model.denoise_many(X, names=NAMES)
    model.inverse_transform_one({0: 1.0})
    assert model.components is not model.components
    assert pickle.dumps(model) == before
