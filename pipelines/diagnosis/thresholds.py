"""Thresholds: every number that a verdict depends on, in one place, and why it is that number.

A verdict is only as good as the limits behind it. So none is hidden in the code that uses it: findings quote the limit
beside the number that they compared with it.
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


# What `gradients` compares the health of a training with. Each lies at least twofold outside of what was measured in
# healthy networks: the presets on MNIST and FSDD, and 2 to 30 layers of relu, tanh and gelu, with and without layer
# normalisation and residual connections, on the small digits.
GRADIENT_THRESHOLDS = {
    "learned": Threshold(
        0.9,
        "A training loss below this share of ln K, the loss of guessing among K classes, shows that something was "
        "learned.",
    ),
    "high_loss": Threshold(
        0.5,
        "A training loss that ends above this share of ln K is one that long or useless steps may have spoilt.",
    ),
    "relapse": Threshold(
        2.0,
        "So is one that ends at this many times the lowest it had been; losses that jump less do so in any training.",
    ),
    "low_loss": Threshold(
        0.1,
        "Unless it is below this share of ln K even then: near 0, any loss doubles easily.",
    ),
    "vanishing_ratio": Threshold(
        1e-3,
        "Where the gradients of the first third of the layers are a smaller share of the greatest layer's, these "
        "layers learn nothing while the last ones do; healthy networks of 30 layers have 0.02 or more.",
    ),
    "faint": Threshold(
        1e-3,
        "A network that guesses has an error of about 1 for each row; where the gradients of all layers are shorter "
        "than this, hardly any of it arrives.",
    ),
    "exploding_ratio": Threshold(
        20.0,
        "A gradient of the first layer that is this many times the last one's grew on its way back; healthy networks "
        "of 30 layers have up to 7 times.",
    ),
    "loud": Threshold(
        1000.0,
        "The error of a row is at most 1.5 long and activations of a healthy layer some tens, so no layer's gradient "
        "gets this long unless the numbers inside the network have exploded.",
    ),
    "growth": Threshold(
        100.0,
        "As a network learns its gradients shrink; one that becomes this many times as long as in the first epoch runs "
        "away.",
    ),
    "grown": Threshold(
        10.0,
        "Only a gradient that gets longer than this: one that was next to nothing may well grow a hundredfold.",
    ),
    "clip_rate": Threshold(
        0.5,
        "Clipping is meant for the rare steep batch; where it cuts most steps of the second half of a training that "
        "does not learn, it only hides that the steps are too long.",
    ),
    "dead": Threshold(
        0.5,
        "A layer with half of its units dead has lost half of its width for good; of healthy layers up to 0.36 were.",
    ),
    "saturated": Threshold(
        0.5,
        "Where half of a layer's outputs sit at the ends of a bounded activation, most of the error is stopped there.",
    ),
    "smallest_update": Threshold(
        1e-4,
        "Steps that change weights by a smaller share, at the peak of the training, need ten thousands of steps to "
        "get anywhere; 1e-3 is usual.",
    ),
    "largest_update": Threshold(
        0.1,
        "Steps that change a tenth of the weights at once throw away what earlier ones learned; 1e-3 is usual, and "
        "0.03 was the most of a healthy training.",
    ),
}

# What `fit` compares accuracies with.
FIT_THRESHOLDS = {
    "gap": Threshold(
        0.04,
        "A network that recognises more than this share of its training rows beyond what it recognises of others, with "
        "two standard errors to spare, has learned rows by heart.",
    ),
    "level": Threshold(
        0.9,
        "Training rows are what a network learns if it learns at all; one that is not brought this far from guessing, "
        "0, to no error, 1, on them has learned too little.",
    ),
    "closed": Threshold(
        0.25,
        "Where three times the epochs remove more than this share of the errors on training rows, it was too early to "
        "stop; a network that is too small gains less.",
    ),
    "farther": Threshold(
        2.0,
        "So it was where they get the loss so many times as far down from that of guessing, ln K.",
    ),
    "begun": Threshold(
        0.1,
        "Unless they get it down by less than this share of ln K even then: that is no learning at all.",
    ),
    "falling": Threshold(
        0.05,
        "A training loss that fell by more than this share in the last fifth of the epochs has not settled.",
    ),
}

# What `curves` and `references` compare probes with.
PROBE_THRESHOLDS = {
    "gain": Threshold(
        0.005,
        "A change of accuracy by less than this share is not worth a change of the recipe, however certain it is.",
    ),
    "gain_errors": Threshold(
        2.5,
        "So many standard errors a better value must be ahead: of several values that are tried, the best one looks "
        "better than it is.",
    ),
    "signal_error": Threshold(
        0.1,
        "Where two standard errors are more than this, a difference that is not seen may well be there.",
    ),
    "memorised": Threshold(
        0.95,
        "What a network can learn by heart of rows this few; one in 20 may be a copy of another with another label.",
    ),
    "initial_loss": Threshold(
        2.0,
        "A network that knows nothing should not begin with more than so many times the loss of guessing, ln K.",
    ),
    "new_group": Threshold(
        0.04,
        "A network that recognises speakers it has not learned from worse than others by more than this share needs "
        "more speakers.",
    ),
    "rise": Threshold(
        0.1,
        "A validation loss that ends higher than its lowest by less than this share is a matter of chance.",
    ),
}

# What is compared about the samples themselves.
DATA_THRESHOLDS = {
    "leak": Threshold(
        0.005,
        "Copies of training rows among more than this share of the validation or test rows change scores by as much "
        "as better recipes do.",
    ),
    "behind": Threshold(
        0.03,
        "A class or speaker that is recognised worse than the others by more than this share lies behind, if chance "
        "does not explain it.",
    ),
    "sure": Threshold(
        0.9,
        "A label is suspect where the probability of another one is higher by more than this.",
    ),
    "wrong_labels": Threshold(
        0.02,
        "Networks contradict up to this share of the labels of clean data, where samples are merely hard.",
    ),
    "judge": Threshold(
        0.8,
        "Networks that are right less often than this share are no judges of labels.",
    ),
}

THRESHOLDS = {**FIT_THRESHOLDS, **GRADIENT_THRESHOLDS, **PROBE_THRESHOLDS, **DATA_THRESHOLDS}


def record():
    """Return all of them as dicts of JSON types: list of {"name", "value", "why"}."""
    return [{"name": name, "value": each.value, "why": each.why} for name, each in THRESHOLDS.items()]
