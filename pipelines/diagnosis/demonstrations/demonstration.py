"""A demonstration and its trials."""

from collections.abc import Callable
from dataclasses import dataclass, field

from backprop_core.errors import DivergedError
from backprop_core.health import Health
from pipelines.learning.fitting import trainer_for
from pipelines.learning.recipe import Recipe


@dataclass(frozen=True)
class Course:
    """The course of a trial.

    Attributes
    ----------
    entries : sequence of dict of JSON types, the history's; see `DivergedError` for the last one of a divergence
    description : list of dict, the network's layers
    remark : str, a further remark for the reader; may be empty
    """

    entries: tuple
    description: list
    remark: str = ""


def by_backpropagation(material, recipe, seed, n_train=None, before_step=None):
    """Train a network on the material's first `n_train` rows by the recipe, and return the Course.

    What `before_step` raises as KeyboardInterrupt ends the training.
    """
    X, y, X_valid, y_valid = material.rows(n_train)
    trainer, rng = trainer_for(recipe, X.shape[1], material.n_classes, seed, Health())
    description = trainer.network.describe()
    state = trainer.start(rng)
    try:
        if trainer.fit(X, y, X_valid, y_valid, state, before_step=before_step) == "interrupted":
            raise KeyboardInterrupt
    except DivergedError as error:
        return Course(error.entries, description, str(error))
    return Course(tuple(state.history.entries), description)


@dataclass(frozen=True)
class Trial:
    """One training of a demonstration.

    Attributes
    ----------
    name : str, its special setting
    changes : dict, the recipe entries that differ from the demonstration's
    n_train : int > 0 or None, the number of rows it learns from; None: all rows of the demonstration
    learner : function of (material, recipe, seed, n_train, before_step) that returns a Course
    """

    name: str
    changes: dict = field(default_factory=dict)
    n_train: int | None = None
    learner: Callable = by_backpropagation


@dataclass(frozen=True)
class Demonstration:
    """A failure and its cure.

    Attributes
    ----------
    question : str, which it answers
    recipe : Recipe, the common settings of its trials
    n_train : int > 0, training rows of the data set that are used at most
    trials : tuple of Trial, the failure first and the cure last
    shows : str
        What fails in the first trial but not in the last: "fit", or the name of a finding about the gradients.
    lesson : str, the lesson, if the last trial was cured
    """

    question: str
    recipe: Recipe
    n_train: int
    trials: tuple
    shows: str
    lesson: str
