"""A probe: the numbers inside a network while rows go through it.

Forward passes return logits and store nothing. To see the layers in between, a watched layer replaces each: it computes
the same, and shows the input and output of its activations, also inside residual connections.
"""

import copy

from backprop_core.layers import Activate


def watch_layer(layer, see):
    """Return a layer that computes what `layer` does, and calls `see` for each activation in it.

    Parameters
    ----------
    layer : a layer
        Left as it is; the one returned takes the same parameters.
    see : function of (layer, z, a)
        Called in forward order with the Activate layer, what it was given, and its output; both arrays
        [shape=(n_samples, width)] are overwritten by the next forward pass.
    """
    if layer.layers:
        return layer.around([watch_layer(inner, see) for inner in layer.layers])
    if not isinstance(layer, Activate):
        return layer
    twin = copy.copy(layer)

    def forward(params, x, *rest, **settings):
        y, backward = layer.forward(params, x, *rest, **settings)
        see(layer, x, y)
        return y, backward

    twin.forward = forward
    return twin
