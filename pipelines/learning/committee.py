"""A committee: several networks that answer together, joined into one.

Networks that begin with different weights, and see the samples in another order, make different mistakes. The mean of
their logits is right more often than each of them (Hansen and Salamon 1990, https://doi.org/10.1109/34.58871). Networks
of the same form need not stay apart for this. Side by side they are one wider network, which has zeros where the hidden
layer of one member would reach a layer of another, and which takes the mean in its last layer:

    first layer    W = [W_1 W_2 ... W_m]
    between        W = W_1, W_2, ..., W_m as blocks along the diagonal, and 0 elsewhere
    last layer     W = (W_1, W_2, ..., W_m, one below the other) / m,   b = (b_1 + ... + b_m) / m

So a model file, an export and an explanation do not differ from those of a single network.
"""

from collections.abc import Sequence

import numpy as np

from backprop_core.network import Network
from pipelines.errors import UsageError
from pipelines.learning.recipe import Recipe


def check_members(recipe: Recipe) -> None:
    """Raise UsageError if networks of a recipe cannot be joined: what looks at a whole layer would see all members."""
    if recipe.members == 1:
        return
    for what, has, without in (
        ("layer normalisation", recipe.normalization == "layer", "normalization to none"),
        ("residual connections", recipe.residual, "residual to false"),
    ):
        if has:
            raise UsageError(
                f"members {recipe.members}: networks with {what} cannot be joined; set members to 1, or {without}"
            )


def join_networks(members: Sequence[Network], joined: Network) -> Network:
    """Write several networks of the same form into one that is as many times as wide, and return it.

    Parameters
    ----------
    members : sequence of Network, not empty
    joined : Network
        Its logits will be the mean of the members' logits.
    """
    last = max(place for place, views in enumerate(joined.params.views) if "W" in views)
    n, first = len(members), True
    for place, views in enumerate(joined.params.views):
        for name, array in views.items():
            array[...] = 0
            for k, member in enumerate(members):
                own = member.params.views[place][name]
                rows = slice(None) if first or name != "W" else _block(k, own.shape[0])
                columns = slice(None) if place == last else _block(k, own.shape[-1])
                part = array[rows, columns] if name == "W" else array[columns]
                part += own / n if place == last else own
        first = first and "W" not in views
    for place, views in enumerate(joined.statistics.views):
        for name, array in views.items():
            np.concatenate([member.statistics.views[place][name] for member in members], out=array)
    return joined


def _block(k: int, width: int) -> slice:
    return slice(k * width, (k + 1) * width)
