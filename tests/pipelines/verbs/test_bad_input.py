"""Whatever file a user hands to predict gets an answer, or one clear sentence and exit code 3."""

import functools
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from PIL import Image

WORDS = Path(__file__).resolve().parents[3] / "data" / "bundled" / "spoken-digits"


def wav(samples, sr=8000, **options):
    file = io.BytesIO()
    soundfile.write(file, samples, sr, format="WAV", **options)
    return file.getvalue()


def png(size, mode="L", **options):
    file = io.BytesIO()
    Image.new(mode, size, 0).save(file, "PNG", **options)
    return file.getvalue()


def check_refused(call, model, path, *words):
    """Check that predict refuses a file in one sentence that holds certain words, in every form of output."""
    answer = call("predict", model, path)
    assert answer.code == 3
    assert answer.stdout == ""
    assert answer.stderr.startswith(f"error: {path}: ")
    assert len(answer.stderr.splitlines()) == 1
    assert ";" in answer.stderr or ", and" in answer.stderr or "files that can be read" in answer.stderr
    assert any(word in answer.stderr for word in words), answer.stderr
    again = call("predict", model, path, "--json")
    assert again.code == 3
    assert again.json == [{"path": str(path), "error": answer.stderr.removeprefix("error: ").rstrip("\n")}]


def check_answered(call, model, path):
    answer = call("predict", model, path, "--json")
    assert answer.code == 0, answer
    assert answer.json[0]["label"] is not None
    assert answer.stderr == ""
    return answer.json[0]


@pytest.fixture
def file(tmp_path):
    """A function that writes bytes to a new file and returns its path."""

    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def bad_sounds(sound):
    """Return what cannot be used: dict of a name to (contents, words one of which says why)."""
    word = sound()
    with_nan = word.astype(np.float32)
    with_nan[100] = np.nan
    return {
        "empty": (b"", ["empty"]),
        "truncated": (wav(word)[:2000], ["truncated"]),
        "header alone": (wav(word)[:30], ["damaged", "truncated"]),
        "text named wav": (b"This is not a recording.\n" * 40, ["not a recording"]),
        "no samples": (wav(word[:0]), ["no samples"]),
        "silence": (wav(np.zeros(8000)), ["silence"]),
        "a hundredth of a second": (wav(word[2000:2080]), ["0.010 s"]),
        "ten minutes": (wav(np.tile(word, 1000)), ["600 s"]),
        "not a number": (wav(with_nan, subtype="FLOAT"), ["NaN"]),
        "a picture": (png((8, 8)), ["picture"]),
    }


@pytest.mark.parametrize("kind", bad_sounds(lambda: np.zeros(4800)))
def test_a_recording_that_cannot_be_used_is_refused_in_one_sentence(call, speech_model, file, sound, kind):
    content, words = bad_sounds(sound)[kind]
    check_refused(call, speech_model, file("word.wav", content), *words)


def test_a_missing_recording_is_refused(call, speech_model, tmp_path):
    check_refused(call, speech_model, tmp_path / "none.wav", "file does not exist")


def test_a_truncated_flac_is_refused(call, speech_model, tmp_path, sound):
    soundfile.write(tmp_path / "whole.flac", sound(), 8000)
    content = (tmp_path / "whole.flac").read_bytes()
    (tmp_path / "cut.flac").write_bytes(content[: len(content) // 2])
    check_refused(call, speech_model, tmp_path / "cut.flac", "truncated", "damaged")


GOOD_SOUNDS = {
    "stereo": lambda word, sr: wav(np.stack([word, word], axis=1), sr),
    "8 bits": lambda word, sr: wav(word, sr, subtype="PCM_U8"),
    "24 bits": lambda word, sr: wav(word, sr, subtype="PCM_24"),
    "float": lambda word, sr: wav(word, sr, subtype="FLOAT"),
    "96 kHz": lambda word, sr: wav(soxr.resample(word, sr, 96000), 96000),
}


@pytest.mark.parametrize("kind", GOOD_SOUNDS)
def test_a_recording_in_another_form_is_answered_like_the_plain_one(call, speech_model, file, kind):
    word, sr = soundfile.read(WORDS / "f1" / "3-0.flac")
    plain = check_answered(call, speech_model, WORDS / "f1" / "3-0.flac")
    other = check_answered(call, speech_model, file("other.wav", GOOD_SOUNDS[kind](word, sr)))
    assert other["label"] == plain["label"]


def bad_pictures(sound):
    return {
        "empty": (b"", ["empty"]),
        "truncated": (noisy_png()[:-300], ["truncated"]),
        "header alone": (png((8, 8))[:20], ["not a picture", "damaged"]),
        "text named png": (b"This is not a picture.\n" * 40, ["not a picture"]),
        "20000 x 20000": (huge_png(), ["too large"]),
        "a recording": (wav(sound()), ["not a picture"]),
    }


@functools.cache
def huge_png():
    return png((20000, 20000), "1")


def noisy_png():
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40)).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("kind", bad_pictures(lambda: np.zeros(800)))
def test_a_picture_that_cannot_be_used_is_refused_in_one_sentence(call, images_model, file, sound, kind):
    content, words = bad_pictures(sound)[kind]
    check_refused(call, images_model, file("picture.png", content), *words)


def test_a_missing_picture_and_an_empty_folder_are_refused(call, images_model, tmp_path):
    check_refused(call, images_model, tmp_path / "none.png", "file does not exist")
    (tmp_path / "folder").mkdir()
    check_refused(call, images_model, tmp_path / "folder", "folder")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_picture_of_one_pixel_is_answered_whatever_its_colours(call, images_model, file, mode):
    check_answered(call, images_model, file("one.png", png((1, 1), mode)))


def test_of_an_animation_the_first_picture_is_answered(call, images_model, tmp_path, picture):
    frames = [Image.open(picture(tmp_path / f"{n}.png", column=n)) for n in (1, 5, 9)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    moving = check_answered(call, images_model, tmp_path / "moving.gif")
    still = check_answered(call, images_model, tmp_path / "1.png")
    assert moving["label"] == still["label"]


def test_all_bad_files_at_once_cost_no_good_one_its_answer(call, images_model, speech_model, tmp_path, sound):
    for model, kinds, good, suffix in (
        (images_model, bad_pictures(sound), noisy_png(), ".png"),
        (speech_model, bad_sounds(sound), wav(sound()), ".wav"),
    ):
        bad = {f"{kind}{suffix}": content for kind, content in kinds.items() if kind != "empty"}  # passed over
        folder = tmp_path / model.stem
        folder.mkdir()
        for name, (content, _) in bad.items():
            (folder / name).write_bytes(content)
        (folder / "good").write_bytes(good)
        answer = call("predict", model, folder, "--json")
        assert answer.code == 3
        answered = {record["path"].rsplit("/", 1)[1]: "label" in record for record in answer.json}
        assert answered == {**dict.fromkeys(bad, False), "good": True}
        assert len(answer.stderr.splitlines()) == len(bad)
