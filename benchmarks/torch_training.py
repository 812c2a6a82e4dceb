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


def train(model, X, y, batch_size, rate, epochs, *, fused, one_cycle=False, compiled=False):
    """Train with Adam on shuffled rows, and yield after each epoch.

    Parameters
    ----------
    model : torch Module
    X, y : float32 and int64 tensors
    rate : float > 0
        The learning rate; with `one_cycle` that of the peak.
    fused : bool
        Adam in one pass over each tensor.
    compiled : bool
        The network and its loss through `torch.compile`.
    one_cycle : bool
        Change the rate after each step as `torch.optim.lr_scheduler.OneCycleLR` does.

    Yields
    ------
    losses : list of tensors, of the epoch's batches
        Not added up: in a training that does not ask for the loss this would cost time.
    """
    import torch

    cross_entropy = torch.nn.CrossEntropyLoss()

    def loss_of(rows, target):
        return cross_entropy(model(rows), target)

    if compiled:
        loss_of = torch.compile(loss_of)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=fused)
    n_steps = epochs * -(-len(X) // batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, n_steps) if one_cycle else None
    for _ in range(epochs):
        losses = []
        for rows in torch.randperm(len(X)).split(batch_size):
            optimizer.zero_grad()
            loss = loss_of(X[rows], y[rows])
            loss.backward()
            optimizer.step()
            if schedule:
                schedule.step()
            losses.append(loss.detach())
        yield losses
