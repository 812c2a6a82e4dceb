"""Shown inputs: the network's input for each file, in a folder of the user.

It often explains a wrong answer: the drawing was cut off, or something else was found; or the important word is new to
the network. If a drawing had to be found first, every step is shown. For a text, the n-grams are listed by weight.
"""

from backprop_core.whole_file import whole_file
from pipelines.errors import InputFileError, NothingToSeeError
from pipelines.models.evidence import has_words
from pipelines.report.framing_sheet import as_given, steps_sheet
from pipelines.report.ngram_list import ngram_lines
from pipelines.report.sidecars import Sidecars
from pipelines.wording import encode


class ShownInputs:
    """Writes the model's input for samples into a folder, which is made if it does not exist.

    Parameters
    ----------
    model : Bundle or Ensemble
    folder : str or Path
    chosen : sequence of Sample
        All samples of the prediction: a picture never replaces one of these files.

    Raises
    ------
    OSError
        The folder cannot be made.
    """

    def __init__(self, model, folder, chosen):
        self._model, self._of_words = model, has_words(model)
        self._paths = Sidecars(folder, ".seen.txt" if self._of_words else ".seen.png", chosen)

    def write(self, sample, answer):
        """Show one sample; return the path of the written file, or None if the sample cannot be read a second time.

        `answer` is an Answer. Raises OSError if the file cannot be written.
        """
        try:
            decoded = self._model.extractor.read(sample.source)
            save = self._listing(decoded) if self._of_words else self._picture(decoded)
        except (InputFileError, NothingToSeeError):  # it existed a moment ago
            return None
        path = self._paths.path_for(sample.name)
        with whole_file(path) as temporary:
            save(temporary)
        return str(path)

    def _listing(self, text):
        """Return a function of a path that writes the n-grams of a text."""
        lines = "\n".join(ngram_lines(self._model.members[0], text))
        return lambda path: path.write_bytes(encode(lines))

    def _picture(self, decoded):
        """Return a function of a path that writes the picture for the network, or the steps to it."""
        reading = self._model.reading_of(decoded)
        steps = self._model.reader.steps(decoded, reading) if reading is not decoded else []
        sheet = steps_sheet(steps) if steps else as_given(self._model.extractor.display(reading))
        return lambda path: sheet.save(path, "PNG")
