import numpy as np
import pytest

from backprop_core.architecture import multilayer_perceptron
from backprop_core.inspection.trace import trace_step
from backprop_core.inspection.trace_record import record_of
from backprop_core.network import Network
from pipelines.report.steps import stops

NETWORKS = [{}, {"normalization": "layer"}, {"normalization": "batch"}, {"residual": True, "normalization": "layer"}]


def explain(**settings):
    rng = np.random.default_rng(1)
    network = Network(multilayer_perceptron(5, [6, 6, 6], 3, **settings), rng, dtype=np.float64)
    trace = trace_step(network, rng.normal(size=(1, 5)), np.array([1]), 0.1)
    return {**record_of(trace, 2), "features": {str(i): f"row {i}" for i in range(5)}}


@pytest.mark.parametrize("settings", NETWORKS)
def test_every_layer_is_a_stop_and_all_blame_is_on_one(settings):
    found = stops(explain(**settings))
    assert sum(stop.blame for stop in found) == pytest.approx(1)
    assert len({stop.name for stop in found}) == len(found)
    assert all(stop.output is not None for stop in found)


@pytest.mark.parametrize("settings", NETWORKS)
def test_the_terms_of_a_dense_layer_add_up_to_what_it_gives(settings):
    dense = [stop for stop in stops(explain(**settings)) if stop.kind == "dense"]
    assert len(dense) == 4
    for lines in [stop.forward for stop in dense] + [stop.backward for stop in dense if stop.backward]:
        *terms, (what, _, total) = lines
        assert "sum" in what
        assert sum(value for _, _, value in terms) == pytest.approx(total, abs=1e-12)


@pytest.mark.parametrize("settings", NETWORKS)
def test_what_one_layer_gives_the_next_one_takes(settings):
    record = explain(**settings)
    for stop, layer in zip(stops(record), [layer for layer in record["layers"] if not layer["layers"]], strict=False):
        if stop.forward and not settings.get("residual"):
            assert stop.forward[-1][2] == layer["forward"]["y"]


def test_only_the_first_dense_layer_speaks_of_features():
    first, *others = [stop for stop in stops(explain()) if stop.kind == "dense"]
    assert any("row" in what for what, _, _ in first.forward)
    assert not any("row" in what for stop in others for what, _, _ in stop.forward)
