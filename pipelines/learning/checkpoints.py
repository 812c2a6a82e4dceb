"""Resuming: an interrupted training continues from its last checkpoint, beside the model file.

If there is no room for a checkpoint, the training continues, with a warning.
"""

import math
import time
from pathlib import Path

from backprop_core import checkpoint
from backprop_core.errors import BackpropError

SECONDS = 2.0  # a run that is cut off loses no more than this and an epoch


class Checkpoints:
    """Saves a training's state now and then.

    Parameters
    ----------
    out : Path of the model file
    identity : dict of JSON types
        What must be the same for a checkpoint to be continued.

    Attributes
    ----------
    there : bool, whether this training can be resumed
    problem : str or None, why no checkpoint can be written
    """

    def __init__(self, out, identity):
        self._path = Path(out).with_name(f"{Path(out).name}.checkpoint")
        self._identity = identity
        self._saved = time.perf_counter()
        self.there = False
        self.problem = None

    def load(self, state):
        """Fill a TrainingState with the checkpoint. Raises BackpropError if this training has no checkpoint."""
        checkpoint.load(self._path, state, self._identity)
        self.there = True

    def save(self, state):
        """Write a checkpoint if the last one is old enough."""
        if time.perf_counter() - self._saved < SECONDS:
            return
        try:
            checkpoint.save(state, self._path, self._identity)
            self._saved, self.there = time.perf_counter(), True
        except BackpropError as error:
            self._saved, self.problem = math.inf, str(error)

    def remove(self):
        """Delete the checkpoint of a training that is complete."""
        self._path.unlink(missing_ok=True)
