"""Picture files: from a user's file to rows of pixels.

A picture file says far more than its pixels. A phone writes them lying on their side and notes how to turn them; a logo
is partly transparent; a scan has two colours or 65,536 shades of grey; a press wants its pictures in ink, not in light;
an animation is many pictures. `read_pixels` brings all of these to one form, the form that image data sets have too:
upright, opaque, 8 bits, grey or red-green-blue. How shades of other kinds become 8 bits, and what lies below what is
transparent, says `shades`.

Of an animation or a file of many pages the first picture counts. Colour profiles are not applied. A file that is
damaged or cut short is an error, never half a picture. A JPEG that lacks nothing but its end mark, as camera boards
write them, is whole.

Pillow reads them all. Only a small JPEG without any such remark, of which data sets have tens of thousands, goes
straight to the decoder that Pillow too would hand it to, libjpeg-turbo: the same pixels, in a quarter of the time. TIFF
files that Pillow does not know go to `tiff_file`, and Apple's HEIC to pillow-heif, where that is installed.
"""

import contextlib
import io
import logging
import os
import struct

import numpy as np
from PIL import Image, ImageChops, PngImagePlugin, UnidentifiedImageError

from pipelines.errors import InputFileError
from pipelines.features.images import shades
from pipelines.features.images.tiff_file import MAGIC, UnreadableTiffError, misread_by_pillow, read_tiff
from pipelines.machine.contents import ENOUGH, find_packing, task_of, what_it_is
from pipelines.machine.extras import install_command
from pipelines.machine.quiet import quiet_libraries

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM")
# Other formats that Pillow decodes by itself. EPS and WMF need another program, and it only names HDF5.
RARE_FORMATS = (
    *("TGA", "ICO", "ICNS", "DIB", "PCX", "DCX", "PSD", "QOI", "SGI", "SUN", "XBM", "XPM", "DDS", "BLP", "CUR", "FITS"),
    *("FLI", "FTEX", "GBR", "IM", "IMT", "MSP", "PCD", "PIXAR", "SPIDER", "MCIDAS", "XVTHUMB"),
)
COMMON = "PNG, JPEG, GIF, BMP, TIFF, WebP, AVIF, JPEG 2000, PNM, HEIC and what else Pillow opens"
MAX_PIXELS = 50_000_000

_SMALL_BYTES = 1 << 18
_SMALL_PIXELS = 1 << 18
_PLAIN_JPEG = {"Gray": "GRAY", "YCbCr": "RGB"}  # colours as simplejpeg names them, and what to decode them to

for _library in ("PIL", "tifffile"):
    logging.getLogger(_library).addHandler(logging.NullHandler())  # else they log to standard error

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
_END_MARK = b"\xff\xd9"
_OF_DECODERS = (OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, struct.error, ArithmeticError)
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


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
        If the file does not exist, is not a complete picture, or is larger than `MAX_PIXELS`. The message begins with
        the path, or with `<stdin>` for bytes.
    """
    name = "<stdin>" if isinstance(source, bytes) else str(source)
    with _open(source, name) as file:
        try:
            pixels = _plain_jpeg(file.getvalue(), smallest) if isinstance(file, io.BytesIO) else None
            if pixels is not None:
                return pixels
            if something_else := what_it_is(file.read(ENOUGH)):
                raise InputFileError(f"{name}: {something_else}")
            file.seek(0)
            try:
                pixels = _decode(file, name, smallest)
            except UnidentifiedImageError as error:
                pixels = _otherwise(file, name, error)
            if not pixels.size:
                raise InputFileError(f"{name}: the picture has no pixels; export it again")
            return pixels
        except InputFileError:
            raise
        except Image.DecompressionBombError as error:
            raise _too_large(name, "more than this program opens") from error
        # Decoders answer damaged bytes with errors of every kind: OSError, SyntaxError, ValueError, struct.error, ...
        except Exception as error:
            raise InputFileError(f"{name}: the picture is damaged or truncated ({error}); export it again") from error


def _open(source, name):
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        file = open(source, "rb")  # noqa: PTH123, SIM115 - Path.open takes longer; the caller closes it
        if os.fstat(file.fileno()).st_size > _SMALL_BYTES:
            return file
        with file:
            return io.BytesIO(file.read())
    except FileNotFoundError as error:
        raise InputFileError(f"{name}: this file does not exist; check the path") from error
    except IsADirectoryError as error:
        raise InputFileError(f"{name}: this is a folder; name the picture files in it") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputFileError(f"{name}: the file cannot be opened ({reason}); check its path and permissions") from error


def _plain_jpeg(contents, smallest):
    """Decode a small JPEG without metadata; return None if it is anything else, or damaged.

    Metadata, for example how a picture must be turned, is in an APP1 segment.
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


def _decode(file, name, smallest, formats=FORMATS):
    try:
        with _open_image(file, formats) as image:
            return _pixels_of(image, name, smallest)
    except UnidentifiedImageError:  # which is an OSError
        raise
    except OSError as error:
        completed = _complete_jpeg(file) if "truncated" in str(error) else None
        if completed is None:
            raise
    with Image.open(io.BytesIO(completed), formats=formats) as image:
        return _pixels_of(image, name, smallest)


def _open_image(file, formats):
    """Open a PNG, or a file of one of `formats`.

    PNG is tried first because `Image.open` loads the readers of several formats, and that takes longer than to read a
    small PNG.
    """
    try:
        return PngImagePlugin.PngImageFile(file)
    except SyntaxError:  # the file is no PNG, or its header is damaged
        return Image.open(file, formats=formats)


def _pixels_of(image, name, smallest):
    # Pillow holds a whole progressive JPEG in memory, even if a reduced picture is wanted.
    if smallest is not None and "progressive" not in image.info:
        image.draft(None, (smallest, smallest))
    if image.width * image.height > MAX_PIXELS:
        raise _too_large(name, f"{image.width} x {image.height} pixels")
    if image.format == "TIFF" and misread_by_pillow(image.tag_v2):
        raise UnidentifiedImageError("a kind of TIFF that Pillow takes for another one")
    cut_to_eight = any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))
    with quiet_libraries() if image.format == "TIFF" else contextlib.nullcontext():
        image.load()
    if image.format == "JPEG" and image.mode == "CMYK" and "adobe" not in image.info:
        image = ImageChops.invert(image)  # Pillow assumes that every JPEG's inks are inverted, like Adobe's
    turn = _UPRIGHT.get(image.getexif().get(_ORIENTATION_TAG))
    upright = image if turn is None else image.transpose(turn)
    if image.mode[0] in "IF":
        return shades.eight_bits(np.asarray(upright))
    pixels = np.asarray(shades.opaque(upright))
    return shades.fewer_bits(pixels) if cut_to_eight and "A" not in image.mode else pixels


def _complete_jpeg(file):
    """Complete a JPEG that lacks only its end mark: return its contents; None if more is missing or it is no JPEG."""
    import simplejpeg

    file.seek(0)
    contents = file.read()
    if contents.startswith(b"\xff\xd8\xff"):
        contents = contents.removesuffix(b"\xff") + _END_MARK
        with contextlib.suppress(ValueError):  # it raises where anything is missing
            colours = simplejpeg.decode_jpeg_header(contents)[2]
            simplejpeg.decode_jpeg(contents, _PLAIN_JPEG.get(colours, "CMYK"), strict=True)
            return contents
    return None


def _otherwise(file, name, error):
    """Decode a file that Pillow does not know by itself, or raise an error that says what it is."""
    file.seek(0)
    head = file.read(32)
    file.seek(0)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return _heif(file, name)
    if head[:4] not in MAGIC:
        Image.init()  # Pillow then knows all formats; this takes a moment
        with contextlib.suppress(UnidentifiedImageError, *_OF_DECODERS):
            return _decode(file, name, None, [known for known in RARE_FORMATS if known in Image.OPEN])
        if (way := find_packing(head)) is not None:
            raise InputFileError(f"{name}: this is packed with {way}; unpack it, and give what is in it") from error
        what = "a recording, not a picture" if task_of(head) == "speech" else "not a picture"
        raise InputFileError(f"{name}: this is {what}; files that can be read are {COMMON}") from error
    try:
        pixels = read_tiff(file, MAX_PIXELS)
    except UnreadableTiffError as kind:
        raise InputFileError(
            f"{name}: this is a TIFF of a kind that cannot be read here ({kind}); convert it to 8 bits"
        ) from error
    except Exception as damage:  # as decoders do above, tifffile answers damaged bytes with errors of every kind
        raise InputFileError(f"{name}: the picture is damaged or truncated ({damage}); export it again") from error
    return np.asarray(shades.opaque(Image.fromarray(pixels)))


def _heif(file, name):
    try:
        import pillow_heif
    except ImportError as error:
        raise InputFileError(
            f"{name}: this is a HEIC picture, as iPhones take them; export it as a JPEG, or install its reader: "
            f"{install_command('pillow_heif')}"
        ) from error
    with pillow_heif.open_heif(file).to_pillow() as image:
        return _pixels_of(image, name, None)


def _too_large(name, size):
    limit = f"{MAX_PIXELS // 1_000_000} million pixels"
    return InputFileError(f"{name}: the picture is too large ({size}); scale it down to {limit} at most")
