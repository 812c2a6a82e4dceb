import numpy as np
import pytest

from backprop_core.architecture import multilayer_perceptron
from backprop_core.errors import BackpropError, DivergedError
from backprop_core.losses import SoftmaxCrossEntropy
from backprop_core.network import Network
from backprop_core.optimizers import SGD, Adam
from backprop_core.step import Step, add_penalty

RATE = 0.1


def network(dtype=np.float64, seed=0, **settings):
    return Network(multilayer_perceptron(5, (6,), 3, **settings), np.random.default_rng(seed), dtype=dtype)


def batch(n=8, dtype=np.float64, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 5)).astype(dtype), rng.integers(0, 3, n)


def one_step(net, optimizer=None, weights=None, rows=None, rate=RATE, **additions):
    """The parameters before and after a step, its loss, and the Step."""
    optimizer = optimizer or SGD(0)
    step = Step(net, optimizer, SoftmaxCrossEntropy(), **additions)
    memory = optimizer.init(net.params.flat.size, net.dtype)
    before = net.params.flat.copy()
    loss = step(*(rows or batch(dtype=net.dtype)), rate, memory, np.random.default_rng(2), weights)
    return before, net.params.flat.copy(), loss, step


def loss_at(net, params, X, y, alpha=0.0, l1=0.0, weights=None):
    """The loss with the penalties as scikit-learn defines them, from forward passes alone."""
    net.params.flat[...] = params
    W = params[: net.params.n_weights]
    n = len(X) if weights is None else weights.sum()
    penalty = (alpha / 2 * (W @ W) + l1 * np.abs(W).sum()) / n
    return SoftmaxCrossEntropy().loss(net.forward(X)[0].copy(), y, weights) + penalty


@pytest.mark.parametrize("penalties", [{}, {"alpha": 0.7}, {"l1": 0.3}, {"alpha": 0.7, "l1": 0.3}])
@pytest.mark.parametrize("weights", [None, np.linspace(0, 2, 8)])
def test_a_plain_step_goes_down_the_slope_of_the_loss_with_its_penalties(penalties, weights):
    net = network(activation="tanh")
    X, y = batch()
    before, after, loss, _ = one_step(net, weights=weights, **penalties)
    assert loss == pytest.approx(loss_at(net, before, X, y, weights=weights, **penalties))
    for i in np.random.default_rng(0).permutation(before.size)[:12]:
        up, down = before.copy(), before.copy()
        up[i] += 1e-5
        down[i] -= 1e-5
        slope = loss_at(net, up, X, y, weights=weights, **penalties)
        slope -= loss_at(net, down, X, y, weights=weights, **penalties)
        assert (before - after)[i] / RATE == pytest.approx(slope / 2e-5, rel=1e-5, abs=1e-8)


def test_a_short_enough_step_lowers_the_loss():
    net, rows = network(), batch()
    _, after, loss, _ = one_step(net, rows=rows, rate=0.01)
    assert loss_at(net, after, *rows) < loss


def test_a_row_of_weight_two_counts_as_two_rows():
    X, y = batch()
    weights = np.array([2.0, 1, 1, 1, 1, 1, 1, 1])
    _, weighted, _, _ = one_step(network(), weights=weights, rows=(X, y), alpha=0.5)
    _, repeated, _, _ = one_step(network(), rows=(np.vstack([X[:1], X]), np.append(y[0], y)), alpha=0.5)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-12)


def test_the_order_of_the_rows_does_not_matter():
    X, y = batch(32)
    order = np.random.default_rng(0).permutation(32)
    _, first, _, _ = one_step(network(), rows=(X, y))
    _, second, _, _ = one_step(network(), rows=(X[order], y[order]))
    np.testing.assert_allclose(first, second, rtol=1e-12)


def test_no_number_of_the_gradient_passes_the_limit_of_its_value():
    net = network()
    before, after, _, step = one_step(net, clip_value=1e-3)
    assert np.abs(after - before).max() == pytest.approx(RATE * 1e-3)
    assert (step.n_steps, step.n_clipped) == (1, 1)


def test_an_unclipped_step_is_not_counted_as_clipped():
    _, _, _, step = one_step(network(), clip_norm=1e6, clip_value=1e6)
    assert (step.n_steps, step.n_clipped) == (1, 0)


def test_after_a_step_no_unit_has_longer_incoming_weights_than_the_limit():
    net = network(residual=True, normalization="batch")
    one_step(net, max_norm=0.5)
    norms = np.concatenate([np.linalg.norm(params["W"], axis=0) for params in net.params.views if "W" in params])
    assert norms.max() <= 0.5 * (1 + 1e-12)
    assert norms.max() > 0.49


def test_a_unit_inside_a_residual_block_keeps_to_the_limit_too():
    net = Network(multilayer_perceptron(5, (5, 5), 3, residual=True), np.random.default_rng(0), dtype=np.float64)
    one_step(net, max_norm=0.5)
    names = [(name, values) for params in net.params.views for name, values in params.items() if values.ndim == 2]
    assert len(names) == 3
    assert all(np.linalg.norm(W, axis=0).max() <= 0.5 * (1 + 1e-12) for _, W in names)


def test_mixup_learns_from_mixtures_and_repeats_itself():
    _, plain, _, _ = one_step(network())
    _, first, _, _ = one_step(network(), mixup=0.4)
    _, second, _, _ = one_step(network(), mixup=0.4)
    assert (first != plain).any()
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_a_diverged_step_names_its_cause_and_leaves_the_weights_as_they_were(compiled, poison):
    net = network(np.float32, seed=1)
    X, y = batch(dtype=np.float32)
    X[3, 2] = poison
    before = net.params.flat.copy()
    with pytest.raises(DivergedError, match="column 2"), np.errstate(all="ignore"):
        one_step(net, Adam(), rows=(X, y), compiled=compiled)
    np.testing.assert_array_equal(net.params.flat, before)


@pytest.mark.parametrize("name", ["alpha", "l1", "weight_decay", "mixup"])
def test_a_negative_strength_is_refused_by_name(name):
    with pytest.raises(BackpropError, match=name):
        Step(network(), SGD(), SoftmaxCrossEntropy(), **{name: -1.0})


@pytest.mark.parametrize("name", ["max_norm", "clip_value", "clip_norm"])
@pytest.mark.parametrize("value", [0, -1.0, float("nan")])
def test_a_limit_that_is_not_positive_is_refused_by_name(name, value):
    with pytest.raises(BackpropError, match=name):
        Step(network(), SGD(), SoftmaxCrossEntropy(), **{name: value})


def test_both_penalties_together_are_their_sum():
    rng = np.random.default_rng(0)
    weights, grads = rng.normal(size=(2, 40))
    one, other, both = grads.copy(), grads.copy(), grads.copy()
    assert add_penalty(weights, both, 0.3, 0.2) == pytest.approx(
        add_penalty(weights, one, 0.3, 0) + add_penalty(weights, other, 0, 0.2)
    )
    np.testing.assert_allclose(both - grads, (one - grads) + (other - grads))
