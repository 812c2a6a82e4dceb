"""What a notebook shows of networks and histories."""

import copy
import pickle
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from backprop_core import History, MLPClassifier, Network, multilayer_perceptron
from backprop_core.activations import ACTIVATIONS, Activation
from backprop_core.notebook import MOST_ROWS, table

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def cells(html):
    """Return the texts of a table's body, row by row; fails where this is no well-formed table."""
    return [["".join(cell.itertext()) for cell in row] for row in ElementTree.fromstring(html).iter("tr")][1:]


def test_a_network_shows_its_layers_and_counts_its_parameters():
    network = Network(multilayer_perceptron(4, [6, 6], 3, residual=True), np.random.default_rng(0))
    shown = cells(network._repr_html_())
    assert [row[1] for row in shown] == ["dense", "activate", "residual", "dense"]
    assert sum(int(row[3].replace(",", "")) for row in shown) == network.params.flat.size
    assert str(network.params.flat.size) in repr(network)


def test_names_of_strangers_are_text():
    strange = Activation("<script>", ACTIVATIONS["tanh"].function, ACTIVATIONS["tanh"].derivative)
    network = Network(multilayer_perceptron(4, [6], 3, strange), np.random.default_rng(0))
    assert "<script>" not in network._repr_html_()
    assert cells(table(["a"], [["<b>"], [None]])) == [["<b>"], [""]]


def test_an_estimators_history_is_a_list_that_shows_itself_as_a_table():
    X = np.random.default_rng(0).normal(size=(40, 3))
    y = (X[:, 0] > 0).astype(int)
    model = MLPClassifier((4,), max_iter=50, random_state=0).fit(X, y, validation_data=(X, y))
    shown = cells(model.history_._repr_html_())
    assert len(shown) == MOST_ROWS
    assert (shown[0][0], shown[-1][0]) == ("1", "50")
    assert isinstance(model.history_, list)
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert again.history_ == model.history_
        assert again.history_._repr_html_() == model.history_._repr_html_()


def test_a_history_without_epochs_says_so():
    assert History()._repr_html_() == "<p>no epoch yet</p>"
    entry = {"epoch": 1, "train": {"loss": 0.5}, "valid": {"loss": 0.25}, "learning_rate": 0.1, "seconds": 2.0}
    assert cells(History([entry])._repr_html_()) == [["1", "0.5", "0.25", "0.1", "2"]]
