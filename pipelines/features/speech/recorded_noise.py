"""Recorded noise: a tap, a street, a dishwasher, as recordings that came with the words.

Speech Commands has a folder `_background_noise_` of them, and says what it is for: pieces of it are mixed into the
words that are learned from, so that a network hears words in such rooms (Warden 2018, https://arxiv.org/abs/1804.03209).
"""

import hashlib

import numpy as np

from pipelines.errors import InputFileError
from pipelines.features.speech.long_recording import LongRecording
from pipelines.features.speech.noise import noise_of_power

MOST_SECONDS = 600.0  # seconds of noise in memory, of all recordings together
SHORTEST_SECONDS = 1.0
FAINT = 1e-10  # a lower mean power is silence, not noise


class RecordedNoise:
    """Recordings of noise, from which pieces are drawn.

    Parameters
    ----------
    waveforms : list of ndarray of float32 [shape=(n_samples,)], at least one
    """

    def __init__(self, waveforms):
        self.waveforms = waveforms

    def digest(self):
        """Return the SHA-256 (hex) of the samples, which identifies this noise."""
        digest = hashlib.sha256()
        for waveform in self.waveforms:
            digest.update(waveform.tobytes())
        return digest.hexdigest()

    def of_power(self, n, power, rng):
        """Return a piece of a mean power: float64 [shape=(n,)].

        A recording that is too short is repeated. White noise replaces a silent piece.
        """
        waveform = self.waveforms[rng.integers(len(self.waveforms))]
        start = rng.integers(max(1, len(waveform) - n + 1))
        piece = np.resize(waveform[start:], n).astype(np.float64)
        own = np.square(piece).mean()
        return noise_of_power(n, power, 0.0, rng) if own < FAINT else piece * np.sqrt(power / own)


def of_files(paths, sr):
    """Return the RecordedNoise of recordings at `sr` Hz, and sentences about those that cannot be used.

    The RecordedNoise is None if no recording can be used. Each recording gives at most its first
    `MOST_SECONDS` / len(paths) seconds.
    """
    waveforms, problems = [], []
    most = int(MOST_SECONDS * sr / max(1, len(paths)))
    for path in paths:
        try:
            waveform = _beginning(LongRecording(path, sr), most)
        except InputFileError as error:
            problems.append(f"noise left out: {error}")
            continue
        if len(waveform) < SHORTEST_SECONDS * sr or np.square(waveform).mean() < FAINT:
            problems.append(f"noise left out: {path}: is silent, or shorter than {SHORTEST_SECONDS:g} s")
        else:
            waveforms.append(waveform)
    return (RecordedNoise(waveforms) if waveforms else None), problems


def _beginning(recording, most):
    blocks, n = [], 0
    for block in recording.blocks():
        blocks.append(block)
        n += len(block)
        if n >= most:
            break
    return np.concatenate([np.empty(0, np.float32), *blocks])[:most].astype(np.float32)
