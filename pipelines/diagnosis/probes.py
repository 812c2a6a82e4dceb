"""Probes: short trainings of the same network under other conditions, each an answer to one question.

What a training is worth shows only beside others: the same network with half of the samples, with fewer units, without
hidden layers, on labels that mean nothing. Here is what is trained; what the results mean, the modules beside it say.

    ("main", 0)          the network itself, as the recipe has it
    ("rows", n)          the same on n training rows                                      would more samples help?
    ("width", f)         hidden layers of f times the width                               is it too small, or too large?
    ("dropout", p)       another dropout (without hidden layers: another weight decay)    is it held back enough?
    ("linear", 0)        no hidden layer                                                  are hidden layers of any use?
    ("shuffled", 0)      labels in random order                                           is there anything to learn?
    ("memorise", 0)      20 rows, nothing that holds the network back                     can it learn at all?
    ("fold", k)          all but a part of the training rows, and asked about that part   which labels look wrong?
    ("longer", f)        f times the epochs, and 600 steps at least                       was it stopped too early?

Where there are many training rows, the probes below the first two learn from a part of them; ("rows", n) of as many
rows is what they are compared with. All but the main one take the same number of steps, so that nothing but what is
asked about differs between them.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from backprop_core.errors import DivergedError
from backprop_core.health import Health
from backprop_core.history import measure
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.scaling import Standardizer
from pipelines.learning.fitting import fit, score, trainer_for
from pipelines.learning.preparation import Prepared
from pipelines.learning.recipe import Recipe
from pipelines.learning.views import logits_of

MOST_ROWS = 14_000  # that most probes learn from
MOST_STEPS = 600  # of a probe
SHARES = (1, 1 / 2, 1 / 4, 1 / 8)  # of the training rows, in the learning curve
WIDTHS = (1 / 16, 1 / 4, 2.0)
DROPOUTS = (0.0, 0.3, 0.6)
WEIGHT_DECAYS = (0.0, 0.1, 1.0)
FOLDS = 3
MEMORISED = 20
SPARE = "spare"  # the role of rows that a probe has no use for
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
class Probes:
    """The work of `trainings.run`: everything that probes have in common.

    Attributes
    ----------
    prepared : Prepared, its training rows varied as the recipe has it
    per_feature : bool, how the task scales features
    recipe : Recipe
    seed : int >= 0
        Decides initial weights, order of rows and dropout of each probe, and which rows some are trained on.
    """

    prepared: Prepared
    per_feature: bool
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
        """Key of the probe that those on a part of the rows are compared with."""
        return self.of_rows(self.n_part)

    def of_rows(self, n):
        """Return the key of the probe that learns from n training rows, else as the recipe has it."""
        return MAIN if n == self.n_train and self._main_steps <= MOST_STEPS else ("rows", n)

    @property
    def regulariser(self):
        """Name of the recipe entry that is varied to hold the network back more, or less."""
        return "dropout" if self.recipe.hidden else "weight_decay"

    def plan(self, with_main=True):
        """Return what there is to train, the longest first: list of (name, value)."""
        n_classes = len(self.prepared.dataset.labels)
        sizes = {int(share * self.n_train) for share in SHARES} | {self.n_part}
        folds = range(FOLDS) if self._smallest_class() >= 2 * FOLDS else ()
        chosen = getattr(self.recipe, self.regulariser)
        others = DROPOUTS if self.recipe.hidden else WEIGHT_DECAYS
        keys = [
            ("width", max(WIDTHS)),
            *(self.of_rows(n) for n in sorted(sizes, reverse=True) if n >= n_classes and self.of_rows(n) != MAIN),
            *(("fold", k) for k in folds),
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
        """Return what decides a result beside its key: dict of JSON types, for a `store.Store`."""
        return {
            "of": "diagnose",
            **self.prepared.identity(),
            "per_feature": self.per_feature,
            "recipe": self.recipe.settings(),
            "seed": self.seed,
        }

    def result(self, key):
        """Train one probe.

        Returns
        -------
        result : dict of JSON types and ndarrays
            {"diverged": message or None, "entries": of the history}, and where it did not diverge also {"epochs": int,
            "train", "valid": {"loss", "accuracy"} of the best epoch, "right": bool [shape=(n_valid,)], which validation
            rows are recognised}. A fold has also {"rows": int [shape=(n,)], "probabilities": float32
            [shape=(n, n_classes)]} of the rows that it was asked about, and the main one what `network_of` needs,
            {"train_logits", "valid_logits"}, and "initial_loss" of the network that has learned nothing.
        """
        name, value = key
        main = key == MAIN
        prepared, recipe = getattr(self, f"_{name}")(value)
        prepared = prepared if main else _varied(prepared, recipe)
        try:
            fitted = fit(prepared, self.per_feature, recipe, self.seed, 1, health=Health() if main else None)
        except DivergedError as error:
            return {"diverged": str(error), "entries": list(error.entries)}
        if fitted.stopped == "interrupted":
            raise KeyboardInterrupt
        result = {
            "diverged": None,
            "entries": fitted.history.entries if main else [],
            "epochs": recipe.epochs,
            "train": fitted.scores["train"],
            "valid": fitted.scores["valid"],
            "right": fitted.logits["valid"].argmax(axis=1) == prepared.rows("valid")[1],
        }
        if name == "fold":
            result |= _asked(prepared, fitted)
        return result | (self._of_main(fitted) if main else {})

    def description(self):
        """Return the layers of the network: list of dict of JSON types."""
        return self.new_trainer().network.describe()

    def n_parameters(self):
        """Return how many numbers the network learns: int."""
        return int(self.new_trainer().network.params.flat.size)

    def new_trainer(self):
        """Return the Trainer of the network before it learns."""
        n_features, n_classes = self.prepared.extractor.n_features, len(self.prepared.dataset.labels)
        return trainer_for(self.recipe, n_features, n_classes, self.seed)[0]

    def _of_main(self, fitted):
        return {
            "train_logits": fitted.logits["train"],
            "valid_logits": fitted.logits["valid"],
            "temperature": fitted.temperature,
            "threshold": fitted.threshold,
            "params": fitted.network.params.flat,
            "statistics": fitted.network.statistics.flat,
            "mean": fitted.standardizer.mean,
            "scale": fitted.standardizer.scale,
            "feature_means": fitted.standardizer.feature_means,
            "initial_loss": self.initial_loss(fitted.standardizer),
        }

    def initial_loss(self, standardizer, n_rows=1000):
        """Return the loss on some training rows of the network before it learns: float."""
        extractor = self.prepared.extractor
        stored, y = self.prepared.rows("train")
        X = standardizer.transform(extractor.to_features(stored[:n_rows]))
        return measure(self.new_trainer().network, SoftmaxCrossEntropy(), X, y[:n_rows])["loss"]

    def _main(self, _):
        return self.prepared, self.recipe.for_rows(self.n_train)

    def _rows(self, n):
        return self._with_rows(self._order()[:n]), self._recipe_for(n)

    def _width(self, factor):
        return self._part(hidden=[max(1, round(factor * width)) for width in self.recipe.hidden])

    def _dropout(self, p):
        return self._part(dropout=p)

    def _weight_decay(self, amount):
        return self._part(weight_decay=amount)

    def _linear(self, _):
        return self._part(hidden=[], residual=False, normalization="none", dropout=0.0, input_dropout=0.0)

    def _shuffled(self, _):
        prepared, recipe = self._part()
        dataset, y = prepared.dataset, prepared.dataset.y.copy()
        used = np.flatnonzero(dataset.role != SPARE)
        y[used] = np.random.default_rng([self.seed, 1]).permutation(y[used])
        return replace(prepared, dataset=replace(dataset, y=y)), recipe

    def _memorise(self, _):
        recipe = self.recipe.changed({**FREE, "epochs": 400, "batch_size": MEMORISED})
        return self._with_rows(self._order()[:MEMORISED], n_valid=MEMORISED), recipe

    def _fold(self, k):
        order = self._order()
        role = self.prepared.dataset.role.copy()
        role[role == "test"] = SPARE
        role[order[k::FOLDS]] = "test"
        return self._with_role(role), self._recipe_for(self.n_train - len(order[k::FOLDS]))

    def _longer(self, factor):
        prepared, recipe = self._part()
        least = math.ceil(MOST_STEPS / math.ceil(self.n_part / recipe.batch_size))
        return prepared, recipe.changed({"epochs": max(factor * recipe.epochs, least)})

    def _part(self, **changes):
        """Return the part of the rows that most probes learn from, and the recipe for it."""
        return self._with_rows(self._order()[: self.n_part]), self._recipe_for(self.n_part).changed(changes)

    def _recipe_for(self, n_rows):
        """Return the recipe with as many epochs of so many rows as make up the steps of a probe."""
        return self.recipe.changed({"epochs": max(1, round(self.n_steps / math.ceil(n_rows / self.recipe.batch_size)))})

    def _order(self):
        """Return the training rows in an order of which each beginning has its share of each class."""
        rows = self.prepared.dataset.rows("train")
        y, rng = self.prepared.dataset.y[rows], np.random.default_rng([self.seed, 0])
        place = np.empty(len(rows))
        for k in np.unique(y):
            of_class = rng.permutation(np.flatnonzero(y == k))
            place[of_class] = (np.arange(len(of_class)) + rng.random()) / len(of_class)
        return rows[np.argsort(place, kind="stable")]

    def _with_rows(self, rows, n_valid=None):
        """Return the Prepared with these training rows alone, and the validation rows, or the first few of them."""
        role = self.prepared.dataset.role.copy()
        role[role != "valid"] = SPARE
        role[rows] = "train"
        if n_valid:
            role[np.flatnonzero(role == "valid")[n_valid:]] = SPARE
        return self._with_role(role)

    def _with_role(self, role):
        return replace(self.prepared, dataset=replace(self.prepared.dataset, role=role))

    def _smallest_class(self):
        dataset = self.prepared.dataset
        return np.bincount(dataset.y[dataset.rows("train")], minlength=len(dataset.labels)).min()


def _varied(prepared, recipe):
    """Return a Prepared of other training rows with what makes them vary, if the recipe has it."""
    wanted = prepared.augmentation and (recipe.augmentation or recipe.foreign)
    return replace(prepared, augmentation=prepared.augmentation.refitted(prepared) if wanted else None)


def _asked(prepared, fitted):
    """Return the rows that a fold was asked about, and the probabilities of its answers."""
    from backprop_core.calibration import calibrated

    return {
        "rows": prepared.dataset.rows("test"),
        "probabilities": calibrated(fitted.logits["test"], fitted.temperature),
    }


def network_of(probes, main):
    """Return the Standardizer and the Network that the main probe's result holds."""
    network = probes.new_trainer().network
    network.restore((main["params"], main["statistics"]))
    standardizer = Standardizer(probes.per_feature)
    standardizer.mean, standardizer.scale = main["mean"], main["scale"]
    standardizer.feature_means = main["feature_means"]
    return standardizer, network


def main_result(probes, model):
    """Return what the main probe would, of a model that has been trained already: a Bundle."""
    prepared = probes.prepared
    (stored, y), (stored_valid, y_valid) = prepared.rows("train"), prepared.rows("valid")
    logits = logits_of(model.network, model.standardizer, model.extractor, stored)
    valid_logits = logits_of(model.network, model.standardizer, model.extractor, stored_valid)
    return {
        "diverged": None,
        "entries": model.provenance["history"],
        "epochs": len(model.provenance["history"]),
        "train": score(logits, y),
        "valid": score(valid_logits, y_valid),
        "right": valid_logits.argmax(axis=1) == y_valid,
        "train_logits": logits,
        "valid_logits": valid_logits,
        "temperature": model.temperature,
        "threshold": model.provenance.get("threshold"),
        "initial_loss": probes.initial_loss(model.standardizer),
    }
