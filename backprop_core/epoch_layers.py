"""Epoch layers: the work of each layer in a compiled epoch, on one thread's part of a batch.

Every part has some of the columns of each layer, from `lo` up to `hi`, and the rows of W that these are multiplied by:
no weight is needed by two cores, but what a dense layer's parts give has to be added up. Only layer normalisation and
the loss, which need whole rows, are shared out by rows.

Each function names the one that it repeats. Columns are counted by unsigned numbers: of others, numba would have to ask
at each place whether it is counted from the end.
"""

import numpy as np

from backprop_core.epoch_plan import AT_BITS, DROPOUT, FAN_IN, IDENTITY, KIND, LOGISTIC, RELU, TANH
from backprop_core.kernels import _add_bias_and_relu, _layer_norm, _relu_derivative_and_sum, part
from backprop_core.native_calls import next_uint32


@part
def part_of(width, worker, workers):
    """The columns of a thread: (lo, hi), multiples of 16, since two threads must not write to one line of the cache."""
    lo = min(width, (worker * width // workers + 8) // 16 * 16)
    hi = width if worker == workers - 1 else min(width, ((worker + 1) * width // workers + 8) // 16 * 16)
    return lo, hi


@part
def add_bias_and_activate(z, b, gate, lo, hi):
    """`Dense`'s bias and `activations.relu`, `tanh`, `logistic` or `identity`, in place."""
    if gate == RELU:
        _add_bias_and_relu(z, b, lo, hi)
        return
    half = z.dtype.type(0.5)
    for i in range(len(z)):
        for j in range(np.uintp(lo), np.uintp(hi)):
            a = z[i, j] + b[j]
            if gate == TANH:
                a = np.tanh(a)
            elif gate == LOGISTIC:
                a = half * np.tanh(half * a) + half
            z[i, j] = a


@part
def derivative_and_sum(a, da, db, gate, lo, hi):
    """The derivatives of these activations, in place of `da`, and the gradient of `Dense`'s bias."""
    if gate == RELU:
        _relu_derivative_and_sum(a, da, db, lo, hi)
        return
    db[lo:hi] = 0
    derivative(a, da, gate, lo, hi)
    for i in range(len(a)):
        for j in range(np.uintp(lo), np.uintp(hi)):
            db[j] += da[i, j]


@part
def activate(x, a, gate, lo, hi):
    """`Activate.forward` of these activations."""
    half, zero = x.dtype.type(0.5), x.dtype.type(0)
    for i in range(len(x)):
        for j in range(np.uintp(lo), np.uintp(hi)):
            z = x[i, j]
            if gate == RELU:
                z = zero if z <= zero else z  # so put, NaN stays NaN
            elif gate == TANH:
                z = np.tanh(z)
            elif gate == LOGISTIC:
                z = half * np.tanh(half * z) + half
            a[i, j] = z


@part
def derivative(a, da, gate, lo, hi):
    """The derivatives of these activations, in place of `da`."""
    if gate == IDENTITY:
        return
    zero, one = a.dtype.type(0), a.dtype.type(1)
    for i in range(len(a)):
        for j in range(np.uintp(lo), np.uintp(hi)):
            y = a[i, j]
            if gate == RELU:
                da[i, j] = da[i, j] if y > zero else zero
            elif gate == TANH:
                da[i, j] *= one - y * y
            else:
                da[i, j] *= y * (one - y)


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
