"""Progress: one line on the error stream that tells how far a training has come."""

import sys


class ProgressLine:
    """Rewrites itself after each epoch.

    Parameters
    ----------
    estimator : whose `max_iter` says how many epochs there are at most
    """

    def __init__(self, estimator):
        self._n_epochs, self._seconds, self._width = estimator.max_iter, 0.0, 0

    def show(self, entry):
        """Show an entry of the history."""
        self._seconds += entry["seconds"]
        parts = [f"epoch {entry['epoch']}/{self._n_epochs}", f"loss {entry['train']['loss']:.4f}"]
        if "valid" in entry:
            parts += [f"valid loss {entry['valid']['loss']:.4f}", f"valid score {entry['valid']['score']:.4f}"]
        text = ", ".join([*parts, f"{self._seconds:.1f} s"])
        # A shorter line must overwrite all of a longer one.
        self._width = max(self._width, len(text))
        print("\r" + text.ljust(self._width), end="", file=sys.stderr, flush=True)

    def close(self):
        """End the line."""
        if self._width:
            print(file=sys.stderr)
