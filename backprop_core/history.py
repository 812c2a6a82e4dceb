"""History: the measurements of a training, one entry for each epoch.

`measure` is the only function that measures a network, on any rows, so training and validation figures can be compared:
only the rows differ.
"""

from backprop_core.metrics import accuracy


def measure(network, loss, X, y, chunk: int = 1024) -> dict:
    """Return {"loss", "accuracy"} of the network in evaluation mode on rows X with true classes y."""
    logits = network.logits(X, chunk)
    return {"loss": loss.loss(logits, y), "accuracy": accuracy(y, logits.argmax(axis=1))}


class History:
    """Entries {"epoch", "seconds", "learning_rate", "clip_rate", "train": {...}, "valid": {...}}, oldest first.

    Where the health of the training is watched, they have "health" too: what `health.Watch.record` returns.

    Attributes
    ----------
    entries : list of dict of JSON types
    """

    def __init__(self, entries=()):
        self.entries = list(entries)

    def best(self) -> dict | None:
        """Return the entry with the lowest validation loss, the earliest of equals; None if there is none."""
        return min(self.entries, key=lambda entry: entry["valid"]["loss"], default=None)

    def __repr__(self):
        return f"<History of {len(self.entries)} epochs>"

    def _repr_html_(self):
        from backprop_core.notebook import history_table

        return history_table(self.entries)


class Entries(list):
    """A list of a history's entries that a notebook shows as a table."""

    def _repr_html_(self):
        from backprop_core.notebook import history_table

        return history_table(self)
