"""A state as a list of plain steps and arrays, and back, without running code from the list.

A step makes one value or fills one that was made before; it refers to values by the number of the
step that made them, written `[number]`. So shared objects stay shared, objects that refer to each
other are made, and neither way recurses. What an object consists of is what it gives to pickle:
`__getstate__`, `__setstate__`, `__getnewargs__`. There are these steps::

    ["list"] ["set"] ["dict"] ["ordered"] ["counter"]   empty
    ["deque", maxlen] ["defaultdict", factory]           empty
    ["tuple", [...]] ["frozenset", [...]]                whole
    ["bytes"] ["bytearray"] ["array", order, dtype, shape] ["objects", shape, [...]]
    ["storage", device] ["tensor", storage, dtype, [size, stride, offset], gradient, parameter]
    ["value", kind, plain]                               see `_state_values`
    ["object", class, [arguments of __new__]]            without a state
    ["call", class, [arguments]]                         of the few classes that need it
    ["fill", number, [items]] ["put", number, [key, value, ...]] ["state", number, state]
"""

import collections
import copyreg
import sys
import types
from collections.abc import Callable, Generator, Mapping
from typing import Any

import numpy as np
from numpy.lib.format import dtype_to_descr
from numpy.typing import NDArray

from olearn._state_classes import find_class, name_of
from olearn._state_values import pack, to_dtype, torch_dtype, unpack

Array = NDArray[Any]
Steps = Generator[Any, Any, Any]

_INLINE = (type(None), bool, float, str)
_LARGE = 1 << 1000  # Python refuses to print integers of more than 4300 digits
_NATIVE = {np.dtype(code) for code in ("?", "b", "B", "h", "H", "i", "I", "q", "Q", "e", "f", "d")}
# classes that make their copies by calling themselves with plain arguments
_CALLED = ("river._river_rust.vectordict:VectorDict",)
_IN_PROGRESS = -1
_UNKNOWN = object()


class Writer:
    """Turns values into steps and arrays.

    Attributes
    ----------
    steps
        The steps, plain enough for JSON.
    arrays
        Arrays by the number of the step that they belong to.

    """

    def __init__(self) -> None:
        self.steps: list[list[Any]] = []
        self.arrays: dict[str, Array] = {}
        self._number: dict[int, int] = {}  # by the identity of a value
        self._alive: list[Any] = []  # so that no identity is used again
        self._storages: dict[int, int] = {}

    def write(self, state: dict[str, Any]) -> None:
        """Add the steps that make a dict, and all that is in it; its own is the first of them."""
        work: list[tuple[Steps, Any]] = [(self._open(state), state)]
        answer: Any = None
        try:
            while work:
                try:
                    child = work[-1][0].send(answer)
                except StopIteration as end:
                    answer = end.value
                    work.pop()
                    continue
                answer = self._shortcut(child)
                if answer is _UNKNOWN:
                    work.append((self._open(child), child))
                    answer = None
        except TypeError as error:
            owners = [type(v).__name__ for _, v in work if _is_ours(v)]
            raise TypeError(f"{error} (in {' > '.join(owners)})") from error

    def number_of(self, value: Any) -> int:
        """Return the number of the step that makes a value which was written."""
        return self._number[id(value)]

    def _shortcut(self, value: Any) -> Any:
        if _is_inline(value):
            return value
        number = self._number.get(id(value))
        if number is None:
            return _UNKNOWN
        if number == _IN_PROGRESS:
            raise TypeError(f"cannot save a {type(value).__name__} that holds itself")
        return [number]

    def _add(self, value: Any, *step: Any) -> list[int]:
        self._number[id(value)] = len(self.steps)
        self._alive.append(value)
        self.steps.append([*step])
        return [len(self.steps) - 1]

    def _open(self, value: Any) -> Steps:
        """Choose how to write a value that is neither inline nor known."""
        kind = type(value)
        if kind in (tuple, frozenset):
            return self._whole(value)
        if kind in _EMPTY:
            return self._container(value)
        if kind in (bytes, bytearray):
            return self._bytes(value)
        if kind is np.ndarray:
            return self._array(value)
        if "torch" in sys.modules and isinstance(value, sys.modules["torch"].Tensor):
            return self._tensor(value)
        packed = pack(value)
        return self._object(value) if packed is None else self._value(value, *packed)

    def _items(self, values: Any) -> Steps:
        items = []
        for value in values:
            items.append(value if _is_inline(value) else (yield value))
        return items

    def _whole(self, value: Any) -> Steps:
        self._number[id(value)] = _IN_PROGRESS
        items = yield from self._items(value)
        return self._add(value, type(value).__name__, items)

    def _container(self, value: Any) -> Steps:
        kind, options = _EMPTY[type(value)], []
        if isinstance(value, collections.deque):
            options = [value.maxlen]
        elif isinstance(value, collections.defaultdict):
            options = yield from self._items([value.default_factory])
        at = self._add(value, kind, *options)
        yield from self._content(at, value)
        return at

    def _content(self, at: list[int], value: Any) -> Steps:
        if not value:
            return
        if isinstance(value, dict):
            pairs = yield from self._items(item for pair in value.items() for item in pair)
            self.steps.append(["put", at[0], pairs])
        else:
            items = yield from self._items(value)
            self.steps.append(["fill", at[0], items])

    def _bytes(self, value: bytes | bytearray) -> Steps:
        yield from ()
        at = self._add(value, type(value).__name__)
        self.arrays[str(at[0])] = np.frombuffer(bytes(value), np.uint8)
        return at

    def _array(self, value: Array) -> Steps:
        if value.dtype == object:
            self._number[id(value)] = _IN_PROGRESS
            items = yield from self._items(value.ravel().tolist())
            return self._add(value, "objects", list(value.shape), items)
        fortran = value.flags.f_contiguous and not value.flags.c_contiguous
        flat = np.ascontiguousarray(value.T if fortran else value)
        flat = flat.reshape(value.shape[::-1] if fortran else value.shape)  # 0-d stays 0-d
        order = "F" if fortran else "C"
        if value.dtype in _NATIVE:
            at = self._add(value, "array", order)
        else:  # as bytes: safetensors knows no texts, dates, records
            to_dtype(described := dtype_to_descr(value.dtype))
            at = self._add(value, "array", order, described, list(flat.shape))
            flat = np.frombuffer(flat.tobytes(), np.uint8)
        self.arrays[str(at[0])] = flat
        return at

    def _tensor(self, value: Any) -> Steps:
        import torch

        yield from ()
        parameter = type(value) is torch.nn.Parameter
        if not parameter and type(value) is not torch.Tensor:
            raise TypeError(f"cannot save a tensor of class {type(value).__name__}")
        if value.layout is not torch.strided or value.is_quantized:
            raise TypeError(f"cannot save a tensor of layout {value.layout}")
        storage = value.untyped_storage()
        at = self._storages.get(storage._cdata)
        if at is None:
            at = self._add(storage, "storage", str(value.device))[0]
            content = torch.empty(0, dtype=torch.uint8, device=value.device).set_(storage)
            self.arrays[str(at)] = content.cpu().numpy()
            self._storages[storage._cdata] = at
        place = [list(value.size()), list(value.stride()), value.storage_offset()]
        return self._add(
            value, "tensor", at, str(value.dtype), place, value.requires_grad, parameter
        )

    def _value(self, value: Any, kind: str, plain: Any) -> Steps:
        self._number[id(value)] = _IN_PROGRESS
        (item,) = yield from self._items([plain])
        return self._add(value, "value", kind, item)

    def _object(self, value: Any) -> Steps:
        cls = type(value)
        name = name_of(cls)
        try:
            make, given, *rest = value.__reduce_ex__(2)
        except (TypeError, ValueError) as error:
            raise TypeError(f"cannot save a {name}: {error}") from error
        if make is copyreg.__newobj__ and given[0] is cls:  # type: ignore[attr-defined]
            how, given = "object", given[1:]
        elif make is cls and name in _CALLED:
            how = "call"
        else:
            raise TypeError(f"cannot save a {name}: its state cannot be had without running code")
        self._number[id(value)] = _IN_PROGRESS
        arguments = yield from self._items(given)
        at = self._add(value, how, name, arguments)
        state, items, pairs = (*rest, None, None, None)[:3]
        if state is not None:
            (item,) = yield from self._items([state])
            self.steps.append(["state", at[0], item])
        if items is not None or pairs is not None:
            yield from self._content(at, value)
        return at


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
        self, steps: Any, arrays: Mapping[str, Array], reuse: Mapping[int, Any] | None = None
    ) -> None:
        self._steps = steps
        self._arrays = arrays
        self._reuse = reuse or {}
        self._made: list[Any] = []

    def read(self) -> dict[str, Any]:
        """Return the dict that was written; a list of steps that makes none raises some error."""
        for step in self._steps:
            name, *arguments = step
            self._made.append(_READ[name](self, *arguments))
        state: dict[str, Any] = self._made[0]
        return state

    def _get(self, item: Any) -> Any:
        return self._value_at(item[0]) if type(item) is list else item

    def _value_at(self, number: Any) -> Any:
        if not 0 <= number < len(self._made):
            raise ValueError(f"step {len(self._made)} refers to step {number}")
        return self._made[number]

    def _all(self, items: Any) -> list[Any]:
        return [self._get(item) for item in items]

    def _array(self, order: str, described: Any = None, shape: Any = None) -> Array:
        flat = self._arrays[str(len(self._made))]
        if described is not None:
            flat = np.frombuffer(flat.tobytes(), to_dtype(described)).reshape(shape)
        return np.array(flat.T, order="F") if order == "F" else np.array(flat, order="C")

    def _bytes(self) -> bytes:
        return self._arrays[str(len(self._made))].tobytes()

    def _objects(self, shape: Any, items: Any) -> Array:
        flat = np.empty(len(items), dtype=object)
        flat[:] = self._all(items)
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
        if name not in _CALLED:
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


def _is_inline(value: Any) -> bool:
    return type(value) in _INLINE or (type(value) is int and -_LARGE < value < _LARGE)


def _is_ours(value: Any) -> bool:
    return type(value).__module__.split(".")[0] in ("olearn", "river")


_EMPTY: dict[type, str] = {
    list: "list",
    set: "set",
    dict: "dict",
    collections.OrderedDict: "ordered",
    collections.Counter: "counter",
    collections.deque: "deque",
    collections.defaultdict: "defaultdict",
}

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
