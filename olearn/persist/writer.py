"""A state as a list of plain steps and arrays, which `reader` turns into the state again.

A step makes one value or fills one that was made before; it refers to values by the number of the
step that made them, written `[number]`. So shared objects stay shared, objects that refer to each
other are made, and neither way recurses. What an object consists of is what it gives to pickle:
`__getstate__`, `__setstate__`, `__getnewargs__`. There are these steps::

    ["list"] ["set"] ["dict"] ["ordered"] ["counter"]   empty
    ["deque", maxlen] ["defaultdict", factory]           empty
    ["tuple", [...]] ["frozenset", [...]]                whole
    ["bytes"] ["bytearray"] ["array", order, dtype, shape] ["objects", shape, [...]]
    ["storage", device] ["tensor", storage, dtype, [size, stride, offset], gradient, parameter]
    ["value", kind, plain]                               see `values`
    ["object", class, [arguments of __new__]]            without a state
    ["call", class, [arguments]]                         of the few classes that need it
    ["fill", number, [items]] ["put", number, [key, value, ...]] ["state", number, state]
"""

import collections
import contextlib
import copyreg
import sys
from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.lib.format import dtype_to_descr

from olearn.core.locked import Locked
from olearn.core.types import AnyArray
from olearn.persist.classes import CALLED, name_of
from olearn.persist.values import pack, to_dtype

Steps = Generator[Any, Any, Any]

_INLINE = (type(None), bool, float, str)
_LARGE = 1 << 1000  # Python refuses to print integers of more than 4300 digits
_NATIVE = {np.dtype(code) for code in ("?", "b", "B", "h", "H", "i", "I", "q", "Q", "e", "f", "d")}
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
    held
        The locks of the models written, to be left when `arrays` have been read.

    """

    def __init__(self) -> None:
        self.steps: list[list[Any]] = []
        self.arrays: dict[str, AnyArray] = {}
        self._number: dict[int, int] = {}  # by the identity of a value
        self._alive: list[Any] = []  # so that no identity is used again
        self._storages: dict[int, int] = {}
        self.held = contextlib.ExitStack()

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
            owners = [type(value).__name__ for _, value in work if _is_ours(value)]
            place = f" (in {' > '.join(owners)})" if owners else ""
            raise TypeError(f"{error}{place}") from error

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
        items = yield from self._items(_in_order(value))
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
            items = yield from self._items(_in_order(value))
            self.steps.append(["fill", at[0], items])

    def _bytes(self, value: bytes | bytearray) -> Steps:
        yield from ()
        at = self._add(value, type(value).__name__)
        self.arrays[str(at[0])] = np.frombuffer(bytes(value), np.uint8)
        return at

    def _array(self, value: AnyArray) -> Steps:
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

    def _reduced(self, value: Any) -> Any:
        if not isinstance(value, Locked):
            return value.__reduce_ex__(2)
        self.held.enter_context(value._lock)
        return copyreg.__newobj__, (type(value),), value.__getstate__()  # type: ignore[attr-defined]

    def _object(self, value: Any) -> Steps:
        cls = type(value)
        name = name_of(cls)
        try:
            make, given, *rest = self._reduced(value)
        except (TypeError, ValueError) as error:
            raise TypeError(f"cannot save a {name}: {error}") from error
        if make is copyreg.__newobj__ and given[0] is cls:  # type: ignore[attr-defined]
            how, given = "object", given[1:]
        elif make is cls and name in CALLED:
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


def _in_order(values: Any) -> Any:
    """Return the values of a set in an order that does not depend on the process."""
    if not isinstance(values, set | frozenset):
        return values
    return sorted(values, key=lambda value: (type(value).__name__, repr(value)))


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
