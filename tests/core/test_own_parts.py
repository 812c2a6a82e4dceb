"""A part of one's own: written in one file and registered with one line, it is found by everything that uses parts."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from backprop_core import (
    Dense,
    MLPClassifier,
    MLPRegressor,
    Network,
    SoftmaxCrossEntropy,
    Trainer,
    check_gradients,
    multilayer_perceptron,
    trace_step,
)
from backprop_core.inspection.gradcheck import verdict
from backprop_core.inspection.trace_record import record_of
from backprop_core.worked_example import rows
from pipelines.learning.recipe import Recipe

spec = importlib.util.spec_from_file_location("own_parts", Path(__file__).with_name("own_parts.py"))
own = importlib.util.module_from_spec(spec)
spec.loader.exec_module(own)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = np.random.default_rng(0).normal(size=(80, 4))
Y = (X[:, 0] > X[:, 1]).astype(int)


@pytest.fixture(autouse=True)
def registered():
    for name, (registry, part) in own.PARTS.items():
        registry[name] = part
    yield
    for name, (registry, _) in own.PARTS.items():
        del registry[name]


def network():
    layers = [Dense(4, 6), own.Scale.sample(6), *multilayer_perceptron(6, [5], 2, "square")]
    return Network(layers, np.random.default_rng(0), dtype=np.float64)


def test_an_own_layer_learns_and_is_built_again_from_its_description():
    net, rng = network(), np.random.default_rng(1)
    trainer = Trainer(net, own.SignDescent(), learning_rate=0.01, schedule="halving", epochs=30, batch_size=16)
    trainer.fit(X, Y, X, Y, rng=rng)
    assert np.mean(net.logits(X).argmax(axis=1) == Y) > 0.9
    again = Network.from_description(json.loads(json.dumps(net.describe())), np.float64)
    again.restore(net.snapshot())
    np.testing.assert_array_equal(again.logits(X), net.logits(X))
    net.compile()
    np.testing.assert_allclose(net.logits(X), again.logits(X))


def test_the_gradient_check_finds_nothing_wrong_with_own_parts():
    records = check_gradients(network(), SoftmaxCrossEntropy(), X[:5], Y[:5], np.random.default_rng(0))
    assert {record["layer"] for record in records} >= {"1 scale"}
    assert {verdict(record) for record in records} == {"ok"}
    for loss, targets in own.LogCosh.samples().values():
        net = Network(multilayer_perceptron(4, [5], 3, "tanh"), np.random.default_rng(0), dtype=np.float64)
        target = targets(np.random.default_rng(1), 5, 3)
        assert {verdict(each) for each in check_gradients(net, loss, X[:5], target, np.random.default_rng(0))} == {"ok"}


def test_a_trace_works_out_a_unit_of_an_own_layer():
    record = record_of(trace_step(network(), X[:1], Y[:1], 0.1))
    layer = record["layers"][1]
    assert layer["forward"]["y"] == pytest.approx(layer["forward"]["g"] * layer["forward"]["x"])
    assert layer["backward"]["dx"] == pytest.approx(layer["backward"]["dy"] * layer["backward"]["g"])
    (row,) = rows(own.Scale.words.worked_forward, layer["forward"], "{:.2f}".format)
    unit = layer["unit"]
    assert row.formula == f"y_{unit} = g_{unit} x_{unit}"
    assert row.numbers == f"1.00 * {layer['forward']['x']:.2f}"
    entry = next(each for each in record["parameters"] if each["name"] == "g")["largest"][0]
    assert entry["gradient"] == pytest.approx(entry["input"] * entry["error"])


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_the_estimators_know_own_parts_by_name(kind):
    own_loss = {"loss": "log_cosh"} if kind is MLPRegressor else {}
    settings = {"solver": "sign", "activation": "square", "learning_rate": "halving", **own_loss}
    model = kind(hidden_layer_sizes=(6,), max_iter=40, learning_rate_init=0.005, random_state=0, **settings).fit(X, Y)
    assert model.loss_curve_[-1] < 0.9 * model.loss_curve_[0]


def test_a_recipe_takes_own_parts_by_name():
    recipe = Recipe((8,), 5, activation="square", optimizer="sign", schedule="halving")
    assert (recipe.activation, recipe.optimizer, recipe.schedule) == ("square", "sign", "halving")
    with pytest.raises(Exception, match="sing"):
        Recipe((8,), 5, optimizer="sing")
