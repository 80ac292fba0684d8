"""Arrays without reference counts, for compiled loops.

Numba counts references to an array each time a kernel takes it out of a tuple or makes a view of
it, with two atomic operations that cost more than most of what a kernel does with a row. Arrays
that are borrowed are not counted. Whoever calls the kernel must keep their owners alive, and the
kernel must not return them.
"""

import ctypes
from typing import Any

from numba.core import cgutils, config, types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array
from numpy.typing import NDArray

if config.DISABLE_JIT:  # type: ignore[attr-defined]

    def borrowed(value: Any) -> Any:
        """Return an array, or a tuple of arrays, as it is."""
        return value

    def pointer(address: int) -> Any:
        """Return an address as what `numba.carray` takes."""
        return ctypes.c_void_p(int(address))

    def matrix_at(flat: NDArray[Any], begin: int, rows: int, columns: int) -> NDArray[Any]:
        """Return a part of a contiguous array as a matrix."""
        return flat[begin : begin + rows * columns].reshape(rows, columns)

else:

    @intrinsic
    def borrowed(typingctx: Any, value: Any) -> Any:
        """Return an array, or a tuple of arrays, whose references are not counted."""
        return value(value), lambda context, builder, signature, args: _borrow(
            context, builder, value, args[0]
        )

    def _borrow(context: Any, builder: Any, kind: Any, value: Any) -> Any:
        if not isinstance(kind, types.Array):  # a tuple
            parts = [
                _borrow(context, builder, item, builder.extract_value(value, i))
                for i, item in enumerate(kind)
            ]
            return context.make_tuple(builder, kind, parts)
        array = context.make_array(kind)(context, builder, value)
        array.meminfo = array.meminfo.type(None)
        array.parent = array.parent.type(None)
        return array._getvalue()

    @intrinsic
    def pointer(typingctx: Any, address: Any) -> Any:
        """Return an address as what `numba.carray` takes."""
        return types.voidptr(address), lambda context, builder, signature, args: builder.inttoptr(
            args[0], cgutils.voidptr_t
        )

    @intrinsic
    def matrix_at(typingctx: Any, flat: Any, begin: Any, rows: Any, columns: Any) -> Any:
        """Return a part of a contiguous array as a matrix: borrowed, and its sizes unchecked."""
        kind = types.Array(flat.dtype, 2, "C")
        return kind(flat, types.intp, types.intp, types.intp), _matrix

    def _matrix(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        flat = context.make_array(signature.args[0])(context, builder, args[0])
        matrix = context.make_array(signature.return_type)(context, builder)
        width = cgutils.intp_t(
            context.get_abi_sizeof(context.get_data_type(signature.return_type.dtype))
        )
        data = builder.gep(flat.data, [args[1]])
        strides = [builder.mul(args[3], width), width]
        populate_array(matrix, data, args[2:], strides, width, meminfo=None)
        return matrix._getvalue()
