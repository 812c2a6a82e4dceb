"""The offer: the choices for a training, and the meaning of each."""

from backprop_core.activations import ACTIVATIONS
from backprop_core.initializers import INITIALIZERS
from pipelines import datasets
from pipelines.learning import tasks
from pipelines.learning.recipe import Recipe
from pipelines.verbs.demonstrate import DEMONSTRATIONS


def offer(school):
    """Return tasks with their data sets and presets, the recipe's entries, and the failures: dict of JSON types."""
    return {
        "tasks": {
            name: {
                "presets": {preset: recipe.settings() for preset, recipe in tasks.find(name).presets.items()},
                "datasets": [
                    {"name": each.name, "state": each.state, "about": each.description}
                    for each in map(datasets.listing, datasets.names(name))
                ],
                "default": datasets.default_name(name),
            }
            for name in tasks.NAMES
        },
        "lessons": [{"name": name, "task": school.open(name).task} for name in school.names()],
        "entries": [
            {"name": entry.name, "meaning": entry.metadata["meaning"], "range": entry.metadata["range"].text}
            for entry in Recipe.entries()
        ],
        "activations": list(ACTIVATIONS),
        "initializations": ["suited", *INITIALIZERS],
        "failures": [
            {"name": name, "question": each.question, "lesson": each.lesson, "n_trials": len(each.trials)}
            for name, each in DEMONSTRATIONS.items()
        ],
    }
