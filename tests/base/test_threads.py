"""Threads may ask and copy a model while another teaches it: never damage to memory."""

import copy
import subprocess
import sys

import pytest

from olearn import learners

# every fifth row has a new label and a new feature, which makes new arrays under the askers
_STRESS = """
import copy, pickle, shutil, sys, tempfile, threading
import numpy as np
import olearn
from olearn import detectors, learners

make = {
    "tree": lambda: learners.HoeffdingTreeClassifier(grace_period=20),
    "adaptive": lambda: learners.HoeffdingAdaptiveTreeClassifier(grace_period=20, seed=1),
    "forest": lambda: learners.ARFClassifier(n_models=3, seed=1),
    "moe": lambda: learners.DriftMoEClassifier(n_experts=3, seed=1),
    "ridge": lambda: learners.AnalyticRidgeClassifier(n_features=16, seed=1),
    "htm": lambda: detectors.HTMColumnsClassifier(seed=1),
}[sys.argv[1]]
model, done, problems = make(), threading.Event(), []
for label in "pq":
    model.learn_one({"a": 0.1, "b": 0.2}, label)
x, X = {"a": 0.3, "b": 0.1}, np.array([[0.3, 0.1]] * 50)
folder = tempfile.mkdtemp()

def proba():
    assert abs(sum(model.predict_proba_one(x).values()) - 1.0) < 1e-9
def many():
    assert np.allclose(model.predict_proba_many(X, names=["a", "b"]).sum(axis=1), 1.0)
def code():
    assert model.predict_one(x) in model.labels
def taught(twin):
    twin.learn_one({"a": 1.0, "b": -1.0, "new": 2.0}, "other")
    assert len(twin.predict_proba_one(x)) == len(twin.labels)
def copied():
    taught(copy.deepcopy(model))
def pickled():
    taught(pickle.loads(pickle.dumps(model)))
def saved():
    olearn.save(model, f"{folder}/model")
    taught(olearn.load(f"{folder}/model"))

def ask(calls):
    while not done.is_set() and not problems:
        for call in calls:
            try:
                call()
            except BaseException as problem:
                problems.append(f"{call.__name__}: {problem!r}")

sys.setswitchinterval(1e-5)
askers = [threading.Thread(target=ask, args=[calls]) for calls in
          ([proba, code], [many], [copied, pickled, saved])]
for asker in askers:
    asker.start()
rng = np.random.default_rng(0)
for i in range(int(sys.argv[2])):
    row = dict(zip("ab", rng.normal(size=2).tolist()))
    if i % 5 == 0:
        row[f"f{i}"] = 1.0
    model.learn_one(row, f"n{i}" if i % 5 == 0 else "p" if row["a"] > 0 else "q")
    model.learn_many(rng.normal(size=(5, 2)), ["p", "q", "p", "q", "p"], names=["a", "b"])
done.set()
for asker in askers:
    asker.join()
shutil.rmtree(folder)
sys.exit("; ".join(problems[:3]) or None)
"""


@pytest.mark.parametrize(
    ("learner", "n_rows"),
    [("tree", 150), ("adaptive", 150), ("forest", 150), ("moe", 80), ("ridge", 150), ("htm", 30)],
)
def test_threads_ask_and_copy_while_another_learns_what_is_new(learner, n_rows):
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", _STRESS, learner, str(n_rows)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]


def test_the_lock_is_no_part_of_the_state():
    model = learners.HoeffdingTreeClassifier()
    twin = copy.deepcopy(model)
    assert "_lock" not in vars(model) | model._get_params()
    assert len({id(m._lock) for m in (model, twin, model.clone(), copy.copy(model))}) == 4
