"""Tensors of torch where arrays are taken: models, streams, weights, targets."""

import sys

import numpy as np
import pytest

from olearn import evaluate, learners, preprocessing, streams
from olearn.core.tensors import as_array, is_tensor

torch = pytest.importorskip("torch")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
Y = (X[:, 0] > 0).astype(int)


def test_a_model_learns_tensors_as_arrays():
    """Features, labels and weights; what is answered is NumPy's."""
    arrays, tensors = (learners.HoeffdingTreeClassifier(grace_period=50) for _ in range(2))
    weights = RNG.random(400)
    for rows in (slice(0, 250), slice(250, 400)):
        arrays.learn_many(X[rows], Y[rows], weights[rows])
        given = (torch.tensor(part[rows]) for part in (X, Y, weights))
        tensors.learn_many(*given)
    asked = torch.tensor(X)
    assert np.array_equal(tensors.predict_proba_many(asked), arrays.predict_proba_many(X))
    assert np.array_equal(tensors.predict_many(asked), arrays.predict_many(X))
    assert np.array_equal(
        tensors.test_then_train_many(asked, torch.tensor(Y)), arrays.test_then_train_many(X, Y)
    )


def test_regressors_and_transformers_take_them():
    """Targets of a tensor that a network made."""
    target = torch.tensor(X @ [1.0, 2.0, 3.0], requires_grad=True)
    tensors, arrays = learners.AnalyticRidgeRegressor(), learners.AnalyticRidgeRegressor()
    tensors.learn_many(torch.tensor(X), target)
    arrays.learn_many(X, target.detach().numpy())
    assert np.array_equal(tensors.predict_many(torch.tensor(X)), arrays.predict_many(X))
    scaler = preprocessing.StandardScaler()
    scaler.learn_many(torch.tensor(X))
    assert np.array_equal(scaler.transform_many(torch.tensor(X)), scaler.transform_many(X))


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.int64, torch.bool])
def test_kinds_of_numbers(kind):
    """bfloat16, which NumPy does not have, included; sparse ones and those in a graph too."""
    tensor = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).to(kind)
    for each in (tensor, tensor.to_sparse()):
        assert as_array(each).tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert not is_tensor(np.zeros(2))
    assert as_array(X) is X


def test_streams_of_tensors_and_of_batches():
    """`from_arrays`, and a DataLoader by `from_iterable`: the same rows."""
    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    loader = torch.utils.data.DataLoader(data, batch_size=64)
    expected = list(streams.from_arrays(X, Y))
    assert list(streams.from_arrays(torch.tensor(X), torch.tensor(Y))) == expected
    stream = streams.from_iterable(loader)
    assert list(stream) == expected
    model = learners.HoeffdingTreeClassifier()
    evaluate.prequential(stream, model)
    by_hand = learners.HoeffdingTreeClassifier()
    for batch in loader:
        by_hand.learn_many(*batch, names=stream.schema.names)
    assert np.array_equal(
        by_hand.predict_many(X, names=stream.schema.names),
        model.predict_many(X, names=stream.schema.names),
    )


def test_batches_of_images_are_refused():
    """Rows are 2-D."""
    with pytest.raises(ValueError, match=r"batches must be of rows.*\(2, 1, 4, 4\)"):
        streams.from_iterable([(torch.zeros(2, 1, 4, 4), torch.zeros(2))])


def test_a_tensor_is_no_label():
    """No two tensors are equal keys: each would be a class of its own."""
    model = learners.HoeffdingTreeClassifier()
    for learn in (
        lambda: model.learn_one({"x": 1.0}, torch.tensor(1)),
        lambda: model.learn_many(X[:2], [torch.tensor(1), torch.tensor(1)]),
    ):
        with pytest.raises(TypeError, match=r"got tensor\(1\): y.item\(\) is one"):
            learn()
    assert model.labels == []


def test_torch_is_not_imported_for_it(monkeypatch):
    """Without torch nothing is a tensor."""
    monkeypatch.delitem(sys.modules, "torch")
    assert not is_tensor(X)
    assert "torch" not in sys.modules
