"""A state out of the steps and arrays of `writer`, without running code from them."""

import collections
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from olearn.core.types import AnyArray
from olearn.persist.classes import CALLED, find_class, name_of
from olearn.persist.values import to_dtype, torch_dtype, unpack


class Reader:
    """Makes values of steps and arrays.

    Parameters
    ----------
    steps, arrays
        As `Writer` gives them.
    reuse
        Objects, by the number of their step, whose state is replaced instead of making new ones.

    """

    def __init__(
        self, steps: Any, arrays: Mapping[str, AnyArray], reuse: Mapping[int, Any] | None = None
    ) -> None:
        self._steps = steps
        self._arrays = arrays
        self._reuse = reuse or {}
        self._made: list[Any] = []

    def read(self) -> dict[str, Any]:
        """Return the dict that was written; steps that make no such dict raise some error."""
        for step in self._steps:
            name, *arguments = step
            if name not in _READ:
                raise ValueError(f"there is no step {name!r}")
            self._made.append(_READ[name](self, *arguments))
        state: Any = self._made[0]
        if type(state) is not dict or "model" not in state:
            raise ValueError("it holds no model")
        return state

    def _get(self, item: Any) -> Any:
        return self._value_at(item[0]) if type(item) is list else item

    def _value_at(self, number: Any) -> Any:
        if not 0 <= number < len(self._made):
            raise ValueError(f"step {len(self._made)} refers to step {number}")
        return self._made[number]

    def _all(self, items: Any) -> list[Any]:
        return [self._get(item) for item in items]

    def _array(self, order: str, described: Any = None, shape: Any = None) -> AnyArray:
        flat = self._arrays[str(len(self._made))]
        if described is not None:
            flat = np.frombuffer(flat.tobytes(), to_dtype(described)).reshape(shape)
        return np.array(flat.T, order="F") if order == "F" else np.array(flat, order="C")

    def _bytes(self) -> bytes:
        return self._arrays[str(len(self._made))].tobytes()

    def _objects(self, shape: Any, items: Any) -> AnyArray:
        flat = np.empty(len(items), dtype=object)
        for i, item in enumerate(self._all(items)):  # one by one: lists among them stay lists
            flat[i] = item
        return flat.reshape(shape).copy()

    def _storage(self, device: str) -> Any:
        import torch

        flat = self._arrays[str(len(self._made))]
        content = torch.empty(len(flat), dtype=torch.uint8, device=device)
        content.copy_(torch.from_numpy(np.array(flat)))
        return content

    def _tensor(self, at: int, kind: str, place: Any, gradient: bool, parameter: bool) -> Any:
        import torch

        content, dtype = self._value_at(at), torch_dtype(kind)
        sizes, strides, offset = place
        last = offset + sum((n - 1) * s for n, s in zip(sizes, strides, strict=True))
        if min([0, offset, *sizes, *strides]) < 0 or (
            0 not in sizes and (last + 1) * dtype.itemsize > len(content)
        ):
            raise ValueError(f"a tensor of sizes {sizes} does not fit into its storage")
        tensor = torch.empty(0, dtype=dtype, device=content.device)
        tensor.set_(content.untyped_storage(), offset, sizes, strides)
        if parameter:
            return torch.nn.Parameter(tensor, requires_grad=gradient)
        return tensor.requires_grad_(gradient)

    def _object(self, name: str, arguments: Any) -> Any:
        cls = find_class(name)
        again = self._reuse.get(len(self._made))
        if again is None:
            return cls.__new__(cls, *self._all(arguments))
        if type(again) is not cls:
            raise ValueError(f"the state is of a {name}, not of a {type(again).__name__}")
        vars(again).clear()
        return again

    def _call(self, name: str, arguments: Any) -> Any:
        if name not in CALLED:
            raise ValueError(f"{name} may not be called")
        return find_class(name)(*self._all(arguments))

    def _fill(self, at: int, items: Any) -> None:
        target, values = self._value_at(at), self._all(items)
        for kind, extend in _EXTEND.items():
            if isinstance(target, kind):
                extend(target, values)
                return
        raise ValueError(f"step {len(self._made)} fills a {type(target).__name__}")

    def _put(self, at: int, pairs: Any) -> None:
        target, values = self._value_at(at), self._all(pairs)
        # dict's own, whatever a subclass makes of it; an ordered one keeps its order beside
        ordered = isinstance(target, collections.OrderedDict)
        put = collections.OrderedDict.__setitem__ if ordered else dict.__setitem__
        for key, value in zip(values[::2], values[1::2], strict=True):
            put(target, key, value)

    def _state(self, at: int, item: Any) -> None:
        target, state = self._value_at(at), self._get(item)
        name_of(type(target))  # only an object of these classes is given a state
        set_state = getattr(type(target), "__setstate__", None)
        if set_state is not None:
            set_state(target, state)
            return
        fields, slots = state if isinstance(state, tuple) else (state, None)
        if fields:
            vars(target).update(fields)
        for name, value in (slots or {}).items():
            if not isinstance(getattr(type(target), name, None), types.MemberDescriptorType):
                raise ValueError(f"{type(target).__name__} has no slot {name!r}")
            object.__setattr__(target, name, value)


_EXTEND: dict[type, Callable[..., None]] = {
    list: list.extend,
    set: set.update,
    collections.deque: collections.deque.extend,
}

_READ: dict[str, Callable[..., Any]] = {
    "list": lambda reader: [],
    "set": lambda reader: set(),
    "dict": lambda reader: {},
    "ordered": lambda reader: collections.OrderedDict(),
    "counter": lambda reader: collections.Counter(),
    "deque": lambda reader, maxlen: collections.deque(maxlen=maxlen),
    "defaultdict": lambda reader, make: collections.defaultdict(reader._get(make)),
    "tuple": lambda reader, items: tuple(reader._all(items)),
    "frozenset": lambda reader, items: frozenset(reader._all(items)),
    "bytes": Reader._bytes,
    "bytearray": lambda reader: bytearray(reader._bytes()),
    "array": Reader._array,
    "objects": Reader._objects,
    "storage": Reader._storage,
    "tensor": Reader._tensor,
    "value": lambda reader, kind, plain: unpack(kind, reader._get(plain)),
    "object": Reader._object,
    "call": Reader._call,
    "fill": Reader._fill,
    "put": Reader._put,
    "state": Reader._state,
}
