"""Gradient features: what describing pictures by their gradients brings over pixels.

CIFAR-10 and Fashion-MNIST are trained once for a few epochs, on one thread, and tested on their test splits; the time
is that of the whole training, features included. Photographs of hands that show the digits,
https://github.com/ardamavi/Sign-Language-Digits-Dataset, are cross-validated with pixels and with gradients: five
folds, chains of near copies within one. BACKPROP_PICTURES names the folder in which `signs` lies, with a folder for
each digit; without it they are left out.

`python -m benchmarks.gradient_features [cifar10] [cifar10-best] [fashion-mnist] [signs-gradients] [signs-pixels]`
measures some of it, and leaves what was measured of the others.
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

from backprop_core.metrics import wilson_interval
from benchmarks import results_file
from pipelines.learning.tasks.images import TASK as IMAGES
from pipelines.verbs.crossval import cross_validate
from pipelines.verbs.train import train

RUNS = {  # data set, preset and epochs
    "cifar10": ("cifar10", "fast", 10),
    "cifar10-best": ("cifar10", "best", 40),
    "fashion-mnist": ("fashion-mnist", "best", 40),
}
SIGNS = {"signs-gradients": "gradients", "signs-pixels": "pixels"}
FOLDS, SEED = 5, 0
PARTS = (*RUNS, *SIGNS)


def run(parts=PARTS):
    """Measure, and write each part into results/gradient_features.json as soon as it is done."""
    for part in parts:
        measured = of_signs(SIGNS[part]) if part in SIGNS else of_set(*RUNS[part])
        if measured is not None:
            path = results_file.FOLDER / "gradient_features.json"
            before = json.loads(path.read_text())["parts"] if path.exists() else {}
            results_file.write("gradient_features", {"seed": SEED, "parts": {**before, part: measured}})


def of_set(name, preset, epochs):
    """Train on a registered set with gradient features; return what its test rows say."""
    recipe = IMAGES.recipe(preset, changes={"features": "gradients", "epochs": epochs})
    began = time.perf_counter()
    done = train(IMAGES, recipe, dataset=name, seed=SEED, n_jobs=1)
    record = done.record()
    test = record["test"]
    return {
        "dataset": name,
        "preset": preset,
        "epochs": record["epochs"],
        "n_features": done.bundle.extractor.n_features,
        "valid_accuracy": record["valid"]["accuracy"],
        "test_accuracy": test["accuracy"],
        "ci95": [round(end, 4) for end in wilson_interval(test["accuracy"], record["n_test"])],
        "threads": 1,
        "seconds": round(time.perf_counter() - began, 1),
    }


def of_signs(kind):
    """Cross-validate on the photographs of signs with one kind of features; None where there are none."""
    if "BACKPROP_PICTURES" not in os.environ:
        print("BACKPROP_PICTURES names no folder of pictures: signs are left out", file=sys.stderr)
        return None
    found: dict = {}
    crossed = cross_validate(
        IMAGES,
        IMAGES.recipe(changes={"features": kind}),
        dataset=Path(os.environ["BACKPROP_PICTURES"]) / "signs",
        by="fold",
        n_folds=FOLDS,
        seed=SEED,
        n_jobs=1,
        on_dataset=lambda dataset, *_: found.update(_chains(dataset)),
        on_fold=lambda *told: print(kind, *told, file=sys.stderr),
    )
    return {
        **found,
        "mean": round(crossed.mean, 4),
        "worst": round(crossed.worst, 4),
        "folds": {name: round(fold["accuracy"], 4) for name, fold in crossed.folds.items()},
        "seconds": crossed.found["seconds"],
    }


def _chains(dataset):
    """Return how many pictures there are, and how many chains of near copies of which sizes."""
    sizes = np.bincount(dataset.kin) if dataset.kin is not None else np.ones(len(dataset), int)
    counted = np.bincount(sizes[sizes > 1], minlength=2)
    return {"n": len(dataset), "chains_by_size": {str(k): int(n) for k, n in enumerate(counted) if n}}


if __name__ == "__main__":
    run(sys.argv[1:] or PARTS)
