"""`python -m tests.fuzz.kill` ends trainings at random moments, as a power cut does; --resume leads to the same bytes.

SIGKILL leaves no time to tidy up. So a model file is there whole or not at all, a checkpoint is the last one or the one
before, and the training that goes on from it ends with the weights of one that was never interrupted.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

_PROGRAM = (
    "import pipelines.learning.checkpoints\npipelines.learning.checkpoints.SECONDS = 0.0\n"
    "from pipelines.cli import main\nmain()"
)


def main():
    """Kill trainings until so many moments have passed; exit code 1 if one ended with other bytes."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.kill", description=__doc__.splitlines()[0])
    parser.add_argument("--moments", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    words = parser.parse_args()
    rng, kills, trainings, others = np.random.default_rng(words.seed), 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="backprop-kill-") as folder:
        whole, seconds = _uninterrupted(Path(folder) / "whole")
        while kills < words.moments:
            trainings += 1
            out = Path(folder) / f"{trainings}" / "m.safetensors"
            # At most as long as all of it takes, so that some trainings end by themselves.
            while _killed(out, rng.uniform(0.1, 1.0) * seconds):
                kills += 1
            others += _weights(out) != whole
    print(json.dumps({"seed": words.seed, "kills": kills, "trainings": trainings, "with_other_bytes": others}))
    sys.exit(bool(others))


def _start(out):
    command = [
        sys.executable,
        "-c",
        _PROGRAM,
        "train",
        "images",
        "--dataset",
        "digits",
        "--epochs",
        "8",
        "--hidden",
        "16",
    ]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    resume = ["--resume"] if any(out.parent.glob("*.checkpoint")) else []
    return subprocess.Popen([*command, *resume, "--out", str(out)], env=environment, **quiet)


def _uninterrupted(folder):
    began = time.monotonic()
    if _start(folder / "m.safetensors").wait():
        sys.exit("the training fails even when it is left alone")
    return _weights(folder / "m.safetensors"), time.monotonic() - began


def _killed(out, seconds):
    """Start or go on with a training, and kill it after so long; whether it was not done before."""
    process = _start(out)
    try:
        code = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    if code:
        sys.exit(f"the training that goes on ends with {code}")
    return False


def _weights(path):
    from safetensors.numpy import load

    return {name: tensor.tobytes() for name, tensor in load(path.read_bytes()).items()}


if __name__ == "__main__":
    main()
