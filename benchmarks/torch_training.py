"""PyTorch's training: the loop that its users write for tensors in memory, eager, on the CPU."""

import importlib.util
import itertools
import sys


def insist_on_torch():
    """End the program with one sentence where PyTorch is missing."""
    if importlib.util.find_spec("torch") is None:
        sys.exit("error: this benchmark measures PyTorch too, which is not installed: pip install -e '.[bench]'")


def multilayer_perceptron(widths):
    """Return the network with relu between its layers, as PyTorch initialises it."""
    from torch import nn

    layers = [nn.Linear(*shape) for shape in itertools.pairwise(widths)]
    return nn.Sequential(layers[0], *(part for layer in layers[1:] for part in (nn.ReLU(), layer)))


def train(model, X, y, batch_size, rate, epochs, *, fused, one_cycle=False):
    """Train with Adam on shuffled rows, and yield after each epoch.

    Parameters
    ----------
    model : torch Module
    X, y : float32 and int64 tensors
    rate : float > 0
        The learning rate; with `one_cycle` that of the peak.
    fused : bool
        Adam in one pass over each tensor.
    one_cycle : bool
        Change the rate after each step as `torch.optim.lr_scheduler.OneCycleLR` does.

    Yields
    ------
    losses : list of tensors, of the epoch's batches
        Not added up: in a training that does not ask for the loss this would cost time.
    """
    import torch

    loss_function = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=fused)
    n_steps = epochs * -(-len(X) // batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, n_steps) if one_cycle else None
    for _ in range(epochs):
        losses = []
        for rows in torch.randperm(len(X)).split(batch_size):
            optimizer.zero_grad()
            loss = loss_function(model(X[rows]), y[rows])
            loss.backward()
            optimizer.step()
            if schedule:
                schedule.step()
            losses.append(loss.detach())
        yield losses
