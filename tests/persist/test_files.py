"""Files that are damaged, of another kind, or forged: refused by name, and nothing in them runs."""

import hashlib
import json
import os
import random
import subprocess
import sys
import warnings
from importlib.util import find_spec

import numpy as np
import pytest
from safetensors.numpy import load_file, safe_open, save_file

import olearn
from olearn import learners
from olearn.persist.files import read_state, write_state


@pytest.fixture
def saved(tmp_path):
    """The file of a small model."""
    model = learners.HoeffdingTreeClassifier()
    model.learn_one({"a": 1.0}, "yes")
    olearn.save(model, tmp_path / "model")
    return tmp_path / "model"


def test_the_header_says_what_it_holds(saved):
    """Any program that reads safetensors sees class, parameters and versions."""
    with safe_open(saved, framework="numpy") as file:
        header = file.metadata()
    assert header["class"].endswith("HoeffdingTreeClassifier")
    assert json.loads(header["parameters"])["grace_period"] == "200"
    assert json.loads(header["versions"])["olearn"] == olearn.__version__


SAVES = """
import sys
import numpy as np
import olearn
from olearn import learners
from olearn.persist.files import write_state
from river import naive_bayes, preprocessing

names = {"colour", "shape", "size", "place", "taste"}
models = {
    "tree": learners.HoeffdingTreeClassifier(nominal_attributes=names),
    "forest": learners.ARFClassifier(n_models=2, nominal_attributes=frozenset(names), seed=1),
    "river": naive_bayes.BernoulliNB(),
}
encoder = preprocessing.OneHotEncoder()
if "torch" in sys.argv:
    import torch
rng = np.random.default_rng(1)
for file, model in models.items():
    for row in range(60):
        x = {name: f"{name[:2]}{rng.integers(3)}" for name in sorted(names)}
        encoder.learn_one(x)  # keeps sets of text
        x = {name: i for i, name in enumerate(sorted(names))} if file == "river" else x
        model.learn_one(x, f"label {rng.integers(4)}")
    olearn.save(model, f"{sys.argv[1]}/{file}")
olearn.save(encoder, f"{sys.argv[1]}/encoder")
state = {"model": models["tree"], "sets": [names, frozenset(names), {1, "1", None, (2, "b")}]}
write_state(f"{sys.argv[1]}/state", state, {"b": "1", "a": "2", "c": "3", "d": "4"})
"""


def test_equal_models_give_equal_bytes(tmp_path):
    """Requirement: whatever the hashes of a process, and whatever else it has imported."""
    written = []
    for seed, more in (("0", []), ("1", []), ("77", ["torch"] if find_spec("torch") else [])):
        folder = tmp_path / seed
        folder.mkdir()
        env = os.environ | {"PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", SAVES, str(folder), *more], env=env, check=True)
        written.append({file.name: file.read_bytes() for file in folder.iterdir()})
    assert set(written[0]) == {"tree", "forest", "river", "encoder", "state"}
    for other in written[1:]:
        for name, content in written[0].items():
            assert other[name] == content, name
    state = read_state(tmp_path / "0" / "state")
    assert state["sets"][2] == {1, "1", None, (2, "b")}


def test_a_state_holds_a_model(tmp_path):
    """Requirement: what `read_state` would refuse is not written."""
    with pytest.raises(ValueError, match=r"state must have a 'model', got \['modle'\]"):
        write_state(tmp_path / "state", {"modle": 1}, {})
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("cut", [0, 7, 100, -1])
def test_truncated_files(saved, cut):
    """A file that lacks its end is refused by its path."""
    saved.write_bytes(saved.read_bytes()[:cut])
    with pytest.raises(ValueError, match=str(saved)):
        olearn.load(saved)


def test_every_changed_byte_is_noticed(saved):
    """Whichever byte is changed, the file is refused by its path."""
    content = saved.read_bytes()
    for at in random.Random(1).sample(range(len(content)), 300):
        wrong = bytearray(content)
        wrong[at] ^= 1
        saved.write_bytes(wrong)
        with pytest.raises(ValueError, match=str(saved)):
            olearn.load(saved)


def test_other_files(tmp_path):
    """Files of other programs and other versions of the format are refused."""
    path = tmp_path / "other"
    save_file({"w": np.zeros(3)}, path)
    with pytest.raises(ValueError, match=r"other is no file of olearn\.save"):
        olearn.load(path)
    forge(path, [["dict"]], version="2")
    with pytest.raises(ValueError, match="version 2 of the format, this olearn reads version 1"):
        olearn.load(path)


def test_other_versions_warn(saved):
    """A file of another minor version of river is loaded, with a warning."""
    versions = json.dumps({"river": "0.1.2", "numpy": np.__version__})
    forge(saved, [["dict"], ["put", 0, ["model", 3]]], versions=versions)
    with pytest.warns(UserWarning, match=r"with river 0\.1\.2, this is"):
        assert olearn.load(saved) == 3
    forge(saved, [["dict"], ["value", "no such kind", 1]], versions=versions)
    with (
        warnings.catch_warnings(),
        pytest.raises(ValueError, match=r"no such kind.*with river 0\.1\.2, this is"),
    ):
        olearn.load(saved)


def forge(path, steps, arrays=None, version="1", versions="{}"):
    """Write a file with any steps and the right checksum."""
    text = steps if isinstance(steps, bytes) else json.dumps({"steps": steps}).encode()
    arrays = {"graph": np.frombuffer(text, np.uint8), **(arrays or {})}
    header = {"format": "olearn state", "version": version, "versions": versions}
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode() + array.tobytes())
    save_file(arrays, path, metadata={**header, "sha256": digest.hexdigest()})


TREE = "olearn.learners.trees.hoeffding_tree:HoeffdingTreeClassifier"
FORGED = {
    "function": [["object", "os:system", []]],
    "builtin": [["object", "builtins:eval", []]],
    "builtin value": [["value", "function", "builtins:eval"]],
    "not a class": [["object", "olearn.learners:something", []]],
    "imported name": [["object", "olearn.base:np.memmap", []]],
    "function of ours": [["object", "olearn.core.memory:memory_bytes", []]],
    "function as value": [["value", "function", "olearn.cli.demo:run_demo"]],
    "data set": [["object", "river.datasets.smtp:SMTP", []]],
    "class above that is not marked": [["object", "olearn:RowPath", []]],
    "class that imports": [["object", "olearn.registry:Entry", []]],
    "other package": [["object", "subprocess:Popen", ["true"]]],
    "path": [["object", "olearn./tmp/x:Y", []]],
    "no text": [["object", ["os"], []]],
    "dunder": [["object", "olearn.base:ArrayClassifier.__init__.__globals__", []]],
    "called": [["call", TREE, []]],
    "public method": [["object", TREE, []], ["tuple", [[1], "learn_one"]],
                      ["value", "method", [2]]],
    "dunder method": [["object", TREE, []], ["tuple", [[1], "__init__"]], ["value", "method", [2]]],
    "method of a string": [["tuple", ["text", "_format"]], ["value", "method", [1]]],
    "torch attribute": [["value", "torch.dtype", "torch.load"]],
    "state of a list": [["list"], ["state", 1, 3]],
    "unknown step": [["import", "os"]],
    "unknown kind": [["value", "pickle", "x"]],
    "later step": [["tuple", [[5]]]],
    "negative step": [["tuple", [[-1]]]],
    "step of no number": [["tuple", [["x"]]]],
    "no such array": [["array", "C"]],
    "objects": [["array", "C", "|O", [1]]],
    "huge array": [["array", "C", "<f8", [10**15]]],
    "huge objects": [["objects", [10**15], [1]]],
    "huge tensor": [["storage", "cpu"], ["tensor", 1, "torch.float32", [[10**15], [1], 0], 0, 0]],
    "tensor from below": [["storage", "cpu"], ["tensor", 1, "torch.uint8", [[1], [1], -9], 0, 0]],
    "huge seed": [
        ["dict"], ["put", 1, ["entropy", 1, "pool_size", 10**15]], ["tuple", ["PCG64", None, [1]]],
        ["value", "bits", [3]],
    ],
    "wrong compiled state": [
        ["object", "river._river_rust.stats:RsQuantile", []], ["bytes"], ["state", 1, [2]],
    ],
    "huge number": [["tuple", [10**4000]], ["value", "integer", "z"]],
}  # fmt: skip


@pytest.mark.parametrize("steps", FORGED.values(), ids=FORGED.keys())
def test_forged_files_run_nothing(steps, tmp_path, capfd):
    """A file made with intent, checksum and all, is refused by its path and runs nothing."""
    sizes = {str(i): np.zeros(2, np.uint8) for i in range(1, 3) if steps != [["array", "C"]]}
    forge(tmp_path / "forged", [["dict"], *steps, ["put", 0, ["model", [1]]]], sizes)
    with pytest.raises(ValueError, match=f"{tmp_path / 'forged'} cannot be loaded: ."):
        olearn.load(tmp_path / "forged")


@pytest.mark.parametrize(
    "steps",
    [
        [["dict"], ["object", TREE, []], ["value", "no such kind", 1]],
        [["dict"], ["object", "olearn.core.labels:LabelIndex", []]],
    ],
    ids=["half", "another class"],
)
def test_a_model_outlives_a_failed_load(steps, tmp_path):
    """A model that is to be given a state keeps its own where that fails."""
    forge(tmp_path / "forged", json.dumps({"steps": steps, "reusable": 1}).encode())
    tree = learners.HoeffdingTreeClassifier(max_depth=3)
    with pytest.raises(ValueError, match="forged cannot be loaded"):
        read_state(tmp_path / "forged", reuse=tree)
    tree.learn_one({"a": 1.0}, "yes")
    assert (tree.max_depth, tree.predict_one({"a": 1.0})) == (3, "yes")


@pytest.mark.parametrize("versions", ["", "[1]", "{", '{"numpy": 3}'])
def test_forged_versions(versions, tmp_path):
    """Versions that are none cost a warning at most."""
    forge(tmp_path / "forged", [["dict"], ["put", 0, ["model", 7]]], versions=versions)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert olearn.load(tmp_path / "forged") == 7


@pytest.mark.parametrize("steps", [[], [["list"]], [["dict"]], [["dict"], ["put", 0, ["m", 1]]]])
def test_files_without_a_model(steps, tmp_path):
    """Sound steps that make something else are refused."""
    forge(tmp_path / "forged", steps)
    with pytest.raises(ValueError, match="forged cannot be loaded: "):
        olearn.load(tmp_path / "forged")


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{}", b"[" * 100_000, b'{"steps":' + b"[" * 100_000, b'{"steps": [7]}', b"\xff",
        b"1" * 5000,
    ],
    ids=["empty", "no steps", "deep", "deep steps", "no list", "no text", "long number"],
)  # fmt: skip
def test_forged_graphs(text, tmp_path):
    """So is one whose graph is no JSON, or JSON of another kind, or nested without end."""
    forge(tmp_path / "forged", text)
    with pytest.raises(ValueError, match="forged cannot be loaded"):
        olearn.load(tmp_path / "forged")


def test_shadowed_hooks_are_not_called(tmp_path):
    """A field named like a hook is only a field."""
    steps = [
        ["dict"],
        ["object", TREE, []],
        ["dict"],
        ["tuple", [[1], "_reset"]],
        ["put", 2, ["__setstate__", [0]]],
        ["state", 1, [2]],
        ["state", 1, [2]],
        ["put", 0, ["model", [1]]],
    ]
    forge(tmp_path / "forged", steps)
    assert vars(olearn.load(tmp_path / "forged"))["__setstate__"]["model"] is not None


def test_arrays_lie_open(saved):
    """Numbers of a model are arrays of the file by themselves."""
    assert sum(array.nbytes for name, array in load_file(saved).items() if name != "graph") > 1000


def test_files_name_classes_and_no_modules(tmp_path):
    """A class of ours is stored without its module, so that it may move."""
    olearn.save(learners.HoeffdingTreeClassifier(), tmp_path / "tree")
    steps = json.loads(load_file(tmp_path / "tree")["graph"].tobytes())["steps"]
    ours = {step[1] for step in steps if step[0] == "object" and "olearn" in step[1]}
    assert {"olearn:HoeffdingTreeClassifier", "olearn:FeatureIndex"} <= ours
    assert all(name.startswith("olearn:") for name in ours)
