"""A recipe: how a network is built and trained, every choice by name.

Presets are recipes; a TOML file given with --config changes some of their entries, and options of the command line
change them last.
"""

import difflib
import math
import tomllib
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from backprop_core.activations import ACTIVATIONS
from backprop_core.architecture import NORMALIZATIONS
from backprop_core.optimizers import OPTIMIZERS
from backprop_core.schedules import SCHEDULES
from pipelines.errors import UsageError


@dataclass(frozen=True)
class Recipe:
    """Choices for one training; they mean what `multilayer_perceptron`, `Trainer` and `Step` of backprop_core say.

    Where 0 or "none" would make no sense as a value, it means that the thing is not used. `average` is the decay of
    `ExponentialAverage`. Where a data set is so small that the epochs have fewer than `least_steps` steps, there are
    more epochs, see `for_rows`. `augmentation` is the strength with which training rows are varied, 1 being what suits
    the task; `foreign` is how many foreign sounds come with each batch, as a share of it. `balance` is how much of what
    unequal classes add to the answers is taken back, see `balance.prior_shift`. Raises UsageError where a value is out
    of its range.
    """

    hidden: tuple[int, ...]
    epochs: int
    least_steps: int = 0
    activation: str = "relu"
    normalization: str = "none"
    residual: bool = False
    dropout: float = 0.0
    input_dropout: float = 0.0
    input_noise: float = 0.0
    label_smoothing: float = 0.0
    mixup: float = 0.0
    optimizer: str = "adam"
    learning_rate: float = 2e-3
    schedule: str = "one_cycle"
    batch_size: int = 128
    weight_decay: float = 0.02
    alpha: float = 0.0
    l1: float = 0.0
    max_norm: float = 0.0
    clip_norm: float = 5.0
    clip_value: float = 0.0
    average: float = 0.0
    augmentation: float = 0.0
    foreign: float = 0.0
    patience: int = 0
    balance: float = 0.5

    def __post_init__(self):
        _require(isinstance(self.hidden, list | tuple), "hidden", self.hidden, "a list of widths")
        object.__setattr__(self, "hidden", tuple(self.hidden))
        whole = ("epochs", "least_steps", "batch_size", "patience")
        _require(all(_is_whole(w) and 0 < w <= 100_000 for w in self.hidden), "hidden", self.hidden, "widths > 0")
        for name in whole:
            value, least = getattr(self, name), 0 if name in ("patience", "least_steps") else 1
            _require(_is_whole(value) and value >= least, name, value, f"a whole number from {least}")
        _require(isinstance(self.residual, bool), "residual", self.residual, "true or false")
        amounts = ("learning_rate", "weight_decay", "alpha", "l1", "max_norm", "clip_norm", "clip_value")
        for name in (*amounts, "input_noise", "mixup", "augmentation", "foreign"):
            value = getattr(self, name)
            _require(_is_number(value) and 0 <= value < float("inf"), name, value, "a number from 0")
        _require(self.learning_rate > 0, "learning_rate", self.learning_rate, "a number above 0")
        for name in ("dropout", "input_dropout", "label_smoothing", "average"):
            value = getattr(self, name)
            _require(_is_number(value) and 0 <= value < 1, name, value, "a number from 0 up to, not including, 1")
        _require(_is_number(self.balance) and 0 <= self.balance <= 1, "balance", self.balance, "a number from 0 to 1")
        choices = {
            "activation": ACTIVATIONS,
            "normalization": ("none", *NORMALIZATIONS),
            "optimizer": OPTIMIZERS,
            "schedule": SCHEDULES,
        }
        for name, known in choices.items():
            value = getattr(self, name)
            _require(isinstance(value, str) and value in known, name, value, f"one of {', '.join(known)}")

    def settings(self):
        """Return the entries as a dict of JSON types."""
        return {**asdict(self), "hidden": list(self.hidden)}

    def for_rows(self, n_rows):
        """Return the recipe for so many training rows: with as many epochs as `least_steps` need, if those are more."""
        steps = math.ceil(n_rows / self.batch_size)
        return replace(self, epochs=max(self.epochs, math.ceil(self.least_steps / steps)))

    def changed(self, changes, source="the options"):
        """Return a recipe with some entries replaced; UsageError naming `source` where an entry is unknown or wrong.

        A number of epochs that is asked for is meant as it stands: `least_steps` is then 0.
        """
        if "epochs" in changes:
            changes = {"least_steps": 0, **changes}
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
                raise UsageError(f"{source}: no recipe entry is called {name}; {hint}")
        try:
            return replace(self, **changes)
        except UsageError as error:
            raise UsageError(f"{source}: {error}") from None

    def with_file(self, path):
        """Return a recipe changed by a TOML file of entries, such as `hidden = [512, 256]`."""
        try:
            with Path(path).open("rb") as file:
                return self.changed(tomllib.load(file), str(path))
        except OSError as error:
            raise UsageError(f"{path}: cannot be read ({error.strerror}); give a TOML file of recipe entries") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: is not valid TOML ({error})") from None


def _is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def _require(condition, name, value, wanted):
    if not condition:
        raise UsageError(f"{name} is {value!r}: give {wanted}")
