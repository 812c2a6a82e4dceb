"""Vanishing gradients: the error does not reach the first layers of a deep network.

On its way back the error is multiplied by each layer's slope. The logistic function's is a quarter at most, so after 20
layers a millionth of a millionth is left, and the first layers stay as random as they began; what comes out of them is
noise to the last ones. Hochreiter 1991 (in German); Bengio, Simard and Frasconi 1994,
https://doi.org/10.1109/72.279181
"""

from pipelines.diagnosis.demonstrations.demonstration import Demonstration, Trial
from pipelines.learning.recipe import Recipe

DEPTH, WIDTH = 20, 64

VANISH = Demonstration(
    question=f"Why were networks of {DEPTH} layers not trained for so long?",
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
        "Depth is no obstacle where the error comes back undiminished: through slopes of 1, weights of the right "
        "spread, normalised layers, and a way around each of them."
    ),
)
