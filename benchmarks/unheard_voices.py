"""Unheard voices: how networks that learned a corpus answer people who never heard of it.

The recordings are not part of this project. `BACKPROP_VOICES` names a folder that has, each with a manifest.csv of
path, label and group (the speaker): `english`, single digits that a network of FSDD's digits is asked for, and another
one that has learned the bundled voices, too; `spanish`, where each voice in turn is asked for after the others were
learned; and `strings`, recordings of several digits, with the words of each in truth.json. What is not there is left
out.

    BACKPROP_VOICES=voices python -m benchmarks unheard_voices

These voices choose what the project does with voices, so their figures are validation figures. Of `english` it is
counted how many words are right, by microphone too, how many the threshold that the training advises refuses, and how
far the probabilities can be trusted; of the sounds of `foreign_corpus`, how many pass at that threshold, and how many
would at one that refuses a tenth of the voices. A recording that is refused before it comes to the network counts as
wrong and as refused.
"""

import json
import os
import statistics
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from backprop_core.metrics import expected_calibration_error
from benchmarks import results_file
from benchmarks.foreign_corpus import foreign_corpus
from benchmarks.foreign_sounds import APART
from benchmarks.word_error_rate import errors
from pipelines import datasets
from pipelines.features.extraction import extract_all
from pipelines.features.inputs import Sample
from pipelines.learning.fitting import fit
from pipelines.learning.preparation import augment, augment_all, extract, prepare
from pipelines.learning.tasks.speech import TASK as SPEECH
from pipelines.models.bundle import Bundle

PRESET = "best"
LEARNED, TOGETHER = "fsdd", "fsdd + spoken-digits"
SEEDS = (0, 1, 2)
FEW = 50  # recordings of one speaker from which on the speaker is told apart from the rest


def run():
    """Measure, and write results/unheard_voices.json after each seed."""
    voices = voices_folder()
    if voices is None:
        return
    prepared, together = map(_prepare, (LEARNED, TOGETHER))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        corpus = foreign_corpus(Path(folder), np.random.default_rng(0))
        for seed in SEEDS:
            rows.append(measure(prepared, together, SPEECH.presets[PRESET], voices, corpus, seed))
            print(seed, rows[-1], flush=True)
            record = {
                "preset": PRESET,
                "dataset": LEARNED,
                "together": TOGETHER,
                "seeds": SEEDS[: len(rows)],
                "mean": mean(rows),
            }
            results_file.write("unheard_voices", {**record, "by_seed": rows})


def _prepare(name):
    dataset = datasets.load(name, "speech")
    return augment(prepare(dataset, SPEECH.extractor_for(dataset)), SPEECH, SPEECH.presets[PRESET])


def measure(prepared, together, recipe, voices, corpus, seed):
    """Return the figures of one seed: dict of JSON types."""
    model, fitted = train(prepared, recipe, seed)
    found = {"test": fitted.scores["test"]["accuracy"], "threshold": fitted.threshold}
    if (voices / "english").is_dir():
        english = voices / "english" / "manifest.csv"
        found["english"] = strangers(model, fitted.threshold, english, corpus)
        more, fitted_more = train(together, recipe, seed)
        found["english, both learned"] = strangers(more, fitted_more.threshold, english, corpus)
    if (voices / "strings").is_dir():
        found["strings"] = strings(model, voices / "strings")
    if (voices / "spanish").is_dir():
        spanish = datasets.load(str(voices / "spanish" / "manifest.csv"), "speech")
        with_variants = augment_all(extract(spanish, SPEECH.extractor_for(spanish)), SPEECH, recipe)
        found["spanish"] = leave_each_voice_out(with_variants, recipe, seed)
    return found


def train(prepared, recipe, seed, scaling=None):
    """Return the Bundle that a recipe and a seed give, and the Fitted; with the task's scaling if no other is given."""
    fitted = fit(prepared, scaling or SPEECH.scaling(), recipe, seed, n_threads=1)
    model = Bundle(
        task=SPEECH,
        labels=prepared.dataset.labels,
        extractor=prepared.extractor,
        standardizer=fitted.standardizer,
        network=fitted.network,
        provenance={},
        golden_row=prepared.stored[:1],
        temperature=fitted.temperature,
    )
    return model, fitted


def strangers(model, threshold, manifest, corpus):
    """Return how single words of a manifest are answered, and foreign sounds beside them."""
    dataset, probabilities, y, right = ask(model, manifest)
    counts = Counter(dataset.group.tolist())
    by = np.array([who if counts[who] >= FEW else "others" for who in dataset.group])
    foreign = answers(model, [sound.path for sound in corpus]).max(axis=1)
    near = np.array([sound.kind == APART for sound in corpus])
    best = probabilities.max(axis=1)
    tenth = float(np.quantile(best, 0.1))
    heard = best > 0
    return {
        "n": len(y),
        "accuracy": float(right.mean()),
        "by_speaker": {str(who): float(right[by == who].mean()) for who in np.unique(by)},
        "no_word_found": int((~heard).sum()),
        "refused": float((best < threshold).mean()),
        "calibration_error": expected_calibration_error(probabilities[heard], y[heard]),
        "foreign_accepted": float((foreign[~near] >= threshold).mean()),
        "near_accepted": float((foreign[near] >= threshold).mean()),
        "foreign_accepted_where_a_tenth_is_refused": float((foreign[~near] >= tenth).mean()),
    }


def ask(model, manifest):
    """Return the Dataset of a manifest, the model's probabilities, the true classes, and which answers are right."""
    dataset, y = load_words(manifest, model.labels)
    probabilities = answers(model, dataset.items)
    return dataset, probabilities, y, (probabilities.argmax(axis=1) == y) & (probabilities.max(axis=1) > 0)


def load_words(manifest, labels):
    """Return the Dataset of a manifest, and the place of each word's class among a model's labels."""
    dataset = datasets.load(str(manifest), "speech", to_train=False)
    return dataset, np.array([labels.index(label) for label in dataset.labels])[dataset.y]


def voices_folder():
    """Return the folder of `BACKPROP_VOICES`; where there is none, say so and return None."""
    voices = Path(os.environ.get("BACKPROP_VOICES", "voices"))
    if voices.is_dir():
        return voices
    print(f"{voices}: no such folder; set BACKPROP_VOICES to one with english, spanish and strings")
    return None


def answers(model, items):
    """Return the probabilities of each item: float [shape=(n, n_classes)], zeros where it cannot be read."""
    stored, ok, _ = extract_all(model.extractor, list(items))
    probabilities = np.zeros((len(items), len(model.labels)))
    probabilities[ok] = model.probabilities(stored)
    return probabilities


def strings(model, folder):
    """Return the word error rate of recordings of several words, and of what kind the errors are."""
    total = Counter()
    for name, said in json.loads((folder / "truth.json").read_text()).items():
        words = SPEECH.transcribe(model, Sample(name, folder / name)).words
        total.update(errors(said, [word.word for word in words]))
    kinds = ("substituted", "deleted", "inserted")
    return {
        "said": total["said"],
        "word_error_rate": sum(total[kind] for kind in kinds) / total["said"],
        **{kind: total[kind] / total["said"] for kind in kinds},
    }


def leave_each_voice_out(prepared, recipe, seed):
    """Return the accuracy for each voice of prepared recordings, of a network that learned from the others."""
    shares = {}
    for voice, left_out in leave_out_each_voice(prepared, seed):
        _, fitted = train(left_out, recipe, seed)
        shares[voice] = fitted.scores["test"]["accuracy"]
    return {"mean": statistics.mean(shares.values()), "worst": min(shares.values()), "by_speaker": shares}


def leave_out_each_voice(prepared, seed):
    """Yield each voice, and prepared recordings with the roles of a training that leaves it for the test."""
    dataset, rng = prepared.dataset, np.random.default_rng(seed)
    for voice in np.unique(dataset.group):
        role = np.where(rng.random(len(dataset)) < 0.1, "valid", "train")
        role = np.where(dataset.group == voice, "test", role)
        yield str(voice), replace(prepared, dataset=replace(dataset, role=role))


def mean(rows):
    """Return the mean of nested dicts of numbers, place by place."""
    if isinstance(rows[0], dict):
        return {key: mean([row[key] for row in rows]) for key in rows[0]}
    return statistics.mean(rows)
