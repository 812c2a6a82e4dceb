"""Accuracy of the preset `fast` on speech: mean and spread over five seeds on the test splits, and the time it takes.

Pictures have benchmarks/image_accuracy.py.

Each seed is one whole `backprop train` in a process of its own. The first of each data set starts without cached
features, so its time is what a user waits on the first run, with the data already local.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from backprop_core.metrics import wilson_interval
from benchmarks import results_file
from benchmarks.cold_cache import cold_cache
from pipelines import datasets

SEEDS = range(5)
SETS = ("fsdd", "spoken-digits")


def run():
    """Measure, and write results/accuracy.json."""
    sets = {name: measure_set("speech", name, "fast", lambda seconds: len(SEEDS)) for name in SETS}
    results_file.write("accuracy", {"preset": "fast", "sets": sets})


def measure_set(task, name, preset, seeds_for, n_jobs=None, keep=None, settings=()):
    """Train on a registered data set and return what its test split says.

    Parameters
    ----------
    task, name, preset : str
    seeds_for : function of the first training's seconds, which returns how many seeds there are to be in all
    n_jobs : int or None, what `--jobs` is to be
    keep : Path or None, a folder in which the models stay
    settings : sequence of str, what each training is given with `--set`

    Returns
    -------
    dict of JSON types
        "sd" is None, and "ci95" a Wilson interval instead of None, where there is one seed alone.
    """
    datasets.fetch(name)
    with cold_cache() as folder:

        def of_seed(seed):
            out = Path(keep or folder) / f"{name}-{preset}-{seed}.safetensors"
            return train(task, name, preset, seed, folder, out, n_jobs, settings)

        runs = [of_seed(0)]
        runs += [of_seed(seed) for seed in range(1, seeds_for(runs[0]["seconds"]))]
    scores = [run["test"]["accuracy"] for run in runs]
    return {
        "n_test": runs[0]["n_test"],
        "test_accuracy": {
            "mean": statistics.mean(scores),
            "sd": statistics.stdev(scores) if len(scores) > 1 else None,
            "ci95": None if len(scores) > 1 else wilson_interval(scores[0], runs[0]["n_test"]),
            "lowest": min(scores),
            "seeds": scores,
        },
        "threads": runs[0]["threads"],
        "epochs": runs[0]["epochs"],
        "valid_accuracy_mean": statistics.mean(run["valid"]["accuracy"] for run in runs),
        "seconds": {
            "with_features": runs[0]["seconds"],
            "features_cached": runs[-1]["seconds"] if len(runs) > 1 else None,
        },
    }


def train(task, name, preset, seed, folder, out, n_jobs=None, settings=()):
    """Run `backprop train` in a process of its own, with BACKPROP_DATA in `folder`; return what it prints as JSON."""
    words = ["train", task, "--dataset", name, "--preset", preset, "--seed", str(seed), "--out", str(out), "--json"]
    words += ["--jobs", str(n_jobs)] if n_jobs else []
    words += [word for setting in settings for word in ("--set", setting)]
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", *words],
        env={**os.environ, "BACKPROP_DATA": folder},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)
