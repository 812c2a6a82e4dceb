"""A demonstration, and the trials that it is made of."""

from collections.abc import Callable
from dataclasses import dataclass, field

from backprop_core.errors import DivergedError
from backprop_core.health import Health
from pipelines.learning.fitting import trainer_for
from pipelines.learning.recipe import Recipe


@dataclass(frozen=True)
class Course:
    """How a trial went.

    Attributes
    ----------
    entries : sequence of dict of JSON types, the history's; see `DivergedError` for the last one of a divergence
    description : list of dict, the network's layers
    remark : str, what a reader should know besides; may be empty
    """

    entries: tuple
    description: list
    remark: str = ""


def by_backpropagation(material, recipe, seed, n_train=None):
    """Train a network on the material's first `n_train` rows, as the recipe has it, and return the Course."""
    X, y, X_valid, y_valid = material.rows(n_train)
    trainer, rng = trainer_for(recipe, X.shape[1], material.n_classes, seed, Health())
    description = trainer.network.describe()
    state = trainer.start(rng)
    try:
        if trainer.fit(X, y, X_valid, y_valid, state) == "interrupted":
            raise KeyboardInterrupt
    except DivergedError as error:
        return Course(error.entries, description, str(error))
    return Course(tuple(state.history.entries), description)


@dataclass(frozen=True)
class Trial:
    """One training of a demonstration.

    Attributes
    ----------
    name : str, what is special about it
    changes : dict, the recipe entries that differ from the demonstration's
    n_train : int > 0 or None, how many rows it learns from; None: as many as the demonstration has
    learner : function of (material, recipe, seed, n_train) that returns a Course
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
    question : str, what it answers
    recipe : Recipe, what its trials have in common
    n_train : int > 0, training rows of the data set that are used at most
    trials : tuple of Trial, the failure first and the cure last
    shows : str
        What fails in the first trial and not in the last: "fit", or the name of a finding about the gradients.
    lesson : str, what there is to remember, if the last trial was cured
    """

    question: str
    recipe: Recipe
    n_train: int
    trials: tuple
    shows: str
    lesson: str
