"""`AnalyticRidgeClassifier`: exact in any order and form, merged, unlearnt, weighted, fading."""

import pickle

import numpy as np
import pytest
from river.drift.binary import DDM
from sklearn.datasets import load_digits

from olearn import learners

FORMS = ["auto", "information", "covariance", "sqrt"]


def rows_of(n=400, d=6, c=4, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return X, np.digitize(X[:, 0] * X[:, 1] + X[:, 2], [-1, 0, 1])[:n] % c


def phi_of(file, X):
    return np.maximum(X @ file["W_buf"].T, 0)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("block", [5, None])
def test_increments_of_the_reference(form, block, golden, project, names):
    """After every increment: the reference's weights and scores; unseen labels are exact zeros."""
    file = golden("rls_increments")
    model = learners.AnalyticRidgeClassifier(
        48, float(file["gamma"]), form=form, block=block, classes=range(6), scale=1.0, seed=0
    )
    project(model, file["W_buf"])
    for k in range(7):
        model.learn_many(file[f"X_{k}"], file[f"y_{k}"], names=names(12))
        W, c = model.weights, file[f"W_{k}"].shape[1]
        np.testing.assert_allclose(W[:, :c], file[f"W_{k}"], rtol=1e-8, atol=1e-8)
        scores = model._engine.scores(model._expanded(file["X_test"]))
        np.testing.assert_allclose(scores[:, :c], file[f"scores_{k}"], atol=1e-8)
        if k == 4:
            assert (W[:, [2, 4]] == 0.0).all()
            assert set(model.predict_many(file["X_test"], names=names(12))) <= {0, 1, 3, 5}
    np.testing.assert_allclose(model.weights, file["W_batch_ridge"], rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("form", FORMS)
def test_any_partition_and_order_agree(form):
    """Rows one by one with predictions between, in batches, and reversed: relative 1e-8."""
    X, y = rows_of()
    answers = []
    for order, cut in ((np.arange(400), 1), (np.arange(400), 37), (np.arange(400)[::-1], 400)):
        model = learners.AnalyticRidgeClassifier(40, form=form, classes=range(4), seed=3)
        for i in range(0, 400, cut):
            model.learn_many(X[order][i : i + cut], y[order][i : i + cut])
            if cut == 1 and form != "sqrt":
                model.predict_many(X[:1])
        answers.append(model.weights)
    np.testing.assert_allclose(answers[1], answers[0], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(answers[2], answers[0], rtol=1e-8, atol=1e-10)


def test_weights_between_blocks_are_exact(batch_ridge):
    """At every row, also inside a block and past a sub-block: the batch solution."""
    X, y = rows_of(330)
    model = learners.AnalyticRidgeClassifier(40, block=150, classes=range(4), seed=3)
    Phi = None
    for i in range(330):
        model.learn_many(X[i : i + 1], y[i : i + 1])
        if i % 23 == 0 or i > 320:
            Phi = model._engine.lift.rows(model._expanded(X[: i + 1]))
            expected = batch_ridge(Phi, np.eye(4)[y[: i + 1]], 0.1)
            np.testing.assert_allclose(model.weights, expected, rtol=1e-8, atol=1e-10)


def test_sample_weights(golden, project, names, batch_ridge):
    """Weight 0 leaves every bit, weight 3 is three copies, and the stored solution is met."""
    file = golden("extensions")
    X, y, w = file["X"], file["y"], file["sample_weight"]

    def model_of(*batches):
        model = learners.AnalyticRidgeClassifier(
            24, float(file["gamma"]), classes=range(4), scale=1.0, seed=0
        )
        project(model, file["W_buf"])
        for batch in batches:
            model.learn_many(*batch, names=names(10))
        return model

    np.testing.assert_allclose(
        model_of((X, y, w)).weights, file["W_weighted"], rtol=1e-9, atol=1e-10
    )
    once, untouched = model_of((X, y)), model_of((X, y), (X[:9], y[:9], np.zeros(9)))
    assert pickle.dumps(once._engine) == pickle.dumps(untouched._engine)
    triple = model_of((X, y, np.full(90, 3.0))).weights
    copies = model_of((X, y), (X, y), (X, y)).weights
    np.testing.assert_allclose(triple, copies, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("form", FORMS)
def test_unlearning(form, golden, project, names):
    """15 rows removed: the stored solution; learnt again: that of all rows."""
    file = golden("extensions")
    model = learners.AnalyticRidgeClassifier(
        24, float(file["gamma"]), form=form, classes=range(4), scale=1.0, seed=0
    )
    project(model, file["W_buf"])
    X, y, gone = file["X"], file["y"], file["removed"]
    model.learn_many(X, y, names=names(10))
    before = model.weights
    model.forget(X[gone], y[gone], names=names(10))
    np.testing.assert_allclose(model.weights, file["W_after_removal"], rtol=1e-9, atol=1e-9)
    model.learn_many(X[gone], y[gone], names=names(10))
    np.testing.assert_allclose(model.weights, before, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("balance", ["none", "weights", "pfg"])
def test_unlearning_a_balanced_model(balance):
    """Unlearning takes rows out of class sums and moments too."""
    X, y = rows_of(200)
    make = {"n_features": 20, "balance": balance, "noise": 0.0, "classes": range(4), "seed": 1}
    whole, part = (learners.AnalyticRidgeClassifier(**make) for _ in range(2))
    whole.learn_many(X, y)
    part.learn_many(X[:150], y[:150])
    whole.forget(X[150:], y[150:])
    np.testing.assert_allclose(whole.weights, part.weights, rtol=1e-7, atol=1e-9)


def test_unlearning_refuses_what_was_not_learnt():
    """Unknown labels, more weight than was learnt, and forgetting models are refused."""
    X, y = rows_of(20)
    model = learners.AnalyticRidgeClassifier()
    model.learn_many(X, y)
    with pytest.raises(ValueError, match="y must be labels that were learnt"):
        model.forget(X[:1], [17])
    with pytest.raises(ValueError, match="y must be labels that were learnt"):
        model.forget(np.vstack([X, X]), np.r_[y, y])
    fading = learners.AnalyticRidgeClassifier(forgetting=0.9)
    fading.learn_many(X, y)
    with pytest.raises(ValueError, match=r"forgetting must be 1 to unlearn rows, got 0\.9"):
        fading.forget(X[:1], y[:1])


@pytest.mark.parametrize("form", FORMS)
def test_merging_shards_is_learning_all(form, golden, project, names):
    """Three shards with different label sets and orders: the stored solution, ridge once."""
    file = golden("extensions")
    cuts, shards = file["cuts"], []
    for k, order in enumerate((1, -1, 1)):
        shard = learners.AnalyticRidgeClassifier(
            24, float(file["gamma"]), form=form, scale=1.0, seed=0
        )
        project(shard, file["W_buf"])
        rows = slice(cuts[k], cuts[k + 1])
        shard.learn_many(file["X"][rows][::order], file["y"][rows][::order], names=names(10))
        shards.append(shard)
    whole = shards[0] + shards[1] + shards[2]
    order = np.argsort(whole.labels)
    np.testing.assert_allclose(whole.weights[:, order], file["W_merged"], rtol=1e-8, atol=1e-9)
    assert len(shards[0].labels) <= len(whole.labels) == 4


@pytest.mark.parametrize("balance", ["none", "weights", "pfg"])
@pytest.mark.parametrize("n_features", [None, 24])
def test_merging_different_features_and_labels(balance, n_features):
    """Shards that saw other features, categories and labels merge to what one model learns."""
    X, y = rows_of(240)
    colours = np.array(["red", "green", "blue"])[np.arange(240) % 3]
    rows = [
        {"a": a, "b": b, "colour": c} if i < 120 else {"b": b, "z": a, "colour": c}
        for i, (a, b, c) in enumerate(zip(X[:, 0].tolist(), X[:, 1].tolist(), colours, strict=True))
    ]
    labels = [f"class {v}" for v in np.where(np.arange(240) < 120, y % 2, y % 2 + 1)]
    given = {"n_features": n_features, "balance": balance, "noise": 0.0, "scale": 0.5, "seed": 7}
    whole, left, right = (learners.AnalyticRidgeClassifier(**given) for _ in range(3))
    for i, (x, label) in enumerate(zip(rows, labels, strict=True)):
        whole.learn_one(x, label)
        (left if i < 120 else right).learn_one(x, label)
    left.merge(right)
    for x in rows[::7]:
        expected, got = whole.predict_proba_one(x), left.predict_proba_one(x)
        assert got == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_merging_with_itself_is_weight_two(batch_ridge):
    """A model merged with itself has learnt every row twice, with one ridge."""
    X, y = rows_of(100)
    model = learners.AnalyticRidgeClassifier(gamma=2.0, classes=range(4))
    model.learn_many(X, y)
    both = model + model
    expected = batch_ridge(X, np.eye(4)[y], 2.0, np.full(100, 2.0))
    np.testing.assert_allclose(both.weights, expected, rtol=1e-9)


def test_merging_refuses_other_problems():
    """Models of another class, ridge, seed or scale are refused, and nothing changes."""
    X, y = rows_of(20)
    model = learners.AnalyticRidgeClassifier(8, seed=1)
    model.learn_many(X, y)
    before = pickle.dumps(model)
    cases = [
        (learners.AEFOCLClassifier(8, seed=1), TypeError, "other must be a AnalyticRidge"),
        (learners.AnalyticRidgeClassifier(8, 0.2, seed=1), ValueError, "gamma=0.1, got 0.2"),
        (learners.AnalyticRidgeClassifier(8, seed=2), ValueError, "same seed"),
        (learners.AnalyticRidgeClassifier(8, scale=9.0, seed=1), ValueError, "same scale"),
    ]
    for other, error, message in cases:
        with pytest.raises(error, match=message):
            model.merge(other)
        assert pickle.dumps(model) == before


@pytest.mark.parametrize("cut", [1, 13])
@pytest.mark.parametrize(("factor", "suffix"), [(0.99, "099"), (0.9, "09")])
@pytest.mark.parametrize(("form", "kind"), [("information", "const"), ("covariance", "decaying")])
def test_forgetting(cut, factor, suffix, form, kind, golden, project, names):
    """Rows singly and in blocks: the stored solutions with a constant and a decaying ridge."""
    file = golden("extensions")
    model = learners.AnalyticRidgeClassifier(
        24, float(file["gamma"]), factor, form=form, block=cut, classes=range(4), scale=1.0, seed=0
    )
    project(model, file["W_buf"])
    for i in range(0, 90, cut):
        model.learn_many(file["X"][i : i + cut], file["y"][i : i + cut], names=names(10))
    expected = file[f"W_forget_{kind}_gamma_{suffix}"]
    np.testing.assert_allclose(model.weights, expected, rtol=1e-9, atol=1e-9)


def test_forgetting_between_blocks_of_the_covariance_form(golden, project, names):
    """Weights followed row by row through a block forget as whole blocks do."""
    file = golden("extensions")
    model = learners.AnalyticRidgeClassifier(
        24, float(file["gamma"]), 0.99, form="covariance", classes=range(4), scale=1.0, seed=0
    )
    project(model, file["W_buf"])
    for i in range(90):
        model.learn_many(file["X"][i : i + 1], file["y"][i : i + 1], names=names(10))
        model.predict_many(file["X"][:1], names=names(10))
    np.testing.assert_allclose(
        model.weights, file["W_forget_decaying_gamma_099"], rtol=1e-8, atol=1e-8
    )


def test_reset_on_drift_recovers():
    """Labels shifted half-way: with a detector most are right again, without one few are."""
    digits = load_digits()
    X, y = digits.data / 16.0, digits.target
    y = np.where(np.arange(len(y)) < 900, y, (y + 1) % 10)
    late = slice(1100, 1797)
    accuracy = {}
    for detector in (None, DDM()):
        model = learners.AnalyticRidgeClassifier(128, drift_detector=detector, seed=1)
        hits = model.test_then_train_many(X, y) == y
        accuracy[detector is None] = hits[late].mean()
    assert accuracy[False] > 0.85
    assert accuracy[True] < 0.5
    assert model.n_drifts >= 1


def test_reset_starts_as_a_new_model():
    """After a reset the first rows count at once, whatever `refresh` says, as in a new model."""
    X, y = rows_of(200)
    given = {"form": "information", "refresh": 50, "classes": range(4)}
    used, new = (learners.AnalyticRidgeClassifier(**given) for _ in range(2))
    used.learn_many(X[:150], y[:150])
    used._engine.reset()
    for model in (used, new):
        model.learn_many(X[150:157], y[150:157])
    assert np.abs(new.weights).max() > 0.0
    assert np.array_equal(used.weights, new.weights)


def test_bad_parameters():
    """Choices name what there is; a balance needs sums."""
    with pytest.raises(ValueError, match=r"form must be one of 'auto', .*did you mean 'sqrt'"):
        learners.AnalyticRidgeClassifier(form="sqr")
    with pytest.raises(ValueError, match="form must be 'auto' or 'information' for balance 'pfg'"):
        learners.AnalyticRidgeClassifier(form="covariance", balance="pfg")
    with pytest.raises(ValueError, match=r"forgetting must be in \(0.0, 1.0\], got 0"):
        learners.AnalyticRidgeClassifier(forgetting=0)
    with pytest.raises(ValueError, match="device must be 'cpu'"):
        learners.AnalyticRidgeClassifier(device="cuda")
