"""Feature speed: FSDD's 3,000 recordings from WAV to a cached matrix, against a plain loop over librosa in one process.

Two matrices are made: that of the recordings themselves, three views each, which the loop makes too and which are
compared; and that of preset `best`'s variants and foreign sounds. The loop does not make these; what it would take for
them is reckoned from what it takes for a view, the noise and the echo left out, which is in its favour.

All run in this process, take turns, and see warm files; libraries are imported before.
"""

import os
import statistics
import tempfile
import time

import numpy as np

from benchmarks import results_file
from pipelines import datasets, tasks
from pipelines.features.cache import cached_features
from pipelines.features.librosa_reference import reference_row
from pipelines.features.speech import SpeechExtractor
from pipelines.features.speech_augmentation import foreign_for, variants_for
from pipelines.features.variation import Variation, VariedWords

RUNS = 2


def run():
    """Measure, and write results/feature_speed.json."""
    dataset = datasets.load("fsdd", "speech")
    extractor = SpeechExtractor()
    n_variants = variants_for(tasks.SPEECH.presets["best"].epochs)
    varied = VariedWords(extractor, Variation(), n_variants, foreign_for(n_variants))
    ours, loop, variants = [], [], []
    for _ in range(RUNS + 1):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["BACKPROP_DATA"] = folder
            began = time.perf_counter()
            stored, _ok, _failures = cached_features(dataset, extractor)
            ours.append(time.perf_counter() - began)
            began = time.perf_counter()
            cached_features(dataset, varied)
            variants.append(time.perf_counter() - began)
        began = time.perf_counter()
        reference = np.stack([reference_row(path, extractor) for path in dataset.items])
        loop.append(time.perf_counter() - began)
    plain, theirs, augmented = (statistics.median(seconds[1:]) for seconds in (ours, loop, variants))
    n_rows = len(dataset) * varied.n_stored // extractor.n_features
    results_file.write(
        "feature_speed",
        {
            "files": len(dataset),
            "runs": RUNS,
            "median_seconds": {"backprop": plain, "librosa_loop": theirs},
            "ratio": theirs / plain,
            "largest_difference": float(np.abs(stored - reference).max()),
            "augmented": {
                "rows": n_rows,
                "median_seconds": augmented,
                "ratio": theirs / len(extractor.warps) / len(dataset) * n_rows / augmented,
            },
        },
    )
