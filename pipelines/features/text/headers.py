"""The properties of a text file that are known before training: its length."""

from pathlib import Path

import numpy as np

from pipelines.errors import InputFileError
from pipelines.features.text.text_file import decode


def header(path):
    """Return (characters, words) of a text file (Path or str), or a sentence: why not."""
    try:
        text = decode(Path(path).read_bytes(), Path(path))
    except InputFileError as error:
        return str(error).removeprefix(f"{path}: ")
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return len(text), len(text.split())


def summary(headers):
    """Return what headers say together: dict of JSON types; `headers` is a list, not empty."""
    characters, words = (np.array(values) for values in zip(*headers, strict=True))
    return {
        name: {"shortest": int(values.min()), "median": float(np.median(values)), "longest": int(values.max())}
        for name, values in (("characters", characters), ("words", words))
    }


def doubts(header):
    """Return why a text with this header will be refused, as a sentence; None if it will not."""
    return "holds no text" if header[1] == 0 else None


def conditions(headers):
    """Return under what conditions each text was made: nothing is known of them."""
    return {}
