"""Shades: from the numbers that a decoder gives to opaque pixels of 8 bits.

Four questions have no answer in the file itself, and each has one here.

- Which number is white? Cameras and microscopes use 10, 12 or 14 of 16 bits. White is the largest number that fits into
  the fewest of these bits that hold every shade. Numbers that are no whole ones below 65,536 have white at their own
  largest, unless they keep to 0 to 1 or to 0 to 255.
- What lies below what is transparent? A white page, on which dark strokes are seen; unless much more is seen on black,
  as of white strokes.
- Is ink counted, or its absence? Adobe's programs store a JPEG's inks inverted and say so; see `image_file`.
- What is bright in a drawing of two colours? Usually what the eye calls so. Red on green may be equally bright; then
  one of the three colours, as through a coloured glass, shows what is drawn.
"""

import numpy as np
from PIL import Image

DEPTHS = (8, 10, 12, 14, 16)
SEEN_BETTER = 2  # a picture goes on black if its contrast there is more than this many times that on white
CLEARER = 2  # one colour is taken for the brightness if it has more than this many times its contrast
SAMPLED = 256  # pixels of the longer side at which contrasts of colours are compared
GREY_MODES = ("1", "L", "LA", "La")


def eight_bits(shades):
    """Bring shades of any kind to 8 bits.

    Parameters
    ----------
    shades : ndarray of int or float [shape=(height, width) or (height, width, n_channels)]

    Returns
    -------
    ndarray of uint8, of the same shape

    Raises
    ------
    ValueError
        If no shade is a finite number.
    """
    if shades.dtype == np.uint8:
        return shades
    if shades.dtype.kind == "f":
        finite = np.isfinite(shades)
        if not finite.any():
            raise ValueError("its shades are not finite numbers")
        shades = shades if finite.all() else np.where(finite, shades, shades[finite].min())
    low, high = shades.min(), shades.max()
    if shades.dtype.kind in "ui" and low >= 0 and high < 1 << 16:
        return (shades >> (_depth(shades, int(high)) - 8)).astype(np.uint8)
    if low >= 0 and high <= 255:
        low, high = (0, 1) if high <= 1 else (0, 255)
    scaled = (shades - np.float32(low)) * np.float32(255 / max(float(high) - float(low), 1e-30))
    return np.clip(np.rint(scaled, out=scaled), 0, 255).astype(np.uint8)


def _depth(shades, high):
    """Return how many bits the shades use, all of them below 2**16."""
    least = next(depth for depth in DEPTHS if high < 1 << depth)
    if least in (8, 16):
        return least
    # A dark 8-bit picture that was scaled to 16 bits seems to use fewer, but each of its numbers shows the scaling.
    lower = shades & 255
    return 16 if not lower.any() or np.array_equal(lower, shades >> 8) else least


def fewer_bits(pixels):
    """Widen what is left of 10, 12 or 14 bits after a decoder has kept the upper 8 of 16."""
    high = int(pixels.max(initial=0))
    missing = next((missing for missing in (6, 4, 2) if high < 1 << (8 - missing)), 0)
    return pixels << missing if missing else pixels


def opaque(image):
    """Return a picture without transparency, grey or red-green-blue: a Pillow image of mode "L" or "RGB".

    What is transparent everywhere was not meant to be: its colours count.
    """
    mode = "L" if image.mode in GREY_MODES else "RGB"
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        lowest, highest = layer.getchannel("A").getextrema()
        if lowest < 255 and highest > 0:
            return _on_ground(layer).convert(mode)
        return layer.convert("RGB").convert(mode)
    if image.mode == "LAB":
        return _from_lab(image)
    return image if image.mode == mode else image.convert(mode)


def clearest_grey(pixels):
    """Return how bright a drawing's pixels are: uint8 [shape=(height, width)].

    It is luma (ITU-R BT.601), or the level of red, green or blue if that shows far more.

    Parameters
    ----------
    pixels : ndarray of uint8 [shape=(height, width) or (height, width, 3)]
    """
    if pixels.ndim == 2:
        return pixels
    luma = np.asarray(Image.fromarray(pixels).convert("L"))
    apart = max(1, max(luma.shape) // SAMPLED)
    contrasts = pixels[::apart, ::apart].std(axis=(0, 1))
    clearest = int(np.argmax(contrasts))
    if contrasts[clearest] > CLEARER * luma[::apart, ::apart].std():
        return np.ascontiguousarray(pixels[:, :, clearest])
    return luma


def _on_ground(layer):
    """Put a picture on white, or on black if it has far more contrast there."""
    on_white, on_black = (
        Image.alpha_composite(Image.new("RGBA", layer.size, ground), layer) for ground in ("white", "black")
    )
    return on_black if _contrast(on_black) > SEEN_BETTER * _contrast(on_white) else on_white


def _contrast(image):
    """Return the standard deviation of the brightness."""
    histogram = np.array(image.convert("L").histogram(), float)
    levels = np.arange(256)
    mean = histogram @ levels / histogram.sum()
    return np.sqrt(histogram @ np.square(levels - mean) / histogram.sum())


def _from_lab(image):
    """Convert a picture from CIELAB to sRGB."""
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
