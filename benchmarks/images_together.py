"""Answers together: what pictures gain where each is looked at in several views, and where several models answer.

Neither is a single model's single answer, so neither counts as one: they have rows of their own. Averaging over views
costs as many predictions as there are views, each further model costs a training.

`python -m benchmarks image_accuracy_best` leaves no models; `python -m benchmarks.image_accuracy PRESET --keep DIR`
does, and `python -m benchmarks.images_together DIR` measures those that are there.
"""

import argparse
from pathlib import Path

from benchmarks import results_file
from benchmarks.image_accuracy import PRESETS, SETS
from pipelines import load


def run(folder):
    """Measure the models in a folder, and write results/images_together.json."""
    measured = [
        {"dataset": name, "preset": preset, "models": len(paths), "ways": together(paths)}
        for name in SETS
        for preset in PRESETS
        if (paths := sorted(Path(folder).glob(f"{name}-{preset}-*.safetensors")))
    ]
    results_file.write("images_together", {"command": "python -m benchmarks.images_together DIR", "measured": measured})


def together(paths):
    """Return what models answer on their test split: dict of JSON types, by the way of answering."""
    ways = {"one model": load(paths[0]), "views averaged": load(paths[0], average=True)}
    if len(paths) > 1:
        ways["all models"] = load(*paths)
        ways["all models, views averaged"] = load(*paths, average=True)
    return {way: _tell(model.evaluate().record()) for way, model in ways.items()}


def _tell(record):
    return {name: record[name] for name in ("n", "accuracy", "ci95", "loss", "ece")}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images_together")
    parser.add_argument("folder", metavar="DIR", help="where the models are that image_accuracy kept")
    run(parser.parse_args().folder)
