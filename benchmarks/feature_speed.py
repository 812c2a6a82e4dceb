"""Feature speed: FSDD's 3,000 recordings from WAV to a cached matrix, against a plain loop over librosa in one process.

Both run in this process, take turns, and see warm files; libraries are imported before. The two matrices are compared.
"""

import os
import statistics
import tempfile
import time

import numpy as np

from benchmarks import results_file
from pipelines import datasets
from pipelines.features.cache import cached_features
from pipelines.features.librosa_reference import reference_row
from pipelines.features.speech import SpeechExtractor

RUNS = 5


def run():
    """Measure, and write results/feature_speed.json."""
    dataset = datasets.load("fsdd", "speech")
    extractor = SpeechExtractor()
    ours, loop = [], []
    for _ in range(RUNS + 1):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["BACKPROP_DATA"] = folder
            began = time.perf_counter()
            stored, _ok, _failures = cached_features(dataset, extractor)
            ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        reference = np.stack([reference_row(path, extractor) for path in dataset.items])
        loop.append(time.perf_counter() - began)
    results_file.write(
        "feature_speed",
        {
            "files": len(dataset),
            "runs": RUNS,
            "median_seconds": {"backprop": statistics.median(ours[1:]), "librosa_loop": statistics.median(loop[1:])},
            "ratio": statistics.median(loop[1:]) / statistics.median(ours[1:]),
            "largest_difference": float(np.abs(stored - reference).max()),
        },
    )
