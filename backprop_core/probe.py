"""A probe: looking at what happens inside a network while rows go through it.

Forward passes return logits and keep nothing. To see what the layers in between make of a row, a watched layer takes
the place of each: it computes the same, and shows what its activations were given and what they made of it, those
inside residual connections too.
"""

import copy


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
    if not hasattr(layer, "pair"):
        return layer
    twin = copy.copy(layer)

    def forward(params, x, *rest, **settings):
        y, backward = layer.forward(params, x, *rest, **settings)
        see(layer, x, y)
        return y, backward

    twin.forward = forward
    return twin
