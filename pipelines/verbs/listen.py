"""Listening: words while they are spoken, from a microphone, a pipe of raw samples, or a file that is treated as
live.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipelines.features.speech import microphone
from pipelines.features.speech.listening import PATIENCE, REFRACTORY, Heard, Listener
from pipelines.features.speech.long_recording import LongRecording, resample
from pipelines.models.bundle import Bundle
from pipelines.models.opening import check_audible

BYTES_AT_ONCE = 3200  # bytes of 16-bit samples: a tenth of a second at 16 kHz


def listen(
    model: Bundle,
    source=None,
    *,
    rate=None,
    threshold=None,
    patience=PATIENCE,
    refractory=REFRACTORY,
    device=None,
    blocks=None,
) -> Iterator[Heard]:
    """Listen until the sound ends, and yield the words, piece by piece.

    Parameters
    ----------
    model : Bundle, of speech
    source : Path, binary file object or None
        A recording; or, with a `rate`, a stream of raw samples, each a little-endian integer of 16 bits; or None for a
        microphone.
    rate : int > 0 or None, in Hz, of raw samples
    threshold : float in [0, 1] or None
        A less probable word is unknown; None means the threshold that the training suggested.
    patience : float > 0, the seconds of silence that end a word
    refractory : float >= 0, the seconds in which the same word is not reported again
    device : str or None, number or name of the microphone
    blocks : iterable of ndarray of float32, or None
        Sound at the model's rate, instead of a source.

    Raises
    ------
    UsageError, InputFileError, MicrophoneError
    """
    check_audible(model, "listen")
    if threshold is None:
        threshold = model.provenance.get("threshold", 0.0)
    listener = Listener(model, threshold, patience, refractory)
    sr = model.extractor.sr
    if blocks is not None:
        yield from listener.hear(blocks)
    elif source is None:
        with microphone.microphone(sr, device) as live:
            yield from listener.hear(live)
    elif isinstance(source, Path):
        yield from listener.hear(LongRecording(source, sr).blocks())
    else:
        live = _raw_blocks(source)
        yield from listener.hear(live if rate == sr else resample(live, rate, sr))


def _raw_blocks(stream):
    """Yield the samples of a stream as float32 blocks, as soon as they come; leave out half a sample at its end."""
    rest, read = b"", getattr(stream, "read1", stream.read)
    while content := read(BYTES_AT_ONCE):
        content = rest + content
        whole = len(content) // 2 * 2
        rest = content[whole:]
        if whole:
            yield np.frombuffer(content[:whole], "<i2").astype(np.float32) / 32768
