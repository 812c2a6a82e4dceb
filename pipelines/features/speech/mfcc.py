"""MFCC: the shape of the spectrum of speech, frame by frame, in a dozen numbers each.

The mouth and the throat form a word by shaping the spectrum of what the vocal cords give. Mel-frequency cepstral
coefficients describe that shape as the ear would: cut the sound into short overlapping frames, measure the power at
each frequency, sum it into bands that are narrow at low frequencies and wide at high ones (the mel scale), take
logarithms, and describe the curve over the bands by its first few cosines. Coefficient 0 is loudness; the next are the
broad tilt and bumps that tell vowels apart; the high ones, left out, would tell the pitch of the voice.

The formulas are librosa's, and the fixed matrices (window, mel filters, cosines) are made by librosa; a model file
carries them, so that predictions need not import it.
"""

import functools
import math
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pipelines.features.speech.vocal_tract import warp_mel

NO_MASKING = 200.0  # decibels
_LOWEST_POWER = 1e-10  # librosa.power_to_db's amin
_FRAMES_AT_ONCE = 128  # so few frames stay in the processor's cache between two operations


def make_matrices(sr, n_fft, win_length, n_mels, fmin, fmax, n_mfcc, warps=(1.0,)):
    """Ask librosa for the fixed matrices of these settings; its import takes a second or more.

    Returns
    -------
    matrices : dict
        `window` float64 [shape=(n_fft,)], Hann, zero outside its middle `win_length` samples;
        `mel` float32 [shape=(n_warps, n_mels, 1 + n_fft // 2)], Slaney's filters as `vocal_tract` warps them;
        `dct` float64 [shape=(n_mfcc, n_mels)], the orthonormal DCT-II.
    """
    import librosa.filters
    import scipy.fft

    before = (n_fft - win_length) // 2  # as librosa.util.pad_center; loading it compiles for half a minute, once
    window = librosa.filters.get_window("hann", win_length, fftbins=True)
    return {
        "window": np.pad(window, (before, n_fft - win_length - before)),
        "mel": np.stack([warp_mel(warp, sr, n_fft, n_mels, fmin, fmax) for warp in warps]),
        # librosa.feature.mfcc makes this call on a spectrogram; here it is made on the identity.
        "dct": scipy.fft.dct(np.eye(n_mels), axis=0, type=2, norm="ortho")[:n_mfcc],
    }


def power_spectra(waveforms, window, hop_lengths):
    """Return the power at each frequency of each frame, for several clips at once.

    Frame t of a clip is centred at sample t * hop_length; beyond its ends a waveform counts as zero (librosa's
    `center=True`, `pad_mode="constant"`).

    Parameters
    ----------
    waveforms : list of ndarray of float64 [shape=(n_samples,)]
    window : ndarray of float64 [shape=(n_fft,)]
    hop_lengths : int > 0, or list with one for each clip
        Samples from one frame to the next.

    Returns
    -------
    power : ndarray of float64 [shape=(n_frames, 1 + n_fft // 2)]
        The frames of all clips, one clip after the other; a clip has 1 + n_samples // hop_length.
    bounds : ndarray of int64 [shape=(n_clips + 1,)]
        Clip i has the rows bounds[i] to bounds[i + 1].
    """
    framed, starts, bounds = _frame(waveforms, len(window), np.broadcast_to(hop_lengths, len(waveforms)))
    power = np.empty((len(starts), 1 + len(window) // 2))
    for first in range(0, len(starts), _FRAMES_AT_ONCE):
        few = slice(first, first + _FRAMES_AT_ONCE)
        frames = framed[starts[few]]
        frames *= window
        spectra = np.fft.rfft(frames)
        np.square(spectra.real, out=power[few])
        power[few] += np.square(spectra.imag)
    return power, bounds


def mask(power, bounds, waveforms, window, maskings):
    """Add white noise to power spectra, in the mean: what is softer than the noise is hidden by it.

    How silent a room is, and how a microphone hisses, is heard in the softest bands of a word, and logarithms make much
    of it. With a little noise all rooms are alike. No noise is drawn: its mean power is the same at all frequencies.
    Klatt 1976, A digital filter bank for spectral matching, ICASSP.

    Parameters
    ----------
    power : ndarray of float64 [shape=(n_frames, 1 + n_fft // 2)], which is changed
    bounds
        As `power_spectra` returns them.
    waveforms : list of ndarray of float64 [shape=(n_samples,)], those of the clips
    window : ndarray of float64 [shape=(n_fft,)]
    maskings : float > 0, or list with one for each clip, in decibels
        How much softer than its clip the noise is. `NO_MASKING` adds none.

    Returns
    -------
    power : the same array
    """
    shares = masking_shares(window, np.broadcast_to(maskings, len(waveforms)))
    if shares.any():
        noise = shares * [np.square(waveform).mean() for waveform in waveforms]
        power += np.repeat(noise, np.diff(bounds))[:, np.newaxis]
    return power


def masking_shares(window, maskings):
    """Return what the noise of `mask` adds at each frequency of a frame, as a share of the clip's mean square.

    `maskings` and the shares are float64 [shape=(n,)], one for each clip.
    """
    decibels = np.asarray(maskings, float)
    return np.where(decibels < NO_MASKING, 10 ** (-decibels / 10) * np.square(window).sum(), 0.0)


def mel_decibels(power, bounds, mels, top_db):
    """Return the power in each mel band of each frame, in decibels.

    With the power spectra of a clip and librosa's filters this equals
    `librosa.power_to_db(librosa.feature.melspectrogram(...), top_db=top_db)`, whatever the other clips are.

    Parameters
    ----------
    power, bounds
        As `power_spectra` returns them.
    mels : ndarray [shape=(n_mels, 1 + n_fft // 2)], or list with one for each clip
    top_db : float > 0
        What is more than this many decibels below the loudest band of its clip is raised to there.

    Returns
    -------
    decibels : ndarray of float64 [shape=(n_frames, n_mels)]
    """
    transposed = mels.T if isinstance(mels, np.ndarray) else [mel.T for mel in mels]
    decibels = clipwise_product(power, transposed, bounds)
    np.maximum(decibels, _LOWEST_POWER, out=decibels)
    np.log10(decibels, out=decibels)
    decibels *= 10
    loudest = np.maximum.reduceat(decibels.max(axis=1), bounds[:-1])
    floor = np.repeat(loudest - top_db, np.diff(bounds))
    return np.maximum(decibels, floor[:, np.newaxis], out=decibels)


def clipwise_product(rows, matrices, bounds):
    """Return the rows of each clip times the matrix of all clips, or of its own where `matrices` is a list.

    The last digits of a matrix product depend on how many rows it has. A clip must have the same features alone and in
    a batch, so it is never multiplied together with others.
    """
    if isinstance(matrices, np.ndarray):
        matrices = [matrices] * (len(bounds) - 1)
    product = np.empty((len(rows), matrices[0].shape[1]))
    for matrix, (start, stop) in zip(matrices, pairwise(bounds), strict=True):
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
    repeated, places = _repeat_ends(sequences, bounds, width // 2)
    derivative = np.zeros((len(repeated) - width + 1, sequences.shape[1]))
    for step, weight in enumerate(slope_weights(width, order)):
        derivative += weight * repeated[step : step + len(derivative)]
    return derivative[places]


def _repeat_ends(sequences, bounds, n):
    """Repeat the first frame of each clip n times before it, and the last frame n times behind it.

    Returns
    -------
    repeated : ndarray of float64 [shape=(n_frames + 2 * n * n_clips, n_coefficients)]
    places : ndarray of int64 [shape=(n_frames,)]
        Where the 2 * n + 1 frames around each frame begin.
    """
    counts = np.diff(bounds)
    before = 2 * n * np.arange(len(counts))
    places = np.arange(bounds[-1]) + np.repeat(before, counts)
    frames = np.arange(bounds[-1] + 2 * n * len(counts)) - np.repeat(before, counts + 2 * n) - n
    first, last = (np.repeat(ends, counts + 2 * n) for ends in (bounds[:-1], bounds[1:] - 1))
    return sequences[np.clip(frames, first, last)], places


@functools.cache
def slope_weights(width, order):
    """Return the weight of each of `width` frames in the derivative of the polynomial through them."""
    powers = np.vander(np.arange(width) - width // 2, order + 1, increasing=True).astype(np.float64)
    return np.linalg.pinv(powers)[order] * math.factorial(order)


def _frame(waveforms, n_fft, hops):
    """Put clips one after the other, with zeros between them.

    Returns
    -------
    framed : ndarray of float64 [shape=(n_places, n_fft)], not to be written to
        The samples of the frame that begins at each place: overlapping views of one buffer.
    starts : ndarray of int64 [shape=(n_frames,)]
        The places at which the frames of the clips begin.
    bounds : ndarray of int64 [shape=(n_clips + 1,)]
        Clip i has the frames bounds[i] to bounds[i + 1].
    """
    counts = 1 + np.array([len(waveform) for waveform in waveforms]) // hops
    bounds = np.concatenate([[0], np.cumsum(counts)])
    ends = np.cumsum(counts * hops + n_fft)
    places = np.concatenate([[0], ends[:-1]])
    buffer = np.empty(ends[-1])
    buffer[:] = 0
    for place, waveform in zip(places, waveforms, strict=True):
        start = place + n_fft // 2
        buffer[start : start + len(waveform)] = waveform
    within = np.arange(bounds[-1]) - np.repeat(bounds[:-1], counts)
    starts = np.repeat(places, counts) + within * np.repeat(hops, counts)
    return sliding_window_view(buffer, n_fft), starts, bounds
