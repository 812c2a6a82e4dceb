"""A training that goes on from a model begins with what that knows, and leaves it as it is."""

import numpy as np
import pytest

from backprop_core import Network, multilayer_perceptron
from backprop_core.scaling import Standardizer
from pipelines.errors import UsageError
from pipelines.learning.beginning import Beginning
from pipelines.learning.tasks.images import TASK

X = np.random.default_rng(3).normal(size=(20, 6)).astype(np.float32)


def network(labels, hidden=(8, 5), seed=0, **options):
    return Network(multilayer_perceptron(6, hidden, len(labels), **options), np.random.default_rng(seed))


def beginning(labels, **options):
    taught = network(labels, **options)
    return Beginning("m.safetensors", labels, taught, Standardizer(), {"hidden": [8, 5]}, "abc", "pets")


@pytest.mark.parametrize("normalization", [None, "batch"])
def test_classes_of_the_same_name_keep_their_logits_in_any_order(normalization):
    old, labels = beginning(("a", "b", "c"), normalization=normalization), ("c", "new", "a")
    new = network(labels, seed=1, normalization=normalization)
    before = old.network.logits(X).copy()
    old.write_into(new, labels)
    logits = new.logits(X).copy()
    np.testing.assert_allclose(logits[:, [2, 0]], before[:, [0, 2]], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(logits[:, 1], before.mean(axis=1), rtol=1e-4, atol=1e-5)


def test_the_model_does_not_change_with_the_network_that_goes_on():
    old, new = beginning(("a", "b")), network(("a", "b"), seed=1)
    kept = old.network.params.flat.copy()
    old.write_into(new, ("a", "b"))
    new.params.flat[...] += 1
    np.testing.assert_array_equal(old.network.params.flat, kept)


def test_a_network_of_other_widths_is_refused():
    with pytest.raises(UsageError, match=r"m\.safetensors: has layers of other widths"):
        beginning(("a", "b")).write_into(network(("a", "b"), hidden=(7,)), ("a", "b"))


def test_the_recipe_takes_over_the_architecture_and_nothing_else():
    recipe = TASK.recipe("fast", changes={"epochs": 3})
    suited = beginning(("a", "b")).apply_to(recipe)
    assert suited.hidden == (8, 5)
    assert suited.epochs == 3
    assert suited.replace({"hidden": recipe.hidden}) == recipe


def test_the_note_names_what_is_new_and_what_is_left_out():
    note = beginning(("a", "b")).note(("b", "c"))
    assert "1 of 2 classes" in note
    assert "new to it: c" in note
    assert "a" in note.split("left out")[1]
