"""Every verb reads a file as every other does: what one of them answers, all of them use."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

WORDS = Path(__file__).resolve().parents[3] / "data" / "bundled" / "spoken-digits"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:46\nsize 1\n"


def word(digit, format, **how):
    """Return a spoken digit, with the hiss of a room, as the contents of a file."""
    waveform, sr = soundfile.read(WORDS / "f3" / f"{digit}-0.flac")
    waveform += np.random.default_rng(0).normal(0, 3e-4, len(waveform))
    content = io.BytesIO()
    soundfile.write(content, waveform, sr, format=format, **how)
    return content.getvalue()


def odd_sounds():
    """Return recordings of the digit 7, and what is none: dict of name to contents."""
    wav, flac, ogg, mp3 = (word(7, format) for format in ("WAV", "FLAC", "OGG", "MP3"))
    return {
        "plain.wav": wav,
        "CAPITALS.WAV": wav,
        "no-ending": wav,
        "wrong-ending.mp3": flac,
        "piped.wav": wav[:40] + struct.pack("<I", 0xFFFFFFFF) + wav[44:],
        "counted-in.wav": wav[:40] + struct.pack("<I", len(wav)) + wav[44:],
        "piped.flac": flac[:21] + bytes([flac[21] & 0xF0]) + bytes(4) + flac[26:],
        "tagged.mp3": b"ID3\x03\0\0\0\0\x02\0" + bytes(256) + mp3,
        "apple.aif": word(7, "AIFF"),
        "sun.au": word(7, "AU", subtype="ULAW"),
        "caf.caf": word(7, "CAF", subtype="FLOAT"),
        "opus.oga": word(7, "OGG", subtype="OPUS"),
        "cut.wav": wav[: len(wav) // 2],
        "cut.ogg": ogg[:-50],
        "cut.flac": flac[: len(flac) // 2],
        "pointer.wav": LFS,
        "page.flac": b"<!DOCTYPE html><html>",
        "zeros.wav": bytes(4000),
    }


def odd_pictures():
    """Return drawings, and what is none: dict of name to contents."""
    pixels = np.zeros((40, 40), np.uint8)
    pixels[8:32, 18:22] = 255
    grey = Image.fromarray(pixels)

    def saved(format, image=grey, **how):
        content = io.BytesIO()
        image.save(content, format, **how)
        return content.getvalue()

    png, jpeg = saved("PNG"), saved("JPEG")
    clear = Image.merge("LA", (Image.new("L", grey.size, 255), grey))
    return {
        "plain.png": png,
        "CAPITALS.PNG": png,
        "no-ending": png,
        "wrong-ending.gif": jpeg,
        "windows.jfif": jpeg,
        "phone.avif": saved("AVIF"),
        "scan.tif": saved("TIFF", Image.fromarray(pixels.astype(np.float32))),
        "deep.png": saved("PNG", Image.fromarray(pixels.astype(np.uint16) * 16)),
        "clear.png": saved("PNG", clear),
        "inks.jpg": saved("JPEG", grey.convert("RGB").convert("CMYK")),
        "no-end.jpg": jpeg[:-2],
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "cut.png": png[: len(png) // 2],
        "pointer.png": LFS,
        "page.png": b"<!DOCTYPE html><html>",
        "packed.png": b"PK\3\4" + bytes(60),
    }


@pytest.mark.parametrize(("task", "contents"), [("speech", odd_sounds()), ("images", odd_pictures())])
def test_all_verbs_agree_on_every_file(call, request, tmp_path, tiny, task, contents):
    model = request.getfixturevalue(f"{task}_model")
    odd, plain = tmp_path / "set" / "7", tmp_path / "set" / "3"
    odd.mkdir(parents=True)
    plain.mkdir()
    for name, content in contents.items():
        (odd / name).write_bytes(content)
    for number in range(3):
        content = word(number, "WAV") if task == "speech" else contents["plain.png"] + bytes(number)
        (plain / f"{number}{Path(next(iter(contents))).suffix}").write_bytes(content)
    paths = sorted(odd.iterdir())

    predicted = call("predict", model, *paths, "--json").json
    answered = {Path(record["path"]).name for record in predicted if "error" not in record}
    assert {name for name in contents if name.startswith(("cut", "pointer", "page", "zeros", "packed"))} == {
        *contents
    } - answered

    alone = {path.name for path in paths if call("predict", model, "-", "--json", stdin=path.read_bytes()).code == 0}
    assert alone == answered

    if task == "speech":
        transcribed = call("transcribe", model, *paths, "--json").json
        assert {Path(record["path"]).name for record in transcribed if "error" not in record} == answered

    trained = call("train", task, "--dataset", tmp_path / "set", *tiny, "--out", tmp_path / "m", "--json").json
    left_out = {Path(sentence.split(": ")[0]).name for sentence in trained["skipped"]}
    assert {path.name for path in paths} - left_out == answered

    roles = "\n".join(
        f"set/{path.parent.name}/{path.name},{path.parent.name},test" for path in (*paths, *plain.iterdir())
    )
    (tmp_path / "list.csv").write_text(f"path,label,split\n{roles}\n")
    assert call("evaluate", model, "--dataset", tmp_path / "list.csv", "--json").json["n"] == len(answered) + 3

    checked = call("datasets", "check", tmp_path / "set", "--json").json
    assert checked["n"] + checked["passed_over"]["n"] == len(contents) + 3
