"""Exploding gradients: a step that is too long leads to a place where the next step is even longer.

If the rate is too high, each step overshoots the valley and lands higher on its other side, where the slope is steeper.
Pascanu, Mikolov and Bengio 2012, https://arxiv.org/abs/1211.5063
"""

from pipelines.diagnosis.demonstrations.demonstration import Demonstration, Trial
from pipelines.learning.recipe import Recipe

DEPTH, WIDTH = 6, 64
TOO_HIGH, GOOD = 1.0, 0.02

EXPLODE = Demonstration(
    question="What if the learning rate is too high?",
    # The leaky relu cannot die, so it does not stop the explosion.
    recipe=Recipe(
        hidden=(WIDTH,) * DEPTH,
        epochs=1,
        least_steps=1000,
        activation="leaky_relu",
        optimizer="sgd",
        learning_rate=TOO_HIGH,
        schedule="constant",
        batch_size=64,
        weight_decay=0.0,
        clip_norm=0.0,
    ),
    n_train=20_000,
    trials=(
        Trial(f"rate {TOO_HIGH:g}"),
        Trial(f"rate {TOO_HIGH:g}, clipped to length 0.1", {"clip_norm": 0.1}),
        Trial(f"rate {GOOD:g}", {"learning_rate": GOOD}),
        Trial(f"rate {GOOD:g}, clipped to length 1", {"learning_rate": GOOD, "clip_norm": 1.0}),
    ),
    shows="exploding gradients",
    lesson=(
        "A lower rate is the cure. Clipping protects against a single steep batch. If a training needs both to "
        "survive, the rate is still too high."
    ),
)
