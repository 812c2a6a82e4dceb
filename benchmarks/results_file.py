"""Results: what a benchmark measured, with all that a reader needs to judge it."""

import datetime
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).parent / "results"


def choose(names):
    """Return those of some names that BENCH_ONLY, a list with commas, asks for; all where it asks for none.

    A long benchmark is then measured in parts, each while the machine is quiet. Names count up to their first comma.
    """
    only = os.environ.get("BENCH_ONLY", "").split(",")
    return [name for name in names if only == [""] or name.split(",")[0] in only]


def write(name, measured, growing=None):
    """Write `measured`, a dict of JSON types, to results/<name>.json with command, machine and versions; print it.

    Of the dict that `growing` names, what was measured before in the same way stays where it is not measured anew.
    """
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
    path = FOLDER / f"{name}.json"
    if growing and path.exists():
        before = json.loads(path.read_text())
        if all(before.get(key) == record[key] for key in record.keys() - {"date", growing}):
            record[growing] = before[growing] | record[growing]
    text = json.dumps(record, indent=1, allow_nan=False)
    path.write_text(text + "\n")
    print(text)


def read(name):
    """Return what results/<name>.json holds."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def _processor():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
