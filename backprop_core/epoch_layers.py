"""Epoch layers: the work of each layer in a compiled epoch, on one thread's part of a batch.

Every part has some of the columns of each layer, from `lo` up to `hi`, and the rows of W that these are multiplied by:
no weight is needed by two cores, but what a dense layer's parts give has to be added up. Only layer normalisation and
the loss, which need whole rows, are shared out by rows.

Each function names the one that it repeats. Columns are counted by unsigned numbers: of others, numba would have to ask
at each place whether it is counted from the end.
"""

import math

import numpy as np

from backprop_core.activations import INV_SQRT_2PI, LEAK, SQRT_HALF
from backprop_core.epoch_plan import (
    AT_BITS,
    DROPOUT,
    ELU,
    FAN_IN,
    GELU,
    IDENTITY,
    KIND,
    LEAKY_RELU,
    LOGISTIC,
    RELU,
    SILU,
    SOFTPLUS,
    TANH,
)
from backprop_core.kernels import _add_bias_and_relu, _layer_norm, _relu_derivative_and_sum, normal_cdf, part
from backprop_core.native_calls import next_uint32


@part
def part_of(width, worker, workers):
    """The columns of a thread: (lo, hi), multiples of 16, since two threads must not write to one line of the cache."""
    lo = min(width, (worker * width // workers + 8) // 16 * 16)
    hi = width if worker == workers - 1 else min(width, ((worker + 1) * width // workers + 8) // 16 * 16)
    return lo, hi


@part
def add_bias_and_activate(z, b, gate, lo, hi):
    """`Dense`'s bias and the activation behind it, in place; one that does not need its input later."""
    if gate == RELU:
        _add_bias_and_relu(z, b, lo, hi)
        return
    for i in range(len(z)):
        for j in range(np.uintp(lo), np.uintp(hi)):
            z[i, j] = _activated(z[i, j] + b[j], gate, z)


@part
def derivative_and_sum(a, da, db, gate, lo, hi):
    """The derivatives of these activations, in place of `da`, and the gradient of `Dense`'s bias."""
    if gate == RELU:
        _relu_derivative_and_sum(a, da, db, lo, hi)
        return
    db[lo:hi] = 0
    derivative(a, a, da, gate, lo, hi)
    for i in range(len(a)):
        for j in range(np.uintp(lo), np.uintp(hi)):
            db[j] += da[i, j]


@part
def activate(x, a, gate, lo, hi):
    """`Activate.forward`."""
    for i in range(len(x)):
        for j in range(np.uintp(lo), np.uintp(hi)):
            a[i, j] = _activated(x[i, j], gate, x)


@part
def derivative(x, a, da, gate, lo, hi):
    """`Activate.backward`, in place of `da`; x may be `a` again, but for the gates that need their input."""
    if gate == IDENTITY:
        return
    for i in range(len(a)):
        for j in range(np.uintp(lo), np.uintp(hi)):
            da[i, j] *= _slope(x[i, j], a[i, j], gate, a)


@part
def _activated(z, gate, like):
    """The function of `activations` that a gate stands for, of one number of the array `like`."""
    number = like.dtype.type
    zero, half = number(0), number(0.5)
    if gate == RELU:
        return zero if z <= zero else z  # so put, NaN stays NaN
    if gate == TANH:
        return np.tanh(z)
    if gate == LOGISTIC:
        return half * np.tanh(half * z) + half
    if gate == LEAKY_RELU:
        return z * number(LEAK) if z <= zero else z
    if gate == SOFTPLUS:
        return np.log1p(np.exp(-abs(z))) + (zero if z <= zero else z)
    if gate == ELU:
        return np.expm1(z) if z <= zero else z
    if gate == SILU:
        return z * (half * np.tanh(half * z) + half)
    if gate == GELU:
        return z * _normal_cdf(z, like)
    return z


@part
def _slope(z, a, gate, like):
    """Its derivative, where z is its input and `a` its output."""
    number = like.dtype.type
    zero, one, half = number(0), number(1), number(0.5)
    if gate == RELU:
        return one if a > zero else zero
    if gate == TANH:
        return one - a * a
    if gate == LOGISTIC:
        return a * (one - a)
    if gate == LEAKY_RELU:
        return one if a > zero else number(LEAK)
    if gate == SOFTPLUS:
        return -np.expm1(-a)
    if gate == ELU:
        return one if a > zero else a + one
    if gate == SILU:
        s = half * np.tanh(half * z) + half
        return s + a * (one - s)
    if gate == GELU:
        return _normal_cdf(z, like) + z * number(INV_SQRT_2PI) * np.exp(-half * z * z)
    return one


@part
def _normal_cdf(z, like):
    """`activations._normal_cdf`, whose float32 has a polynomial of its own."""
    if like.itemsize == 4:
        return like.dtype.type(normal_cdf(z))
    return like.dtype.type((1 + math.erf(z * SQRT_HALF)) / 2)


@part
def draw(table, bits, n, source):
    """Draw what each `Dropout` decides by in a step of n rows, 16 bits a number, as its `rng.bytes` would."""
    for op in range(len(table)):
        if table[op, KIND] == DROPOUT:
            begin = table[op, AT_BITS]
            for i in range((n * table[op, FAN_IN] + 1) // 2):
                two = next_uint32(source[0], source[1])
                bits[begin + 2 * i] = two & np.uint32(0xFFFF)
                bits[begin + 2 * i + 1] = two >> np.uint32(16)


@part
def drop(x, bits, at, rate, y, lo, hi):
    """`Dropout.forward`, and its backward function where x and y are the same error."""
    n, k = x.shape
    number, limit = x.dtype.type, np.int64(np.rint(rate * 65536))
    zero, kept = number(0), number(1 / (1 - rate))
    for i in range(n):
        drawn = bits[at + i * k : at + (i + 1) * k]
        for j in range(np.uintp(lo), np.uintp(hi)):
            y[i, j] = x[i, j] * (zero if np.int64(drawn[j]) < limit else kept)


@part
def batch_norm(x, gamma, beta, running_mean, running_var, eps, momentum, xhat, inv_std, y, lo, hi):
    """`BatchNorm.forward` in training."""
    n, number = len(x), x.dtype.type
    if n == 1:
        for j in range(np.uintp(lo), np.uintp(hi)):
            inv_std[j] = number(1) / np.sqrt(running_var[j] + number(eps))
            xhat[0, j] = (x[0, j] - running_mean[j]) * inv_std[j]
            y[0, j] = gamma[j] * xhat[0, j] + beta[j]
        return
    share, moving = number(1 / n), number(momentum)
    mean = inv_std  # until the mean has been used
    mean[lo:hi] = 0
    for i in range(n):
        for j in range(np.uintp(lo), np.uintp(hi)):
            mean[j] += x[i, j]
    for j in range(np.uintp(lo), np.uintp(hi)):
        mean[j] *= share
        running_mean[j] += moving * (mean[j] - running_mean[j])
    for i in range(n):
        for j in range(np.uintp(lo), np.uintp(hi)):
            xhat[i, j] = x[i, j] - mean[j]
    var = inv_std
    var[lo:hi] = 0
    for i in range(n):
        for j in range(np.uintp(lo), np.uintp(hi)):
            var[j] += xhat[i, j] * xhat[i, j]
    unbiased = number(n / (n - 1))
    for j in range(np.uintp(lo), np.uintp(hi)):
        square = var[j] * share
        running_var[j] += moving * (square * unbiased - running_var[j])
        inv_std[j] = number(1) / np.sqrt(square + number(eps))
    for i in range(n):
        for j in range(np.uintp(lo), np.uintp(hi)):
            xhat[i, j] *= inv_std[j]
            y[i, j] = gamma[j] * xhat[i, j] + beta[j]


@part
def scale_and_shift_backward(xhat, gamma, dy, dgamma, dbeta, lo, hi):
    """The gradients of a normalisation's gamma and beta, and dxhat in place of `dy`."""
    dgamma[lo:hi], dbeta[lo:hi] = 0, 0
    for i in range(len(dy)):
        for j in range(np.uintp(lo), np.uintp(hi)):
            dgamma[j] += dy[i, j] * xhat[i, j]
            dbeta[j] += dy[i, j]
            dy[i, j] *= gamma[j]


@part
def batch_norm_backward(xhat, inv_std, gamma, dgamma, dbeta, dx, lo, hi):
    """`standardize_backward` over the rows, in place of dxhat, whose sums are known from gamma's and beta's."""
    n, share = len(dx), dx.dtype.type(1 / len(dx))
    for i in range(n):
        for j in range(np.uintp(lo), np.uintp(hi)):
            error = dx[i, j]
            if n > 1:
                error -= share * gamma[j] * (dbeta[j] + xhat[i, j] * dgamma[j])
            dx[i, j] = error * inv_std[j]


@part
def layer_norm_backward(xhat, inv_std, dx):
    """`standardize_backward` over each row's units, in place of dxhat."""
    n, k = dx.shape
    number = dx.dtype.type
    share = number(1 / k)
    for i in range(n):
        shift, stretch = number(0), number(0)
        for j in range(k):
            shift += dx[i, j]
            stretch += dx[i, j] * xhat[i, j]
        shift, stretch = shift * share, stretch * share
        for j in range(k):
            dx[i, j] = inv_std[i] * (dx[i, j] - shift - xhat[i, j] * stretch)


layer_norm = _layer_norm
