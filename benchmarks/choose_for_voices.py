"""Candidates for unheard voices: what each brings, on the recordings of people who never heard of this project.

One thing at a time is changed in the preset `fast`: a setting of the features, an entry of the recipe, an extent of the
variation, of blending or of neighbours, or the kind of features or of answer, for one of `other_speech_features`.
Networks that learned FSDD's digits are asked for single English digits and for strings of digits; networks that learned
Spanish digits are asked for a voice that they have not heard, each voice in turn. The folder is that of
`unheard_voices`. So few voices tell a gain of a point from chance only where all three columns agree. Gates and
automatic gain, and frames of equal change, came to the preset when the others had been measured, so all are measured
without them.

    BACKPROP_VOICES=voices python -m benchmarks choose_for_voices
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks import other_speech_features as other
from benchmarks import results_file
from benchmarks.unheard_voices import leave_out_each_voice, load_words, mean, strings, train, voices_folder
from pipelines import datasets
from pipelines.features.extraction import extract_all
from pipelines.features.speech import augmentation
from pipelines.features.speech.blends import Blending
from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.mfcc import NO_MASKING
from pipelines.features.speech.neighbours import Neighbours
from pipelines.features.speech.variation import Variation
from pipelines.learning.preparation import extract, prepare
from pipelines.learning.tasks.speech import TASK as SPEECH

PRESET = "fast"
SEEDS = (0, 1)


@dataclass(frozen=True)
class Candidate:
    """What is changed: settings of the extractor, entries of the recipe, extents of variation, blending, neighbours.

    `extractor` takes the place of the task's kind, a `whitened` scaling that of the plain one, and `answer` that of the
    mean of the views. `strings` is false where the search for words in strings would describe them in another way.
    """

    features: dict = field(default_factory=dict)
    recipe: dict = field(default_factory=dict)
    variation: dict = field(default_factory=dict)
    blending: dict = field(default_factory=dict)
    neighbours: dict = field(default_factory=dict)
    extractor: type = SpeechExtractor
    whitened: bool = False
    answer: Callable | None = None
    strings: bool = True


CANDIDATES = {
    "the preset without level control": Candidate(),
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
    "frames to a third of equal change (Kuhn 1981)": Candidate(features={"change_share": 0.3}),
    "frames half of equal change": Candidate(features={"change_share": 0.5}),
    "the whole second, nothing stretched": Candidate(
        extractor=other.WholeSecond, neighbours={"share": 0.0, "across": 0.0}, strings=False
    ),
    "RASTA (Hermansky and Morgan 1994)": Candidate(extractor=other.Rasta, strings=False),
    "whitened within classes (Hatch 2006)": Candidate(whitened=True),
    "surest throat of each word": Candidate(answer=other.throat_of_each_word, strings=False),
    "surest throat of each speaker (Lee and Rose 1996)": Candidate(answer=other.throat_of_each_speaker, strings=False),
    "mean of each speaker as usual": Candidate(answer=other.mean_of_each_speaker, strings=False),
    "gates and automatic gain": Candidate(variation={"gate_share": 0.25, "gain_share": 0.15}),
    "cosines over the word (Milner and Vaseghi 1995)": Candidate(recipe={"directions": True}),
}
# What the preset was when most candidates were measured, in all that do not say otherwise.
VARIATION_BEFORE, FEATURES_BEFORE = {"gate_share": 0.0, "gain_share": 0.0}, {"change_share": 0.0}


def run():
    """Measure, and write results/choose_for_voices.json after each candidate; see `results_file.choose`."""
    voices = voices_folder()
    if voices is None:
        return
    found = {}
    for name in results_file.choose(CANDIDATES):
        found[name] = measure(CANDIDATES[name], voices)
        print(name, found[name], flush=True)
        measured = {"preset": PRESET, "seeds": list(SEEDS), "candidates": found}
        results_file.write("choose_for_voices", measured, growing="candidates")


def measure(candidate, voices):
    """Return the shares of right words, and the word error rate of strings, mean over seeds: dict of float."""
    recipe = SPEECH.presets[PRESET].replace(candidate.recipe)
    fsdd, spanish = (datasets.load(name, "speech") for name in ("fsdd", str(voices / "spanish" / "manifest.csv")))
    prepared = _augment(prepare(fsdd, _extractor(fsdd, candidate)), recipe, candidate)
    apart = _augment(extract(spanish, _extractor(spanish, candidate)), recipe, candidate)
    english, y = load_words(voices / "english" / "manifest.csv", prepared.dataset.labels)
    heard, ok, _ = extract_all(prepared.extractor, list(english.items))
    by_seed = []
    for seed in SEEDS:
        model, _ = train(prepared, recipe, seed, _scaling(prepared, candidate))
        predicted = _answer(candidate, model, heard, english.group[ok], prepared)
        found = {"english": float((predicted == y[ok]).sum() / len(y))}
        if candidate.strings:
            found["strings_word_error_rate"] = strings(model, voices / "strings")["word_error_rate"]
        by_seed.append(found | {"spanish": _spanish(apart, recipe, seed, candidate)})
    return mean(by_seed)


def _spanish(prepared, recipe, seed, candidate):
    """Return the mean accuracy for voices that were left out, each in turn."""
    shares = []
    for _, left_out in leave_out_each_voice(prepared, seed):
        model, _ = train(left_out, recipe, seed, _scaling(left_out, candidate))
        stored, y = left_out.rows("test")
        speakers = left_out.dataset.group[left_out.dataset.rows("test")]
        shares.append(float((_answer(candidate, model, stored, speakers, left_out) == y).mean()))
    return statistics.mean(shares)


def _answer(candidate, model, stored, speakers, prepared):
    if candidate.answer is None:
        return model.probabilities(stored).argmax(axis=1)
    return candidate.answer(model, stored, speakers, prepared.rows("train")[0])


def _scaling(prepared, candidate):
    if not candidate.whitened:
        return None
    dataset, varied = prepared.dataset, prepared.augmentation
    rows = dataset.rows("train")
    words = varied.variants[np.searchsorted(varied.rows, rows)]
    y = np.repeat(dataset.y[rows], words.shape[1])
    return other.WithinClassWhitening(words.reshape(len(y), -1), y)


def _extractor(dataset, candidate):
    usual = SPEECH.extractor_for(dataset)
    return candidate.extractor(**usual.settings() | FEATURES_BEFORE | candidate.features)


def _augment(prepared, recipe, candidate):
    n_rows = max(1, len(prepared.dataset.rows("train")))
    variation = replace(Variation(), **VARIATION_BEFORE | candidate.variation).scale(recipe.augmentation)
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
