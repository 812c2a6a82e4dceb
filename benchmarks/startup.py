"""Start-up: how long whole processes take on a warm disk, beside processes that only import the heavy libraries.

Commands that are compared take turns, and the ratio is that of the medians.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import results_file
from pipelines import datasets

RUNS = 9
MANY = 500


def run():
    """Measure, and write results/startup.json."""
    speech = datasets.load("spoken-digits", "speech")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BACKPROP_DATA"] = folder
        speech_model, images_model = f"{folder}/speech.safetensors", f"{folder}/images.safetensors"
        _backprop("train", "speech", "--dataset", "spoken-digits", "--epochs", "2", "--out", speech_model)()
        _backprop("train", "images", "--dataset", "digits", "--epochs", "2", "--out", images_model)()
        words = [str(path) for path in speech.items[:MANY]]
        listed = Path(folder) / "list.txt"
        listed.write_text("\n".join(words))
        seconds = _medians(
            {
                "python -c 'import click, numpy'": _python("import click, numpy"),
                "backprop --help": _backprop("--help"),
                "backprop predict: one picture": _backprop("predict", images_model, f"{folder}/images-example.png"),
                "python -c 'import librosa; librosa.feature.mfcc'": _python("import librosa; librosa.feature.mfcc"),
                "backprop predict: one recording": _backprop("predict", speech_model, words[0]),
                f"backprop predict: {MANY} recordings": _backprop("predict", speech_model, "--files-from", str(listed)),
            }
        )
    base, help_, image, librosa, one, many = seconds.values()
    ratios = {
        "help / import click, numpy (at most 3)": help_ / base,
        "one picture, seconds (at most 0.5)": image,
        "one recording / import librosa (at most 0.5)": one / librosa,
        "one recording / a recording of many (at least 100)": one / (many / MANY),
    }
    results_file.write("startup", {"runs": RUNS, "median_seconds": seconds, "ratios": ratios})


def _medians(commands):
    taken = {name: [] for name in commands}
    for _ in range(RUNS + 1):
        for name, command in commands.items():
            began = time.perf_counter()
            command()
            taken[name].append(time.perf_counter() - began)
    return {name: statistics.median(times[1:]) for name, times in taken.items()}


def _python(*words):
    # Bytecode is cached as it is for a user, whatever this process was told.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, *(("-c", *words) if len(words) == 1 else words)]
    return lambda: subprocess.run(command, env={**environment, **_data()}, check=True, capture_output=True)


def _data():
    return {"BACKPROP_DATA": os.environ["BACKPROP_DATA"]}


def _backprop(*words):
    return _python("-m", "pipelines", *words)
