"""Epoch passes: a network's forward and backward passes, one operation of its plan and one part at a time.

`epoch_kernels` calls them for each part, and lets threads meet in between. Each function names the one that it repeats.
"""

import numpy as np

from backprop_core.epoch_layers import (
    activate,
    add_bias_and_activate,
    batch_norm,
    batch_norm_backward,
    derivative,
    derivative_and_sum,
    drop,
    layer_norm,
    layer_norm_backward,
    part_of,
    scale_and_shift_backward,
)
from backprop_core.epoch_plan import (
    AT_BIAS,
    AT_BITS,
    AT_DX,
    AT_DY,
    AT_OUT,
    AT_SPARE,
    AT_STATISTICS,
    AT_WEIGHT,
    AT_X,
    BATCH_NORM,
    CLOSE,
    DENSE,
    DROPOUT,
    FAN_IN,
    FAN_OUT,
    GATE,
    GATED,
    KIND,
    LAYER_NORM,
    OPEN,
)
from backprop_core.kernels import part
from backprop_core.native_calls import matrix, multiply


@part
def rows_of(n, part, parts):
    """The rows of a batch of n that are this part's, where rows are shared out: a slice."""
    return slice(part * n // parts, (part + 1) * n // parts)


@part
def forward(op, part, parts, n, batch_size, plan, vectors, places, gemm):
    """One part of one operation of `Network.forward`; the last one is shared out by rows, as the loss is."""
    table, settings, _first = plan
    params, _grads, statistics, _average = vectors
    values, _errors, bits, _true, _n_bits = places
    row = table[op]
    fan_in, fan_out, w_at, b_at, spare = row[FAN_IN], row[FAN_OUT], row[AT_WEIGHT], row[AT_BIAS], row[AT_SPARE]
    lo, hi = part_of(fan_out, part, parts)
    some = rows_of(n, part, parts)
    x, y = matrix(values, row[AT_X], n, fan_in), matrix(values, row[AT_OUT], n, fan_out)
    weight, bias = params[w_at : w_at + fan_out], params[b_at : b_at + fan_out]
    if row[KIND] == DENSE:
        W = matrix(params, w_at, fan_in, fan_out)
        if op == len(table) - 1:
            multiply(gemm, x[some], False, W, False, y[some])
            add_bias_and_activate(y[some], bias, row[GATED], 0, fan_out)
        elif parts == 1:
            multiply(gemm, x, False, W, False, y)
            add_bias_and_activate(y, bias, row[GATED], lo, hi)
        else:
            begin, end = part_of(fan_in, part, parts)
            z = matrix(values, spare + part * batch_size * fan_out, n, fan_out)
            multiply(gemm, x[:, begin:end], False, W[begin:end], False, z)
    elif row[KIND] == GATE:
        activate(x, y, row[GATED], lo, hi)
    elif row[KIND] == DROPOUT:
        drop(x, bits, row[AT_BITS], settings[op, 0], y, lo, hi)
    elif row[KIND] == BATCH_NORM:
        xhat, inv_std = matrix(values, spare, n, fan_out), values[spare + batch_size * fan_out :]
        at = row[AT_STATISTICS]
        mean, var = statistics[at : at + fan_out], statistics[at + fan_out : at + 2 * fan_out]
        batch_norm(x, weight, bias, mean, var, settings[op, 0], settings[op, 1], xhat, inv_std, y, lo, hi)
    elif row[KIND] == LAYER_NORM:
        xhat, inv_std = matrix(values, spare, n, fan_out), values[spare + batch_size * fan_out :]
        eps = params.dtype.type(settings[op, 0])
        layer_norm(x[some], weight, bias, eps, xhat[some], inv_std[some], y[some])
    elif row[KIND] == CLOSE:
        before = matrix(values, spare, n, fan_out)
        for i in range(n):
            for j in range(np.uintp(lo), np.uintp(hi)):
                y[i, j] = before[i, j] + x[i, j]


@part
def add_up(op, part, parts, n, batch_size, table, vectors, places):
    """The rest of a dense layer: z is the sum of what the parts of x have given; its bias and its activation."""
    row, params, values = table[op], vectors[0], places[0]
    fan_out, spare, b_at = row[FAN_OUT], row[AT_SPARE], row[AT_BIAS]
    lo, hi = part_of(fan_out, part, parts)
    y = matrix(values, row[AT_OUT], n, fan_out)
    for other in range(parts):
        z = matrix(values, spare + other * batch_size * fan_out, n, fan_out)
        for i in range(n):
            for j in range(np.uintp(lo), np.uintp(hi)):
                y[i, j] = z[i, j] if other == 0 else y[i, j] + z[i, j]
    add_bias_and_activate(y, params[b_at : b_at + fan_out], row[GATED], lo, hi)


@part
def backward(op, part, parts, n, batch_size, plan, vectors, places):
    """One part of the way back through one operation, from dy to dx, up to where it needs what other parts compute."""
    table, settings, _first = plan
    params, grads, _statistics, _average = vectors
    values, errors, bits, _true, _n_bits = places
    row = table[op]
    fan_in, fan_out, w_at, b_at, spare = row[FAN_IN], row[FAN_OUT], row[AT_WEIGHT], row[AT_BIAS], row[AT_SPARE]
    lo, hi = part_of(fan_out, part, parts)
    y, dy = matrix(values, row[AT_OUT], n, fan_out), matrix(errors, row[AT_DY], n, fan_out)
    dx, dbias = matrix(errors, row[AT_DX], n, fan_in), grads[b_at : b_at + fan_out]
    weight, dweight = params[w_at : w_at + fan_out], grads[w_at : w_at + fan_out]
    if row[KIND] == DENSE:
        derivative_and_sum(y, dy, dbias, row[GATED], lo, hi)
    elif row[KIND] == GATE:
        derivative(matrix(values, row[AT_X], n, fan_in), y, dy, row[GATED], lo, hi)
    elif row[KIND] == DROPOUT:
        drop(dy, bits, row[AT_BITS], settings[op, 0], dy, lo, hi)
    elif row[KIND] == BATCH_NORM:
        xhat, inv_std = matrix(values, spare, n, fan_out), values[spare + batch_size * fan_out :]
        scale_and_shift_backward(xhat, weight, dy, dweight, dbias, lo, hi)
        batch_norm_backward(xhat, inv_std, weight, dweight, dbias, dy, lo, hi)
    elif row[KIND] == LAYER_NORM:
        scale_and_shift_backward(matrix(values, spare, n, fan_out), weight, dy, dweight, dbias, lo, hi)
    elif row[KIND] == CLOSE:
        for i in range(n):
            for j in range(np.uintp(lo), np.uintp(hi)):
                dx[i, j] = dy[i, j]
    elif row[KIND] == OPEN:
        for i in range(n):
            for j in range(np.uintp(lo), np.uintp(hi)):
                dx[i, j] += dy[i, j]


@part
def backward_together(op, part, parts, n, batch_size, plan, vectors, places, gemm):
    """The rest of it, for which all parts of dy must be there."""
    table, _settings, first = plan
    params, grads, _statistics, _average = vectors
    values, errors, _bits, _true, _n_bits = places
    row = table[op]
    fan_in, fan_out, w_at, spare = row[FAN_IN], row[FAN_OUT], row[AT_WEIGHT], row[AT_SPARE]
    dy = matrix(errors, row[AT_DY], n, fan_out)
    if row[KIND] == DENSE:
        lo, hi = part_of(fan_in, part, parts)
        if op > first:
            W, dx = matrix(params, w_at, fan_in, fan_out), matrix(errors, row[AT_DX], n, fan_in)
            multiply(gemm, dy, False, W[lo:hi], True, dx[:, lo:hi])
        x = matrix(values, row[AT_X], n, fan_in)
        multiply(gemm, x[:, lo:hi], True, dy, False, matrix(grads, w_at, fan_in, fan_out)[lo:hi])
    elif row[KIND] == LAYER_NORM:
        some = rows_of(n, part, parts)
        xhat, inv_std = matrix(values, spare, n, fan_out), values[spare + batch_size * fan_out :]
        layer_norm_backward(xhat[some], inv_std[some], dy[some])
