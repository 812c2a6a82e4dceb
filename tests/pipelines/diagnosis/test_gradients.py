import functools
import json

import numpy as np
import pytest

from backprop_core.architecture import multilayer_perceptron
from backprop_core.errors import DivergedError
from backprop_core.health import Health
from backprop_core.network import Network
from backprop_core.optimizers import SGD, Adam
from backprop_core.training import Trainer
from pipelines.diagnosis.finding import FINE, PROBLEM, UNCERTAIN, Kind
from pipelines.diagnosis.gradients import CHECKS, findings
from pipelines.diagnosis.thresholds import GRADIENT_THRESHOLDS
from pipelines.learning import tasks
from pipelines.learning.recipe import Recipe

VANISHING, EXPLODING, DEAD, SATURATED, STEP = Kind.VANISHING, Kind.EXPLODING, Kind.DEAD, Kind.SATURATED, Kind.STEP_SIZE


@pytest.fixture(scope="module")
def digits():
    """The small digits of scikit-learn, standardised, as training and validation rows."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    X = ((X - X.mean(axis=0)) / X.std()).astype(np.float32)
    return X[:1400], y[:1400], X[1400:], y[1400:]


def weights_of(network):
    return [values for views in network.params.views for values in views.values() if values.ndim == 2]


def spread(sd):
    """What starts a network from weights of this spread, whatever the layer's width."""

    def start(network):
        rng = np.random.default_rng(1)
        for W in weights_of(network):
            W[...] = rng.normal(0, sd, W.shape)

    return start


def far_below_zero(network):
    """Give every hidden unit a bias that no input makes up for."""
    for views in network.params.views:
        for values in views.values():
            if values.ndim == 1 and len(values) > 10:
                values[...] = -20


def train(digits, depth, activation, start=None, optimizer=None, rate=2e-3, epochs=8, schedule="constant", **layers):
    """Return the entries and the description of a network of this depth, trained for a few epochs."""
    trainings = {key: layers.pop(key) for key in ("clip_norm", "average") if key in layers}
    rng = np.random.default_rng(0)
    network = Network(multilayer_perceptron(64, [48] * depth, 10, activation, **layers), rng)
    if start:
        start(network)
    trainer = Trainer(
        network,
        optimizer or Adam(),
        learning_rate=rate,
        schedule=schedule,
        epochs=epochs,
        batch_size=64,
        health=Health(),
        **trainings,
    )
    state = trainer.start(rng)
    try:
        trainer.fit(*digits, state)
    except DivergedError as error:
        return error.entries, network.describe()
    return state.history.entries, network.describe()


def problems(found):
    return [finding.name for finding in found if finding.verdict == PROBLEM]


HEALTHY = {
    "2 relu": (2, "relu", {}),
    "2 tanh": (2, "tanh", {}),
    "2 logistic": (2, "logistic", {"rate": 1e-2}),
    "2 relu, plain descent": (2, "relu", {"optimizer": SGD(0.9), "rate": 0.05}),
    "2 gelu, as the presets have it": (2, "gelu", {"normalization": "layer", "schedule": "one_cycle"}),
    "1 epoch": (2, "relu", {"epochs": 1}),
    "10 relu": (10, "relu", {"rate": 1e-3}),
    "30 relu": (30, "relu", {"rate": 3e-4}),
    "30 relu, layer normalisation": (30, "relu", {"normalization": "layer", "rate": 1e-3}),
    "30 gelu, layer normalisation, residual": (30, "gelu", {"normalization": "layer", "residual": True}),
    "30 relu, batch normalisation, residual": (30, "relu", {"normalization": "batch", "residual": True}),
    "no hidden layer": (0, "relu", {}),
}


@pytest.mark.parametrize("name", HEALTHY)
def test_no_healthy_network_is_called_ill(digits, name):
    depth, activation, settings = HEALTHY[name]
    entries, description = train(digits, depth, activation, **settings)
    found = findings(entries, description)
    assert {finding.name: finding.verdict for finding in found} == dict.fromkeys(CHECKS, FINE), found


ILL = {
    "10 logistic layers": (10, "logistic", {}, [VANISHING]),
    "30 logistic layers": (30, "logistic", {}, [VANISHING]),
    "30 logistic layers, plain descent": (30, "logistic", {"optimizer": SGD(0.9), "rate": 0.05}, [VANISHING]),
    "4 logistic layers, small weights": (4, "logistic", {"start": spread(0.01)}, [VANISHING]),
    "30 tanh layers, small weights": (30, "tanh", {"start": spread(0.05)}, [VANISHING]),
    "2 layers, small weights": (2, "relu", {"start": spread(1e-5), "optimizer": SGD(0.0), "rate": 0.01}, [VANISHING]),
    "2 relu layers, a huge rate": (2, "relu", {"optimizer": SGD(0.9), "rate": 5.0}, [EXPLODING, STEP]),
    "30 relu layers, a large rate": (30, "relu", {"optimizer": SGD(0.9), "rate": 0.5}, [EXPLODING]),
    "30 relu layers, large weights": (30, "relu", {"start": spread(0.5)}, [EXPLODING]),
    "30 relu layers, large weights, clipped": (30, "relu", {"start": spread(0.5), "clip_norm": 5.0}, [EXPLODING]),
    "2 relu layers far below zero": (2, "relu", {"start": far_below_zero}, [DEAD]),
    "30 relu layers far below zero": (30, "relu", {"start": far_below_zero}, [DEAD]),
    "2 gelu layers far below zero": (2, "gelu", {"start": far_below_zero}, [DEAD]),
    "2 relu layers killed by long steps": (2, "relu", {"optimizer": SGD(0.9), "rate": 1.0}, [DEAD, STEP]),
    "2 tanh layers, large weights": (2, "tanh", {"start": spread(3.0)}, [SATURATED]),
    "2 logistic layers, large weights": (2, "logistic", {"start": spread(3.0)}, [SATURATED]),
    "2 layers, short steps": (2, "relu", {"optimizer": SGD(0.0), "rate": 1e-5}, [STEP]),
    "2 layers, short steps of Adam": (2, "relu", {"rate": 1e-7}, [STEP]),
}


@pytest.fixture(scope="module")
def found_in(digits):
    """What was found in an ill network, by its name: each is trained once."""

    @functools.cache
    def examine(name):
        depth, activation, settings, _ = ILL[name]
        return findings(*train(digits, depth, activation, **settings))

    return examine


@pytest.mark.parametrize("name", ILL)
def test_what_ails_a_network_is_named(found_in, name):
    found, expected = found_in(name), ILL[name][-1]
    assert set(expected) <= set(problems(found)), found
    # What is too faint cannot be too loud; one illness may well bring on another.
    assert not {VANISHING, EXPLODING} <= set(problems(found)), found
    for finding in found:
        json.dumps(finding.record(), allow_nan=False)
        assert finding.evidence
        assert bool(finding.changes) == (finding.verdict == PROBLEM)


# No recipe chooses the weights to start from, and one change of the rate is not enough for steps far too short.
CURABLE = [name for name, (_, _, settings, _) in ILL.items() if "start" not in settings and "short steps" not in name]


@pytest.mark.parametrize("name", CURABLE)
def test_the_changes_are_recipe_entries_that_cure(digits, found_in, name):
    depth, activation, settings, expected = ILL[name]
    settings = dict(settings)
    changes = {key: value for finding in found_in(name) for key, value in finding.changes.items()}
    assert changes
    recipe = Recipe(hidden=(48,) * depth, epochs=1).replace(changes)
    for name in changes.keys() & {"normalization", "residual", "clip_norm"}:
        settings[name] = getattr(recipe, name)
    settings["rate"] = changes.get("learning_rate", settings.get("rate", 2e-3))
    cured = findings(*train(digits, depth, changes.get("activation", activation), **settings))
    assert not set(problems(cured)) & set(expected), cured


def test_steps_that_are_too_short_become_long_enough_when_the_advice_is_followed_again_and_again(digits):
    rate = 1e-7
    for _ in range(6):
        found = findings(*train(digits, 2, "relu", rate=rate))
        if not problems(found):
            break
        rate = found[list(CHECKS).index(STEP)].changes["learning_rate"]
    assert not problems(found)
    assert 1e-6 < rate < 1e-2


def test_a_dead_layer_is_not_mistaken_for_a_fading_gradient(digits):
    entries, description = train(digits, 30, "relu", start=far_below_zero)
    found = findings(entries, description)
    assert found[0].verdict == UNCERTAIN
    assert found[0].evidence["blocked_by"] == found[2].evidence["hidden_layer"] == 1


def test_without_health_nothing_is_claimed():
    entries = [{"epoch": 1, "learning_rate": 0.1, "clip_rate": 0.0, "train": {"loss": 1.0, "accuracy": 0.5}}]
    for history in ([], entries):
        assert [finding.verdict for finding in findings(history, [])] == [UNCERTAIN] * len(CHECKS)


def test_every_threshold_is_used_and_has_a_reason():
    from pathlib import Path

    from pipelines.diagnosis import gradients

    source = Path(gradients.__file__).read_text()
    for name, threshold in GRADIENT_THRESHOLDS.items():
        assert f'LIMITS["{name}"]' in source
        assert threshold.value > 0
        assert threshold.why.endswith(".")


@pytest.mark.parametrize("model", ["images_training", "speech_training"])
def test_a_model_file_carries_the_health_of_its_training_and_the_presets_are_healthy(model, request):
    from pipelines.models import bundle

    path = request.getfixturevalue(model).json["model"]
    loaded = bundle.load(path)
    assert loaded.task is tasks.find(model.removesuffix("_training"))
    found = findings(loaded.provenance["history"], loaded.network.describe())
    assert [finding.verdict for finding in found] == [FINE] * len(CHECKS), found
