"""What is in a file's place is called what it is, and nothing that was meant is called so."""

import base64
import io

import numpy as np
import pytest
import soundfile
from PIL import Image

from pipelines.machine.contents import ENOUGH, task_of, what_it_is

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4665a5ea423c2713d436b5ee50593a9640e0018c\nsize 13192\n"


def sound(format):
    file = io.BytesIO()
    soundfile.write(file, np.sin(np.arange(4000) / 5), 8000, format=format)
    return file.getvalue()


def picture(format):
    file = io.BytesIO()
    Image.fromarray(np.arange(300, dtype=np.uint8).reshape(10, 10, 3)).save(file, format)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (LFS, "git lfs pull"),
        (b"/annex/objects/SHA256E-s13--3b.wav\n", "git annex get"),
        (b"outs:\n- md5: 1\n", "dvc pull"),
        (b"<!DOCTYPE html>\n<html>", "web page"),
        (b"\xef\xbb\xbf\r\n  <!doctype HTML>", "web page"),
        (b"<!-- saved from url=(0014)about:internet -->\n<html>", "web page"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC', "web page"),
        ("\ufeff<html><head>".encode("utf-16-le"), "web page"),
        (b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code>', "server"),
        (b"404: Not Found", "server"),
        (b"Entry not found", "server"),
        (b'{"error":"Invalid username or password."}', "server"),
        (b"[InternetShortcut]\r\nURL=https://example.org/a.wav\r\n", "web address"),
        (b"L\0\0\0\1\x14\2\0\0\0\0\0\xc0", "shortcut"),
        (b"\0\5\x16\7\0\2\0\0Mac OS X", "macOS"),
        (b"data:image/png;base64,iVBORw0KGgo", "data URL"),
        (base64.b64encode(sound("WAV")), "base64"),
        (base64.b64encode(picture("PNG")), "base64"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\n\r\nRIFF", "server"),
        (b"", "empty"),
        (bytes(ENOUGH), "zeros"),
    ],
)
def test_what_is_in_the_place_of_a_file_is_named_with_a_way_out(content, words):
    sentence = what_it_is(content[:ENOUGH])
    assert words in sentence
    assert ";" in sentence
    assert task_of(content[:ENOUGH]) is None


@pytest.mark.parametrize(
    "content",
    [
        b"path,label\na.png,cat\n",
        b"error,label\n",
        b"404,label\n",
        b'{"audio_filepath": "a.wav", "label": "yes"}\n',
        b'<?xml version="1.0"?><svg>',
        b"headline <html> is a tag",
        b"data: the rows below,and their labels\n",
        b"# a comment\n",
        (b"404 Not found pages were counted\n" * 40)[:ENOUGH],
        b'\x40\0\0\0\0\0\0\0{"__metadata__"',
    ],
)
def test_other_texts_and_models_are_left_to_their_readers(content):
    assert what_it_is(content) is None
    assert task_of(content) is None


@pytest.mark.parametrize(
    "format", ["WAV", "WAVEX", "RF64", "W64", "FLAC", "OGG", "MP3", "AIFF", "AU", "CAF", "VOC", "NIST", "SVX"]
)
def test_sound_is_told_by_its_first_bytes(format):
    assert task_of(sound(format)[:ENOUGH]) == "speech"
    assert what_it_is(sound(format)[:ENOUGH]) is None


@pytest.mark.parametrize(
    "format", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM", "ICO", "DDS"]
)
def test_a_picture_is_told_by_its_first_bytes(format):
    assert task_of(picture(format)[:ENOUGH]) == "images"
    assert what_it_is(picture(format)[:ENOUGH]) is None
