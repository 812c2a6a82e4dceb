"""Many words: how long a training on 12,000 recordings of 40 words takes, from a fresh process.

espeak-ng says the words, each in 300 takes by many voices at 22 kHz, so nothing needs to be fetched. The accuracy is
that on synthetic voices that were not learned: it tells that the training went well, and nothing about people.
"""

import tempfile
import time
from pathlib import Path

from benchmarks import results_file
from benchmarks.accuracy import train
from benchmarks.cold_cache import cold_cache
from pipelines.verbs.voices import MANIFEST, voices

WORDS = (  # noqa: SIM905 - forty lines would tell no more
    "add back bed book bring call cat change clean cold cook cup dance dark door down drink drive eight fire first "
    "fish five floor friend game give glass green hand hat help home house jump kitchen lamp left light list"
).split()
TAKES = 300
PRESETS = ("fast", "best")


def run():
    """Measure, and write results/many_words.json after each preset; see `results_file.choose`."""
    with tempfile.TemporaryDirectory() as folder:
        made = voices(WORDS, Path(folder) / "words", takes=TAKES, near=0.0)
        measured = {"words": len(WORDS), "recordings": len(WORDS) * TAKES, "voices": made["voices"]}
        for preset in results_file.choose(PRESETS):
            with cold_cache() as cache:
                out, began = Path(cache) / "model.safetensors", time.perf_counter()
                found = train("speech", str(Path(folder) / "words" / MANIFEST), preset, 0, cache, out)
                seconds = time.perf_counter() - began
            row = {
                "seconds": round(seconds, 1),
                "epochs": found["epochs"],
                "threads": found["threads"],
                "test_accuracy": found["test"]["accuracy"],
            }
            results_file.write("many_words", {**measured, "presets": {preset: row}}, growing="presets")
