"""Overfitting: what was learned by heart holds for nothing else.

A network with many more weights than samples can give each sample its answer without having found what the answers
have in common. Its training loss then tells nothing about samples it has not seen.
"""

from pipelines.diagnosis.demonstrations.demonstration import Demonstration, Trial
from pipelines.learning.recipe import Recipe

FEW = 50

OVERFIT = Demonstration(
    question="Does a network know a class when it knows all its training samples?",
    recipe=Recipe(hidden=(256, 128), epochs=1, least_steps=1200, weight_decay=0.0, clip_norm=0.0),
    n_train=20_000,
    trials=(
        Trial(f"few samples ({FEW})", {"epochs": 100}, FEW),
        Trial("few, a smaller network", {"epochs": 100, "hidden": (16,)}, FEW),
        Trial("few, dropout", {"epochs": 100, "dropout": 0.3}, FEW),
        Trial("all samples, dropout", {"dropout": 0.3}),
    ),
    shows="fit",
    lesson=(
        "The gap between training and validation is what tells overfitting; training accuracy alone never does. What "
        "keeps a network from learning by heart narrows the gap, and more samples close it."
    ),
)
