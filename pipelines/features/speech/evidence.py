"""Speech evidence: from the features of a word back to the places in its spectrogram that they come from.

The network answers how its answer would change with each cepstral coefficient of each of its few frames, and with means
and spreads over time. A person cannot read that. But all of these were computed from the power in each mel band of each
frame of the word, step by step, and each step can be gone back by its derivative: from the features to the frames of
the word, from slopes to the frames around, from coefficients to bands. What arrives lies over the spectrogram. The
duration alone has no place there.

What the word is compared with is the average training word, spoken in the same time: its sequence, stretched.
"""

import numpy as np

from backprop_core.inspection.attribution import gradient_times_input
from pipelines.features.display import Axis, Display
from pipelines.features.speech.mfcc import slopes
from pipelines.features.speech.time_normalisation import changes_of, coverage, mean_and_spread, time_weights

SHOWN_DB = 60.0  # decibels; a band this far below the loudest is white
TICK_HERTZ = (125, 250, 500, 1000, 2000, 3000, 4000, 6000, 8000, 12000, 16000)
TICK_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
MOST_TICKS = 7
SMALLEST_SPREAD = 1e-6  # a smaller spread over a word is only rounding, and has no slope


def spectrogram(extractor, decibels):
    """Return the Display of a word: time in seconds across, mel bands upward, loud dark and quiet white.

    Parameters
    ----------
    extractor : SpeechExtractor
    decibels : float ndarray [shape=(n_frames, n_mels)], the power in each mel band of each frame
    """
    loudness = np.clip((decibels - decibels.max()) / SHOWN_DB + 1, 0, 1)
    pixels = (255 * (1 - loudness)).round().astype(np.uint8)
    return Display(_upright(pixels), _seconds(extractor, len(decibels)), _hertz(extractor))


def _upright(values):
    """Turn (n_frames, n_mels) into (height, width): time to the right, the lowest band at the bottom."""
    return np.ascontiguousarray(values.T[::-1])


def _seconds(extractor, n_frames):
    """Return the time axis: the centre of frame t is t hops after the start."""
    frame = extractor.hop_length / extractor.sr
    step = next((step for step in TICK_SECONDS if n_frames * frame <= MOST_TICKS * step), TICK_SECONDS[-1])
    times = step * np.arange(int((n_frames - 1) * frame / step + 1e-9) + 1)
    return Axis("seconds", tuple(((time / frame + 0.5) / n_frames, f"{round(time, 2):g}") for time in times))


def _hertz(extractor):
    """Return the frequency axis: a band's frequency is the centre of gravity of its filter."""
    mel = extractor.matrices()["mel"][0]
    frequencies = np.linspace(0, extractor.sr / 2, mel.shape[1])
    centres = mel @ frequencies / np.maximum(mel.sum(axis=1), np.finfo(np.float32).tiny)
    places = (np.arange(len(mel)) + 0.5) / len(mel)
    inside = [tick for tick in TICK_HERTZ if centres[0] <= tick <= centres[-1]]
    return Axis("Hz", tuple((float(np.interp(tick, centres, places)), str(tick)) for tick in inside))


def spectral_evidence(extractor, decibels, gradient, typical):
    """Lay the evidence of a word's features over its spectrogram.

    Parameters
    ----------
    extractor : SpeechExtractor
    decibels : float ndarray [shape=(n_frames, n_mels)], the power in each mel band of each frame
    gradient : float ndarray [shape=(n_features,)], of the answer with respect to the features
    typical : float ndarray [shape=(n_features,)], the features of the average training word

    Returns
    -------
    evidence : float ndarray [shape=(n_mels, n_frames)], the lowest band last
    """
    dct = extractor.matrices()["dct"]
    cepstra = decibels @ dct.T
    deviation = gradient_times_input(1, cepstra, _typical_cepstra(extractor, cepstra, typical)) @ dct
    return _upright((cepstral_gradient(extractor, cepstra, gradient) @ dct) * deviation)


def cepstral_gradient(extractor, cepstra, gradient):
    """Carry the gradient of a word's features back to its cepstral coefficients, frame by frame.

    The steps of `SpeechExtractor` in reverse, each by its derivative. With A the weights of `time_weights`, taken as
    constant, S_o those of the slopes of order o, s the sequence (cepstra and their slopes) of n frames, m and d its
    mean and spread over time, s_j the frames after time normalisation, and e a small number:

        s_j = A s                 ds = A^T ds_j
        m = sum_t s_t / n         ds_t = dm / n
        d^2 = sum (s_t - m)^2 / n ds_t = dd (s_t - m) / (n d)
        (s_j - m) / (d + e)       ds_j = g / (d + e), dm = -sum_j ds_j, dd = -sum_j ds_j (s_j - m) / (d + e)
        S_o c                     dc = S_o^T ds

    Parameters
    ----------
    extractor : SpeechExtractor
    cepstra : float ndarray [shape=(n_frames, n_mfcc)]
    gradient : float ndarray [shape=(n_features,)]

    Returns
    -------
    dcepstra : float ndarray [shape=(n_frames, n_mfcc)]
    """
    n, bounds = len(cepstra), np.array([0, len(cepstra)])
    parts = extractor.parts(gradient)
    operators = [np.eye(n)]
    operators += [slopes(np.eye(n), bounds, extractor.delta_width, order) for order in extractor.delta_orders]
    sequence = np.hstack([operator @ cepstra for operator in operators])
    (mean,), (spread,) = mean_and_spread(sequence, bounds)
    dmean, dspread = (parts.get(name, np.zeros(sequence.shape[1])).astype(float) for name in ("mean", "spread"))

    wanted = parts["sequence"].shape[1]
    shift, scale = extractor.normalisation(mean[:wanted], spread[:wanted])
    weights = time_weights(n, extractor.frames, extractor.changes(sequence), extractor.change_share)
    dsequence = np.zeros_like(sequence)
    dframes = parts["sequence"] / scale
    dsequence[:, :wanted] = weights.T @ dframes
    if extractor.normalise != "level":
        dmean[:wanted] -= dframes.sum(axis=0)
    if extractor.normalise == "variance":
        dspread[:wanted] -= (dframes * (weights @ sequence[:, :wanted] - shift) / scale).sum(axis=0)
    dsequence += dmean / n
    dsequence += dspread * (sequence - mean) / (n * np.maximum(spread, SMALLEST_SPREAD))
    by_order = np.split(dsequence, len(operators), axis=1)
    return sum(operator.T @ part for operator, part in zip(operators, by_order, strict=True))


def _typical_cepstra(extractor, cepstra, typical):
    """Return the average training word's cepstra, stretched to as many frames as this word has."""
    bounds = np.array([0, len(cepstra)])
    (mean,), (spread,) = mean_and_spread(cepstra, bounds)
    shift, scale = extractor.normalisation(mean, spread)
    frames = extractor.parts(typical)["sequence"][:, : extractor.n_mfcc] * scale + shift
    changes = changes_of(slopes(cepstra, bounds, extractor.delta_width, 1))
    return coverage(len(cepstra), extractor.frames, changes, extractor.change_share).T @ frames
