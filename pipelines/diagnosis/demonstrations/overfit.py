"""Overfitting: the network has memorised its training samples, and is wrong on others.

A network with many more weights than samples can memorise the answer to each sample without a common rule. Its training
loss then says nothing about new samples.
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
        "The gap between training and validation shows overfitting; training accuracy alone does not. Regularisation "
        "makes the gap smaller, and more samples close it."
    ),
)
