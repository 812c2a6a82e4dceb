"""What watching costs: trainings with the health of each layer recorded, and the same without, in turn.

The presets `fast` of both tasks, on the default data sets and on the bundled ones, whose epochs have so few steps that
a watched one counts most. The clock is the history's own: the seconds of the epochs, in which everything that belongs
to training is done.
"""

import statistics

from backprop_core.health import Health
from benchmarks import results_file
from benchmarks.spread import spread
from pipelines import datasets
from pipelines.learning.fitting import fit, threads_for
from pipelines.learning.preparation import augment, prepare
from pipelines.learning.tasks.images import TASK as IMAGES
from pipelines.learning.tasks.speech import TASK as SPEECH

ROUNDS = 5
# Enough epochs for a time that can be compared; each costs the same.
TRAININGS = (
    (IMAGES, "mnist", 3),
    (IMAGES, "digits", 60),
    (SPEECH, "fsdd", 40),
    (SPEECH, "spoken-digits", 40),
)


def run():
    """Measure, and write results/health_cost.json."""
    measured = {name: cost(task, name, epochs) for task, name, epochs in TRAININGS}
    results_file.write("health_cost", {"rounds": ROUNDS, "preset": "fast", "trainings": measured})


def cost(task, name, epochs, rounds=ROUNDS):
    """Return the seconds of some epochs with and without recording, and what recording adds, as a share."""
    recipe, dataset = task.presets["fast"].replace({"epochs": epochs}), datasets.load(name, task.name)
    prepared = augment(prepare(dataset, task.extractor_for(dataset)), task, recipe)
    n_threads = threads_for(recipe, prepared.extractor.n_features, len(dataset.labels))
    seconds = {"watched": [], "plain": []}
    for _ in range(rounds):
        for kind, taken in seconds.items():
            health = Health() if kind == "watched" else None
            entries = fit(prepared, task.scaling(), recipe, 0, n_threads, health=health).history.entries
            taken.append(sum(entry["seconds"] for entry in entries))
    shares = [watched / plain - 1 for watched, plain in zip(*seconds.values(), strict=True)]
    return {
        "epochs": epochs,
        "threads": n_threads,
        "seconds": {kind: spread(taken) for kind, taken in seconds.items()},
        "added": statistics.median(shares),
    }
