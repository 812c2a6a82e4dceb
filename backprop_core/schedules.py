"""Schedules: how the learning rate changes during training.

Large steps find the valley, small steps find its bottom. A schedule is a function that says, at any time of the
training, by which factor the learning rate is multiplied; `Schedule` is the contract. Further settings are keyword
arguments: `functools.partial(plateau, patience=3)` is a schedule too. All depend on their arguments alone, so a run
that is continued from a checkpoint meets the same rates as one that was never interrupted.
"""

import functools
import math
from collections.abc import Sequence
from typing import Protocol

from backprop_core.ranges import check_number

START = 1 / 25


class Schedule(Protocol):
    """What training asks of a schedule: any function that can be called so.

    To be found by name it is registered with one line: `SCHEDULES["my_schedule"] = my_schedule`.
    """

    def __call__(self, progress: float, entries: Sequence[dict] = ()) -> float:
        """Return the factor to multiply the learning rate by, in [0, 1].

        Parameters
        ----------
        progress : float from 0 (start) to 1 (end of the last epoch)
        entries : the history's entries so far, as `History` holds them; of the schedules here only `plateau` reads them
        """
        ...


def constant(progress, entries=()):
    """The same rate throughout.

    >>> constant(0.7)
    1.0
    """
    return 1.0


def step(progress, entries=(), *, milestones=(0.5, 0.75), factor=0.1):
    """Falls in steps: factor^k, where k counts the milestones that progress has reached.

    As for the residual networks of He, Zhang, Ren and Sun 2015, https://arxiv.org/abs/1512.03385

    >>> [round(step(progress), 3) for progress in (0, 0.5, 0.75)]
    [1.0, 0.1, 0.01]
    """
    return factor ** sum(progress >= milestone for milestone in milestones)


def exponential(progress, entries=(), *, last=0.01):
    """Falls by the same share in every epoch, down to `last`: last^progress.

    >>> exponential(0.5)
    0.1
    """
    return last**progress


def cosine(progress, entries=(), *, warm_up=0.05):
    """Rises in a line during the warm-up, from a 25th, then falls along half a cosine to zero.

    Loshchilov and Hutter 2016, https://arxiv.org/abs/1608.03983; the warm-up keeps Adam's first, noisy steps short. It
    does not begin at zero, where the first step would go nowhere.

    >>> [round(cosine(progress), 3) for progress in (0, 0.05, 0.525, 1)]
    [0.04, 1.0, 0.5, 0.0]
    """
    if progress < warm_up:
        return _rising(progress / warm_up)
    return _falling((progress - warm_up) / (1 - warm_up))


def one_cycle(progress, entries=(), *, peak=0.3, start=START):
    """Rises along half a cosine from `start` to the peak, then falls along another to zero.

    Smith 2018, https://arxiv.org/abs/1803.09820

    >>> [round(one_cycle(progress), 3) for progress in (0, 0.3, 0.65, 1)]
    [0.04, 1.0, 0.5, 0.0]
    """
    if progress < peak:
        return start + (1 - start) * (1 - _falling(progress / peak))
    return _falling((progress - peak) / (1 - peak))


def plateau(progress, entries=(), *, patience=5, factor=5.0):
    """Divides the rate by `factor` whenever `patience` epochs have passed without a better loss.

    The loss is the validation rows', or the training rows' where there are no others. After each division the wait
    begins anew. It falls when it has to instead of by the clock, which suits a training of unknown length.

    >>> entries = [{"train": {"loss": loss}} for loss in (3, 2, 2, 2)]
    >>> plateau(1, entries, patience=2)
    0.2
    """
    divisions, waiting, best = 0, 0, math.inf
    for entry in entries:
        loss = (entry.get("valid") or entry["train"])["loss"]
        if loss < best:
            best, waiting = loss, 0
            continue
        waiting += 1
        if waiting == patience:
            divisions, waiting = divisions + 1, 0
    return float(factor) ** -divisions


def warmed_up(schedule: Schedule, share: float = 0.05, start: float = START) -> Schedule:
    """Return `schedule` with a warm-up: at first only a part of its factor, which rises in a line from `start` to 1.

    Being a product, it also suits schedules that begin low by themselves. Goyal et al. 2017,
    https://arxiv.org/abs/1706.02677

    Parameters
    ----------
    schedule : a schedule
    share : float in [0, 1), how much of the training the warm-up takes
    start : float in (0, 1]

    >>> gentle = warmed_up(constant, share=0.2, start=0.5)
    >>> [gentle(progress) for progress in (0, 0.1, 0.2)]
    [0.5, 0.75, 1.0]
    """
    share = check_number("the warm-up's share", share, "[0, 1)")
    start = check_number("the start of the warm-up", start, "(0, 1]")
    return functools.partial(_warmed_up, schedule=schedule, share=share, start=start)


def _warmed_up(progress, entries=(), *, schedule, share, start):
    factor = schedule(progress, entries)
    return factor * _rising(progress / share, start) if progress < share else factor


def _rising(share, start=START):
    """Return a point on the line from `start` to 1."""
    return start + (1 - start) * share


def _falling(share):
    """Return a point on half a cosine from 1 to 0."""
    return 0.5 * (1 + math.cos(math.pi * share))


SCHEDULES = {rule.__name__: rule for rule in (constant, step, exponential, cosine, one_cycle, plateau)}
