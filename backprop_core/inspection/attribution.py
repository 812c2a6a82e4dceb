"""Attribution: which numbers of a row are evidence for the network's answer, and which against it?

Backpropagation carries the error of the answer back to the weights, to learn how each of them should change. Carried
one step further, to the row itself, it tells how the answer would change with each number of the row: the input
gradient. Simonyan, Vedaldi and Zisserman 2013, https://arxiv.org/abs/1312.6034. How much a number has contributed, and
not only could, is this slope times how far the number lies from a baseline, which says what "nothing there" would be:

    evidence_i = d answer / d x_i * (x_i - baseline_i)

Shrikumar, Greenside, Shcherbina and Kundaje 2016, https://arxiv.org/abs/1605.01713. Where the answer is a linear
function of the row, the evidence of all numbers adds up to what the answer gained over the baseline's; in a network it
does so nearby.

The answer here is the log-odds of a class, for two reasons. A logit alone is no answer: adding one number to all logits
changes no probability, but would change the picture. And the slope of a probability, or of its logarithm, dies out just
where the network is sure, while that of the log-odds never does. Its unit is the nat; Good 1950 calls it the weight of
evidence.
"""

import numpy as np

from backprop_core.losses import softmax
from backprop_core.network import Network


def log_odds(logits, classes):
    """Return l = log(p_k / (1 - p_k)) = z_k - log sum_(j != k) exp z_j, where p = softmax(z), k the row's class.

    Parameters
    ----------
    logits : float ndarray [shape=(n_samples, n_classes)], of two classes or more
    classes : int, or int ndarray [shape=(n_samples,)]

    Returns
    -------
    odds : float ndarray [shape=(n_samples,)], in nats; with two classes, the difference of their logits
    """
    rivals, own = _rivals(logits, classes)
    largest = rivals.max(axis=1)
    return logits[own] - largest - np.log(np.exp(rivals - largest[:, np.newaxis]).sum(axis=1))


def log_odds_gradient(logits, classes):
    """Return dl/dz = 1 for the class itself, and for every other one -q, q = softmax over the others' logits.

    Parameters and shapes are those of `log_odds`; each row of the gradient, [shape=(n_samples, n_classes)], sums to 0.
    """
    rivals, own = _rivals(logits, classes)
    gradient = softmax(rivals, out=rivals)
    np.negative(gradient, out=gradient)
    gradient[own] = 1
    return gradient


def _rivals(logits, classes):
    """Return the logits with -inf for each row's own class, and the index of these entries."""
    own = np.arange(len(logits)), classes
    rivals = logits.copy()
    rivals[own] = -np.inf
    return rivals, own


def input_gradient(network, X, slope):
    """Return how the answer to each row changes with each of its numbers, in evaluation mode.

    Parameters
    ----------
    network : Network
    X : ndarray of the network's dtype [shape=(n_samples, n_features)]
    slope : function of the logits
        Returns d answer / d logits, of their shape, such as `log_odds_gradient`.

    Returns
    -------
    dX : ndarray [shape=(n_samples, n_features)], each row its own answer's gradient
    """
    logits, backward = network.forward(X)
    dX = np.empty_like(X)
    backward(slope(logits), network.zero_gradients(), dX)
    return dX


def smooth_gradient(gradient, x, rng, copies=50, noise=0.15):
    """Return the mean of the gradients at noisy copies of one row, in which what holds only at one exact point averages
    out.

    A network of relus is a patchwork of linear pieces. The gradient of the very piece that a row lies on says less
    about the answer than those of the pieces around it. Smilkov, Thorat, Kim, Viégas and Wattenberg 2017 (SmoothGrad),
    https://arxiv.org/abs/1706.03825, advise 50 copies and a noise of 0.1 to 0.2.

    Parameters
    ----------
    gradient : function of rows [shape=(copies, n_features)] that returns their gradients
    x : float ndarray [shape=(n_features,)]
    rng : numpy Generator
    copies : int > 0
    noise : float >= 0
        Standard deviation of the noise, as a share of the row's range max(x) - min(x).

    Returns
    -------
    smoothed : ndarray [shape=(n_features,)]
    """
    X = rng.standard_normal((copies, len(x)), dtype=x.dtype)
    X *= noise * np.ptp(x)
    X += x
    return gradient(X).mean(axis=0)


def gradient_times_input(gradient, x, baseline=0.0):
    """Return the evidence of each number, gradient * (x - baseline); all three have, or broadcast to, one shape."""
    return gradient * (x - baseline)


def integrate_gradient(gradient, x, steps=64):
    """Return the mean of the gradients on the straight way from a row of zeros to a row.

    The slope at the row itself says nothing of what a relu or the softmax did on the way there. The mean over the way
    does, and what it gives each number adds up, whatever the network: this is the integral of the slope,

        sum over i of x_i mean_i  =  answer(x) - answer(0)      up to what `steps` midpoints leave out of the integral

    Sundararajan, Taly and Yan 2017 (Integrated Gradients), https://arxiv.org/abs/1703.01365, call it completeness.

    Parameters
    ----------
    gradient : function of rows [shape=(steps, n_features)] that returns their gradients
    x : float ndarray [shape=(n_features,)]
    steps : int > 0

    Returns
    -------
    mean : ndarray [shape=(n_features,)]
    """
    along = (np.arange(steps, dtype=x.dtype) + x.dtype.type(0.5)) / steps
    return gradient(along[:, np.newaxis] * x).mean(axis=0)


def narrow_network(network, columns):
    """Return a network that does what this one does with rows of zeros everywhere but in some columns.

    Its rows have these columns alone. A text holds a few hundred of a network's many thousands.

    Parameters
    ----------
    network : Network, whose first layer that learns is dense
    columns : int ndarray [shape=(n,)]
    """
    description = network.describe()
    first = next(place for place, entry in enumerate(description) if entry["kind"] == "dense")
    description[first] |= {"fan_in": len(columns)}
    twin = Network.from_description(description, network.dtype)
    for place, (ours, theirs) in enumerate(zip(twin.params.views, network.params.views, strict=True)):
        for name, values in ours.items():
            values[...] = theirs[name][columns] if (place, name) == (first, "W") else theirs[name]
    twin.statistics.flat[...] = network.statistics.flat
    return twin
