"""Kernels: the loops of a training step that are faster when they are compiled.

numpy works through a formula one operation at a time, and each operation reads and writes whole arrays. Adam's rule is
a dozen such passes over four arrays of the network's size: on the network 784-256-128-10 they took longer than all the
matrix products. Compiled by numba, the same formula is one pass: each number is read once, everything is computed while
it is at hand, and it is written once (235,000 parameters: 0.49 ms with numpy, 0.12 ms here). The other loops, the gate
of the relu, the softmax of a small batch and the penalties, gain because numpy's cost of setting out, a microsecond for
each operation, is paid once; layer normalisation and gelu, because a row is still at hand for the next operation.

Each kernel names the function that it repeats: that function is the one to read, and the tests hold the two against
each other. Loading numba costs half a second, which a small training never earns back: `worth_compiling` tells when it
does. Arrays are float32 or float64; all numbers that meet them must be of the same type, or every product would be
computed in float64 at half the speed: hence `number`.
"""

import numba
import numpy as np

from backprop_core import activations
from backprop_core.activations import INV_SQRT_2PI, NORMAL_TAIL
from backprop_core.layers import Dense
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.normalization import LayerNorm
from backprop_core.optimizers import SGD, Adam
from backprop_core.sparse import multiply, multiply_transposed

# Sums may be reordered, eight at a time; NaN and infinity keep their meaning, which finding a divergence needs.
FAST = {"contract", "reassoc", "nsz", "afn"}
SETTINGS = {"fastmath": FAST, "nogil": True, "error_model": "numpy"}


def kernel(function, fastmath=FAST):
    """Compile when first called with a type; keep the machine code for later runs where a folder can be written to."""
    settings = SETTINGS | {"fastmath": fastmath}
    try:
        return numba.njit(function, cache=True, **settings)
    except RuntimeError:  # neither the package's folder nor the user's cache folder
        return numba.njit(function, **settings)


def part(function):
    """Compile as a part of a kernel that `machine_code` keeps, whole.

    numba would keep the part by the date of its file alone, and not see that a number from another file has changed.
    """
    return numba.njit(function, **SETTINGS)


@kernel
def _adam(params, grads, m, v, rate, b1, b2, gain, gain_square, eps, keep):
    """`Adam.update` and its application; `gain` is 1 - b1, `gain_square` 1 - b2, `keep` 1 - rate * weight_decay."""
    number = params.dtype.type
    zero, smallest = number(0), number(1e8) * np.finfo(params.dtype).tiny
    for i in range(params.size):
        g = grads[i]
        mean = b1 * m[i] + gain * g
        square = b2 * v[i] + gain_square * (g * g)
        # What `pieces.sweep` does now and then costs nothing here.
        m[i] = mean if abs(mean) >= smallest else zero
        v[i] = square if square >= smallest else zero
        params[i] = keep * params[i] - rate * mean / (np.sqrt(square) + eps)


@kernel
def _sgd(params, grads, velocity, rate, momentum, nesterov, keep):
    """`SGD.update` and its application."""
    zero, smallest = params.dtype.type(0), params.dtype.type(1e8) * np.finfo(params.dtype).tiny
    for i in range(params.size):
        step = rate * grads[i]
        v = momentum * velocity[i] - step
        velocity[i] = v if abs(v) >= smallest else zero
        params[i] = keep * params[i] + (momentum * v - step if nesterov else v)


@kernel
def _add_bias_and_relu(z, b, lo, hi):
    """`Dense`'s bias and `activations.relu`, in place, in the columns from `lo` up to `hi`; see `epoch_layers`."""
    zero = z.dtype.type(0)
    for i in range(len(z)):
        for j in range(np.uintp(lo), np.uintp(hi)):
            a = z[i, j] + b[j]
            z[i, j] = zero if a <= zero else a  # so put, NaN stays NaN


@kernel
def _relu_derivative_and_sum(a, da, db, lo, hi):
    """`activations.relu_derivative`, in place, and the gradient of `Dense`'s bias, in these columns."""
    zero = a.dtype.type(0)
    db[lo:hi] = zero
    for i in range(len(a)):
        for j in range(np.uintp(lo), np.uintp(hi)):
            dz = da[i, j] if a[i, j] > zero else zero
            da[i, j] = dz
            db[j] += dz


@part
def normal_cdf(z):
    """`activations._normal_cdf` of one number of float32."""
    number = np.float32
    b1, b2, b3 = number(NORMAL_TAIL[1]), number(NORMAL_TAIL[2]), number(NORMAL_TAIL[3])
    b4, b5, one = number(NORMAL_TAIL[4]), number(NORMAL_TAIL[5]), number(1)
    t = one / (one + number(NORMAL_TAIL[0]) * abs(z))
    density = number(INV_SQRT_2PI) * np.exp(-number(0.5) * z * z)
    tail = density * (t * (b1 + t * (b2 + t * (b3 + t * (b4 + t * b5)))))
    return tail if z < number(0) else one - tail


@kernel
def _gelu(z, cdf, a):
    """`activations.gelu` in float32, and P(Z <= z), which the way back needs again."""
    n, k = z.shape
    for i in range(n):
        for j in range(k):
            p = normal_cdf(z[i, j])
            cdf[i, j] = p
            a[i, j] = z[i, j] * p


@kernel
def _gelu_derivative(z, cdf, da):
    """`activations.gelu_derivative` in float32, in place of `da`."""
    n, k = z.shape
    half, density = np.float32(0.5), np.float32(INV_SQRT_2PI)
    for i in range(n):
        for j in range(k):
            x = z[i, j]
            da[i, j] *= cdf[i, j] + x * density * np.exp(-half * x * x)


@kernel
def _layer_norm(x, gamma, beta, eps, xhat, inv_std, y):
    """`LayerNorm.forward`."""
    n, k = x.shape
    number = x.dtype.type
    share, one = number(1 / k), number(1)
    for i in range(n):
        total = number(0)
        for j in range(k):
            total += x[i, j]
        mean, squares = total * share, number(0)
        for j in range(k):
            centred = x[i, j] - mean
            xhat[i, j] = centred
            squares += centred * centred
        scale = one / np.sqrt(squares * share + eps)
        inv_std[i] = scale
        for j in range(k):
            standard = xhat[i, j] * scale
            xhat[i, j] = standard
            y[i, j] = gamma[j] * standard + beta[j]


@kernel
def _layer_norm_backward(xhat, inv_std, gamma, dy, dgamma, dbeta):
    """`LayerNorm`'s backward function, in place of `dy`."""
    n, k = dy.shape
    number = dy.dtype.type
    share, zero = number(1 / k), number(0)
    dgamma[:], dbeta[:] = zero, zero
    for i in range(n):
        shift, stretch = zero, zero
        for j in range(k):
            error = dy[i, j]
            dgamma[j] += error * xhat[i, j]
            dbeta[j] += error
            error *= gamma[j]
            dy[i, j] = error
            shift += error
            stretch += error * xhat[i, j]
        shift, stretch = shift * share, stretch * share
        for j in range(k):
            dy[i, j] = inv_std[i] * (dy[i, j] - shift - xhat[i, j] * stretch)


@kernel
def _softmax_cross_entropy(logits, target, smoothing, dlogits, n):
    """`SoftmaxCrossEntropy.loss_and_gradient` for target classes; of some rows of a batch of `n`, their part of it."""
    k = logits.shape[1]
    number = logits.dtype.type
    share, even, hit = number(1 / n), number(smoothing / k / n), number((1 - smoothing) / n)
    loss = 0.0
    for i in range(len(logits)):
        largest = logits[i, 0]
        for j in range(1, k):
            largest = max(largest, logits[i, j])
        true, mean, total = logits[i, target[i]] - largest, 0.0, number(0)
        for j in range(k):
            z = logits[i, j] - largest
            mean += z / k
            e = np.exp(z)
            dlogits[i, j] = e
            total += e
        loss += np.log(total) - (1 - smoothing) * true - smoothing * mean
        scale = share / total
        for j in range(k):
            dlogits[i, j] = dlogits[i, j] * scale - even
        dlogits[i, target[i]] -= hit
    return loss / n


@kernel
def _add_penalty(weights, grads, l2, l1):
    """`step.add_penalty`."""
    zero = weights.dtype.type(0)
    squares, sizes = zero, zero
    for i in range(weights.size):
        w = weights[i]
        squares += w * w
        sizes += abs(w)
        grads[i] += l2 * w + (l1 if w > zero else -l1 if w < zero else zero)
    return 0.5 * l2 * squares + l1 * sizes


def add_penalty(weights, grads, l2, l1):
    """`step.add_penalty`, compiled."""
    number = weights.dtype.type
    return float(_add_penalty(weights, grads, number(l2), number(l1)))


class DenseRelu:
    """A `Dense` layer and the relu behind it: bias and gate in one pass on the way forward, and one on the way back."""

    def __init__(self, dense):
        self._fan_out = dense.fan_out

    def forward(self, params, x, scratch, training=False, rng=None):
        """Return the activations and their backward function."""
        a = multiply(x, params["W"], out=scratch("y", (len(x), self._fan_out)))
        _add_bias_and_relu(a, params["b"], 0, self._fan_out)

        def backward(da, grads, input_error=True):
            """`Activate`'s, then `Dense`'s."""
            _relu_derivative_and_sum(a, da, grads["b"], 0, self._fan_out)
            multiply_transposed(x, da, out=grads["W"])
            return np.matmul(da, params["W"].T, out=scratch("dx", x.shape)) if input_error else None

        return a, backward


class Gelu:
    """An `Activate` layer of gelu: the normal distribution is computed once for both ways."""

    def forward(self, params, x, scratch, training=False, rng=None):
        """Return the activations and their backward function."""
        cdf, a = scratch("cdf", x.shape), scratch("y", x.shape)
        _gelu(x, cdf, a)

        def backward(da, grads, input_error=True):
            """`Activate`'s."""
            _gelu_derivative(x, cdf, da)
            return da

        return a, backward


class RowNorm:
    """A `LayerNorm` layer: three passes over a row that stays at hand, instead of nine over the whole batch."""

    def __init__(self, norm):
        self._eps = norm.eps

    def forward(self, params, x, scratch, training=False, rng=None):
        """Return y and its backward function."""
        xhat, inv_std, y = scratch("xhat", x.shape), scratch("inv_std", (len(x),)), scratch("y", x.shape)
        _layer_norm(x, params["gamma"], params["beta"], x.dtype.type(self._eps), xhat, inv_std, y)

        def backward(dy, grads, input_error=True):
            """`LayerNorm`'s."""
            _layer_norm_backward(xhat, inv_std, params["gamma"], dy, grads["gamma"], grads["beta"])
            return dy if input_error else None

        return y, backward


def fuse_layers(layers, dtype):
    """Return [(layer, place)]: the layers to run in place of `layers`, and where in that list their parameters are."""
    stack = []
    for place, layer in enumerate(layers):
        if layer.kind == "activate" and layer.activation == "relu" and stack and type(stack[-1][0]) is Dense:
            stack[-1] = DenseRelu(stack[-1][0]), place - 1
        elif layer.kind == "activate" and layer.pair is activations.ACTIVATIONS["gelu"] and dtype == np.float32:
            stack.append((Gelu(), place))
        elif type(layer) is LayerNorm:
            stack.append((RowNorm(layer), place))
        elif layer.kind == "residual":
            stack.append((layer.compile(dtype), place))
        else:
            stack.append((layer, place))
    return stack


def loss_and_gradient(loss):
    """Return the compiled form of `loss.loss_and_gradient` where there is one, else that itself."""
    if type(loss) is not SoftmaxCrossEntropy:
        return loss.loss_and_gradient

    def softmax_cross_entropy(logits, target, out=None, weights=None):
        if weights is not None or target.ndim != 1:
            return loss.loss_and_gradient(logits, target, out, weights)
        out = np.empty_like(logits) if out is None else out
        return _softmax_cross_entropy(logits, target, loss.label_smoothing, out, len(logits)), out

    return softmax_cross_entropy


def move(optimizer, n_weights, weight_decay):
    """Return the compiled form of `Step._move_plainly` for this optimizer, or None if there is none.

    Weights, the first `n_weights` numbers, decay; biases do not.
    """

    def parts(rate):
        """What to keep of the parameters of each part, before the step: where nothing decays, all is one part."""
        if not weight_decay:
            return ((slice(None), 1),)
        return (slice(0, n_weights), 1 - rate * weight_decay), (slice(n_weights, None), 1)

    def adam(params, grads, memory, rate):
        number, m, v = params.dtype.type, memory["m"], memory["v"]
        rate_t = optimizer.correct_rate(memory, rate)
        # In float32, 1 - 0.999 would be wrong by a hundred thousandth.
        b1, b2, gains = optimizer.b1, optimizer.b2, (1 - optimizer.b1, 1 - optimizer.b2)
        numbers = [number(value) for value in (rate_t, b1, b2, *gains, optimizer.eps)]
        for part, keep in parts(rate):
            _adam(params[part], grads[part], m[part], v[part], *numbers, number(keep))

    def sgd(params, grads, memory, rate):
        number, velocity = params.dtype.type, memory["velocity"]
        for part, keep in parts(rate):
            numbers = number(rate), number(optimizer.momentum), optimizer.nesterov, number(keep)
            _sgd(params[part], grads[part], velocity[part], *numbers)

    return {Adam: adam, SGD: sgd}.get(type(optimizer))
