"""Pictures of any size become vectors of one length, without being squeezed and without depending on their company."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.errors import DataError, InputFileError, UsageError
from pipelines.features.images.extractor import ImageExtractor

GREY_28 = ImageExtractor(28, 28, "grey")


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def save(folder, name, pixels):
    path = folder / name
    Image.fromarray(pixels).save(path)
    return path


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    wanted=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    channels=st.sampled_from(["grey", "colour"]),
    stored_in_colour=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_every_picture_becomes_a_finite_float32_vector_of_the_promised_length(
    size, wanted, channels, stored_in_colour, seed
):
    extractor = ImageExtractor(*wanted, channels)
    shape = (*size, 3) if stored_in_colour else size
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    features = extractor.extract(file.getvalue())
    assert features.shape == (extractor.n_features,)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert features.min() >= 0
    assert features.max() <= 1


def test_extracting_twice_gives_the_same_bytes(tmp_path, rng):
    path = save(tmp_path, "a.png", rng.integers(0, 256, (50, 70, 3), dtype=np.uint8))
    assert GREY_28.extract(path).tobytes() == GREY_28.extract(path).tobytes()


def test_a_picture_alone_has_the_same_features_as_in_a_batch(tmp_path, rng):
    paths = [save(tmp_path, f"{i}.png", rng.integers(0, 256, (9 + i, 40), dtype=np.uint8)) for i in range(5)]
    batch = GREY_28.to_features(np.stack([GREY_28.extract_row(GREY_28.read(path)) for path in paths]))
    np.testing.assert_array_equal(batch, np.stack([GREY_28.extract(path) for path in paths]))


@pytest.mark.parametrize(("shape", "channels"), [((6, 4), "grey"), ((6, 4, 3), "colour")])
def test_pixels_of_the_right_size_pass_through_untouched(tmp_path, rng, shape, channels):
    extractor = ImageExtractor(4, 6, channels)
    pixels = rng.integers(0, 256, shape, dtype=np.uint8)
    row = extractor.extract_row(pixels)
    assert np.shares_memory(row, pixels)
    np.testing.assert_array_equal(row.reshape(shape), pixels)
    np.testing.assert_array_equal(
        extractor.extract(save(tmp_path, "same.png", pixels)), pixels.ravel() / np.float32(255)
    )


def test_features_are_the_levels_over_255():
    stored = np.arange(256, dtype=np.uint8).reshape(2, 128)
    np.testing.assert_array_equal(ImageExtractor(16, 8, "grey").to_features(stored), stored / np.float32(255))


def test_grey_in_colour_settings_has_three_equal_channels(rng):
    pixels = rng.integers(0, 256, (5, 5), dtype=np.uint8)
    row = ImageExtractor(5, 5, "colour").extract_row(pixels).reshape(5, 5, 3)
    np.testing.assert_array_equal(row, np.dstack([pixels] * 3))


def test_colour_in_grey_settings_is_luma(rng):
    pixels = rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)
    row = ImageExtractor(5, 5, "grey").extract_row(pixels).reshape(5, 5)
    assert np.abs(row - pixels @ [0.299, 0.587, 0.114]).max() <= 1


def test_scaling_down_averages_instead_of_picking_pixels():
    stripes = np.tile(np.array([0, 255], dtype=np.uint8), (256, 128))
    row = ImageExtractor(16, 16, "grey").extract_row(stripes).astype(int)
    assert np.abs(row - 127).max() <= 16


def test_scaling_keeps_the_average_brightness(rng):
    coarse = np.kron(rng.integers(0, 256, (8, 8)), np.ones((16, 16))).astype(np.uint8)
    assert GREY_28.extract_row(coarse).mean() == pytest.approx(coarse.mean(), abs=2)


def test_a_picture_is_never_squeezed():
    disc = np.zeros((60, 120), dtype=np.uint8)
    y, x = np.mgrid[0:60, 0:120]
    disc[(y - 29.5) ** 2 + (x - 59.5) ** 2 < 24**2] = 255
    seen = ImageExtractor(32, 32, "grey").extract_row(disc).reshape(32, 32) > 127
    assert np.ptp(np.flatnonzero(seen.any(axis=0))) == np.ptp(np.flatnonzero(seen.any(axis=1)))


@pytest.mark.parametrize("background", [0, 200, 255])
def test_what_is_missing_to_the_wanted_proportions_has_the_colour_of_the_edge(background):
    picture = np.full((10, 40, 3), [background, 5, 90], dtype=np.uint8)
    picture[4:6, 10:30] = 128
    framed = ImageExtractor(40, 40, "colour").extract_row(picture).reshape(40, 40, 3)
    np.testing.assert_array_equal(framed[15:25], picture)
    outside = np.concatenate([framed[:15], framed[25:]])
    np.testing.assert_array_equal(outside, np.broadcast_to([background, 5, 90], outside.shape))


def test_one_pixel_fills_the_whole_picture():
    np.testing.assert_array_equal(GREY_28.extract_row(np.array([[77]], dtype=np.uint8)), np.full(784, 77))


def test_a_large_photograph_gives_nearly_the_features_of_the_same_picture_without_loss(tmp_path):
    y, x = np.mgrid[0:600, 0:900]
    photograph = (127 + 60 * np.sin(x / 90) + 60 * np.cos(y / 70)).astype(np.uint8)
    extractor = ImageExtractor(32, 32, "grey")
    lossy, lossless = save(tmp_path, "p.jpg", photograph), save(tmp_path, "p.png", photograph)
    assert extractor.read(lossy).shape < photograph.shape
    assert np.abs(extractor.extract(lossy) - extractor.extract(lossless)).max() < 0.03


def in_every_form(folder):
    """Write one picture, red with a green patch, in every form; yield the paths."""
    picture = Image.new("RGB", (300, 200), (200, 30, 30))
    picture.paste((20, 180, 40), (100, 50, 200, 150))
    exif = Image.Exif()
    exif[0x0112] = 6
    clear = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    clear.paste(picture, (0, 0))
    forms = {
        "plain.png": (picture, {}),
        "palette.png": (picture.quantize(8), {}),
        "opaque.png": (clear, {}),
        "ink.jpg": (picture.convert("CMYK"), {"quality": 95}),
        "ink.tif": (picture.convert("CMYK"), {}),
        "moving.gif": (picture, {"save_all": True, "append_images": [Image.new("RGB", (300, 200), "blue")]}),
        "turned.jpg": (picture.transpose(Image.Transpose.ROTATE_90), {"exif": exif, "quality": 95}),
        "huge.jpg": (picture.resize((3000, 2000), Image.Resampling.NEAREST), {"quality": 95}),
    }
    for name, (image, options) in forms.items():
        image.save(folder / name, **options)
        yield folder / name


def test_a_colour_picture_gives_the_same_row_in_every_form(tmp_path):
    extractor = ImageExtractor(32, 32, "colour")
    plain, *others = (extractor.extract(path) for path in in_every_form(tmp_path))
    for row in others:
        assert np.abs(row - plain).mean() < 0.015


def test_sixteen_bits_serve_a_colour_model_as_eight_do(tmp_path):
    shades = (4 * np.mgrid[0:60, 0:80][0]).astype(np.uint8)
    Image.fromarray(shades.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    Image.fromarray(shades).save(tmp_path / "plain.png")
    extractor = ImageExtractor(20, 16, "colour")
    np.testing.assert_array_equal(extractor.extract(tmp_path / "deep.png"), extractor.extract(tmp_path / "plain.png"))


@pytest.mark.parametrize("extractor", [GREY_28, ImageExtractor(32, 24, "colour")])
def test_settings_survive_json(extractor):
    assert ImageExtractor.from_settings(json.loads(json.dumps(extractor.settings())), {}) == extractor
    assert extractor.matrices() == {}


@pytest.mark.parametrize(
    "changed",
    [
        {"width": 0},
        {"height": -3},
        {"width": 28.5},
        {"width": True},
        {"height": "28"},
        {"height": 10**6},
        {"channels": "rgb"},
        {"channels": None},
        {"depth": 3},
    ],
)
def test_settings_out_of_range_are_refused_in_one_sentence(changed):
    with pytest.raises(UsageError, match=r"^image (width|height|channels|settings): must be [^\n]*, not [^\n]*$"):
        ImageExtractor.from_settings({**GREY_28.settings(), **changed})


def test_missing_settings_are_refused():
    with pytest.raises(UsageError, match=r"must be width, height, channels, .*, not width"):
        ImageExtractor.from_settings({"width": 28})


@pytest.mark.parametrize(
    ("shape", "suited"),
    [((3, 28, 20), ImageExtractor(20, 28, "grey")), ((3, 32, 48, 3), ImageExtractor(48, 32, "colour"))],
)
def test_pixels_in_memory_keep_their_own_size_and_channels(shape, suited):
    assert ImageExtractor.choose_for(np.zeros(shape, dtype=np.uint8)) == suited


def test_small_files_of_one_size_keep_it(tmp_path, rng):
    paths = [save(tmp_path, f"{i}.png", rng.integers(0, 256, (20, 28), dtype=np.uint8)) for i in range(3)]
    assert ImageExtractor.choose_for(paths) == ImageExtractor(28, 20, "grey")


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_larger_files_are_brought_down_to_32_pixels_in_their_usual_proportions(tmp_path, rng, suffix):
    shapes = [(300, 400, 3), (600, 800, 3), (500, 100, 3)]
    paths = [
        save(tmp_path, f"{i}.{suffix}", rng.integers(0, 256, shape, dtype=np.uint8)) for i, shape in enumerate(shapes)
    ]
    assert ImageExtractor.choose_for(paths[:2]) == ImageExtractor(32, 24, "colour")
    assert ImageExtractor.choose_for(paths) == ImageExtractor(32, 24, "colour")


def test_pictures_lying_and_standing_in_equal_number_suit_a_square(tmp_path):
    paths = [save(tmp_path, f"{w}.png", np.zeros((h, w), np.uint8)) for h, w in [(40, 80), (80, 40)]]
    assert ImageExtractor.choose_for(paths) == ImageExtractor(32, 32, "grey")


def test_grey_pictures_that_are_stored_as_colour_count_as_grey_until_one_is_not(tmp_path, rng):
    grey = np.dstack([rng.integers(0, 256, (9, 9), dtype=np.uint8)] * 3)
    paths = [save(tmp_path, "grey.png", grey), save(tmp_path, "grey.jpg", grey)]
    assert ImageExtractor.choose_for(paths).channels == "grey"
    paths.append(save(tmp_path, "colour.png", rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)))
    assert ImageExtractor.choose_for(paths).channels == "colour"


def test_of_many_files_only_a_sample_is_opened_and_the_choice_is_repeatable(tmp_path, rng, monkeypatch):
    path = save(tmp_path, "a.png", rng.integers(0, 256, (9, 9), dtype=np.uint8))
    opened = []
    monkeypatch.setattr(
        "pipelines.features.images.extractor.read_pixels",
        lambda path, smallest: opened.append(path) or np.zeros((9, 9), np.uint8),
    )
    assert ImageExtractor.choose_for([path] * 1000) == ImageExtractor.choose_for([path] * 1000)
    assert len(opened) == 400


def test_broken_files_in_the_sample_are_passed_over(tmp_path, rng):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not a picture")
    paths = [broken, save(tmp_path, "a.png", rng.integers(0, 256, (9, 8), dtype=np.uint8)), tmp_path / "missing.png"]
    assert ImageExtractor.choose_for(paths) == ImageExtractor(8, 9, "grey")


def test_a_data_set_without_a_single_picture_is_refused(tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not a picture")
    with pytest.raises(DataError, match=r"1 files were opened and are not pictures; for example, .*broken\.png: "):
        ImageExtractor.choose_for([broken])
    with pytest.raises(DataError, match="no pictures"):
        ImageExtractor.choose_for([])


def test_what_is_no_picture_is_refused_by_name(tmp_path):
    path = tmp_path / "word.wav"
    path.write_bytes(b"RIFF\x24\0\0\0WAVEfmt " + bytes(24))
    with pytest.raises(InputFileError, match=r"word\.wav: this is a recording, not a picture"):
        GREY_28.extract(path)


def test_image_features_import_nothing_heavy():
    heavy = "librosa numba sklearn matplotlib scipy soundfile joblib"
    program = (
        f"import sys, pipelines.features.images.extractor; print([m for m in '{heavy}'.split() if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_pictures_are_read_without_a_word_on_stderr(tmp_path):
    path = tmp_path / "large.png"
    Image.new("1", (10_000, 9_500)).save(path)
    program = (
        "import sys; from pathlib import Path; from pipelines.features.images.extractor import ImageExtractor\n"
        "from pipelines.machine.decoders import ignore_decoders; ignore_decoders()\n"
        "try: ImageExtractor(8, 8, 'grey').extract(Path(sys.argv[1]))\n"
        "except Exception as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.startswith(f"{path}: the picture is too large")


@pytest.mark.parametrize("channels", ["grey", "colour"])
def test_a_display_has_the_pixels_that_the_features_are_made_of(channels):
    extractor = ImageExtractor(20, 17, channels)
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    display = extractor.display(pixels)
    assert display.pixels.shape == (17, 20, 3)[: 2 if channels == "grey" else 3]
    np.testing.assert_array_equal(display.pixels.ravel(), extractor.extract_row(pixels))


@pytest.mark.parametrize("extractor", [ImageExtractor(20, 17, "colour"), ImageExtractor(8, 9, "grey")])
def test_evidence_is_laid_over_the_display_and_none_of_it_is_lost(extractor):
    rng = np.random.default_rng(1)
    shape = (extractor.height, extractor.width, 3)[: 2 if extractor.channels == "grey" else 3]
    pixels = rng.integers(0, 256, shape, dtype=np.uint8)
    gradient, typical = rng.normal(size=(2, extractor.n_features))
    evidence = extractor.evidence(pixels, gradient, typical)
    assert evidence.shape == shape[:2]
    assert evidence.sum() == pytest.approx((gradient * (pixels.ravel() / 255 - typical)).sum(), rel=1e-5)


@pytest.mark.parametrize(("height", "width"), [(16, 20), (8, 8)])
def test_the_evidence_of_one_pixel_stays_where_the_pixel_is(height, width):
    extractor = ImageExtractor(width, height, "grey")
    pixels = np.full((height, width), 255, np.uint8)
    for row, column in ((0, 0), (height - 1, 3), (5, 4)):
        gradient = np.zeros((height, width))
        gradient[row, column] = 2.0
        evidence = extractor.evidence(pixels, gradient.ravel(), np.zeros(height * width))
        assert np.unravel_index(evidence.argmax(), evidence.shape) == (row, column)
        assert evidence.sum() == pytest.approx(2)
        far = evidence[np.hypot(*(np.indices(evidence.shape) - np.array([row, column])[:, None, None])) > 1.5]
        assert not far.any()


def test_a_features_name_says_where_it_is_in_the_picture():
    pixels = np.zeros((16, 9, 3), np.uint8)
    pixels[4, 7, 2] = 255
    for extractor, name in (
        (ImageExtractor(9, 16, "colour"), "row 4, column 7, blue"),
        (ImageExtractor(9, 16, "grey"), "row 4, column 7"),
    ):
        assert extractor.feature_name(int(extractor.extract_row(pixels).argmax())) == name
