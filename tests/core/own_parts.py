"""Parts as a user would write them, each in one place with one line that registers it: the tests find them everywhere.

A layer that learns one factor for each unit, a loss that outliers cannot dominate, an optimizer, an activation, and a
schedule.
"""

import numpy as np

from backprop_core import ACTIVATIONS, LAYERS, LOSSES, OPTIMIZERS, SCHEDULES, Activation, Layer, Loss, Optimizer
from backprop_core.worked_example import Line, Words


class Scale(Layer):
    """Multiplies every unit by a learned factor: y = g x."""

    kind = "scale"
    words = Words(
        "stretches each unit",
        "y = g x",
        "dg = dy x, dx = dy g",
        worked_forward=(Line("y_{unit} = g_{unit} x_{unit}", "{g} * {x}", "y"),),
        worked_backward=(Line("dx_{unit} = dy_{unit} g_{unit}", "{dy} * {g}", "dx"),),
        factors={"g": "x"},
    )

    def __init__(self, width):
        self.fan_in = self.fan_out = width
        self.parameter_shapes = {"g": (width,)}

    def describe(self):
        return {"width": self.fan_in}

    def initialize(self, params, rng):
        params["g"][...] = 1

    def forward(self, params, x, scratch, training=False, rng=None):
        y = np.multiply(x, params["g"], out=scratch("y", x.shape))

        def backward(dy, grads, input_error=True):
            np.einsum("ij,ij->j", dy, x, out=grads["g"])
            dy *= params["g"]
            return dy

        return y, backward

    @classmethod
    def sample(cls, width):
        return cls(width)

    def work_out(self, passage, unit_in, unit, top):
        g, x, y = (float(value) for value in (passage.params["g"][unit], passage.x[0, unit], passage.y[0, unit]))
        dx = None if passage.dx is None else float(passage.dx[0, unit])
        backward = {"unit": unit, "dy": float(passage.dy[0, unit]), "g": g, "dx": dx}
        return {"unit": unit, "g": g, "x": x, "y": y}, backward


class LogCosh(Loss):
    """log cosh of the error: squared where it is small, absolute where it is large."""

    def loss_and_gradient(self, logits, target, out=None, weights=None):
        error = logits - target.reshape(logits.shape)
        shares = np.full(len(error), 1 / len(error)) if weights is None else weights / (weights.sum() or 1)
        losses = np.logaddexp(error, -error).sum(axis=1) - np.log(2) * error.shape[1]
        gradient = np.tanh(error, out=out)
        gradient *= shares[:, None].astype(gradient.dtype)
        return float(losses @ shares), gradient


class SignDescent(Optimizer):
    """Every weight takes a step of the same length."""

    def init(self, n, dtype):
        return {}

    def update(self, grads, state, learning_rate, out):
        np.sign(grads, out=out)
        out *= -learning_rate
        return out


def halving(progress, entries=()):
    """Halves the rate after half of the training."""
    return 1.0 if progress < 0.5 else 0.5


square = Activation(
    "square", lambda z, out: np.multiply(z, z, out=out), lambda z, a, da, out: np.multiply(da, 2 * z, out=out), kinks=()
)

PARTS = {
    "scale": (LAYERS, Scale),
    "log_cosh": (LOSSES, LogCosh),
    "sign": (OPTIMIZERS, SignDescent),
    "halving": (SCHEDULES, halving),
    "square": (ACTIVATIONS, square),
}
