"""Architecture: the layers of a network, and their order.

`LAYERS` knows every kind of layer by its name in a description; `multilayer_perceptron` combines layers to the network
that the other modules use.
"""

from collections.abc import Sequence

from backprop_core import activations
from backprop_core.errors import BackpropError
from backprop_core.initializers import choose_initializer
from backprop_core.layers import Activate, Dense, Layer
from backprop_core.naming import look_up
from backprop_core.noise import Dropout, GaussianNoise
from backprop_core.normalization import NORMALIZATIONS, BatchNorm, LayerNorm
from backprop_core.residual import Residual

LAYERS = {layer.kind: layer for layer in (Dense, Activate, Dropout, GaussianNoise, BatchNorm, LayerNorm, Residual)}


def layer_from(description: dict) -> Layer:
    """Return the layer of a description: a dict with the layer's "kind" and the arguments of its constructor.

    The inner layers of a layer, its "layers", are descriptions too.
    """
    settings = dict(description)
    layer = look_up("layer", settings.pop("kind"), LAYERS)
    if "layers" in settings:
        settings["layers"] = [layer_from(inner) for inner in settings["layers"]]
    return layer(**settings)


def multilayer_perceptron(
    n_features: int,
    hidden: Sequence[int],
    n_outputs: int,
    activation: str | activations.Activation | Sequence = "relu",
    *,
    dropout: float = 0.0,
    input_dropout: float = 0.0,
    normalization: str | None = None,
    residual: bool = False,
    input_noise: float = 0.0,
    initializer: str | None = None,
) -> list[Layer]:
    """Return the layers of a network: for each hidden width a block of Dense, normalisation, Activate and Dropout.

    Before the blocks come noise and dropout on the input, behind them a Dense layer for the outputs. What is None, 0 or
    False leaves no layer behind.

    Parameters
    ----------
    n_features, n_outputs : int > 0
    hidden : sequence of int > 0
        Widths of the hidden layers, from input to output; may be empty, which leaves a linear classifier.
    activation : str or Activation, or a sequence with one for each hidden layer
        A name in `ACTIVATIONS`, or a function and derivative of your own.
    dropout, input_dropout : float in [0, 1)
    normalization : None, "batch" or "layer"
    residual : bool
        Leads a way around every block that is as wide as what goes into it.
    input_noise : float >= 0
        Standard deviation of the noise added to the input while training.
    initializer : str or None
        A name in `INITIALIZERS`, for all Dense layers; None chooses what suits the activation, layer by layer.

    Raises
    ------
    BackpropError
        A name is unknown, a number out of range, or there are not as many activations as hidden layers.

    Examples
    --------
    >>> [layer.kind for layer in multilayer_perceptron(4, [8, 8], 3, "tanh", dropout=0.2)]
    ['dense', 'activate', 'dropout', 'dense', 'activate', 'dropout', 'dense']
    """
    hidden = _widths(hidden)
    pairs = _one_for_each(activation, hidden)
    if normalization is not None:
        normalization = look_up("normalization", normalization, NORMALIZATIONS, "or None")
    layers = [GaussianNoise(input_noise)] if input_noise else []
    layers += [Dropout(input_dropout)] if input_dropout else []
    fan_in = n_features
    for width, pair in zip(hidden, pairs, strict=True):
        block = [Dense(fan_in, width, initializer or choose_initializer(pair.name))]
        block += [normalization(width)] if normalization else []
        block += [Activate(pair)]
        block += [Dropout(dropout)] if dropout else []
        layers += [Residual(block)] if residual and width == fan_in else block
        fan_in = width
    return [*layers, Dense(fan_in, n_outputs, initializer or "glorot_uniform")]


def _widths(hidden):
    """Return the widths as a list, or raise BackpropError if they are not numbers."""
    try:
        return [int(width) for width in hidden]
    except (TypeError, ValueError):
        raise BackpropError(f"hidden is {hidden!r}: give a sequence of widths, such as [256, 128]") from None


def _one_for_each(activation, hidden):
    """Return one Activation for each hidden layer."""
    if isinstance(activation, str | activations.Activation):
        return [activations.find(activation)] * len(hidden)
    if not isinstance(activation, list | tuple):
        raise BackpropError(f"activation is {activation!r}: give a name, an Activation, or one for each hidden layer")
    if len(activation) != len(hidden):
        raise BackpropError(f"{len(activation)} activations for {len(hidden)} hidden layers: give one for each, or one")
    return [activations.find(entry) for entry in activation]
