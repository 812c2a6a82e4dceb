"""Beginning: a training may start from the network of another training.

The first layers have learned how to describe a word or a stroke, and this helps other classes too. So a training may
begin with the weights of a finished model. All layers are copied. In the last layer, a class of the same name keeps its
weights; a new class begins with the mean of the others. Rows are scaled as the model scales them, since its weights
were learned for that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backprop_core.network import Network
from pipelines.errors import UsageError
from pipelines.learning.recipe import Recipe
from pipelines.wording import list_some

ARCHITECTURE = ("hidden", "activation", "normalization", "residual")  # entries of a recipe that weights depend on


@dataclass(frozen=True)
class Beginning:
    """A finished model, as a training goes on from it.

    Attributes
    ----------
    name : str, what people call the model: its file
    labels : tuple of str
    network : Network, which is only read
    standardizer : Standardizer or the like
    recipe : dict of the entries that it was trained with
    digest : str, SHA-256 (hex) of its weights
    dataset : str, what it was trained on
    """

    name: str
    labels: tuple[str, ...]
    network: Network
    standardizer: Any
    recipe: dict[str, Any]
    digest: str
    dataset: str

    def settings(self) -> dict[str, Any]:
        """Return what a model file says of the model that its training went on from: dict of JSON types."""
        return {"dataset": self.dataset, "labels": list(self.labels), "weights": self.digest}

    def apply_to(self, recipe: Recipe) -> Recipe:
        """Return a recipe with the architecture of the model; all else stays. A committee goes on as one network."""
        known = {name: self.recipe[name] for name in ("members", *ARCHITECTURE) if name in self.recipe}
        return recipe.replace({"members": 1, **known}).as_one()

    def write_into(self, network: Network, labels: Sequence[str]) -> None:
        """Overwrite the weights of a new network, whose outputs are `labels`, with those of the model.

        Raises UsageError if the two are not built alike.
        """
        if network.params.flat.dtype != self.network.params.flat.dtype or not self._alike(network):
            raise UsageError(f"{self.name}: has layers of other widths than the recipe; leave out --hidden and --set")
        learning = [place for place, layer in enumerate(network.layers) if layer.parameter_shapes]
        theirs = [place for place, layer in enumerate(self.network.layers) if layer.parameter_shapes]
        for place, its_place in zip(learning[:-1], theirs[:-1], strict=True):
            for name, array in network.params.views[place].items():
                array[...] = self.network.params.views[its_place][name]
        last, its = network.params.views[learning[-1]], self.network.params.views[theirs[-1]]
        mean = {name: its[name].mean(axis=-1) for name in last}
        for column, label in enumerate(labels):
            for name, array in last.items():
                known = label in self.labels
                array[..., column] = its[name][..., self.labels.index(label)] if known else mean[name]
        network.statistics.flat[...] = self.network.statistics.flat

    def _alike(self, network: Network) -> bool:
        """Tell whether all layers but the last have parameters of the same shapes."""
        shapes = [
            [layer.parameter_shapes for layer in each.layers if layer.parameter_shapes]
            for each in (network, self.network)
        ]
        return shapes[0][:-1] == shapes[1][:-1] and network.statistics.flat.shape == self.network.statistics.flat.shape

    def note(self, labels: Sequence[str]) -> str:
        """Return what is taken over as a sentence."""
        new = [label for label in labels if label not in self.labels]
        gone = [label for label in self.labels if label not in labels]
        parts = [f"new to it: {list_some(new, 5)}"] if new else []
        parts += [f"left out, because the data has no sample of it: {list_some(gone, 5)}"] if gone else []
        known = len(labels) - len(new)
        beyond = f"; {'; '.join(parts)}" if parts else ""
        return f"Continues from {self.name}, which knows {known} of {len(labels)} classes{beyond}."
