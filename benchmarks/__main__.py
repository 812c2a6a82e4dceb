"""`python -m benchmarks [NAME…]` runs the benchmarks named, or all of them, one after the other."""

import sys

from benchmarks import accuracy, feature_speed, startup

BENCHMARKS = {"accuracy": accuracy.run, "feature_speed": feature_speed.run, "startup": startup.run}

names = sys.argv[1:] or list(BENCHMARKS)
for name in names:
    if name not in BENCHMARKS:
        sys.exit(f"error: {name}: no such benchmark; choose from {', '.join(BENCHMARKS)}")
for name in names:
    BENCHMARKS[name]()
