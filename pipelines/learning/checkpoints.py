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
    members : int > 0
        How many networks are trained one after another; each has a checkpoint of its own.

    Attributes
    ----------
    there : bool, whether this training can be resumed
    problem : str or None, why no checkpoint can be written
    """

    def __init__(self, out, identity, members=1):
        self._paths = [
            Path(out).with_name(f"{Path(out).name}.checkpoint{f'-{k + 1}' if k else ''}") for k in range(members)
        ]
        self._identity = identity
        self._saved = time.perf_counter()
        self.there = False
        self.problem = None

    def load(self, state, member=0):
        """Fill a TrainingState with the checkpoint of a member, if it has one.

        Raises BackpropError if this training has no checkpoint at all.
        """
        path = self._paths[member]
        if path.exists() or not any(other.exists() for other in self._paths):
            checkpoint.load(path, state, self._identity)
        self.there = True

    def save(self, state, member=0):
        """Write a checkpoint if the last one is old enough."""
        if time.perf_counter() - self._saved < SECONDS:
            return
        try:
            checkpoint.save(state, self._paths[member], self._identity)
            for later in self._paths[member + 1 :]:  # these belong to another training
                later.unlink(missing_ok=True)
            self._saved, self.there = time.perf_counter(), True
        except BackpropError as error:
            self._saved, self.problem = math.inf, str(error)

    def remove(self):
        """Delete the checkpoints of a training that is complete."""
        for path in self._paths:
            path.unlink(missing_ok=True)
