"""Ink: how much darker than the ground each pixel is, and the level at which a stroke begins.

1. Grain is how much neighbouring pixels differ where nothing is drawn. Faint strokes in grain are seen after a blur, as
   the eye sees them from further away.
2. Otsu's threshold parts ground from ink; the median of what is brighter is the ground's level.
3. A pencil is dark here and faint there. So a pixel is compared with the darkest ones close by: half as dark as these
   is the edge of the stroke, however dark they are.

Otsu 1979, https://doi.org/10.1109/TSMC.1979.4310076
"""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter

from pipelines.features.images.drawing import breadth

FAINTEST = 8  # levels between ink and ground
GRAINS, PEAK, CLEAR = 4.0, 5.0, 12.0  # drop by grain: of ink, of a part's darkest ink, and of ink that needs no blur
COARSE = 12  # pixels; a drawing with a shorter side is edges all over
FAINT = 0.12  # least drop of ink, as a share of the drop of the darkest ink


@dataclass(frozen=True)
class Ink:
    """Dark ink on a bright ground.

    Attributes
    ----------
    drop : ndarray of float32 [shape=(height, width)]
        By how many levels each pixel is darker than the ground.
    close_by : ndarray of float32 [shape=(height, width)]
        The same of the darkest ink close to each pixel.
    contrast : float > 0, in levels
        The same of the darkest ink of all.
    peak : float > 0, in levels
        What a part of the drawing has at its darkest, at least.
    width : float, in pixels, about that of a stroke
    """

    drop: np.ndarray
    close_by: np.ndarray
    contrast: float
    peak: float
    width: float

    @property
    def marked(self):
        """Which pixels are stroke: bool [shape=(height, width)]."""
        return self.drop > 0.5 * self.close_by

    def within(self, near):
        """Return the ink of a part of the picture; `near`: slices of rows and columns."""
        return replace(self, drop=self.drop[near], close_by=self.close_by[near])

    def coverage(self, kept):
        """Return how much of each pixel is stroke, of those marked pixels that are kept: float32, in [0, 1]."""
        steep = np.clip(self.width / 4, 1, 2.5)  # a line of many pixels has narrow edges
        near = spread(kept)
        return np.where(near, np.clip(0.5 + steep * (self.drop / self.close_by - 0.5), 0, 1), 0).astype(np.float32)


def ink_on(picture, smallest):
    """Find ink in a picture.

    Parameters
    ----------
    picture : Pillow image of mode "L", of dark ink on bright ground
    smallest : int > 0, pixels
        A picture whose longer side is shorter is enlarged, so that edges can be found between its pixels.

    Returns
    -------
    Ink, or None if nothing is darker than the ground
    times : int > 0, by which the picture was enlarged
    """
    levels = np.asarray(picture, np.float32)
    levels, grain = _blur_enough(levels, _grain(levels))
    times = -(-smallest // max(levels.shape)) if max(levels.shape) < smallest else 1
    levels = _enlarge(levels, times) if times > 1 else levels
    bright = levels > otsu(np.clip(levels + 0.5, 0, 255).astype(np.uint8))
    if not bright.any() or np.ptp(levels) < FAINTEST:
        return None, times
    drop = float(np.median(levels[bright])) - levels
    contrast = float(np.sort(drop, axis=None)[-max(1, drop.size // 200)])
    if contrast < max(FAINTEST, GRAINS * grain):
        return None, times
    likely = (drop > 0.5 * contrast).astype(np.float32)
    width = max(2.0, float(breadth(likely[np.newaxis])[0]))
    close_by = np.maximum(_darkest_close_by(drop, width), max(GRAINS * grain, FAINT * contrast))
    return Ink(drop, close_by, contrast, max(PEAK * grain, FAINT * contrast), width), times


def otsu(pixels):
    """Return the level that parts the pixels (uint8) in two with the greatest variance between the parts: float."""
    counts = np.bincount(pixels.ravel(), minlength=256).astype(float)
    below, weighted = np.cumsum(counts), np.cumsum(counts * np.arange(256))
    above = below[-1] - below
    between = np.square(weighted[-1] * below / below[-1] - weighted) / np.maximum(below * above, 1e-9)
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))
    return float(best.mean()) + 0.5


def spread(marked, by=1):
    """Return the marked pixels and those up to so many rows and columns away: bool, of the same shape."""
    return np.asarray(Image.fromarray(marked).convert("L").filter(ImageFilter.MaxFilter(2 * by + 1))) > 0


def _enlarge(values, times):
    size = (times * values.shape[1], times * values.shape[0])
    return np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BICUBIC))


def _grain(values):
    """Return the standard deviation of the noise from pixel to pixel.

    It is estimated from second differences in both directions, which are 0 on slopes. Their median decides, so edges
    do not count. In a coarse picture all is edges, and its grain is not known.
    """
    if min(values.shape) < COARSE:
        return 0.0
    mixed = values[1:-1, 1:-1] - 0.5 * (values[:-2, 1:-1] + values[2:, 1:-1])
    across = mixed[:, 1:-1] - 0.5 * (mixed[:, :-2] + mixed[:, 2:])
    return float(np.median(np.abs(across))) / (0.6745 * 1.5)


def _blur_enough(levels, grain):
    """Blur until ink stands out from the grain, as far as strokes allow; return the levels and the grain then."""
    if grain < 1:
        return levels, grain
    low, middle, high = np.percentile(levels, (2, 50, 98))
    contrast = max(high - middle, middle - low) - 2 * grain
    sigma = min(max(levels.shape) / 28, 0.28 * CLEAR * grain / max(contrast, 1))
    if sigma < 0.35:
        return levels, grain
    return _gaussian(levels, sigma), grain * min(1.0, 0.28 / sigma)  # white noise is reduced to 1 / (2 sqrt(pi) sigma)


def _gaussian(values, sigma):
    reach = max(1, int(3 * sigma + 0.5))
    weights = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / sigma)).astype(np.float32)
    weights /= weights.sum()
    for axis in (0, 1):
        padded = np.pad(values, [(reach, reach) if i == axis else (0, 0) for i in (0, 1)], mode="edge")
        n = values.shape[axis]
        parts = (w * (padded[i : i + n] if axis == 0 else padded[:, i : i + n]) for i, w in enumerate(weights))
        values = sum(parts)
    return values


def _darkest_close_by(drop, width):
    """Return how dark the darkest ink close to each pixel is: float32, like drop."""
    cell = max(1, round(width / 2))
    height, wide = drop.shape
    rows, columns = -(-height // cell), -(-wide // cell)
    padded = np.zeros((rows * cell, columns * cell), np.float32)
    padded[:height, :wide] = drop
    highest = np.pad(padded.reshape(rows, cell, columns, cell).max(axis=(1, 3)), 2)
    for axis in (0, 1):  # the highest of five cells in each direction
        n = highest.shape[axis] - 4
        slices = [highest[i : i + n] if axis == 0 else highest[:, i : i + n] for i in range(5)]
        highest = np.maximum.reduce(slices)
    image = Image.fromarray(np.maximum(highest, 0)).resize((columns * cell, rows * cell), Image.Resampling.BILINEAR)
    return np.asarray(image)[:height, :wide]
