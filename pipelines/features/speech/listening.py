"""Listening: words while they are spoken, each answered soon after its end.

What the word finder does with a whole recording is done here with what was heard so far: the power of each frame in a
few bands, over the noise floor of the last seconds, is its evidence. A sound begins where the evidence rises, and has
ended when it has stayed low for a while, the patience. It is then cut out and classified as any recording is; one that
is too long for a word is taken apart first. Frames are counted from the first sample, so the answers do not depend on
the blocks in which the sound comes.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pipelines.features.speech import conditions
from pipelines.features.speech.drift import blocks_without_drift
from pipelines.features.speech.segmentation import PHRASE_SECONDS, Segmentation
from pipelines.features.speech.transcript import Word
from pipelines.features.speech.uncertain_ends import answer_together, cut_with_other_ends
from pipelines.features.speech.word_finder import HOP_SECONDS, WINDOW_SECONDS, WordFinder, bands_of

PATIENCE = 0.2  # seconds: longer than the silence inside a word, and short enough to answer soon
REFRACTORY = 0.0
MARGIN = 0.1  # seconds kept before and after a sound, because its soft beginning and end may be there
LONGEST = 4.0  # seconds; a longer sound is answered in parts
FULL_SCALE, CLIPPED_SAMPLES = 0.999, 3  # a block that has so many samples of this size is clipped
MUTED = 1.0  # seconds of digital silence after which a microphone counts as switched off
REMEMBERED = 6.0  # seconds that the finder examines
LOOK_FRAMES = 5
BEFORE = 0.5  # seconds before a word in which the noise of the room is heard
SHORTEST = 0.08  # seconds; a shorter rest of a sound that was answered in parts is not a sound
_PIECE = 160  # samples from which drift is removed together


@dataclass(frozen=True)
class Heard:
    """What one step of listening brought: the words that have ended, the level, and whether there is sound at all.

    Attributes
    ----------
    words : tuple of Word
    level : float <= 0, in decibels of full scale
    muted : bool, whether the last second was digital silence
    clipped : bool, whether the sound since the step before was so loud that its peaks are cut off
    unlike : dict of str to str
        Where a word is less probable than the training's threshold, how it sounds unlike those that were learned from,
        see `conditions.name_differences`.
    """

    words: tuple[Word, ...]
    level: float
    muted: bool
    clipped: bool = False
    unlike: Mapping[str, str] = field(default_factory=dict)


class Listener:
    """Finds and recognises words in sound that comes block by block.

    Parameters
    ----------
    model : Bundle of a speech task
    threshold : float in [0, 1]
        A word whose likeliest label is less probable is unknown.
    patience : float > 0, in seconds
        Silence after which a word has ended.
    refractory : float >= 0, in seconds
        For so long after a word the same word is not answered again.
    """

    def __init__(self, model, threshold=0.0, patience=PATIENCE, refractory=REFRACTORY):
        self.model, self.threshold, self.refractory = model, threshold, refractory
        self.sr = model.extractor.sr
        self._patience = max(1, round(patience / HOP_SECONDS))
        self._last = {}
        self._unlike = {}  # differences of words that the caller has not received yet

    def hear(self, blocks):
        """Go through blocks of float32 samples, `sr` a second, and yield a Heard for each that brings anything new.

        At the end of the blocks the sound that has not ended yet is answered.
        """
        frames, silent, finder = _Frames(self.sr), 0, _Ends(self._patience)
        waiting, level, clipped = deque(), -120.0, False

        def watch():
            nonlocal level, silent, clipped
            for block in blocks:
                peak = float(np.abs(block).max()) if len(block) else 0.0
                level = 20 * np.log10(max(peak, 1e-6))
                silent = silent + len(block) if peak == 0 else 0
                clipped |= peak >= FULL_SCALE and int((np.abs(block) >= FULL_SCALE).sum()) >= CLIPPED_SAMPLES
                yield block
                waiting.append(None)

        for piece in blocks_without_drift(watch(), self.sr, _PIECE):
            words = []
            for power in frames.of(piece):
                for first, stop in finder.find_ended(power):
                    words += self._answer(frames, first, stop)
            frames.forget(finder.first)
            if words or waiting:
                waiting.clear()
                yield Heard(tuple(words), level, silent >= MUTED * self.sr, clipped, self._unlike)
                self._unlike, clipped = {}, False
        rest = [
            word for power in frames.rest() for ends in finder.find_ended(power) for word in self._answer(frames, *ends)
        ]
        rest += [word for ends in finder.finish() for word in self._answer(frames, *ends)]
        if rest:
            yield Heard(tuple(rest), level, silent >= MUTED * self.sr, unlike=self._unlike)

    def _answer(self, frames, first, stop):
        """Return the words of a sound between two frames, without those that were answered just before: list."""
        start, sound = frames.samples(first, stop)
        spans = [(first * HOP_SECONDS - start / self.sr, stop * HOP_SECONDS - start / self.sr)]
        if stop - first > round(PHRASE_SECONDS / HOP_SECONDS):
            spans = [(a, b) for a, b, _ in Segmentation().words(self.model, sound)] or spans
        sound = sound.astype(np.float32)
        cuts = [cut_with_other_ends(sound, max(0, round(a * self.sr)), round(b * self.sr), self.sr) for a, b in spans]
        together = zip(spans, answer_together(self.model, cuts), strict=True)
        answers = [(span, row) for span, row in together if row is not None]
        if any(row.max() < self.model.provenance.get("threshold", 0) for _, row in answers):
            self._unlike |= self._differences(frames, first, stop)
        words = []
        for (a, b), row in answers:
            best, at = int(row.argmax()), start / self.sr + a
            label = self.model.labels[best] if row[best] >= self.threshold else None
            if label is not None and at - self._last.get(label, -np.inf) < self.refractory:
                continue
            end = min(start / self.sr + b, frames.n_samples / self.sr)
            self._last[label] = end
            words.append(Word(max(0.0, at), end, label, float(row[best])))
        return words

    def _differences(self, frames, first, stop):
        """Return how a sound between two frames, with the time before it, differs from the training recordings."""
        _, sound = frames.samples(first - round(BEFORE / HOP_SECONDS), stop)
        limits = self.model.provenance.get("usual", {})
        return conditions.differences_of_speech(sound.astype(np.float32), self.model.extractor, limits)


class _Frames:
    """The samples of the last seconds, and the power of each frame in each band as soon as its samples are there."""

    def __init__(self, sr):
        self.sr, self._hop, self._length = sr, round(HOP_SECONDS * sr), round(WINDOW_SECONDS * sr)
        self._window = np.hanning(self._length + 1)[:-1]
        self._bands = bands_of(self._length, sr)
        self._lead = (self._length - self._hop) // 2
        self._kept, self._first, self.n_samples, self._next = np.zeros(0), 0, 0, 0

    def of(self, piece):
        """Yield the band power of each frame that the piece completes."""
        self._kept = np.concatenate([self._kept, piece])
        self.n_samples += len(piece)
        while self._next * self._hop - self._lead + self._length <= self.n_samples:
            yield self._power()

    def rest(self):
        """Yield the band power of the frames that the end of the sound leaves incomplete."""
        while self._next * self._hop < self.n_samples:
            yield self._power()

    def _power(self):
        place = self._next * self._hop - self._lead - self._first
        cut = np.zeros(self._length)
        inside = self._kept[max(0, place) : place + self._length]
        cut[max(0, -place) : max(0, -place) + len(inside)] = inside
        self._next += 1
        spectrum = np.square(np.abs(np.fft.rfft(cut * self._window)))
        return spectrum @ self._bands

    def samples(self, first, stop):
        """Return the place of the first sample of a sound between two frames, `MARGIN` included, and its samples."""
        margin = round(MARGIN * self.sr)
        start = max(self._first, first * self._hop - margin)
        return start, self._kept[start - self._first : stop * self._hop + margin - self._first]

    def forget(self, frame):
        """Forget the samples long before a frame."""
        wanted = frame * self._hop - 2 * round(MARGIN * self.sr)
        if wanted - self._first > self.sr:
            self._kept, self._first = self._kept[wanted - self._first :], wanted


class _Ends:
    """Finds where sounds begin and end, from the band power of one frame after the other.

    Every `LOOK_FRAMES` frames the word finder examines the last `REMEMBERED` seconds. A sound that ended so long ago
    that it will not go on is passed on, once.
    """

    def __init__(self, patience):
        self._finder, self._patience = WordFinder(long=2 * LONGEST, longest=2 * LONGEST), patience
        self._power, self._most = [], round(REMEMBERED / HOP_SECONDS)
        self.first, self._answered = 0, 0  # the first frame in memory; the frame behind the last sound

    def find_ended(self, power):
        """Take one frame's power; return the sounds that have ended: list of (first frame, one behind the last)."""
        self._power.append(power)
        if len(self._power) > self._most + LOOK_FRAMES:
            self._power, self.first = self._power[LOOK_FRAMES:], self.first + LOOK_FRAMES
        n = self.first + len(self._power)
        return self._find(n - self._patience) if n % LOOK_FRAMES == 0 else []

    def finish(self):
        """Return the sounds that are left, as if they had ended."""
        return self._find(self.first + len(self._power)) if self._power else []

    def _find(self, until):
        found = []
        for sound in self._finder.find(np.array(self._power, np.float32)):
            start, stop = (self.first + round(seconds / HOP_SECONDS) for seconds in sound)
            start = max(start, self._answered)
            too_long = until + self._patience - start >= round(LONGEST / HOP_SECONDS)
            if (stop <= until or too_long) and stop - start >= round(SHORTEST / HOP_SECONDS):
                stop = min(stop, until + self._patience)
                found.append((start, stop))
                self._answered = stop
        return found
