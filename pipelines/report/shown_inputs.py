"""Shown inputs: for each file the picture that the network was given, in a folder of the user's.

A wrong answer often has its reason here: the drawing was cut off, or something else was taken for it. Small pictures
are enlarged without smoothing, so that each pixel is seen as the network has it.
"""

from PIL import Image

from backprop_core.whole_file import whole_file
from pipelines.errors import InputFileError, NothingToSeeError
from pipelines.report.sidecars import Sidecars

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
        self._model, self._paths = model, Sidecars(folder, ".seen.png", chosen)

    def write(self, sample, answer):
        """Show one sample; return the path of the picture, or None where the sample cannot be read a second time.

        `answer` is an Answer. Raises OSError where the picture cannot be written.
        """
        try:
            reading = self._model.reading_of(self._model.extractor.read(sample.source))
            display = self._model.extractor.display(reading)
        except (InputFileError, NothingToSeeError):  # it was there a moment ago
            return None
        path = self._paths.path_for(sample.name)
        picture = Image.fromarray(display.pixels)
        times = max(1, SIDE // max(picture.size))
        enlarged = picture.resize((times * picture.width, times * picture.height), Image.Resampling.NEAREST)
        with whole_file(path) as temporary:
            enlarged.save(temporary, "PNG")
        return str(path)
