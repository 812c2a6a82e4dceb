"""Fitting: from prepared rows and a recipe to a trained and measured network.

The training, the scaling of the features and the temperature of the probabilities use only the training and validation
rows.
"""

import copy
import functools
import itertools
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from backprop_core.architecture import multilayer_perceptron
from backprop_core.averaging import ExponentialAverage
from backprop_core.calibration import calibrated, fit_temperature
from backprop_core.history import History
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.optimizers import OPTIMIZERS
from backprop_core.sparse import is_sparse
from backprop_core.training import Trainer
from pipelines.datasets import ROLES
from pipelines.errors import UsageError
from pipelines.learning.balance import prior_shift, shift_outputs
from pipelines.learning.beginning import Beginning
from pipelines.learning.committee import check_members, join_networks
from pipelines.learning.directions import Directions
from pipelines.learning.preparation import Prepared
from pipelines.learning.recipe import Recipe
from pipelines.learning.scoring import score
from pipelines.learning.unseen import forget_unseen
from pipelines.learning.views import logits_of
from pipelines.machine.cores import blas_threads, cores
from pipelines.records import ScoreRecord

REFUSED = 0.05
COST = 0.01  # largest share of the validation rows that a threshold may turn from right to refused
SMALL_STEP = 200_000_000  # products of two numbers in one forward pass of a batch, foreign samples included


@dataclass(frozen=True)
class Fitted:
    """What a fit leaves.

    Attributes
    ----------
    standardizer : Standardizer or the like, see `Task.scaling`
    network : Network, with the weights of the best epoch; of a committee all members joined
    history : History, of a committee the epochs of all its members, one after another
    stopped : str
        "epochs", "patience" or "interrupted".
    temperature : float > 0, divides the logits of a calibrated probability
    scores : dict
        "train", "valid" and "test" to {"loss", "accuracy", "balanced_accuracy"}, views averaged, before calibration;
        None for a role that has no rows, or that `fit` was not asked to measure.
    shift : ndarray [shape=(n_classes,)] or None, what balancing has subtracted from the logits
    threshold : float in [0, 1]
        A good first `--threshold`. Where the data has foreign samples it refuses as many of them as it may, see `COST`;
        else a share of `REFUSED` of the validation rows have a lower probability than this. It and the temperature are
        fitted to validation rows as the augmentation's `calibrating(prepared)` varies them, if it does: what a
        stranger records is harder than the validation rows themselves. The temperature is then divided by the
        augmentation's `hesitation`.
    logits : dict of role to ndarray [shape=(n, n_classes)], views averaged; of the roles that were measured
    members : int > 0, how many networks were joined: fewer than the recipe's where the training was interrupted
    """

    standardizer: Any
    network: Network
    history: History
    stopped: Literal["epochs", "patience", "interrupted"]
    temperature: float
    scores: dict[str, ScoreRecord | None]
    shift: np.ndarray | None
    threshold: float
    logits: dict[str, np.ndarray]
    members: int


def fit(
    prepared: Prepared,
    scaling: Any,
    recipe: Recipe,
    seed: int,
    n_threads: int,
    *,
    measured: Collection[str] = ROLES,
    on_start: Callable[[Any, int], object] | None = None,
    on_epoch: Callable[[Any, int, History], object] | None = None,
    before_step: Callable[[], object] | None = None,
    health: Any = None,
    beginning: Beginning | None = None,
) -> Fitted:
    """Train a network on the training rows, choose its best epoch on the validation rows, and measure it.

    Parameters
    ----------
    prepared : Prepared
    scaling : Standardizer or the like, before it has measured rows; see `Task.scaling`
        It is left as it is.
    recipe : Recipe
        With as many epochs as its `least_steps` need of so many rows.
    seed : int >= 0
        Decides initial weights, order of rows and dropout.
    n_threads : int > 0
    measured : collection of role, with "valid" in it
        Which rows the trained network is measured on. It does not meet the others, test rows above all.
    on_start : function of (TrainingState, member), or None
        Called before a member's first epoch; a checkpoint may be loaded there. Members of a committee, the recipe's
        `members`, are trained one after another; a single network is number 0.
    on_epoch : function of (TrainingState, member, History of the members before), or None
        Called after each epoch.
    before_step : function or None, as for `Trainer.fit`
    health : backprop_core.health.Health or None
        What the history's entries tell of each layer; the weights do not depend on it.
    beginning : Beginning or None
        The model whose weights and whose scaling of rows the training begins with; the recipe has its architecture.

    Raises
    ------
    DivergedError
        Its `entries` are what was measured until then.
    KeyboardInterrupt
        Ctrl-C came before the first epoch was over.
    """
    check_members(recipe)
    dataset, extractor, augmentation = prepared.dataset, prepared.extractor, prepared.augmentation
    y = dataset.y[dataset.rows("train")]
    recipe = recipe.for_rows(len(y))
    with blas_threads(n_threads):
        standardizer, network, history, stopped, n = _train(
            prepared,
            scaling,
            recipe,
            seed,
            beginning,
            on_start=on_start,
            on_epoch=on_epoch,
            before_step=before_step,
            health=health,
        )
        shift = prior_shift(y, len(dataset.labels), recipe.balance)
        if shift is not None:
            shift_outputs(network, shift)
        logits, truth = {}, {}
        for role in measured:
            rows, truth[role] = prepared.rows(role)
            if len(rows):
                logits[role] = logits_of(network, standardizer, extractor, rows)
        asked, y_asked = logits["valid"], truth["valid"]
        if augmentation and (varied := augmentation.calibrating(prepared)):
            X_asked, y_asked = varied
            asked = network.logits(standardizer.transform(X_asked))
        temperature = fit_temperature(asked, y_asked) / (augmentation.hesitation if augmentation else 1.0)
        foreign = prepared.foreign_rows("valid")
        if foreign is not None:
            foreign = logits_of(network, standardizer, extractor, foreign)
    threshold = _threshold(asked, y_asked, foreign, temperature)
    scores = {role: score(logits[role], truth[role]) if role in logits else None for role in ROLES}
    return Fitted(standardizer, network, history, stopped, temperature, scores, shift, threshold, logits, n)


def _train(prepared, scaling, recipe, seed, beginning, *, on_start, on_epoch, before_step, health):
    """Train the members of a recipe one after another, and join them.

    Nearly all the memory of a training is free again when this returns: measuring needs only a few thousand rows at a
    time.

    Returns
    -------
    standardizer, network, history, stopped, members : as in `Fitted`
    """
    extractor = prepared.extractor
    (stored, y), (stored_valid, y_valid) = prepared.rows("train"), prepared.rows("valid")
    standardizer = beginning.standardizer if beginning else copy.copy(scaling).fit(extractor.to_features(stored))

    def scaled(rows):
        X = extractor.to_features(rows)
        return standardizer.transform(X, out=None if is_sparse(X) or np.may_share_memory(X, rows) else X)

    X = scaled(stored)
    directions = Directions.measure(extractor, X) if recipe.directions else None

    def features(rows):
        return directions.along(scaled(rows)) if directions else scaled(rows)

    X, X_valid = directions.along(X) if directions else X, features(stored_valid)
    augmentation = prepared.augmentation
    augmented = functools.partial(augmentation.batches, prepared, features) if augmentation else None
    n_features, n_classes = extractor.n_features, len(prepared.dataset.labels)
    members, history = [], History()
    for member in range(recipe.members):
        trainer, rng = trainer_for(recipe, n_features, n_classes, (seed, member) if member else seed, health)
        if beginning:
            beginning.write_into(trainer.network, prepared.dataset.labels)
            if directions:
                directions.enter(trainer.network)
        state = trainer.start(rng)
        if on_start:
            on_start(state, member)
        after = functools.partial(_pass_on, on_epoch, member, history) if on_epoch else None
        stopped = trainer.fit(
            X, y, X_valid, y_valid, state, on_epoch=after, before_step=before_step, augmented=augmented
        )
        if state.epoch:
            members.append(trainer.network)
            history = follow(history, state.history)
        del trainer, state  # the optimizer's memory is as large as several networks
        if stopped not in ("epochs", "patience"):  # the user asked to stop
            break
    if not members:
        raise KeyboardInterrupt
    network = members[0] if recipe.members == 1 else _join(members, recipe, n_features, n_classes)
    if directions:
        directions.leave(network)
    forget_unseen(network, X)
    return standardizer, network, history, stopped, len(members)


def _pass_on(on_epoch, member, history, state):
    return on_epoch(state, member, history)


def _join(members: Sequence[Network], recipe: Recipe, n_features: int, n_classes: int) -> Network:
    """Return the committee of these networks as one network."""
    wide = replace(recipe, members=len(members)).as_one()
    return join_networks(members, trainer_for(wide, n_features, n_classes, 0)[0].network)


def follow(history: History, later: History) -> History:
    """Join a history and the one of the next member; the epochs continue to count."""
    n = len(history.entries)
    return History([*history.entries, *({**entry, "epoch": n + entry["epoch"]} for entry in later.entries)])


def _threshold(logits: np.ndarray, y: np.ndarray, foreign: np.ndarray | None, temperature: float) -> float:
    """Return the probability below which an answer is refused, see `Fitted`.

    A right answer that is refused counts as wrong. With foreign samples, consider all thresholds that cost at most
    `COST` of the validation rows. Return the lowest of those that refuse the most foreign samples.
    """
    probabilities = calibrated(logits.copy(), temperature)
    sure = probabilities.max(axis=1)
    if foreign is None:
        return float(np.quantile(sure, REFUSED))
    right = np.sort(sure[probabilities.argmax(axis=1) == y])
    highest = right[int(COST * len(y))] if len(right) > COST * len(y) else 0.0
    below = np.sort(calibrated(foreign.copy(), temperature).max(axis=1))
    below = below[below < highest]
    return float(np.nextafter(below[-1], np.float32(1))) if len(below) else 0.0


def trainer_for(recipe: Recipe, n_features: int, n_classes: int, seed: Any, health: Any = None):
    """Return the Trainer of a recipe's new float32 network, and the random stream that it continues with.

    `seed` is what `numpy.random.default_rng` takes.
    """
    rng = np.random.default_rng(seed)
    layers = multilayer_perceptron(
        n_features,
        recipe.hidden,
        n_classes,
        recipe.activation,
        dropout=recipe.dropout,
        input_dropout=recipe.input_dropout,
        normalization=None if recipe.normalization == "none" else recipe.normalization,
        residual=recipe.residual,
        input_noise=recipe.input_noise,
        initializer=None if recipe.initialization == "suited" else recipe.initialization,
    )
    trainer = Trainer(
        Network(layers, rng),
        optimizer_of(recipe),
        SoftmaxCrossEntropy(recipe.label_smoothing),
        learning_rate=recipe.learning_rate,
        schedule=recipe.schedule,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        patience=recipe.patience or None,
        average=ExponentialAverage(recipe.average) if recipe.average else None,
        weight_decay=recipe.weight_decay,
        alpha=recipe.alpha,
        l1=recipe.l1,
        max_norm=recipe.max_norm or None,
        clip_value=recipe.clip_value or None,
        clip_norm=recipe.clip_norm or None,
        mixup=recipe.mixup,
        health=health,
    )
    return trainer, rng


def optimizer_of(recipe: Recipe) -> Any:
    """Return the recipe's optimizer. UsageError if it has an `eps` and the optimizer does not scale its steps."""
    if not recipe.eps:
        return OPTIMIZERS[recipe.optimizer]()
    try:
        return OPTIMIZERS[recipe.optimizer](eps=recipe.eps)
    except TypeError:
        raise UsageError(f"eps {recipe.eps:g}: {recipe.optimizer} does not scale its steps; set eps to 0") from None


def threads_for(recipe: Recipe, n_features: int, n_classes: int) -> int:
    """Return the number of threads for a training: one for each core, or 1 for a small network.

    Two threads make small products at best a quarter faster. But they wait for each other after each product. If
    another program uses a core, this wait costs far more than the arithmetic: FSDD took 80 s instead of 4.
    """
    widths = (n_features, *recipe.hidden, n_classes)
    n_rows = recipe.batch_size * (1 + recipe.foreign)
    products = n_rows * sum(fan_in * fan_out for fan_in, fan_out in itertools.pairwise(widths))
    return 1 if products < SMALL_STEP else cores()
