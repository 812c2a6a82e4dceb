"""Spread: a few times in one figure, and how far they lie apart."""

import statistics


def spread(seconds):
    """Return {"median", "quartiles", "all"} of two or more times, JSON types."""
    lower, median, upper = statistics.quantiles(seconds, n=4, method="inclusive")
    return {"median": median, "quartiles": [lower, upper], "all": seconds}
