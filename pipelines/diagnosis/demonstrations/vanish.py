"""Vanishing gradients: the error does not reach the first layers of a deep network.

On its way back the error is multiplied by each layer's slope. The slope of the logistic function is at most a quarter,
so after 20 layers a millionth of a millionth is left. The first layers stay random, and their outputs are noise for the
last ones. Hochreiter 1991 (in German); Bengio, Simard and Frasconi 1994, https://doi.org/10.1109/72.279181
"""

from pipelines.diagnosis.demonstrations.demonstration import Demonstration, Trial
from pipelines.learning.recipe import Recipe

DEPTH, WIDTH = 20, 64

VANISH = Demonstration(
    question=f"Why were networks of {DEPTH} layers so hard to train?",
    recipe=Recipe(
        hidden=(WIDTH,) * DEPTH,
        epochs=1,
        least_steps=1000,
        activation="logistic",
        learning_rate=1e-3,
        batch_size=64,
        weight_decay=0.0,
        clip_norm=0.0,
    ),
    n_train=20_000,
    trials=(
        Trial(f"logistic, {DEPTH} layers"),
        Trial("relu, with its He initialisation", {"activation": "relu"}),
        Trial("and layer normalisation", {"activation": "relu", "normalization": "layer"}),
        Trial(
            "and residual connections",
            {"activation": "relu", "normalization": "layer", "residual": True},
        ),
    ),
    shows="vanishing gradients",
    lesson=(
        "A deep network can learn if the error comes back without shrinking. This needs slopes of 1, initial weights "
        "of the right size, normalised layers, and a residual connection around each of them."
    ),
)
