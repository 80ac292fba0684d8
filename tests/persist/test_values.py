"""What a saved state can hold: arrays, containers, generators, tensors, and what is shared."""

import collections
import functools
import random

import numpy as np
import pytest

from olearn import learners
from olearn.learners import rl
from olearn.persist.files import read_state, write_state


def travelled(value, path):
    """Any value after a round trip through a file."""
    write_state(path, {"model": value}, {})
    return read_state(path)["model"]


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
        np.array([[{"k": 1}, None], ["x", (1, 2)]], dtype=object),
    ]
    found = travelled(values, tmp_path / "values")
    assert repr(found) == repr(values)
    assert found[1].maxlen == 3
    assert found[-1].shape == (2, 2)
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


def test_cuda_goes_on(tmp_path):
    """Tensors and generators of a CUDA device come back on that device."""
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    rng = torch.Generator("cuda").manual_seed(1)
    state = [torch.randn(5, device="cuda", generator=rng), rng]
    tensor, generator = travelled(state, tmp_path / "cuda")
    assert tensor.device == state[0].device
    assert torch.equal(tensor, state[0])
    drawn = [torch.randn(3, device="cuda", generator=each) for each in (rng, generator)]
    assert torch.equal(*drawn)
