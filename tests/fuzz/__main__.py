"""`python -m tests.fuzz` makes ten thousand trials, says what went wrong, and with --write notes the result.

Trials run in processes of their own: one that is ended by a fault in a C library costs its trial, and the next process
goes on behind it. `--only N` repeats one trial and shows the traceback.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

SILENT_SECONDS = 60  # a process that says nothing for so long hangs where no alarm reaches it


def main():
    """Parse the words, make the trials, print a summary; exit code 1 if any trial failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=None, help="stop when so much time has passed")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"), help="folder for the files that failed")
    parser.add_argument("--write", action="store_true", help="write benchmarks/results/fuzz.json")
    parser.add_argument("--only", type=int, help="repeat this trial alone")
    parser.add_argument("--child", type=int, nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.child:
        _work(words.folder, words.seed, *words.child)
        return
    if words.only is not None:
        _work(tempfile.mkdtemp(prefix="backprop-fuzz-"), words.seed, words.only, words.only + 1)
        return
    records = _all_trials(words)
    summary = _summary(records, words)
    print(json.dumps(summary, indent=1))
    if words.write:
        from benchmarks import results_file

        results_file.write("fuzz", {"command": "make fuzz", **summary})
    sys.exit(bool(summary["faults"]))


def _work(folder, seed, first, stop):
    """Make trials one after the other, and print a record of each as a line of JSON."""
    import resource

    from pipelines.cli import streams
    from pipelines.machine.decoders import ignore_decoders
    from tests.fuzz.trials import Workshop, limit_memory

    streams.prepare()
    ignore_decoders()
    workshop = Workshop(folder)
    for count in range(10**9, 10**9 + 20):  # what is imported and compiled at first is no matter of a trial
        workshop.trial(seed, count)
    limit_memory()
    for count in range(first, stop):
        record = workshop.trial(seed, count)
        record["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({"trial": count, **record}), flush=True)


def _all_trials(words):
    records, first, began = [], 0, time.monotonic()
    words.keep.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="backprop-fuzz-") as folder:
        while first < words.trials and not _late(words, began):
            stop = min(first + 1000, words.trials)
            command = [sys.executable, "-m", "tests.fuzz", "--seed", str(words.seed), "--folder", folder]
            child = subprocess.Popen([*command, "--child", str(first), str(stop)], stdout=subprocess.PIPE, text=True)
            for line in child.stdout:
                if not line.startswith('{"trial"'):
                    continue
                records.append(json.loads(line))
                first = records[-1]["trial"] + 1
                if records[-1]["fault"]:
                    print(f"trial {first - 1} ({records[-1]['kind']}): {records[-1]['fault']}", file=sys.stderr)
                    _keep(words, folder, records[-1])
                if _late(words, began):
                    child.kill()
            code = child.wait()
            if code and first < stop and not _late(words, began):
                if not records or records[-1]["trial"] < first - 1:
                    sys.exit("the process of trials does not start")
                records.append(
                    {"trial": first, "kind": "unknown", "fault": f"the process ended with {code}", "seconds": 0}
                )
                print(f"trial {first}: the process ended with {code}", file=sys.stderr)
                first += 1
    return records


def _late(words, began):
    return words.seconds is not None and time.monotonic() - began > words.seconds


def _keep(words, folder, record):
    """Keep the file that a trial failed on, by the numbers of the trial."""
    for path in sorted(Path(folder).iterdir(), key=lambda path: path.stat().st_mtime)[-1:]:
        if path.is_file() and path.stat().st_size == record["bytes"]:
            target = words.keep / f"{words.seed}-{record['trial']}-{path.name}"
            target.write_bytes(path.read_bytes())


def _summary(records, words):
    return {
        "seed": words.seed,
        "trials": len(records),
        "kinds": dict(Counter(record["kind"] for record in records)),
        "exit_codes": {
            str(code): n for code, n in sorted(Counter(record.get("code") for record in records).items(), key=str)
        },
        "faults": len(faults := [record for record in records if record["fault"]]),
        "fault_sentences": dict(Counter(f"{record['kind']}: {record['fault']}" for record in faults).most_common(30)),
        "longest_seconds": max((record["seconds"] for record in records), default=0),
        "peak_mb": max((record.get("peak_mb", 0) for record in records), default=0),
    }


if __name__ == "__main__":
    main()
