"""Results: what a benchmark measured, with all that a reader needs to judge it."""

import datetime
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).parent / "results"


def write(name, measured):
    """Write `measured`, a dict of JSON types, to results/<name>.json with command, machine and versions; print it."""
    record = {
        "command": f"python -m benchmarks {name}",
        "date": datetime.date.today().isoformat(),
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "system": platform.system()},
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in ("numpy", "librosa", "scikit-learn", "pillow")},
        },
        **measured,
    }
    text = json.dumps(record, indent=1, allow_nan=False)
    (FOLDER / f"{name}.json").write_text(text + "\n")
    print(text)


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
