"""Headers of pictures: how large they are and in which colours, without decoding them."""

from pathlib import Path

import numpy as np

from pipelines.features.images.image_file import MAX_PIXELS
from pipelines.machine import contents


def header(path):
    """Return (width, height, mode, format) of a picture (Path or str), as Pillow calls them, or a sentence: why not."""
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return (*picture.size, picture.mode, picture.format)
    except Image.DecompressionBombError:
        return f"is larger than {MAX_PIXELS / 1e6:.0f} million pixels; make it smaller"
    except Exception:  # Pillow's readers raise whatever comes to them
        return why_not(path)


def why_not(path):
    """Say why a file's header cannot be read, or that the file is something else."""
    try:
        first = contents.first_bytes(Path(path))
    except OSError as problem:
        return f"cannot be read ({problem.strerror})"
    if told := contents.what_it_is(first):
        return told
    return "" if contents.task_of(first) == "images" else "is not a picture of a kind that can be read"


def summary(headers):
    """Return what headers say together: dict of JSON types.

    Parameters
    ----------
    headers : list of tuples, as `header` returns them; not empty
    """
    widths, heights, modes, formats = zip(*headers, strict=True)
    sizes = _counts([f"{width}x{height}" for width, height in zip(widths, heights, strict=True)])
    return {
        "sizes": dict(list(sizes.items())[:10]),
        "n_sizes": len(sizes),
        "width": _ends(widths),
        "height": _ends(heights),
        "modes": _counts(modes),
        "formats": _counts(formats),
    }


def doubts(header):
    """Return why the reader will refuse a picture with this header, as a sentence; None if it will not."""
    width, height = header[:2]
    if width * height > MAX_PIXELS:
        return f"has {width} x {height} pixels, more than {MAX_PIXELS / 1e6:.0f} million; make it smaller"
    return None


def conditions(headers):
    """Return under what conditions each picture was taken: dict of str to list of str, in the order of the headers."""
    return {"size": [f"{width} x {height} pixels" for width, height, _, _ in headers]}


def _ends(values):
    return {"least": int(min(values)), "median": int(np.median(values)), "most": int(max(values))}


def _counts(values):
    kinds, counts = np.unique(np.array([str(value) for value in values]), return_counts=True)
    return {str(kinds[i]): int(counts[i]) for i in np.argsort(-counts, kind="stable")}
