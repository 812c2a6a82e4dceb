"""Speech features and variations: what each adds on voices never heard, the measurement behind the defaults.

One thing at a time is changed: a setting of the features, an extent of the variation, an entry of the recipe. The
recipe is that of preset `fast`. Every figure is the mean over FSDD's six speakers, each recognised by a network that
has heard the other five (see `held_out_speakers`), and over two seeds, in percent.

Ways to bring words to one length are compared without variation: by averaging over equal stretches of time (the
default), over equal stretches of change, by cutting off and repeating, and by scoring windows of fixed length whose
answers are pooled over the word.
"""

import json
import statistics
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

import numpy as np

from benchmarks import results_file
from benchmarks.held_out_speakers import accuracies, work_without_test_takes
from pipelines.features.speech import augmentation
from pipelines.features.speech.augmentation import SpeechAugmentation
from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.mfcc import mel_decibels
from pipelines.features.speech.variation import Variation
from pipelines.learning.tasks.speech import TASK as SPEECH
from pipelines.machine.cores import cores

SEEDS = (0, 1)
RECIPE = SPEECH.presets["fast"]
PLAIN = replace(RECIPE, augmentation=0.0, foreign=0.0)
VARIANTS = augmentation.variants_for(RECIPE.epochs)
WINDOW, WINDOWS = 24, 5  # frames in each, and how many


@dataclass(frozen=True)
class Padded(SpeechExtractor):
    """Cuts off what is more than `frames`, and repeats the last frame where it is less."""

    name: ClassVar[str] = "speech cut off or repeated"  # not to be taken for the cached features of another kind

    def in_time(self, sequences, bounds):
        """Return float64 [shape=(n_words, frames, n_coefficients)]."""
        at = np.arange(self.frames)
        return np.stack([sequences[start + np.minimum(at, stop - start - 1)] for start, stop in pairwise(bounds)])


@dataclass(frozen=True)
class Windowed(SpeechExtractor):
    """Describes a word by `WINDOWS` windows of `WINDOW` frames, spread evenly over it: each is a view."""

    name: ClassVar[str] = "speech in windows"  # not to be taken for the cached features of another kind

    @property
    def n_features(self):
        """Length of one window's features."""
        return WINDOW * self.n_mfcc

    @property
    def n_stored(self):
        """Length of a stored row: all windows, one after the other."""
        return WINDOWS * self.n_features

    def _describe(self, words, masking):
        power, bounds = self.power(words, maskings=masking)
        cepstra = mel_decibels(power, bounds, self._matrices["mel"][0], self.top_db) @ self._matrices["dct"].T
        return np.stack([self._windows(cepstra[start:stop]) for start, stop in pairwise(bounds)]).astype(np.float32)

    def _windows(self, given):
        first = np.linspace(0, max(0, len(given) - WINDOW), WINDOWS).round().astype(int)
        return given[np.minimum(first[:, np.newaxis] + np.arange(WINDOW), len(given) - 1)].ravel()


def every_window(prepared, recipe, n_jobs):
    """Let each epoch draw one window of each word."""
    windows = prepared.stored.reshape(len(prepared.stored), WINDOWS, -1)
    return SpeechAugmentation(windows, windows[:, :0])


def vary(**changes):
    """Return an `augmentation_for` with other extents of variation."""

    def augment(prepared, recipe, n_jobs):
        variation = replace(Variation(), **changes)
        return augmentation.of_recordings(
            prepared.dataset, prepared.extractor, variation, VARIANTS, recipe.foreign, n_jobs
        )

    return augment


EXTRACTORS = {
    "13 coefficients, 20 frames (the default)": {},
    "16 coefficients": {"n_mfcc": 16},
    "14 frames": {"frames": 14},
    "deltas in the sequence": {"deltas": 1},
    "without statistics over time": {"statistics": False},
    "without duration": {"duration": False},
    "cepstral mean normalisation": {"normalise": "mean"},
    "pre-emphasis 0.97": {"preemphasis": 0.97},
    "hardly trimmed (60 dB)": {"trim_db": 60.0},
    "no averaging over warps": {"warps": (1.0,)},
    "no averaging over cuts": {"cuts": (0.0,)},
}
VARIATIONS = {
    "no warps of the vocal tract": {"warp": 1.0},
    "no change of tempo": {"tempo": 1.0},
    "no shift of the edges": {"shift": 0.0},
    "no silence around": {"silence": 0.0},
    "no noise": {"noise_share": 0.0},
    "no change of tone": {"tone": 0.0},
    "no narrow bands": {"band_share": 0.0},
    "no reverberation": {"reverberation_share": 0.0},
    "no overdrive": {"overdrive_share": 0.0},
    "no change of the threshold at the ends": {"trim": 0.0},
}
RECIPES = {
    "no variation at all": {"augmentation": 0.0},
    "no foreign sounds": {"foreign": 0.0},
    "neither": {"augmentation": 0.0, "foreign": 0.0},
}
WAYS = {
    "equal stretches of time": (SpeechExtractor(), None),
    "stretches half of equal change": (SpeechExtractor(change_share=0.5), None),
    "cut off or repeated, 40 frames": (Padded(frames=40), None),
    "windows of 240 ms, pooled": (Windowed(cuts=(0.0,)), every_window),
}


def run():
    """Measure, and write results/choose_speech_features.json after each variant.

    What is there of the same recipe, features and seeds is not measured again.
    """
    defaults = {"recipe": RECIPE.settings(), "seeds": list(SEEDS), "features": _as_json(SpeechExtractor().settings())}
    rows = _read_measured(defaults)

    def measure(group, name, recipe, extractor=None, augment=None):
        if any(row["group"] == group and row["variant"] == name for row in rows):
            return
        found = accuracies(work_without_test_takes(recipe, extractor, augment), SEEDS, cores())
        means = {speaker: round(100 * statistics.mean(shares), 2) for speaker, shares in found.items()}
        rows.append({"group": group, "variant": name, **_summary(found), "speakers": means})
        results_file.write("choose_speech_features", {**defaults, "variants": rows})

    for name, changes in EXTRACTORS.items():
        measure("features", name, RECIPE, replace(SpeechExtractor(), **changes))
    for name, changes in RECIPES.items():
        measure("recipe", name, replace(RECIPE, **changes))
    for name, (extractor, augment) in WAYS.items():
        measure("to one length, without variation", name, PLAIN, extractor, augment)
    for name, changes in VARIATIONS.items():
        measure("variation", name, RECIPE, augment=vary(**changes))


def _read_measured(defaults):
    path = results_file.FOLDER / "choose_speech_features.json"
    record = json.loads(path.read_text()) if path.exists() else {}
    return record["variants"] if all(record.get(key) == value for key, value in defaults.items()) else []


def _as_json(settings):
    return json.loads(json.dumps(settings))


def _summary(found):
    """Return mean, worst and the spread of the seeds' means, in percent, of dict of speaker to list of shares."""
    by_seed = [100 * statistics.mean(shares) for shares in zip(*found.values(), strict=True)]
    worst = min(100 * statistics.mean(shares) for shares in found.values())
    return {
        "mean": round(statistics.mean(by_seed), 2),
        "worst": round(worst, 2),
        "sd_of_seeds": round(statistics.stdev(by_seed), 2),
    }
