"""Accuracy of the preset `best` on speech, and its time: FSDD's official split and the bundled corpus.

Of FSDD's official split (takes 0 to 4 are the test) and of the bundled corpus (whose test voices are in no other
part), each of five seeds is one whole `backprop train` in a process of its own. The first one starts without cached
features, so its time is what a user waits on the first run, with the data already local. Choices of the recipe were
made on takes 5 to 49, with one speaker or five takes of all held out, and on voices of strangers, see
`choose_for_voices`.
"""

import time

from benchmarks import accuracy, results_file

PRESET = "best"
SEEDS = range(5)


def run():
    """Measure, and write results/speech_accuracy.json."""
    began = time.perf_counter()
    sets = {
        name: accuracy.measure_set("speech", name, PRESET, lambda seconds: len(SEEDS))
        for name in ("fsdd", "spoken-digits")
    }
    results_file.write(
        "speech_accuracy", {"preset": PRESET, "sets": sets, "seconds": round(time.perf_counter() - began)}
    )
