"""The time of a diagnosis: `backprop diagnose` of both tasks, with the preset `fast` on the default data sets.

Each is one whole command in a process of its own, the data local and no features cached: what `make diagnose-images`
and `make diagnose-speech` take the first time. The page that `--out` leaves is weighed.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import results_file
from benchmarks.cold_cache import cold_cache
from pipelines import datasets

TRAININGS = {"images": "mnist", "speech": "fsdd"}


def run():
    """Measure, and write results/diagnosis_time.json."""
    results_file.write(
        "diagnosis_time", {"tasks": {task: time_diagnosis(task, name) for task, name in TRAININGS.items()}}
    )


def time_diagnosis(task, name):
    """Return how long the diagnosis of a task's training takes, and what it comes to: dict of JSON types."""
    datasets.fetch(name)
    with cold_cache() as folder:
        words = ["diagnose", task, "--dataset", name, "--out", f"{folder}/report", "--json"]
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "pipelines", *words],
            env={**os.environ, "BACKPROP_DATA": folder},
            stdout=subprocess.PIPE,
            check=True,
        )
        seconds = time.perf_counter() - began
        page = Path(folder) / "report/report.html"
        return {
            "dataset": name,
            "seconds": round(seconds, 1),
            "verdict": json.loads(done.stdout)["verdict"],
            "page_mb": round(page.stat().st_size / 1e6, 2),
        }
