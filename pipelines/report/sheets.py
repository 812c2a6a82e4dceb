"""Contact sheets: many samples in one picture, each with its class, its answer, and its file.

Sheets are drawn from the records of a `review`; the same records are written as CSV and JSON, for other programs.
"""

import json
import math
from pathlib import Path

from PIL import Image

from backprop_core.whole_file import whole_file
from pipelines.report.drawing import AGAINST, FOR, GREY, INK, PALE, WHITE, enlarge, fit_size, font, write
from pipelines.report.samples import samples_of
from pipelines.report.tables import ENTRY
from pipelines.report.word_sheet import save_review_sheet
from pipelines.wording import csv_line, encode, round_percent

COLUMNS = 8
MARGIN, GAP, THUMB, LINE = 20, 20, 128, 17
HEAD = 62
TITLES = {
    "confident_errors": ("Most confident errors", "wrong answers, the most probable first"),
    "least_certain": ("Least certain samples", "right and wrong answers, the least probable first"),
}


def write_review(review, displays, folder):
    """Write the sheets, and the records as CSV and JSON, into a folder, which is made if it does not exist.

    A sheet is a picture; for texts it is a page.

    Parameters
    ----------
    review : dict
        The result of `review.review`, and other entries for the JSON, such as model and data set.
    displays : function of an entry that returns its Display, or None if it cannot be read
        None if the samples are texts.
    folder : str or Path

    Returns
    -------
    paths : list of Path
        confident-errors.png or .html, .csv, least-certain.png or .html, .csv, and review.json.

    Raises
    ------
    OSError
    """
    folder, paths = Path(folder), []
    for name, (title, order) in TITLES.items():
        stem = folder / name.replace("_", "-")
        said = f"{order}; of {review['n']} answers, {review['n_errors']} were wrong"
        if displays is None:
            paths += [stem.with_suffix(".html"), stem.with_suffix(".csv")]
            save_review_sheet(paths[-2], review[name], title, said)
        else:
            sheet = contact_sheet([(entry, displays(entry)) for entry in review[name]], title, said)
            paths += [stem.with_suffix(".png"), stem.with_suffix(".csv")]
            with whole_file(paths[-2]) as temporary:
                sheet.save(temporary, "PNG")
        with whole_file(paths[-1]) as temporary:
            temporary.write_bytes(encode(_write_csv(review[name])))
    paths.append(folder / "review.json")
    with whole_file(paths[-1]) as temporary:
        temporary.write_text(json.dumps(review, allow_nan=False, indent=1), encoding="utf-8")
    return paths


def _write_csv(entries):
    names = (*ENTRY, "text") if any(entry.get("text") for entry in entries) else ENTRY
    lines = [names, *([entry.get(name) for name in names] for entry in entries)]
    return "".join(f"{csv_line(line)}\r\n" for line in lines)


def contact_sheet(samples, title, said):
    """Return a sheet as a Pillow picture.

    Parameters
    ----------
    samples : list of (entry, Display or None)
    title, said : str, the heading and the line below it
    """
    rows = max(1, -(-len(samples) // COLUMNS))
    tile = THUMB + 3 * LINE + 10
    size = (2 * MARGIN + COLUMNS * (THUMB + GAP), MARGIN + HEAD + rows * (tile + GAP) + MARGIN)
    canvas = Image.new("RGB", size, WHITE)
    write(canvas, (MARGIN, MARGIN, size[0] - 2 * MARGIN, 26), title, 20)
    write(canvas, (MARGIN, MARGIN + 28, size[0] - 2 * MARGIN, 20), said, 13, GREY)
    if not samples:
        write(canvas, (MARGIN, MARGIN + HEAD, size[0] - 2 * MARGIN, 26), "none", 14)
    for place, (entry, display) in enumerate(samples):
        row, column = divmod(place, COLUMNS)
        _tile(canvas, MARGIN + column * (THUMB + GAP), MARGIN + HEAD + row * (tile + GAP), entry, display)
    return canvas


def _tile(canvas, left, top, entry, display):
    """Draw one sample: its picture, its class, the answer with its probability, and its name."""
    canvas.paste(PALE, (left, top, left + THUMB, top + THUMB))
    if display is None:
        write(canvas, (left + 4, top + THUMB // 2 - 10, THUMB - 8, 20), "cannot be read", 12, GREY, "centre")
    else:
        width, height = fit_size(display, THUMB, THUMB)
        picture = enlarge(display.pixels, width, height)
        canvas.paste(picture, (left + (THUMB - width) // 2, top + (THUMB - height) // 2))
    below, share = top + THUMB + 3, round_percent(entry["probability"])
    colour = FOR if entry["true"] == entry["predicted"] else AGAINST
    wide = THUMB + GAP - 6
    room = wide - math.ceil(font(12).getlength(share)) - 4
    write(canvas, (left, below, wide, LINE), f"is {entry['true']}", 13, INK)
    write(canvas, (left, below + LINE, room, LINE), f"said {entry['predicted']}", 13, colour)
    write(canvas, (left + room, below + LINE, wide - room, LINE), share, 12, colour, "right")
    name = f"no. {entry['index']}" if entry["path"] is None else "/".join(Path(entry["path"]).parts[-2:])
    write(canvas, (left, below + 2 * LINE, wide, LINE), name, 11, GREY, keep="end")


def display_of(dataset, extractor):
    """Return a function that gives the Display of an entry, or None if its file is missing."""

    sample = samples_of(dataset, extractor)

    def display(entry):
        found = sample(entry)
        return found.display if found else None

    return display
