"""Activation functions: they change every number between two layers.

Without them a stack of layers would collapse into a single matrix: a linear function of a linear function is linear. An
activation is a curved function of each number, so that the network can draw curved borders between classes.

Each activation is a pair. `function(z, out)` writes a = f(z) into `out`. `derivative(z, a, da, out)` carries the error
back through it: given da = dLoss/da it writes dz = da * f'(z) into `out`. Arrays are float32 or float64 of one shape;
`out` may be any of the inputs of the derivative, but not `z` in the forward direction unless z is not needed again.
Both return `out`. Your own activation is also a pair, and can be used in place of a name:

    square = Activation(
        "square", lambda z, out: np.multiply(z, z, out=out), lambda z, a, da, out: np.multiply(da, 2 * z, out=out)
    )

A network that uses it is described by the name alone; to build it again from its description, register it first, as
`ACTIVATIONS["square"] = square`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backprop_core.errors import BackpropError
from backprop_core.naming import look_up

LEAK = 0.01
SQRT_HALF = 0.7071067811865476
INV_SQRT_2PI = 0.3989422804014327
NORMAL_TAIL = (0.2316419, 0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429)


@dataclass(frozen=True)
class Activation:
    """A named function and its derivative, as the module's opening describes them.

    Attributes
    ----------
    name : str
    function, derivative : functions of (z, out) and of (z, a, da, out)
    kinks : tuple of float, in rising order
        Where f' jumps. There is no slope at these points, so the gradient check keeps away from them.
    """

    name: str
    function: Callable
    derivative: Callable
    kinks: tuple[float, ...] = (0.0,)


def identity(z, out):
    """a = z"""
    np.copyto(out, z)
    return out


def identity_derivative(z, a, da, out):
    """f'(z) = 1"""
    np.copyto(out, da)
    return out


def relu(z, out):
    """a = max(z, 0). Nair and Hinton 2010, https://www.cs.toronto.edu/~hinton/absps/reluICML.pdf"""
    return np.maximum(z, 0, out=out)


def relu_derivative(z, a, da, out):
    """f'(z) = 1 where z > 0, else 0: a living unit passes the error on undiminished, whatever the depth."""
    return np.multiply(da, a > 0, out=out)


def leaky_relu(z, out):
    """a = z where z > 0, else LEAK * z: no unit can die. Maas, Hannun and Ng 2013."""
    np.multiply(z, LEAK, out=out)
    return np.maximum(z, out, out=out)


def leaky_relu_derivative(z, a, da, out):
    """f'(z) = 1 where z > 0, else LEAK"""
    return np.multiply(da, np.maximum(a > 0, z.dtype.type(LEAK)), out=out)


def tanh(z, out):
    """a = tanh(z), between -1 and 1"""
    return np.tanh(z, out=out)


def tanh_derivative(z, a, da, out):
    """f'(z) = 1 - a^2: at most 1, and near 0 wherever the unit is saturated."""
    slope = a * a
    np.subtract(1, slope, out=slope)
    return np.multiply(da, slope, out=out)


def logistic(z, out):
    """a = 1 / (1 + exp(-z)), between 0 and 1; computed as (1 + tanh(z / 2)) / 2, which cannot overflow."""
    np.multiply(z, 0.5, out=out)
    np.tanh(out, out=out)
    out += 1
    out *= 0.5
    return out


def logistic_derivative(z, a, da, out):
    """f'(z) = a (1 - a): at most 1/4, so every such layer shrinks the error at least fourfold; gradients vanish."""
    slope = 1 - a
    slope *= a
    return np.multiply(da, slope, out=out)


def softplus(z, out):
    """a = log(1 + exp(z)), a smooth ReLU; computed as max(z, 0) + log(1 + exp(-|z|)), which cannot overflow."""
    np.abs(z, out=out)
    np.negative(out, out=out)
    np.exp(out, out=out)
    np.log1p(out, out=out)
    out += np.maximum(z, 0)
    return out


def softplus_derivative(z, a, da, out):
    """f'(z) = 1 / (1 + exp(-z)) = 1 - exp(-a)"""
    slope = np.negative(a)
    np.expm1(slope, out=slope)
    np.negative(slope, out=slope)
    return np.multiply(da, slope, out=out)


def elu(z, out):
    """a = z where z > 0, else exp(z) - 1. Clevert, Unterthiner and Hochreiter 2015, https://arxiv.org/abs/1511.07289"""
    np.minimum(z, 0, out=out)
    np.expm1(out, out=out)
    return np.maximum(z, out, out=out)


def elu_derivative(z, a, da, out):
    """f'(z) = 1 where z > 0, else exp(z) = a + 1"""
    slope = np.minimum(a, 0)
    slope += 1
    return np.multiply(da, slope, out=out)


def silu(z, out):
    """a = z / (1 + exp(-z)). Elfwing, Uchibe and Doya 2017, https://arxiv.org/abs/1702.03118"""
    logistic(z, out)
    out *= z
    return out


def silu_derivative(z, a, da, out):
    """f'(z) = s + a (1 - s) with s = logistic(z)"""
    s = logistic(z, np.empty_like(z))
    slope = 1 - s
    slope *= a
    slope += s
    return np.multiply(da, slope, out=out)


def gelu(z, out):
    """a = z P(Z <= z), Z standard normal. Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415"""
    return np.multiply(z, _normal_cdf(z), out=out)


def gelu_derivative(z, a, da, out):
    """f'(z) = P(Z <= z) + z p(z)"""
    slope = z * z
    slope *= -0.5
    np.exp(slope, out=slope)
    slope *= z
    slope *= INV_SQRT_2PI
    slope += _normal_cdf(z)
    return np.multiply(da, slope, out=out)


def _normal_cdf(z):
    """Return P(Z <= z) = (1 + erf(z / sqrt 2)) / 2; for float32 by a polynomial, which is exact to the last digit.

    With t = 1 / (1 + 0.2316419 |z|), and p the normal density, P(Z > |z|) = p(z) (b1 t + b2 t^2 + ... + b5 t^5) to
    within 7.5e-8: Abramowitz and Stegun 1964, formula 26.2.17. So prediction need not wait for the import of scipy.
    """
    if z.dtype == np.float32:
        t = np.abs(z)
        t *= NORMAL_TAIL[0]
        t += 1
        np.reciprocal(t, out=t)
        tail = t * NORMAL_TAIL[-1]
        for b in NORMAL_TAIL[-2:0:-1]:
            tail += b
            tail *= t
        density = z * z
        density *= -0.5
        np.exp(density, out=density)
        tail *= density
        tail *= INV_SQRT_2PI
        return np.where(z < 0, tail, 1 - tail)

    from scipy.special import erf

    p = z * SQRT_HALF
    erf(p, out=p)
    p += 1
    p *= 0.5
    return p


ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("identity", identity, identity_derivative, kinks=()),
        Activation("relu", relu, relu_derivative),
        Activation("leaky_relu", leaky_relu, leaky_relu_derivative),
        Activation("tanh", tanh, tanh_derivative, kinks=()),
        Activation("logistic", logistic, logistic_derivative, kinks=()),
        Activation("softplus", softplus, softplus_derivative, kinks=()),
        Activation("elu", elu, elu_derivative),
        Activation("silu", silu, silu_derivative, kinks=()),
        Activation("gelu", gelu, gelu_derivative, kinks=()),
    )
}


def find(activation):
    """Return the Activation that is meant by a name in `ACTIVATIONS`, or an Activation of the caller's own as it is.

    Raises BackpropError if the name is unknown, or where an own activation has the name of another function.
    """
    if not isinstance(activation, Activation):
        return look_up("activation", activation, ACTIVATIONS, "or register your own in ACTIVATIONS")
    if ACTIVATIONS.get(activation.name, activation) != activation:
        raise BackpropError(f"activation {activation.name!r} is the name of another function; give yours another name")
    return activation
