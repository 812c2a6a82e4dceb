"""Drawing: text, colours and enlarged pixels for the sheets.

Labels and names of files may contain anything, but a text stays on its line and inside its box. The two colours of
evidence, blue for and red against, differ for every kind of colour vision: https://davidmathlogic.com/colorblind, the
pair #005AB5 and #DC3220.
"""

import bisect
import functools

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipelines.features.images.edge import edge
from pipelines.wording import printable

WHITE, INK, GREY, PALE = (255, 255, 255), (34, 34, 34), (110, 110, 110), (225, 225, 225)
FOR, AGAINST = (0, 90, 181), (220, 50, 32)
ELLIPSIS = "..."
DARK = 64  # of 255; a darker ground is inverted in a faint picture


@functools.cache
def font(size):
    """Return Pillow's own font, `size` pixels high."""
    return ImageFont.load_default(size)


def shorten(text, size, width, keep="start"):
    """Return the start or the end of a text that fits into `width` pixels, with an ellipsis for the rest."""
    text = printable(text)
    if font(size).getlength(text) <= width:
        return text

    def part(kept):
        return text[:kept] + ELLIPSIS if keep == "start" else ELLIPSIS + text[len(text) - kept :]

    too_long = bisect.bisect_right(range(len(text)), width, key=lambda kept: font(size).getlength(part(kept)))
    return part(too_long - 1) if too_long > 1 else ""


def write(canvas, box, text, size=14, colour=INK, align="left", keep="start"):
    """Write one line of text, on white, only inside a box (left, top, width, height) of the canvas."""
    left, top, width, height = box
    text = shorten(text, size, width, keep)
    line = Image.new("RGB", (width, height), WHITE)
    free = width - font(size).getlength(text)
    start = {"left": 0, "centre": free // 2, "right": free // 1}[align]
    ImageDraw.Draw(line).text((start, height / 2), text, font=font(size), fill=colour, anchor="lm")
    canvas.paste(line, (left, top))


def enlarge(pixels, width, height):
    """Return pixels as a picture of this size: each stays a sharp rectangle, or is averaged if there is no room."""
    picture = Image.fromarray(pixels)
    smaller = picture.width > width or picture.height > height
    return picture.resize((width, height), Image.Resampling.BOX if smaller else Image.Resampling.NEAREST).convert("RGB")


def fit_size(display, width, height):
    """Return the (width, height) of a display in a box: stretched if it has axes, else in proportion.

    Pictures smaller than the box grow by whole factors, so that all their pixels have the same size.
    """
    high, wide = display.pixels.shape[:2]
    if display.across or display.upward:
        return width, height
    factor = min(width / wide, height / high)
    factor = int(factor) if factor >= 1 else factor
    return max(1, round(factor * wide)), max(1, round(factor * high))


def faint(pixels):
    """Return pixels as light shades of grey to draw upon, uint8 [shape=(height, width)]; a black ground turns light."""
    grey = np.asarray(Image.fromarray(pixels).convert("L")).astype(float)
    if np.median(edge(grey)) < DARK:
        grey = 255 - grey
    return (185 + grey * (70 / 255)).round().astype(np.uint8)


def full_colour(values):
    """Return the size of a number with full colour: the 99th percentile of sizes, or 1 if all are zero."""
    return float(np.quantile(np.abs(values), 0.99)) or float(np.abs(values).max()) or 1.0


def diverging(shares, ground):
    """Colour numbers over a ground: blue above 0, red below, and stronger for numbers nearer to 1 or -1.

    Parameters
    ----------
    shares : float ndarray [shape=(height, width)], clipped to [-1, 1]
    ground : ndarray of uint8 [shape=(height, width)], shades of grey

    Returns
    -------
    pixels : ndarray of uint8 [shape=(height, width, 3)]
    """
    strength = np.abs(np.clip(shares, -1, 1))[..., np.newaxis]
    colour = np.where(shares[..., np.newaxis] > 0, FOR, AGAINST)
    return (ground[..., np.newaxis] * (1 - strength) + colour * strength).round().astype(np.uint8)
