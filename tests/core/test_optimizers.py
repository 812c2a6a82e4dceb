import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from backprop_core import optimizers
from backprop_core.errors import BackpropError
from backprop_core.optimizers import OPTIMIZERS, SGD, Adam, pieces

EVERY = [SGD(), SGD(0.0), SGD(nesterov=True), Adam()]


def run(optimizer, gradients, learning_rate=0.1, dtype=np.float64):
    """Return the updates for a sequence of gradients."""
    state = optimizer.init(len(gradients[0]), dtype)
    return [
        optimizer.update(np.array(g, dtype), state, learning_rate, np.full(len(g), np.nan, dtype)) for g in gradients
    ]


def random_gradients(n=7, steps=30):
    return list(np.random.default_rng(0).normal(size=(steps, n)))


def test_two_steps_of_sgd_worked_by_hand():
    # learning rate 0.1, momentum 0.5, gradients 4 then 2:
    # v1 = 0 - 0.4 = -0.4;  v2 = 0.5 * -0.4 - 0.2 = -0.4
    np.testing.assert_allclose(run(SGD(0.5), [[4.0], [2.0]]), [[-0.4], [-0.4]], rtol=1e-15)


def test_two_steps_of_nesterov_worked_by_hand():
    # v as above; update = 0.5 * v - 0.1 * g:  0.5 * -0.4 - 0.4 = -0.6;  0.5 * -0.4 - 0.2 = -0.4
    np.testing.assert_allclose(run(SGD(0.5, nesterov=True), [[4.0], [2.0]]), [[-0.6], [-0.4]], rtol=1e-15)


def test_two_steps_of_adam_worked_by_hand():
    # b1 = 0.5, b2 = 0.75, eps = 1, learning rate 0.1, gradients 4 then 2:
    # t = 1: m = 2, v = 4;      m_hat = 2 / 0.5 = 4,      v_hat = 4 / 0.25 = 16;      update = -0.1 * 4 / (4 + 1)
    # t = 2: m = 2, v = 3 + 1;  m_hat = 2 / 0.75 = 8/3,   v_hat = 4 / 0.4375 = 64/7;  update = -0.1 * (8/3) / (8/√7 + 1)
    expected = [[-0.08], [-0.1 * (8 / 3) / (8 / np.sqrt(7) + 1)]]
    np.testing.assert_allclose(run(Adam(0.5, 0.75, 1.0), [[4.0], [2.0]]), expected, rtol=1e-14)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_takes_the_steps_of_scikit_learn(momentum, nesterov):
    gradients = random_gradients()
    peer = SGDOptimizer([np.zeros(7)], learning_rate_init=0.1, momentum=momentum, nesterov=nesterov)
    expected = [peer._get_updates([g])[0] for g in gradients]
    np.testing.assert_allclose(run(SGD(momentum, nesterov), gradients), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("eps", [1e-8, 1e-2])
def test_adam_takes_the_steps_of_scikit_learn(eps):
    gradients = random_gradients()
    peer = AdamOptimizer([np.zeros(7)], learning_rate_init=0.1, beta_1=0.8, beta_2=0.99)
    expected = []
    for t, g in enumerate(gradients, start=1):
        # scikit-learn adds eps to sqrt(v), the paper's Algorithm 1 and we to sqrt(v_hat) = sqrt(v) / sqrt(1 - b2^t).
        peer.epsilon = eps * np.sqrt(1 - 0.99**t)
        expected.append(peer._get_updates([g])[0])
    np.testing.assert_allclose(run(Adam(0.8, 0.99, eps), gradients), expected, rtol=1e-12, atol=1e-14)


def test_adams_first_step_is_as_long_as_the_learning_rate_whatever_the_gradient():
    updates = run(Adam(), [[1e-3, -1.0, 1e3]])[0]
    np.testing.assert_allclose(updates, [-0.1, 0.1, -0.1], rtol=1e-4)


@pytest.mark.parametrize("optimizer", EVERY)
def test_working_in_pieces_changes_nothing(optimizer, monkeypatch):
    gradients = random_gradients(n=50, steps=5)
    whole = run(optimizer, gradients)
    monkeypatch.setattr(optimizers, "PIECE", 16)
    np.testing.assert_array_equal(run(optimizer, gradients), whole)


@pytest.mark.parametrize("n", [0, 1, 16384, 40000])
def test_the_pieces_cover_everything_once(n):
    covered = [i for piece in pieces(n) for i in range(n)[piece]]
    assert covered == list(range(n))


@pytest.mark.parametrize("optimizer", EVERY)
def test_every_weight_is_treated_by_itself(optimizer):
    gradients = random_gradients()
    order = np.random.default_rng(1).permutation(7)
    permuted = run(optimizer, [g[order] for g in gradients])
    np.testing.assert_array_equal(permuted, np.array(run(optimizer, gradients))[:, order])


@pytest.mark.parametrize("optimizer", EVERY)
def test_no_gradient_from_the_start_moves_nothing(optimizer):
    assert not np.any(run(optimizer, [np.zeros(5)] * 3))


@pytest.mark.parametrize("optimizer", EVERY)
def test_the_gradient_is_left_untouched(optimizer):
    g = np.arange(5.0)
    optimizer.update(g, optimizer.init(5, float), 0.1, np.empty(5))
    np.testing.assert_array_equal(g, np.arange(5.0))


@pytest.mark.parametrize("optimizer", EVERY)
def test_float32_stays_float32_and_agrees_with_float64(optimizer):
    gradients = random_gradients()
    single = run(optimizer, gradients, dtype=np.float32)
    assert single[0].dtype == np.float32
    np.testing.assert_allclose(single, run(optimizer, gradients), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_bottom_of_a_bowl_is_found(name):
    # Loss = half the sum of c w^2, steep in one direction and flat in the other; gradient = c w.
    optimizer, c, w = OPTIMIZERS[name](), np.array([1.0, 20.0]), np.array([3.0, -2.0])
    state = optimizer.init(2, float)
    for _ in range(2000):
        w += optimizer.update(c * w, state, 0.01, np.empty(2))
    np.testing.assert_allclose(w, 0, atol=1e-3)


@pytest.mark.parametrize(
    ("make", "name"),
    [(lambda: SGD(1.0), "momentum"), (lambda: Adam(b1=1.0), "b1"), (lambda: Adam(b2=-0.1), "b2")],
)
def test_impossible_settings_are_refused_by_name(make, name):
    with pytest.raises(BackpropError, match=f"^{name} is"):
        make()
