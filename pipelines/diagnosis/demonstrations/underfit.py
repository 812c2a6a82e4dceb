"""Underfitting: a network that cannot learn even what it is shown.

It has too few units to draw the borders between the classes, or is held back so much that it does not use them. More
patience does not help, and neither do more samples.
"""

from pipelines.diagnosis.demonstrations.demonstration import Demonstration, Trial
from pipelines.learning.recipe import Recipe

UNDERFIT = Demonstration(
    question="What if a network is too small, or held back too much?",
    recipe=Recipe(hidden=(2,), epochs=1, least_steps=1200, learning_rate=0.005, weight_decay=0.0, clip_norm=0.0),
    n_train=20_000,
    trials=(
        Trial("two hidden units"),
        Trial("two hidden units, three times as long", {"least_steps": 3600}),
        Trial("enough units (128), weight decay", {"hidden": (128,), "weight_decay": 30.0}),
        Trial("enough units (128)", {"hidden": (128,), "dropout": 0.3}),
    ),
    shows="fit",
    lesson=(
        "Where not even the training samples are recognised, more samples and more epochs are wasted: give the network "
        "more units, or less of what holds it back."
    ),
)
