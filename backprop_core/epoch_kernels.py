"""Epoch kernels: many steps of a training in one compiled function, without a line of Python in between.

A step of a small network is over in a hundred microseconds, and half of them are Python's, who has to be asked for
each of its twenty operations. Here the steps follow each other as machine code: the rows are fetched, the matrix
products are called in the library that numpy calls, and the loops of `kernels` do the rest.

`steps` is `Step.__call__`, again and again, in the same order: forward through `Dense` and `Activate`, the loss, the
way back, penalties, clipping, the update. Each loop names the function that it repeats.
"""

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from backprop_core.kernels import (
    _adam,
    _add_bias_and_relu,
    _add_penalty,
    _relu_derivative_and_sum,
    _sgd,
    _softmax_cross_entropy,
    kernel,
)

ROW_MAJOR, AS_IT_IS, TRANSPOSED = 101, 111, 112
RELU, TANH, LOGISTIC, IDENTITY = range(4)


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


@intrinsic
def _matrix(typing, flat, start, n, k):
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


_gemm_wide, _gemm_narrow = _gemm_of(64), _gemm_of(32)


@kernel
def _multiply(gemm, a, a_turned, b, b_turned, out):
    """np.matmul(a or a.T, b or b.T, out=out); `gemm` is (address, whether sizes have 64 bits)."""
    n, k = out.shape
    inner = a.shape[0] if a_turned else a.shape[1]
    number = out.dtype.type
    one, zero = number(1), number(0)
    ta, tb = (TRANSPOSED if a_turned else AS_IT_IS), (TRANSPOSED if b_turned else AS_IT_IS)
    pa, pb, po = np.intp(a.ctypes.data), np.intp(b.ctypes.data), np.intp(out.ctypes.data)
    sizes = np.intp(a.shape[1]), np.intp(b.shape[1]), np.intp(k)
    if gemm[1]:
        _gemm_wide(
            gemm[0], np.intp(ta), np.intp(tb), np.intp(n), np.intp(k), np.intp(inner), one, pa, sizes[0], pb, sizes[1],
            zero, po, sizes[2],
        )  # fmt: skip
    else:
        _gemm_narrow(
            gemm[0], np.intp(ta), np.intp(tb), np.intp(n), np.intp(k), np.intp(inner), one, pa, sizes[0], pb, sizes[1],
            zero, po, sizes[2],
        )  # fmt: skip


@kernel
def _add_bias_and_activate(z, b, gate):
    """`Dense`'s bias and `activations.relu`, `tanh`, `logistic` or `identity`, in place."""
    if gate == RELU:
        _add_bias_and_relu(z, b)
        return
    n, k = z.shape
    half = z.dtype.type(0.5)
    for i in range(n):
        for j in range(k):
            a = z[i, j] + b[j]
            if gate == TANH:
                a = np.tanh(a)
            elif gate == LOGISTIC:
                a = half * np.tanh(half * a) + half
            z[i, j] = a


@kernel
def _derivative_and_sum(a, da, db, gate):
    """The derivatives of these activations, in place of `da`, and the gradient of `Dense`'s bias."""
    if gate == RELU:
        _relu_derivative_and_sum(a, da, db)
        return
    n, k = a.shape
    one = a.dtype.type(1)
    db[:] = 0
    for i in range(n):
        for j in range(k):
            if gate == TANH:
                da[i, j] *= one - a[i, j] * a[i, j]
            elif gate == LOGISTIC:
                da[i, j] *= a[i, j] * (one - a[i, j])
            db[j] += da[i, j]


@kernel
def _clip(grads, clip_value, clip_norm):
    """`clip_by_value`, then `clip_by_global_norm`; 0 stands for no limit. Returns whether anything was clipped."""
    clipped, number = False, grads.dtype.type
    if clip_value > 0:
        largest = number(0)
        for i in range(grads.size):
            size = abs(grads[i])
            if not size <= largest:  # so put, NaN is found
                largest = size
                if not math.isfinite(size):
                    break
        if largest > clip_value and math.isfinite(largest):
            limit, clipped = number(clip_value), True
            for i in range(grads.size):
                grads[i] = min(max(grads[i], -limit), limit)
    if clip_norm > 0:
        square = 0.0
        for i in range(grads.size):
            square += np.float64(grads[i]) * np.float64(grads[i])
        norm = math.sqrt(square)
        if norm > clip_norm and math.isfinite(norm):
            scale, clipped = number(clip_norm / norm), True
            for i in range(grads.size):
                grads[i] *= scale
    return clipped


@kernel
def steps(
    X, target, order, batch_size, first, last, begins, widths, gates, params, grads, activations, errors, true,
    memories, rule, rates, keeps, limits, smoothing, gemm, losses, clipped,
):  # fmt: skip
    """Take the steps from `first` up to `last` of an epoch, and return how many were taken.

    It stops before a step whose loss is not finite.

    Parameters
    ----------
    X, target, order : the rows, their classes (int64), and the order in which they are seen (int64)
    widths, gates : int64 ndarray, numbers of units from input to output, and the activation behind each dense layer
    params, grads : flat, as in `ParameterVector`: the weights of all layers, then their biases
    activations, errors : ndarray [shape=(batch_size * the sum of widths,)], memory to work in
    true : int64 ndarray [shape=(batch_size,)], the same for the batch's classes
    memories : two flat arrays: Adam's m and v, or SGD's velocity, twice
    rule : (0 for Adam or 1 for SGD, its five numbers, and whether Nesterov's, 0 or 1), of the network's dtype
    rates, keeps : ndarray [shape=(n_steps,)]
        For each step from `begins` on its rate, and what decay keeps of the weights.
    limits : (alpha, l1, clip_value, clip_norm), float64
    gemm : (address, whether sizes have 64 bits)
    losses, clipped : ndarray [shape=(n_steps,)], to be filled
    """
    number, n_layers = params.dtype.type, len(gates)
    n_weights = 0
    for layer in range(n_layers):
        n_weights += widths[layer] * widths[layer + 1]
    everything = slice(0, params.size)
    for step in range(first, last):
        begin = step * batch_size
        n = min(batch_size, len(order) - begin)
        x = _matrix(activations, 0, n, widths[0])
        for i in range(n):  # `batches`
            row = order[begin + i]
            for j in range(widths[0]):
                x[i, j] = X[row, j]

        a, w_at, b_at, a_at = x, 0, n_weights, n * widths[0]
        for layer in range(n_layers):
            fan_in, fan_out = widths[layer], widths[layer + 1]
            W = _matrix(params, w_at, fan_in, fan_out)
            z = _matrix(activations, a_at, n, fan_out)
            _multiply(gemm, a, False, W, False, z)
            _add_bias_and_activate(z, params[b_at : b_at + fan_out], gates[layer])
            a, w_at, b_at, a_at = z, w_at + fan_in * fan_out, b_at + fan_out, a_at + n * fan_out

        for i in range(n):
            true[i] = target[order[begin + i]]
        loss = _softmax_cross_entropy(a, true[:n], smoothing, a)
        if not math.isfinite(loss):
            return step - first

        da = a
        for layer in range(n_layers - 1, -1, -1):
            fan_in, fan_out = widths[layer], widths[layer + 1]
            w_at, b_at, a_at = w_at - fan_in * fan_out, b_at - fan_out, a_at - n * fan_out
            out = _matrix(activations, a_at, n, fan_out)
            _derivative_and_sum(out, da, grads[b_at : b_at + fan_out], gates[layer])
            before = _matrix(activations, a_at - n * fan_in, n, fan_in)
            _multiply(gemm, before, True, da, False, _matrix(grads, w_at, fan_in, fan_out))
            if layer:
                W = _matrix(params, w_at, fan_in, fan_out)
                dx = _matrix(errors, a_at - n * fan_in, n, fan_in)
                _multiply(gemm, da, False, W, True, dx)
                da = dx

        alpha, l1, clip_value, clip_norm = limits
        if alpha > 0 or l1 > 0:
            loss += _add_penalty(params[:n_weights], grads[:n_weights], number(alpha / n), number(l1 / n))
        clipped[step - begins] = _clip(grads, clip_value, clip_norm)

        rate, keep = rates[step - begins], keeps[step - begins]
        m, v = memories
        for part in range(2):  # `kernels.move`: weights decay, biases do not
            if keep == 1:
                some, kept = everything, number(1)
                if part:
                    continue
            elif part:
                some, kept = slice(n_weights, params.size), number(1)
            else:
                some, kept = slice(0, n_weights), keep
            which, r1, r2, r3, r4, r5, nesterov = rule
            if which == 0:
                _adam(params[some], grads[some], m[some], v[some], rate, r1, r2, r3, r4, r5, kept)
            else:
                _sgd(params[some], grads[some], m[some], rate, r1, nesterov != 0, kept)
        losses[step - begins] = loss
    return last - first
