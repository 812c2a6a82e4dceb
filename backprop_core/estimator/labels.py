"""Labels: from the classes that a user names to the targets that a loss compares with, and back.

Two classes need one output, which says how likely the second one is; more classes need an output each. Where a sample
may have several labels at once, each label is a yes or no of its own.
"""

import numpy as np
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.class_weight import compute_sample_weight


def label_binarizer_for(y):
    """Return scikit-learn's LabelBinarizer, fitted: it finds the classes, and refuses what is no label."""
    return LabelBinarizer().fit(y)


def out_activation_for(binarizer):
    """Return "softmax" for one class of several; "logistic" for one of two, and for any number of labels."""
    return "softmax" if binarizer.y_type_ == "multiclass" else "logistic"


def n_outputs_for(binarizer):
    """Return how many outputs tell these classes apart."""
    return 1 if binarizer.y_type_ == "binary" else len(binarizer.classes_)


def targets_of(binarizer, y, dtype):
    """Return what the loss compares the outputs with.

    Parameters
    ----------
    binarizer : LabelBinarizer, fitted
    y : ndarray or sparse matrix [shape=(n_samples,) or (n_samples, n_labels)], of classes that it knows
    dtype : numpy dtype of targets that are not class indices

    Returns
    -------
    target : int [shape=(n_samples,)] for "softmax", else of `dtype` [shape=(n_samples, n_outputs)]
    """
    if y.ndim == 2 or binarizer.y_type_.startswith("multilabel"):
        return binarizer.transform(y).astype(dtype)
    indices = np.searchsorted(binarizer.classes_, y)
    return indices if binarizer.y_type_ == "multiclass" else indices.astype(dtype).reshape(-1, 1)


def labels_of(binarizer, probabilities):
    """Return the most probable classes, or labels, for probabilities [shape=(n_samples, n_outputs)].

    Of several classes, anything that is in the order of their probabilities will do.
    """
    classes = binarizer.classes_
    if binarizer.y_type_ == "multiclass":
        return classes[probabilities.argmax(axis=1)]
    if binarizer.y_type_ == "binary":
        second = probabilities[:, 0] > 0.5
        return classes[np.minimum(second, len(classes) - 1).astype(np.intp)]
    return binarizer.inverse_transform(probabilities)


def accuracy(out_activation, probabilities, target, weights):
    """Return the share of rows, or of their weight, for which all is right: class, or every label."""
    if out_activation == "softmax":
        right = probabilities.argmax(axis=1) == target
    else:
        right = ((probabilities > 0.5) == (target > 0.5)).all(axis=1)
    return float(np.average(right, weights=weights))


def weights_with_classes(class_weight, y, sample_weight, classes, incremental):
    """Return how much each row counts, its class considered; None if all count the same.

    Raises ValueError if "balanced" is asked of partial_fit, which cannot know how many rows are still to come.
    """
    if class_weight is None:
        return sample_weight
    if class_weight == "balanced" and incremental:
        raise ValueError(
            "class_weight 'balanced' is not supported for partial_fit. In order to use 'balanced' weights, use "
            f"compute_class_weight('balanced', classes={classes!r}, y=y) with the y of the entire training set, and "
            "pass the result as class_weight, a dict"
        )
    weights = compute_sample_weight(class_weight, y)
    return weights if sample_weight is None else weights * sample_weight
