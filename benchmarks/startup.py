"""Start-up: how long whole processes take on a warm disk, beside processes that only import the heavy libraries.

Commands that are compared take turns, and the ratio is that of the medians. BENCH_BEFORE=FOLDER names a checkout of an
earlier version, whose commands, asking models that it has trained itself, then take turns with these.
"""

import functools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import results_file
from pipelines import datasets

HERE = Path(__file__).resolve().parents[1]
RUNS = 25
MANY = 500


def run():
    """Measure, and write results/startup.json."""
    before = os.environ.get("BENCH_BEFORE")
    with tempfile.TemporaryDirectory() as folder:
        libraries = {
            "python -c 'import click, numpy'": _python("import click, numpy"),
            "python -c 'import librosa; librosa.feature.mfcc'": _python("import librosa; librosa.feature.mfcc"),
        }
        now = _commands(HERE, Path(folder) / "now")
        earlier = _commands(Path(before), Path(folder) / "before") if before else {}
        seconds = _medians(libraries | now | {f"before: {name}": command for name, command in earlier.items()})
    base, librosa, help_, image, one, many = list(seconds.values())[:6]
    ratios = {
        "help / import click, numpy (at most 3)": help_ / base,
        "one picture, seconds (at most 0.5)": image,
        "one recording / import librosa (at most 0.5)": one / librosa,
        "one recording / a recording of many (at least 100)": one / (many / MANY),
        **{f"{name} / before (at most 1)": seconds[name] / seconds[f"before: {name}"] for name in earlier},
    }
    results_file.write("startup", {"runs": RUNS, "median_seconds": seconds, "ratios": ratios})


def _commands(checkout, folder):
    """Return what is timed of a checkout, by name, with models that it has trained."""
    folder.mkdir()
    backprop = functools.partial(_backprop, checkout, folder)
    speech, images = folder / "speech.safetensors", folder / "images.safetensors"
    backprop("train", "speech", "--dataset", "spoken-digits", "--epochs", "2", "--out", speech)()
    backprop("train", "images", "--dataset", "digits", "--epochs", "2", "--out", images)()
    words = [str(path) for path in datasets.load("spoken-digits", "speech").items[:MANY]]
    listed = folder / "list.txt"
    listed.write_text("\n".join(words))
    return {
        "backprop --help": backprop("--help"),
        "backprop predict: one picture": backprop("predict", images, folder / "images-example.png"),
        "backprop predict: one recording": backprop("predict", speech, words[0]),
        f"backprop predict: {MANY} recordings": backprop("predict", speech, "--files-from", listed),
    }


def _medians(commands):
    """Return the median time of each command; one stands beside its earlier self, and each round goes the other way."""
    taken = {name: [] for name in commands}
    order = sorted(commands, key=lambda name: name.removeprefix("before: "))
    for _ in range(RUNS + 1):
        for name in order:
            began = time.perf_counter()
            commands[name]()
            taken[name].append(time.perf_counter() - began)
        order.reverse()
    return {name: statistics.median(times[1:]) for name, times in taken.items()}


def _python(*words, environment=None, cwd=None):
    # Bytecode is cached as it is for a user, whatever this process was told.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, *(("-c", *words) if len(words) == 1 else words)]
    environment = inherited | (environment or {})
    return lambda: subprocess.run(command, env=environment, cwd=cwd, check=True, capture_output=True)


def _backprop(checkout, folder, *words):
    environment = {"BACKPROP_DATA": str(folder), "PYTHONPATH": str(checkout)}
    return _python("-m", "pipelines", *map(str, words), environment=environment, cwd=checkout)
