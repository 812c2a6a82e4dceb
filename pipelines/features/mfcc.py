"""MFCC: the shape of the spectrum of speech, frame by frame, in a dozen numbers each.

The mouth and the throat form a word by shaping the spectrum of what the vocal cords give. Mel-frequency cepstral
coefficients describe that shape as the ear would: cut the sound into short overlapping frames, measure the power at
each frequency, sum it into bands that are narrow at low frequencies and wide at high ones (the mel scale), take
logarithms, and describe the curve over the bands by its first few cosines. Coefficient 0 is loudness; the next are the
broad tilt and bumps that tell vowels apart; the high ones, left out, would tell the pitch of the voice.

The formulas are librosa's, and the fixed matrices (window, mel filters, cosines) are made by librosa; a model file
carries them, so that whoever only predicts need not import it.
"""

import math
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

_LOWEST_POWER = 1e-10  # librosa.power_to_db's amin


def make_matrices(sr, n_fft, win_length, n_mels, fmin, fmax, n_mfcc):
    """Ask librosa for the fixed matrices of these settings; its import takes a second or more.

    Returns
    -------
    matrices : dict
        `window` float64 [shape=(n_fft,)], Hann, zero outside its middle `win_length` samples;
        `mel` float32 [shape=(n_mels, 1 + n_fft // 2)], Slaney's filters;
        `dct` float64 [shape=(n_mfcc, n_mels)], the orthonormal DCT-II.
    """
    import librosa.filters
    import librosa.util
    import scipy.fft

    window = librosa.filters.get_window("hann", win_length, fftbins=True)
    return {
        "window": librosa.util.pad_center(window, size=n_fft),
        "mel": librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax),
        # The very call that librosa.feature.mfcc makes on a spectrogram, made on the identity.
        "dct": scipy.fft.dct(np.eye(n_mels), axis=0, type=2, norm="ortho")[:n_mfcc],
    }


def log_mel(waveforms, window, mel, hop_length, top_db):
    """Return the power in each mel band of each frame, in decibels, for several clips at once.

    Frame t is centred at sample t * hop_length; beyond its ends a waveform counts as zero (librosa's `center=True`,
    `pad_mode="constant"`). Equals `librosa.power_to_db(librosa.feature.melspectrogram(...), top_db=top_db)` of each
    clip, whatever the other clips are.

    Parameters
    ----------
    waveforms : list of ndarray of float64 [shape=(n_samples,)]
    window : ndarray of float64 [shape=(n_fft,)]
    mel : ndarray [shape=(n_mels, 1 + n_fft // 2)]
    hop_length : int > 0
        Samples from one frame to the next.
    top_db : float > 0
        What is more than this many decibels below the loudest band of its clip is raised to there.

    Returns
    -------
    decibels : ndarray of float64 [shape=(n_frames, n_mels)]
        The frames of all clips, one clip after the other; a clip has 1 + n_samples // hop_length.
    bounds : ndarray of int64 [shape=(n_clips + 1,)]
        Clip i has the rows bounds[i] to bounds[i + 1].
    """
    frames, bounds = _framed(waveforms, len(window), hop_length)
    frames *= window
    spectra = np.fft.rfft(frames)
    power = np.square(spectra.real)
    power += np.square(spectra.imag)
    decibels = 10 * np.log10(np.maximum(clipwise_product(power, mel.T, bounds), _LOWEST_POWER))
    loudest = np.maximum.reduceat(decibels.max(axis=1), bounds[:-1])
    floor = np.repeat(loudest - top_db, np.diff(bounds))
    return np.maximum(decibels, floor[:, np.newaxis]), bounds


def clipwise_product(rows, matrix, bounds):
    """Return `rows @ matrix`, computed clip by clip.

    The last digits of a matrix product depend on how many rows it has. A clip must have the same features alone and in
    a batch, so it is never multiplied together with others.
    """
    product = np.empty((len(rows), matrix.shape[1]))
    for start, stop in pairwise(bounds):
        np.matmul(rows[start:stop], matrix, out=product[start:stop])
    return product


def slopes(sequences, bounds, width, order):
    """Return how each coefficient changes around each frame: its delta (order 1) or delta-delta (order 2).

    A polynomial of degree `order` is fitted to `width` frames around each one, by least squares, and its derivative of
    that order taken (Savitzky and Golay 1964, https://doi.org/10.1021/ac60214a047). Beyond the ends of a clip its first
    and last frame count as repeated, so clips shorter than `width` frames have slopes too. Equals
    `librosa.feature.delta(..., width=width, order=order, mode="nearest")` of each clip.

    Parameters
    ----------
    sequences : ndarray of float64 [shape=(n_frames, n_coefficients)]
        The frames of all clips, one clip after the other.
    bounds : ndarray of int64 [shape=(n_clips + 1,)]
        Clip i has the rows bounds[i] to bounds[i + 1].
    width : int, odd, >= 3
        In frames.
    order : int, 1 or 2

    Returns
    -------
    derivative : ndarray of float64 [shape=(n_frames, n_coefficients)]
        Per frame (order 1), or per frame squared (order 2).
    """
    steps = np.arange(width) - width // 2
    powers = np.vander(steps, order + 1, increasing=True).astype(np.float64)
    weights = np.linalg.pinv(powers)[order] * math.factorial(order)
    here = np.arange(len(sequences))
    first = np.repeat(bounds[:-1], np.diff(bounds))
    last = np.repeat(bounds[1:] - 1, np.diff(bounds))
    derivative = np.zeros_like(sequences)
    for step, weight in zip(steps, weights, strict=True):
        derivative += weight * sequences[np.clip(here + step, first, last)]
    return derivative


def _framed(waveforms, n_fft, hop_length):
    """Cut waveforms into overlapping frames: float64 [shape=(n_frames, n_fft)], and the bounds of each clip.

    The clips stand in one long buffer with zeros between them, so that one gather takes all the frames.
    """
    counts = np.array([1 + len(waveform) // hop_length for waveform in waveforms])
    bounds = np.concatenate([[0], np.cumsum(counts)])
    places = bounds[:-1] + -(-n_fft // hop_length) * np.arange(len(counts))  # in hops, room for n_fft zeros between
    buffer = np.zeros((places[-1] + counts[-1]) * hop_length + n_fft)
    for place, waveform in zip(places, waveforms, strict=True):
        start = place * hop_length + n_fft // 2
        buffer[start : start + len(waveform)] = waveform
    rows = np.arange(bounds[-1]) + np.repeat(places - bounds[:-1], counts)
    return sliding_window_view(buffer, n_fft)[::hop_length][rows], bounds
