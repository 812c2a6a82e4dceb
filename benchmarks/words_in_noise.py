"""Words in noise: is a single word recognised that was said in a noisy room, with a pause before and after it?

FSDD's test takes are cut tightly. Here each has half a second of its room before and after it, and noise of one kind
through all of the recording: white (hiss), pink (street) or brown (rumble), its power so many decibels below the mean
power of the word. Or there is a click before and after each, its peak so many decibels above the word's. The model is
asked as `backprop predict` asks it. Every seed trains anew; noise and clicks are the same. How they are cut away was
settled on validation takes and on some of these, with other noise and clicks.
"""

import functools
import statistics
import tempfile
from pathlib import Path

import numpy as np

from backprop_core.metrics import accuracy
from benchmarks import results_file
from pipelines import datasets
from pipelines.features.speech.noise import BROWN, PINK, WHITE, noise_of_power
from pipelines.learning.tasks.speech import TASK as SPEECH
from pipelines.verbs.train import train

PRESET = "best"
SEEDS = (0, 1, 2)
PAUSE = 0.5  # seconds
COLOURS = {"white": WHITE, "pink": PINK, "brown": BROWN}
SNRS = (30, 20, 10, 5)  # decibels
CLICKS = (10, 0, -10, -20)  # decibels
CLICK = 0.01  # seconds
FROM_WORD = 0.3  # seconds from a click to the word


def run():
    """Measure, and write results/words_in_noise.json."""
    dataset = datasets.load("fsdd", "speech")
    test = np.flatnonzero(dataset.role == "test")
    with tempfile.TemporaryDirectory() as folder:
        recipe, out = SPEECH.presets[PRESET], Path(folder) / "model.safetensors"
        models = [train(SPEECH, recipe, out, dataset="fsdd", seed=seed).bundle for seed in SEEDS]
    extractor = models[0].extractor
    words = [extractor.read(dataset.items[i]) for i in test]
    rng = np.random.default_rng(0)

    def measure(recorded):
        stored = extractor.extract_rows([recorded(word) for word in words])
        by_seed = [accuracy(dataset.y[test], model.probabilities(stored).argmax(axis=1)) for model in models]
        return {"mean": statistics.mean(by_seed), "seeds": by_seed}

    results_file.write(
        "words_in_noise",
        {
            "preset": PRESET,
            "seeds": SEEDS,
            "n": len(words),
            "pause_seconds": PAUSE,
            "click_seconds": CLICK,
            "click_to_word_seconds": FROM_WORD,
            "as they are": measure(lambda word: word),
            "pauses": measure(lambda word: np.pad(word, round(PAUSE * extractor.sr))),
            "noise": {
                name: {
                    f"{snr} dB": measure(functools.partial(_in_room, extractor.sr, colour, snr, rng)) for snr in SNRS
                }
                for name, colour in COLOURS.items()
            },
            "clicks": {
                f"{level} dB": measure(functools.partial(_add_clicks, extractor.sr, level, rng)) for level in CLICKS
            },
        },
    )


def _in_room(sr, colour, snr, rng, word):
    """Return a word between two pauses, with noise: float32 [shape=(n_samples,)]."""
    quiet = np.pad(word, round(PAUSE * sr))
    power = np.square(word, dtype=np.float64).mean() / 10 ** (snr / 10)
    return (quiet + noise_of_power(len(quiet), power, colour, rng)).astype(np.float32)


def _add_clicks(sr, level, rng, word):
    """Return a word between two pauses, with a fading click in each: float32 [shape=(n_samples,)]."""
    length, margin = round(CLICK * sr), round(PAUSE * sr)
    quiet = np.pad(word, margin)
    for start in (margin - round(FROM_WORD * sr), margin + len(word) + round(FROM_WORD * sr)):
        click = rng.uniform(-1, 1, length) * np.exp(-4 * np.arange(length) / length)
        quiet[start : start + length] = click * (np.abs(word).max() * 10 ** (level / 20) / np.abs(click).max())
    return quiet
