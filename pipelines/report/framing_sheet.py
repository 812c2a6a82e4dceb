"""Framing sheets: the steps from a picture to the drawing in it, which is the network's input.

On the left is the picture. Beside it, for each reading of it, are the strokes that were found and the framed drawing.
The reading of the answer is marked. Small pictures are enlarged without smoothing, so that each pixel is shown as the
network gets it.
"""

from PIL import Image, ImageDraw

from pipelines.features.display import Display
from pipelines.report.drawing import FOR, GREY, PALE, WHITE, enlarge, fit_size, write

SIDE = 448  # pixels, about
STEP, GAP, LINE = 224, 16, 22  # pixels of a step's panel


def as_given(display):
    """Return the network's input as a Pillow picture: each pixel is a square."""
    picture = Image.fromarray(display.pixels)
    times = max(1, SIDE // max(picture.size))
    return picture.resize((times * picture.width, times * picture.height), Image.Resampling.NEAREST)


def steps_sheet(steps):
    """Return the steps as a Pillow picture: the first on the left, the others beside it, a row for each two."""
    first, others = steps[0], steps[1:]
    rows = (len(others) + 1) // 2
    wide, high = STEP + GAP, STEP + LINE + GAP
    canvas = Image.new("RGB", (GAP + 3 * wide, GAP + rows * high), WHITE)
    _panel(canvas, GAP, GAP, first)
    for number, step in enumerate(others):
        _panel(canvas, GAP + (1 + number % 2) * wide, GAP + number // 2 * high, step)
    return canvas


def _panel(canvas, left, top, step):
    title = f"{step.title}, answered" if step.taken and "framed" in step.title else step.title
    write(canvas, (left, top, STEP, LINE), title, 13, FOR if step.taken else GREY)
    width, height = fit_size(Display(step.pixels), STEP, STEP)
    canvas.paste(enlarge(step.pixels, width, height), (left, top + LINE))
    outline = FOR if step.taken else PALE
    ImageDraw.Draw(canvas).rectangle((left - 1, top + LINE - 1, left + width, top + LINE + height), outline=outline)
