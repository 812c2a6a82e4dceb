"""Cores: how many pieces of work this machine can do at the same time."""

import os


def cores():
    """Return how many cores this process may use, which can be fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
