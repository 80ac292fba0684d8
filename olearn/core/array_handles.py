"""A handle read as the named tuple of arrays that it was made of, see `handles`.

Inside of kernels it is passed on as one address, where a named tuple of nine arrays is sixty
numbers, which every function that takes it unpacks anew, in the compiler and at each call.

References are not counted, so the owner of the arrays must live as long as the kernel runs.
"""

import ctypes
from typing import Any, NamedTuple

import numpy as np
from numba import carray, from_dtype  # type: ignore[attr-defined]
from numba.core import cgutils, config, imputils, types
from numba.core.datamodel import models
from numba.core.datamodel.registry import register_default
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic, lower_getattr_generic
from numba.np.arrayobj import populate_array
from numpy.typing import DTypeLike, NDArray

_ENTRIES = 4  # of a row: address, then up to three sizes


class Field(NamedTuple):
    """Type of one array of a handle; a size of None is read from the handle."""

    dtype: DTypeLike
    sizes: tuple[int | None, ...]


def reader(kind: Any, fields: dict[str, Field]) -> Any:
    """Return the function that kernels call to get at the arrays of a handle.

    Parameters
    ----------
    kind
        The named tuple.
    fields
        Type of each of its arrays, in the same order.

    """
    if tuple(fields) != kind._fields:
        raise ValueError(f"fields must be those of {kind.__name__}, got {tuple(fields)}")
    if config.DISABLE_JIT:  # type: ignore[attr-defined]
        return lambda handle: kind(*map(_view, handle.tolist(), fields.values()))
    result = _Handle(kind.__name__, fields)

    @intrinsic
    def at(typingctx: Any, handle: Any) -> Any:
        return result(handle), _address

    return at


def _view(row: list[int], field: Field) -> NDArray[Any]:
    known = zip(row[1:], field.sizes, strict=False)
    shape = tuple(read if size is None else size for read, size in known)
    return carray(ctypes.c_void_p(row[0]), shape, np.dtype(field.dtype))


class _Handle(types.Type):
    """Numba's type of a handle inside of kernels; an attribute is one of the arrays."""

    def __init__(self, name: str, fields: dict[str, Field]) -> None:
        super().__init__(name=f"Handle({name}, {fields})")
        self.sizes = {name: field.sizes for name, field in fields.items()}
        self.arrays = {
            name: types.Array(from_dtype(np.dtype(field.dtype)), len(field.sizes), "C")
            for name, field in fields.items()
        }


@register_default(_Handle)
class _HandleModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, cgutils.intp_t.as_pointer())  # type: ignore[no-untyped-call]


@infer_getattr
class _HandleAttributes(AttributeTemplate):
    key = _Handle

    def generic_resolve(self, handle: Any, name: str) -> Any:  # type: ignore[override]
        return handle.arrays.get(name)


def _address(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return context.make_array(signature.args[0])(context, builder, args[0]).data


@lower_getattr_generic(_Handle)  # type: ignore[untyped-decorator]
def _array(context: Any, builder: Any, handle: _Handle, value: Any, name: str) -> Any:
    kind = handle.arrays[name]
    begin = list(handle.arrays).index(name) * _ENTRIES
    constant = builder.module.add_metadata([])

    def read(entry: int) -> Any:
        number = builder.load(builder.gep(value, [cgutils.intp_t(begin + entry)]))
        # a handle does not change while a kernel runs: what was read need not be read again
        number.set_metadata("invariant.load", constant)
        return number

    shape = [
        read(1 + k) if size is None else cgutils.intp_t(size)
        for k, size in enumerate(handle.sizes[name])
    ]
    width = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    strides = [cgutils.intp_t(width)]
    for size in shape[:0:-1]:
        strides.insert(0, builder.mul(strides[0], size, flags=["nsw"]))
    array = context.make_array(kind)(context, builder)
    data = builder.inttoptr(read(0), array.data.type)
    populate_array(array, data, shape, strides, width, meminfo=None)
    return imputils.impl_ret_untracked(context, builder, kind, array._getvalue())
