"""Texts in ONNX: from the code points of a text to probabilities.

A graph cannot fold the case of Unicode, so its input is the text normalised by `ngrams.normalise`, as code points.
The hash is computed in whole numbers of 64 bits, of which the lower 32 count.
"""

from __future__ import annotations

import unicodedata

import numpy as np

from pipelines.errors import UsageError
from pipelines.export import onnx_network
from pipelines.export.onnx_graph import BOOL, FLOAT, INT, Graph, Value
from pipelines.export.subject import Subject
from pipelines.features.text.extractor import LONGEST
from pipelines.features.text.ngrams import BASIS, BLANK, PRIME, is_letter, normalise

OUTSIDE = ("decoding", "normalisation")
LOWER = 0xFFFFFFFF
LAST_LETTER = max(point for point in range(0x110000) if unicodedata.category(chr(point))[0] in "LMN")


def points_of(text: str) -> np.ndarray:
    """Return the input of the graph for a text: its code points, normalised, int64 [shape=(n,)]."""
    return np.array([ord(c) for c in normalise(text[:LONGEST])], np.int64)


def whole_graph(subject: Subject) -> tuple[Graph, tuple[str, ...]]:
    """Return the graph from `points` on. Raises UsageError if the network does not begin with a dense layer."""
    graph, grams, row = Graph(), subject.stages["ngrams"].settings, subject.stages["row"].settings
    first, *others = subject.layers
    if first.kind != "dense":
        raise UsageError("export --to onnx: a network of texts must begin with a dense layer; train such a network")
    blank = np.array([BLANK])
    points = graph.join(blank, graph.input("points", INT, ["n_points"]), blank)
    letters = [_letters(graph, points, n) for n in grams["letters"]]
    words = _words(graph, points, grams["words"], grams["longest_word"])
    kinds = [(hashes, size) for hashes, size in ((letters, 1.0), (words, row["emphasis"])) if hashes]
    counted = [_count(graph, hashes, size) for hashes, size in kinds]
    hash_, sizes = (graph.join(*parts) for parts in zip(*counted, strict=True))
    columns = graph.op("Mod", hash_, graph.value(row["columns"]))
    sign = graph.where(hash_ > LOWER >> 1, graph.value(np.float32(-1)), np.float32(1))
    data = sign * sizes
    data = data * graph.value(subject.bundle.standardizer.arrays()["idf"]).take(columns)
    squares = (data * data).reduce("Sum")
    data = data / graph.op("Sqrt", graph.most(squares, np.float32(1e-30)))
    W, kept = first.arrays["W"], np.flatnonzero(first.arrays["W"].any(axis=1))
    rows = np.full(len(W), len(kept))
    rows[kept] = np.arange(len(kept))
    known = np.concatenate([W[kept], np.zeros((1, W.shape[1]), np.float32)])
    z = data.at(0) @ graph.value(known).take(graph.value(rows).take(columns)) + first.arrays["b"]
    z = onnx_network.logits(graph, others, z)
    found = onnx_network.probabilities(graph, subject, z).reshape(-1)
    graph.output(found, "probabilities", [len(subject.bundle.labels)])
    return graph, OUTSIDE


def _xor(graph: Graph, a: Value, b) -> Value:
    return graph.op("BitwiseXor", a, graph.value(b, INT))


def _times(graph: Graph, hashes: Value, factor) -> Value:
    return graph.op("BitwiseAnd", hashes * int(factor), graph.value(LOWER))


def _mix(graph: Graph, hashes: Value) -> Value:
    hashes = _times(graph, _xor(graph, hashes, hashes // (1 << 16)), 2246822507)
    hashes = _times(graph, _xor(graph, hashes, hashes // (1 << 13)), 3266489909)
    return _xor(graph, hashes, hashes // (1 << 16))


def _letters(graph: Graph, points: Value, n: int) -> Value:
    """Return the hashes of pieces of n letters within words; a text has at least its two blanks."""
    n_places = graph.most(points.length() - (n - 1), 0)
    blank = points.equals(BLANK)
    inside = graph.op("Expand", graph.value(np.ones(1, bool)), n_places.reshape(1))
    for k in range(1, n - 1):
        inside = inside & ~blank.part(k, n_places + k)
    if n == 2:
        inside = inside & ~(blank.part(0, n_places) & blank.part(1, n_places + 1))
    starts = graph.places(inside)
    hashes = starts * 0 + int(BASIS ^ np.uint32(n))
    for k in range(n):
        hashes = _times(graph, _xor(graph, hashes, points.take(starts + k)), PRIME)
    return hashes


def _words(graph: Graph, points: Value, kinds, longest: int) -> list[Value]:
    """Return the hashes of words, of pairs of words or of both, as `kinds` says: list."""
    table = np.zeros(LAST_LETTER + 2, bool)
    table[:-1] = is_letter(np.arange(LAST_LETTER + 1, dtype=np.uint32))
    letter = graph.op("Gather", graph.value(table), graph.least(points, LAST_LETTER + 1), dtype=BOOL, axis=0)
    edge = np.zeros(1, np.int64)
    numbers = graph.join(edge, letter.cast(INT), edge)
    n = numbers.length()
    steps = numbers.part(1, n) - numbers.part(0, n - 1)
    starts, stops = graph.places(steps > 0), graph.places(steps < 0)
    lengths = graph.least(stops - starts, longest)

    def body(inner: Graph, number, hashes):
        longer = inner.value(lengths) > number
        at = inner.where(longer, inner.value(starts) + number, 0)
        more = _times(inner, _xor(inner, hashes, inner.value(points).take(at)), PRIME)
        return np.array(True), inner.where(longer, more, hashes)

    most = graph.join(edge, lengths).reduce("Max")
    (hashes,) = graph.repeat(body, (starts * 0 + int(BASIS),), times=most)
    found = [hashes] if 1 in kinds else []
    if 2 in kinds:
        # An empty word precedes the first word and follows the last. A text without words has no pair.
        n_pairs = starts.length() + graph.least(starts.length(), 1)
        ends = graph.join(np.array([int(BASIS)]), hashes, np.array([int(BASIS)]))
        pairs = ends.part(0, n_pairs) * 0 + int(BASIS ^ np.uint32(1))
        for part in (ends.part(0, n_pairs), ends.part(1, n_pairs + 1)):
            pairs = _times(graph, _xor(graph, pairs, part), PRIME)
        found.append(pairs)
    return found


def _count(graph: Graph, hashes: list[Value], emphasis: float) -> tuple[Value, Value]:
    """Return each different hash, and 1 + log of its count, times the emphasis."""
    names = [graph.name(part) for part in ("unique", "places", "inverse", "counts")]
    graph.several("Unique", [_mix(graph, graph.join(*hashes))], names)
    counts = Value(graph, names[3], INT).cast(FLOAT)
    return Value(graph, names[0], INT), (graph.op("Log", counts) + 1) * np.float32(emphasis)
