"""`python -m tests.fuzz.kill` ends work at random moments, as a power cut does; what goes on ends with the same bytes.

SIGKILL leaves no time to tidy up. So a model file is there whole or not at all, a checkpoint, a stored training, a
download and a cache are the last ones or those before, and whatever goes on from them leads where work leads that was
never interrupted. Each kind of work is killed, and gone on with, until it ends by itself; then it begins anew, until
so many moments have passed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_PROGRAM = (
    "import pipelines.learning.checkpoints\npipelines.learning.checkpoints.SECONDS = 0.0\n"
    "from pipelines.cli import main\nmain()"
)
_SMALL = ("--dataset", "digits", "--epochs", "8", "--hidden", "16")
_SPOKEN = ("--dataset", "spoken-digits", "--epochs", "8", "--set", "least_steps=0", "--hidden", "16")
_FETCHED = "trec"


@dataclass(frozen=True)
class Work:
    """A kind of work.

    Attributes
    ----------
    command : function of the folder that its files go to, which returns the words for backprop
    result : function of that folder and of what was printed, which returns what must always be the same
    """

    command: Callable
    result: Callable


def _training(folder, *options):
    resume = ["--resume"] if any(folder.glob("*.checkpoint")) else []
    return ["train", *options, *resume, "--jobs", "1", "--out", str(folder / "m.safetensors")]


def _weights(folder, _printed):
    from safetensors.numpy import load

    tensors = load((folder / "m.safetensors").read_bytes())
    return {name: tensor.tobytes() for name, tensor in tensors.items()}


def _record(_folder, printed):
    return _timeless(json.loads(printed))


def _timeless(entry):
    """Return JSON types without what says how long something took."""
    if isinstance(entry, dict):
        return {name: _timeless(inner) for name, inner in entry.items() if name != "seconds"}
    return [_timeless(inner) for inner in entry] if isinstance(entry, list) else entry


def _files(folder, _printed):
    downloads = folder / "data" / "downloads"
    found = {path.relative_to(downloads): path for path in downloads.rglob("*") if path.is_file()}
    # What was being written when the process was killed has a hidden name, and is never read.
    return {place: path.read_bytes() for place, path in found.items() if not any(map(_is_hidden, place.parts))}


def _is_hidden(name):
    return name.startswith(".")


WORKS = {
    "training": Work(lambda folder: _training(folder, "images", *_SMALL), _weights),
    "caching": Work(lambda folder: _training(folder, "speech", *_SPOKEN), _weights),
    "crossval": Work(lambda _: ["crossval", "images", *_SMALL, "--folds", "3", "--jobs", "1", "--json"], _record),
    "diagnose": Work(lambda _: ["diagnose", "images", *_SMALL, "--jobs", "1", "--json"], _record),
    "fetching": Work(lambda _: ["datasets", "fetch", _FETCHED], _files),
}


def main():
    """Kill each kind of work until so many moments have passed; exit code 1 if one ended with other bytes."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.kill", description=__doc__.splitlines()[0])
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"of {', '.join(WORKS)}; none means all")
    parser.add_argument("--moments", type=int, default=100, help="of all of them together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="write benchmarks/results/kill.json")
    words = parser.parse_args()
    names = words.works or list(WORKS)
    moments = -(-words.moments // len(names))
    found = {name: kill_until(WORKS[name], moments, np.random.default_rng(words.seed)) for name in names}
    print(json.dumps(found, indent=1))
    if words.write:
        from benchmarks import results_file

        results_file.write("kill", {"command": f"python -m tests.fuzz.kill --moments {words.moments}", "works": found})
    sys.exit(any(figures["with_other_bytes"] for figures in found.values()))


def kill_until(work, moments, rng):
    """Kill a kind of work at so many moments.

    Returns
    -------
    dict
        "kills"; "ended", how often it came to its end nevertheless; "with_other_bytes", how often with another result.
    """
    kills, ended, others = 0, 0, 0
    with tempfile.TemporaryDirectory(prefix="backprop-kill-") as folder:
        began = time.monotonic()
        whole = _leave_alone(work, Path(folder) / "whole", None)
        seconds = time.monotonic() - began
        while kills < moments:
            ended += 1
            # At most as long as all of it takes, so that some of it ends by itself.
            while (result := _leave_alone(work, Path(folder) / f"{ended}", rng.uniform(0.1, 1.0) * seconds)) is None:
                kills += 1
            others += result != whole
    return {"kills": kills, "ended": ended, "with_other_bytes": others}


def _leave_alone(work, folder, seconds):
    """Begin or go on with work; return its result, or None where it was killed after so many seconds."""
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "BACKPROP_DATA": str(folder / "data")}
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *work.command(folder)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        printed, complaint = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    if process.returncode:
        sys.exit(f"{' '.join(work.command(folder))} ends with {process.returncode}: {complaint[-500:]}")
    return work.result(folder, printed)


if __name__ == "__main__":
    main()
