"""Shown inputs: for each file what the network was given, in a folder of the user's.

A wrong answer often has its reason here: the drawing was cut off, or something else was taken for it; the word that
matters is one that the network has never met. Small pictures are enlarged without smoothing, so that each pixel is seen
as the network has it. Of a text, the n-grams are listed, the heaviest first.
"""

from backprop_core.whole_file import whole_file
from pipelines.errors import InputFileError, NothingToSeeError
from pipelines.learning.unseen import first_weights
from pipelines.models.evidence import has_words
from pipelines.report.sidecars import Sidecars
from pipelines.wording import shown

SIDE = 448  # pixels, about


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
        extractor = self._model.extractor
        try:
            decoded = extractor.read(sample.source)
            seen = decoded if self._of_words else extractor.display(self._model.reading_of(decoded))
        except (InputFileError, NothingToSeeError):  # it was there a moment ago
            return None
        path = self._paths.path_for(sample.name)
        with whole_file(path) as temporary:
            if self._of_words:
                text = "\n".join(_listed(self._first, seen))
                temporary.write_bytes(text.encode(errors="surrogateescape"))
            else:
                _enlarged(seen).save(temporary, "PNG")
        return str(path)


def _listed(model, text):
    """Return lines that list the n-grams of a text by weight, and say which of them the model has never met."""
    stored, known = model.extractor.stored_row(text), first_weights(model.network).any(axis=1)
    factors = dict(zip(stored.columns.tolist(), model.standardizer.factors(stored).tolist(), strict=True))
    rows = [(piece, piece.value * factors[piece.column]) for piece in model.extractor.pieces(text)]
    rows.sort(key=lambda row: (-abs(row[1]), row[0].text))
    new = sum(not known[piece.column] for piece, _ in rows)
    yield shown(" ".join(text.split()))
    yield ""
    yield f"{len(rows)} n-grams, the heaviest first; {new} of them are in no training text and say nothing"
    yield ""
    yield "weight   times  column  n-gram"
    for piece, weight in rows:
        never = "" if known[piece.column] else "   (new)"
        yield f'{weight:+.4f} {piece.count:7d} {piece.column:7d}  "{shown(piece.text)}"{never}'
    yield ""


def _enlarged(display):
    from PIL import Image

    picture = Image.fromarray(display.pixels)
    times = max(1, SIDE // max(picture.size))
    return picture.resize((times * picture.width, times * picture.height), Image.Resampling.NEAREST)
