"""A trace as text: every number in it is the record's, it fits a terminal, and strangers' names do it no harm."""

import math
import re

import numpy as np
import pytest

from backprop_core.architecture import LAYERS, multilayer_perceptron
from backprop_core.layers import UNTOLD, Activate
from backprop_core.network import Network
from backprop_core.worked_example import Line, Words
from pipelines.cli.trace import trace_text
from pipelines.models import bundle
from pipelines.models.explanation import explain_row

NUMBER = re.compile(r"(?<![\w.\[])-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]\d+)?(?: %)?")


@pytest.fixture(scope="module")
def model(images_model):
    """A bundle with every kind of layer that prints its own way."""
    loaded = bundle.load(images_model)
    settings = {"dropout": 0.2, "input_dropout": 0.1, "normalization": "layer", "residual": True, "input_noise": 0.1}
    layers = multilayer_perceptron(64, [12, 12], 10, "gelu", **settings)
    layers[-1:-1] = multilayer_perceptron(12, [12], 10, "relu", normalization="batch")[:3]
    loaded.network = Network(layers, np.random.default_rng(0))
    loaded.network.statistics.flat += 0.5
    return loaded


def explain(model, **settings):
    record = explain_row(model, model.golden_row, "4", **settings)
    return {"path": "a.png", "label_from": "option", **record}


@pytest.fixture(scope="module")
def record(model):
    return explain(model)


def numbers_in(value):
    """Yield every number of a record, wherever it is."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from numbers_in(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def test_every_number_that_is_printed_is_in_the_record(record):
    body = trace_text({**record, "features": {}}, "m").split("Forward: ")[1]
    known = set()
    for value in numbers_in(record):
        known |= {f"{value:.4g}", f"{abs(value):.4g}", f"{100 * value:.2f} %", f"{value:,}"}
    known.add(f"{record['loss_after'] - record['loss']:.4g}")
    known |= {f"{math.prod(parameter['shape']):,}" for parameter in record["parameters"]}
    names = {parameter["layer"] for parameter in record["parameters"]}
    unknown = []
    for line in body.splitlines():
        if line.startswith("layer ") or "more classes share" in line:  # names and shapes; a remainder
            continue
        unknown += [number for number in NUMBER.findall(line) if number not in known | names]
    assert unknown == []


@pytest.mark.parametrize("top", [1, 3, 20])
def test_no_line_is_wider_than_a_hundred(model, top):
    assert max(map(len, trace_text(explain(model, top=top), "m").splitlines())) <= 100


def test_the_four_parts_come_in_their_order_and_every_layer_twice(record):
    text = trace_text(record, "m")
    heads = ["Forward: ", "Error: ", "Backward: ", "Update: "]
    places = [text.index(f"\n{head}") for head in heads]
    assert places == sorted(places)
    forward, backward = text[places[0] : places[1]], text[places[2] : places[3]]
    names = [layer["name"] for layer in record["layers"]]
    for part, order in ((forward, names), (backward, names[::-1])):
        titles = re.findall(r"^layer (\d+), (?!.*: the sum)", part, re.MULTILINE)
        assert titles == order


def test_the_loss_and_the_probability_are_told_before_and_after(record):
    last = trace_text(record, "m").splitlines()[-2:]
    assert f"{record['loss']:.4g} before, {record['loss_after']:.4g} after" in last[0]
    assert last[1].startswith("p(4) ")


def test_a_step_that_was_too_long_is_called_so(record):
    assert "The loss rose" not in trace_text(record, "m")
    assert "The loss rose" in trace_text({**record, "loss_after": record["loss"] + 1e-3}, "m")
    assert "overflowed" in trace_text({**record, "loss_after": None}, "m")


@pytest.mark.parametrize("kind", sorted(LAYERS))
def test_every_kind_of_layer_says_what_it_does_and_how(kind):
    words = LAYERS[kind].words
    assert words is not UNTOLD
    assert words.does
    assert words.forward.startswith("y = ")
    assert bool(words.worked_forward) is bool(words.worked_backward) is not LAYERS[kind].only_in_training


def test_a_layer_of_ones_own_is_explained_in_its_own_words(record, monkeypatch):
    class Halve(Activate):
        kind = "halve"
        words = Words(
            "halves each number", "y = x / 2", "dx = dy / 2", (Line("y_{unit} = x_{unit} / 2", "{x} / 2", "y"),)
        )

    monkeypatch.setitem(LAYERS, "halve", Halve)
    layer = next(layer for layer in record["layers"] if layer["kind"] == "activate")
    text = trace_text({**record, "layers": [{**layer, "kind": "halve", "settings": {}}]}, "m")
    assert "y = x / 2: halves each number" in text
    j = layer["unit"]
    assert f"y_{j} = x_{j} / 2 = {layer['forward']['x']:.4g} / 2 = {layer['forward']['y']:.4g}" in text


def test_names_of_strangers_print_as_letters_in_a_line_of_bounded_length(record):
    odd = "\x1b[2J\n" + "x" * 300
    classes = [{**entry, "label": odd} for entry in record["classes"]]
    strange = {**record, "label": odd, "answer": {**record["answer"], "label": odd}, "classes": classes}
    text = trace_text(strange, "m")
    assert "\x1b" not in text
    assert len(text.splitlines()) == len(trace_text(record, "m").splitlines())
    assert max(map(len, text.splitlines())) <= 100
    assert "\x1b" not in trace_text({**record, "path": odd}, odd)


def test_what_teaches_nothing_is_told_in_a_sentence(record):
    assert "nothing to learn" in trace_text({**record, "blame": []}, "m")
