"""What tests of the diagnosis share: the small digits, prepared, and the probes of a small network on them."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines import datasets
from pipelines.diagnosis.probes import Probes
from pipelines.learning.preparation import prepare
from pipelines.learning.recipe import Recipe
from pipelines.learning.tasks.images import TASK as IMAGES


@pytest.fixture(scope="session")
def digits():
    """The small digits, prepared."""
    dataset = datasets.load("digits", "images")
    return prepare(dataset, IMAGES.extractor_for(dataset))


@pytest.fixture(scope="session")
def small(digits):
    """Probes of a network of 32 hidden units on 300 of the small digits."""
    role = digits.dataset.role.copy()
    role[digits.dataset.rows("train")[300:]] = "spare"
    few = replace(digits, dataset=replace(digits.dataset, role=role))
    return Probes(few, IMAGES.scaling(), Recipe(hidden=(32,), epochs=25, batch_size=32, learning_rate=5e-3), seed=3)


@pytest.fixture(scope="session")
def results(small):
    """What all probes of `small` found."""
    return {key: small.read(key, small.result(key)) for key in small.plan()}


@pytest.fixture
def rng():
    return np.random.default_rng(0)
