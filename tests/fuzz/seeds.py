"""Seeds: small whole files of every kind that the program reads, to be damaged afterwards."""

import io
import json
import struct
import zipfile

import numpy as np
import soundfile
from PIL import Image

SR = 8000
SOUNDS = (
    *(("WAV", coding) for coding in ("PCM_16", "PCM_U8", "PCM_24", "FLOAT", "DOUBLE", "ULAW", "IMA_ADPCM", "GSM610")),
    *((container, "PCM_16") for container in ("WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "NIST", "VOC", "FLAC")),
    *(("AIFF", coding) for coding in ("FLOAT", "ULAW", "PCM_24")),
    *(("OGG", coding) for coding in ("VORBIS", "OPUS")),
    ("MP3", "MPEG_LAYER_III"),
    ("CAF", "ALAC_16"),
)
PICTURES = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "JPEG2000", "ICO", "TGA", "PCX", "AVIF")
MODES = ("L", "RGB", "RGBA", "P", "LA", "1", "I;16")


def sound(rng):
    """Return (name, contents) of a recording of a third of a second."""
    container, coding = SOUNDS[rng.integers(len(SOUNDS))]
    n = int(rng.integers(2400, 4800))
    swelling = np.interp(np.arange(n), np.sort(rng.integers(0, n, 6)), [0, 0, 1, 0.6, 0, 0])
    word = 0.4 * swelling * np.sin(2 * np.pi * np.cumsum(rng.uniform(200, 900) / SR + np.zeros(n)))
    word += 1e-3 * rng.standard_normal(n)
    file = io.BytesIO()
    soundfile.write(file, word, SR, format=container, subtype=coding)
    return f"word.{container.lower()}", file.getvalue()


def picture(rng):
    """Return (name, contents) of a picture of a few hundred pixels."""
    format, mode = PICTURES[rng.integers(len(PICTURES))], MODES[rng.integers(len(MODES))]
    height, width = (int(side) for side in rng.integers(8, 40, 2))
    pixels = np.zeros((height, width), np.uint8)
    pixels[height // 4 : -height // 4, width // 2 : width // 2 + 3] = 255
    image, file = Image.fromarray(pixels), io.BytesIO()
    try:
        image.convert(mode).save(file, format)
    except (OSError, ValueError, KeyError):  # a format that has no such colours
        file = io.BytesIO()
        image.convert("RGB" if format in ("AVIF", "WEBP", "JPEG2000") else "L").save(file, format)
    return f"picture.{format.lower()}", file.getvalue()


def table(rng, rows):
    """Return (name, contents) of a manifest of `rows`, pairs of a path and a label."""
    mark = rng.choice([",", ";", "\t"])
    lines = [mark.join(("path", "label", "split"))]
    lines += [mark.join((path, label, rng.choice(["train", "valid", "test"]))) for path, label in rows]
    encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16"])
    return "manifest.csv", rng.choice(["\n", "\r\n"]).join(lines).encode(encoding)


def json_lines(rng, rows):
    """Return (name, contents) of the same as JSON lines, as NeMo or Hugging Face write them."""
    key = rng.choice(["audio_filepath", "file_name", "path"])
    return "manifest.jsonl", "\n".join(json.dumps({key: path, "label": label}) for path, label in rows).encode()


def archive(rng, files):
    """Return (name, contents) of a zip of `files`, a dict of name to contents."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return "set.zip", file.getvalue()


def words_list(rng, names):
    """Return (name, contents) of a list of files."""
    encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
    return "list.txt", rng.choice(["\n", "\r\n"]).join(names).encode(encoding)


def recipe_text(values):
    """Return the contents of a recipe, as TOML: `values`, a dict of name to value."""
    return "\n".join(f"{name} = {json.dumps(value)}" for name, value in values.items()).encode()


def chunk(name, content):
    """Return one chunk of a RIFF file, without what makes an odd length even."""
    return name + struct.pack("<I", len(content)) + content
