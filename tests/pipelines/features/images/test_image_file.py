"""Pictures of every kind come out upright, opaque and with 8 bits; what is no picture is refused in one sentence."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageCms, ImageOps

from pipelines.errors import InputFileError
from pipelines.features.images import image_file
from pipelines.features.images.image_file import MAX_PIXELS, read_pixels


def encode(pixels, file_format="PNG", **options):
    """Return a picture file's contents; `pixels` is an array or a Pillow image."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture
def colour(rng):
    return rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)


@pytest.fixture
def grey(colour):
    return colour[..., 0]


def smooth(height, width):
    """A colour gradient: what JPEG and other lossy forms keep almost exactly."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([255 * y / height, 255 * x / width, 255 - 127 * (y / height + x / width)], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "TIFF", "PPM"])
def test_a_lossless_file_gives_back_the_pixels_that_were_saved(file_format, colour, grey):
    np.testing.assert_array_equal(read_pixels(encode(colour, file_format)), colour)
    np.testing.assert_array_equal(read_pixels(encode(grey, file_format)), grey)


@pytest.mark.parametrize("file_format", ["JPEG", "WEBP"])
def test_a_lossy_file_gives_back_nearly_the_pixels_that_were_saved(file_format):
    picture = smooth(40, 60)
    decoded = read_pixels(encode(picture, file_format, quality=95)).astype(int)
    assert np.abs(decoded - picture).mean() < 3


def test_a_path_and_its_bytes_give_the_same_pixels(tmp_path, colour):
    path = tmp_path / "picture.png"
    path.write_bytes(encode(colour))
    np.testing.assert_array_equal(read_pixels(path), read_pixels(path.read_bytes()))


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_with_an_orientation_is_turned_as_pillow_turns_it(orientation, file_format):
    exif = Image.Exif()
    exif[0x0112] = orientation
    contents = encode(smooth(20, 30), file_format, exif=exif)
    by_pillow = ImageOps.exif_transpose(Image.open(io.BytesIO(contents)))
    np.testing.assert_array_equal(read_pixels(contents), np.asarray(by_pillow))
    assert read_pixels(contents).shape == ((20, 30, 3) if orientation < 5 else (30, 20, 3))


def test_a_picture_whose_orientation_is_unreadable_counts_as_upright(colour):
    assert read_pixels(encode(colour, "JPEG", exif=b"Exif\0\0no such thing")).shape == colour.shape


def test_what_is_transparent_is_shown_on_white(grey):
    alpha = np.zeros_like(grey)
    alpha[:, 15:] = 255
    expected = np.where(alpha == 255, grey, 255)
    np.testing.assert_array_equal(read_pixels(encode(np.dstack([grey, alpha]))), expected)
    rgba = np.dstack([grey, grey, grey, alpha])
    np.testing.assert_array_equal(read_pixels(encode(rgba)), np.dstack([expected] * 3))


def test_what_is_half_transparent_lies_half_way_to_white():
    black = np.zeros((4, 4, 4), dtype=np.uint8)
    black[..., 3] = 128
    assert np.abs(read_pixels(encode(black)).astype(int) - 127).max() <= 1


def test_a_colour_that_stands_for_transparency_is_shown_on_white():
    picture = np.array([[10, 20], [10, 30]], dtype=np.uint8)
    np.testing.assert_array_equal(read_pixels(encode(picture, transparency=10)), [[255, 20], [255, 30]])


def test_a_palette_gives_its_colours_and_its_transparency(rng):
    shades = rng.integers(0, 4, (8, 8), dtype=np.uint8)
    palette = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]], dtype=np.uint8)
    image = Image.fromarray(shades)
    image.putpalette(palette.tobytes())
    np.testing.assert_array_equal(read_pixels(encode(image)), palette[shades])
    palette[2] = 255
    np.testing.assert_array_equal(read_pixels(encode(image, transparency=2)), palette[shades])


@pytest.mark.parametrize("step", [256, 257])
@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits_scale_to_the_same_picture_as_eight(file_format, step, grey):
    np.testing.assert_array_equal(read_pixels(encode(grey.astype(np.uint16) * step, file_format)), grey)


def test_sixteen_bits_are_turned_upright_too(grey):
    exif = Image.Exif()
    exif[0x0112] = 6
    np.testing.assert_array_equal(read_pixels(encode(grey.astype(np.uint16) * 257, exif=exif)), np.rot90(grey, -1))


def test_one_bit_becomes_black_and_white(grey):
    bits = grey > 127
    np.testing.assert_array_equal(read_pixels(encode(Image.fromarray(bits))), np.where(bits, 255, 0))


@pytest.mark.parametrize("file_format", ["JPEG", "TIFF"])
def test_ink_becomes_nearly_the_light_it_was_made_from(file_format):
    picture = smooth(32, 32)
    decoded = read_pixels(encode(Image.fromarray(picture).convert("CMYK"), file_format)).astype(int)
    assert np.abs(decoded - picture).mean() < 3


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_of_several_pictures_in_a_file_the_first_counts(file_format):
    first, second = Image.new("RGB", (8, 6), "red"), Image.new("RGB", (8, 6), "blue")
    decoded = read_pixels(encode(first, file_format, save_all=True, append_images=[second], duration=100))
    assert decoded.shape == (6, 8, 3)
    assert np.abs(decoded.astype(int) - [255, 0, 0]).max() <= 3


def test_one_pixel_is_a_picture():
    np.testing.assert_array_equal(read_pixels(encode(np.array([[[1, 2, 3]]], dtype=np.uint8))), [[[1, 2, 3]]])


def test_a_large_jpeg_is_decoded_smaller_but_never_below_what_is_enough():
    contents = encode(smooth(400, 800), "JPEG", quality=95)
    reduced = read_pixels(contents, smallest=64)
    assert reduced.shape == (100, 200, 3)
    whole = Image.fromarray(read_pixels(contents)).resize((200, 100), Image.Resampling.BOX)
    assert np.abs(reduced.astype(int) - np.asarray(whole)).mean() < 2


def test_a_jpeg_too_large_to_hold_whole_is_read_at_a_fraction_of_its_size():
    contents = encode(Image.new("L", (8000, MAX_PIXELS // 8000 + 1), 77), "JPEG")
    assert read_pixels(contents, smallest=64).shape == (782, 1000)
    with pytest.raises(InputFileError, match=r"^<stdin>: the picture is too large \(8000 x 6251 pixels\)"):
        read_pixels(contents)


@pytest.mark.parametrize("side", [8000, 20000])
def test_a_small_file_that_unpacks_to_a_huge_picture_is_refused_before_it_is_unpacked(side):
    contents = encode(Image.new("1", (side, side)))
    assert len(contents) < 100_000
    with pytest.raises(InputFileError, match=r"^<stdin>: the picture is too large .* 50 million pixels at most$"):
        read_pixels(contents, smallest=64)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF", "JPEG2000"])
def test_a_file_that_is_cut_short_is_an_error_and_never_half_a_picture(tmp_path, file_format, share, colour):
    path = tmp_path / "cut.picture"
    contents = encode(colour, file_format)
    path.write_bytes(contents[: int(len(contents) * share)])
    with pytest.raises(InputFileError) as caught:
        read_pixels(path)
    assert_one_sentence_about(caught, path)


@pytest.fixture
def by_pillow(monkeypatch):
    """A function that reads a picture without the short way that small plain JPEGs go: pixels, or the error's text."""

    def read(contents, smallest=None):
        with monkeypatch.context() as patch:
            patch.setattr(image_file, "_plain_jpeg", lambda *_: None)
            return outcome(contents, smallest)

    return read


def outcome(contents, smallest=None):
    try:
        return read_pixels(contents, smallest)
    except InputFileError as error:
        return str(error)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_small_jpeg_has_the_pixels_that_pillow_decodes(by_pillow, mode, subsampling, progressive):
    for size in ((32, 32), (1, 1), (3, 200), (47, 33), (130, 129), (520, 510)):
        image = Image.fromarray(smooth(*size)).convert(mode)
        for quality in (10, 75, 98):
            contents = encode(image, "JPEG", quality=quality, subsampling=subsampling, progressive=progressive)
            for smallest in (None, 32, 64):
                expected = by_pillow(contents, smallest)
                np.testing.assert_array_equal(read_pixels(contents, smallest), expected, strict=True)


def test_small_jpegs_do_go_the_short_way_and_others_do_not(monkeypatch, colour):
    small = encode(colour, "JPEG")
    expected = read_pixels(small)
    other = np.full((1, 1), 7, np.uint8)
    monkeypatch.setattr(image_file, "_decode", lambda *_: other)
    np.testing.assert_array_equal(read_pixels(small), expected)
    turned = Image.Exif()
    turned[0x0112] = 6
    assert read_pixels(encode(colour, "JPEG", exif=turned)) is other
    assert read_pixels(encode(Image.new("RGB", (600, 600)), "JPEG")) is other


def test_a_damaged_jpeg_is_answered_as_pillow_answers_it(by_pillow, rng, colour):
    whole = encode(colour, "JPEG")
    cut = [whole[:length] for length in range(1, len(whole), 7)]
    changed = [bytearray(whole) for _ in range(100)]
    for contents in changed:
        contents[rng.integers(len(whole))] ^= 1 << rng.integers(8)
    for contents in (*cut, *map(bytes, changed), whole + b"more"):
        ours, expected = outcome(contents), by_pillow(contents)
        assert type(ours) is type(expected)
        if isinstance(expected, str):
            assert ours == expected
        else:
            np.testing.assert_array_equal(ours, expected)


def test_a_flipped_bit_inside_a_png_is_noticed(colour):
    contents = bytearray(encode(colour))
    contents[len(contents) // 2] ^= 1
    with pytest.raises(InputFileError, match="damaged or truncated"):
        read_pixels(bytes(contents))


@pytest.mark.parametrize(
    "beginning",
    ["71 6f 69 66 00 00 01 18 fe 00 01 18 03 01", "00 00 03 00 00 00 00 00 00 00 00 00 ff ff ff fe 01 00"],
    ids=["QOI", "TGA"],
)
def test_a_rare_format_that_claims_to_be_huge_is_refused_as_too_large(beginning):
    with pytest.raises(InputFileError, match="too large"):
        read_pixels(bytes.fromhex(beginning).ljust(600, b"\1"))


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        (b"", "the file is empty"),
        (b"Dear diary,\n", "this is not a picture"),
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(24), "this is a recording, not a picture"),
        (b"PK\3\4" + bytes(60), "packed with zip; unpack"),
        (bytes(range(256)) * 8, "this is not a picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "this is not a picture"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "damaged|not a picture"),
    ],
    ids=["empty", "text", "sound", "zip", "noise", "postscript", "a PNG's first bytes alone"],
)
def test_what_is_no_picture_is_refused_by_name(tmp_path, contents, reason):
    path = tmp_path / "picture.png"
    path.write_bytes(contents)
    with pytest.raises(InputFileError, match=reason) as caught:
        read_pixels(path)
    assert_one_sentence_about(caught, path)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(InputFileError, match="this file does not exist") as caught:
        read_pixels(tmp_path / "missing.png")
    assert_one_sentence_about(caught, tmp_path / "missing.png")


def test_a_folder_is_refused_by_name(tmp_path):
    with pytest.raises(InputFileError, match="this is a folder") as caught:
        read_pixels(tmp_path)
    assert_one_sentence_about(caught, tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_refused_by_name(tmp_path, grey):
    path = tmp_path / "secret.png"
    path.write_bytes(encode(grey))
    path.chmod(0)
    with pytest.raises(InputFileError, match="permission denied") as caught:
        read_pixels(path)
    assert_one_sentence_about(caught, path)


def test_a_path_that_leads_through_a_file_is_refused_by_name(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(InputFileError, match="cannot be opened") as caught:
        read_pixels(tmp_path / "file" / "picture.png")
    assert_one_sentence_about(caught, tmp_path / "file" / "picture.png")


def assert_one_sentence_about(caught, path):
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert len(message) < len(str(path)) + 200


END = b"\xff\xd9"


@pytest.mark.parametrize("side", [60, 700])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_lacks_only_its_end_mark_is_whole_and_bytes_behind_it_do_not_matter(mode, side, progressive):
    whole = encode(Image.fromarray(smooth(side, side)).convert(mode), "JPEG", progressive=progressive)
    assert whole.endswith(END)
    for contents in (whole[:-2], whole[:-1], whole + bytes(3), whole + b"\xff" * 9, whole[:-2] + END + b"more" * 99):
        np.testing.assert_array_equal(read_pixels(contents, 64), read_pixels(whole, 64))
    for share in (0.5, 0.9):
        with pytest.raises(InputFileError, match="truncated"):
            read_pixels(whole[: int(share * len(whole))], 64)


@pytest.mark.parametrize("profile", [b"no profile", ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()])
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_colour_profile_even_a_broken_one_changes_nothing(file_format, profile):
    picture = smooth(20, 30)
    plain, profiled = (read_pixels(encode(picture, file_format, **more)) for more in ({}, {"icc_profile": profile}))
    np.testing.assert_array_equal(profiled, plain)


def test_inks_are_read_in_both_polarities():
    picture = Image.fromarray(smooth(32, 32)).convert("CMYK")
    adobes = encode(picture, "JPEG", quality=95)
    inverted = encode(ImageChops.invert(picture), "JPEG", quality=95)
    at = inverted.index(b"\xff\xee")  # the segment by which Adobe's programs say that they inverted
    others = inverted[:at] + inverted[at + 2 + int.from_bytes(inverted[at + 2 : at + 4], "big") :]
    for contents in (adobes, others):
        assert np.abs(read_pixels(contents).astype(int) - smooth(32, 32)).mean() < 3


@pytest.mark.parametrize("mode", ["LAB", "YCbCr"])
def test_colours_in_other_coordinates_come_out_as_they_are_seen(mode):
    image = Image.fromarray(smooth(32, 32))
    if mode == "LAB":
        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        other = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
    else:
        other = image.convert(mode)
    assert np.abs(read_pixels(encode(other, "TIFF")).astype(int) - smooth(32, 32)).mean() < 4


def test_a_heic_picture_is_read_where_its_library_is_there_and_named_where_not(monkeypatch):
    pillow_heif = pytest.importorskip("pillow_heif")
    file, picture = io.BytesIO(), smooth(40, 60)
    pillow_heif.from_pillow(Image.fromarray(picture)).save(file, quality=95)
    assert np.abs(read_pixels(file.getvalue()).astype(int) - picture).mean() < 4
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(InputFileError, match=r"^<stdin>: this is a HEIC picture, .* or install .*\[heic\]"):
        read_pixels(file.getvalue())


@pytest.mark.parametrize("file_format", ["TGA", "ICO", "PCX", "QOI", "SGI", "DDS", "IM", "DIB", "ICNS", "XBM", "MSP"])
def test_rarer_formats_that_pillow_decodes_are_read_too(file_format):
    image = Image.fromarray(smooth(64, 64))
    image = image.convert("1") if file_format in ("XBM", "MSP") else image
    contents = encode(image, file_format)
    expected = np.asarray(Image.open(io.BytesIO(contents)).convert("RGB"))
    pixels = read_pixels(contents)
    np.testing.assert_array_equal(pixels if pixels.ndim == 3 else np.dstack([pixels] * 3), expected)


def test_what_decoders_have_to_say_does_not_reach_the_user(tmp_path, colour):
    tiff = bytearray(encode(colour, "TIFF", compression="tiff_lzw"))
    (tmp_path / "a.tif").write_bytes(tiff)
    for number in range(40):
        damaged = bytearray(tiff)
        damaged[8 + 40 * number : 14 + 40 * number] = b"\xff" * 6
        (tmp_path / f"{number}.tif").write_bytes(damaged)
    program = (
        "import sys; from pathlib import Path; from pipelines.features.images.image_file import read_pixels\n"
        "for path in Path(sys.argv[1]).iterdir():\n"
        "    try: read_pixels(path)\n"
        "    except Exception as error: print(type(error).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert set(done.stdout.split()) <= {"InputFileError"}


def test_a_png_is_read_without_pillows_readers_of_other_formats(tmp_path):
    path = tmp_path / "seven.png"
    Image.fromarray(np.full((28, 28), 7, np.uint8)).save(path)
    program = (
        "import sys\nfrom pipelines.features.images.image_file import read_pixels\n"
        f"assert read_pixels({str(path)!r}).shape == (28, 28)\n"
        "print([name for name in sys.modules if name.startswith('PIL.') and name.endswith('Plugin')])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "['PIL.PngImagePlugin']"


@pytest.mark.parametrize("kept", [8, 12, 20, 33, 40])
def test_a_png_that_ends_early_is_named(tmp_path, kept):
    path = tmp_path / "cut.png"
    Image.fromarray(np.full((28, 28), 7, np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputFileError, match=r"cut\.png: "):
        read_pixels(path)
