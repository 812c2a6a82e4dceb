"""Accuracy of the preset `fast` on the official test splits: mean and spread over five seeds, and the time it takes.

Each seed is one whole `backprop train` in a process of its own. The first of each data set starts without cached
features, so its time is what a user waits on the first run, with the data already local.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import results_file
from pipelines import datasets
from pipelines.datasets.locations import downloads_folder

SEEDS = range(5)
SETS = (("speech", "fsdd"), ("images", "mnist"), ("speech", "spoken-digits"))


def run():
    """Measure, and write results/accuracy.json."""
    results_file.write("accuracy", {"preset": "fast", "sets": {name: _measure(task, name) for task, name in SETS}})


def _measure(task, name):
    datasets.fetch(name)
    with tempfile.TemporaryDirectory() as folder:
        # The downloads are shared, the feature cache is not: the first run has to compute its features.
        (Path(folder) / "downloads").symlink_to(downloads_folder())
        runs = [_train(task, name, seed, folder) for seed in SEEDS]
    scores = [run["test"]["accuracy"] for run in runs]
    return {
        "n_test": runs[0]["n_test"],
        "test_accuracy": {
            "mean": statistics.mean(scores),
            "sd": statistics.stdev(scores),
            "lowest": min(scores),
            "seeds": scores,
        },
        "valid_accuracy_mean": statistics.mean(run["valid"]["accuracy"] for run in runs),
        "seconds": {"with_features": runs[0]["seconds"], "features_cached": runs[-1]["seconds"]},
    }


def _train(task, name, seed, folder):
    words = ["train", task, "--dataset", name, "--seed", str(seed), "--out", f"{folder}/model.safetensors", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", *words],
        env={**os.environ, "BACKPROP_DATA": folder},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)
