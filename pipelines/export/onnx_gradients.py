"""Gradient features in ONNX, like `features.images.gradients`; the sizes of all pictures are known."""

from __future__ import annotations

import numpy as np

from pipelines.export.onnx_graph import Graph, Value
from pipelines.features.images import gradients
from pipelines.features.images.gradients import BLOCKS, DIRECTIONS, FAINTEST, LEVELS, OPPONENT_REACH


def features(graph: Graph, picture: Value, height: int, width: int, n_channels: int) -> Value:
    """Return the gradient features of a picture, float32 [shape=(height, width, n_channels)], in [0, 1]: one row."""
    some, parts = picture.reshape(height, width, n_channels).transpose(2, 0, 1), []
    octave, before = some, (height, width)
    for number, (size, cells) in enumerate(gradients.octaves(height, width)):
        octave = _halve(octave, *before) if number else octave
        parts += _of_light(graph, _cell_histograms(graph, octave, *size, n_channels, cells), cells)
        before = size
    half = max(1, height // 2), max(1, width // 2)
    blocks = gradients.grid(height, width, BLOCKS)
    parts.append(_colour_shares(graph, _halve(some, height, width), *half, n_channels, blocks))
    return graph.join(*(part.reshape(1, -1) for part in parts), axis=1)


def _halve(picture: Value, height: int, width: int) -> Value:
    down, across = min(2, height), min(2, width)
    rows, columns = height // down, width // across
    whole = picture.part(0, rows * down, axis=1).part(0, columns * across, axis=2)
    return whole.reshape(0, rows, down, columns, across).reduce("Mean", [2, 4])


def _repeat_edges(values: Value, axis: int, n: int) -> Value:
    """Repeat the first and the last of n entries along an axis once."""
    return values.take(np.clip(np.arange(-1, n + 1), 0, n - 1), axis=axis)


def _cell_histograms(graph: Graph, picture: Value, height: int, width: int, n_channels: int, cells) -> Value:
    across = _repeat_edges(picture, 2, width)
    down = _repeat_edges(picture, 1, height)
    g_x = (across.part(2, width + 2, axis=2) - across.part(0, width, axis=2)) * 0.5
    g_y = (down.part(2, height + 2, axis=1) - down.part(0, height, axis=1)) * 0.5
    steepest = [each.part(0, 1) for each in (g_x, g_y)]
    square = steepest[0] * steepest[0] + steepest[1] * steepest[1]
    for channel in range(1, n_channels):
        others = [each.part(channel, channel + 1) for each in (g_x, g_y)]
        other = others[0] * others[0] + others[1] * others[1]
        steepest = [graph.where(other > square, new, old) for new, old in zip(others, steepest, strict=True)]
        square = graph.most(square, other)
    angles = (2 * np.pi / DIRECTIONS * np.arange(DIRECTIONS)).astype(np.float32)[:, None, None]
    rise = graph.most(steepest[0] * np.cos(angles) + steepest[1] * np.sin(angles), 0)
    length = graph.op("Sqrt", steepest[0] * steepest[0] + steepest[1] * steepest[1]) + 1e-6
    return _pool(graph, rise * rise / length, height, width, cells)


def _of_light(graph: Graph, histograms: Value, cells) -> list[Value]:
    rows, columns = cells
    square = (histograms * histograms).reduce("Sum", [0])
    near = _repeat_edges(square, 0, rows)
    near = near.part(0, rows) + near.part(1, rows + 1) + near.part(2, rows + 2)
    near = _repeat_edges(near, 1, columns)
    near = near.part(0, columns, axis=1) + near.part(1, columns + 1, axis=1) + near.part(2, columns + 2, axis=1)
    light = graph.op("Sqrt", near / 9 + FAINTEST**2 / 4)
    strength = graph.op("Sqrt", graph.op("Sqrt", square))
    return [graph.op("Sqrt", histograms / light), strength]


def _colour_shares(graph: Graph, picture: Value, height: int, width: int, n_channels: int, blocks) -> Value:
    colours = picture
    if n_channels == 3:
        red, green, blue = (picture.part(channel, channel + 1) for channel in range(3))
        scale = 0.5 / OPPONENT_REACH
        opposed = [(red - green) * scale + 0.5, (blue - (red + green) * 0.5) * scale + 0.5]
        colours = graph.join((red + green + blue) / 3, *opposed)
    place = graph.least(graph.most(colours, 0), 1) * (LEVELS - 1)
    away = graph.op("Abs", place.at(1) - np.arange(LEVELS, dtype=np.float32)[:, None, None])
    shares = graph.most(1 - away, 0).reshape(-1, height, width)
    return graph.op("Sqrt", _pool(graph, shares, height, width, blocks))


def _pool(graph: Graph, maps: Value, height: int, width: int, cells) -> Value:
    down, across = (gradients.cell_weights(n, k) for n, k in zip((height, width), cells, strict=True))
    return graph.value(down) @ (maps @ across.T)
