"""Copies are alike whatever was done to them on the way; different pictures and different takes are not."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from PIL import Image

from pipelines.features.images.extractor import ImageExtractor
from pipelines.features.likeness import of_pictures, of_recordings
from pipelines.features.speech.extractor import SpeechExtractor

WORDS = Path(__file__).resolve().parents[3] / "data" / "bundled" / "spoken-digits"
PICTURES = ImageExtractor(32, 32, "colour")


def scene(seed):
    """A picture of coarse coloured patches, as photographs are, with finer grey ones in them."""
    rng = np.random.default_rng(seed)
    coarse, fine = (rng.integers(20, 220, shape).astype(np.uint8) for shape in ((4, 4, 3), (12, 12)))
    large = (Image.fromarray(part).resize((64, 64), Image.Resampling.BICUBIC) for part in (coarse, fine))
    return Image.blend(*(part.convert("RGB") for part in large), 0.3)


def save_as_jpeg(picture):
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return Image.open(file)


def row(picture):
    return PICTURES.extract_row(np.asarray(picture))


COPIES = {
    "another size": lambda picture: picture.resize((50, 50), Image.Resampling.LANCZOS),
    "JPEG": save_as_jpeg,
    "darker": lambda picture: picture.point(lambda level: level * 3 // 4),
    "brighter": lambda picture: picture.point(lambda level: level + 30),
}


@pytest.mark.parametrize("kind", COPIES)
def test_a_picture_that_was_saved_anew_is_a_copy_and_another_picture_is_not(kind):
    rows = np.stack([row(scene(seed)) for seed in range(10)])
    likeness = of_pictures(PICTURES, rows)
    directions = likeness.directions(rows)
    copies = likeness.directions(np.stack([row(COPIES[kind](scene(seed))) for seed in range(10)]))
    near = copies @ directions.T >= likeness.near
    assert np.array_equal(near, np.eye(10, dtype=bool))


def test_directions_have_length_one_and_pictures_that_show_nothing_have_none():
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 256, (5, 3072), dtype=np.uint8)
    rows[1], rows[3] = 200, rng.integers(99, 102, 3072)
    directions = of_pictures(PICTURES, rows).directions(rows)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), [1, 0, 1, 0, 1], atol=1e-5)
    assert directions.dtype == np.float32


def test_a_recording_at_another_rate_or_loudness_is_a_copy_and_another_take_is_not():
    extractor = SpeechExtractor()
    paths = sorted((WORDS / "f1").glob("*.flac"))[:12]
    rows = extractor.extract_rows([extractor.read(path) for path in paths])
    likeness = of_recordings(extractor, rows)
    directions = likeness.directions(rows)
    copies = []
    for path in paths:
        word, sr = soundfile.read(path)
        file = io.BytesIO()
        soundfile.write(file, 0.5 * soxr.resample(word, sr, 22050), 22050, format="WAV")
        copies.append(extractor.extract_row(extractor.read(file.getvalue())))
    near = likeness.directions(np.stack(copies)) @ directions.T >= likeness.near
    assert not near[~np.eye(len(paths), dtype=bool)].any()
    assert np.diag(near).mean() > 0.8
