"""Layers: the steps of a batch through the network, each with its backward pass.

A layer is only a description (sizes, a rate, a function's name); the numbers that it learns belong to the network and
are passed as arguments. `forward` computes the layer's output and returns with it a function, `backward`, that takes
the error of that output and returns the error of the input, writing the error of the parameters into `grads` on its
way. So formula and derivative are together on one screen, and prediction stores nothing.

Shapes: x (n_samples, fan_in), y (n_samples, fan_out). An error dy = dLoss/dy has the shape of y; it may be overwritten.
`params` and `grads` are dicts of arrays with the shapes that `parameter_shapes` names; in `params` also lie the arrays
that `statistic_shapes` names, where a layer keeps count of something that no gradient teaches it. `scratch` hands out
the arrays to write into. `Layer` writes this contract down. Here are the two layers that every network has; `noise`,
`normalization` and `residual` have the others, and `architecture` puts them together.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Protocol

import numpy as np

from backprop_core import activations
from backprop_core.errors import BackpropError
from backprop_core.initializers import INITIALIZERS
from backprop_core.naming import look_up
from backprop_core.sparse import multiply, multiply_transposed
from backprop_core.worked_example import Line, Words, terms_of_sum

Shapes = Mapping[str, tuple[int, ...]]
Arrays = Mapping[str, np.ndarray]
Backward = Callable[..., np.ndarray | None]
NUMBERS_AT_ONCE = 1 << 20
UNTOLD = Words("does what its own code says", "y = f(x)", "dx = dy f'(x)")


class Layer(Protocol):
    """What a network asks of a layer. A layer of your own subclasses it: what it need not say has a default here.

    To be built again from a description, and to be found by everything that goes through all layers (the gradient
    check, `explain`), it is registered with one line: `architecture.LAYERS[MyLayer.kind] = MyLayer`.

    Attributes
    ----------
    kind : str, the name that a description has for it
    words : Words, what it says of itself to a reader, with the lines of its worked example
    parameter_shapes, statistic_shapes : dict of str to shape
        The arrays that it learns, and those that it only counts.
    fan_in, fan_out : int or None
        How many numbers come in and go out; None if it takes any number.
    mixes_units : bool
        Whether an output depends on several inputs in a learned way, so that units before and behind it differ.
    frees_output : bool
        Whether `backward` has no use for y, so that the error of y may take its place in memory.
    only_in_training : bool
        Whether it hands its input on as it is outside training.
    layers : sequence of layers
        Those inside it; most have none. One that has some also has `around(layers)`, which returns the same layer with
        stand-ins for them.
    """

    kind: ClassVar[str]
    words: ClassVar[Words] = UNTOLD
    parameter_shapes: Shapes = {}  # noqa: RUF012 - read only
    statistic_shapes: Shapes = {}  # noqa: RUF012 - read only
    fan_in: int | None = None
    fan_out: int | None = None
    mixes_units: ClassVar[bool] = False
    frees_output: ClassVar[bool] = False
    only_in_training: ClassVar[bool] = False
    layers: Sequence["Layer"] = ()

    def describe(self) -> dict:
        """Return the arguments of the constructor, as JSON types."""
        return {}

    def initialize(self, params: Arrays, rng: "np.random.Generator") -> None:
        """Fill `params` with the numbers that training starts from; by default there are none."""

    def forward(self, params: Arrays, x, scratch, training=False, rng=None) -> tuple[np.ndarray, Backward]:
        """Return y and its backward function.

        Parameters
        ----------
        params : dict of ndarray, parameters and statistics
        x : float ndarray [shape=(n_samples, fan_in)], not to be changed
        scratch : Scratch
            `scratch("y", x.shape)` is an array of the network's dtype to write into; it holds what was left there.
        training : bool
            Whether what is random or counted while learning is switched on.
        rng : numpy Generator, or None outside training

        Returns
        -------
        y : ndarray [shape=(n_samples, fan_out)]
        backward : function of (dy, grads, input_error=True)
            Writes the error of the parameters into `grads` and returns dx, which may be dy overwritten. With
            `input_error=False`, dx is not needed, and None may be returned.
        """
        ...

    @classmethod
    def sample(cls, width: int) -> "Layer":
        """Return a layer of this kind with `width` inputs and outputs, to be tried in a gradient check."""
        return cls()

    def work_out(self, passage, unit_in, unit, top) -> tuple[dict | None, dict | None]:
        """Return the arithmetic of one unit, forward and backward; by default there is nothing to work out.

        Parameters
        ----------
        passage : inspection.trace.Passage, what passed through this layer: x, y, dy, dx, params, statistics, inner
        unit_in : int or None, the input unit that a reader has followed so far
        unit : int or None, the output unit
        top : int > 0, how many terms of a sum are told

        Returns
        -------
        forward, backward : dict of JSON types with "unit", or None
            `words.worked_forward` and `words.worked_backward` say how they are written down.
        """
        return None, None


class Dense(Layer):
    """Every output is a weighted sum of all inputs: y = x W + b.

    Parameters
    ----------
    fan_in, fan_out : int > 0
        Number of inputs and outputs.
    initializer : str
        A name in `INITIALIZERS`.

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import Dense, Network
    >>> network = Network([Dense(2, 1)], np.random.default_rng(0))
    >>> network.params.views[0]["W"][...], network.params.views[0]["b"][...] = [[2], [3]], 1
    >>> network.forward(np.array([[10, 100]], np.float32))[0]
    array([[321.]], dtype=float32)
    """

    kind = "dense"
    words = Words(
        "each unit adds up all inputs times their weights",
        "y = x W + b",
        "dW = x^T dy, db = dy, dx = dy W^T",
        worked_forward=(
            Line("b_{unit}", "", "bias"),
            Line("x_{from_unit} W[{from_unit},{unit}]", "{value} * {weight}", "product", each="terms"),
            Line("y_{unit}, their sum", "", "y"),
        ),
        worked_backward=(
            Line("dy_{from_unit} W[{unit},{from_unit}]", "{value} * {weight}", "product", each="terms"),
            Line("dx_{unit}, their sum", "", "dx"),
        ),
    )
    mixes_units = True
    frees_output = True

    def __init__(self, fan_in: int, fan_out: int, initializer: str = "he_normal"):
        if fan_in < 1 or fan_out < 1:
            raise BackpropError(f"a dense layer has {fan_in} inputs and {fan_out} outputs; give it 1 or more of each")
        look_up("initializer", initializer, INITIALIZERS)
        self.fan_in, self.fan_out, self.initializer = int(fan_in), int(fan_out), initializer
        self.parameter_shapes = {"W": (self.fan_in, self.fan_out), "b": (self.fan_out,)}

    def describe(self):
        """Return the arguments of the constructor, as JSON types."""
        return {"fan_in": self.fan_in, "fan_out": self.fan_out, "initializer": self.initializer}

    def initialize(self, params, rng):
        """Fill `params` with random weights and zero biases."""
        rule, W = INITIALIZERS[self.initializer], params["W"]
        few = max(1, NUMBERS_AT_ONCE // self.fan_out)
        for start in range(0, self.fan_in, few):
            rows = W[start : start + few]
            rows[...] = rule(self.fan_in, self.fan_out, rng, len(rows))
        params["b"][...] = 0

    def forward(self, params, x, scratch, training=False, rng=None):
        """Return y and its backward function."""
        y = multiply(x, params["W"], out=scratch("y", (len(x), self.fan_out)))
        y += params["b"]

        def backward(dy, grads, input_error=True):
            """dW = x^T dy, db = the sum of dy's rows, dx = dy W^T (left out where it is not needed)."""
            multiply_transposed(x, dy, out=grads["W"])
            # A product with ones is the same sum as np.sum's, in a third of the time.
            ones = scratch("ones", (len(dy),))
            ones.fill(1)
            np.matmul(ones, dy, out=grads["b"])
            return np.matmul(dy, params["W"].T, out=scratch("dx", x.shape)) if input_error else None

        return y, backward

    @classmethod
    def sample(cls, width):
        """Return a layer with as many outputs as inputs."""
        return cls(width, width)

    def work_out(self, passage, unit_in, unit, top):
        """Return y_unit as the sum of its bias and its largest terms, and dx of the unit before in the same way."""
        x, W, bias = passage.x[0], passage.params["W"], float(passage.params["b"][unit])
        y = float(passage.y[0, unit])
        forward = {"unit": unit, "bias": bias, **terms_of_sum(x, W[:, unit], y - bias, top), "y": y}
        if unit_in is None or passage.dx is None:
            return forward, None
        dx = float(passage.dx[0, unit_in])
        return forward, {"unit": unit_in, **terms_of_sum(passage.dy[0], W[unit_in], dx, top), "dx": dx}


class Activate(Layer):
    """Applies an activation to every number: y = f(x).

    Parameters
    ----------
    activation : str or Activation
        A name in `ACTIVATIONS`, or a function and its derivative of your own.

    Attributes
    ----------
    activation : str, the name
    pair : Activation, the function and the derivative that are computed

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_core import Activate
    >>> from backprop_core.scratch import Scratch
    >>> y, backward = Activate("relu").forward({}, np.array([[-2.0, 3.0]]), Scratch(float))
    >>> y, backward(np.ones((1, 2)), {})
    (array([[0., 3.]]), array([[0., 1.]]))
    """

    kind = "activate"
    words = Words(
        "applies a function to each number",
        "y = f(x)",
        "dx = dy f'(x)",
        worked_forward=(Line("y_{unit} = {activation}(x_{unit})", "{activation}({x})", "y"),),
        worked_backward=(Line("dx_{unit} = dy_{unit} {activation}'(x_{unit})", "{dy} * {slope}", "dx"),),
    )

    def __init__(self, activation: "str | activations.Activation"):
        self.pair = activations.find(activation)
        self.activation = self.pair.name

    def describe(self):
        """Return the arguments of the constructor, as JSON types."""
        return {"activation": self.activation}

    def forward(self, params, x, scratch, training=False, rng=None):
        """Return y and its backward function."""
        y = self.pair.function(x, scratch("y", x.shape))

        def backward(dy, grads, input_error=True):
            """dx = dy * f'(x)"""
            return self.pair.derivative(x, y, dy, dy)

        return y, backward

    @classmethod
    def sample(cls, width):
        """Return a layer of tanh, which bends everywhere."""
        return cls("tanh")

    def work_out(self, passage, unit_in, unit, top):
        """Return y = f(x) of the unit, and dx = dy f'(x) with the slope."""
        x, y, dy = passage.x[:1, unit], passage.y[:1, unit], passage.dy[:1, unit]
        slope = self.pair.derivative(x, y, np.ones_like(x), np.empty_like(x))
        forward = {"unit": unit, "x": float(x[0]), "y": float(y[0])}
        if passage.dx is None:
            return forward, None
        return forward, {"unit": unit, "dy": float(dy[0]), "slope": float(slope[0]), "dx": float(passage.dx[0, unit])}
