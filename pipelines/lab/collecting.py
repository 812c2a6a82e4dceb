"""Collecting: it turns files from the page into samples for training.

Each sample is checked before it is stored, so a training can read all samples of a lesson. A long recording is cut into
its words; the page shows the proposed cuts on the waveform.
"""

import io

import numpy as np

from pipelines.errors import InputFileError
from pipelines.features.speech.audio_file import SILENCE_PEAK
from pipelines.features.speech.long_recording import LongRecording
from pipelines.features.speech.word_finder import WordFinder, band_power
from pipelines.lab.refusal import Refusal

SR = 16_000
LONGEST_SECONDS = 300
MARGIN_SECONDS = 0.12  # kept before and after each word
ENVELOPE = 600  # pairs of lowest and highest value by which a page draws a waveform


def check(task, content):
    """Raise Refusal if the contents of a file cannot be a sample of a task."""
    try:
        if task == "images":
            from pipelines.features.images.image_file import read_pixels

            read_pixels(content, smallest=64)
        elif task == "speech":
            from pipelines.features.speech.extractor import SpeechExtractor

            SpeechExtractor().read(content)
        elif not content.decode("utf-8").strip():
            raise Refusal(422, "The text is empty; write something.")
    except InputFileError as error:
        raise Refusal(422, str(error).replace("<stdin>: ", "", 1)) from None
    except UnicodeDecodeError:
        raise Refusal(422, "This file is not text in UTF-8; choose another one.") from None


def cuts(content):
    """Find the words of a recording.

    Parameters
    ----------
    content : bytes, of a file of sound

    Returns
    -------
    dict of JSON types
        {"seconds", "words": [[start, end]] in seconds, "envelope": [[lowest, highest]], "problem": str or None}

    Raises Refusal if it cannot be read.
    """
    waveform = decode(content)
    problem = None
    if not len(waveform) or np.ptp(waveform) < 2 * SILENCE_PEAK:
        problem, words = "The recording is silent: the microphone is muted, or the wrong microphone is selected.", []
    else:
        level = waveform - waveform.mean()
        words = [[a, b] for a, b in WordFinder().find(band_power([level], SR))]
        problem = None if words else "No word was found in the recording; speak nearer to the microphone."
    pieces = np.array_split(waveform, min(ENVELOPE, max(1, len(waveform))))
    return {
        "seconds": len(waveform) / SR,
        "words": [[round(max(0.0, a), 3), round(min(b, len(waveform) / SR), 3)] for a, b in words],
        "envelope": [[round(float(p.min()), 4), round(float(p.max()), 4)] for p in pieces if len(p)],
        "problem": problem,
    }


def pieces_of(content, words, margin=MARGIN_SECONDS):
    """Cut a recording and return each piece as a WAV of 16 bits: list of bytes.

    `words` are [start, end] in seconds, and `margin` is kept before and after each. Raises Refusal.
    """
    import soundfile

    waveform, pieces = decode(content), []
    for start, end in words:
        if not 0 <= start < end:
            raise Refusal(400, "The end of a word must be after its start; move its edges apart.")
        cut = waveform[max(0, round((start - margin) * SR)) : round((end + margin) * SR)]
        if len(cut) < SR // 20:
            raise Refusal(422, "A word must be at least a twentieth of a second long; move its edges apart.")
        file = io.BytesIO()
        soundfile.write(file, cut, SR, format="WAV", subtype="PCM_16")
        pieces.append(file.getvalue())
    return pieces


def decode(content):
    """Return a recording at `SR`: float32 ndarray [shape=(n_samples,)]. Raises Refusal."""
    try:
        recording, blocks, so_far = LongRecording(content, SR), [], 0
        for block in recording.blocks():
            blocks.append(block)
            so_far += len(block)
            if so_far > LONGEST_SECONDS * SR:
                break
    except InputFileError as error:
        raise Refusal(422, str(error).replace("<stdin>: ", "", 1)) from None
    waveform = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    return waveform[: LONGEST_SECONDS * SR]
