"""The speech features once more, the plain way: one file at a time, each step a call of librosa.

`SpeechExtractor` computes the same numbers for many words at once and without librosa. This module is what it is held
against: the tests compare their values, and the benchmark their speed.
"""

import numpy as np

from pipelines.features.vocal_tract import warped_mel


def reference_row(path, extractor):
    """Return the features of one recording as librosa gives them.

    Parameters
    ----------
    path : Path
        An audio file that soundfile reads, not silent.
    extractor : SpeechExtractor
        Whose settings to follow.

    Returns
    -------
    row : ndarray of float32 [shape=(n_stored,)]
        What `extractor.stored_row(extractor.read(path))` returns, to about 1e-5.
    """
    import librosa
    import soundfile

    waveform, sr = soundfile.read(path, dtype="float32", always_2d=True)
    waveform = waveform.mean(axis=1)
    # In the steps that `audio_file.Mix` takes: in a band without sound, rounding is all that there is.
    waveform -= np.float32(np.round(waveform.mean(dtype=np.float64) * 2**23) / 2**23)
    if sr != extractor.sr:
        # fix=True would append a zero wherever the length does not divide.
        waveform = librosa.resample(waveform, orig_sr=sr, target_sr=extractor.sr, res_type="soxr_hq", fix=False)
    word = _word(waveform.astype(np.float64), extractor)
    return np.concatenate([_view(word, warp, extractor) for warp in extractor.warps])


def _view(word, warp, extractor):
    """Return the features of a word as a throat of another length would have said it: float32 [shape=(n_features,)]."""
    import librosa

    cepstra = _cepstra(word, warp, extractor)
    slopes = [
        librosa.feature.delta(cepstra, width=extractor.delta_width, order=order, mode="nearest") for order in (1, 2)
    ]
    sequence = np.concatenate([cepstra, *slopes])
    mean, spread = sequence.mean(axis=1), sequence.std(axis=1)

    wanted = extractor.n_mfcc * (1 + extractor.deltas)
    averaged = _area_averaged(sequence[:wanted], extractor.frames)
    if extractor.normalise != "level":
        averaged = averaged - mean[:wanted, np.newaxis]
    if extractor.normalise == "variance":
        averaged = averaged / (spread[:wanted, np.newaxis] + 1e-3)
    parts = [averaged.T.ravel()]
    if extractor.statistics:
        parts += [mean, spread]
    if extractor.duration:
        parts.append([np.log(sequence.shape[1])])
    return np.concatenate(parts).astype(np.float32)


def _word(waveform, extractor):
    """Bring the waveform to full level and cut the word out: float64 [shape=(n_samples,)]."""
    import librosa

    waveform = librosa.util.normalize(waveform - waveform.mean())
    if extractor.preemphasis:
        waveform = librosa.effects.preemphasis(waveform, coef=extractor.preemphasis, zi=[0.0])
    _, (start, stop) = librosa.effects.trim(
        waveform, top_db=extractor.trim_db, frame_length=extractor.n_fft, hop_length=extractor.hop_length
    )
    pad = round(extractor.trim_pad * extractor.sr)
    return waveform[max(0, start - pad) : stop + pad]


def _cepstra(waveform, warp, extractor):
    """Return the MFCCs of every frame: float64 [shape=(n_mfcc, n_given)]."""
    import librosa

    spectra = librosa.stft(
        waveform,
        n_fft=extractor.n_fft,
        win_length=extractor.win_length,
        hop_length=extractor.hop_length,
        window="hann",
        center=True,
        pad_mode="constant",
    )
    # librosa warps nothing itself; with a warp of 1 these are its own filters, and this its melspectrogram.
    axis = {name: getattr(extractor, name) for name in ("sr", "n_fft", "n_mels", "fmin", "fmax")}
    bands = warped_mel(warp, **axis) @ np.abs(spectra) ** 2
    return librosa.feature.mfcc(S=librosa.power_to_db(bands, top_db=extractor.top_db), n_mfcc=extractor.n_mfcc)


def _area_averaged(sequence, frames):
    """Average a sequence [shape=(n_coefficients, n_given)] over `frames` equal stretches of time."""
    n_given = sequence.shape[1]
    sums = np.concatenate([np.zeros((len(sequence), 1)), np.cumsum(sequence, axis=1)], axis=1)
    edges = np.linspace(0, n_given, frames + 1)
    until = np.stack([np.interp(edges, np.arange(n_given + 1), row) for row in sums])
    return np.diff(until, axis=1) * frames / n_given
