"""Export parity of JavaScript: whether module and page answer all test samples as the model does, in floats and 8 bits.

Each artefact is run by Node on what the tool itself decoded: the test split of each data set, and odd samples. What 8
bits cost is counted in right answers. `BACKPROP_MODELS` names a folder of models (`fsdd.safetensors` and so on) that
need not be trained again. `BACKPROP_VOICES` and `BACKPROP_PICTURES` name folders of recordings and pictures by
strangers. Recordings go to the engine at the rate that they have, so that its own resampling counts.
"""

import os
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import results_file

SETS = {"digits": "images", "clinc150-part": "text", "spoken-digits": "speech", "fsdd": "speech", "mnist": "images"}
STRANGERS = {"pictures": ("mnist", "BACKPROP_PICTURES"), "voices": ("fsdd", "BACKPROP_VOICES")}
FORMS = ("js", "html")


def run():
    """Measure, and write results/export_parity_js.json; it is written anew after each set, the small ones first."""
    folder = Path(os.environ.get("BACKPROP_MODELS") or tempfile.mkdtemp())
    measured = {"preset": "fast", "sets": {}, "strangers": {}}
    for name, (of, variable) in STRANGERS.items():
        if variable in os.environ:
            measured["strangers"][name] = _strangers(model_of(of, folder), Path(os.environ[variable]))
    for name in SETS:
        measured["sets"][name] = _measure(model_of(name, folder))
        results_file.write("export_parity_js", measured)


def model_of(name, folder):
    """Return the path of a model of a data set, trained where it is not there."""
    from pipelines import train

    path = folder / f"{name}.safetensors"
    if not path.exists():
        train(SETS[name], name, out=path)
    return path


def _measure(path):
    """Return how module and page compare with a model, and what 8 bits cost."""
    from pipelines.export.odd_inputs import odd_inputs
    from pipelines.export.parity import samples_to_test
    from pipelines.export.subject import Subject
    from pipelines.models import bundle

    subject = Subject(bundle.load(path), path.stem)
    _, samples = samples_to_test(subject)
    odd = list(odd_inputs(subject))
    found = {}
    for form in FORMS:
        few = samples if form == "js" else samples[:: max(1, len(samples) // 200)]
        found[form] = _compare(subject, form, few, odd)
    return {**found, "js --int8": _compare(subject, "js", samples, odd, int8=True), **_rights(path)}


def _compare(subject, form, samples, odd, int8=False):
    from pipelines.export import find
    from pipelines.export.exporter import Options
    from pipelines.export.parity import compare

    exporter = find(form)
    with tempfile.TemporaryDirectory() as folder:
        made = exporter.make(subject, Options(int8=int8))
        paths = [Path(folder) / f"model{suffix}" for suffix in made.files]
        for path, content in zip(paths, made.files.values(), strict=True):
            path.write_bytes(content)
        parity = compare(subject, exporter, paths, samples, odd, int8=int8)
    return {**parity.record(), "bytes": len(next(iter(made.files.values())))}


def _rights(path):
    """Return the test accuracy of the model, and of its twin with weights of 8 bits; Node's answers are the twin's."""
    from pipelines import datasets
    from pipelines.export.quantisation import quantise_subject
    from pipelines.export.subject import Subject
    from pipelines.learning.preparation import prepare
    from pipelines.models import bundle

    model = bundle.load(path)
    prepared = prepare(datasets.load(model.provenance["dataset"], model.task.name), model.extractor)
    stored, y = prepared.rows("test")
    twin = quantise_subject(Subject(model, path.stem)).bundle
    return {
        name: float((each.probabilities(stored).argmax(axis=1) == y).mean())
        for name, each in (("accuracy", model), ("accuracy_int8", twin))
    }


def _strangers(path, folder):
    """Return how the engine compares on files as they are: of recordings, it gets all channels at their own rate."""
    import soundfile

    from pipelines.errors import InputFileError, NothingToSeeError
    from pipelines.export.exporter import NotTakenError
    from pipelines.export.javascript.node import answering
    from pipelines.models import bundle

    model = bundle.load(path)
    differences, same, refused_by_one = [], 0, 0
    files = sorted(each for each in folder.rglob("*") if each.suffix.lower() in (".wav", ".flac", ".png", ".jpg"))
    with answering(path) as answer:
        for file in files[:: max(1, len(files) // 100)]:
            expected = found = None
            try:
                decoded = model.extractor.read(file)
                expected = model.probabilities(model.reader.extract_rows([decoded]))[0]
            except (InputFileError, NothingToSeeError):
                pass
            try:
                if model.task.name == "speech":
                    sound, rate = soundfile.read(file, dtype="float32", always_2d=True)
                    found = answer(np.ascontiguousarray(sound.T), rate)
                else:
                    found = answer(decoded)
            except NotTakenError:
                pass
            if expected is None or found is None:
                refused_by_one += (expected is None) != (found is None)
                continue
            differences.append(float(np.abs(expected - found).max()))
            same += int(expected.argmax() == found.argmax())
    return {
        "n": len(differences),
        "same_label": same,
        "largest_difference": max(differences),
        "quantile_99_of_differences": float(np.quantile(differences, 0.99)),
        "refused_by_one_alone": refused_by_one,
    }
