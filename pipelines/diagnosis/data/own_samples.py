"""Samples: whether a user's own samples can teach the right thing.

If all samples of "yes" are from one speaker, or all samples of "no" from one microphone, the network learns the voice
or the microphone. A score on similar samples does not show this. Registered data sets were checked when they were
registered; this module checks a user's own.
"""

from pipelines.diagnosis.data.soundness import FEW, check_classes
from pipelines.diagnosis.finding import FINE, Finding, Kind


def look_at_samples(dataset, task):
    """Make the checks of `soundness.check_classes`, if the data set is a user's own.

    Parameters
    ----------
    dataset : Dataset
    task : Task

    Returns
    -------
    list of Finding
        Empty for a registered data set.
    """
    if not dataset.is_own:
        return []
    found = check_classes(dataset, task)
    if not found:
        checked = f"Every class has {FEW} training samples or more, and only their content distinguishes the classes."
        return [Finding(Kind.SOUND_SAMPLES, FINE, {"enough": FEW}, checked)]
    return found
