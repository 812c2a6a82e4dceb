"""Speech in ONNX: from a waveform of any length to probabilities, stage by stage.

Everything is computed in double precision, as numpy does it, up to the row of features. A Fourier transform is a
product with cosines and sines; a frame is gathered by its places; arrays of the word's length are made from ranges. The
ends of the word are found in `onnx_word`.
"""

from __future__ import annotations

import numpy as np

from pipelines.export import onnx_network, onnx_word
from pipelines.export.onnx_graph import DOUBLE, FLOAT, INT, Graph, Value
from pipelines.export.subject import Subject

OUTSIDE = ("decoding", "resampling", "refusal of recordings without a word")


def whole_graph(subject: Subject) -> tuple[Graph, tuple[str, ...]]:
    """Return the graph from `waveform` on, and the stages outside. For equal samples, all probabilities are 0."""
    stages, graph = subject.stages, Graph()
    given = graph.input("waveform", FLOAT, ["n_samples"])
    waveform = without_drift(graph, given.cast(DOUBLE), stages["drift"].settings["half"])
    waveform = emphasise(graph, waveform, stages["preemphasis"].settings["preemphasis"])
    rows = []
    ends = onnx_word.ends(graph, waveform, stages["ends"])
    for (start, stop), share in zip(ends, stages["power"].settings["masking_shares"], strict=True):
        word = waveform.part(start, stop)
        word = word / graph.most(graph.op("Abs", word).reduce("Max"), 1e-300)
        decibels = mel_decibels(graph, power(graph, word, stages["power"], share), stages["decibels"])
        rows.append(row(graph, decibels @ stages["cepstra"].constants["dct"].T, stages["row"]))
    X = graph.join(*rows).cast(FLOAT)
    z = onnx_network.logits(graph, subject.layers, onnx_network.scale(graph, subject, X))
    z = z.reduce("Mean", [0], keep=True)
    sound = (given.reduce("Max") > given.reduce("Min")).cast(FLOAT)
    found = onnx_network.probabilities(graph, subject, z).reshape(-1) * sound
    graph.output(found, "probabilities", [len(subject.bundle.labels)])
    return graph, OUTSIDE


def without_drift(graph: Graph, waveform: Value, half: int) -> Value:
    """Return a waveform without changes that are slower than a voice; see `features.speech.drift`."""
    n = waveform.length()
    places = graph.arange(n)
    reach = graph.least(graph.least(places, (n - 1) - places), half)
    for _ in range(2):
        sums = graph.sums(waveform)
        around = sums.take(places + reach + 1) - sums.take(places - reach)
        waveform = waveform - around / (reach * 2 + 1).cast(DOUBLE)
    return waveform


def emphasise(graph: Graph, waveform: Value, preemphasis: float) -> Value:
    """Return a waveform with its high frequencies raised."""
    if not preemphasis:
        return waveform
    n = waveform.length()
    return graph.join(waveform.part(0, 1), waveform.part(1, n) - waveform.part(0, n - 1) * preemphasis)


def power(graph: Graph, word: Value, stage, masking_share: float) -> Value:
    """Return the power at each frequency of each frame, masked: float64 [shape=(n_frames, 1 + n_fft / 2)].

    Cosines are the same from both ends of a frame and sines change their sign, so that each frame is folded first.
    """
    n_fft, hop, window = stage.settings["n_fft"], stage.settings["hop_length"], stage.constants["window"]
    half = n_fft // 2
    n_frames = word.length() // hop + 1
    padded = graph.join(np.zeros(half), word, np.zeros(half + hop))
    starts = (graph.arange(n_frames) * hop).at(1)
    frames = padded.take(starts + graph.value(np.arange(n_fft)).at(0)) * window
    forth, back = frames.take(np.arange(1, half), axis=1), frames.take(np.arange(n_fft - 1, half, -1), axis=1)
    ends = frames.take(np.array([0, half]), axis=1)
    angles = 2 * np.pi * np.outer(np.arange(n_fft), np.arange(half + 1)) / n_fft
    even = graph.join(ends, forth + back, axis=1) @ np.cos(angles[[0, half, *range(1, half)]])
    odd = (forth - back) @ np.sin(angles[1:half])
    spectra = even * even + odd * odd
    return spectra + (word * word).reduce("Mean") * masking_share if masking_share else spectra


def mel_decibels(graph: Graph, spectra: Value, stage) -> Value:
    """Return the power in each mel band in decibels, for each warp: float64 [shape=(n_warps, n_frames, n_mels)]."""
    mel = stage.constants["mel"].astype(np.float64).transpose(0, 2, 1)
    loud = graph.op("Log", graph.most(spectra @ mel, stage.settings["lowest_power"])) * (10 / np.log(10))
    return graph.most(loud, loud.reduce("Max", [1, 2], keep=True) - stage.settings["top_db"])


def row(graph: Graph, cepstra: Value, stage) -> Value:
    """Return features by cepstra [shape=(n_warps, n_frames, n_mfcc)]: float64 [shape=(n_warps, n_features)]."""
    settings, constants = stage.settings, stage.constants
    n, width = cepstra.length(1), settings["delta_width"]
    around = graph.arange(n).at(1) + graph.value(np.arange(width) - width // 2).at(0)
    neighbours = cepstra.take(graph.least(graph.most(around, 0), n - 1), axis=1)  # [n_warps, n_frames, width, n_mfcc]
    slopes = [
        (neighbours * constants[f"slope_{order}"][:, np.newaxis]).reduce("Sum", [2])
        for order in range(1, len(constants) + 1)
    ]
    sequence = graph.join(cepstra, *slopes, axis=2)
    mean = sequence.reduce("Mean", [1], keep=True)
    deviation = sequence - mean
    spread = graph.op("Sqrt", (deviation * deviation).reduce("Mean", [1], keep=True))
    wanted = settings["n_mfcc"] * (1 + settings["deltas"])
    averaged = time_weights(graph, n, settings["frames"], slopes, settings["change_share"]) @ sequence
    if settings["normalise"] != "level":
        averaged = averaged - mean
    if settings["normalise"] == "variance":
        averaged = averaged / (spread + 1e-3)
    parts = [averaged.part(0, wanted, axis=2).reshape(settings["n_warps"], -1)]
    if settings["statistics"]:
        parts += [mean.reshape(settings["n_warps"], -1), spread.reshape(settings["n_warps"], -1)]
    if settings["duration"]:
        parts.append(graph.op("Log", n.cast(DOUBLE)).reshape(1, 1) * np.ones((settings["n_warps"], 1)))
    return graph.join(*parts, axis=1)


def time_weights(graph: Graph, n: Value, frames: int, slopes: list[Value], change_share: float) -> Value:
    """Return the share of each of n frames in each new one, see `time_normalisation.time_weights`.

    The slopes of each order have the shape (n_warps, n, n_mfcc); without a `change_share` nobody needs them.
    """
    given = graph.arange(n + 1).cast(DOUBLE) / n.cast(DOUBLE)
    begin, end = given.part(0, n).at(0), given.part(1, n + 1).at(0)  # the progress, by time
    if change_share:
        changes = graph.op("Sqrt", (slopes[0] * slopes[0]).reduce("Sum", [2]))
        total, sums = changes.reduce("Sum", [1], keep=True), graph.op("CumSum", changes, graph.value(1, INT))
        begin, end = (
            by_time * (1 - change_share)
            + graph.where(total > 0.0, changed / graph.most(total, np.finfo(float).tiny), by_time) * change_share
            for by_time, changed in ((begin, sums - changes), (end, sums))
        )
    new = np.arange(frames + 1)[:, np.newaxis] / frames
    overlap = graph.most(graph.least(end.at(1), new[1:]) - graph.most(begin.at(1), new[:-1]), 0.0)
    covered = overlap / (end - begin).at(1)
    return covered / covered.reduce("Sum", [2], keep=True)
