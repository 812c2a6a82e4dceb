"""Candidates for unheard voices: what each brings, on the recordings of people who never heard of this project.

One thing at a time is changed in the preset `fast`: a setting of the features, an entry of the recipe, or an extent of
the variation, of blending or of neighbours. Networks that learned FSDD's digits are asked for single English digits and
for strings of digits; networks that learned Spanish digits are asked for a voice that they have not heard, each voice
in turn. The folder is that of `unheard_voices`. So few voices tell a gain of a point from chance only where all three
columns agree.

    BACKPROP_VOICES=voices python -m benchmarks choose_for_voices
"""

import statistics
from dataclasses import dataclass, field, replace

from benchmarks import results_file
from benchmarks.unheard_voices import ask, leave_each_voice_out, strings, train, voices_folder
from pipelines import datasets
from pipelines.features.speech import augmentation
from pipelines.features.speech.blends import Blending
from pipelines.features.speech.mfcc import NO_MASKING
from pipelines.features.speech.neighbours import Neighbours
from pipelines.features.speech.variation import Variation
from pipelines.learning.preparation import extract, prepare
from pipelines.learning.tasks.speech import TASK as SPEECH

PRESET = "fast"
SEEDS = (0, 1)


@dataclass(frozen=True)
class Candidate:
    """What is changed: settings of the extractor, entries of the recipe, extents of variation, blending, neighbours."""

    features: dict = field(default_factory=dict)
    recipe: dict = field(default_factory=dict)
    variation: dict = field(default_factory=dict)
    blending: dict = field(default_factory=dict)
    neighbours: dict = field(default_factory=dict)


CANDIDATES = {
    "the preset as it is": Candidate(),
    "no slopes in the sequence": Candidate(features={"deltas": 0}),
    "slopes of slopes in it, too": Candidate(features={"deltas": 2}),
    "10 coefficients (Ghai and Sinha 2016)": Candidate(features={"n_mfcc": 10}),
    "mean of each word taken out": Candidate(features={"normalise": "mean"}),
    "mean and spread of each word taken out": Candidate(features={"normalise": "variance"}),
    "50 dB below the loudest band": Candidate(features={"top_db": 50.0}),
    "one throat, one cut": Candidate(features={"warps": (1.0,), "cuts": (0.0,), "maskings": ()}),
    "two throats more": Candidate(features={"warps": (1.0, 0.92, 1.08, 0.85, 1.17)}),
    "a cut more, 55 dB below the loudest": Candidate(
        features={"cuts": (0.0, -9.0, 12.0, 30.0), "maskings": (NO_MASKING, 25.0, NO_MASKING, NO_MASKING)}
    ),
    "no view through noise (Klatt 1976)": Candidate(features={"maskings": ()}),
    "all views through noise": Candidate(features={"maskings": (25.0, 25.0, 25.0)}),
    "1024 and 512 units": Candidate(recipe={"hidden": (1024, 512)}),
    "three times the steps": Candidate(recipe={"least_steps": 2100}),
    "both": Candidate(recipe={"hidden": (1024, 512), "least_steps": 2100}),
    "three networks, averaged": Candidate(recipe={"members": 3}),
    "mixtures of any two words (Zhang 2018)": Candidate(recipe={"mixup": 0.2}),
    "more dropout": Candidate(recipe={"dropout": 0.6, "input_dropout": 0.3}),
    "full variation": Candidate(recipe={"augmentation": 1.0}),
    "worse microphones": Candidate(variation={"tone": 14.0, "band_share": 0.5, "overdrive_share": 0.4}),
    "no blends (Zhang 2018, Zhou 2021)": Candidate(blending={"share": 0.0, "manner_share": 0.0}),
    "blends of takes, no manners": Candidate(blending={"manner_share": 0.0}),
    "manners, no blends of takes": Candidate(blending={"share": 0.0}),
    "words alone, no stretches of several": Candidate(neighbours={"share": 0.0, "across": 0.0}),
    "words with neighbours": Candidate(neighbours={"across": 0.0}),
    "stretches across two words as foreign": Candidate(neighbours={"share": 0.0}),
    "no foreign sounds": Candidate(recipe={"foreign": 0.0}),
}


def run():
    """Measure, and write results/choose_for_voices.json after each candidate."""
    voices = voices_folder()
    if voices is None:
        return
    found = {}
    for name, candidate in CANDIDATES.items():
        found[name] = measure(candidate, voices)
        print(name, found[name], flush=True)
        results_file.write("choose_for_voices", {"preset": PRESET, "seeds": SEEDS, "candidates": found})


def measure(candidate, voices):
    """Return the shares of right words, and the word error rate of strings, mean over seeds: dict of float."""
    recipe = SPEECH.presets[PRESET].replace(candidate.recipe)
    fsdd, spanish = (datasets.load(name, "speech") for name in ("fsdd", str(voices / "spanish" / "manifest.csv")))
    prepared = _augment(prepare(fsdd, _extractor(fsdd, candidate)), recipe, candidate)
    by_seed = []
    for seed in SEEDS:
        model, _ = train(prepared, recipe, seed)
        *_, right = ask(model, voices / "english" / "manifest.csv")
        by_seed.append((float(right.mean()), strings(model, voices / "strings")["word_error_rate"]))
    apart = _augment(extract(spanish, _extractor(spanish, candidate)), recipe, candidate)
    return {
        "english": statistics.mean(share for share, _ in by_seed),
        "strings_word_error_rate": statistics.mean(rate for _, rate in by_seed),
        "spanish": statistics.mean(leave_each_voice_out(apart, recipe, seed)["mean"] for seed in SEEDS),
    }


def _extractor(dataset, candidate):
    return replace(SPEECH.extractor_for(dataset), **candidate.features)


def _augment(prepared, recipe, candidate):
    n_rows = max(1, len(prepared.dataset.rows("train")))
    variation = replace(Variation(), **candidate.variation).scale(recipe.augmentation)
    varied = augmentation.of_recordings(
        prepared.dataset,
        prepared.extractor,
        variation,
        augmentation.variants_for(recipe.for_rows(n_rows).epochs),
        recipe.foreign,
        blending=replace(Blending(), **candidate.blending).scale(recipe.augmentation),
        neighbours=replace(Neighbours(), **candidate.neighbours),
    )
    return replace(prepared, augmentation=varied)
