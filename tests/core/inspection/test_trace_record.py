"""The record of a trace: every number is the trace's, and the sums that are written out add up."""

import json

import numpy as np
import pytest

from backprop_core.architecture import multilayer_perceptron
from backprop_core.errors import BackpropError
from backprop_core.inspection.trace import trace_step
from backprop_core.inspection.trace_record import record_of
from backprop_core.layers import Dense
from backprop_core.network import Network
from backprop_core.normalization import BatchNorm

RATE = 0.05
every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def make_record(network, X, y, top=3, rate=RATE):
    trace = trace_step(network, X, y, rate)
    return trace, json.loads(json.dumps(record_of(trace, top), allow_nan=False))


def leaves(layers):
    for layer in layers:
        yield from leaves(layer["layers"]) if layer["layers"] else [layer]


def pairs(passages, layers):
    """Yield each passage with its layer's record, inner ones too."""
    for passage, layer in zip(passages, layers, strict=True):
        yield passage, layer
        yield from pairs(passage.inner, layer["layers"])


@every_dtype
def test_summaries_and_largest_numbers_are_those_of_what_passed(any_midway, dtype):
    trace, record = make_record(*any_midway(dtype))
    for passage, layer in pairs(trace.passages, record["layers"]):
        assert (layer["name"], layer["kind"]) == (passage.name, passage.layer.kind)
        for key, array in (("output", passage.y), ("output_error", passage.dy), ("input_error", passage.dx)):
            summary = layer[key]
            if array is None:
                assert summary is None
                continue
            assert summary["shape"] == list(array.shape)
            assert summary["min"] == array.min()
            assert summary["max"] == array.max()
            assert summary["n_zero"] == np.sum(array == 0)
            np.testing.assert_allclose(summary["norm"], np.linalg.norm(array), rtol=1e-6)
            units = [entry["unit"] for entry in summary["largest"]]
            assert [entry["value"] for entry in summary["largest"]] == array[0, units].tolist()
            rest = np.delete(np.abs(array[0]), units)
            assert not rest.size or rest.max() <= np.abs(array[0, units]).min(initial=np.inf)


def products(worked):
    return sum(term["value"] * term["weight"] for term in worked["terms"]) + worked["rest"]


def work_out_y(layer, pair, dtype):
    """What the numbers of a layer's "forward" come to, by the layer's formula."""
    f = layer["forward"]
    if layer["kind"] == "dense":
        return f["bias"] + products(f)
    if layer["kind"] == "activate":
        return pair.function(np.array([f["x"]], dtype), np.empty(1, dtype))[0]
    if layer["kind"] == "residual":
        return f["x"] + f["inner"]
    return f["gamma"] * (f["x"] - f["mean"]) / f["std"] + f["beta"]


def work_out_dx(layer):
    """What the numbers of a layer's "backward" come to, by the layer's formula."""
    b = layer["backward"]
    if layer["kind"] == "dense":
        return products(b)
    if layer["kind"] == "activate":
        return b["dy"] * b["slope"]
    if layer["kind"] == "residual":
        return b["dy"] + b["inner"]
    shift = b["mean_dxhat"] + b["xhat"] * b["mean_dxhat_xhat"] if layer["kind"] == "layer_norm" else 0
    return (b["dy"] * b["gamma"] - shift) / b["std"]


@every_dtype
def test_the_arithmetic_that_is_written_out_comes_to_what_the_layer_computed(any_midway, dtype):
    trace, record = make_record(*any_midway(dtype))
    close = {"rtol": 1e-12, "atol": 1e-14} if dtype == np.float64 else {"rtol": 2e-5, "atol": 2e-6}
    seen = set()
    for passage, layer in pairs(trace.passages, record["layers"]):
        if layer["forward"]:
            seen.add(layer["kind"])
            assert layer["forward"]["y"] == passage.y[0, layer["forward"]["unit"]]
            np.testing.assert_allclose(
                work_out_y(layer, getattr(passage.layer, "pair", None), dtype), layer["forward"]["y"], **close
            )
        if layer["backward"]:
            assert layer["backward"]["dx"] == passage.dx[0, layer["backward"]["unit"]]
            np.testing.assert_allclose(work_out_dx(layer), layer["backward"]["dx"], **close)
    assert "dense" in seen


def test_the_rest_of_a_sum_is_what_the_terms_that_are_not_told_add(midway):
    trace, record = make_record(*midway("plain"), top=2)
    for passage, layer in zip(trace.passages, record["layers"], strict=True):
        if layer["kind"] == "dense":
            told, j = [term["unit"] for term in layer["forward"]["terms"]], layer["unit"]
            products = passage.x[0] * passage.params["W"][:, j]
            assert layer["forward"]["n_rest"] == len(products) - 2
            np.testing.assert_allclose(layer["forward"]["rest"], np.delete(products, told).sum(), atol=1e-12)


def test_the_units_worked_out_are_one_path_there_and_back(any_midway):
    _, record = make_record(*any_midway())
    followed = None
    for layer in leaves(record["layers"]):
        if layer["kind"] == "dense":
            assert layer["unit"] == layer["output_error"]["largest"][0]["unit"]
        else:
            assert layer["unit"] == followed
        assert layer["forward"] is None or layer["forward"]["unit"] == layer["unit"]
        assert layer["backward"] is None or layer["backward"]["unit"] == followed
        followed = layer["unit"]
    assert followed is not None


@every_dtype
def test_a_weight_is_blamed_for_what_came_in_times_the_error_it_fed(any_midway, dtype):
    trace, record = make_record(*any_midway(dtype))
    leaf = {passage.name: passage for passage in trace.leaves()}
    entries = [entry for parameter in record["parameters"] for entry in parameter["largest"]]
    assert entries
    for entry in entries:
        passage, parameter = leaf[entry["layer"]], entry["parameter"]
        place = (entry["to"],) if entry["from"] is None else (entry["from"], entry["to"])
        for key, arrays in (("weight", "params"), ("gradient", "grads"), ("update", "updates"), ("after", "after")):
            assert entry[key] == getattr(passage, arrays)[parameter][place]
        met = 1 if entry["input"] is None else entry["input"]
        assert (entry["input"] is None) == (parameter in ("b", "beta"))
        np.testing.assert_allclose(met * entry["error"], entry["gradient"], rtol=1e-5, atol=1e-7)


def test_the_shares_of_all_parameters_are_the_whole_blame(any_midway):
    trace, record = make_record(*any_midway())
    np.testing.assert_allclose(sum(parameter["share"] for parameter in record["parameters"]), 1, rtol=1e-12)
    np.testing.assert_allclose(record["gradient_norm"] ** 2, trace.squared_norm, rtol=1e-12)
    assert record["n_parameters"] == sum(array.size for p in trace.leaves() for array in p.params.values())
    blamed = max(abs(gradient).max() for p in trace.leaves() for gradient in p.grads.values())
    assert abs(record["blame"][0]["gradient"]) == blamed
    sizes = [abs(entry["gradient"]) for entry in record["blame"]]
    assert sizes == sorted(sizes, reverse=True)


@every_dtype
def test_classes_have_their_numbers_before_the_step_and_after(midway, dtype):
    trace, record = make_record(*midway("plain", dtype))
    for key, array in (("logit", "logits"), ("probability", "probabilities"), ("error", "dlogits")):
        assert [entry[key] for entry in record["classes"]] == getattr(trace, array)[0].tolist()
    assert [entry["probability_after"] for entry in record["classes"]] == trace.probabilities_after[0].tolist()
    for entry in record["classes"]:
        np.testing.assert_allclose(entry["probability"] - entry["target"], entry["error"], atol=1e-6)
    assert [entry["target"] for entry in record["classes"]].index(1) == trace.target[0]


@pytest.mark.parametrize("top", [1, 4, 100])
def test_as_many_numbers_are_told_as_are_asked_for_and_there(midway, top):
    _, record = make_record(*midway("layer norm, residual"), top=top)
    assert len(record["blame"]) == min(top, len(record["blame"]))
    assert len(record["input"]["largest"]) == min(top, 4)
    for layer in leaves(record["layers"]):
        assert len(layer["output"]["largest"]) <= top
        if layer["kind"] == "dense":
            n_in = layer["shape_in"][1]
            assert len(layer["forward"]["terms"]) == min(top, n_in)
            assert layer["forward"]["n_rest"] == n_in - len(layer["forward"]["terms"])


def test_a_step_beyond_all_numbers_leaves_nothing_in_the_record_that_json_does_not_know(midway):
    trace, record = make_record(*midway("plain", np.float32), rate=1e300)
    assert not np.isfinite(trace.loss_after)
    assert record["loss_after"] is None


def test_a_sample_that_teaches_nothing_blames_nobody():
    network = Network(multilayer_perceptron(4, [6], 1, "tanh"), np.random.default_rng(0), dtype=np.float64)
    record = record_of(trace_step(network, np.ones((1, 4)), np.array([0]), RATE))
    assert record["loss"] == record["loss_after"] == record["gradient_norm"] == 0
    assert record["blame"] == []
    assert {parameter["share"] for parameter in record["parameters"]} == {0.0}


def test_a_network_that_begins_with_normalisation_has_nothing_worked_out_there():
    network = Network([BatchNorm(4), Dense(4, 3)], np.random.default_rng(0), dtype=np.float64)
    record = record_of(trace_step(network, np.ones((1, 4)), np.array([0]), RATE))
    assert record["layers"][0]["forward"] is None
    assert record["layers"][0]["parameters"][0]["largest"]
    assert record["layers"][1]["backward"] is None


def test_ties_are_told_in_order():
    network = Network([Dense(4, 3)], np.random.default_rng(0), dtype=np.float64)
    record = record_of(trace_step(network, np.ones((1, 4)), np.array([0]), RATE), top=2)
    assert [entry["unit"] for entry in record["input"]["largest"]] == [0, 1]


def test_several_rows_have_no_record(midway):
    with pytest.raises(BackpropError, match="5 rows"):
        record_of(trace_step(*midway("plain", n=5), RATE))
