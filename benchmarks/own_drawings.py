"""Own drawings: what a data set of one's own drawings teaches, if the drawing in each picture is found.

People draw digits anywhere on a page, and photograph them on paper. Such folders are made here from MNIST's training
digits, and tested on others that are made in the same way from its test digits. The bundled digits of 8 x 8 pixels,
with which a first training without any network begins, are tested on MNIST's test digits. Each network is trained with
preset `fast`, once as `train` chooses (`features=auto`), and once from the pixels of the whole picture
(`features=pixels`); the seconds are those of the former, features included.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from backprop_core.metrics import wilson_interval
from benchmarks import results_file
from benchmarks.made_drawings import png
from benchmarks.real_pictures import pictures
from pipelines import datasets, train

SEED = 0
PAGE, SMALLEST, LARGEST = 200, 60, 160  # pixels of a page, and of the digit's field on it
DRAWN, TESTED = 2000, 1000  # pages
PHOTOGRAPHED, TESTED_PHOTOGRAPHS = 5, 2  # of each digit and kind


def run():
    """Measure, and write results/own_drawings.json."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        write(pages("train", DRAWN), folder / "pages", "png")
        write(pages("test", TESTED), folder / "pages to test", "png")
        write(photographs("train", PHOTOGRAPHED), folder / "photographs", "jpg")
        write(photographs("test", TESTED_PHOTOGRAPHS), folder / "photographs to test", "jpg")
        write(bare("test", TESTED), folder / "bare digits", "png")
        measured = {
            "drawn on a page": measure(folder / "pages", folder / "pages to test"),
            "photographed on paper": measure(folder / "photographs", folder / "photographs to test"),
            "bundled digits, MNIST's to test": measure("digits", folder / "bare digits", ways=("auto",)),
        }
    results_file.write("own_drawings", {"preset": "fast", "seed": SEED, "sets": measured})


def measure(learned, tested, ways=("auto", "pixels")):
    """Train on one data set for each way, and test on the other: dict of JSON types."""
    found = {}
    for way in ways:
        began = time.perf_counter()
        model = train("images", learned, seed=SEED, features=way)
        seconds = time.perf_counter() - began
        evaluation = model.evaluate(tested).record()
        accuracy, n = evaluation["accuracy"], evaluation["n"]
        found[way] = {
            "accuracy": round(accuracy, 4),
            "ci95": [round(limit, 4) for limit in wilson_interval(accuracy, n)],
            "seconds": round(seconds, 1),
        }
    return {"n_train": model.training.record()["n_train"], "n_test": n, "ways": found}


def write(made, folder, suffix):
    """Write pictures, (label, contents of a file), into folders of classes."""
    for number, (label, contents) in enumerate(made):
        (folder / label).mkdir(parents=True, exist_ok=True)
        (folder / label / f"{number:05d}.{suffix}").write_bytes(contents)


def photographs(role, each):
    """Yield (label, JPEG file) of photographs of paper, as `real_pictures` makes them."""
    for label, _kind, contents in pictures(role, SEED, each):
        yield label, contents


def pages(role, n):
    """Yield (label, PNG file) of dark digits of any size, anywhere on white pages."""
    rng = np.random.default_rng(SEED)
    for label, pixels in _digits(role, n, rng):
        side = int(rng.integers(SMALLEST, LARGEST + 1))
        page = Image.new("L", (PAGE, PAGE), 255)
        digit = Image.fromarray(255 - pixels).resize((side, side), Image.Resampling.BICUBIC)
        page.paste(digit, tuple(rng.integers(0, PAGE - side + 1, 2).tolist()))
        yield label, png(np.asarray(page))


def bare(role, n):
    """Yield (label, PNG file) of MNIST's digits as they are."""
    for label, pixels in _digits(role, n, np.random.default_rng(SEED)):
        yield label, png(pixels)


def _digits(role, n, rng):
    mnist = datasets.load("mnist", "images")
    for row in rng.choice(mnist.rows(role), n, replace=False):
        yield mnist.labels[mnist.y[row]], mnist.items[row]


if __name__ == "__main__":
    run()
