"""Accuracy on pixels: the test splits of MNIST, Fashion-MNIST and CIFAR-10, with the presets for images.

The network is given pixels, also where a training would choose gradients, as for CIFAR-10; `gradient_features` measures
what gradients bring. Each seed is one whole `backprop train images` in a process of its own, timed with everything that
belongs to it, from reading the files (the first seed without cached features) to the last figure. A training that takes
less than 5 minutes is repeated with 5 seeds, one that takes less than 20 with 3, and a longer one is shown alone, with
the 95 % interval of its one test.

`python -m benchmarks image_accuracy_fast image_accuracy_best` measures all of it, which takes hours;
`python -m benchmarks.image_accuracy PRESET [NAME…] [--seeds N] [--jobs N] [--keep DIR]` measures some of the data sets,
and leaves what was measured of the others.
"""

import argparse
import functools
import json

from benchmarks import results_file
from benchmarks.accuracy import measure_set

SETS = ("mnist", "fashion-mnist", "cifar10")
PRESETS = ("fast", "best")
PIXELS = ["features=pixels"]


def measure(preset, names=SETS, n_seeds=None, **options):
    """Measure some data sets, and write each into results/image_accuracy_<preset>.json as soon as it is done.

    `options` are those of `measured`.
    """
    for name in names:
        of_set = measure_set(
            "images",
            name,
            preset,
            seeds_for if n_seeds is None else lambda seconds: n_seeds,
            settings=PIXELS,
            **options,
        )
        path = results_file.FOLDER / f"image_accuracy_{preset}.json"
        sets = json.loads(path.read_text())["sets"] if path.exists() else {}
        in_order = {known: (sets | {name: of_set}).get(known) for known in SETS}
        measured_so_far = {known: of for known, of in in_order.items() if of}
        results_file.write(f"image_accuracy_{preset}", {"preset": preset, "sets": measured_so_far})


PARTS = {f"image_accuracy_{preset}": functools.partial(measure, preset) for preset in PRESETS}


def seeds_for(seconds):
    """Return with how many seeds a training of this length is repeated."""
    return 5 if seconds < 300 else 3 if seconds < 1200 else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.image_accuracy")
    parser.add_argument("preset", choices=PRESETS)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--jobs", type=int, help="threads of a training")
    parser.add_argument("--keep", metavar="DIR", help="a folder in which the models stay")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SETS))
    words = parser.parse_args()
    if unknown := set(words.names) - set(SETS):
        parser.error(f"{', '.join(sorted(unknown))}: choose from {', '.join(SETS)}")
    measure(words.preset, words.names or SETS, words.seeds, n_jobs=words.jobs, keep=words.keep)
