"""The vocal tract: why a child's vowels lie higher than a man's, and how to make up for it.

The throat and the mouth are a tube, and a shorter tube resonates at higher frequencies, all of them higher by about the
same factor. Six speakers have only six of these factors. So the mel filters are laid over a frequency axis that
is stretched or shrunk: the same recording then looks as if another, shorter or longer throat had spoken. In training
this makes many voices of a few; at prediction several factors are tried, and their answers averaged.
"""

import numpy as np

KNEE = 0.85  # share of half the sampling rate; lower frequencies are scaled, the others bend so that the highest stays


def warp_mel(warp, sr, n_fft, n_mels, fmin, fmax):
    """Return Slaney's mel filters over a frequency axis that is scaled by `warp`.

    Jaitly and Hinton 2013, https://www.cs.toronto.edu/~hinton/absps/perturb.pdf; the axis is theirs, with the knee as a
    share of half the sampling rate:

        f -> warp f                                                      for f <= f0 = KNEE sr / 2 min(1, 1 / warp)
        f -> sr / 2 - (sr / 2 - warp f0) / (sr / 2 - f0) (sr / 2 - f)    above

    Parameters
    ----------
    warp : float in (0.5, 2)
        Above 1, a frequency is taken for a higher one: the voice seems to come from a shorter tube. With 1 the filters
        are `librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)`.
    sr, n_fft, n_mels, fmin, fmax
        As in librosa.

    Returns
    -------
    filters : ndarray of float32 [shape=(n_mels, 1 + n_fft // 2)]
    """
    import librosa.filters

    if warp == 1:
        return librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
    nyquist = sr / 2
    frequencies = np.fft.rfftfreq(n_fft, 1 / sr)
    knee = KNEE * nyquist * min(1, 1 / warp)
    above = nyquist - (nyquist - warp * knee) / (nyquist - knee) * (nyquist - frequencies)
    warped = np.where(frequencies <= knee, warp * frequencies, above)
    edges = librosa.mel_frequencies(n_mels + 2, fmin=fmin, fmax=fmax)[:, np.newaxis]
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.minimum((warped - low) / (middle - low), (high - warped) / (high - middle))
    return (np.maximum(triangles, 0) * 2 / (high - low)).astype(np.float32)
