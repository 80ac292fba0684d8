"""Values of a state that travel as other, plainer values: random generators, types, tensors.

`pack` gives the kind and the plainer value, `unpack` the value again. There is one entry a kind; a
file can name no other.
"""

import enum
import functools
import random
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.format import descr_to_dtype, dtype_to_descr

from olearn.persist.classes import find, find_class, name_of

_BIT_GENERATORS = {
    cls.__name__: cls
    for cls in (
        np.random.PCG64,
        np.random.PCG64DXSM,
        np.random.MT19937,
        np.random.Philox,
        np.random.SFC64,
    )
}
_METHODS = ("clone", "gauss")
_MAX_POOL = 1024  # of a SeedSequence, whose pool is allocated when it is made

Packed = tuple[str, Any]


def pack(value: Any) -> Packed | None:
    """Return kind and plainer value, or None for a value that is of none of the kinds."""
    kind = type(value)
    if kind in _PACKERS:
        return _PACKERS[kind](value)
    if isinstance(value, np.generic):
        return "number", f"{_described(value.dtype)} {value.tobytes().hex()}"
    if isinstance(value, np.dtype):
        return "dtype", dtype_to_descr(_fixed(value))
    if isinstance(value, type):
        return "class", name_of(value)
    if isinstance(value, enum.Enum):
        return "member", f"{name_of(kind)} {value.name}"
    if kind in _BIT_GENERATORS.values():
        return "bits", _packed_bits(value)
    if "torch" in sys.modules:
        return _pack_torch(value)
    return None


def unpack(kind: Any, plain: Any) -> Any:
    """Return the value again; what is wrong raises whatever it leads to."""
    if kind not in _UNPACKERS:
        raise ValueError(f"there is no kind {kind!r}")
    return _UNPACKERS[kind](plain)


def to_dtype(described: Any) -> "np.dtype[Any]":
    """Turn NumPy's description of a dtype, out of JSON or not, into the dtype; no objects."""
    dtype = descr_to_dtype(_fields(described))
    return _fixed(np.dtype(dtype))


def _fields(described: Any) -> Any:
    """Make tuples of the fields of a structured dtype again, where JSON has lists."""
    if isinstance(described, str):
        return described
    out = []
    for name, inner, *shape in described:
        title = tuple(name) if isinstance(name, list) else name
        out.append((title, _fields(inner), *(tuple(s) for s in shape)))
    return out


def _fixed(dtype: "np.dtype[Any]") -> "np.dtype[Any]":
    if dtype.hasobject or dtype.kind not in "?biufcSUVMm":
        raise TypeError(f"cannot save or load arrays of {dtype}")
    return dtype


def _described(dtype: "np.dtype[Any]") -> str:
    described = dtype_to_descr(_fixed(dtype))
    if not isinstance(described, str):
        raise TypeError(f"cannot save a single record of {dtype}: keep it in an array")
    return described


def _number(text: str) -> Any:
    described, _, digits = text.partition(" ")
    return np.frombuffer(bytes.fromhex(digits), to_dtype(described))[0]


def _member(text: str) -> Any:
    name, _, member = text.partition(" ")
    cls = find_class(name)
    if not issubclass(cls, enum.Enum):
        raise ValueError(f"{name} has no members")
    return cls[member]


# -- random generators ---------------------------------------------------------------------------


def _packed_bits(bits: Any) -> Any:
    seeds = bits.seed_seq
    known = type(seeds) is np.random.SeedSequence
    return type(bits).__name__, bits.state, seeds.state if known else None


def _bits(plain: Any) -> Any:
    name, state, seeds = plain
    if seeds is not None:
        if not seeds["pool_size"] <= _MAX_POOL:
            raise ValueError(f"pool_size must be at most {_MAX_POOL}, got {seeds['pool_size']}")
        seeds = np.random.SeedSequence(**seeds)  # its children are numbered on from here
    bits = _BIT_GENERATORS[name](seeds if seeds is not None else 0)
    bits.state = state
    return bits


def _pack_random_state(value: np.random.RandomState) -> Packed:
    state: Any = value.get_state(legacy=False)
    return "random_state", (value._bit_generator, state["has_gauss"], state["gauss"])


def _random_state(plain: Any) -> np.random.RandomState:
    bits, has_gauss, gauss = plain
    made = np.random.RandomState(bits)
    state: Any = made.get_state(legacy=False)
    made.set_state({**state, "has_gauss": has_gauss, "gauss": gauss})
    return made


def _random(state: Any) -> random.Random:
    made = random.Random()
    made.setstate(state)
    return made


# -- what river fills its dicts with -------------------------------------------------------------


def _partial(plain: Any) -> Any:
    made, args, keywords = plain
    return functools.partial(made, *args, **keywords)


def _pack_method(value: Any) -> Packed:
    owner, name = value.__self__, value.__name__
    if not _is_fair(name) or getattr(type(owner), name, None) is not value.__func__:
        raise TypeError(f"cannot save the method {value.__qualname__}")
    return "method", (owner, name)


def _method(plain: Any) -> Any:
    owner, name = plain
    name_of(type(owner))  # raises for classes that are not ours or river's
    found = getattr(type(owner), name)
    if not _is_fair(name) or not isinstance(found, types.FunctionType):
        raise ValueError(f"{name} is no method that a state may hold")
    return types.MethodType(found, owner)


def _is_fair(name: str) -> bool:
    """Whether a state may hold a method: those that make entries, none that opens a file."""
    return name in _METHODS or (name.startswith("_") and not name.startswith("__"))


# -- torch, which is imported only where a state has anything of it ------------------------------


def _pack_torch(value: Any) -> Packed | None:
    import torch

    if isinstance(value, torch.Generator):
        return "torch.generator", (str(value.device), value.get_state())
    if isinstance(value, torch.device):
        return "torch.device", str(value)
    if isinstance(value, torch.dtype):
        return "torch.dtype", str(value)
    if isinstance(value, torch.Size):
        return "torch.size", tuple(value)
    return None


def _torch_generator(plain: Any) -> Any:
    import torch

    device, state = plain
    made = torch.Generator(device)
    made.set_state(state)
    return made


def _torch_device(name: str) -> Any:
    import torch

    return torch.device(name)


def torch_dtype(name: str) -> Any:
    """Return a torch dtype by its name, such as `torch.float32`."""
    import torch

    found = getattr(torch, name.removeprefix("torch."), None)
    if not isinstance(found, torch.dtype):
        raise ValueError(f"{name!r} is no dtype of torch")
    return found


def _torch_size(sizes: Any) -> Any:
    import torch

    return torch.Size(sizes)


# -- the kinds -----------------------------------------------------------------------------------

_PACKERS: dict[type, Callable[[Any], Packed]] = {
    int: lambda value: ("integer", hex(value)),  # of very many digits
    complex: lambda value: ("complex", (value.real, value.imag)),
    slice: lambda value: ("slice", (value.start, value.stop, value.step)),
    range: lambda value: ("range", (value.start, value.stop, value.step)),
    functools.partial: lambda value: ("partial", (value.func, value.args, value.keywords)),
    types.MethodType: _pack_method,
    types.FunctionType: lambda value: ("function", name_of(value)),
    types.BuiltinFunctionType: lambda value: ("function", name_of(value)),
    random.Random: lambda value: ("random", value.getstate()),
    np.random.Generator: lambda value: ("generator", value.bit_generator),
    np.random.RandomState: _pack_random_state,
}

_UNPACKERS: dict[str, Callable[[Any], Any]] = {
    "integer": lambda plain: int(plain, 16),
    "complex": lambda plain: complex(*plain),
    "slice": lambda plain: slice(*plain),
    "range": lambda plain: range(*plain),
    "number": _number,
    "dtype": to_dtype,
    "class": find,
    "function": find,
    "member": _member,
    "partial": _partial,
    "method": _method,
    "bits": _bits,
    "random": _random,
    "generator": np.random.Generator,
    "random_state": _random_state,
    "torch.generator": _torch_generator,
    "torch.device": _torch_device,
    "torch.dtype": torch_dtype,
    "torch.size": _torch_size,
}
