"""Probes: short trainings of the same network under other conditions, each an answer to one question.

A training can be judged only in comparison with others: the same network with half of the samples, with fewer units,
without hidden layers, on random labels. This module defines the trainings; the other modules of this folder interpret
the results.

    ("main", 0)          the network itself, with the recipe
    ("rows", n)          the same on n training rows                                      would more samples help?
    ("width", f)         hidden layers of f times the width                               is it too small, or too large?
    ("dropout", p)       another dropout (without hidden layers: another weight decay)    is it held back enough?
    ("linear", 0)        no hidden layer                                                  are hidden layers of any use?
    ("shuffled", 0)      labels in random order                                           is there anything to learn?
    ("memorise", 0)      20 rows, nothing that holds the network back                     can it learn at all?
    ("fold", k)          all but a part of the training rows, and tested on that part     which labels look wrong?
    ("group", k)         all but some speakers or sources, and tested on these            does it know new ones?
    ("longer", f)        f times the epochs, and 600 steps at least                       was it stopped too early?

If there are many training rows, the probes below the first two learn from a part of them; they are compared with the
probe ("rows", n) with as many rows. All probes except the main one take the same number of steps, so that they differ
in only one condition. Test rows are not used.
"""

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backprop_core.calibration import calibrated
from backprop_core.errors import DivergedError
from backprop_core.health import Health
from backprop_core.history import measure
from backprop_core.losses import SoftmaxCrossEntropy
from pipelines.diagnosis.results import MainResult, ProbeResult
from pipelines.learning.fitting import fit, trainer_for
from pipelines.learning.preparation import Prepared, in_shares
from pipelines.learning.recipe import Recipe
from pipelines.learning.views import logits_of

MOST_ROWS = 14_000  # rows that most probes learn from
MOST_STEPS = 600  # of a probe
SHARES = (1, 1 / 2, 1 / 4, 1 / 8)  # of the training rows, in the learning curve
WIDTHS = (1 / 16, 1 / 4, 2.0)
DROPOUTS = (0.0, 0.3, 0.6)
WEIGHT_DECAYS = (0.0, 0.1, 1.0)
FOLDS = 3
FEWEST_GROUPS, MOST_GROUP_FOLDS = 3, 4  # speakers or sources, and folds of them
MEMORISED = 20
SPARE = "spare"  # the role of rows that a probe does not use
FREE = {
    "dropout": 0.0,
    "input_dropout": 0.0,
    "input_noise": 0.0,
    "label_smoothing": 0.0,
    "mixup": 0.0,
    "weight_decay": 0.0,
    "alpha": 0.0,
    "l1": 0.0,
    "max_norm": 0.0,
    "augmentation": 0.0,
    "foreign": 0.0,
    "average": 0.0,
    "patience": 0,
}
MAIN, LINEAR, SHUFFLED, MEMORISE = ("main", 0), ("linear", 0), ("shuffled", 0), ("memorise", 0)
LONGER = ("longer", 3)


@dataclass(frozen=True)
class Conditions:
    """The conditions of one probe.

    Attributes
    ----------
    prepared : Prepared, whose training and validation rows are those of the probe
    recipe : Recipe
    asked : int ndarray [shape=(n,)]
        Other rows, on which the trained network is tested.
    """

    prepared: Prepared
    recipe: Recipe
    asked: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))


@dataclass(frozen=True)
class Probes:
    """The work of `trainings.run`: the common part of all probes.

    Attributes
    ----------
    prepared : Prepared, with its training rows varied as the recipe says
    scaling : Standardizer or the like, before it has measured rows; see `Task.scaling`
    recipe : Recipe
    seed : int >= 0
        Decides initial weights, order of rows and dropout of each probe, and which rows some are trained on.
    """

    prepared: Prepared
    scaling: Any
    recipe: Recipe
    seed: int

    @property
    def n_train(self):
        """Number of training rows."""
        return len(self.prepared.dataset.rows("train"))

    @property
    def n_part(self):
        """Number of training rows that most probes learn from."""
        n = self.n_train
        while n > MOST_ROWS:
            n //= 2
        return n

    @property
    def n_steps(self):
        """Number of steps of a probe."""
        return min(MOST_STEPS, self._main_steps)

    @property
    def _main_steps(self):
        return self.recipe.for_rows(self.n_train).epochs * math.ceil(self.n_train / self.recipe.batch_size)

    @property
    def base(self):
        """Key of the probe with which probes on a part of the rows are compared."""
        return self.of_rows(self.n_part)

    def of_rows(self, n):
        """Return the key of the probe that learns from n training rows and otherwise follows the recipe."""
        alike = n == self.n_train and self._main_steps <= MOST_STEPS and self.recipe.members == 1
        return MAIN if alike else ("rows", n)

    @property
    def regulariser(self):
        """Name of the recipe entry that regularises the network more, or less."""
        return "dropout" if self.recipe.hidden else "weight_decay"

    def plan(self, with_main=True):
        """Return the keys of all trainings, the longest first: list of (name, value)."""
        n_classes = len(self.prepared.dataset.labels)
        sizes = {int(share * self.n_train) for share in SHARES} | {self.n_part}
        folds = range(FOLDS) if self._smallest_class() >= 2 * FOLDS else ()
        chosen = getattr(self.recipe, self.regulariser)
        others = DROPOUTS if self.recipe.hidden else WEIGHT_DECAYS
        keys = [
            ("width", max(WIDTHS)),
            *(self.of_rows(n) for n in sorted(sizes, reverse=True) if n >= n_classes and self.of_rows(n) != MAIN),
            *(("fold", k) for k in folds),
            *(("group", k) for k in range(len(self.group_folds()))),
            *((self.regulariser, p) for p in others if abs(p - chosen) > 0.05),
            SHUFFLED,
            *(("width", width) for width in sorted(WIDTHS[:-1], reverse=True)),
            LINEAR,
            MEMORISE,
        ]
        if not self.recipe.hidden:
            keys = [key for key in keys if key[0] != "width" and key != LINEAR]
        return [MAIN] * with_main + keys

    def identity(self):
        """Return everything that decides a result except its key: dict of JSON types, for a `store.Store`."""
        return {
            "of": "diagnose",
            **self.prepared.identity(),
            "scaling": self.scaling.settings(),
            "recipe": self.recipe.settings(),
            "seed": self.seed,
        }

    def conditions(self, key):
        """Return the Conditions of one probe."""
        name, value = key
        return PROBES[name](self, value)

    def result(self, key):
        """Train one probe and return the record of its result, see `results.ProbeResult.record`."""
        return self._train(key).record()

    def read(self, key, record):
        """Return the ProbeResult or MainResult of a record."""
        return (MainResult if key == MAIN else ProbeResult)(**record)

    def _train(self, key):
        main, conditions = key == MAIN, self.conditions(key)
        prepared, recipe = conditions.prepared, conditions.recipe if main else conditions.recipe.as_one()
        prepared = prepared if main else _refit_augmentation(prepared, recipe)
        try:
            measured = ("train", "valid")  # test rows are used only for the number that is reported
            health = Health() if main else None
            fitted = fit(prepared, self.scaling, recipe, self.seed, 1, measured=measured, health=health)
        except DivergedError as error:
            return ProbeResult(diverged=str(error), entries=list(error.entries))
        if fitted.stopped == "interrupted":
            raise KeyboardInterrupt
        shared = {
            "epochs": recipe.epochs,
            "train": fitted.scores["train"],
            "valid": fitted.scores["valid"],
            "right": fitted.logits["valid"].argmax(axis=1) == prepared.rows("valid")[1],
        }
        if main:
            return self._keep_network(fitted, shared)
        if len(asked := conditions.asked):
            logits = logits_of(fitted.network, fitted.standardizer, prepared.extractor, prepared.stored[asked])
            shared |= {"asked": asked, "probabilities": calibrated(logits, fitted.temperature)}
        return ProbeResult(**shared)

    def _keep_network(self, fitted, shared):
        return MainResult(
            **shared,
            entries=fitted.history.entries,
            train_logits=fitted.logits["train"],
            valid_logits=fitted.logits["valid"],
            temperature=fitted.temperature,
            threshold=fitted.threshold,
            initial_loss=self.initial_loss(fitted.standardizer),
            params=fitted.network.params.flat,
            statistics=fitted.network.statistics.flat,
            scaling=fitted.standardizer.arrays(),
        )

    def description(self):
        """Return the layers of the network: list of dict of JSON types."""
        return self.new_trainer().network.describe()

    def n_parameters(self):
        """Return the number of parameters of the network: int."""
        return int(self.new_trainer().network.params.flat.size)

    def new_trainer(self):
        """Return the Trainer of the network before it learns."""
        n_features, n_classes = self.prepared.extractor.n_features, len(self.prepared.dataset.labels)
        return trainer_for(self.recipe.as_one(), n_features, n_classes, self.seed)[0]

    def initial_loss(self, standardizer, n_rows=1000):
        """Return the loss on some training rows of the network before it learns: float."""
        extractor = self.prepared.extractor
        stored, y = self.prepared.rows("train")
        X = standardizer.transform(extractor.to_features(stored[:n_rows]))
        return measure(self.new_trainer().network, SoftmaxCrossEntropy(), X, y[:n_rows])["loss"]

    def main_recipe(self):
        """Return the recipe for all training rows."""
        return self.recipe.for_rows(self.n_train)

    def recipe_for(self, n_rows):
        """Return the recipe with the number of epochs that gives the steps of a probe on so many rows."""
        return self.recipe.replace({"epochs": max(1, round(self.n_steps / math.ceil(n_rows / self.recipe.batch_size)))})

    def order(self):
        """Return the training rows in an order in which the first n rows, for each n, have every class in
        proportion.
        """
        rows = self.prepared.dataset.rows("train")
        return rows[in_shares(self.prepared.dataset.y[rows], np.random.default_rng([self.seed, 0]))]

    def select(self, train, n_valid=None):
        """Return the Prepared with only these training rows, and the first `n_valid` validation rows, or all."""
        dataset = self.prepared.dataset
        role = np.full_like(dataset.role, SPARE)
        role[dataset.rows("valid")[:n_valid]] = "valid"
        role[train] = "train"
        return replace(self.prepared, dataset=replace(dataset, role=role))

    def group_folds(self):
        """Return the training rows' groups, divided evenly: list of lists of str; empty if there are too few."""
        dataset = self.prepared.dataset
        if dataset.group is None:
            return []
        groups, counts = np.unique(dataset.group[dataset.rows("train")], return_counts=True)
        if not FEWEST_GROUPS <= len(groups) <= counts.sum() / 2:  # for groups of one sample, folds of rows do the same
            return []
        folds, sizes = [[] for _ in range(min(MOST_GROUP_FOLDS, len(groups)))], np.zeros(MOST_GROUP_FOLDS)
        for place in np.argsort(-counts, kind="stable"):
            smallest = int(sizes[: len(folds)].argmin())
            folds[smallest].append(str(groups[place]))
            sizes[smallest] += counts[place]
        return folds

    def _smallest_class(self):
        dataset = self.prepared.dataset
        return np.bincount(dataset.y[dataset.rows("train")], minlength=len(dataset.labels)).min()


def _choose_all_rows(probes, _):
    return Conditions(probes.select(probes.prepared.dataset.rows("train")), probes.main_recipe())


def _choose_rows(probes, n):
    return Conditions(probes.select(probes.order()[:n]), probes.recipe_for(n))


def _choose_part(probes, **changes):
    """Return the part of the rows that most probes learn from, and the recipe for it."""
    chosen = _choose_rows(probes, probes.n_part)
    return replace(chosen, recipe=chosen.recipe.replace(changes))


def _change_width(probes, factor):
    return _choose_part(probes, hidden=[max(1, round(factor * width)) for width in probes.recipe.hidden])


def _change_dropout(probes, p):
    return _choose_part(probes, dropout=p)


def _change_weight_decay(probes, amount):
    return _choose_part(probes, weight_decay=amount)


def _drop_hidden_layers(probes, _):
    return _choose_part(probes, hidden=[], residual=False, normalization="none", dropout=0.0, input_dropout=0.0)


def _shuffle_labels(probes, _):
    chosen = _choose_part(probes)
    dataset = chosen.prepared.dataset
    y, used = dataset.y.copy(), np.flatnonzero(dataset.role != SPARE)
    y[used] = np.random.default_rng([probes.seed, 1]).permutation(y[used])
    return replace(chosen, prepared=replace(chosen.prepared, dataset=replace(dataset, y=y)))


def _choose_few_rows(probes, _):
    recipe = probes.recipe.replace({**FREE, "epochs": 400, "batch_size": MEMORISED})
    return Conditions(probes.select(probes.order()[:MEMORISED], n_valid=MEMORISED), recipe)


def _hold_out_fold(probes, k):
    asked = probes.order()[k::FOLDS]
    others = np.setdiff1d(probes.prepared.dataset.rows("train"), asked)
    return Conditions(probes.select(others), probes.recipe_for(len(others)), asked)


def _hold_out_groups(probes, k):
    """Hold out some groups: do not learn from them, nor validate on them if there are other validation rows."""
    dataset = probes.prepared.dataset
    is_held_out = np.isin(dataset.group, probes.group_folds()[k])
    train = dataset.rows("train")
    asked, others = train[is_held_out[train]], train[~is_held_out[train]]
    prepared, valid = probes.select(others), dataset.rows("valid")
    if not is_held_out[valid].all():
        prepared.dataset.role[valid[is_held_out[valid]]] = SPARE
    return Conditions(prepared, probes.recipe_for(len(others)), asked)


def _train_longer(probes, factor):
    chosen = _choose_part(probes)
    least = math.ceil(MOST_STEPS / math.ceil(probes.n_part / chosen.recipe.batch_size))
    return replace(chosen, recipe=chosen.recipe.replace({"epochs": max(factor * chosen.recipe.epochs, least)}))


PROBES = {
    "main": _choose_all_rows,
    "rows": _choose_rows,
    "width": _change_width,
    "dropout": _change_dropout,
    "weight_decay": _change_weight_decay,
    "linear": _drop_hidden_layers,
    "shuffled": _shuffle_labels,
    "memorise": _choose_few_rows,
    "fold": _hold_out_fold,
    "group": _hold_out_groups,
    "longer": _train_longer,
}


def _refit_augmentation(prepared, recipe):
    """Fit the augmentation of a Prepared to its training rows, or remove it if the recipe has none."""
    wanted = prepared.augmentation and (recipe.augmentation or recipe.foreign)
    return replace(prepared, augmentation=prepared.augmentation.refit(prepared) if wanted else None)
