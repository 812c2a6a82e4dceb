"""The ensemble: several models that answer together.

Networks that were trained from other random weights make other mistakes. Where one is wrong the others are often right,
and the mean of their probabilities is better than any of them. It costs as much as all of them.
"""

import numpy as np

from pipelines.errors import UsageError
from pipelines.models import bundle


class Ensemble:
    """Averages the probabilities of models that read samples alike.

    Parameters
    ----------
    members : sequence of Bundle, not empty
    names : sequence of str, what errors call them

    Attributes
    ----------
    task, labels, extractor, provenance : those of the first member

    Raises
    ------
    UsageError
        Two members are of different tasks, know different labels, or read samples differently.
    """

    def __init__(self, members, names):
        first = members[0]
        for name, other in zip(names[1:], members[1:], strict=True):
            for what, alike in (
                ("is of another task", other.task is first.task),
                ("knows other labels", other.labels == first.labels),
                ("reads samples differently", other.extractor.settings() == first.extractor.settings()),
            ):
                if not alike:
                    raise UsageError(f"{name}: {what} than {names[0]}, so that they cannot answer together")
        self.members = tuple(members)
        self.task, self.labels, self.extractor = first.task, first.labels, first.extractor
        self.provenance = first.provenance

    def probabilities(self, stored):
        """Return the mean of the members' probabilities: float32 [shape=(n_samples, n_classes)]."""
        return np.mean([member.probabilities(stored) for member in self.members], axis=0, dtype=np.float32)


def load(path, others=(), averaged=False):
    """Return what answers: the model in a file, or its Ensemble with those in others.

    Parameters
    ----------
    path : str or Path
    others : sequence of str or Path
    averaged : bool, whether each model looks at more views of a sample; see `Bundle.averaged`

    Raises
    ------
    ModelFileError, UsageError
    """
    members = [bundle.load(name) for name in (path, *others)]
    members = [member.averaged() for member in members] if averaged else members
    return Ensemble(members, [str(name) for name in (path, *others)]) if others else members[0]
