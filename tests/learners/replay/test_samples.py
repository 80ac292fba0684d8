"""Tests of what a sample of rehearsal is: rows or images, as the first one was."""

import numpy as np
import pytest
import torch

from olearn.checks.tools import snapshot
from olearn.learners import ERClassifier

IMAGES = np.random.default_rng(0).integers(0, 255, (6, 3, 12, 12)).astype(np.uint8)
LABELS = [0, 1, 0, 1, 0, 1]


def make(**params):
    return ERClassifier(width=2, hidden=(4,), seed=1, **params)


def test_no_rows_decide_nothing():
    """After an empty batch of rows, images may still come, also where classes are known."""
    for classes in (None, [0, 1]):
        model = make(classes=classes)
        model.learn_many(np.zeros((0, 2)), [])
        model.learn_many(IMAGES, LABELS)
        with pytest.raises(ValueError, match="x must be an image of shape"):
            model.predict_one({"a": 1.0})


def test_a_trunk_that_does_not_fit_leaves_no_trace():
    """Images that a trunk cannot take raise, one at a time or many, before a label is known."""
    model = make(trunk=torch.nn.Linear(16, 3))
    before = snapshot(model)
    for learn in (model.learn_many, model.test_then_train_many):
        with pytest.raises(ValueError, match="trunk must take inputs"):
            learn(IMAGES, LABELS)
    with pytest.raises(ValueError, match="trunk must take inputs"):
        model.learn_one(IMAGES[0], 0)
    assert snapshot(model) == before
    model.learn_many(np.ones((3, 7)), [0, 1, 0])  # rows fit: they are padded to 16 columns


def test_images_go_by_codes_and_as_tensors():
    """Codes of labels and tensors give what labels and arrays give."""
    by_labels, by_codes = make(), make()
    expected = by_labels.test_then_train_many(IMAGES, ["b", "a"] * 3)
    codes = by_codes.test_then_train_codes(torch.from_numpy(IMAGES), np.array(LABELS), ["b", "a"])
    assert expected.tolist() == [None, *(by_codes.labels[code] for code in codes[1:])]
    by_labels.flush()
    by_codes.flush()
    np.testing.assert_array_equal(
        by_labels.predict_proba_many(IMAGES), by_codes.predict_proba_many(torch.from_numpy(IMAGES))
    )
