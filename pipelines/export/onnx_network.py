"""The network in ONNX: from rows of features to probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from backprop_core.activations import LEAK, SQRT_HALF
from pipelines.export.layers import Step
from pipelines.export.onnx_graph import FLOAT, Graph, Value
from pipelines.export.subject import Subject


def scale(graph: Graph, subject: Subject, X: Value) -> Value:
    """Return rows of features as the network takes them: float32 [shape=(n, n_features)]."""
    arrays = subject.bundle.standardizer.arrays()
    return (X - arrays["mean"]) / arrays["scale"]


def logits(graph: Graph, steps: Sequence[Step], X: Value) -> Value:
    """Return the output of the steps of a network for rows: float32 [shape=(n, n_outputs)]."""
    for step in steps:
        X = _step(graph, step, X)
    return X


def probabilities(graph: Graph, subject: Subject, z: Value) -> Value:
    """Return the calibrated probabilities of logits: float32 [shape=(n, n_classes)]."""
    return graph.op("Softmax", z * np.float32(1 / subject.bundle.temperature), axis=-1)


def _step(graph: Graph, step: Step, x: Value) -> Value:
    arrays = step.arrays
    if step.kind == "dense":
        W, kept = arrays["W"], np.flatnonzero(arrays["W"].any(axis=1))
        if len(kept) < 0.9 * len(W):  # for texts, columns without information are not stored
            return x.take(kept, axis=1) @ W[kept] + arrays["b"]
        return graph.op("Gemm", x, graph.value(W), graph.value(arrays["b"]))
    if step.kind == "activation":
        return _activate(graph, step.settings["activation"], x)
    if step.kind == "scale":
        return x * arrays["scale"] + arrays["shift"]
    if step.kind == "layer_norm":
        deviation = x - x.reduce("Mean", [1], keep=True)
        var = (deviation * deviation).reduce("Mean", [1], keep=True)
        xhat = deviation / graph.op("Sqrt", var + np.float32(step.settings["eps"]))
        return xhat * arrays["gamma"] + arrays["beta"]
    return x + logits(graph, step.inner, x)


def _activate(graph: Graph, name: str, z: Value) -> Value:
    if name == "identity":
        return z
    if name == "silu":
        return z * graph.op("Sigmoid", z)
    if name == "gelu":
        return z * (graph.op("Erf", z * SQRT_HALF) + 1) * 0.5
    if name == "leaky_relu":
        return graph.op("LeakyRelu", z, alpha=LEAK)
    kinds = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid", "softplus": "Softplus", "elu": "Elu"}
    return graph.op(kinds[name], z)


def features_graph(subject: Subject) -> Graph:
    """Return the graph from features on: `probabilities` and `logits` of rows of one view each.

    Features of texts come from `TermWeighting`.
    """
    graph = Graph()
    n_features, n_classes = subject.bundle.extractor.n_features, len(subject.bundle.labels)
    X = graph.input("features", FLOAT, ["n", n_features])
    weighted = "idf" in subject.bundle.standardizer.arrays()  # the rows of texts are weighted already
    z = logits(graph, subject.layers, X if weighted else scale(graph, subject, X))
    graph.output(probabilities(graph, subject, z), "probabilities", ["n", n_classes])
    graph.output(z, "logits", ["n", n_classes])
    return graph
