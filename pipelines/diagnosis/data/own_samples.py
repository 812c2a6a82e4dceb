"""Samples: whether a user's own can teach what they are meant to teach.

A network that is only ever shown one speaker's "yes", or every "no" from one microphone, learns the voice or the
microphone, and no score on samples of the same kind shows it. Data sets that have a name were looked at when they got
it; a user's own is looked at here.
"""

from pipelines.diagnosis.data.soundness import FEW, check_classes
from pipelines.diagnosis.finding import FINE, Finding, Kind


def look_at_samples(dataset, task):
    """Look at what `soundness.check_classes` looks at, if the data set is a user's own.

    Parameters
    ----------
    dataset : Dataset
    task : Task

    Returns
    -------
    list of Finding
        Empty for a data set that has a name.
    """
    if not dataset.is_own:
        return []
    found = check_classes(dataset, task)
    if not found:
        checked = f"Every class has {FEW} training samples or more, and only their content distinguishes the classes."
        return [Finding(Kind.SOUND_SAMPLES, FINE, {"enough": FEW}, checked)]
    return found
