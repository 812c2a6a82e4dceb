"""The temperature is fitted to what the augmentation calls as hard as strangers' samples, and to how it hesitates."""

from dataclasses import replace

import numpy as np
import pytest

from backprop_core.calibration import fit_temperature
from pipelines import datasets
from pipelines.learning.fitting import fit
from pipelines.learning.preparation import prepare
from pipelines.learning.tasks.images import TASK as IMAGES


class Hard:
    """Leaves batches as they are, and asks the network about every other validation row."""

    def __init__(self, hesitation):
        self.hesitation = hesitation

    def batches(self, prepared, features, batch_size, progress, rng):
        stored, y = prepared.rows("train")
        for start in range(0, len(y), batch_size):
            yield features(stored[start : start + batch_size]), y[start : start + batch_size]

    def calibrating(self, prepared):
        stored, y = prepared.rows("valid")
        return prepared.extractor.to_features(stored[::2]), y[::2]


@pytest.fixture(scope="module")
def prepared():
    dataset = datasets.load("digits", "images")
    return prepare(dataset, IMAGES.extractor_for(dataset))


def temperature(prepared, hesitation):
    recipe = IMAGES.presets["fast"].replace({"epochs": 3, "hidden": (16,)})
    return fit(replace(prepared, augmentation=Hard(hesitation)), IMAGES.scaling(), recipe, 0, 1)


def test_the_temperature_is_that_of_the_hard_rows(prepared):
    fitted = temperature(prepared, 1.0)
    X, y = Hard(1.0).calibrating(prepared)
    logits = fitted.network.logits(fitted.standardizer.transform(X))
    assert fitted.temperature == fit_temperature(logits, y)
    assert fitted.temperature != fit_temperature(fitted.logits["valid"], prepared.rows("valid")[1])


def test_who_hesitates_twice_as_much_is_believed_at_half_the_temperature(prepared):
    assert temperature(prepared, 2.0).temperature == pytest.approx(temperature(prepared, 1.0).temperature / 2)
    assert np.isfinite(temperature(prepared, 2.0).threshold)
