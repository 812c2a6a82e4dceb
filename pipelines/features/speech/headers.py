"""Headers of recordings: how long they are and at what rate, without decoding them.

What a header claims can be wrong, and the reader of waveforms does not rely on it; but it is read in a fraction of a
millisecond, which is what looking at 50,000 recordings needs.
"""

from pathlib import Path

import numpy as np

from pipelines.features.speech.audio_file import LONGEST_SECONDS, SHORTEST_SECONDS
from pipelines.machine import contents


def header(path):
    """Return (seconds, sampling rate in Hz, channels, format) of a recording (Path or str), or a sentence: why not."""
    import soundfile

    try:
        with soundfile.SoundFile(str(path)) as sound:
            seconds = sound.frames / sound.samplerate if 0 <= sound.frames < 1 << 40 else float("nan")
            return seconds, sound.samplerate, sound.channels, sound.format
    except (soundfile.LibsndfileError, OSError, RuntimeError, ValueError) as error:
        return why_not(path, error)


def why_not(path, error):
    """Say why a file's header cannot be read, or that the file is something else."""
    try:
        first = contents.first_bytes(Path(path))
    except OSError as problem:
        return f"cannot be read ({problem.strerror})"
    if told := contents.what_it_is(first):
        return told
    if contents.task_of(first) == "speech" and not first.startswith((b"RIFF", b"fLaC", b"OggS", b"FORM")):
        return ""  # other readers know this sound: it is not damaged, but its length is not known here
    return f"its header cannot be read ({str(error).removeprefix('Error opening ').split(': ')[-1].strip()})"


def summary(headers):
    """Return what headers say together: dict of JSON types.

    Parameters
    ----------
    headers : list of tuples, as `header` returns them; not empty
    """
    seconds, rates, channels, formats = zip(*headers, strict=True)
    seconds = np.array(seconds)
    known = seconds[np.isfinite(seconds)]
    length = {}
    if len(known):
        ends = {"shortest": known.min(), "median": np.median(known), "longest": known.max()}
        length = {
            **{name: round(float(value), 3) for name, value in ends.items()},
            "total": round(float(known.sum()), 1),
        }
    return {
        "seconds": length,
        "sampling_rates": _counts(rates),
        "channels": _counts(channels),
        "formats": _counts(formats),
    }


def doubts(header):
    """Return why the reader will refuse a recording with this header, as a sentence; None if it will not."""
    seconds = header[0]
    if seconds < SHORTEST_SECONDS:
        return f"lasts {seconds:.3f} s, too short for a word (at least {SHORTEST_SECONDS} s)"
    if seconds > LONGEST_SECONDS:
        return f"lasts {seconds:.0f} s, too long for one word (at most {LONGEST_SECONDS:g} s); cut it into words"
    return None


def conditions(headers):
    """Return under what conditions each recording was taken: dict of str to list of str, in this order."""
    return {"sampling rate": [f"{rate / 1000:g} kHz" for _, rate, _, _ in headers]}


def _counts(values):
    kinds, counts = np.unique(np.array([str(value) for value in values]), return_counts=True)
    return {str(kinds[i]): int(counts[i]) for i in np.argsort(-counts, kind="stable")}
