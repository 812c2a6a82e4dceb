"""Underfitting: a network cannot even learn its training samples.

It has too few units to draw the borders between the classes, or too much regularisation to use them. A longer training
does not help, and more samples do not help.
"""

from pipelines.diagnosis.demonstrations.demonstration import Demonstration, Trial
from pipelines.learning.recipe import Recipe

UNDERFIT = Demonstration(
    question="What if a network is too small, or regularised too much?",
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
        "If a network does not even recognise its training samples, more samples and more epochs do not help. Give the "
        "network more units, or less regularisation."
    ),
)
