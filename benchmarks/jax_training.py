"""JAX's training: an epoch compiled as one scan over its batches, with optax's Adam, as users write it for speed."""

import importlib.util
import itertools


def is_installed():
    """Return whether JAX and optax are there."""
    return all(importlib.util.find_spec(name) for name in ("jax", "optax"))


def train(X, y, widths, batch_size, rate, epochs, seed=0):
    """Train a network with relu between its layers on shuffled rows; return the mean loss of the last epoch.

    Parameters
    ----------
    X, y : float32 and int64 ndarray
    widths : sequence of int > 0
    batch_size, epochs : int > 0
    rate : float > 0
    """
    import jax
    import jax.numpy as jnp
    import optax

    def loss_of(params, rows, target):
        for W, b in params[:-1]:
            rows = jax.nn.relu(rows @ W + b)
        logits = rows @ params[-1][0] + params[-1][1]
        return optax.softmax_cross_entropy_with_integer_labels(logits, target).mean()

    optimizer = optax.adam(rate)
    X, y = jnp.asarray(X), jnp.asarray(y, jnp.int32)

    def step(state, rows):
        params, memory = state
        loss, grads = jax.value_and_grad(loss_of)(params, X[rows], y[rows])
        updates, memory = optimizer.update(grads, memory, params)
        return (optax.apply_updates(params, updates), memory), loss

    n_full, left = divmod(len(X), batch_size)

    @jax.jit
    def epoch(state, key):
        order = jax.random.permutation(key, len(X))
        state, losses = jax.lax.scan(step, state, order[: n_full * batch_size].reshape(n_full, batch_size))
        total = losses.sum() * batch_size
        if left:
            state, loss = step(state, order[n_full * batch_size :])
            total += loss * left
        return state, total / len(X)

    keys = jax.random.split(jax.random.key(seed), len(widths) + epochs)
    params = [
        (jax.random.uniform(key, shape, minval=-1, maxval=1) / shape[0] ** 0.5, jnp.zeros(shape[1]))
        for key, shape in zip(keys, itertools.pairwise(widths), strict=False)
    ]
    state = params, optimizer.init(params)
    for key in keys[len(widths) :]:
        state, loss = epoch(state, key)
        loss.block_until_ready()
    return float(loss)
