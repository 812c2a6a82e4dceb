"""Word finder: where the words begin and end in a recording of several.

People who say a telephone number leave a pause between the digits. In a pause only the noise of the room remains; in a
word some part of the spectrum rises above it. So the sound is cut into short frames, the power of each frame is
measured in a few bands, and each band is divided by its own noise floor: the level that it falls back to again and
again in the seconds around. The mean over the bands, in decibels, is the *evidence* of a frame. Near 0 dB there is
only noise, for example a rumble or a hiss. A sound that lasts long, such as a fan, becomes part of the floor.

A word begins and ends where the evidence crosses a low threshold, and counts if it reaches a high one in between.
Silence inside a word (before the t of eight, inside six) is bridged if it is short. What lasts too long to be one word
is parted where it is softest, if that is a real dip.
"""

import functools
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pipelines.features.speech.audio_file import SILENCE_PEAK

HOP_SECONDS = 0.01
WINDOW_SECONDS = 0.032
BAND_EDGES = (100.0, 250.0, 450.0, 750.0, 1200.0, 1800.0, 2600.0, 3800.0)  # in Hz


@dataclass(frozen=True)
class WordFinder:
    """Thresholds and durations, in decibels and seconds.

    Attributes
    ----------
    floor_seconds, floor_share : float
        A band's noise floor is the power that this share of the frames within these seconds do not reach.
    dynamic_range : float > 0
        The floor is never further below the strongest band of these seconds, so digital silence has a floor too.
    high, low : float > 0
        Evidence that a word must reach, and that all of it has.
    high_below_peak, low_below_peak : float > 0
        The same, below the peak of the evidence within `floor_seconds`; the higher threshold of the two counts, so
        that breath and echo beside a clear voice are no words.
    bridge, burst, burst_bridge : float >= 0
        Pauses up to `bridge` belong to a word; those up to `burst_bridge` too if a sound next to it is at most `burst`
        long: the released t of eight.
    shortest : float > 0
        A shorter sound is not a word.
    long, dip, dip_seconds : float > 0
        What is longer than `long` is parted at its softest `dip_seconds`, if both sides reach `dip` decibels more;
        `long` is at least twice `shortest` plus `dip_seconds`, and `longest` is more.
    longest : float > 0
        What is longer is parted whatever the dip, which bounds memory.
    pad : float >= 0
        Kept before and after each word, as far as half the pause reaches. Words were told apart best without.
    """

    floor_seconds: float = 4.0
    floor_share: float = 0.1
    dynamic_range: float = 45.0
    high: float = 6.5
    low: float = 4.5
    high_below_peak: float = 22.0
    low_below_peak: float = 30.0
    bridge: float = 0.09
    burst: float = 0.1
    burst_bridge: float = 0.13
    shortest: float = 0.08
    long: float = 0.8
    dip: float = 8.0
    dip_seconds: float = 0.1
    longest: float = 4.0
    pad: float = 0.0

    def find(self, power):
        """Return where the words are.

        Parameters
        ----------
        power : ndarray of float32 [shape=(n_frames, n_bands)]
            As `band_power` measures it.

        Returns
        -------
        list of (float, float)
            Beginning and end of each word in seconds, pads included; in order, without overlap.
        """
        if len(power) == 0:
            return []
        evidence, peak = self._evidence(power)
        low = np.maximum(self.low, peak - self.low_below_peak)
        high = np.maximum(self.high, peak - self.high_below_peak)

        evident = (evidence > high) & (power.mean(axis=1) > _SILENCE_POWER)

        def keep_heard(runs):
            return [(a, b) for a, b in runs if b - a >= shortest and evident[a:b].any()]

        shortest = round(self.shortest / HOP_SECONDS)
        words = self._widen(keep_heard(self._bridge(_runs(evidence > low))), evidence)
        return self._pad(keep_heard(part for word in words for part in self._part(word, evidence)), len(power))

    def _evidence(self, power):
        """Return the evidence of each frame, and its peak in the seconds around: float64, in decibels."""
        floor = self._floor(power)
        evidence = 10 * np.log10(np.maximum((power / floor).mean(axis=1), _LEAST_EVIDENCE))
        smooth = np.convolve(np.pad(evidence, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
        return smooth, _over_windows(smooth[:, np.newaxis], self._window, lambda part: part.max(axis=0))[:, 0]

    def _floor(self, power):
        least = 10 ** (-self.dynamic_range / 10)

        def floor(part):
            rank = int(self.floor_share * (len(part) - 1))
            quiet = np.partition(part, rank, axis=0)[rank]
            return np.maximum(quiet, max(least * part.max(), _DIGITAL_SILENCE_POWER))

        return _over_windows(power, self._window, floor)

    @property
    def _window(self):
        return round(self.floor_seconds / HOP_SECONDS)

    def _bridge(self, runs):
        """Join runs of frames that have only a short silence between them."""
        joined = []
        for start, stop in runs:
            if joined:
                before, last = joined[-1]
                shorter = min(stop - start, last - before) * HOP_SECONDS
                allowed = self.burst_bridge if shorter <= self.burst else self.bridge
                if (start - last) * HOP_SECONDS <= allowed:
                    joined[-1] = (before, stop)
                    continue
            joined.append((start, stop))
        return joined

    def _part(self, run, evidence):
        """Split a run of frames into pieces that can be one word."""
        start, stop = run
        pieces, longest = [], round(self.longest / HOP_SECONDS)
        while stop - start > longest:
            middle = self._weakest(start, start + longest, evidence)
            pieces += self._part_at_dips(start, middle, evidence)
            start = middle
        return pieces + self._part_at_dips(start, stop, evidence)

    def _part_at_dips(self, start, stop, evidence):
        if stop - start <= round(self.long / HOP_SECONDS):
            return [(start, stop)]
        middle = self._weakest(start, stop, evidence)
        half = round(self.dip_seconds / HOP_SECONDS / 2)
        sides = min(evidence[start:middle].max(), evidence[middle:stop].max())
        if sides - evidence[middle - half : middle + half].max() < self.dip:
            return [(start, stop)]
        return self._part_at_dips(start, middle, evidence) + self._part_at_dips(middle, stop, evidence)

    def _weakest(self, start, stop, evidence):
        """Return the middle of the softest `dip_seconds` that leave room for a word on either side."""
        margin, width = round(self.shortest / HOP_SECONDS), 2 * round(self.dip_seconds / HOP_SECONDS / 2)
        loudest = sliding_window_view(evidence[start + margin : stop - margin], width).max(axis=1)
        return start + margin + width // 2 + int(loudest.argmin())

    def _widen(self, words, evidence):
        """Let a word that is softer than its neighbours begin and end `low_below_peak` below its own peak."""
        ends = [0, *((stop + start) // 2 for (_, stop), (start, _) in pairwise(words)), len(evidence)]
        widened = []
        for (start, stop), (least, most) in zip(words, pairwise(ends), strict=False):
            soft = evidence <= max(self.low, evidence[start:stop].max() - self.low_below_peak)
            before, after = np.flatnonzero(soft[least:start]), np.flatnonzero(soft[stop:most])
            start = least + int(before[-1]) + 1 if len(before) else least
            widened.append((start, stop + int(after[0]) if len(after) else most))
        return widened

    def _pad(self, words, n_frames):
        starts = np.array([start for start, _ in words], float) * HOP_SECONDS
        stops = np.array([stop for _, stop in words], float) * HOP_SECONDS
        half_pauses = (starts[1:] - stops[:-1]) / 2
        before = np.minimum(self.pad, np.concatenate([starts[:1], half_pauses]))
        after = np.minimum(self.pad, np.concatenate([half_pauses, n_frames * HOP_SECONDS - stops[-1:]]))
        return list(zip((starts - before).tolist(), (stops + after).tolist(), strict=True))


def band_power(blocks, sr):
    """Measure the power of each frame in each band, as the blocks of a waveform come.

    Frame t covers `WINDOW_SECONDS` (Hann) around the middle of the t-th stretch of `HOP_SECONDS`; beyond its ends the
    waveform counts as zero. The result does not depend on the size of the blocks.

    Parameters
    ----------
    blocks : iterable of ndarray of float32 [shape=(n_samples,)]
    sr : int > 0, in Hz

    Returns
    -------
    power : ndarray of float32 [shape=(n_frames, n_bands)]
        One row for each `HOP_SECONDS` begun; bands above sr / 2 are left out. 16 MB an hour are kept, no samples.
    """
    hop, length, window = round(HOP_SECONDS * sr), length_of(sr), window_of(sr)
    bands = bands_of(length, sr)
    rest, n_samples, parts = np.zeros((length - hop) // 2), 0, []
    for block in blocks:
        n_samples += len(block)
        rest = np.concatenate([rest, block])
        n_frames = max(0, (len(rest) - length) // hop + 1)
        parts += _power(rest, n_frames, hop, window, bands)
        rest = rest[n_frames * hop :]
    missing = -(-n_samples // hop) - sum(map(len, parts))
    parts += _power(np.pad(rest, (0, missing * hop + length)), missing, hop, window, bands)
    return np.concatenate(parts) if parts else np.empty((0, bands.shape[1]), np.float32)


def _power(samples, n_frames, hop, window, bands):
    """Return the power of the first frames: list of at most one array of float32 [shape=(n_frames, n_bands)]."""
    if n_frames <= 0:
        return []
    spectra = np.fft.rfft(sliding_window_view(samples, len(window))[: n_frames * hop : hop] * window)
    power = np.square(spectra.real) + np.square(spectra.imag)
    # einsum sums each row by itself. So the last bit of a frame's power does not depend on the number of frames.
    return [np.einsum("fk,kb->fb", power, bands).astype(np.float32)]


def length_of(sr):
    """Return how many samples a frame covers: int > 0."""
    return round(WINDOW_SECONDS * sr)


@functools.cache
def window_of(sr):
    """Return the Hann window of a frame: float64 [shape=(length_of(sr),)], read-only."""
    window = np.hanning(length_of(sr) + 1)[:-1]
    window.setflags(write=False)
    return window


def settings(sr):
    """Return what `WordFinder` and `band_power` depend on beside its attributes: samples, powers; JSON types."""
    return {
        "hop_seconds": HOP_SECONDS,
        "hop_length": round(HOP_SECONDS * sr),
        "frame_length": length_of(sr),
        "silence_power": float(_SILENCE_POWER),
        "digital_silence_power": float(_DIGITAL_SILENCE_POWER),
        "least_evidence": _LEAST_EVIDENCE,
    }


@functools.cache
def bands_of(length, sr):
    """Return which frequencies of a Fourier transform lie in which band, scaled to mean squares of a band; read-only.

    float64 [shape=(1 + length // 2, n_bands)].
    """
    frequencies = np.fft.rfftfreq(length, 1 / sr)
    edges = [edge for edge in BAND_EDGES if edge < sr / 2]
    inside = [(frequencies >= low) & (frequencies < high) for low, high in pairwise(edges)]
    bands = np.stack(inside, axis=1) / length**2
    bands.setflags(write=False)
    return bands


# Bands of this power are as quiet as a recording that `audio_file` calls silent. A word has a frame with more.
_SILENCE_POWER = np.float32(SILENCE_PEAK**2 / 100)
_DIGITAL_SILENCE_POWER = np.float32(1e-16)  # the floor of digital silence, below the hiss of the faintest recording
_LEAST_EVIDENCE = 0.1  # -10 dB, for digital silence


def _over_windows(rows, length, statistic):
    """Evaluate a statistic of the rows around each row.

    It is evaluated in windows of `length` rows that begin a quarter of `length` apart, and interpolated between their
    middles. The first and the last window lie wholly inside.

    Parameters
    ----------
    rows : ndarray [shape=(n_rows, n_columns)]
    statistic : function of ndarray [shape=(n, n_columns)] that returns ndarray [shape=(n_columns,)]

    Returns
    -------
    ndarray [shape=(n_rows, n_columns)]
    """
    last = max(0, len(rows) - length)
    starts = np.append(np.arange(0, last, length // 4), last)
    values = np.array([statistic(rows[start : start + length]) for start in starts])
    middles, places = starts + min(length, len(rows)) / 2, np.arange(len(rows)) + 0.5
    return np.stack([np.interp(places, middles, column) for column in values.T], axis=1)


def _runs(inside):
    """Return the stretches of True in a row of booleans: list of (start, stop)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]])))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
