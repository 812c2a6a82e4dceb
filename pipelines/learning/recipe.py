"""A recipe: all settings for building and training a network, by name.

Presets are recipes; a TOML file given with --config changes some of their entries, and options of the command line
change them last. Each entry below has its meaning and its range; the error messages, the reference of all entries, and
the output of `backprop recipe` come from these.
"""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from backprop_core.activations import ACTIVATIONS
from backprop_core.architecture import NORMALIZATIONS
from backprop_core.initializers import INITIALIZERS
from backprop_core.optimizers import OPTIMIZERS
from backprop_core.schedules import SCHEDULES
from pipelines.errors import UsageError
from pipelines.learning.ranges import AMOUNT, PART, RATE, SHARE, Number, Range, Switch, Whole, Widths, choice, require
from pipelines.wording import suggest

STRENGTH = Number("a number from 0 to 10", lambda value: 0 <= value <= 10)
FEATURES = ("auto", "pixels", "drawing", "gradients")


def _entry(meaning: str, allowed: Range, **default: Any) -> Any:
    """Return the field of an entry: what it means in a sentence, and its range."""
    return field(metadata={"meaning": meaning, "range": allowed}, **default)


@dataclass(frozen=True)
class Recipe:
    """Choices for one training; `Recipe.entries()` has the meaning and the range of each.

    They mean what `multilayer_perceptron`, `Trainer` and `Step` of backprop_core say.

    Attributes
    ----------
    preset : str or None
        The name of the preset that the recipe was derived from, whatever was changed in it since; None if it is
        from no preset. It is no entry: only a Task gives it.

    Raises
    ------
    UsageError
        A value is out of its range.
    """

    hidden: tuple[int, ...] = _entry("Widths of the hidden layers, the first one first.", Widths())
    epochs: int = _entry("Number of passes over the training samples.", Whole(1))
    members: int = _entry(
        "Number of networks that are trained with different initial weights and joined into one, which answers with "
        "their mean; 1 trains a single network.",
        Whole(1),
        default=1,
    )
    least_steps: int = _entry(
        "Smallest number of training steps; with few samples, the number of epochs is raised to reach it.",
        Whole(0),
        default=0,
    )
    activation: str = _entry("Activation function of the hidden units.", choice(ACTIVATIONS), default="relu")
    normalization: str = _entry(
        "Normalisation of each hidden layer, before its activation.", choice(("none", *NORMALIZATIONS)), default="none"
    )
    initialization: str = _entry(
        "How the initial weights are drawn; suited chooses what suits the activation of each layer.",
        choice(("suited", *INITIALIZERS)),
        default="suited",
    )
    residual: bool = _entry(
        "Whether hidden layers of equal width add their input to their output.", Switch(), default=False
    )
    dropout: float = _entry("Share of each hidden layer's units that a step leaves out.", PART, default=0.0)
    input_dropout: float = _entry("Share of the features that a step leaves out.", PART, default=0.0)
    input_noise: float = _entry(
        "Standard deviation of noise on the features; that of the features is about 1.", AMOUNT, default=0.0
    )
    label_smoothing: float = _entry("Share of each target that is spread over all classes.", PART, default=0.0)
    mixup: float = _entry(
        "Strength of mixing pairs of samples: the parameter of a beta distribution; 0 switches it off.",
        AMOUNT,
        default=0.0,
    )
    optimizer: str = _entry("Rule that turns a gradient into a step.", choice(OPTIMIZERS), default="adam")
    eps: float = _entry(
        "Root mean square gradient below which steps of Adam and similar optimizers become shorter, so that weights of "
        "rare features change less than weights of frequent ones; 0 is the optimizer's default, nearly zero.",
        AMOUNT,
        default=0.0,
    )
    learning_rate: float = _entry("Largest learning rate: the length of a step.", RATE, default=2e-3)
    schedule: str = _entry("How the learning rate changes during training.", choice(SCHEDULES), default="one_cycle")
    batch_size: int = _entry("Samples in one step.", Whole(1), default=128)
    weight_decay: float = _entry(
        "How fast weights shrink in each step, times the learning rate; not a part of the loss.", AMOUNT, default=0.02
    )
    alpha: float = _entry("Strength of the L2 penalty, a part of the loss.", AMOUNT, default=0.0)
    l1: float = _entry("Strength of the L1 penalty, a part of the loss.", AMOUNT, default=0.0)
    max_norm: float = _entry("Largest norm of the weights into one unit; 0 is no limit.", AMOUNT, default=0.0)
    clip_norm: float = _entry("Largest norm of the whole gradient; 0 is no limit.", AMOUNT, default=5.0)
    clip_value: float = _entry("Largest size of each number of the gradient; 0 is no limit.", AMOUNT, default=0.0)
    average: float = _entry(
        "Decay of the running average of the weights; the model gets this average. 0 keeps the last weights.",
        PART,
        default=0.0,
    )
    augmentation: float = _entry(
        "How strongly training samples are varied; 1 is the usual strength for the task, 0 switches variation off.",
        STRENGTH,
        default=0.0,
    )
    foreign: float = _entry(
        "Foreign sounds or texts in a step, as a share of its samples; not used for pictures.",
        AMOUNT,
        default=0.0,
    )
    features: str = _entry(
        "Input of the network for a picture: its pixels, the drawing in it, scaled and centred, or its gradients; auto "
        "chooses what suits the pictures.",
        choice(FEATURES),
        default="auto",
    )
    patience: int = _entry(
        "Epochs without a better validation loss after which training stops; 0 never stops early.", Whole(0), default=0
    )
    balance: float = _entry(
        "How much of the effect of unequal class sizes on the answers is removed.", SHARE, default=0.5
    )
    directions: bool = _entry(
        "Whether a network of speech learns from cosines over the course of a word instead of single frames: in a long "
        "training it then understands new voices better; not used for pictures and texts.",
        Switch(),
        default=False,
    )
    preset: str | None = field(default=None, compare=False, kw_only=True)

    def __post_init__(self) -> None:
        for entry in self.entries():
            plain = require(entry.name, getattr(self, entry.name), entry.metadata["range"])
            object.__setattr__(self, entry.name, plain)
        object.__setattr__(self, "hidden", tuple(self.hidden))

    @classmethod
    def entries(cls) -> list[Field]:
        """Return the entries in order: dataclass fields, whose `metadata` has "meaning" (str) and "range" (Range)."""
        return [entry for entry in fields(cls) if "range" in entry.metadata]

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of the entries, in order."""
        return [entry.name for entry in cls.entries()]

    def settings(self) -> dict[str, Any]:
        """Return the entries as a dict of JSON types."""
        settings = {**asdict(self), "hidden": list(self.hidden)}
        del settings["preset"]
        return settings

    def for_rows(self, n_rows: int) -> "Recipe":
        """Return the recipe for so many training rows: with as many epochs as `least_steps` need, if those are more."""
        steps = math.ceil(n_rows / self.batch_size)
        return replace(self, epochs=max(self.epochs, math.ceil(self.least_steps / steps)))

    def as_one(self) -> "Recipe":
        """Return the recipe of a single network that is as wide as all members together."""
        return replace(self, hidden=tuple(self.members * width for width in self.hidden), members=1)

    def replace(self, changes: Mapping[str, Any], source: str = "the options") -> "Recipe":
        """Return a recipe with some entries replaced; UsageError naming `source` where an entry is unknown or wrong.

        A number of epochs that is asked for is meant as it stands: `least_steps` is then 0.
        """
        if "epochs" in changes:
            changes = {"least_steps": 0, **changes}
        known = self.names()
        for name in changes:
            if name not in known:
                raise UsageError(f"{source}: there is no recipe entry {name}; {suggest(name, known)}")
        try:
            return replace(self, **changes)
        except UsageError as error:
            raise UsageError(f"{source}: {error}") from None

    def with_file(self, path: str | os.PathLike[str]) -> "Recipe":
        """Return a recipe changed by a TOML file of entries, such as `hidden = [512, 256]`."""
        import tomllib

        try:
            with Path(path).open("rb") as file:
                return self.replace(tomllib.load(file), str(path))
        except OSError as error:
            raise UsageError(f"{path}: cannot be read ({error.strerror}); give a TOML file of recipe entries") from None
        except (ValueError, RecursionError) as error:  # also of bytes that are no text, and of endless numbers
            raise UsageError(f"{path}: is not valid TOML ({error})") from None

    def as_toml(self, presets: Mapping[str, "Recipe"]) -> str:
        """Return the entries as TOML that `with_file` reads, each below its meaning, range and value in the presets."""
        blocks = [
            f"# {entry.metadata['meaning']}\n"
            f"# Give {entry.metadata['range'].text}. In the presets: {_values(entry.name, presets)}.\n"
            f"{entry.name} = {_as_toml(getattr(self, entry.name))}\n"
            for entry in self.entries()
        ]
        return "\n".join(blocks)


def _values(name: str, presets: Mapping[str, Recipe]) -> str:
    return ", ".join(f"{preset} {_as_toml(getattr(recipe, name))}" for preset, recipe in presets.items())


def _as_toml(value: Any) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value)  # TOML writes these types like JSON
