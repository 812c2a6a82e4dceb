"""New voices: FSDD's speakers, each recognised by a network that has heard only the other five.

`backprop crossval speech --group speaker` with preset `fast`, its folds repeated with three seeds.
"""

import json
import subprocess
import sys

from benchmarks import results_file

COMMAND = ("crossval", "speech", "--dataset", "fsdd", "--group", "speaker", "--seeds", "3", "--json")
KEPT = ("dataset", "preset", "folds", "mean", "worst", "worst_fold", "ci95", "sd", "seeds", "seconds")


def run():
    """Measure, and write results/new_voices.json."""
    done = subprocess.run([sys.executable, "-m", "pipelines", *COMMAND], capture_output=True, text=True, check=True)
    record = json.loads(done.stdout)
    results_file.write("new_voices", {"backprop": " ".join(COMMAND), **{key: record[key] for key in KEPT}})
