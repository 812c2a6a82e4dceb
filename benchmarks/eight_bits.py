"""Eight bits: what weights and activations of eight bits cost in accuracy, over all of FSDD's takes.

The official test has 300 recordings, of which a single one is a third of a point. So the split is rotated: five takes
of each speaker at a time are tested by a model that has learned from the other forty-five, preset `fast`. Each model
and its twin in eight bits, the one that `--to c --int8` writes, answer the same rows.
"""

import tempfile
from pathlib import Path

from benchmarks import results_file
from benchmarks.export_parity import count_eight_bits
from pipelines import datasets, train
from pipelines.datasets.fsdd import parse_name
from pipelines.export.subject import Subject
from pipelines.models import bundle

TAKES, AT_ONCE = 50, 5


def run():
    """Measure, and write results/eight_bits.json."""
    datasets.fetch("fsdd")
    dataset = datasets.load("fsdd", "speech")
    found = [_rotate(dataset, range(first, first + AT_ONCE)) for first in range(0, TAKES, AT_ONCE)]
    n = sum(one["n"] for one in found)
    shares = {key: sum(one[key] * one["n"] for one in found) / n for key in ("accuracy", "accuracy_int8")}
    others = sum(one["other_labels"] for one in found)
    results_file.write("eight_bits", {"preset": "fast", "models": len(found), "n": n, **shares, "other_labels": others})


def _rotate(dataset, tested):
    """Return what `count_eight_bits` finds where these takes are tested."""
    rows = [
        f"{path},{dataset.labels[label]},{'test' if parse_name(path.name)[2] in tested else 'train'}"
        for path, label in zip(dataset.items, dataset.y, strict=True)
    ]
    with tempfile.TemporaryDirectory() as folder:
        manifest, model = Path(folder, "takes.csv"), Path(folder, "model.safetensors")
        manifest.write_text("\n".join(["path,label,split", *rows]))
        train("speech", manifest, out=model)
        return count_eight_bits(Subject(bundle.load(model), "model"))
