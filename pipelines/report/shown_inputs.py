"""Shown inputs: for each file what the network was given, in a folder of the user's.

A wrong answer often has its reason here: the drawing was cut off, or something else was taken for it; the word that
matters is one that the network has never met. Where a drawing had to be found first, every step to it is shown. Of a
text, the n-grams are listed, the heaviest first.
"""

from backprop_core.whole_file import whole_file
from pipelines.errors import InputFileError, NothingToSeeError
from pipelines.models.evidence import has_words
from pipelines.report.framing_sheet import as_given, steps_sheet
from pipelines.report.ngram_list import ngram_lines
from pipelines.report.sidecars import Sidecars


class ShownInputs:
    """Writes what a model sees of samples into a folder, which is made if it is not there.

    Parameters
    ----------
    model : Bundle
    folder : str or Path
    chosen : sequence of Sample
        All that will be asked about: no picture takes the place of one of these files.

    Raises
    ------
    OSError
        The folder cannot be made.
    """

    def __init__(self, model, folder, chosen):
        self._model, self._of_words, self._first = model, has_words(model), getattr(model, "members", (model,))[0]
        self._paths = Sidecars(folder, ".seen.txt" if self._of_words else ".seen.png", chosen)

    def write(self, sample, answer):
        """Show one sample; return the path of what shows it, or None where it cannot be read a second time.

        `answer` is an Answer. Raises OSError where the file cannot be written.
        """
        try:
            decoded = self._model.extractor.read(sample.source)
            save = self._listing(decoded) if self._of_words else self._picture(decoded)
        except (InputFileError, NothingToSeeError):  # it was there a moment ago
            return None
        path = self._paths.path_for(sample.name)
        with whole_file(path) as temporary:
            save(temporary)
        return str(path)

    def _listing(self, text):
        """Return a function of a path that writes the n-grams of a text."""
        lines = "\n".join(ngram_lines(self._first, text))
        return lambda path: path.write_bytes(lines.encode(errors="surrogateescape"))

    def _picture(self, decoded):
        """Return a function of a path that writes the picture that was given, or the steps to it."""
        reading = self._model.reading_of(decoded)
        steps = self._model.reader.steps(decoded, reading) if reading is not decoded else []
        sheet = steps_sheet(steps) if steps else as_given(self._model.extractor.display(reading))
        return lambda path: sheet.save(path, "PNG")
