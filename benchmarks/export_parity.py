"""Export parity: whether each exported form answers every test sample as the model does, how soon, and how large it is.

A model of each data set, preset `fast`, is exported to each form that can run here, and asked for all test samples and
for odd ones. What eight bits cost in accuracy is counted on the same test samples. `BACKPROP_MODELS` names a folder of
models, `fsdd.safetensors` and so on, that need not be trained again.
"""

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import results_file

SETS = {
    "fsdd": "speech",
    "spoken-digits": "speech",
    "mnist": "images",
    "clinc150-part": "text",
    "trec": "text",
}
EIGHT_BITS = ("fsdd", "mnist")
TIMED = 100  # samples
FORMS = ("onnx", "c", "sklearn")  # `export_parity_js` has the others


def run():
    """Measure, and write results/export_parity.json."""
    folder = Path(os.environ.get("BACKPROP_MODELS") or tempfile.mkdtemp())
    results_file.write("export_parity", {"preset": "fast", "sets": {name: _measure(name, folder) for name in SETS}})


def _measure(name, folder):
    from pipelines import train
    from pipelines.export.odd_inputs import odd_inputs
    from pipelines.export.parity import samples_to_test
    from pipelines.export.subject import Subject
    from pipelines.models import bundle

    path = folder / f"{name}.safetensors"
    if not path.exists():
        train(SETS[name], name, out=path)
    subject = Subject(bundle.load(path), "model")
    _, samples = samples_to_test(subject)
    odd = list(odd_inputs(subject))
    found = {form: _compare(subject, form, samples, odd) for form in FORMS}
    record = {"n_test": len(samples), "n_odd": len(odd), "forms": {k: v for k, v in found.items() if v is not None}}
    if name in EIGHT_BITS:
        record["eight_bits"] = count_eight_bits(subject)
    return record


def _compare(subject, form, samples, odd):
    """Return how a form compares; None where the model cannot have it, or its runner is not here."""
    from pipelines.errors import UsageError
    from pipelines.export import find
    from pipelines.export.exporter import Options
    from pipelines.export.parity import compare

    exporter = find(form)

    try:
        began = time.process_time()
        made = exporter.make(subject, Options())
        seconds = time.process_time() - began
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / f"model{suffix}" for suffix in made.files]
            for path, content in zip(paths, made.files.values(), strict=True):
                path.write_bytes(content)
            parity = compare(subject, exporter, paths, samples, odd)
            with exporter.running(subject, paths) as answer:
                speed = _taking_turns({"model": subject.answer, form: answer}, samples[:TIMED])
    except (UsageError, ImportError) as error:
        print(f"{form}: {error}")
        return None
    sizes = {suffix: len(content) for suffix, content in made.files.items()}
    clocked = ("dataset", "seconds_model", "seconds_export")
    record = {key: value for key, value in parity.record().items() if key not in clocked}
    return {
        **record,
        "cpu_seconds": speed,
        "cpu_seconds_to_export": seconds,
        "bytes": sizes,
        "cost": dict(made.cost or {}),
    }


def _taking_turns(functions, samples):
    """Return the median processor time of a call of each function, in seconds; they take turns, sample by sample."""
    taken = {name: [] for name in functions}
    for sample in samples:
        for name, function in functions.items():
            began = time.process_time()
            function(sample)
            taken[name].append(time.process_time() - began)
    return {name: float(np.median(seconds)) for name, seconds in taken.items()}


def count_eight_bits(subject):
    """Return the test accuracy of the model and of its twin in eight bits, and how many answers differ."""
    from backprop_core.calibration import calibrated
    from pipelines import datasets
    from pipelines.export.integer_layers import integer_layers, twin_logits
    from pipelines.learning.preparation import prepare

    model = subject.bundle
    prepared = prepare(datasets.load(model.provenance["dataset"], subject.task), model.extractor)
    stored, y = prepared.rows("test")
    layers, views = integer_layers(subject), []
    for X in model.extractor.views(stored):
        scaled = model.standardizer.transform(X)
        pieces = [twin_logits(subject, layers, scaled[start : start + 500]) for start in range(0, len(y), 500)]
        views.append(np.concatenate(pieces))
    ours, theirs = model.probabilities(stored), calibrated(np.mean(views, axis=0), model.temperature)
    return {
        "accuracy": float((ours.argmax(axis=1) == y).mean()),
        "accuracy_int8": float((theirs.argmax(axis=1) == y).mean()),
        "other_labels": int((ours.argmax(axis=1) != theirs.argmax(axis=1)).sum()),
        "n": len(y),
    }
