"""The character of pictures: the properties of training pictures that decide which variations suit them.

Measured on the training rows, so that it holds for any data set: the user need not say that a mirrored 3 is not a 3.
"""

import numpy as np

from pipelines.features.images.gradients import gradient_features

LOOKED_AT = 10_000
EVEN = 26  # levels: a tenth of the whole range
FLAT = 4  # levels by which an even ground may vary after a picture was scaled
KEPT = 0.9
KNOWN, KEPT_BESIDE = 2 / 3, 0.95  # shares of what there is to know, and of what was known before
LOST = 0.15  # share of a class's pictures
EVEN_EDGES = 0.5  # pictures with at least this share of even edge pixels are figures on a ground, not photographs


def can_be_mirrored(pictures, y, rng):
    """Tell whether a picture's mirror image still shows its class.

    A linear classifier learns from half of some pictures, at most 10,000 in all, and is tested on the other half, plain
    and mirrored. Where the mirror images keep nine tenths of what it knows beyond the share of the most frequent class,
    left and right mean nothing here.

    Parameters
    ----------
    pictures : ndarray of uint8 [shape=(n, height, width, n_channels)]
    y : ndarray of int [shape=(n,)], their classes
    rng : numpy Generator, which chooses the pictures

    Returns
    -------
    allowed : bool
        False also where the classifier learned nothing that could be lost.
    plain, mirrored : float in [0, 1], the two accuracies
    """
    known, y_known, asked, y_asked = _halves(pictures, y, rng)
    if not len(known):
        return False, 0.0, 0.0
    classify = _linear_classifier(known.reshape(len(known), -1), y_known)
    plain = float(np.mean(classify(asked.reshape(len(asked), -1)) == y_asked))
    mirrored = float(np.mean(classify(asked[:, :, ::-1].reshape(len(asked), -1)) == y_asked))
    guessed = np.bincount(y_asked).max() / len(y_asked)
    learned = plain - guessed > 3 * np.sqrt(guessed * (1 - guessed) / len(y_asked))
    return bool(learned and mirrored - guessed >= KEPT * (plain - guessed)), plain, mirrored


def mirror_images_fit_in(pictures, y, rng):
    """Tell whether a classifier that also learns the mirror images still knows the pictures.

    A shoe whose toe is always on the left looks new in a mirror, but like no other thing. Arrows to the left and to the
    right are each other's mirror images: who learns these as well cannot tell the two any more. A linear classifier is
    tested as in `can_be_mirrored`, once trained without and once with mirror images. They fit in where it knows two
    thirds of what there is to know, keeps 95 % of this, and recognises no class more than 15 points less often.

    Parameters
    ----------
    pictures, y, rng : as in `can_be_mirrored`
    """
    known, y_known, asked, y_asked = _halves(pictures, y, rng)
    if not len(known):
        return False
    both = np.concatenate([known, known[:, :, ::-1]]), np.concatenate([y_known, y_known])
    without, beside = (
        _linear_classifier(X.reshape(len(X), -1), classes)(asked.reshape(len(asked), -1)) == y_asked
        for X, classes in ((known, y_known), both)
    )
    guessed = np.bincount(y_asked).max() / len(y_asked)
    n = np.maximum(1, np.bincount(y_asked))
    lost = (np.bincount(y_asked, without) - np.bincount(y_asked, beside)) / n
    knows = without.mean() - guessed
    return bool(knows > KNOWN * (1 - guessed) and beside.mean() - guessed >= KEPT_BESIDE * knows and lost.max() <= LOST)


def _halves(pictures, y, rng):
    """Return two halves of some pictures, reduced, and their classes: X, y, X, y."""
    chosen = rng.permutation(len(pictures))[:LOOKED_AT]
    half = len(chosen) // 2
    known, asked = chosen[:half], chosen[half:]
    return _shrink(pictures[known]), y[known], _shrink(pictures[asked]), y[asked]


def gradients_tell_more(pictures, y, rng):
    """Tell whether a picture's class is better seen in its gradients than in its pixels.

    A linear classifier learns from half of the pictures and is tested on the other half, once given their pixels and
    once their gradient features. Gradients tell more where they are right more often by more than two standard errors.

    Parameters
    ----------
    pictures : ndarray of uint8 [shape=(n, height, width, n_channels)]
    y : ndarray of int [shape=(n,)], their classes
    rng : numpy Generator, which parts the pictures

    Returns
    -------
    more : bool
    by_pixels, by_gradients : float in [0, 1], the two accuracies
    """
    by_pixels, by_gradients, error = _accuracies(
        _shrink(pictures).reshape(len(pictures), -1), gradient_features(pictures), y, rng
    )
    return bool(by_gradients - by_pixels > 2 * error), by_pixels, by_gradients


def drawings_tell_as_much(drawings, pictures, y, rng):
    """Tell whether a picture's class is seen as well in the drawing alone as in the whole picture.

    So it is where the place and the size of a drawing mean nothing, and its colour neither. A linear classifier is
    tested as in `gradients_tell_more`; drawings tell less where it is right less often by more than two standard
    errors.

    Parameters
    ----------
    drawings : ndarray of uint8 [shape=(n, height, width, 1)], scaled and centred
    pictures : ndarray of uint8 [shape=(n, height, width, n_channels)], as wholes
    y : ndarray of int [shape=(n,)], their classes
    rng : numpy Generator, which splits the pictures
    """
    alone, whole = (_shrink(X).reshape(len(X), -1) for X in (drawings, pictures))
    by_drawings, by_pictures, error = _accuracies(alone, whole, y, rng)
    return bool(by_drawings >= by_pictures - 2 * error)


def _accuracies(first, second, y, rng):
    """Return how often a linear classifier is right by either description of the same samples, and the second's error.

    It learns from one half of the samples and is tested on the other; the error is the standard error of its accuracy.
    """
    order = rng.permutation(len(y))
    known, asked = order[: len(order) // 2], order[len(order) // 2 :]
    if len(known) == 0:
        return 0.0, 0.0, 1.0
    by_first, by_second = (
        float(np.mean(_linear_classifier(X[known], y[known])(X[asked]) == y[asked])) for X in (first, second)
    )
    return by_first, by_second, float(np.sqrt(max(by_second * (1 - by_second), 0.25 / len(asked)) / len(asked)))


def _shrink(pictures, side=16):
    """Average over blocks of pixels, down to about 16 x 16, which is enough to tell left from right."""
    n, height, width, n_channels = pictures.shape
    k = max(1, min(height, width) // side)
    high, wide = height // k, width // k
    blocks = pictures[:, : high * k, : wide * k].reshape(n, high, k, wide, k, n_channels)
    return blocks.mean(axis=(2, 4), dtype=np.float32) / 255


def _linear_classifier(X, y, ridge=1e-2):
    """Return a function from rows to classes: least squares on indicators of the classes, with a ridge penalty.

    W = (X^T X + lambda I)^-1 X^T Y, lambda being a hundredth of the mean of X^T X's diagonal. Hoerl and Kennard 1970,
    https://doi.org/10.1080/00401706.1970.10488634
    """
    mean = X.mean(axis=0)
    X = X - mean
    gram = X.T @ X
    gram[np.diag_indices_from(gram)] += ridge * np.trace(gram) / len(gram) + 1e-6
    indicators = np.eye(y.max() + 1, dtype=X.dtype)[y]
    offset = indicators.mean(axis=0)
    W = np.linalg.solve(gram, X.T @ (indicators - offset))
    return lambda rows: ((rows - mean) @ W + offset).argmax(axis=1)


def evenness_of_edges(pictures, levels=EVEN):
    """Return the share of outermost pixels that are within some levels of their picture's median edge colour.

    Within a tenth of the range it is 1 for figures on an even ground; photographs that are filled to the edge come to a
    half or less. Within `FLAT` levels, a photograph of something before a wall does so, too: light falls off, and there
    is grain.

    Parameters
    ----------
    pictures : ndarray of uint8 [shape=(n, height, width, n_channels)]
    levels : int > 0
    """
    edge = _edge(pictures)
    return float(np.mean(np.abs(edge - _ground(pictures)[:, None]).max(axis=2) <= levels))


def dark_ground(pictures):
    """Return the share of pictures that stand on a ground darker than an eighth of the range, in every colour.

    Parameters
    ----------
    pictures : ndarray of uint8 [shape=(n, height, width, n_channels)]
    """
    return float(np.mean(_ground(pictures).max(axis=1) < 32))


def breadth_of_figures(pictures):
    """Return how broad the figures are, as a share of the picture's side: the median over the pictures.

    Along a line of pixels, brightness goes up and down again by what a figure stands out from the ground, at its two
    borders; so all that stands out, divided by half of all rise and fall, is the mean breadth of what is crossed. Of
    rows and columns, the one that finds them narrower counts. About an eighth for handwriting, more than a fifth for
    pictures of things.

    Parameters
    ----------
    pictures : ndarray of uint8 [shape=(n, height, width, n_channels)]
    """
    figure = np.abs(pictures - _ground(pictures)[:, None, None])
    padded = np.pad(figure, ((0, 0), (1, 1), (1, 1), (0, 0)))
    area = figure.sum(axis=(1, 2, 3))
    shares = [
        2 * area / np.maximum(np.abs(np.diff(padded, axis=axis)).sum(axis=(1, 2, 3)), 1) / pictures.shape[axis]
        for axis in (1, 2)
    ]
    there = area > 0
    return float(np.median(np.minimum(*shares)[there])) if there.any() else 0.0


def _edge(pictures):
    """Return the outermost pixels: float32 [shape=(n, n_pixels, n_channels)]."""
    sides = (pictures[:, 0], pictures[:, -1], pictures[:, :, 0], pictures[:, :, -1])
    return np.concatenate(sides, axis=1).astype(np.float32)


def _ground(pictures):
    """Return the colour of each picture's ground, estimated by the median of its edge: [shape=(n, n_channels)]."""
    return np.median(_edge(pictures), axis=1)
