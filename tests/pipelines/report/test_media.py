import base64
import io

import numpy as np
import pytest
import soundfile
from PIL import Image

from pipelines.features.display import Axis, Display
from pipelines.report.media import LARGEST_SIDE, LONGEST_SECONDS, Media, picture_uri, sound_uri
from pipelines.report.samples import Exhibit


def decode(uri):
    head, _, data = uri.partition(";base64,")
    return head, io.BytesIO(base64.b64decode(data, validate=True))


@pytest.mark.parametrize("shape", [(8, 8), (28, 20, 3), (1, 1)])
def test_a_picture_comes_back_pixel_by_pixel(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    head, file = decode(picture_uri(pixels))
    assert head == "data:image/png"
    np.testing.assert_array_equal(np.asarray(Image.open(file)), pixels)


def test_a_large_picture_is_made_smaller_in_proportion():
    _, file = decode(picture_uri(np.zeros((100, 1000), np.uint8)))
    assert Image.open(file).size == (LARGEST_SIDE, round(LARGEST_SIDE / 10))


def test_a_sound_comes_back_to_the_nearest_of_16_bits_and_what_is_too_loud_is_clipped():
    sound = np.random.default_rng(0).uniform(-1.5, 1.5, 4000).astype(np.float32)
    head, file = decode(sound_uri(sound, 8000))
    heard, sr = soundfile.read(file, dtype="int16")
    assert head == "data:audio/wav"
    assert sr == 8000
    np.testing.assert_allclose(heard / 32767, np.clip(sound, -1, 1), atol=0.51 / 32767)


def test_of_a_long_sound_the_beginning_is_kept_and_its_length_told():
    sample = Exhibit(Display(np.zeros((2, 2), np.uint8)), np.zeros(100_000, np.float32), 10_000)
    embedded = Media(lambda entry: sample).of({})
    assert soundfile.info(decode(embedded.sound)[1]).duration == LONGEST_SECONDS
    assert embedded.cut == 10


def test_what_there_is_no_room_for_is_left_out_whole():
    sample = Exhibit(Display(np.zeros((2, 2), np.uint8)), np.zeros(400, np.float32), 8000)
    whole = Media(lambda entry: sample).of({})
    media = Media(lambda entry: sample, room=len(whole.picture) + len(whole.sound))
    assert media.of({}) == whole
    assert media.of({}).picture is media.of({}).sound is None
    assert "full" in media.of({}).why


def test_only_a_picture_with_axes_may_be_stretched():
    axis = Axis("time", ())
    for display, wide in (
        (Display(np.zeros((2, 2), np.uint8)), False),
        (Display(np.zeros((2, 2), np.uint8), axis), True),
    ):
        assert Media(lambda entry, display=display: Exhibit(display)).of({}).wide is wide
