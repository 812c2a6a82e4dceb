"""Picture files: from whatever a user hands over to rows of pixels.

A picture file says far more than its pixels. A phone writes them lying on their side and notes how to turn them; a logo
is partly transparent; a scan has two colours or 65,536 shades of grey; a press wants its pictures in ink, not in light;
an animation is many pictures. `read_pixels` brings all of these to one form, the form that image data sets have too:
upright, opaque, 8 bits, grey or red-green-blue.

What is transparent is shown on white, as on a page: dark strokes on a transparent sheet would vanish on black. Of an
animation or a file of many pages the first picture counts. Colour profiles are not applied. A file that is damaged or
cut short is an error, never half a picture.

Pillow reads them all. Only a small JPEG without any such remark, of which data sets have tens of thousands, goes
straight to the decoder that Pillow too would hand it to, libjpeg-turbo: the same pixels, in a quarter of the time.
"""

import contextlib
import io
import os
import warnings

import numpy as np
from PIL import Image, UnidentifiedImageError

from pipelines.errors import InputFileError

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM")
MAX_PIXELS = 50_000_000

_SMALL_BYTES = 1 << 18
_SMALL_PIXELS = 1 << 18
_PLAIN_JPEG = {"Gray": "GRAY", "YCbCr": "RGB"}  # colours as simplejpeg names them, and what to decode them to

# Pillow warns of large pictures and of odd remarks in their headers; here a picture is either good to use or refused.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_GREY_MODES = ("1", "L", "LA", "La")


def read_pixels(source, smallest=None):
    """Decode one picture.

    Parameters
    ----------
    source : Path or bytes
        A picture file, or its contents.
    smallest : int > 0, in pixels, or None
        Width and height that are enough for the caller. A JPEG that is larger is then decoded at a half, a quarter or
        an eighth of its size, never below `smallest`: much faster, and bounded memory for very large photographs.

    Returns
    -------
    pixels : ndarray of uint8 [shape=(height, width) or (height, width, 3)]
        0 is black, 255 is white (grey) or full red, green and blue.

    Raises
    ------
    InputFileError
        If there is no such file, or it is not a whole picture, or larger than `MAX_PIXELS`. The message begins with the
        path, or with `<stdin>` for bytes.
    """
    name = "<stdin>" if isinstance(source, bytes) else str(source)
    with _opened(source, name) as file:
        try:
            if not file.read(1):
                raise InputFileError(f"{name}: the file is empty; export the picture again")
            file.seek(0)
            pixels = _plain_jpeg(file.getvalue(), smallest) if isinstance(file, io.BytesIO) else None
            return _decoded(file, name, smallest) if pixels is None else pixels
        except InputFileError:
            raise
        except UnidentifiedImageError as error:
            known = ", ".join(FORMATS)
            raise InputFileError(f"{name}: this is not a picture; files that can be read are {known}") from error
        except Image.DecompressionBombError as error:
            raise _too_large(name, "more than this program opens") from error
        # Decoders answer damaged bytes with errors of every kind: OSError, SyntaxError, ValueError, struct.error, ...
        except Exception as error:
            raise InputFileError(f"{name}: the picture is damaged or cut short ({error}); export it again") from error


def _opened(source, name):
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        file = open(source, "rb")  # noqa: PTH123, SIM115 - Path.open takes longer; the caller closes it
        if os.fstat(file.fileno()).st_size > _SMALL_BYTES:
            return file
        with file:
            return io.BytesIO(file.read())
    except FileNotFoundError as error:
        raise InputFileError(f"{name}: there is no such file; check the path") from error
    except IsADirectoryError as error:
        raise InputFileError(f"{name}: this is a folder; name the picture files in it") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputFileError(f"{name}: the file cannot be opened ({reason}); check its path and permissions") from error


def _plain_jpeg(contents, smallest):
    """Decode a small JPEG that says nothing beside its pixels; None where it is anything else, damaged included.

    What says something, such as how a picture is to be turned, says it in an APP1 segment.
    """
    if not contents.startswith(b"\xff\xd8\xff") or b"\xff\xe1" in contents:
        return None
    import simplejpeg

    with contextlib.suppress(ValueError):
        height, width, colours, _ = simplejpeg.decode_jpeg_header(contents)
        would_be_reduced = smallest is not None and min(height, width) >= 2 * smallest
        if colours in _PLAIN_JPEG and height * width <= _SMALL_PIXELS and not would_be_reduced:
            pixels = simplejpeg.decode_jpeg(contents, _PLAIN_JPEG[colours])
            return pixels[..., 0] if pixels.shape[2] == 1 else pixels
    return None


def _decoded(file, name, smallest):
    with Image.open(file, formats=FORMATS) as image:
        # A progressive JPEG is held in memory whole, whatever fraction of it is asked for.
        if smallest is not None and "progressive" not in image.info:
            image.draft(None, (smallest, smallest))
        if image.width * image.height > MAX_PIXELS:
            raise _too_large(name, f"{image.width} x {image.height} pixels")
        image.load()
        turn = _UPRIGHT.get(image.getexif().get(_ORIENTATION_TAG))
        upright = image if turn is None else image.transpose(turn)
        return _eight_bits(upright, name) if image.mode[0] in "IF" else np.asarray(_opaque(upright))


def _too_large(name, size):
    limit = f"{MAX_PIXELS // 1_000_000} million pixels"
    return InputFileError(f"{name}: the picture is too large ({size}); scale it down to {limit} at most")


def _eight_bits(image, name):
    """Scale 16-bit grey to 8 bits as Pillow scales 16-bit colour: the upper byte counts."""
    shades = np.asarray(image)
    if shades.dtype.kind == "f" or shades.min() < 0 or shades.max() > 65535:
        raise InputFileError(
            f"{name}: the shades are not 8- or 16-bit numbers, so which is white is unknown; convert it"
        )
    return (shades >> 8).astype(np.uint8)


def _opaque(image):
    mode = "L" if image.mode in _GREY_MODES else "RGB"
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    return image if image.mode == mode else image.convert(mode)
