"""Pictures in ONNX: from pixels of any size to probabilities.

Resizing is the same as in Pillow, digit by digit: its weights are whole numbers of 22 bits, and each of its two passes,
across and then down, rounds to a byte (https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c).
"""

from __future__ import annotations

import math

from pipelines.export import onnx_gradients, onnx_network
from pipelines.export.onnx_graph import DOUBLE, FLOAT, INT, Graph, Value
from pipelines.export.subject import Subject
from pipelines.features.images.extractor import CHANNELS

PRECISION = 22  # bits
SUPPORT = 3.0  # of Lanczos' window


def whole_graph(subject: Subject) -> tuple[Graph, tuple[str, ...]]:
    """Return the graph from `pixels` on, and the stages outside.

    `pixels` are grey [height, width] or coloured [height, width, 3], as the model's are. Finding the drawing in a
    picture is not exported; `pixels` then has the model's size.
    """
    extractor, graph = subject.bundle.extractor, Graph()
    n_channels, strokes = CHANNELS[extractor.channels], extractor.framing == "strokes"
    size = [extractor.height, extractor.width] if strokes else ["height", "width"]
    pixels = graph.input("pixels", FLOAT, [*size, 3][: 2 if n_channels == 1 else 3])
    outside = ("decoding", "channels", *(("strokes",) if strokes else ()))
    if strokes:
        X = pixels
    else:
        levels = _levels(graph, pixels if n_channels == 3 else pixels.at(-1))
        X = (_frame(graph, levels, extractor.width, extractor.height, n_channels) / 255.0).cast(FLOAT)
    if "gradients" in subject.stages:
        X = onnx_gradients.features(graph, X, extractor.height, extractor.width, n_channels)
    z = onnx_network.logits(graph, subject.layers, onnx_network.scale(graph, subject, X.reshape(1, -1)))
    found = onnx_network.probabilities(graph, subject, z).reshape(-1)
    graph.output(found, "probabilities", [len(subject.bundle.labels)])
    return graph, outside


def _levels(graph: Graph, pixels: Value) -> Value:
    """Return pixels in [0, 1] as levels from 0 to 255: float64, whole numbers."""
    return _byte(graph, graph.op("Floor", pixels.cast(DOUBLE) * 255 + 0.5))


def _byte(graph: Graph, values: Value) -> Value:
    return graph.least(graph.most(values, 0.0), 255.0)


def _frame(graph: Graph, levels: Value, width: int, height: int, n_channels: int) -> Value:
    """Scale a picture [row, column, channel] to fit, and put the median colour of its edge around it: float64."""
    high, wide = levels.length(0), levels.length(1)
    scale = graph.least(width / wide.cast(DOUBLE), height / high.cast(DOUBLE))
    new_high, new_wide = (graph.most(graph.op("Round", of.cast(DOUBLE) * scale).cast(INT), 1) for of in (high, wide))
    across = levels.transpose(2, 0, 1)  # channel, row, column
    across = _resize(graph, across, wide, new_wide)
    down = _resize(graph, across.transpose(0, 2, 1), high, new_high)
    small = down.transpose(2, 1, 0)  # row, column, channel
    edge = graph.join(
        *(small.part(0, 1, axis).reshape(-1, n_channels) for axis in (0, 1)),
        small.part(new_high - 1, new_high, 0).reshape(-1, n_channels),
        small.part(new_wide - 1, new_wide, 1).reshape(-1, n_channels),
    )
    colour = _median(graph, edge)
    left, top = (width - new_wide) // 2, (height - new_high) // 2
    rows, columns = (graph.arange(side) for side in (height, width))
    inside_rows = (rows >= top) & (rows < top + new_high)
    inside_columns = (columns >= left) & (columns < left + new_wide)
    picture = small.take(_clip(graph, rows - top, new_high), 0).take(_clip(graph, columns - left, new_wide), 1)
    inside = inside_rows.at(1).at(2) & inside_columns.at(0).at(2)
    return graph.where(inside, picture, colour)


def _clip(graph: Graph, places: Value, length: Value) -> Value:
    return graph.least(graph.most(places, 0), length - 1)


def _median(graph: Graph, edge: Value) -> Value:
    """Return the median of each column, cut to a whole number."""
    n = edge.length(0)
    ordered = graph.smallest(edge, n, axis=0)
    middle = ordered.take((n - 1) // 2, 0) + ordered.take(n // 2, 0)
    return graph.op("Floor", middle / 2.0)


def _resize(graph: Graph, picture: Value, given: Value, wanted: Value) -> Value:
    """Resize the columns of a picture [channel, row, column] as Pillow does, and round to bytes."""
    ratio = given.cast(DOUBLE) / wanted.cast(DOUBLE)
    stretch = graph.most(ratio, 1.0)
    reach = stretch * SUPPORT
    centre = (graph.arange(wanted).cast(DOUBLE) + 0.5) * ratio
    first = graph.most(graph.op("Floor", centre - reach + 0.5), 0.0).at(1)
    after = graph.least(graph.op("Floor", centre + reach + 0.5), given.cast(DOUBLE)).at(1)
    place = graph.arange(given).cast(DOUBLE).at(0)
    x = (place - centre.at(1) + 0.5) / stretch
    inside = (place >= first) & (place < after)
    weights = graph.where(inside, _lanczos(graph, x), 0.0)
    weights = weights / weights.reduce("Sum", [1], keep=True)
    fixed = weights * float(1 << PRECISION)
    fixed = graph.where(fixed < 0, graph.op("Ceil", fixed - 0.5), graph.op("Floor", fixed + 0.5))
    summed = picture @ fixed.transpose(1, 0)
    rounded = _byte(graph, graph.op("Floor", (summed + float(1 << (PRECISION - 1))) / float(1 << PRECISION)))
    return rounded


def _lanczos(graph: Graph, x: Value) -> Value:
    near = graph.op("Abs", x) < SUPPORT
    return graph.where(near, _sinc(graph, x) * _sinc(graph, x / SUPPORT), 0.0)


def _sinc(graph: Graph, x: Value) -> Value:
    angle = x * math.pi
    zero = angle.equals(0.0)
    return graph.where(zero, 1.0, graph.op("Sin", angle) / graph.where(zero, 1.0, angle))
