"""To ONNX: all stages in one file, and the stages after the features in another.

https://onnx.ai. The graphs use plain operators of one opset, so that every runtime supports them; matrices are
constants. Stages that a graph cannot contain (decoding, resampling) are not exported, and the metadata names them. A
runtime without loops can use the second graph, and compute the features by itself.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.export.exporter import Answer, Exporter, Made, Options
from pipelines.export.subject import Subject, probabilities_of_features

FEATURES_OUTSIDE = ("decoding", "features", "mean over views")


def make(subject: Subject, options: Options) -> Made:
    """Return both graphs; for texts, the same graph twice, because no graph computes their features."""
    from pipelines.export.onnx_network import features_graph

    whole, outside = _whole(subject)
    models = {}
    for suffix, graph, left in (
        (".onnx", whole, outside),
        (".features.onnx", features_graph(subject), FEATURES_OUTSIDE),
    ):
        metadata = {**subject.metadata, "outside": list(left), **_golden(subject, suffix)}
        texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in metadata.items()}
        models[suffix] = graph.model(subject.identifier, texts, _documentation(subject)).SerializeToString()
    return Made(models, outside, {"opset": _opset(), "golden_error": _golden_error(subject, models[".onnx"])})


def _whole(subject: Subject):
    if subject.task == "speech":
        from pipelines.export.onnx_speech import whole_graph
    elif subject.task == "images":
        from pipelines.export.onnx_images import whole_graph
    else:
        from pipelines.export.onnx_text import whole_graph
    return whole_graph(subject)


def _opset() -> int:
    from pipelines.export.onnx_graph import OPSET

    return OPSET


def _documentation(subject: Subject) -> str:
    data = "; ".join(f"{of['name']} ({of['licence']}). {of['citation']}" for of in subject.metadata["data"])
    return f"{subject.task}: {', '.join(subject.bundle.labels[:20])}. Learned from {data}"


def input_of(subject: Subject, decoded: Any) -> dict[str, np.ndarray]:
    """Return the input of the whole graph for a decoded sample."""
    if subject.task == "speech":
        return {"waveform": np.asarray(decoded, np.float32)}
    if subject.task == "images":
        extractor = subject.bundle.extractor
        if extractor.framing == "strokes":
            decoded = extractor.extract_row(decoded).reshape(extractor.height, extractor.width)
        decoded = extractor.in_channels(decoded)
        return {"pixels": np.asarray(decoded, np.float32) / np.float32(255)}
    from pipelines.export.onnx_text import points_of

    return {"points": points_of(decoded)}


def _golden(subject: Subject, suffix: str) -> dict[str, Any]:
    """Return the golden sample: the input, in base64, and its right probabilities."""
    if suffix == ".onnx":
        ((name, given),) = input_of(subject, subject.golden).items()
        answer = subject.golden_probabilities
    else:
        extractor = subject.bundle.extractor
        row = subject.bundle.golden_row
        weighted = subject.bundle.standardizer.transform(row).toarray() if extractor.sparse else None
        name, given = "features", extractor.to_features(row) if weighted is None else weighted
        answer = probabilities_of_features(subject, given)
    golden = {"input": name, "dtype": str(given.dtype), "shape": list(given.shape)}
    golden["base64"] = base64.b64encode(np.ascontiguousarray(given).tobytes()).decode()
    return {"golden": golden | {"probabilities": answer.tolist()}}


def golden_of(model: Any) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the golden input of an ONNX model for a runtime, and its right probabilities."""
    golden = json.loads({entry.key: entry.value for entry in model.metadata_props}["golden"])
    given = np.frombuffer(base64.b64decode(golden["base64"]), golden["dtype"]).reshape(golden["shape"])
    return {golden["input"]: given}, np.array(golden["probabilities"], np.float32)


def _golden_error(subject: Subject, content: bytes) -> float | None:
    """Return the error of the golden sample on this computer; None if no runtime is installed."""
    try:
        import onnxruntime  # noqa: F401
    except ImportError:
        return None
    given = input_of(subject, subject.golden)
    (found,) = _session(content).run(["probabilities"], given)
    return float(np.abs(found - subject.golden_probabilities).max())


def _session(content: bytes):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


@contextmanager
def running(subject: Subject, paths: Sequence[Path]) -> Iterator[Answer]:
    """Give a function that runs the whole graph."""
    session = _session(paths[0].read_bytes())
    yield lambda decoded: session.run(["probabilities"], input_of(subject, decoded))[0]


EXPORTER = Exporter("onnx", "ONNX graphs for any runtime", make, (".onnx", ".features.onnx"), running)
