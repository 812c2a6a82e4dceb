"""Native calls: functions of other libraries, called from compiled code by their address.

numpy's way to a matrix product is long for a small one: checks of types and shapes, and the question whether to wake
other threads. Compiled code goes straight to `cblas_sgemm` or `cblas_dgemm` of the library that numpy multiplies with.
In the same way it draws random bits from a numpy Generator, and offers its core to others. An address is a number that
Python hands in.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from backprop_core.kernels import part

ROW_MAJOR, AS_IT_IS, TRANSPOSED = 101, 111, 112


def _gemm_of(integer):
    """Return a call of cblas_sgemm or cblas_dgemm at an address; `integer` is what the library takes as a size."""

    @intrinsic
    def gemm(typing, address, a_turned, b_turned, n, k, inner, alpha, a, lda, b, ldb, beta, out, ldo):
        def codegen(context, builder, signature, values):
            number, whole = context.get_value_type(alpha), ir.IntType(integer)
            pointer, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
            array = [pointer, whole]
            kinds = [flag, flag, flag, whole, whole, whole, number, *array, *array, number, *array]
            function = builder.inttoptr(values[0], ir.FunctionType(ir.VoidType(), kinds).as_pointer())
            given = [ir.Constant(ir.IntType(64), ROW_MAJOR), *values[1:]]
            arguments = []
            for value, kind in zip(given, kinds, strict=True):
                if kind is pointer:
                    arguments.append(builder.inttoptr(value, pointer))
                elif kind is number:
                    arguments.append(value)
                else:
                    arguments.append(value if kind == value.type else builder.trunc(value, kind))
            builder.call(function, arguments)
            return context.get_dummy_value()

        size = types.intp
        return types.void(size, size, size, size, size, size, alpha, size, size, size, size, beta, size, size), codegen

    return gemm


_gemm_wide, _gemm_narrow = _gemm_of(64), _gemm_of(32)


@intrinsic
def let_go(typing, address):
    """Call sched_yield, which offers this thread's core to others."""

    def codegen(context, builder, signature, values):
        builder.call(builder.inttoptr(values[0], ir.FunctionType(ir.IntType(32), []).as_pointer()), [])
        return context.get_dummy_value()

    return types.void(types.intp), codegen


@intrinsic
def next_uint32(typing, address, state):
    """Call next_uint32 of a numpy BitGenerator (its attribute `ctypes` has both addresses) and return 32 bits."""

    def codegen(context, builder, signature, values):
        pointer = ir.IntType(8).as_pointer()
        function = builder.inttoptr(values[0], ir.FunctionType(ir.IntType(32), [pointer]).as_pointer())
        return builder.call(function, [builder.inttoptr(values[1], pointer)])

    return types.uint32(types.intp, types.intp), codegen


@intrinsic
def matrix(typing, flat, start, n, k):
    """flat[start : start + n * k].reshape(n, k); numba's own reshape is a function of its library, and needs it."""
    kind = types.Array(flat.dtype, 2, "C")

    def codegen(context, builder, signature, values):
        given = context.make_array(signature.args[0])(context, builder, values[0])
        view = context.make_array(kind)(context, builder)
        data, size = builder.gep(given.data, [values[1]]), given.itemsize
        shape, strides = values[2:], [builder.mul(values[3], size), size]
        populate_array(view, data=data, shape=shape, strides=strides, itemsize=size, meminfo=None)
        return view._getvalue()

    return kind(flat, types.intp, types.intp, types.intp), codegen


@part
def multiply(gemm, a, a_turned, b, b_turned, out):
    """np.matmul(a or a.T, b or b.T, out=out) of matrices whose rows are contiguous.

    `gemm` is (address, whether sizes have 64 bits).
    """
    n, k = out.shape
    inner = a.shape[0] if a_turned else a.shape[1]
    if n == 0 or k == 0:
        return
    number = out.dtype.type
    one, zero = number(1), number(0)
    ta, tb = np.intp(TRANSPOSED if a_turned else AS_IT_IS), np.intp(TRANSPOSED if b_turned else AS_IT_IS)
    pa, pb, po = np.intp(a.ctypes.data), np.intp(b.ctypes.data), np.intp(out.ctypes.data)
    wa, wb, wo = a.strides[0] // a.itemsize, b.strides[0] // b.itemsize, out.strides[0] // out.itemsize
    sizes = np.intp(n), np.intp(k), np.intp(inner)
    if gemm[1]:
        _gemm_wide(gemm[0], ta, tb, sizes[0], sizes[1], sizes[2], one, pa, wa, pb, wb, zero, po, wo)
    else:
        _gemm_narrow(gemm[0], ta, tb, sizes[0], sizes[1], sizes[2], one, pa, wa, pb, wb, zero, po, wo)
