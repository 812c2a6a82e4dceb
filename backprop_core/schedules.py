"""Schedules: how the learning rate changes while training goes on.

Large steps find the valley, small steps its floor. A schedule is a function of progress, a float from 0 (start) to 1
(end), and returns the factor to multiply the learning rate by, a float in [0, 1].
"""

import math


def constant(progress):
    """The same rate throughout."""
    return 1.0


def cosine(progress, warm_up=0.05):
    """Rises in a line during the warm-up, then falls along half a cosine to zero.

    Loshchilov and Hutter 2016, https://arxiv.org/abs/1608.03983; the warm-up keeps Adam's first, noisy steps short.
    """
    if progress < warm_up:
        return progress / warm_up
    return 0.5 * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up)))


def one_cycle(progress, peak=0.3, start=1 / 25):
    """Rises along half a cosine to the peak, then falls along another to zero.

    Smith 2018, https://arxiv.org/abs/1803.09820
    """
    if progress < peak:
        return start + (1 - start) * 0.5 * (1 - math.cos(math.pi * progress / peak))
    return 0.5 * (1 + math.cos(math.pi * (progress - peak) / (1 - peak)))


SCHEDULES = {rule.__name__: rule for rule in (constant, cosine, one_cycle)}
