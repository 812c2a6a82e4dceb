"""Explanations: a picture or a page of the evidence for each answer, in a folder of the user."""

from pipelines.errors import InputFileError
from pipelines.models.evidence import evidence_for, has_words, words_for
from pipelines.report.sidecars import Sidecars


class Explanations:
    """Writes explanations into a folder, which is made if it does not exist.

    Parameters
    ----------
    model : Bundle
    folder : str or Path
    chosen : sequence of Sample
        All samples of the prediction: an explanation never replaces one of these files.

    Raises
    ------
    OSError
        The folder cannot be made.
    """

    def __init__(self, model, folder, chosen):
        self._model, self._of_words = model, has_words(model)
        self._paths = Sidecars(folder, ".why.html" if self._of_words else ".why.png", chosen)

    def write(self, sample, answer):
        """Explain one answer; return the path of the sheet, or None if the sample cannot be read a second time.

        `answer` is an Answer. Raises OSError if the sheet cannot be written.
        """
        try:
            decoded = self._model.extractor.read(sample.source)
        except InputFileError:  # it existed a moment ago
            return None
        best = self._model.labels.index(answer.top[0].label)
        path = self._paths.path_for(sample.name)
        if self._of_words:
            from pipelines.report.word_sheet import save_word_sheet

            save_word_sheet(path, words_for(self._model, decoded, best).record(), answer.record())
        else:
            from pipelines.report.evidence_sheet import save_evidence_sheet

            save_evidence_sheet(path, evidence_for(self._model, decoded, best), answer.record())
        return str(path)
