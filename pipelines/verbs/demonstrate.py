"""Demonstrating: a failure on purpose, and its cure, on real data.

Each trial is trained and judged like any other training: this module does not know the intended result of a trial. The
verdicts tell whether the failure occurred, and whether the cure worked.
"""

import time

import numpy as np
from threadpoolctl import threadpool_limits

from pipelines import datasets
from pipelines.diagnosis import fit, gradients
from pipelines.diagnosis.demonstrations.explode import EXPLODE
from pipelines.diagnosis.demonstrations.material import Material
from pipelines.diagnosis.demonstrations.no_backprop import NO_BACKPROP
from pipelines.diagnosis.demonstrations.overfit import OVERFIT
from pipelines.diagnosis.demonstrations.underfit import UNDERFIT
from pipelines.diagnosis.demonstrations.vanish import VANISH
from pipelines.diagnosis.finding import PROBLEM
from pipelines.learning.preparation import load_dataset, prepare
from pipelines.learning.tasks import NAMES, find

DEMONSTRATIONS = {
    "overfit": OVERFIT,
    "underfit": UNDERFIT,
    "vanish": VANISH,
    "explode": EXPLODE,
    "no-backprop": NO_BACKPROP,
}


def demonstrate(name, *, dataset_name=None, task_name="images", seed=0, on_trial=None, before_step=None):
    """Run the trials of a demonstration, one after the other, each on one thread.

    Parameters
    ----------
    name : str, a name in `DEMONSTRATIONS`
    dataset_name : str or None
        None means the task's default, or the bundled set if the default cannot be downloaded.
    task_name : str
        The task of a data set that is not registered; a registered one knows its task.
    seed : int >= 0
        Draws the rows, initial weights, order of rows and dropout.
    on_trial : function of (record of a trial, number done, number of all), called after each, or None
    before_step : function that is called before each step, or each run of compiled steps, or None
        A KeyboardInterrupt that it raises ends the demonstration.

    Returns
    -------
    record : dict of JSON types
        {"demonstration", "question", "task", "dataset", "bundled_fallback", "seed", "seconds", "n_train", "n_valid",
        "n_classes", "shows", "trials", "cured", "lesson"}. `cured` tells whether the failure was in the first trial and
        not in the last. Each trial is {"name", "changes", "n_train", "epochs", "seconds", "train", "valid",
        "first_gradient", "last_gradient", "verdict", "gradients", "why", "remark", "history"}: `verdict` is that of the
        fit, `gradients` names their problems, None if they were not watched; scores are those of the last finished
        epoch, None if there is none.

    Raises
    ------
    UsageError, DataError
    KeyboardInterrupt
    """
    began = time.perf_counter()
    demonstration, task = DEMONSTRATIONS[name], _find_task(dataset_name, task_name)
    dataset, fallback = load_dataset(task, dataset_name)
    prepared = prepare(dataset, task.extractor_for(dataset))
    rng = np.random.default_rng(seed)
    material = Material.draw(prepared, task.scaling(), demonstration.n_train, rng)
    trials = []
    for trial in demonstration.trials:
        with threadpool_limits(1):
            trials.append(_run_trial(trial, demonstration, material, seed, before_step))
        if on_trial:
            on_trial(trials[-1], len(trials), len(demonstration.trials))
    return {
        "demonstration": name,
        "question": demonstration.question,
        "task": task.name,
        "dataset": dataset.name,
        "bundled_fallback": fallback,
        "seed": seed,
        "seconds": round(time.perf_counter() - began, 2),
        "n_train": len(material.y),
        "n_valid": len(material.y_valid),
        "n_classes": material.n_classes,
        "shows": demonstration.shows,
        "trials": trials,
        "cured": _is_ill(trials[0], demonstration.shows) and not _is_ill(trials[-1], demonstration.shows),
        "lesson": demonstration.lesson,
    }


def _find_task(dataset_name, task_name):
    """Return the Task that a registered data set belongs to, or the one of this name."""
    registered = (name for name in NAMES if dataset_name in datasets.names(name))
    return find(next(registered, task_name))


def _run_trial(trial, demonstration, material, seed, before_step):
    """Run a trial and return its record."""
    began = time.perf_counter()
    n_train = min(trial.n_train or len(material.y), len(material.y))
    recipe = demonstration.recipe.replace(trial.changes).for_rows(n_train)
    course = trial.learner(material, recipe, seed, n_train, before_step)
    finished = [entry for entry in course.entries if "train" in entry]
    fitting = fit.of_history(course.entries, n_train, len(material.y_valid), material.n_classes)
    watched = [entry["health"]["gradient"] for entry in course.entries if "health" in entry]
    found = gradients.findings(course.entries, course.description) if watched else []
    reason = next((finding for finding in found if finding.kind == demonstration.shows), fitting)
    return {
        "name": trial.name,
        "changes": trial.changes,
        "n_train": n_train,
        "epochs": len(course.entries),
        "seconds": round(time.perf_counter() - began, 2),
        "train": finished[-1]["train"] if finished else None,
        "valid": finished[-1]["valid"] if finished else None,
        "first_gradient": watched[0][0] if watched else None,
        "last_gradient": watched[0][-1] if watched else None,
        "verdict": fitting.name,
        "gradients": [finding.name for finding in found if finding.verdict == PROBLEM] if watched else None,
        "why": reason.advice,
        "remark": course.remark,
        "history": [
            {"epoch": number, **{role: entry.get(role) for role in ("train", "valid")}}
            for number, entry in enumerate(course.entries, 1)
        ],
    }


def _is_ill(trial, shows):
    return trial["verdict"] != "good fit" if shows == "fit" else shows in trial["gradients"]
