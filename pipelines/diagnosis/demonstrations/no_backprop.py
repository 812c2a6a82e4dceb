"""Learning without backpropagation: what other ways are there, and how well do they work?

One way is to change the weights at random and keep changes that lower the loss; this needs only forward passes. Another
way is to leave all layers random and train only the last one, because its error need not be carried back.
Backpropagation gives every weight its share of the error, at the cost of two more passes.

All get the same budget, counted in passes: one row through all weights, once. A forward pass counts as one, and a
backward pass as two, for the error of the weights and that of the inputs.
"""

import time

from backprop_core.history import measure
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.scaling import Standardizer
from pipelines.diagnosis.demonstrations.demonstration import Course, Demonstration, Trial, by_backpropagation
from pipelines.diagnosis.demonstrations.material import Material
from pipelines.learning.fitting import trainer_for
from pipelines.learning.recipe import Recipe

PASSES = 3  # passes of a row in a training step: one forward, and two on the way back
SEARCHED = 200  # rows that a random change is tried on
SHRINK, GROW = 0.97, 1.13  # they balance if one change in five succeeds
MEASURED = 10  # number of measurements in a search


def budget(recipe, n_train):
    """Return the number of passes of backpropagation: int."""
    return recipe.for_rows(n_train).epochs * n_train * PASSES


def last_layer_alone(material, recipe, seed, n_train=None, before_step=None):
    """Leave all layers random except the last, and train the last layer on their outputs.

    The others never change, so each row goes through them only once. This takes a small part of the budget. A last
    layer is so cheap that it gets ten times the epochs; then its loss has settled.
    """
    X, y, X_valid, y_valid = material.rows(n_train)
    trainer, _ = trainer_for(recipe, X.shape[1], material.n_classes, seed)
    description = trainer.network.describe()
    body = Network.blank(trainer.network.layers[:-1])
    for own, whole in zip(body.params.views, trainer.network.params.views, strict=False):
        for name, values in own.items():
            values[...] = whole[name]
    features = Material(body.logits(X), y, body.logits(X_valid), y_valid, material.n_classes, Standardizer())
    head = recipe.replace({"hidden": (), "epochs": 10 * recipe.epochs})
    course = by_backpropagation(features, head, seed, before_step=before_step)
    share = trainer.network.params.views[-1]["W"].size / trainer.network.params.n_weights
    passes = len(X) * (1 + PASSES * share * head.epochs)
    remark = f"{passes:,.0f} passes of {budget(recipe, len(X)):,}; more passes change nothing."
    return Course([{key: e[key] for key in e if key != "health"} for e in course.entries], description, remark)


def random_search(material, recipe, seed, n_train=None, before_step=None):
    """Change all weights a little, at random; keep the change if the loss on some rows is lower, else undo it.

    Changes become longer after a success and shorter after a failure, so that one in five succeeds: the (1+1) evolution
    strategy, Rechenberg 1973. Each trial is a forward pass over `SEARCHED` rows.
    """
    X, y, X_valid, y_valid = material.rows(n_train)
    trainer, rng = trainer_for(recipe, X.shape[1], material.n_classes, seed)
    network, loss, n_tries = trainer.network, SoftmaxCrossEntropy(), budget(recipe, len(X)) // SEARCHED
    weights, length, entries, n_kept = network.params.flat, 0.01, [], 0
    lowest = loss.loss(network.logits(X[:SEARCHED]), y[:SEARCHED])
    began = time.perf_counter()
    for i in range(n_tries):
        if before_step:
            before_step()
        before = weights.copy()
        weights += length * rng.standard_normal(weights.size, dtype=weights.dtype)
        found = loss.loss(network.logits(X[:SEARCHED]), y[:SEARCHED])
        kept = found < lowest
        if kept:
            lowest = found
        else:
            weights[...] = before
        length, n_kept = length * (GROW if kept else SHRINK), n_kept + kept
        if (i + 1) * MEASURED // n_tries > i * MEASURED // n_tries:
            rows = {"train": measure(network, loss, X, y), "valid": measure(network, loss, X_valid, y_valid)}
            entries.append({"epoch": len(entries) + 1, "seconds": time.perf_counter() - began, **rows})
    remark = f"{n_kept} of {n_tries} random changes lowered the loss of {SEARCHED} rows."
    return Course(entries, network.describe(), remark)


NO_BACKPROP = Demonstration(
    question="Does a network need backpropagation to learn?",
    recipe=Recipe(
        hidden=(128, 32), epochs=6, least_steps=1200, dropout=0.2, weight_decay=0.0, clip_norm=0.0, batch_size=64
    ),
    n_train=20_000,
    trials=(
        Trial("random search", learner=random_search),
        Trial("only the last layer learns", {"dropout": 0.0}, learner=last_layer_alone),
        Trial("backpropagation"),
    ),
    shows="fit",
    lesson=(
        "At the cost of two more passes, backpropagation tells every weight of every layer in which direction to "
        "change. A random change gives only one number about all weights together. The outputs of random layers "
        "contain little information for the last layer."
    ),
)
