"""TIFF files of rarer kinds are read, or it is said which kind they are."""

import io

import numpy as np
import pytest
import tifffile

from pipelines.errors import InputFileError
from pipelines.features.images.image_file import MAX_PIXELS, read_pixels


def tiff(pixels, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **options)
    return file.getvalue()


@pytest.fixture
def picture():
    return np.random.default_rng(3).integers(0, 256, (40, 50, 3), dtype=np.uint8)


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("extra", [0, 1, 3])
def test_red_green_and_blue_are_the_first_three_channels(picture, kind, extra, planar):
    scale = {"uint8": 1, "uint16": 257, "float32": 1 / 255}[kind]
    more = np.zeros((40, 50, extra), np.uint8)
    pixels = (np.concatenate([picture, more], axis=2) * np.array(scale)).astype(kind)
    pixels = np.moveaxis(pixels, 2, 0) if planar == "separate" else pixels
    options = {"photometric": "rgb", "planarconfig": planar}
    read = read_pixels(tiff(pixels, extrasamples=[0] * extra if extra else None, **options))
    assert np.abs(read.astype(int) - picture).max() <= 1


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32", "uint32", "float64"])
@pytest.mark.parametrize("extra", [0, 1, 4])
def test_grey_is_the_first_channel(picture, kind, extra):
    picture[0, :2] = [[0], [255]]
    grey = picture[..., 0].astype(kind) * {"uint16": 257, "uint32": 10**7}.get(kind, 1)
    pixels = np.dstack([grey, np.zeros((40, 50, extra), kind)]) if extra else grey
    options = {"extrasamples": [0] * extra, "planarconfig": "contig"} if extra else {}
    read = read_pixels(tiff(pixels, photometric="minisblack", **options))
    assert np.abs(read.astype(int) - picture[..., 0]).max() <= 1


def test_an_extra_channel_called_alpha_is_transparency():
    grey = np.zeros((40, 50), np.uint16)
    alpha = np.zeros((40, 50), np.uint16)
    alpha[10:20, 20:30] = 65535
    contents = tiff(
        np.dstack([grey, alpha]), photometric="minisblack", planarconfig="contig", extrasamples=["unassalpha"]
    )
    read = read_pixels(contents)
    assert read[15, 25].max() == 0
    assert read[0, 0].min() == 255


def test_of_many_pages_the_first_counts(picture):
    deep = (picture / 255).astype(np.float32)
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for page in (deep, 0 * deep):
            writer.write(page, photometric="rgb")
    assert np.abs(read_pixels(file.getvalue()).astype(int) - picture).max() <= 1


def test_too_large_and_broken_ones_are_named_in_a_sentence(picture):
    deep = tiff((picture / 255).astype(np.float32), photometric="rgb")
    for cut in range(8, len(deep), 997):
        with pytest.raises(InputFileError) as caught:
            read_pixels(deep[:cut])
        assert "\n" not in str(caught.value)
    large = bytearray(tiff(np.zeros((2, 2, 5), np.float32), photometric="rgb", planarconfig="contig"))
    side = int(MAX_PIXELS**0.5) + 1
    for tag in (256, 257):
        at = large.index(int(tag).to_bytes(2, "little") + b"\x04\0\x01\0\0\0") + 8
        large[at : at + 4] = side.to_bytes(4, "little")
    with pytest.raises(InputFileError, match="TIFF of a kind that cannot be read here"):
        read_pixels(bytes(large))
