"""Saving and loading: what is loaded goes on bit for bit, and a file runs no code."""

import collections
import functools
import hashlib
import itertools
import json
import random
import subprocess
import sys
import warnings

import numpy as np
import pytest
from river import base as river_base
from river import cluster, compose, datasets, drift, linear_model, metrics, neighbors, optim
from river import forest as river_forest
from river import preprocessing as river_preprocessing
from river import tree as river_tree
from safetensors.numpy import load_file, safe_open, save_file

import olearn
from olearn import detectors, learners
from olearn._check_tools import (
    dicts,
    error_bits,
    fresh,
    labelled_rows,
    require_same_state,
    snapshot,
)
from olearn.base import ArrayClassifier, ArrayDetector
from olearn.learners import rl
from olearn.metrics import KappaM
from olearn.persist import read_state, write_state

CLASSES = [getattr(part, name) for part in (learners, detectors) for name in part.__all__]
MODELS = [
    pytest.param(cls(**params), id=f"{cls.__name__}-{i}")
    for cls in CLASSES
    for i, params in enumerate(cls._unit_test_params())
]
HALF, END = 500, 700  # rows: where a model is saved, and where its run ends
FEW = 64, 96  # of learners that replay, which take a hundred times as long


def again(model, path):
    """The model after a round trip through a file."""
    olearn.save(model, path)
    return olearn.load(path)


def travelled(value, path):
    """Any value after a round trip through a file."""
    write_state(path, {"value": value}, {})
    return read_state(path)["value"]


def run(model, start, end):
    """Run a model of any kind over rows of a stream; return all its answers."""
    X, y = labelled_rows(END)
    if isinstance(model, ArrayDetector):
        return model.update_many(error_bits()[start:end]).tolist()
    if isinstance(model, ArrayClassifier):
        rows = dicts(X)
        answers = []
        for i in range(start, end):
            answers.append(model.predict_proba_one(rows[i]))
            model.learn_one(rows[i], y[i])
        return answers
    rows = dicts(np.nan_to_num(X))
    answers = []
    for x, label in zip(rows[start:end], y[start:end], strict=True):
        if isinstance(model, river_base.Transformer):
            model.learn_one(x)
            answers.append(model.transform_one(x))
        elif isinstance(model, river_base.Regressor):
            answers.append(model.predict_one(x))
            model.learn_one(x, x["a"] + (label == "low"))
        else:
            answers.append(model.predict_proba_one(x))
            model.learn_one(x, label)
    return answers


def act(agent, n, rng):
    """Let an agent act on random observations; return actions and TD errors."""
    x, out = rng.normal(size=4), []
    for i in range(n):
        action = agent.act(x)
        following = rng.normal(size=4)
        agent.learn_one(x, action, float(x[0]), following, i % 50 == 49)
        out.append((np.asarray(action).tolist(), agent.td_error))
        x = following
    return out


# -- models --------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_every_learner_and_detector_goes_on(model, tmp_path):
    """Saved mid-stream and loaded, every public class answers as if nothing had happened."""
    model = fresh(model) if isinstance(model, ArrayClassifier) else model.clone()
    half, end = FEW if "replay" in type(model).__module__ else (HALF, END)
    run(model, 0, half)
    loaded = again(model, tmp_path / "model")
    require_same_state(snapshot(model), loaded, "after a round trip")
    assert run(loaded, half, end) == run(model, half, end)
    require_same_state(snapshot(model), loaded, "after going on")


@pytest.mark.parametrize(
    "model",
    [
        river_preprocessing.StandardScaler() | learners.ARFClassifier(n_models=2, seed=1),
        compose.Select("a", "b") | learners.AnalyticRidgeClassifier(n_features=8, seed=1),
        river_preprocessing.MinMaxScaler() | linear_model.LogisticRegression(optim.Adam()),
        river_forest.ARFClassifier(n_models=2, seed=1),
        river_tree.HoeffdingAdaptiveTreeClassifier(seed=1, grace_period=50),
        neighbors.KNNClassifier(),
    ],
    ids=lambda model: str(model)[:40],
)
def test_models_of_river_go_on(model, tmp_path):
    """So do pipelines and models of river, whose compiled parts have a state of their own."""
    rows = [(x, y) for x, y in itertools.islice(datasets.Bananas(), 300)]
    rows = [({"a": x["1"], "b": x["2"]}, y) for x, y in rows]
    for x, y in rows[:200]:
        model.learn_one(x, y)
    loaded = again(model, tmp_path / "model")
    for x, y in rows[200:]:
        assert loaded.predict_proba_one(x) == model.predict_proba_one(x)
        model.learn_one(x, y)
        loaded.learn_one(x, y)


@pytest.mark.parametrize(
    "model",
    [
        drift.ADWIN(),
        drift.KSWIN(seed=1),
        drift.PageHinkley(),
        drift.binary.DDM(),
        drift.binary.HDDMW(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_detectors_of_river_go_on(model, tmp_path):
    """River's detectors are saved, ADWIN in its compiled form too."""
    model, kept = model.clone(), []
    bits = error_bits(2000)
    binary = isinstance(model, river_base.BinaryDriftDetector)
    values = [bool(bit) if binary else bit for bit in bits.tolist()]
    for value in values[:1000]:
        model.update(value)
    loaded = again(model, tmp_path / "detector")
    for value in values[1000:]:
        model.update(value)
        loaded.update(value)
        kept.append(model.drift_detected)
        assert loaded.drift_detected == model.drift_detected
    assert any(kept)


@pytest.mark.parametrize(
    "agent",
    [
        rl.StreamQ(2, (8,), sparsity=0.5, seed=1),
        rl.StreamSARSA(2, (8,), sparsity=0.5, seed=1),
        rl.StreamAC(3, (8,), sparsity=0.5, seed=1),
        rl.StreamAC(
            hidden=(16,), low=(-1.0,), high=(1.0,), critic_optimiser=rl.AdaptiveObGD(), seed=1
        ),
    ],
    ids=["q", "sarsa", "ac", "ac-continuous"],
)
def test_agents_go_on(agent, tmp_path):
    """Agents keep networks, traces, normalisers and the generator of their actions."""
    rng = np.random.default_rng(2)
    act(agent, 200, rng)
    loaded = again(agent, tmp_path / "agent")
    assert act(loaded, 200, np.random.default_rng(3)) == act(agent, 200, np.random.default_rng(3))


def test_metrics_are_saved(tmp_path):
    """Metrics of river and ours, and what they share, are saved."""
    both = metrics.Accuracy() + KappaM() + metrics.MacroF1()
    for t, p in zip("abcabb", "aabbbc", strict=True):
        both.update(t, p)
    loaded = again(both, tmp_path / "metrics")
    both.update("c", "c")
    loaded.update("c", "c")
    assert repr(loaded) == repr(both)


FRESH_PROCESS = """
import sys
import numpy as np
import olearn
from olearn._check_tools import dicts, labelled_rows
X, y = labelled_rows(700)
model = olearn.load(sys.argv[1])
answers = []
for x, label in zip(dicts(np.nan_to_num(X))[500:], y[500:]):
    answers.append(sorted(model.predict_proba_one(x).items()))
    model.learn_one(x, label)
print(answers)
"""


@pytest.mark.parametrize(
    "model",
    [
        river_preprocessing.StandardScaler() | learners.ARFClassifier(n_models=2, seed=1),
        learners.AnalyticRidgeClassifier(n_features=32, seed=1),
    ],
    ids=["pipeline", "ridge"],
)
def test_a_fresh_process_goes_on(model, tmp_path):
    """Another process, which loads the file before anything else, gives the same answers."""
    X, y = labelled_rows(END)
    rows = dicts(np.nan_to_num(X))
    for x, label in zip(rows[:HALF], y[:HALF], strict=True):
        model.learn_one(x, label)
    olearn.save(model, tmp_path / "model")
    command = [sys.executable, "-c", FRESH_PROCESS, str(tmp_path / "model")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answers = []
    for x, label in zip(rows[HALF:], y[HALF:], strict=True):
        answers.append(sorted(model.predict_proba_one(x).items()))
        model.learn_one(x, label)
    assert done.stdout == f"{answers}\n"


# -- values --------------------------------------------------------------------------------------

ARRAYS = [
    np.arange(6.0).reshape(2, 3),
    np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    np.array(3.5),
    np.zeros((0, 4)),
    np.array([2**64 - 1], dtype=np.uint64),
    np.array([True, False]),
    np.arange(5, dtype=np.int8)[::2],
    np.array([0.1], dtype=np.float16),
    np.array([1 + 2j]),
    np.array(["a", "longer"]),
    np.array([b"a"]),
    np.array(["2020-01-01"], dtype="M8[D]"),
    np.arange(3, dtype=">f8"),
    np.array([(1, [2.5, 1.0], "x")], dtype=[("a", "<i4"), ("b", "<f8", (2,)), ("c", "U3")]),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_arrays_are_kept(array, tmp_path):
    """Type, shape, order in memory and every bit of an array are kept; the new one is writable."""
    found = travelled(array, tmp_path / "array")
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.tobytes() == array.tobytes()
    assert found.flags.f_contiguous == np.ascontiguousarray(array).flags.f_contiguous or (
        found.flags.f_contiguous == array.flags.f_contiguous
    )
    assert found.flags.writeable
    assert found.flags.aligned


def test_plain_values_are_kept(tmp_path):
    """Containers and values keep their kind, their order, and what they hold."""
    nested = collections.defaultdict(functools.partial(collections.defaultdict, float))
    nested["a"]["b"] = 1.5
    values = [
        {(1, ("x", None)): {1, 2.5, "s"}, 7: frozenset({1}), None: True, 0.5: ()},
        collections.deque([1, [2]], maxlen=3),
        collections.OrderedDict([("b", 1), ("a", 2)]),
        collections.Counter("abca"),
        nested,
        [10**40, 1 << 1000, -(1 << 1000), -0.0, float("inf"), "\ud800 é"],
        [b"\x00\xff", bytearray(b"ab"), 1 + 2j, slice(1, None, 2), range(3)],
        [np.float32(0.1), np.int64(-3), np.bool_(True), np.str_("é"), np.dtype("f4"), float],
        [rl.StreamQ, functools.partial(int, 3)],
        np.array([{"k": 1}, None, "x"], dtype=object).tolist(),
    ]
    found = travelled(values, tmp_path / "values")
    assert repr(found) == repr(values)
    assert found[1].maxlen == 3
    assert found[4]["new"]["new"] == 0.0
    assert travelled(-(10**9000), tmp_path / "long") == -(10**9000)


def test_shared_values_stay_shared(tmp_path):
    """An array or object held twice is one again, and a list may hold itself."""
    array, model = np.arange(3.0), learners.HoeffdingTreeClassifier()
    loop = [array, model, {"again": array, "too": model}]
    loop.append(loop)
    found = travelled(loop, tmp_path / "shared")
    assert found[2]["again"] is found[0]
    assert found[2]["too"] is found[1]
    assert found[3] is found


def test_deep_states_are_saved(tmp_path):
    """A state nested far beyond Python's limit of recursion is saved and loaded."""
    value = deepest = []
    for _ in range(10_000):
        deepest.append([])
        deepest = deepest[0]
    found = travelled(value, tmp_path / "deep")
    for _ in range(10_000):
        (found,) = found
    assert found == []


@pytest.mark.parametrize("name", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_generators_go_on(name, tmp_path):
    """NumPy's generators draw on, and spawn the children that they would have spawned."""
    rng = np.random.Generator(getattr(np.random, name)(1))
    rng.integers(5, size=3, dtype=np.int32)  # which may keep half a word
    found, other = travelled([rng, rng], tmp_path / "rng")
    assert found is other
    assert found.integers(9, size=5, dtype=np.int32).tolist() == (
        rng.integers(9, size=5, dtype=np.int32).tolist()
    )
    assert found.spawn(1)[0].random() == rng.spawn(1)[0].random()


def test_old_generators_go_on(tmp_path):
    """So do RandomState and Python's own, between the two numbers of a Gaussian pair."""
    old, own = np.random.RandomState(1), random.Random(1)
    old.normal()
    own.gauss(0.0, 1.0)
    old2, own2 = travelled([old, own], tmp_path / "rng")
    assert [old2.normal(), old2.normal()] == [old.normal(), old.normal()]
    assert [own2.gauss(0, 1), own2.random()] == [own.gauss(0, 1), own.random()]


def test_torch_goes_on(tmp_path):
    """Networks, optimisers, generators and views into one storage are kept together."""
    torch = pytest.importorskip("torch")
    rng = torch.Generator().manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
    flat = torch.arange(6, dtype=torch.bfloat16)

    def step(net, optimiser, rng):
        optimiser.zero_grad()
        loss = net(torch.rand(5, 3, generator=rng)).square().sum()
        loss.backward()
        optimiser.step()
        return loss.item()

    step(net, optimiser, rng)
    state = [net, optimiser, rng, flat, flat.view(2, 3).T]
    loaded = travelled(state, tmp_path / "torch")
    assert [step(*loaded[:3]) for _ in range(3)] == [step(*state[:3]) for _ in range(3)]
    loaded[3][1] = 9.0
    assert loaded[4][1, 0] == 9.0
    assert loaded[4].stride() == (1, 3)


# -- refusals ------------------------------------------------------------------------------------


class Stranger:
    """A class that is neither olearn's nor river's."""


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Stranger(), "Stranger"),
        (compose.FuncTransformer(lambda x: x), "<lambda>.*in FuncTransformer"),
        (compose.FuncTransformer(eval), "builtins:eval"),
        (learners.HoeffdingTreeClassifier().learn_one, "method ArrayClassifier.learn_one"),
        (iter([1]), "list_iterator"),
        (sys, "module"),
    ],
    ids=["class", "lambda", "builtin", "method", "iterator", "module"],
)
def test_what_cannot_be_saved(model, words, tmp_path):
    """What would need code from the file is refused by name, and no file is left behind."""
    with pytest.raises(TypeError, match=rf"(?s)cannot save .*{words}"):
        olearn.save(model, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_keeps_the_older_file(tmp_path, monkeypatch):
    """The file is replaced whole or not at all, and nothing is left beside it."""
    path = tmp_path / "model"
    olearn.save(learners.HoeffdingTreeClassifier(max_depth=3), path)
    monkeypatch.setattr("os.replace", lambda *paths: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        olearn.save(learners.HoeffdingTreeClassifier(max_depth=4), path)
    assert list(tmp_path.iterdir()) == [path]
    assert olearn.load(path).max_depth == 3


def test_missing_files_and_folders(tmp_path):
    """What is not there is an error of the file system that names it."""
    with pytest.raises(FileNotFoundError, match="nowhere"):
        olearn.load(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        olearn.save(learners.HoeffdingTreeClassifier(), tmp_path / "nowhere" / "model")


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
        pytest.raises(ValueError, match=r"no such kind.*river 0\.1\.2 \(here"),
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


TREE = "olearn.learners.hoeffding_tree:HoeffdingTreeClassifier"
FORGED = {
    "function": [["object", "os:system", []]],
    "builtin": [["object", "builtins:eval", []]],
    "builtin value": [["value", "function", "builtins:eval"]],
    "not a class": [["object", "olearn.cli:something", []]],
    "imported name": [["object", "olearn.base:np.memmap", []]],
    "function of ours": [["object", "olearn.base:memory_bytes", []]],
    "function as value": [["value", "function", "olearn.demo:run_demo"]],
    "data set": [["object", "river.datasets.smtp:SMTP", []]],
    "class that is imported": [["object", "olearn.persist:Path", ["/etc/passwd"]]],
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


def test_clusters_keep_their_generator(tmp_path):
    """A method of a generator among the values of a model stays bound to that generator."""
    model = cluster.KMeans(n_clusters=2, seed=1)
    rng = np.random.default_rng(1)
    rows = [dict(enumerate(row)) for row in rng.normal(size=(60, 2)).tolist()]
    for x in rows[:30]:
        model.learn_one(x)
    loaded = again(model, tmp_path / "clusters")
    for x in rows[30:]:
        model.learn_one({**x, len(x): 1.0})
        loaded.learn_one({**x, len(x): 1.0})
        assert loaded.predict_one(x) == model.predict_one(x)
    assert loaded.centers == model.centers


def test_arrays_lie_open(saved):
    """Numbers of a model are arrays of the file by themselves."""
    assert sum(array.nbytes for name, array in load_file(saved).items() if name != "graph") > 1000
