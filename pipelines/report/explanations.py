"""Explanations: for each answer a picture of what led to it, in a folder of the user's."""

from pipelines.errors import InputFileError
from pipelines.models.evidence import evidence_for
from pipelines.report.evidence_sheet import save_evidence_sheet
from pipelines.report.sidecars import Sidecars


class Explanations:
    """Writes explanations into a folder, which is made if it is not there.

    Parameters
    ----------
    model : Bundle
    folder : str or Path
    chosen : sequence of Sample
        All that will be asked about: no explanation takes the place of one of these files.

    Raises
    ------
    OSError
        The folder cannot be made.
    """

    def __init__(self, model, folder, chosen):
        self._model, self._paths = model, Sidecars(folder, ".why.png", chosen)

    def write(self, sample, answer):
        """Explain one answer; return the path of the picture, or None where the sample cannot be read a second time.

        `answer` is an Answer. Raises OSError where the picture cannot be written.
        """
        try:
            decoded = self._model.extractor.read(sample.source)
        except InputFileError:  # it was there a moment ago
            return None
        best = self._model.labels.index(answer.top[0].label)
        path = self._paths.path_for(sample.name)
        save_evidence_sheet(path, evidence_for(self._model, decoded, best), answer.record())
        return str(path)
