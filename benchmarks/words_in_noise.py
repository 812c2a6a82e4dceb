"""Words in noise: is a single word recognised that was said in a noisy room, with a pause before and after it?

FSDD's test takes are cut tightly. Here each has half a second of its room before and after it, and noise of one kind
through all of the recording: white (hiss), pink (street) or brown (rumble), its power so many decibels below the mean
power of the word. The model is asked as `backprop predict` asks it. Every seed trains anew; the noise is the same.
"""

import statistics
import tempfile
from pathlib import Path

import numpy as np

from backprop_core.metrics import accuracy
from benchmarks import results_file
from pipelines import datasets, tasks
from pipelines.features.noise import BROWN, PINK, WHITE, coloured_noise
from pipelines.train import train

PRESET = "best"
SEEDS = (0, 1, 2)
PAUSE = 0.5  # seconds
COLOURS = {"white": WHITE, "pink": PINK, "brown": BROWN}
SNRS = (30, 20, 10, 5)  # decibels


def run():
    """Measure, and write results/words_in_noise.json."""
    dataset = datasets.load("fsdd", "speech")
    test = np.flatnonzero(dataset.role == "test")
    with tempfile.TemporaryDirectory() as folder:
        recipe, out = tasks.SPEECH.presets[PRESET], Path(folder) / "model.safetensors"
        models = [
            train(tasks.SPEECH, recipe, out, dataset_name="fsdd", preset=PRESET, seed=seed).bundle for seed in SEEDS
        ]
    extractor = models[0].extractor
    words = [extractor.read(dataset.items[i]) for i in test]
    conditions = {"as they are": words, "pauses": [np.pad(word, _pause(extractor.sr)) for word in words]}
    rng = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        for snr in SNRS:
            conditions[f"{name}, {snr} dB"] = [_in_room(word, extractor.sr, colour, snr, rng) for word in words]
    measured = {}
    for name, waveforms in conditions.items():
        stored = extractor.stored_rows(waveforms)
        by_seed = [accuracy(dataset.y[test], model.probabilities(stored).argmax(axis=1)) for model in models]
        measured[name] = {"mean": statistics.mean(by_seed), "seeds": by_seed}
    results_file.write(
        "words_in_noise",
        {"preset": PRESET, "seeds": SEEDS, "n": len(words), "pause_seconds": PAUSE, "accuracy": measured},
    )


def _pause(sr):
    return round(PAUSE * sr)


def _in_room(word, sr, colour, snr, rng):
    """Return a word between two pauses, with noise: float32 [shape=(n_samples,)]."""
    quiet = np.pad(word, _pause(sr))
    noise = coloured_noise(len(quiet), colour, rng)
    noise *= np.sqrt(np.mean(np.square(word, dtype=np.float64)) / np.mean(np.square(noise)) / 10 ** (snr / 10))
    return (quiet + noise).astype(np.float32)
