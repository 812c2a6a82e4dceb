"""Thresholds: every number that a verdict depends on, in one place, with the reason for it.

A verdict is only as good as its limits. So limits are not hidden in the code: findings quote the limit beside the
number that they compared with it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Threshold:
    """A limit.

    Attributes
    ----------
    value : float
    why : str, a sentence
    """

    value: float
    why: str


# `gradients` compares the health of a training with these. Each threshold is at least a factor of two outside the
# range of healthy networks: the presets on MNIST and FSDD, and 2 to 30 layers of relu, tanh and gelu, with and without
# layer normalisation and residual connections, on the small digits.
GRADIENT_THRESHOLDS = {
    "learned": Threshold(
        0.9,
        "A training loss below this share of ln K, the loss of guessing among K classes, shows that something was "
        "learned.",
    ),
    "high_loss": Threshold(
        0.5,
        "If a training loss ends above this share of ln K, long or useless steps may have spoilt it.",
    ),
    "relapse": Threshold(
        2.0,
        "A training loss that ends at this many times its lowest value may also be spoilt; smaller jumps are normal.",
    ),
    "low_loss": Threshold(
        0.1,
        "A training loss below this share of ln K is not spoilt, because near 0 any loss doubles easily.",
    ),
    "vanishing_ratio": Threshold(
        1e-3,
        "If the gradients of the first third of the layers are a smaller share of the greatest layer's, these layers "
        "learn nothing, but the last ones learn; healthy networks of 30 layers have 0.02 or more.",
    ),
    "faint": Threshold(
        1e-3,
        "A network that guesses has an error of about 1 for each row; if the gradients of all layers are shorter than "
        "this, hardly any error arrives.",
    ),
    "exploding_ratio": Threshold(
        20.0,
        "If the gradient of the first layer is this many times the last one's, it grew on its way back; healthy "
        "networks of 30 layers have up to 7 times.",
    ),
    "loud": Threshold(
        1000.0,
        "The error of a row is at most 1.5 long and activations of a healthy layer some tens, so no layer's gradient "
        "gets this long unless the numbers inside the network have exploded.",
    ),
    "growth": Threshold(
        100.0,
        "Gradients shrink while a network learns; a gradient that becomes this many times as long as in the first "
        "epoch explodes.",
    ),
    "grown": Threshold(
        10.0,
        "A gradient must be longer than this to count as exploding, because a tiny one may grow a hundredfold without "
        "harm.",
    ),
    "clip_rate": Threshold(
        0.5,
        "Clipping is meant for rare steep batches; if it cuts most steps of the second half of a training that does "
        "not learn, it only hides that the steps are too long.",
    ),
    "dead": Threshold(
        0.5,
        "A layer with half of its units dead has lost half of its width for ever; healthy layers had up to 0.36.",
    ),
    "saturated": Threshold(
        0.5,
        "If half of a layer's outputs are at the ends of a bounded activation, most of the error is stopped there.",
    ),
    "smallest_update": Threshold(
        1e-4,
        "Steps that change weights by a smaller share, at the peak of the training, need tens of thousands of steps to "
        "learn; 1e-3 is usual.",
    ),
    "largest_update": Threshold(
        0.1,
        "Steps that change weights by a tenth at once destroy the effect of earlier steps; 1e-3 is usual, and 0.03 was "
        "the largest value in a healthy training.",
    ),
}

# `fit` compares accuracies with these.
FIT_THRESHOLDS = {
    "gap": Threshold(
        0.04,
        "If the accuracy on training rows is higher than on others by more than this, and by two standard errors more, "
        "the network has memorised rows.",
    ),
    "level": Threshold(
        0.9,
        "On a scale from 0, guessing, to 1, no error, a network that does not reach this on its training rows has "
        "learned too little.",
    ),
    "closed": Threshold(
        0.25,
        "If three times the epochs remove more than this share of the errors on training rows, the training stopped "
        "too early; a network that is too small gains less.",
    ),
    "farther": Threshold(
        2.0,
        "The training also stopped too early if three times the epochs lower the loss so many times as far below that "
        "of guessing, ln K.",
    ),
    "begun": Threshold(
        0.1,
        "If they lower the loss by less than this share of ln K, the network is not learning at all.",
    ),
    "falling": Threshold(
        0.05,
        "A training loss that fell by more than this share in the last fifth of the epochs has not settled.",
    ),
}

# `curves` and `references` compare probes with these.
PROBE_THRESHOLDS = {
    "gain": Threshold(
        0.005,
        "A change of accuracy by less than this share is not worth a change of the recipe, even if it is certain.",
    ),
    "gain_errors": Threshold(
        2.5,
        "A better value must be ahead by so many standard errors, because the best of several tried values looks "
        "better than it is.",
    ),
    "signal_error": Threshold(
        0.1,
        "If two standard errors are more than this, there may be a difference that the data do not show.",
    ),
    "memorised": Threshold(
        0.95,
        "A network can memorise this share of so few rows; one in 20 may be a copy of another with another label.",
    ),
    "initial_loss": Threshold(
        2.0,
        "An untrained network should not have more than so many times the loss of guessing, ln K.",
    ),
    "new_group": Threshold(
        0.04,
        "If the accuracy on new speakers is lower than on known ones by more than this share, the network needs more "
        "speakers.",
    ),
    "rise": Threshold(
        0.1,
        "If a validation loss ends higher than its lowest value by less than this share, it may be chance.",
    ),
}

# The thresholds for the samples themselves.
DATA_THRESHOLDS = {
    "leak": Threshold(
        0.005,
        "If more than this share of the validation or test rows are copies of training rows, scores change as much as "
        "with a better recipe.",
    ),
    "behind": Threshold(
        0.03,
        "A class or speaker is reported if its accuracy is lower than the others' by more than this share, and chance "
        "does not explain it.",
    ),
    "sure": Threshold(
        0.9,
        "A label is suspect if the probability of another one is higher by more than this.",
    ),
    "wrong_labels": Threshold(
        0.02,
        "Networks contradict up to this share of the labels of clean data, because some samples are hard.",
    ),
    "judge": Threshold(
        0.8,
        "Networks with a lower accuracy than this cannot judge labels.",
    ),
}

THRESHOLDS = {**FIT_THRESHOLDS, **GRADIENT_THRESHOLDS, **PROBE_THRESHOLDS, **DATA_THRESHOLDS}


def record():
    """Return all of them as dicts of JSON types: list of {"name", "value", "why"}."""
    return [{"name": name, "value": each.value, "why": each.why} for name, each in THRESHOLDS.items()]
