import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from backprop_core import pieces
from backprop_core.errors import BackpropError
from backprop_core.optimizers import OPTIMIZERS, SGD, Adagrad, Adam, Lion, RMSProp

EVERY = [SGD(), SGD(0.0), SGD(nesterov=True), Adagrad(), RMSProp(), Adam(), Lion()]
every_optimizer = pytest.mark.parametrize("optimizer", EVERY)


def run(optimizer, gradients, learning_rate=0.1, dtype=np.float64):
    """Return the updates for a sequence of gradients."""
    state = optimizer.init(len(gradients[0]), dtype)
    return [
        optimizer.update(np.array(g, dtype), state, learning_rate, np.full(len(g), np.nan, dtype)) for g in gradients
    ]


def random_gradients(n=7, steps=100):
    return list(np.random.default_rng(0).normal(size=(steps, n)))


def test_two_steps_of_sgd_worked_by_hand():
    # learning rate 0.1, momentum 0.5, gradients 4 then 2:
    # v1 = 0 - 0.4 = -0.4;  v2 = 0.5 * -0.4 - 0.2 = -0.4
    np.testing.assert_allclose(run(SGD(0.5), [[4.0], [2.0]]), [[-0.4], [-0.4]], rtol=1e-15)


def test_two_steps_of_nesterov_worked_by_hand():
    # v as above; update = 0.5 * v - 0.1 * g:  0.5 * -0.4 - 0.4 = -0.6;  0.5 * -0.4 - 0.2 = -0.4
    np.testing.assert_allclose(run(SGD(0.5, nesterov=True), [[4.0], [2.0]]), [[-0.6], [-0.4]], rtol=1e-15)


def test_two_steps_of_adagrad_worked_by_hand():
    # eps = 1, learning rate 0.1, gradients 4 then 3: s1 = 16, -0.1 * 4 / (4 + 1); s2 = 25, -0.1 * 3 / (5 + 1)
    np.testing.assert_allclose(run(Adagrad(eps=1.0), [[4.0], [3.0]]), [[-0.08], [-0.05]], rtol=1e-14)


def test_two_steps_of_rmsprop_worked_by_hand():
    # decay 0.75, eps = 1, learning rate 0.1, gradients 4 then 2: v1 = 4, -0.1 * 4 / (2 + 1); v2 = 3 + 1, -0.1 * 2 / 3
    np.testing.assert_allclose(run(RMSProp(0.75, 1.0), [[4.0], [2.0]]), [[-0.4 / 3], [-0.2 / 3]], rtol=1e-14)


def test_two_steps_of_adam_worked_by_hand():
    # b1 = 0.5, b2 = 0.75, eps = 1, learning rate 0.1, gradients 4 then 2:
    # t = 1: m = 2, v = 4;      rate = 0.1 * sqrt(0.25) / 0.5 = 0.1;      update = -0.1 * 2 / (2 + 1)
    # t = 2: m = 2, v = 3 + 1;  rate = 0.1 * sqrt(0.4375) / 0.75;         update = -rate * 2 / (2 + 1)
    expected = [[-0.2 / 3], [-0.1 * np.sqrt(0.4375) / 0.75 * 2 / 3]]
    np.testing.assert_allclose(run(Adam(0.5, 0.75, 1.0), [[4.0], [2.0]]), expected, rtol=1e-14)


def test_three_steps_of_lion_worked_by_hand():
    # b1 = 0.5, b2 = 0.75, gradients 4, -0.5, -2:
    # c = 2, m = 1;   c = 0.5 - 0.25 > 0, m = 0.75 - 0.125 = 0.625;   c = 0.3125 - 1 < 0
    np.testing.assert_allclose(run(Lion(0.5, 0.75), [[4.0], [-0.5], [-2.0]]), [[-0.1], [-0.1], [0.1]], rtol=1e-15)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9, 1.0])
def test_sgd_takes_the_steps_of_scikit_learn(momentum, nesterov):
    gradients = random_gradients()
    peer = SGDOptimizer([np.zeros(7)], learning_rate_init=0.1, momentum=momentum, nesterov=nesterov)
    expected = [peer._get_updates([g])[0] for g in gradients]
    np.testing.assert_allclose(run(SGD(momentum, nesterov), gradients), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("eps", [1e-8, 1e-2])
def test_adam_takes_the_steps_of_scikit_learn(eps):
    gradients = random_gradients()
    peer = AdamOptimizer([np.zeros(7)], learning_rate_init=0.1, beta_1=0.8, beta_2=0.99, epsilon=eps)
    expected = [peer._get_updates([g])[0] for g in gradients]
    np.testing.assert_allclose(run(Adam(0.8, 0.99, eps), gradients), expected, rtol=1e-12, atol=1e-14)


def test_adams_first_step_is_as_long_as_the_learning_rate_whatever_the_gradient():
    updates = run(Adam(), [[1e-3, -1.0, 1e3]])[0]
    np.testing.assert_allclose(updates, [-0.1, 0.1, -0.1], rtol=1e-3)


@pytest.mark.parametrize("optimizer", [Adagrad(1e-12), RMSProp(eps=1e-12), Adam(eps=1e-12), Lion()])
@given(scale=st.floats(1e-3, 1e3))
@settings(max_examples=20, deadline=None)
def test_adaptive_steps_do_not_depend_on_the_scale_of_the_loss(optimizer, scale):
    gradients = random_gradients(steps=5)
    np.testing.assert_allclose(run(optimizer, [scale * g for g in gradients]), run(optimizer, gradients), rtol=1e-6)


def test_adagrads_steps_shrink_as_one_over_the_root_of_the_steps_taken():
    updates = np.array(run(Adagrad(), [[2.0]] * 50))[:, 0]
    np.testing.assert_allclose(updates, -0.1 / np.sqrt(np.arange(1, 51)), rtol=1e-9)


def test_lion_moves_every_weight_by_the_learning_rate():
    assert set(np.abs(run(Lion(), random_gradients())).flat) == {0.1}


@every_optimizer
def test_working_in_pieces_changes_nothing(optimizer, monkeypatch):
    gradients = random_gradients(n=50, steps=5)
    whole = run(optimizer, gradients)
    monkeypatch.setattr(pieces, "PIECE", 16)
    np.testing.assert_array_equal(run(optimizer, gradients), whole)


@every_optimizer
def test_every_weight_is_treated_by_itself(optimizer):
    gradients = random_gradients()
    order = np.random.default_rng(1).permutation(7)
    permuted = run(optimizer, [g[order] for g in gradients])
    np.testing.assert_array_equal(permuted, np.array(run(optimizer, gradients))[:, order])


@every_optimizer
def test_no_gradient_from_the_start_moves_nothing(optimizer):
    assert not np.any(run(optimizer, [np.zeros(5)] * 3))


@every_optimizer
def test_the_gradient_is_left_untouched(optimizer):
    g = np.arange(5.0)
    optimizer.update(g, optimizer.init(5, float), 0.1, np.empty(5))
    np.testing.assert_array_equal(g, np.arange(5.0))


@every_optimizer
def test_the_memory_keeps_its_arrays_so_that_a_checkpoint_can_fill_them(optimizer):
    state = optimizer.init(5, np.float32)
    before = dict(state)
    optimizer.update(np.ones(5, np.float32), state, 0.1, np.empty(5, np.float32))
    assert all(state[name] is array for name, array in before.items())
    assert state.keys() == before.keys()


@every_optimizer
def test_a_memory_that_was_copied_goes_on_with_the_same_bytes(optimizer):
    gradients = random_gradients(steps=20)
    state, out = optimizer.init(7, float), np.empty(7)
    for g in gradients[:10]:
        optimizer.update(g, state, 0.1, out)
    copied = {name: array.copy() for name, array in state.items()}
    for g in gradients[10:]:
        expected = optimizer.update(g, state, 0.1, np.empty(7))
        np.testing.assert_array_equal(optimizer.update(g, copied, 0.1, np.empty(7)), expected)


@every_optimizer
@pytest.mark.parametrize("learning_rate", [0.1, np.float64(0.1)])
def test_float32_stays_float32_and_agrees_with_float64(optimizer, learning_rate):
    gradients = [g.astype(np.float32) for g in random_gradients(steps=30)]
    single = run(optimizer, gradients, learning_rate, dtype=np.float32)
    assert single[0].dtype == np.float32
    np.testing.assert_allclose(single, run(optimizer, gradients), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_bottom_of_a_bowl_is_found(name):
    # Loss = half the sum of c w^2, steep in one direction and flat in the other; gradient = c w.
    optimizer, c, w = OPTIMIZERS[name](), np.array([1.0, 20.0]), np.array([3.0, -2.0])
    state, highest = optimizer.init(2, float), {"sgd": 0.01, "adagrad": 1.0}.get(name, 0.03)
    for t in range(2000):
        w += optimizer.update(c * w, state, highest * (1 - t / 2000), np.empty(2))
    np.testing.assert_allclose(w, 0, atol=1e-3)


def subnormal(array):
    return (array != 0) & (np.abs(array) < np.finfo(array.dtype).tiny)


@pytest.mark.parametrize(
    ("optimizer", "names"),
    [
        (SGD(0.9), ["velocity"]),
        (SGD(0.5, nesterov=True), ["velocity"]),
        (RMSProp(0.9), ["v"]),
        (Adam(0.9, 0.95), ["m", "v"]),
        (Adam(0.6, 0.8), ["m", "v"]),
        (Lion(0.9, 0.95), ["m"]),
    ],
)
def test_the_memory_of_a_dead_unit_becomes_exactly_zero_and_is_never_denormal_for_long(optimizer, names):
    n, zeros = 4, np.zeros(4, np.float32)
    state, out = optimizer.init(n, np.float32), np.empty(n, np.float32)
    optimizer.update(np.array([1, -1e-3, 1e-8, 1e3], np.float32), state, 0.1, out)
    denormal_for = 0
    for _ in range(3000):
        optimizer.update(zeros, state, 0.1, out)
        denormal_for = denormal_for + 1 if any(subnormal(state[name]).any() for name in names) else 0
        assert denormal_for <= pieces.SWEEP
    assert not any(state[name].any() for name in names)
    assert not out.any()


def test_at_the_usual_settings_a_dead_units_memory_never_becomes_denormal_at_all():
    optimizer, zeros = Adam(), np.zeros(3, np.float32)
    state, out = optimizer.init(3, np.float32), np.empty(3, np.float32)
    optimizer.update(np.array([1, -1e-3, 10], np.float32), state, 0.1, out)
    for _ in range(2000):
        optimizer.update(zeros, state, 0.1, out)
        assert not subnormal(state["m"]).any()
    assert not state["m"].any()


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: SGD(1.1), "momentum"),
        (lambda: SGD(-0.1), "momentum"),
        (lambda: SGD("much"), "momentum"),
        (lambda: Adagrad(0), "eps"),
        (lambda: RMSProp(decay=1.0), "decay"),
        (lambda: RMSProp(eps=-1), "eps"),
        (lambda: Adam(b1=1.0), "b1"),
        (lambda: Adam(b2=-0.1), "b2"),
        (lambda: Adam(b2=float("nan")), "b2"),
        (lambda: Adam(eps=float("inf")), "eps"),
        (lambda: Lion(b1=None), "b1"),
        (lambda: Lion(b2=1), "b2"),
    ],
)
def test_impossible_settings_are_refused_by_name(make, name):
    with pytest.raises(BackpropError, match=f"^{name} is .*: choose a (finite )?number"):
        make()
