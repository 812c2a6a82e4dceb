"""Decoding speed: CIFAR-10's 60,000 JPEG files to a cached matrix, against a plain loop over Pillow in one process.

Both run in this process, take turns, and see warm files; libraries are imported before. The two matrices are compared.
Timed too is the way of a user's own folder, which begins with listing the files and taking their checksums.
"""

import os
import statistics
import tempfile
import time
from importlib.metadata import version

import numpy as np
from PIL import Image

from benchmarks import results_file
from pipelines import datasets
from pipelines.features.cache import load_features
from pipelines.features.images.extractor import ImageExtractor

RUNS = 5


def run():
    """Measure, and write results/decoding_speed.json."""
    dataset = datasets.load("cifar10", "images")
    folder = str(dataset.items[0].parents[2])
    seconds = {"backprop": [], "backprop_own_folder": [], "pillow_loop": []}
    for _ in range(RUNS + 1):
        stored, taken = take_time(lambda: features_of(dataset))
        seconds["backprop"].append(taken)
        _, taken = take_time(lambda: features_of(datasets.load(folder, "images")))
        seconds["backprop_own_folder"].append(taken)
        plain, taken = take_time(lambda: pillow_loop(dataset.items))
        seconds["pillow_loop"].append(taken)
    median = {name: statistics.median(of[1:]) for name, of in seconds.items()}
    results_file.write(
        "decoding_speed",
        {
            "files": len(dataset),
            "runs": RUNS,
            "simplejpeg": version("simplejpeg"),
            "median_seconds": median,
            "share_of_pillow_loop": {name: taken / median["pillow_loop"] for name, taken in median.items()},
            "largest_difference": int(np.abs(stored.astype(np.int16) - plain).max()),
        },
    )


def features_of(dataset):
    """Return the matrix of a data set whose cache is empty."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BACKPROP_DATA"] = folder
        return load_features(dataset, ImageExtractor.choose_for(dataset.items))[0]


def pillow_loop(paths):
    """Return the matrix as anybody would make it: one picture after the other."""
    rows = []
    for path in paths:
        with Image.open(path) as picture:
            rows.append(np.asarray(picture.convert("RGB")).reshape(-1))
    return np.stack(rows)


def take_time(function):
    """Return what a function returns, and the seconds it took."""
    began = time.perf_counter()
    return function(), time.perf_counter() - began
