"""Evidence sheets: one answer in one picture: the network's input, the evidence for the answer, and its probability.

From left to right: the network's input; the same input, faint, under its evidence, blue for the answer and red against
it; and the most probable classes with their probabilities as bars.
"""

import numpy as np
from PIL import Image, ImageDraw

from backprop_core.whole_file import whole_file
from pipelines.report.drawing import (
    AGAINST,
    FOR,
    GREY,
    INK,
    PALE,
    WHITE,
    diverging,
    enlarge,
    faint,
    fit_size,
    full_colour,
    write,
)
from pipelines.wording import round_percent

SIDE, WIDE = 288, 432  # pixels of a panel: its side, and its width with axes
MARGIN, GAP, LINE = 20, 28, 22
FOOT = 60  # below a panel: the scale of time, or of colours
ANSWERS = 300  # pixels across
MOST_BARS = 10


def save_evidence_sheet(path, evidence, record):
    """Draw a sheet and write it as a PNG, completely or not at all. Raises OSError."""
    sheet = evidence_sheet(evidence, record)
    with whole_file(path) as temporary:
        sheet.save(temporary, "PNG")


def evidence_sheet(evidence, record):
    """Return the sheet of one answer as a Pillow picture.

    Parameters
    ----------
    evidence : Evidence
    record : dict
        The contract's record of the answer: path, label, probability, top.
    """
    display, values = evidence.display, evidence.values
    width, height = fit_size(display, WIDE if display.across else SIDE, SIDE)
    limit = full_colour(values)
    scale = 56 if display.upward else 0
    panel = max(width, 200)
    top = MARGIN + 3 * LINE + 16
    lefts = [MARGIN + scale, MARGIN + 2 * scale + panel + GAP]
    original = _on_original(evidence, limit)
    answers = lefts[1] + panel + GAP + (original.width + GAP if original else 0)
    canvas = Image.new("RGB", (answers + ANSWERS + MARGIN, top + max(height, SIDE) + FOOT + MARGIN), WHITE)

    said = f"{evidence.label}, {round_percent(record['probability'])}"
    if record.get("unknown"):
        said = f"unknown (most probable: {said})"
    write(canvas, (MARGIN, MARGIN, canvas.width - 2 * MARGIN, LINE), said, 18)
    write(canvas, (MARGIN, MARGIN + LINE, canvas.width - 2 * MARGIN, LINE), record["path"], 13, GREY, keep="end")
    panels = [
        ("the network's input", enlarge(display.pixels, width, height)),
        (
            f"evidence for {evidence.label}",
            enlarge(diverging(values / limit, faint(display.pixels)), width, height),
        ),
    ]
    for left, (heading, picture) in zip(lefts, panels, strict=True):
        write(canvas, (left, top - 24, panel, LINE), heading, 14)
        canvas.paste(picture, (left, top))
        ImageDraw.Draw(canvas).rectangle((left - 1, top - 1, left + width, top + height), outline=PALE)
        _axes(canvas, display, left, top, width, height)
    if original:
        write(canvas, (lefts[1] + panel + GAP, top - 24, original.width, LINE), "on the picture itself", 14)
        canvas.paste(original, (lefts[1] + panel + GAP, top))
    _colours(canvas, lefts[1], top + height + (34 if display.across else 8), panel, limit)
    write(canvas, (answers, top - 24, ANSWERS, LINE), "probabilities", 14)
    _bars(canvas, answers, top, record["top"][:MOST_BARS])
    return canvas


def _on_original(evidence, limit):
    """Return the evidence over the picture that the drawing was found in, as a Pillow picture, or None."""
    if evidence.original is None:
        return None
    display, values = evidence.original
    width, height = fit_size(display, SIDE, SIDE)
    return enlarge(diverging(values / limit, faint(display.pixels)), width, height)


def _axes(canvas, display, left, top, width, height):
    """Write the scales beside and below a panel."""
    draw = ImageDraw.Draw(canvas)
    for share, text in display.across.ticks if display.across else ():
        x = left + round(share * width)
        draw.line((x, top + height, x, top + height + 4), fill=GREY)
        write(canvas, (x - 24, top + height + 4, 48, 16), text, 11, GREY, "centre")
    for share, text in display.upward.ticks if display.upward else ():
        y = top + height - round(share * height)
        draw.line((left - 5, y, left - 2, y), fill=GREY)
        write(canvas, (left - 50, y - 8, 43, 16), text, 11, GREY, "right")
    if display.across:
        write(canvas, (left, top + height + 18, width, 16), display.across.label, 11, GREY, "centre")
    if display.upward:
        write(canvas, (left - 50, top + height + 4, 26, 16), display.upward.label, 11, GREY, "right")


def _colours(canvas, left, top, width, limit):
    """Draw the scale of the colours: the value of full colour, and the colours for and against."""
    bar = width - 120
    shares = np.linspace(-1, 1, bar)[np.newaxis]
    colours = diverging(shares, np.full(shares.shape, 255, np.uint8))
    write(canvas, (left, top - 2, 56, 18), "against", 12, AGAINST)
    canvas.paste(enlarge(colours, bar, 12), (left + 60, top + 1))
    write(canvas, (left + width - 56, top - 2, 56, 18), "for", 12, FOR)
    write(canvas, (left, top + 16, width, 18), f"full colour: {limit:.2g} nats of log-odds", 12, GREY, "centre")


def _bars(canvas, left, top, answers):
    """Draw the likeliest classes, the best first, each with its probability as a bar and in per cent."""
    draw, name, room = ImageDraw.Draw(canvas), 110, ANSWERS - 110 - 70
    for row, answer in enumerate(answers):
        y = top + row * 28
        write(canvas, (left, y, name - 8, 22), answer["label"], 14, INK, "right")
        draw.rectangle((left + name, y + 3, left + name + room, y + 18), fill=PALE)
        length = round(room * answer["probability"])
        draw.rectangle((left + name, y + 3, left + name + length, y + 18), fill=FOR if row == 0 else GREY)
        write(canvas, (left + name + room + 4, y, 62, 22), round_percent(answer["probability"]), 13, INK, "right")
