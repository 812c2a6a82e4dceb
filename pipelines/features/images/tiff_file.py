"""TIFF files of the kinds that Pillow does not know: more channels than four, and several channels of 16 or 32 bits.

Scanners, satellites and microscopes write them. Where the file says that it is red, green and blue, the first three
channels count. Otherwise only the first one counts: the format calls the others extra. An extra channel that the file
calls alpha is transparency.
"""

import numpy as np

from pipelines.features.images.shades import eight_bits

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ALPHA = (1, 2)  # associated and unassociated alpha, in the tag ExtraSamples


class UnreadableTiffError(ValueError):
    """The file is a TIFF, of a kind that cannot be read; the message says which."""


def misread_by_pillow(tags):
    """Tell whether Pillow opens a TIFF but reads wrong numbers.

    It does so with unsigned numbers of 32 bits, and with channels of more than 8 bits that lie one after the other.

    Parameters
    ----------
    tags : dict of int to value, as Pillow's `tag_v2`
    """
    bits, formats = tags.get(258, (1,)), tags.get(339, (1,))
    planes = tags.get(284, 1) == 2 and len(bits) > 1
    return (max(bits) == 32 and formats[0] == 1) or (planes and max(bits) > 8)


def read_tiff(file, most_pixels):
    """Decode the first picture of a TIFF file.

    Parameters
    ----------
    file : binary file object
    most_pixels : int > 0

    Returns
    -------
    ndarray of uint8 [shape=(height, width), (height, width, 3) or, with transparency, (height, width, 4)]

    Raises
    ------
    UnreadableTiffError
        If it is compressed in a way that is not known, or larger than `most_pixels`.
    """
    from tifffile import TiffFile

    with TiffFile(file) as tiff:
        if not tiff.pages:
            raise UnreadableTiffError("without a picture in it")
        page = tiff.pages[0]
        kind = f"{page.bitspersample}-bit {page.dtype.kind if page.dtype else 'unknown'} numbers"
        kind = f"{page.samplesperpixel} channels of {kind.replace(' f ', ' float ').replace(' u ', ' whole ')}"
        if page.imagewidth * page.imagelength > most_pixels:
            raise UnreadableTiffError(f"{page.imagewidth} x {page.imagelength} pixels, {kind}")
        try:
            pixels = page.asarray()
        except Exception as error:
            compression = getattr(page.compression, "name", page.compression)
            raise UnreadableTiffError(f"{kind}, compression {compression}") from error
        pixels = pixels.reshape(-1, *pixels.shape[-3:])[0] if pixels.ndim > 3 else pixels
        if pixels.ndim == 3 and page.planarconfig == 2:
            pixels = np.moveaxis(pixels, 0, -1)
        colours = 3 if getattr(page.photometric, "name", "") in ("RGB", "YCBCR") else 1
        inverted = getattr(page.photometric, "name", "") == "MINISWHITE"
        extra = tuple(page.extrasamples or ())
    if pixels.ndim == 2:
        return 255 - eight_bits(pixels) if inverted else eight_bits(pixels)
    shown = eight_bits(pixels[..., :colours])
    if inverted:
        shown = 255 - shown
    if extra and extra[0] in _ALPHA and pixels.shape[2] > colours:
        alpha = eight_bits(pixels[..., colours])
        return np.dstack([shown if colours == 3 else np.repeat(shown, 3, axis=2), alpha])
    return shown if colours == 3 else shown[..., 0]
