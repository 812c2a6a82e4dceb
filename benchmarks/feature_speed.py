"""Feature speed: FSDD's 3,000 recordings from WAV to a cached matrix, against plain loops over librosa.

Two matrices are made. The first is that of the recordings themselves, three views each. The loop reads each file, cuts
the word out with `librosa.effects.trim`, and for each view asks `librosa.stft`, `power_to_db`, `mfcc` and `delta`.

The second is that of preset `best`'s variants and foreign sounds, 20 rows of each recording. Three loops stand beside
it. All of them work through one file after the other, and describe each variant by the same librosa calls as above.

- "librosa": as its users would write it. The tempo is changed by `librosa.effects.time_stretch`; other edges, silence,
  noise, foreign sounds and the tone of the microphone, for which librosa has nothing, are made by the numpy lines that
  we use ourselves; and the mel filters of another vocal tract, which librosa does not have, are made once.
- "same numbers": the tempo is changed our way, for next to nothing: frames are taken more or less often. This loop
  gives the very rows that we store, see "largest_difference".
- "plain views": a reckoning, not a loop: 60,000 times what a view of a plain recording takes above. Nothing is varied.

The first is what varied features cost without us. The other two tell how much of that is the stretching, and how much
the varying.

librosa's `trim` knows no clicks and no noise in the room. Takes that have some, "cut_otherwise", have other features in
the loops, and are left out of the "largest_difference".

Ours end in a file, written and read back; the loops end in memory. Ours are made by one process, as the loops are, and
by one for each core, which is the default. All take turns, and see warm files; libraries are imported before. The loops
that vary take every 20th recording, and what they would take for all is reckoned from these. Processes are started
anew in each round, which is part of what is timed.
"""

import os
import statistics
import tempfile
import time
from unittest.mock import patch

import numpy as np
from joblib.externals.loky import get_reusable_executor

from benchmarks import results_file
from pipelines import datasets
from pipelines.features.cache import load_features
from pipelines.features.speech.augmentation import foreign_for, variants_for
from pipelines.features.speech.extractor import SpeechExtractor
from pipelines.features.speech.librosa_reference import is_cut_alike, reference_row, reference_variants
from pipelines.features.speech.variation import Variation, VariedWords
from pipelines.learning.tasks.speech import TASK as SPEECH
from pipelines.machine.cores import cores

ROUNDS = 5
EVERY = 20


def run():
    """Measure, and write results/feature_speed.json."""
    datasets.fetch("fsdd")
    dataset, extractor = datasets.load("fsdd", "speech"), SpeechExtractor()
    n_variants = variants_for(SPEECH.presets["best"].epochs)
    varied = VariedWords(extractor, Variation(), n_variants, foreign_for(n_variants))
    n_views, n_rows = (len(dataset) * kind.n_stored // extractor.n_features for kind in (extractor, varied))
    few = dataset.items[::EVERY]
    ways = {
        "plain, one core": lambda: _extract(dataset, extractor, 1),
        "plain, all cores": lambda: _extract(dataset, extractor, None),
        "plain, librosa": lambda: np.stack([reference_row(path, extractor) for path in dataset.items]),
        "one core": lambda: _extract(dataset, varied, 1),
        "all cores": lambda: _extract(dataset, varied, None),
        "librosa": lambda: [reference_variants(path, varied, stretched=True) for path in few],
        "same numbers": lambda: np.stack([reference_variants(path, varied) for path in few]),
    }
    alike = np.array([is_cut_alike(path, extractor) for path in dataset.items])
    rows = {name: way() for name, way in ways.items()}  # whatever is imported, made or started first
    rounds = [{name: _seconds(way) for name, way in ways.items()} for _ in range(ROUNDS)]
    seconds = {name: statistics.median(taken[name] for taken in rounds) for name in ways}
    for name in ("librosa", "same numbers"):
        seconds[name] *= len(dataset) / len(few)
    seconds["plain views"] = seconds["plain, librosa"] / n_views * n_rows
    results_file.write(
        "feature_speed",
        {
            "files": len(dataset),
            "rounds": ROUNDS,
            "processes": {"one core": 1, "all cores": cores()},
            "plain": {
                "rows": n_views,
                "median_seconds": {name: seconds[f"plain, {name}"] for name in ("one core", "all cores", "librosa")},
                "librosa_over_ours": _ratios(seconds, "plain, librosa", "plain, "),
                "largest_difference": _difference(rows["plain, one core"], rows["plain, librosa"], alike),
                "cut_otherwise": int((~alike).sum()),
            },
            "varied": {
                "rows": n_rows,
                "median_seconds": {
                    name: seconds[name] for name in ("one core", "all cores", "librosa", "same numbers", "plain views")
                },
                "loop_over_ours": {name: _ratios(seconds, name) for name in ("librosa", "same numbers", "plain views")},
                "largest_difference": _difference(rows["one core"][::EVERY], rows["same numbers"], alike[::EVERY]),
            },
        },
    )


def _extract(dataset, extractor, n_jobs):
    """Return the rows of a data set, made anew, written to a cache that is thrown away then."""
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, BACKPROP_DATA=folder):
        return load_features(dataset, extractor, n_jobs)[0]


def _difference(rows, others, alike):
    return float(np.abs(rows - others)[alike].max())


def _ratios(seconds, loop, ours=""):
    return {name: seconds[loop] / seconds[f"{ours}{name}"] for name in ("one core", "all cores")}


def _seconds(way):
    get_reusable_executor().shutdown()  # the processes that joblib keeps for the next time
    began = time.perf_counter()
    way()
    return time.perf_counter() - began
