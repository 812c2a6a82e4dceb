"""The speech features in the simplest way: one file at a time, each step a call of librosa.

`SpeechExtractor` and `VariedWords` compute the same numbers for many words at once and without librosa. This module is
their reference: the tests compare their values, and the benchmark compares their speed.
"""

import numpy as np

from pipelines.features.speech.drift import without_drift
from pipelines.features.speech.mfcc import NO_MASKING
from pipelines.features.speech.vocal_tract import warp_mel


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
        What `extractor.extract_row(extractor.read(path))` returns, to about 1e-5, where the word `is_cut_alike`.
    """
    waveform = _waveform(path, extractor).astype(np.float64)
    axis = {name: getattr(extractor, name) for name in ("sr", "n_fft", "n_mels", "fmin", "fmax")}
    # librosa does not warp. With a warp of 1 these are its own filters.
    mels = [warp_mel(warp, **axis) for warp in extractor.warps]
    words = [_word(waveform, extractor, extractor.trim_db + moved) for moved in extractor.cuts]
    return np.concatenate(
        [
            _describe(_decibels(word, extractor.hop_length, mel, extractor, masking), extractor)
            for word, masking in zip(words, extractor.masked, strict=True)
            for mel in mels
        ]
    )


def reference_variants(path, varied, stretched=False):
    """Return the variants of one recording, and its foreign sounds, their features as librosa gives them.

    librosa cannot add noise, silence or other edges. So the code of `variation` changes the waveform here, too.

    Parameters
    ----------
    path : Path
        An audio file that soundfile reads, not silent.
    varied : VariedWords
        Whose settings and seed to follow.
    stretched : bool
        Whether the tempo is changed as users of librosa do, by `librosa.effects.time_stretch`. Without, frames are
        taken more or less often, as `varied` takes them.

    Returns
    -------
    row : ndarray of float32 [shape=(n_stored,)]
        If not `stretched`, what `varied.extract_rows([varied.read(path)])[0]` is, to about 1e-5, where the word
        `is_cut_alike`.
    """
    import librosa

    extractor = varied.extractor
    waveform = _waveform(path, extractor)
    rng, rows = varied.rng_for(waveform), []
    for word, hop, mel, masking in zip(*varied.draw(waveform, rng), strict=True):
        if stretched:
            word = librosa.effects.time_stretch(word, rate=hop / extractor.hop_length, n_fft=extractor.n_fft)
        decibels = _decibels(word, extractor.hop_length if stretched else int(hop), mel, extractor, masking)
        rows.append(_describe(decibels, extractor))
    return np.concatenate(rows)


def is_cut_alike(path, extractor):
    """Tell whether a word is cut out as librosa's `trim` does: clicks and room noise around it are nothing to librosa.

    Parameters
    ----------
    path, extractor : as in `reference_row`
    """
    waveform = _waveform(path, extractor)
    return len(_word(waveform.astype(np.float64), extractor, extractor.trim_db)) == len(extractor.word(waveform))


def _waveform(path, extractor):
    """Return the samples of a file, one channel at the extractor's rate: float32 [shape=(n_samples,)]."""
    import librosa
    import soundfile

    waveform, sr = soundfile.read(path, dtype="float32", always_2d=True)
    waveform = waveform.mean(axis=1)
    # This rounds in the same steps as `audio_file.Mix`. In a band without sound, rounding is all that is left.
    waveform -= np.float32(np.round(waveform.mean(dtype=np.float64) * 2**23) / 2**23)
    if sr == extractor.sr:
        return waveform
    # fix=True would append a zero if the length does not divide.
    return librosa.resample(waveform, orig_sr=sr, target_sr=extractor.sr, res_type="soxr_hq", fix=False)


def _describe(decibels, extractor):
    """Return the features of a word from its power in each mel band: float32 [shape=(n_features,)]."""
    import librosa

    cepstra = librosa.feature.mfcc(S=decibels, n_mfcc=extractor.n_mfcc)
    slopes = [
        librosa.feature.delta(cepstra, width=extractor.delta_width, order=order, mode="nearest") for order in (1, 2)
    ]
    sequence = np.concatenate([cepstra, *slopes])
    mean, spread = sequence.mean(axis=1), sequence.std(axis=1)

    wanted = extractor.n_mfcc * (1 + extractor.deltas)
    averaged = _average_areas(sequence[:wanted], _edges(slopes[0], extractor))
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


def _word(waveform, extractor, trim_db):
    """Bring the waveform to full level and cut the word out: float64 [shape=(n_samples,)]."""
    import librosa

    waveform = librosa.util.normalize(without_drift(waveform, extractor.sr))
    if extractor.preemphasis:
        waveform = librosa.effects.preemphasis(waveform, coef=extractor.preemphasis, zi=[0.0])
    _, (start, stop) = librosa.effects.trim(
        waveform, top_db=trim_db, frame_length=extractor.n_fft, hop_length=extractor.hop_length
    )
    pad = round(extractor.trim_pad * extractor.sr)
    return librosa.util.normalize(waveform[max(0, start - pad) : stop + pad])


def _decibels(waveform, hop_length, mel, extractor, masking):
    """Return the power in each mel band of each frame: float64 [shape=(n_mels, n_given)]."""
    import librosa

    spectra = librosa.stft(
        waveform,
        n_fft=extractor.n_fft,
        win_length=extractor.win_length,
        hop_length=hop_length,
        window="hann",
        center=True,
        pad_mode="constant",
    )
    # With librosa's own filters this is its melspectrogram.
    power = np.abs(spectra) ** 2
    if masking < NO_MASKING:
        window = librosa.filters.get_window("hann", extractor.win_length)
        power += 10 ** (-masking / 10) * np.mean(waveform**2) * np.sum(window**2)
    return librosa.power_to_db(mel @ power, top_db=extractor.top_db)


def _edges(slopes, extractor):
    """Return where new frames begin in the sequence of a word, and the last ends: [shape=(frames + 1,)].

    slopes : float ndarray [shape=(n_mfcc, n_given)]
    """
    n_given, share = slopes.shape[1], extractor.change_share
    changes = np.cumsum(np.linalg.norm(slopes, axis=0))
    by_time = np.linspace(0, 1, n_given + 1)
    by_change = np.append(0, changes / changes[-1]) if changes[-1] else by_time
    progress = share * by_change + (1 - share) * by_time
    return np.interp(np.linspace(0, 1, extractor.frames + 1), progress, np.arange(n_given + 1))


def _average_areas(sequence, edges):
    """Average a sequence [shape=(n_coefficients, n_given)] from each edge to the next."""
    sums = np.concatenate([np.zeros((len(sequence), 1)), np.cumsum(sequence, axis=1)], axis=1)
    until = np.stack([np.interp(edges, np.arange(sequence.shape[1] + 1), row) for row in sums])
    return np.diff(until, axis=1) / np.diff(edges)
